"""What is there after a start, as the API tells it, and its comparison with what clients know."""

from claim_model import WORKSPACE
from claim_requests import Claim, milliseconds
from cycles import Failure, read_pages

HANDED_OUT = ("claimed", "done", "replied", "failed")
STATUSES = ("waiting", "active", "paused", "completed", "error")
OPEN = ("waiting", "active", "paused")


def unequal(found, expected, what):
    """Fails when two sets or two dicts differ."""
    if found == expected:
        return
    if isinstance(found, dict):
        found, expected = set(found.items()), set(expected.items())
    raise Failure(f"{what}: not there, but should be: {sorted(expected - found, key=str)[:5]}; "
                  f"there, but should not be: {sorted(found - expected, key=str)[:5]}")


class There:
    """rows: of the file's activities. What was given back for a lead whose sequence has ended is in
    none of the API's lists; it is looked up there."""

    def __init__(self, api, campaigns, rows):
        self.leads = {}  # (campaign, identifier) -> entry
        self.handed_out = {}  # (campaign, identifier, step) -> entry; its state may be "retry"
        self.scheduled = {}  # (campaign, identifier) -> step
        self.skipped = {}  # the same, of blocked leads
        self.blocked = {}  # list -> {name: id of the entry}
        self.campaigns = {}  # id -> as it is told
        for campaign, steps in campaigns.items():
            self.campaigns[campaign] = api.get(f"/campaigns/{campaign}").json()
            self.read_leads(api, campaign)
            self.read_activities(api, campaign, steps)
            self.read_blocked(api, campaign, f"/campaigns/{campaign}/blocked-leads?take=100")
        self.read_blocked(api, WORKSPACE, "/blocked-leads?limit=1000")
        self.rows = {(row.campaign, row.identifier, campaigns[row.campaign].index(row.step_id)): row
                     for row in rows}
        for key, row in self.rows.items():
            if row.state == "retry" and not row.lead_is_open:
                self.handed_out.setdefault(key, row.listed())

    def read_leads(self, api, campaign):
        entries, total = read_pages(api, f"/campaigns/{campaign}/leads?take=100")
        for entry in entries:
            self.leads[campaign, entry["publicIdentifier"]] = entry
        if not len(entries) == total == sum(key[0] == campaign for key in self.leads):
            raise Failure(f"{campaign}: X-Total-Count {total}, but {len(entries)} leads are listed")

    def read_activities(self, api, campaign, steps):
        path = f"/campaigns/{campaign}/activities?take=100&state="
        for state in HANDED_OUT:
            for entry in read_pages(api, path + state)[0]:
                self.put(campaign, steps, entry, state)
        for state, places in (("scheduled", self.scheduled), ("skipped_blocked", self.skipped)):
            for entry in read_pages(api, path + state)[0]:
                step = steps.index(entry["stepId"])
                key = campaign, entry["publicIdentifier"]
                if key in places or entry["state"] != state:
                    raise Failure(f"a second time, or of another state, in {state}: {entry}")
                places[key] = step
                if entry["attempts"] and (*key, step) not in self.handed_out:
                    self.put(campaign, steps, {**entry, "state": "retry"}, "retry")

    def put(self, campaign, steps, entry, state):
        key = campaign, entry["publicIdentifier"], steps.index(entry["stepId"])
        if key in self.handed_out or entry["state"] != state or entry["order"] != key[2] + 1:
            raise Failure(f"a second time, or of another state or order, in {state}: {entry}")
        self.handed_out[key] = entry

    def read_blocked(self, api, which, path):
        entries, total = read_pages(api, path)
        self.blocked[which] = {entry["publicIdentifier"]: entry.get("id") for entry in entries}
        if not len(entries) == total == len(self.blocked[which]):
            raise Failure(f"{path}: X-Total-Count {total}, but {len(entries)} are listed")

    def activity(self, activity):
        lead = activity.lead
        return self.handed_out.get((lead.campaign, lead.person.identifier, activity.step))

    def unknown(self, ledger, campaign=None, lease_s=None):
        """What was handed out and never acknowledged: [(Lead, step, entry)]."""
        found = []
        for (of, identifier, step), entry in self.handed_out.items():
            lead = ledger.lead(of, identifier)
            activity = lead.activities.get(step)
            if activity and entry["attempts"] in activity.handouts:
                continue
            if campaign is None or (campaign == of and lease_of(entry) == lease_s):
                found.append((lead, step, entry))
        return found


def lease_of(entry):
    """Seconds; None when it is not claimed."""
    if entry["leaseExpiresAt"] is None:
        return None
    return (milliseconds(entry["leaseExpiresAt"]) - milliseconds(entry["claimedAt"])) / 1000


# --- What was cut off ---


def settle(ledger, there, requests, killed_ms):
    """Finds out which requests that were cut off have happened. Returns [(request, happened)]."""
    settled = []
    for request in sorted(requests, key=lambda request: request.order):
        settled.append((request, request.settle(there)))
    unknown = there.unknown(ledger)
    if unknown:
        raise Failure(f"handed out, but nobody asked: {[entry for _, _, entry in unknown][:5]}")
    claims = [request for request in requests if isinstance(request, Claim)]
    for claim in claims:
        # Its leases may have run out before the kill, and what it got may be somebody else's now.
        if killed_ms - claim.sent_ms >= claim.lease_s * 1000:
            ledger.late_claims = True
        elif claim.found:
            check_whole(ledger, there, claim, requests)
    when = ledger.tick()
    for request in requests:
        request.touch(when)
    return settled


