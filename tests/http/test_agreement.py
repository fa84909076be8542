"""Whatever is done in whatever order, counts, lists, explanations and claims tell one story.

Random work in one workspace of two campaigns with the same people; after each act all that the API
shows is compared with what the leads, the blocklists and the reports so far say.
"""

import random

import pytest

from support import expect
from support.campaigns import (INVITATION, MESSAGE, VISIT, Campaign, block_everywhere, crowd,
                               member_id, seconds_from_now, undo, unblock_everywhere)

OPEN = ("waiting", "active", "paused")
PEOPLE = [{"publicIdentifier": name, "memberId": member_id(number)} if number % 2 else
          {"publicIdentifier": name} for number, name in enumerate(crowd(12))]
STEPS = [VISIT, INVITATION, {**MESSAGE, "stopOnReply": False},
         {**MESSAGE, "genericBody": "{{nickname}}"}]


class Told:
    """What was reported of a campaign's leads."""

    def __init__(self):
        self.steps = {}  # lead -> the steps that were done or replied to
        self.invited, self.accepted, self.contacted, self.replied = set(), set(), set(), set()
        self.claims = {}  # activity -> its last claim
        self.reports = {}  # activity -> its last claim, when that was reported done or failed

    def hand_out(self, activity):
        assert activity["stepId"] not in self.steps.get(activity["leadId"], ())
        self.reports.pop(activity["id"], None)
        self.claims[activity["id"]] = activity

    def forget(self, lead):
        for known in (self.claims, self.reports):
            for key in [key for key, claim in known.items() if claim["leadId"] == lead]:
                del known[key]

    def hear(self, activity, result, accepted):
        self.claims.pop(activity["id"], None)
        self.reports.pop(activity["id"], None)
        if result in ("done", "failed"):
            self.reports[activity["id"]] = activity
        lead, kind = activity["leadId"], activity["type"]
        if result not in ("done", "replied"):
            if accepted and lead in self.invited:
                self.accepted.add(lead)
            return
        self.steps.setdefault(lead, set()).add(activity["stepId"])
        if kind == "invitation":
            self.invited.add(lead)
        if kind != "visit_profile":
            self.contacted.add(lead)
        if result == "replied" and lead in self.contacted:  # to a visit nobody can reply
            self.replied.add(lead)
        if lead in self.invited and (accepted or result == "replied" or kind == "message"):
            self.accepted.add(lead)

    def rates(self, leads):
        invited, contacted = self.invited & leads, self.contacted & leads
        return (len(self.accepted & invited) / len(invited) if invited else 0,
                len(self.replied & contacted) / len(contacted) if contacted else 0)


