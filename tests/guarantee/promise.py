"""The promise itself: what blocks do to claims, lists and completions that follow them."""

import heapq

import leases


def no_hand_out(facts, findings, campaign):
    """No claim handed out an activity of a lead while a block of it was certainly in force."""
    for grant in facts.grants:
        claim = grant.claim
        if claim["campaign"] != campaign:
            continue
        block = facts.blocklists.in_force(facts.certain_keys(grant, claim["sent"]), claim["sent"],
                                          claim["received"])
        if block:
            late = (claim["sent"] - block["received"]) / 1e6
            findings.add(f"{findings.grant(grant)}, sent {late:.3f} ms after the acknowledgement "
                         f"of {findings.event(block)}")


def texts(facts, findings, campaign):
    """Each lead gets a text that its step had when it was claimed: one that was there by then, and
    that was not gone before; and while a variant is certainly there, not the step's own."""
    lives = _lives(facts, campaign)
    for grant in facts.grants:
        claim = grant.claim
        if claim["campaign"] != campaign or grant.order != VARIED or grant.text is None:
            continue
        born, dies = lives.get(grant.text, (None, None))
        if born and born["sent"] > claim["received"]:
            findings.add(f"{findings.grant(grant)} has '{grant.text}', before "
                         f"{findings.event(born)}")
        if dies and dies["status"] == 200 and dies["received"] < claim["sent"]:
            findings.add(f"{findings.grant(grant)} has '{grant.text}', after "
                         f"{findings.event(dies)}")
        if not born and any(_is_there(life, claim) for life in lives.values()):
            findings.add(f"{findings.grant(grant)} has '{grant.text}', and there is a variant")


VARIED = 3  # the step whose text changes


def _lives(facts, campaign):
    """text -> (the edit that brought it, the one that was acknowledged and took it away)"""
    lives = {}
    for event in facts.requests:
        if event["op"] != "edit" or event["campaign"] != campaign:
            continue
        if event["born"]:
            lives[event["born"]] = (event, None)
        if event["dies"] and event["dies"] in lives:
            lives[event["dies"]] = (lives[event["dies"]][0], event)
    return lives


def _is_there(life, claim):
    born, dies = life
    return (born["status"] in (200, 201) and born["received"] < claim["sent"]
            and (not dies or dies["sent"] > claim["received"]))


def told(facts, findings):
    """`blocked` of a completion is true for leads that certainly are, false when certainly not."""
    grants = {(grant.activity, grant.token): grant for grant in facts.grants}
    for lease, completes in facts.completes_of.items():
        for index, event in enumerate(completes):
            repeated = any(event["result"] == before["result"] for before in completes[:index])
            if event["status"] == 200 and not repeated and lease in grants:
                _told(facts, findings, grants[lease], event)


def _told(facts, findings, grant, event):
    span = event["sent"], event["received"]
    if event["blocked"]:
        if facts.blocklists.is_absent(facts.possible_keys(grant), *span):
            findings.add(f"{findings.grant(grant)}: {findings.event(event)} says that it is "
                         "blocked, and it was not")
        return
    block = facts.blocklists.in_force(facts.certain_keys(grant, event["sent"]), *span)
    if block:
        findings.add(f"{findings.grant(grant)}: {findings.event(event)} says that it is not "
                     f"blocked, after {findings.event(block)}")


def listed(facts, findings):
    """An activity that was handed out before a block's acknowledgement, or before the list was
    asked for, is in a list of what is claimed that is asked for after it."""
    for event, grants in _lists_and_leases(facts):
        shown = {activity for activity, _, state in event["activities"]}
        for grant in grants:
            if grant.activity not in shown and must_be_listed(facts, event, grant):
                findings.add(f"{findings.grant(grant)} is missing in {findings.event(event)}")


def must_be_listed(facts, event, grant):
    """Was the activity certainly handed out before the list was asked for?"""
    return (grant.claim["received"] < event["sent"]
            or _blocked_before(facts, event, grant) is not None)


def _blocked_before(facts, event, grant):
    """A block of the lead that was acknowledged before the list was asked for, and that nothing can
    have lifted until the claim was answered: so the claim handed it out before that block."""
    keys = facts.certain_keys(grant, event["sent"])
    return facts.blocklists.in_force(keys, event["sent"], grant.claim["received"])


def listed_at_acknowledgement(facts):
    """How many activities of claims that overlap a block of their lead had to be in a list that was
    asked for after its acknowledgement."""
    count = 0
    for event, grants in _lists_and_leases(facts):
        for grant in grants:
            block = _blocked_before(facts, event, grant)
            count += bool(block and block["sent"] < grant.claim["received"]
                          and grant.claim["sent"] < block["received"])
    return count


def _lists_and_leases(facts):
    """Each complete list of what is claimed, with the grants whose leases certainly ran until it
    was answered and whose claims had been sent by then."""
    lists = sorted((event for event in facts.lists
                    if event["status"] == 200 and event["whole"]),
                   key=lambda event: event["received"])
    grants = {}
    for grant in facts.grants:
        grants.setdefault(grant.claim["campaign"], []).append(grant)
    for campaign in facts.campaigns:
        yield from _sweep(facts, [event for event in lists if event["campaign"] == campaign],
                          grants.get(campaign, []))


def _sweep(facts, lists, grants):
    running, following = [], 0
    for event in lists:
        while following < len(grants) and grants[following].claim["sent"] < event["received"]:
            grant = grants[following]
            ends = leases.held_until(facts, grant, leases.ANY)
            heapq.heappush(running, (ends, following, grant))
            following += 1
        while running and running[0][0] <= event["received"]:
            heapq.heappop(running)
        yield event, [grant for _, _, grant in running]