def check_whole(ledger, there, claim, requests):
    """A claim that was cut off and got less than it wanted has left nothing that it could have."""
    if len(claim.found) == claim.most:
        return
    uncertain = {lead for request in requests for lead in request.leads()}
    for key in there.scheduled:
        lead = ledger.lead(*key)
        if key[0] == claim.campaign and lead.touched < claim.sent and lead not in uncertain:
            if there.handed_out.get((*key, there.scheduled[key])) is None:  # not to be retried
                raise Failure(f"half of {claim}: {len(claim.found)} were handed out, and {lead} "
                              "was not")


# --- Everything ---


def compare(ledger, there):
    """Nothing is under way any more: all of it must be equal."""
    leads = {key: lead for key, lead in ledger.leads.items() if lead.added}
    unequal(set(there.leads), set(leads), "leads")
    compare_blocks(ledger, there)
    for key, lead in leads.items():
        compare_lead(ledger, there.leads[key], lead)
    compare_activities(there, leads)
    compare_places(ledger, there, leads)
    compare_leases(ledger, there, leads)
    for campaign in ledger.campaigns:
        compare_campaign(there, campaign)


def compare_blocks(ledger, there):
    for which, listed in there.blocked.items():
        known = {name for of, name in ledger.blocks if of == which}
        unequal(set(listed), known, f"blocks in {which or 'the workspace'}")


def compare_lead(ledger, entry, lead):
    lead.no = lead.no or entry["id"]
    status, _ = lead.standing()
    member_id = lead.person.member_id if lead.member_since else None
    expected = {"id": lead.no, "memberId": member_id, "firstName": lead.person.first_name(),
                "status": status, "blocked": bool(ledger.scope(lead)),
                "blockedScope": ledger.scope(lead)}
    found = {name: entry.get(name) for name in expected}
    unequal(found, expected, f"{lead}")


def compare_activities(there, leads):
    known = {(*key, step): activity for key, lead in leads.items()
             for step, activity in lead.activities.items()}
    unequal(set(there.handed_out), set(known), "activities")
    for key, activity in known.items():
        entry = there.handed_out[key]
        until = entry["leaseExpiresAt"]
        found = (entry["state"], entry["attempts"], entry["detail"], until and milliseconds(until))
        last = activity.handouts[activity.attempts()]
        expected = (activity.state, activity.attempts(), activity.detail,
                    last.until_ms if activity.state == "claimed" else None)
        if found != expected:
            raise Failure(f"{activity}: {found} is there, not {expected}")
        compare_row(there.rows[key], activity, last)


def compare_row(row, activity, last):
    found = (row.state, row.attempts, row.retries, row.detail, row.token)
    token = last.token or row.token  # of a claim that was cut off nobody knows it
    expected = (activity.state, activity.attempts(), activity.retries, activity.detail, token)
    if found != expected:
        raise Failure(f"{activity}: {found} is stored, not {expected}")


def compare_places(ledger, there, leads):
    """Who is due, and who would be if it were not blocked."""
    scheduled, skipped = {}, {}
    for key, lead in leads.items():
        _, step = lead.standing()
        if step is None:
            continue
        activity = lead.activities.get(step)
        if ledger.scope(lead):
            skipped[key] = step
        elif activity is None or activity.state == "retry":
            scheduled[key] = step
    unequal(there.scheduled, scheduled, "scheduled")
    unequal(there.skipped, skipped, "skipped_blocked")


def compare_leases(ledger, there, leads):
    """Refusals were right, every attempt has an owner, and the steps went in order."""
    for activity, attempt in ledger.lost:
        if there.activity(activity)["attempts"] <= attempt:
            raise Failure(f"{activity}: attempt {attempt} was refused as lost to somebody else, "
                          "but there is no later attempt")
    ledger.lost.clear()
    for lead in leads.values():
        for step, activity in lead.activities.items():
            if activity.attempts() > len(activity.handouts) and not ledger.late_claims:
                raise Failure(f"{activity}: of {activity.attempts()} attempts only "
                              f"{sorted(activity.handouts)} were given to anybody")
            for handout in activity.handouts.values():
                lead.check_order(step, handout)


def compare_campaign(there, campaign):
    """Its counts are those of the list, its progress and status what follows from them."""
    entry = there.campaigns[campaign]
    leads = [lead for key, lead in there.leads.items() if key[0] == campaign]
    counts = {status: sum(lead["status"] == status for lead in leads) for status in STATUSES}
    still_open = [lead for lead in leads if lead["status"] in OPEN]
    counts["blocked"] = sum(lead["blocked"] for lead in still_open)
    counts["skippedContacted"] = 0
    unequal(entry["analytics"]["leads"], counts, f"analytics of {campaign}")
    left = len(still_open) - counts["blocked"]
    progress = (len(leads) - left) * 100 // len(leads) if leads else 0
    status = ("active", "paused") if left else ("completed", "paused")
    if entry["progress"] != progress or entry["status"] not in status:
        raise Failure(f"{campaign}: {entry['status']} with progress {entry['progress']}, not "
                      f"{progress}; {left} are left")