class World:
    def __init__(self, tenant, seed):
        self.chance = random.Random(seed)
        self.api = tenant.api
        self.campaigns = [Campaign(tenant, *self.some(PEOPLE), steps=STEPS) for _ in range(2)]
        self.told = {campaign: Told() for campaign in self.campaigns}
        self.changes = []

    def some(self, things):
        return self.chance.sample(things, self.chance.randint(1, min(4, len(things))))

    def a_name(self):
        return self.chance.choice([name for person in PEOPLE for name in person.values()])

    # What is done

    def act(self):
        campaign = self.chance.choice(self.campaigns)
        act = self.chance.choice([self.add, self.claim, self.claim, self.report, self.report,
                                  self.report, self.reply, self.block, self.unblock, self.undo,
                                  self.status, self.delete, self.edit, self.activate,
                                  self.activate, self.pause])
        act(campaign)
        return act.__name__

    def add(self, campaign):
        """Under one name or both: two leads may turn out to be one person."""
        before = {lead["id"] for lead in campaign.leads()}
        campaign.add(*[self.known_by(person) for person in self.some(PEOPLE)])
        for gone in before - {lead["id"] for lead in campaign.leads()}:
            self.told[campaign].forget(gone)

    def known_by(self, person):
        if self.chance.random() < 0.6:
            return person
        name = self.chance.choice(list(person))
        return {name: person[name]}

    def claim(self, campaign):
        explained = {lead["id"]: campaign.explain(lead["publicIdentifier"])
                     for lead in campaign.leads()}
        due = {lead for lead, body in explained.items()
               if body["contact"] and seconds_from_now(body["dueAt"]) <= 0}
        sequence = {step["id"]: step for step in campaign.sequence()}
        claimed = campaign.claim(most=100 if self.chance.random() < 0.5 else 2)
        for activity in claimed:
            assert activity["leadId"] in due, explained[activity["leadId"]]
            assert activity["stepId"] == explained[activity["leadId"]]["nextStep"]["id"]
            assert activity["type"] == sequence[activity["stepId"]]["type"]
            self.told[campaign].hand_out(activity)

    def report(self, campaign):
        held = list(self.told[campaign].claims.values())
        if not held:
            return
        activity = self.chance.choice(held)
        result = self.chance.choice(["done", "done", "done", "replied", "failed", "retry"])
        accepted = self.chance.random() < 0.3
        campaign.complete(activity, result, accepted=accepted)
        self.told[campaign].hear(activity, result, accepted)

    def reply(self, campaign):
        """The reply comes after the activity was reported done or failed."""
        reported = list(self.told[campaign].reports.values())
        if reported:
            activity = self.chance.choice(reported)
            campaign.complete(activity, "replied")
            self.told[campaign].hear(activity, "replied", False)

    def block(self, campaign):
        name = self.a_name()
        if self.chance.random() < 0.5:
            response = self.api.post(campaign.blocks, {"publicIdentifiers": [name]})
        else:
            response = self.api.post("/blocked-leads", {"leads": [{"publicIdentifier": name}]})
        expect.ok(response)
        self.changes.append(response.header("x-change-id"))

    def unblock(self, campaign):
        listed = expect.ok(self.api.get(campaign.blocks + "?take=100"))
        everywhere = expect.ok(self.api.get("/blocked-leads"))
        if listed and self.chance.random() < 0.5:
            names = {entry["publicIdentifier"] for entry in self.some(listed)}
            self.changes.append(campaign.unblock(*names))
        elif everywhere:
            names = {entry["publicIdentifier"] for entry in self.some(everywhere)}
            self.changes.append(unblock_everywhere(self.api, *names))

    def undo(self, _):
        if self.changes:
            undo(self.api, self.changes.pop(self.chance.randrange(len(self.changes))))

    def status(self, campaign):
        leads = campaign.leads()
        if leads:
            name = self.chance.choice(leads)["publicIdentifier"]
            campaign.set_status(name, self.chance.choice(["waiting", "active", "active", "paused",
                                                          "completed", "error"]))

    def delete(self, campaign):
        leads = campaign.leads()
        if len(leads) > 4:
            lead = self.chance.choice(leads)
            campaign.delete_lead(lead["publicIdentifier"])
            self.told[campaign].forget(lead["id"])

    def edit(self, campaign):
        if campaign.status == "active" and self.chance.random() < 0.5:
            campaign.pause()
        steps = [step["id"] for step in campaign.sequence()]
        kind = self.chance.choice(["add", "move", "move", "delete"])
        place = self.chance.randint(1, len(steps))
        if kind == "add" and len(steps) < 8:
            campaign.add_step(self.chance.choice(STEPS[:3]), order=place)
        elif kind == "move":
            campaign.change_step(self.chance.choice(steps), order=place)
        elif len(steps) > 2:
            campaign.delete_step(self.chance.choice(steps))

    def activate(self, campaign):
        campaign.activate()

    def pause(self, campaign):
        campaign.pause()

    # What must be so

    def check(self):
        everywhere = {entry["publicIdentifier"] for entry in expect.ok(
            self.api.get("/blocked-leads"))}
        for campaign in self.campaigns:
            here = {entry["publicIdentifier"] for entry in expect.ok(
                self.api.get(campaign.blocks + "?take=100"))}
            leads = campaign.leads()
            self.check_leads(leads, here, everywhere)
            self.check_details(campaign.details(), leads, self.told[campaign])
            self.check_activities(campaign, leads)

    @staticmethod
    def check_leads(leads, here, everywhere):
        for lead in leads:
            known = {lead["publicIdentifier"], lead["memberId"]}
            scope = "workspace" if known & everywhere else "campaign" if known & here else None
            assert (lead["blocked"], lead.get("blockedScope")) == (bool(scope), scope), lead

    @staticmethod
    def check_details(details, leads, told):
        analytics = details["analytics"]
        count = {status: sum(lead["status"] == status for lead in leads)
                 for status in (*OPEN, "completed", "error")}
        count["blocked"] = sum(lead["status"] in OPEN and lead["blocked"] for lead in leads)
        assert analytics["leads"] == {**count, "skippedContacted": 0}
        assert analytics["totalLeads"] == len(leads)
        finished = count["completed"] + count["error"] + count["blocked"]
        assert details["progress"] == 100 * finished // len(leads)
        if details["status"] == "active":
            assert finished < len(leads)
        if details["status"] == "completed":
            assert finished == len(leads)
        rates = told.rates({lead["id"] for lead in leads})
        assert (analytics["acceptanceRate"], analytics["responseRate"]) == pytest.approx(
            rates, abs=0.001)

    def check_activities(self, campaign, leads):
        scheduled = [entry["leadId"] for entry in campaign.activities("scheduled")]
        skipped = [entry["leadId"] for entry in campaign.activities("skipped_blocked")]
        claimed = {entry["leadId"] for entry in campaign.activities("claimed")}
        assert len(set(scheduled)) == len(scheduled) and len(set(skipped)) == len(skipped)
        assert claimed == {claim["leadId"] for claim in self.told[campaign].claims.values()}
        assert {lead["id"] for lead in leads if lead["id"] in skipped and not lead["blocked"]
                or lead["id"] in scheduled and lead["blocked"]} == set()
        waiting = {lead["id"] for lead in leads if lead["status"] in ("waiting", "active")
                   and campaign.explain(lead["publicIdentifier"])["nextStep"]} - claimed
        free = {lead["id"] for lead in leads if not lead["blocked"]}
        assert waiting & free <= set(scheduled)
        assert waiting - free <= set(skipped)


@pytest.mark.parametrize("seed", range(8))
def test_all_that_the_api_shows_agrees(server, seed):
    world = World(server.tenant("pro"), seed)
    done = []
    try:
        for _ in range(60):
            done.append(world.act())
            world.check()
    except AssertionError:
        print("after", done)
        raise


def test_a_block_that_is_undone_while_another_stands_leaves_the_lead_aside(fresh):
    campaign = Campaign(fresh, PEOPLE[1], PEOPLE[2])
    first = campaign.block(PEOPLE[1]["publicIdentifier"])
    block_everywhere(fresh.api, PEOPLE[1]["memberId"])
    undo(fresh.api, first)
    assert campaign.lead(PEOPLE[1]["publicIdentifier"])["blockedScope"] == "workspace"
    assert [entry["leadId"] for entry in campaign.claim()] == [
        campaign.lead_id(PEOPLE[2]["publicIdentifier"])]
