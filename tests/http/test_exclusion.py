"""A blocked lead is never handed out and never holds a campaign up."""

import json
import time
from pathlib import Path

import pytest

from support import expect
from support.campaigns import (MESSAGE, VISIT, Campaign, block_everywhere, crowd, member_id, names,
                               undo, unblock_everywhere)

JOHN = {"publicIdentifier": "john-doe", "memberId": member_id(1)}
VECTORS = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "identifiers.json").read_text("utf-8"))


class Way:
    """One of the ways to exclude a lead: one of its names, on one of the two lists."""

    def __init__(self, scope, name):
        self.scope = scope
        self.name = name

    def block(self, campaign, **options):
        if self.scope == "campaign":
            return campaign.block(self.name, **options)
        return block_everywhere(campaign.api, self.name, **options)

    def unblock(self, campaign):
        if self.scope == "campaign":
            return campaign.unblock(self.name)
        return unblock_everywhere(campaign.api, self.name)

    def __str__(self):
        return f"{'member id' if self.name.startswith('ACo') else 'name'} in the {self.scope}"


WAYS = [Way(scope, JOHN[name]) for scope in ("campaign", "workspace") for name in JOHN]
every_way = pytest.mark.parametrize("way", WAYS, ids=str)


@every_way
def test_block_then_claim_returns_nothing(fresh, way):
    campaign = Campaign(fresh, JOHN, "jane-smith")
    way.block(campaign)
    assert names(campaign.claim()) == ["jane-smith"]
    assert campaign.claim() == []


@every_way
def test_a_block_before_the_lead_is_added_holds(fresh, way):
    campaign = Campaign(fresh)
    way.block(campaign)
    assert campaign.add(JOHN, "jane-smith") == (2, 0, 1)
    campaign.activate()
    assert names(campaign.claim()) == ["jane-smith"]


@every_way
def test_a_blocked_lead_says_so_and_by_which_list(fresh, way):
    campaign = Campaign(fresh, JOHN, "jane-smith")
    before = campaign.lead("john-doe")
    assert before["blocked"] is False and "blockedScope" not in before
    way.block(campaign)
    assert campaign.lead("john-doe") == {**before, "blocked": True, "blockedScope": way.scope}
    assert campaign.lead("jane-smith")["blocked"] is False
    way.unblock(campaign)
    assert campaign.lead("john-doe") == before


@every_way
def test_unblocking_resumes_at_the_step_where_the_lead_stood(fresh, way):
    campaign = Campaign(fresh, JOHN, "jane-smith", steps=[VISIT, VISIT, MESSAGE])
    for activity in campaign.claim():
        campaign.complete(activity)
    way.block(campaign)
    assert [(entry["publicIdentifier"], entry["order"]) for entry in campaign.work()] == [
        ("jane-smith", 2), ("jane-smith", 3)]
    assert campaign.status == "completed"
    way.unblock(campaign)
    assert campaign.status == "paused"
    assert campaign.lead("john-doe")["status"] == "active"
    campaign.activate()
    assert [(entry["publicIdentifier"], entry["order"]) for entry in campaign.work()] == [
        ("john-doe", 2), ("john-doe", 3)]


@every_way
def test_an_undone_block_and_an_undone_unblock_count_like_any_other(fresh, way):
    campaign = Campaign(fresh, JOHN, "jane-smith")
    block = way.block(campaign)
    undo(campaign.api, block)
    assert sorted(names(campaign.claim(lease=1))) == ["jane-smith", "john-doe"]
    campaign = Campaign(fresh, JOHN, "jane-smith")
    way.block(campaign)
    unblock = way.unblock(campaign)
    undo(campaign.api, unblock)
    assert names(campaign.claim()) == ["jane-smith"]
    assert campaign.lead("john-doe")["blockedScope"] == way.scope


