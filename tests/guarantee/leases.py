"""Who holds an activity, and for how long.

A lease begins between the sending of its claim and the answer, so it certainly runs until the
sending plus its length. Lengths are the server's wall clock, times are CLOCK_MONOTONIC: how far the
two have drifted apart during the run, and a little more, is taken off.
"""

from datetime import datetime

TOLERANCE = 10_000_000  # nanoseconds
WINDOW = 50  # earlier hand-outs of the same lead that one is compared with
ANY = ("done", "replied", "opted_out", "failed", "retry")


def slack(facts):
    """How far off the end of a lease may be, in nanoseconds."""
    drift = ((facts.finish["wall"] - facts.start["wall"])
             - (facts.finish["at"] - facts.start["at"]))
    return TOLERANCE + abs(drift)


def accepted(event):
    """May this completion have been taken?"""
    return event["status"] in (0, 200) or event.get("code") == "outcome_unknown"


def held_until(facts, grant, results):
    """Until when the lease certainly ran, unless one of these results was reported before."""
    end = grant.claim["sent"] + grant.claim["lease"] * 10**9 - slack(facts)
    for event in facts.completes_for(grant):
        if event["result"] in results and accepted(event):
            return min(end, event["sent"])
    return end


def _of_campaign(facts, campaign):
    """The leads' hand-outs."""
    return [grants for grants in facts.grants_of.values()
            if grants[0].claim["campaign"] == campaign]


def _collide(facts, one, two):
    """Were both certainly held at once? `one`'s claim was sent first."""
    if one.claim is two.claim:
        return True
    ends = ("retry",) if one.activity == two.activity else ANY
    if two.claim["received"] >= held_until(facts, one, ends):
        return False
    # Overlapping claims: the second may have been first.
    return (one.claim["received"] < two.claim["sent"]
            or one.claim["received"] < held_until(facts, two, ends))


def no_double(facts, findings, campaign):
    """No lead was held by two claims at once, or for two activities."""
    for grants in _of_campaign(facts, campaign):
        for index, two in enumerate(grants):
            before = reversed(grants[max(0, index - WINDOW) : index])
            one = next((one for one in before if _collide(facts, one, two)), None)
            if one:
                findings.add(f"{findings.grant(two)}, within the lease of {findings.grant(one)}")


def _finished(facts, grants):
    """When the first completion was acknowledged that ended the activity (activity -> event), and
    the first that ended the lead's sequence."""
    activities, lead = {}, None
    for grant in grants:
        for event in facts.completes_for(grant):
            if event["status"] != 200:
                continue
            over = event["leadStatus"] in ("completed", "error")
            if event["result"] not in ("retry", "opted_out") or over:
                known = activities.get(grant.activity)
                if not known or event["received"] < known["received"]:
                    activities[grant.activity] = event
            if over and (not lead or event["received"] < lead["received"]):
                lead = event
    return activities, lead


def not_after_completion(facts, findings, campaign):
    """What was done, replied to or failed is not handed out again, nor is a finished lead."""
    for grants in _of_campaign(facts, campaign):
        activities, lead = _finished(facts, grants)
        for grant in grants:
            for event in (activities.get(grant.activity), lead):
                if event and event["received"] < grant.claim["sent"]:
                    findings.add(f"{findings.grant(grant)}, after {findings.event(event)} with "
                                 f"'{event['result']}'")
                    break


def in_order(facts, findings, campaign):
    """A step comes after the one before it was reported done; no step is done twice."""
    for grants in _of_campaign(facts, campaign):
        done = {}  # order -> when it was first reported
        taken = {}  # order -> leases whose report was acknowledged
        for grant in grants:
            for event in facts.completes_for(grant):
                if event["result"] in ("done", "replied") and accepted(event):
                    done[grant.order] = min(event["sent"], done.get(grant.order, event["sent"]))
                    if event["status"] == 200:
                        taken.setdefault(grant.order, {})[grant.token] = event
        for grant in grants:
            before = done.get(grant.order - 1)
            if 1 < grant.order <= len(facts.campaigns[campaign]) and (before is None or before > grant.claim["received"]):
                findings.add(f"{findings.grant(grant)}, before step {grant.order - 1} was done")
        for order, events in taken.items():
            if len(events) > 1:
                findings.add(f"lead {grants[0].lead}: step {order} was done twice: "
                             + ", ".join(map(findings.event, events.values())))


def as_long_as_asked(facts, findings, campaign):
    """`leaseExpiresAt` is the moment of the claim plus its length."""
    offset = facts.start["wall"] - facts.start["at"]
    for claim in facts.claims:
        if claim["campaign"] != campaign or not claim.get("expires"):
            continue
        length = claim["lease"] * 10**9
        for text in claim["expires"]:
            ends = datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e9 - offset
            if not (claim["sent"] + length - slack(facts) <= ends
                    <= claim["received"] + length + slack(facts)):
                findings.add(f"{findings.event(claim)} for {claim['lease']} s: a lease ends at "
                             f"{findings.time(ends)}")


def may_be_lost(facts, complete):
    """Was it right to refuse this completion? Only if somebody else may have claimed the activity
    since, or if the claim's retry had been reported before."""
    lease = complete["activity"], complete["token"]
    others = facts.grants_as.get(complete["activity"], [])
    own = next((grant for grant in others if grant.token == complete["token"]), None)
    if own is None or any(event is not complete and event["result"] == "retry"
                          and event["sent"] < complete["received"]
                          for event in facts.completes_of[lease]):
        return True
    return any(grant.token != own.token and grant.claim["sent"] < complete["received"]
               and grant.claim["received"] > own.claim["sent"] for grant in others)
