"""A campaign with steps and leads, and the sender that claims and completes its activities."""

import copy
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime, timezone

from . import expect
from .waiting import becomes

VISIT = {"type": "visit_profile"}
INVITATION = {"type": "invitation", "genericBody": "Hi {{firstName|there}}"}
MESSAGE = {"type": "message", "genericBody": "Hello {{firstName|there}}"}

STEP = {"id", "type", "order", "delay", "delayHours", "stopOnReply", "genericBody", "variants"}
FIELDS = {"firstName", "lastName", "companyName", "email", "phone", "headline", "website",
          "companyUrl"}
LEAD = {"id", "publicIdentifier", "memberId", *FIELDS, "variables", "status", "createdAt",
        "blocked"}
CLAIMED = {"id", "type", "leadId", "publicIdentifier", "memberId", *FIELDS, "variables", "stepId",
           "order", "attempt", "variantId", "message", "leaseToken", "leaseExpiresAt"}
ACTIVITY = {"id", "type", "state", "leadId", "publicIdentifier", "stepId", "order", "variantId",
            "attempts", "dueAt", "claimedAt", "leaseExpiresAt", "completedAt", "detail"}
EXPLAINED = {"leadId", "publicIdentifier", "memberId", "status", "campaignStatus", "contact",
             "because", "nextStep", "dueAt", "blocked", "blocks"}

LENIENT = [("Prefer", "handling=lenient")]


def member_id(number):
    """An id of LinkedIn's opaque kind, a different one for each number."""
    return f"ACoAA{number:035d}"


def crowd(count, stem="lead"):
    return [f"{stem}-{number:05}" for number in range(count)]


def moment(text):
    """A time of the API, in seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def seconds_from_now(text):
    return moment(text) - datetime.now(timezone.utc).timestamp()


def names(entries):
    return [entry["publicIdentifier"] for entry in entries]


def as_lead(lead):
    return {"publicIdentifier": lead} if isinstance(lead, str) else lead


class Campaign:
    """Active when it has leads, unless told otherwise."""

    def __init__(self, tenant, *leads, steps=(MESSAGE,), active=True, **fields):
        self.tenant = tenant
        self.api = tenant.api
        self.id = tenant.campaign(steps=list(steps), **fields)
        self.path = f"/campaigns/{self.id}"
        self.blocks = self.path + "/blocked-leads"
        if leads:
            self.add(*leads)
            if active:
                self.activate()

    def seen_from(self, tenant):
        """The same campaign at another node."""
        other = copy.copy(self)
        other.tenant, other.api = tenant, tenant.api
        return other

    def details(self):
        return expect.ok(self.api.get(self.path))

    @property
    def status(self):
        return self.details()["status"]

    @property
    def progress(self):
        return self.details()["progress"]

    @property
    def blocked_leads(self):
        return self.details()["analytics"]["leads"]["blocked"]

    @property
    def skipped_contacted(self):
        return self.details()["analytics"]["leads"]["skippedContacted"]

    def set(self, **settings):
        """Changes settings; the answer of those that are on."""
        return expect.ok(self.api.patch(self.path, {"settings": settings}))["settings"]

    def await_blocked(self, wanted):
        """Of the installation's list the counts follow in the background."""
        becomes(lambda: self.blocked_leads, wanted)

    def activate(self):
        return expect.ok(self.api.put(self.path + "/activate"))

    def pause(self):
        return expect.ok(self.api.put(self.path + "/pause"))

    # Steps

    def sequence(self):
        return expect.ok(self.api.get(self.path + "/sequence"))["steps"]

    def post_step(self, body):
        return self.api.post(self.path + "/steps", body)

    def add_step(self, step=MESSAGE, **fields):
        body = expect.ok(self.post_step({**step, **fields}), 201)
        assert body.keys() == STEP, body
        return body

    def change_step(self, step, **fields):
        return succeeded(self.api.put(f"{self.path}/steps/{step}", fields))

    def delete_step(self, step):
        return succeeded(self.api.delete(f"{self.path}/steps/{step}"), "steps")

    # Variants

    def add_variant(self, step, body):
        """The id of the new variant."""
        answer = expect.ok(self.api.post(f"{self.path}/steps/{step}/variants", {"body": body}), 201)
        assert answer["variants"][-1]["body"] == body, answer
        return answer["variants"][-1]["id"]

    def put_variant(self, step, variant, **fields):
        return self.api.put(f"{self.path}/steps/{step}/variants/{variant}", fields)

    def change_variant(self, step, variant, **fields):
        return succeeded(self.put_variant(step, variant, **fields), "variants")["variants"]

    def remove_variant(self, step, variant):
        return self.api.delete(f"{self.path}/steps/{step}/variants/{variant}")

    def delete_variant(self, step, variant):
        return succeeded(self.remove_variant(step, variant), "variants")["variants"]

    # Leads

    def post_leads(self, *leads, **options):
        return self.api.post(self.path + "/leads", {"leads": [as_lead(lead) for lead in leads]},
                             **options)

    def add(self, *leads):
        """(added, duplicates, blocked)"""
        body = expect.ok(self.post_leads(*leads))
        assert body.keys() == {"success", "message", "added", "duplicates", "blocked"}, body
        assert body["success"] is True and body["message"], body
        return body["added"], body["duplicates"], body["blocked"]

    def get_leads(self, query="take=100"):
        return self.api.get(f"{self.path}/leads?{query}")

    def leads(self, query="take=100"):
        """One page; by default the newest 100."""
        return expect.ok(self.get_leads(query))

    def lead(self, name):
        (lead,) = [lead for lead in self.leads() if name in (
            lead["publicIdentifier"], lead["memberId"])]
        return lead

    def lead_id(self, name):
        return self.lead(name)["id"]

    def put_status(self, name, status):
        return self.api.put(f"/leads/{self.lead_id(name)}/status", {"status": status})

    def set_status(self, name, status):
        """The status that the lead has now."""
        body = succeeded(self.put_status(name, status), "leadId", "status")
        assert body["leadId"] == self.lead_id(name)
        return body["status"]

    def delete_lead(self, name):
        return succeeded(self.api.delete(f"/leads/{self.lead_id(name)}"))

    def explain(self, name):
        body = expect.ok(self.api.get(f"{self.path}/leads/{self.lead_id(name)}/explain"))
        assert body.keys() - {"skippedContacted"} == EXPLAINED, body
        assert isinstance(body["because"], str) and body["because"], body
        return body

    # The sender

    def post_claim(self, body):
        return self.api.post(self.path + "/activities/claim", body)

    def claim(self, most=100, lease=300):
        return expect.ok(self.post_claim({"max": most, "leaseSeconds": lease}))

    def claim_one(self, **options):
        (activity,) = self.claim(**options)
        return activity

    def report(self, activity, result="done", **fields):
        return self.api.post(f"/activities/{activity['id']}/complete",
                             {"leaseToken": activity["leaseToken"], "result": result, **fields})

    def complete(self, activity, result="done", **fields):
        """The lead's status after an accepted report."""
        body = succeeded(self.report(activity, result, **fields), "leadId", "status", "blocked")
        assert body["leadId"] == activity["leadId"]
        return body["status"]

    def work(self, most=100):
        """Claims and completes until nothing is due; what was handed out, in order."""
        handed_out = []
        while activities := self.claim(most):
            handed_out += activities
            for activity in activities:
                self.complete(activity)
        return handed_out

    def work_together(self, most, senders=8):
        """The same, where several report at a time, which share the commits. They take a fraction of the time."""
        handed_out = []
        with ExitStack() as stack:
            others = [copy.copy(self) for _ in range(senders)]
            for other in others:
                other.api = stack.enter_context(closing(self.tenant.server.api(self.tenant.key)))
            pool = stack.enter_context(ThreadPoolExecutor(senders))
            while activities := self.claim(most):
                handed_out += activities
                done = [pool.submit(list, map(other.complete, activities[number::senders]))
                        for number, other in enumerate(others)]
                for each in done:
                    each.result()
        return handed_out

    def get_activities(self, query=""):
        return self.api.get(f"{self.path}/activities?{query}")

    def activities(self, state=None, query="take=100"):
        return expect.ok(self.get_activities(query + (f"&state={state}" if state else "")))

    # Blocks

    def block(self, *identifiers, reason=None):
        """The id of the change."""
        body = {"publicIdentifiers": list(identifiers)}
        if reason:
            body["reason"] = reason
        response = self.api.post(self.blocks, body)
        expect.blocked_result(response, len(identifiers))
        return response.header("x-change-id")

    def unblock(self, *identifiers):
        response = self.api.delete(self.blocks, {"publicIdentifiers": list(identifiers)})
        expect.unblocked_result(response, len(identifiers))
        return response.header("x-change-id")