@every_way
def test_adding_a_blocked_lead_again_neither_resets_nor_unblocks_it(fresh, way):
    campaign = Campaign(fresh, JOHN, "jane-smith", steps=[VISIT, VISIT])
    for activity in campaign.claim():
        campaign.complete(activity)
    way.block(campaign)
    before = campaign.lead("john-doe")
    assert campaign.add(JOHN) == (0, 1, 0)
    assert campaign.lead("john-doe") == before
    assert names(campaign.claim()) == ["jane-smith"]


@every_way
def test_the_last_open_lead_is_blocked_and_the_campaign_completes_at_once(fresh, way):
    campaign = Campaign(fresh, JOHN, "jane-smith")
    activity, = [entry for entry in campaign.claim(lease=1)
                 if entry["publicIdentifier"] == "jane-smith"]
    campaign.complete(activity)
    assert (campaign.status, campaign.progress) == ("active", 50)
    way.block(campaign)
    assert (campaign.status, campaign.progress) == ("completed", 100)


@every_way
def test_everybody_blocked_completes_a_campaign_on_activation(fresh, way):
    campaign = Campaign(fresh, JOHN, active=False)
    way.block(campaign)
    assert (campaign.status, campaign.progress) == ("draft", 100)
    campaign.activate()
    assert (campaign.status, campaign.progress) == ("completed", 100)
    assert campaign.claim() == []


@every_way
def test_an_unblocked_lead_makes_a_completed_campaign_paused_and_is_not_contacted(fresh, way):
    campaign = Campaign(fresh, JOHN)
    way.block(campaign)
    assert campaign.status == "completed"
    way.unblock(campaign)
    assert (campaign.status, campaign.progress) == ("paused", 0)
    assert campaign.claim() == []
    campaign.activate()
    assert names(campaign.claim()) == ["john-doe"]


@every_way
def test_undoing_a_block_makes_a_completed_campaign_paused_and_back(fresh, way):
    campaign = Campaign(fresh, JOHN)
    change = way.block(campaign)
    assert campaign.status == "completed"
    response = campaign.api.post(f"/changes/{change}/undo")
    expect.ok(response)
    assert (campaign.status, campaign.progress) == ("paused", 0)
    undo(campaign.api, response.header("x-change-id"))
    assert campaign.progress == 100
    campaign.activate()
    assert campaign.status == "completed"


