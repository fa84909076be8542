"""The requests of the load, and what of their answers the history keeps (see history.py)."""

import json
import re

from blocklists import INSTALLATION, NOTHING
from people import (
    alias_of,
    company_of,
    has_alias,
    has_member,
    learns_member,
    member_of,
    name_of,
    other_name_of,
    profile_url,
    spell,
)

PAGE = 100  # the largest page of leads and activities
PASSING = 100  # orders of steps that come and go while the campaign is active begin here
ORDERS = {}  # id of a step that stays -> its place, from 1; set before the load begins


def order_of(step):
    """The place of a step among those that stay; what comes and goes has a number of its own."""
    return ORDERS.get(step, PASSING + int(step.split("_")[1]))


def _encode(body):
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


class Call:
    """One request: what is sent, the record of it, and how its answer is put into the record."""

    __slots__ = ("method", "target", "headers", "body", "event", "_keep")

    def __init__(self, method, target, op, body=None, keep=None, headers="", **asked):
        self.method = method
        self.target = "/v1" + target
        self.headers = headers
        self.body = None if body is None else _encode(body)
        self.event = {"op": op, **asked}
        self._keep = keep

    def digest(self, event, answer):
        try:
            body = json.loads(answer.body)
        except ValueError:
            event["code"] = "no_json"
            return
        if answer.status >= 300:
            event["code"] = body.get("code")
            event["message"] = body.get("message")
        elif self._keep:
            self._keep(event, answer, body)


# ---- blocklists ----


def of_installation(event):
    """Is it about the list of the installation? Its changes are numbered by themselves."""
    return (event.get("campaign") == INSTALLATION
            or (event.get("of") or "").startswith(INSTALLATION))


def _keep_change(event, answer, body):
    event["change"] = answer.header(b"x-change-id")
    if of_installation(event) and event["change"] != NOTHING:
        event["change"] = f"{INSTALLATION}/{event['change']}"
    for field in ("blocked", "unblocked"):
        if field in body:
            event[field] = body[field]


def block(rng, campaign, names, worker):
    """Blocks these canonical names in some spelling; `campaign` None: in the workspace."""
    asked = [spell(rng, name) for name in names]
    if campaign == INSTALLATION:
        target = "/installation/blocklist"
        body = {"entries": [{"publicIdentifier": name} for name in asked]}
    elif campaign is None:
        target, body = "/blocked-leads", {"leads": [{"publicIdentifier": name} for name in asked]}
    else:
        target = f"/campaigns/{campaign}/blocked-leads"
        body = {"publicIdentifiers": asked}
    return Call("POST", target, "block", body, _keep_change, worker=worker, campaign=campaign,
                names=names, asked=asked)


def unblock(rng, campaign, names, worker):
    asked = [spell(rng, name) for name in names]
    target, body = f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": asked}
    if campaign == INSTALLATION:
        target = "/installation/blocklist"
        body = {"entries": [{"publicIdentifier": name} for name in asked]}
    return Call("DELETE", target, "unblock", body, _keep_change, worker=worker, campaign=campaign,
                names=names, asked=asked)


def unblock_records(records, worker):
    """Takes records (id, name) off the workspace's list."""
    ids = [record for record, _ in records]
    return Call("DELETE", "/blocked-leads", "unblock", ids, _keep_change, worker=worker,
                campaign=None, names=[name for _, name in records], ids=ids)


def undo(change, worker):
    where = f"/{INSTALLATION}" if change.startswith(INSTALLATION) else ""
    identity = change.removeprefix(f"{INSTALLATION}/")
    return Call("POST", f"{where}/changes/{identity}/undo", "undo", None, _keep_change, worker=worker,
                of=change)


def workspace_records(limit, worker):
    """The newest entries of the workspace's list."""
    def keep(event, _, body):
        event["records"] = [[entry["id"], entry["publicIdentifier"]] for entry in body]

    return Call("GET", f"/blocked-leads?limit={limit}", "records", None, keep, worker=worker)


def check(campaign, names, worker, final=False):
    """Which of these names are blocked for the campaign?"""
    def keep(event, _, body):
        event["blocked"] = body["blocked"]

    return Call("POST", f"/campaigns/{campaign}/blocked-leads/check", "check",
                {"publicIdentifiers": names}, keep, worker=worker, campaign=campaign, names=names,
                final=final)


# ---- leads and activities ----


def _keep_activities(event, _, body):
    event["activities"] = [
        [each["id"], each["leadId"], each["publicIdentifier"], each["memberId"],
         order_of(each["stepId"]), each["attempt"], each["leaseToken"], each["message"]]
        for each in body]
    if body:
        ends = [each["leaseExpiresAt"] for each in body]
        event["expires"] = [min(ends), max(ends)]


def claim(campaign, count, lease, worker):
    return Call("POST", f"/campaigns/{campaign}/activities/claim", "claim",
                {"max": count, "leaseSeconds": lease}, _keep_activities, worker=worker,
                campaign=campaign, max=count, lease=lease)


