"""What became of each lead: nothing is lost, and what the server says in the end adds up."""

import restraints


def _last(facts, op, campaign):
    """The records of the final look."""
    return [event for event in facts.requests
            if event["op"] == op and event.get("final") and event["campaign"] == campaign
            and event["status"] == 200]


def _leads(facts, campaign):
    return [lead for page in _last(facts, "leads", campaign) for lead in page["leads"]]


def _moment(facts, campaign):
    """The span of the final look."""
    pages = _last(facts, "leads", campaign)
    return pages[0]["sent"], pages[-1]["received"]


def _results(facts, lead):
    """What was reported of a lead and taken: order -> results of its leases, as they were sent."""
    results = {}
    for grant in facts.grants_of.get(lead, []):
        for event in facts.completes_for(grant):
            if event["status"] in (0, 200):
                results.setdefault(grant.order, []).append(event)
    return results


def _why_finished(facts, campaign, lead, status):
    """Why the lead's sequence has ended, as its reports have it; None when it should not have."""
    stops = facts.campaigns[campaign]
    results = _results(facts, lead)
    done = {order for order, events in results.items()
            if any(event["result"] in ("done", "replied") for event in events)}
    every = [(order, event) for order, events in results.items() for event in events]
    if status == "completed" and any(
            event["result"] == "opted_out" or event["result"] == "replied" and
            (order > len(stops) or stops[order - 1]) for order, event in every):
        return "replied"
    if status == "completed" and done >= set(range(1, len(stops) + 1)):
        return "done"
    if status == "error" and any(event["result"] == "failed" or
                                 event["result"] == "retry" and event.get("leadStatus") == "error"
                                 for _, event in every):
        return "failed"
    return None


def nothing_lost(facts, findings, campaign):
    """Every lead that is not blocked has been through all its steps, or has failed or replied."""
    leads = _leads(facts, campaign)
    if not leads:
        findings.add("the history does not end with a look at the leads")
    for lead, name, member, status, blocked, *skipped in leads:
        if status in ("completed", "error"):
            if not _why_finished(facts, campaign, lead, status) and not (
                    status == "completed" and restraints.may_be_stopped(facts, campaign, lead, name)):
                findings.add(f"lead {lead} '{name or member}' is {status}, though its reports are "
                             f"{_told(facts, lead)}")
        elif not blocked and not _is_skipped(facts, campaign, name, skipped):
            findings.add(f"lead {lead} '{name or member}' is {status} in the end and not blocked; "
                         f"its reports are {_told(facts, lead)}")


def _is_skipped(facts, campaign, name, skipped):
    """Is it shown as contacted by another campaign, and may that be?"""
    names = {name, *facts.maybe_bound.get(name, ())}
    return (any(skipped) and restraints.skips(facts, campaign)
            and restraints.may_be_skipped(facts, campaign, names))


def _told(facts, lead):
    return {order: [event["result"] for event in events]
            for order, events in _results(facts, lead).items()} or "none"


def shown_as_blocked(facts, findings, campaign):
    """The final lists say of each lead what the history makes certain, and what the check says."""
    leads = _leads(facts, campaign)
    if not leads:
        return
    span = _moment(facts, campaign)
    checked = {name: event for event in _last(facts, "check", campaign) for name in event["names"]}
    said = {name for event in _last(facts, "check", campaign) for name in event["blocked"]}
    for lead, name, member, _, blocked, *_ in leads:
        members = facts.maybe_bound.get(name, set()) | {member}
        keys = facts.keys(campaign, name, member, facts.other_name(name, span[0]))
        who = f"lead {lead} '{name or member}'"
        if not blocked and facts.blocklists.in_force(keys, *span):
            findings.add(f"{who} is shown as not blocked, after "
                         + findings.event(facts.blocklists.in_force(keys, *span)))
        if blocked and facts.blocklists.is_absent(facts.keys(campaign, name, *members), *span):
            findings.add(f"{who} is shown as blocked, and was freed or never blocked")
        if name in checked and name in said and not blocked:
            findings.add(f"{who} is shown as not blocked, and the check says it is")


def adds_up(facts, findings, campaign):
    """The campaign is completed, and its counts are those of the leads that were added."""
    final = _last(facts, "campaign", campaign)
    leads = _leads(facts, campaign)
    if not final or not leads:
        findings.add("the history does not end with a look at the campaign")
        return
    state = final[-1]["state"]
    if state["status"] != "completed" or state["progress"] != 100:
        findings.add(f"in the end it is {state['status']}, with progress {state['progress']}")
    added = {name or member for event in facts.adds if event["campaign"] == campaign
             and event["status"] == 200 for name, member in event["people"]}
    shown = {lead[1] or lead[2] for lead in leads}
    for name in sorted(added - shown)[:20]:
        findings.add(f"'{name}' was added and is not listed")
    for name in sorted(shown - added)[:20]:
        findings.add(f"'{name}' is listed and was not added")
    counts = _counts(leads)
    reported = {name: state["leads"].get(name) for name in counts}
    if reported != counts or state["totalLeads"] != len(leads):
        findings.add(f"the counts {reported} of {state['totalLeads']} are not those of the list: "
                     f"{counts} of {len(leads)}")
    if len({lead[0] for lead in leads}) != len(leads):
        findings.add("a lead is listed twice")


def _counts(leads):
    counts = dict.fromkeys(("waiting", "active", "paused", "completed", "error", "blocked"), 0)
    for _, _, _, status, blocked, *_ in leads:
        counts[status] += 1
        counts["blocked"] += blocked and status in ("waiting", "active", "paused")
    return counts


def added_once(facts, findings):
    """Who is in a campaign is a duplicate when added again; every lead is counted once."""
    total = {}
    for event in facts.adds:
        if event["status"] != 200:
            continue
        campaign = event["campaign"]
        people = {name or member for name, member in event["people"]}
        total[campaign] = total.get(campaign, 0) + event["added"]
        if event["added"] + event["duplicates"] != len(event["people"]):
            findings.add(f"{findings.event(event)} of {len(event['people'])} leads: "
                         f"{event['added']} added, {event['duplicates']} duplicates")
        new = sum(facts.people[campaign, name]["received"] >= event["sent"] for name in people)
        if event["added"] > new:
            findings.add(f"{findings.event(event)} of {len(people)} leads, of which "
                         f"{len(people) - new} were there already: {event['added']} added")
    for campaign, count in total.items():
        people = sum(key[0] == campaign for key in facts.people)
        if count != people:
            findings.add(f"{campaign}: {people} people were added, the answers say {count}")