def succeeded(response, *fields):
    """The body of a 200 with exactly success, message and these fields."""
    body = expect.ok(response)
    assert body.keys() == {"success", "message", *fields}, response
    assert body["success"] is True and body["message"], response
    return body


def block_everywhere(api, *identifiers, reason=None):
    """Blocks in the workspace; the id of the change."""
    leads = [{"publicIdentifier": name, **({"reason": reason} if reason else {})}
             for name in identifiers]
    response = api.post("/blocked-leads", {"leads": leads})
    expect.blocked_result(response, len(identifiers))
    return response.header("x-change-id")


def unblock_everywhere(api, *identifiers):
    ids = [entry["id"] for entry in expect.ok(api.get("/blocked-leads?limit=1000"))
           if entry["publicIdentifier"] in identifiers]
    response = api.delete("/blocked-leads", ids)
    expect.unblocked_result(response, len(identifiers))
    return response.header("x-change-id")


def undo(api, change):
    return expect.ok(api.post(f"/changes/{change}/undo"))


def prepare(tenant):
    """A paused campaign with something of everything, by the names that endpoints.py uses."""
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT, MESSAGE, MESSAGE])
    change = campaign.block("blocked-before")
    file = campaign.api.post(campaign.blocks + "/import", b"imported-before\n",
                             content_type="text/plain")
    activity = campaign.claim_one(most=1)
    campaign.pause()
    step = campaign.sequence()[2]["id"]
    variant = campaign.add_variant(step, "Another text")
    (lead,) = campaign.leads("status=waiting")
    return {"c": campaign.id, "change": change, "import": expect.ok(file)["importId"],
            "lead": lead["id"],
            "step": step, "variant": variant, "plain": campaign.sequence()[3]["id"], "activity": activity["id"],
            "token": activity["leaseToken"]}