def complete(activity, result, worker):
    """Reports an activity as it stands in a claim's record."""
    def keep(event, _, body):
        event["leadStatus"] = body["status"]
        event["blocked"] = body["blocked"]

    body = {"leaseToken": activity[6], "result": result}
    return Call("POST", f"/activities/{activity[0]}/complete", "complete", body, keep,
                worker=worker, activity=activity[0], token=activity[6], result=result)


def _keep_block(event, answer, body):
    event["leadStatus"] = body["status"]
    event["blocked"] = body["blocked"]
    event["change"] = answer.header(b"x-change-id") or NOTHING


def _names(activity):
    return [name for name in activity[2:4] if name]


def opt_out(activity, campaign, worker):
    """Reports that a lead wants nothing more: a block of its names, in the workspace or, when
    `campaign` is given, in that alone."""
    body = {"leaseToken": activity[6], "result": "opted_out",
            "scope": "campaign" if campaign else None}
    return Call("POST", f"/activities/{activity[0]}/complete", "complete", body, _keep_block,
                worker=worker, activity=activity[0], token=activity[6], result="opted_out",
                campaign=campaign, names=_names(activity))


def blocking_reply(activity, worker):
    """Reports a first reply in a campaign where it blocks the lead's names in the workspace."""
    body = {"leaseToken": activity[6], "result": "replied"}
    return Call("POST", f"/activities/{activity[0]}/complete", "complete", body, _keep_block,
                worker=worker, activity=activity[0], token=activity[6], result="replied",
                campaign=None, names=_names(activity))


# ---- steps and variants ----


def edit(method, target, campaign, worker, body=None, born=None, dies=None):
    """Changes steps or variants. `born`: a text that leads may get from then on, `dies`: one that
    no lead gets from then on."""
    def keep(event, _, body):
        if "variants" in body:
            event["variants"] = [each["id"] for each in body["variants"]]
        event["id"] = body.get("id")

    return Call(method, f"/campaigns/{campaign}/steps{target}", "edit", body, keep, worker=worker,
                campaign=campaign, born=born, dies=dies)


def add_leads(rng, campaign, numbers, worker, again=False, by_other_names=False):
    """Adds these people in some spelling; `again`: some tell their member id only now."""
    def keep(event, _, body):
        for field in ("added", "duplicates", "blocked"):
            event[field] = body[field]

    leads, people = [], []
    for number in numbers:
        name, member = (other_name_of if by_other_names else name_of)(number), None
        lead = {"firstName": f"First{number}", "companyName": company_of(number)}
        if rng.random() < 0.2:
            lead["linkedinUrl"] = profile_url(name)
        else:
            lead["publicIdentifier"] = spell(rng, name)
        if has_member(number) or again and learns_member(number):
            member = lead["memberId"] = member_of(number)
        leads.append(lead)
        people.append([name, member])
    return Call("POST", f"/campaigns/{campaign}/leads", "add", {"leads": leads}, keep,
                worker=worker, campaign=campaign, people=people,
                companies=[company_of(number) for number in numbers])


def link(numbers, worker):
    """Links those of these people who have another public identifier with it."""
    numbers = [number for number in numbers if has_alias(number)]
    links = [{"memberId": member_of(number), "publicIdentifier": name}
             for number in numbers for name in (name_of(number), alias_of(number))]
    return Call("POST", "/people/link", "link", {"links": links}, worker=worker,
                people=[[name_of(number), alias_of(number)] for number in numbers])


def claimed(campaign, worker):
    """The newest of the activities that are claimed now."""
    def keep(event, answer, body):
        event["whole"] = answer.header(b"link") is None
        event["activities"] = [[each["id"], each["leadId"], each["state"]] for each in body]

    return Call("GET", f"/campaigns/{campaign}/activities?state=claimed&take={PAGE}", "list", None,
                keep, worker=worker, campaign=campaign, state="claimed")


def activate(campaign, worker):
    return Call("PUT", f"/campaigns/{campaign}/activate", "activate", None, worker=worker,
                campaign=campaign)


def campaign_state(campaign, worker, final=False):
    def keep(event, _, body):
        event["state"] = {"status": body["status"], "progress": body["progress"],
                          **body["analytics"]}

    return Call("GET", f"/campaigns/{campaign}", "campaign", None, keep, worker=worker,
                campaign=campaign, final=final)


def leads_page(target, campaign, worker, final=False):
    """A page of a campaign's leads; the target is FIRST_LEADS or the `next` of a page's record."""
    def keep(event, answer, body):
        event["total"] = int(answer.header(b"x-total-count"))
        event["next"] = _next_target(answer.header(b"link"))
        event["leads"] = [[each["id"], each["publicIdentifier"], each["memberId"], each["status"],
                           each["blocked"], each.get("skippedContacted", False)]
                          for each in body]

    return Call("GET", target, "leads", None, keep, worker=worker, campaign=campaign, final=final)


def first_leads_page(campaign):
    return f"/campaigns/{campaign}/leads?take={PAGE}"


def _next_target(link):
    """The target of Link: <...>; rel="next", without the base, or None."""
    match = re.fullmatch(r'<(?:https?://[^/]+)?(?:/api)?/v1(/[^>]+)>; rel="next"', link or "")
    assert match or not link, link
    return match.group(1) if match else None