def test_a_completed_campaign_becomes_paused_when_a_lead_is_added(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.work()
    assert campaign.status == "completed"
    campaign.block("b-2")
    assert campaign.add("b-2") == (1, 0, 1)
    assert (campaign.status, campaign.progress) == ("completed", 100)
    campaign.add("c-3")
    assert (campaign.status, campaign.progress) == ("paused", 66)
    assert campaign.claim() == []
    campaign.activate()
    assert names(campaign.claim()) == ["c-3"]


def test_a_completed_campaign_becomes_paused_when_a_lead_is_set_back(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.complete(campaign.claim_one(), "failed")
    assert campaign.status == "completed"
    assert campaign.set_status("a-1", "active") == "active"
    assert campaign.status == "paused"
    assert campaign.claim() == []


def test_unblocking_a_finished_lead_wakes_no_completed_campaign(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.work()
    campaign.block("a-1")
    campaign.unblock("a-1")
    assert campaign.status == "completed"


def test_both_blocks_must_go_before_a_lead_is_contacted(fresh):
    campaign = Campaign(fresh, JOHN, "jane-smith")
    for way in WAYS:
        way.block(campaign)
    for way in WAYS[:-1]:
        way.unblock(campaign)
        assert campaign.lead("john-doe")["blocked"] is True
    assert names(campaign.claim()) == ["jane-smith"]
    WAYS[-1].unblock(campaign)
    assert names(campaign.claim()) == ["john-doe"]


def test_the_workspace_wins_when_both_lists_block(fresh):
    campaign = Campaign(fresh, JOHN)
    campaign.block("john-doe")
    block_everywhere(fresh.api, JOHN["memberId"])
    assert campaign.lead("john-doe")["blockedScope"] == "workspace"


def test_a_block_in_one_campaign_leaves_the_others_alone(tenant):
    one, two = Campaign(tenant, "a-1"), Campaign(tenant, "a-1")
    one.block("a-1")
    assert (one.status, two.status) == ("completed", "active")
    assert one.claim() == []
    assert names(two.claim()) == ["a-1"]


def test_a_workspace_block_counts_in_all_its_campaigns_and_in_no_other_workspace(fresh, other):
    campaigns = [Campaign(fresh, "a-1") for _ in range(3)]
    foreign = Campaign(other, "a-1")
    block_everywhere(fresh.api, "a-1")
    assert [campaign.status for campaign in campaigns] == ["completed"] * 3
    assert [campaign.claim() for campaign in campaigns] == [[]] * 3
    assert names(foreign.claim()) == ["a-1"]
    unblock_everywhere(fresh.api, "a-1")
    assert [campaign.status for campaign in campaigns] == ["paused"] * 3


def test_a_member_id_learnt_later_excludes_from_then_on(fresh):
    campaign = Campaign(fresh, "john-doe", "jane-smith")
    block_everywhere(fresh.api, JOHN["memberId"])
    assert campaign.lead("john-doe")["blocked"] is False
    assert campaign.add(JOHN) == (0, 1, 0)
    assert campaign.lead("john-doe")["blockedScope"] == "workspace"
    assert names(campaign.claim()) == ["jane-smith"]


def test_a_member_id_learnt_by_the_last_open_lead_completes_the_campaign(fresh):
    campaign = Campaign(fresh, "john-doe")
    block_everywhere(fresh.api, JOHN["memberId"])
    campaign.add(JOHN)
    assert (campaign.status, campaign.progress) == ("completed", 100)


def crowd_out(tenant):
    """The member id has so many names that no other one can be linked to it."""
    links = [{"memberId": JOHN["memberId"], "publicIdentifier": f"alias-{number}"} for number in range(7)]
    assert expect.ok(tenant.api.post("/people/link", {"links": links}))["linked"] == 7


@every_way
def test_each_name_of_a_lead_counts_although_no_link_joins_them(fresh, way):
    crowd_out(fresh)
    campaign = Campaign(fresh, JOHN, "jane-smith")
    assert len(expect.ok(fresh.api.get("/people/conflicts"))) == 1
    way.block(campaign)
    assert campaign.explain("john-doe")["contact"] is False
    assert names(campaign.claim()) == ["jane-smith"]
    assert campaign.claim() == []


def test_a_member_id_learnt_without_a_link_excludes_at_once(fresh):
    crowd_out(fresh)
    campaign = Campaign(fresh, "john-doe")
    block_everywhere(fresh.api, JOHN["memberId"])
    assert campaign.add(JOHN) == (0, 1, 0)
    assert len(expect.ok(fresh.api.get("/people/conflicts"))) == 1
    assert campaign.lead("john-doe")["blockedScope"] == "workspace"
    assert (campaign.status, campaign.progress) == ("completed", 100)


@pytest.mark.parametrize("group", VECTORS["same"], ids=lambda group: group["canonical"])
def test_a_block_under_any_spelling_excludes_the_lead(tenant, group):
    spellings = [spelling for spelling in group["spellings"] if not spelling.isdecimal()]
    campaign = Campaign(tenant, spellings[-1], "jane-smith")
    for spelling in spellings:
        campaign.block(spelling)
        assert campaign.lead(group["canonical"])["blocked"] is True, spelling
        assert campaign.explain(group["canonical"])["contact"] is False, spelling
        campaign.unblock(spelling)
        assert campaign.lead(group["canonical"])["blocked"] is False, spelling
    campaign.block(spellings[0])
    assert names(campaign.claim()) == ["jane-smith"]


# What blocked leads leave out


def test_open_activities_of_blocked_leads_are_skipped_not_scheduled(tenant):
    campaign = Campaign(tenant, *crowd(5), steps=[VISIT, VISIT])
    done = campaign.claim(most=1)
    campaign.complete(done[0])
    blocked = [*names(done), *names(campaign.leads("status=waiting"))[:2]]
    campaign.block(*blocked)
    skipped = campaign.activities("skipped_blocked")
    assert {entry["publicIdentifier"]: entry["order"] for entry in skipped} == {
        name: 2 if name in names(done) else 1 for name in blocked}
    assert {entry["state"] for entry in skipped} == {"skipped_blocked"}
    left = names(campaign.activities("scheduled"))
    assert sorted(left) == sorted(set(crowd(5)) - set(blocked))
    assert names(campaign.activities("done")) == names(done), "what is done stays done"
    campaign.unblock(*blocked)
    assert campaign.activities("skipped_blocked") == []
    assert len(campaign.activities("scheduled")) == 5


@pytest.mark.parametrize("result, state, status", [
    ("done", "done", "active"), ("replied", "replied", "completed"), ("failed", "failed", "error"),
    ("retry", None, "active")])
@every_way
def test_completing_for_a_lead_blocked_meanwhile_says_so(fresh, way, result, state, status):
    campaign = Campaign(fresh, JOHN, "jane-smith", steps=[VISIT, VISIT])
    activity, = [entry for entry in campaign.claim() if entry["publicIdentifier"] == "john-doe"]
    way.block(campaign)
    visible = campaign.activities("claimed")
    assert activity["id"] in [entry["id"] for entry in visible]
    body = expect.ok(campaign.report(activity, result))
    assert body.pop("message")
    assert body == {"success": True, "leadId": activity["leadId"], "status": status,
                    "blocked": True}
    assert expect.ok(campaign.report(activity, result))["blocked"] is True
    if state:
        assert names(campaign.activities(state)) == ["john-doe"]
    assert "john-doe" not in names(campaign.claim())


def test_a_lease_of_a_blocked_lead_that_runs_out_is_offered_to_nobody(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    one, two = campaign.claim(lease=1)
    campaign.block(one["publicIdentifier"])
    time.sleep(1.1)
    assert names(campaign.claim()) == [two["publicIdentifier"]]
    body = expect.ok(campaign.report(one))
    assert (body["status"], body["blocked"]) == ("completed", True)


def test_a_block_while_the_last_activity_is_out_completes_the_campaign(tenant):
    campaign = Campaign(tenant, "a-1", steps=[VISIT, VISIT])
    activity = campaign.claim_one()
    campaign.block("a-1")
    assert (campaign.status, campaign.progress) == ("completed", 100)
    assert campaign.complete(activity) == "active"
    assert campaign.status == "completed"
    campaign.unblock("a-1")
    assert campaign.status == "paused"
    campaign.activate()
    assert campaign.claim_one()["order"] == 2


def test_a_batch_of_only_blocked_people_does_not_end_the_campaign_for_others(tenant):
    people = crowd(600)
    campaign = Campaign(tenant, *people[:500])
    campaign.add(*people[500:])
    campaign.block(*people[:500])
    assert campaign.status == "active"
    assert sorted(names(campaign.work(most=7))) == people[500:]
    assert (campaign.status, campaign.progress) == ("completed", 100)


@pytest.mark.parametrize("count", [2_000, 10_000])
def test_the_first_half_blocked_and_all_others_are_served(tenant, count):
    people = crowd(count)
    campaign = Campaign(tenant, *people[: count // 2])
    campaign.add(*people[count // 2 :])
    campaign.block(*people[: count // 2])
    assert (campaign.status, campaign.progress) == ("active", 50)
    assert sorted(names(campaign.work_together(most=500))) == people[count // 2 :]
    assert (campaign.status, campaign.progress) == ("completed", 100)
    analytics = campaign.details()["analytics"]["leads"]
    assert (analytics["completed"], analytics["blocked"]) == (count // 2, count // 2)


def test_blocks_that_come_in_the_middle_of_the_work(tenant):
    """Every lead is handed out once, or is blocked before its turn."""
    people = crowd(300)
    campaign = Campaign(tenant, *people)
    handed_out, blocked = [], set()
    while claimed := campaign.claim(most=20):
        handed_out += names(claimed)
        for activity in claimed:
            campaign.complete(activity)
        due = names(campaign.activities("scheduled"))[-5:]
        if due:
            campaign.block(*due)
            blocked |= set(due)
    assert not set(handed_out) & blocked
    assert len(set(handed_out)) == len(handed_out)
    assert sorted({*handed_out, *blocked}) == people
    assert (campaign.status, campaign.progress) == ("completed", 100)


@pytest.mark.parametrize("status", ["paused", "completed", "error"])
def test_a_leads_own_status_survives_block_and_unblock(tenant, status):
    campaign = Campaign(tenant, "a-1", "b-2")
    campaign.set_status("a-1", status)
    campaign.block("a-1")
    assert campaign.lead("a-1")["status"] == status
    campaign.unblock("a-1")
    assert campaign.lead("a-1")["status"] == status
    assert names(campaign.claim()) == ["b-2"]


def test_setting_a_blocked_lead_to_active_does_not_unblock_it(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    campaign.block("a-1")
    assert campaign.set_status("a-1", "active") == "waiting"
    assert names(campaign.claim()) == ["b-2"]


def test_a_paused_lead_keeps_the_campaign_open_until_it_is_blocked(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    campaign.set_status("a-1", "paused")
    campaign.work()
    assert (campaign.status, campaign.progress) == ("active", 50)
    campaign.block("a-1")
    assert (campaign.status, campaign.progress) == ("completed", 100)


# Deleting


def test_a_deleted_campaign_is_gone_with_its_leads_and_activities(fresh):
    campaign = Campaign(fresh, "a-1", "b-2", id="mine", steps=[VISIT, VISIT])
    one, two = campaign.claim()
    campaign.complete(one)
    lead = one["leadId"]
    assert fresh.api.delete(campaign.path).status in (200, 204)
    for path in ("", "/leads", "/activities", "/sequence", f"/leads/{lead}/explain"):
        expect.error(fresh.api.get(campaign.path + path), 404, "campaign_not_found")
    expect.error(campaign.post_claim({}), 404, "campaign_not_found")
    expect.error(campaign.report(two), 404, "activity_not_found")
    expect.error(fresh.api.delete(f"/leads/{lead}"), 404, "lead_not_found")
    response = fresh.api.put(f"/leads/{lead}/status", {"status": "paused"})
    expect.error(response, 404, "lead_not_found")


def test_a_campaign_that_reuses_an_id_has_neither_leads_nor_steps(fresh):
    old = Campaign(fresh, "a-1", "b-2", id="mine")
    activity = old.claim_one(most=1)
    steps = [step["id"] for step in old.sequence()]
    ids = {lead["id"] for lead in old.leads()}
    fresh.api.delete(old.path)
    new = Campaign(fresh, "a-1", id="mine", steps=[VISIT])
    assert names(new.leads()) == ["a-1"]
    assert not ids & {lead["id"] for lead in new.leads()}
    assert not set(steps) & {step["id"] for step in new.sequence()}
    assert new.activities() == []
    expect.error(new.report(activity), 404, "activity_not_found")
    assert names(new.claim()) == ["a-1"]


def test_blocks_and_unblocks_of_people_who_are_no_leads_change_no_campaign(fresh):
    campaign = Campaign(fresh, "a-1")
    done = Campaign(fresh, "a-1")
    done.work()
    before = campaign.details(), done.details()
    block_everywhere(fresh.api, "nobody-1")
    for target in (campaign, done):
        target.block("nobody-2")
        target.unblock("nobody-2")
    unblock_everywhere(fresh.api, "nobody-1")
    assert (campaign.details(), done.details()) == before
