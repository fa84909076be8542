"""GET .../leads/{leadId}/explain says why a lead will or will not be contacted next."""

import pytest

from support import expect
from support.campaigns import (MESSAGE, VISIT, Campaign, block_everywhere, member_id, moment,
                               seconds_from_now)
from support.server import key_id

JOHN = {"publicIdentifier": "john-doe", "memberId": member_id(1)}


def short(step):
    return {name: step[name] for name in ("id", "type", "order")}


def test_a_lead_that_is_due_will_be_contacted(tenant):
    campaign = Campaign(tenant, JOHN)
    explained = campaign.explain("john-doe")
    assert explained.pop("because")
    assert seconds_from_now(explained.pop("dueAt")) <= 0.01
    assert explained == {**JOHN, "leadId": campaign.lead_id("john-doe"), "status": "waiting",
                         "campaignStatus": "active", "contact": True, "blocked": False,
                         "blocks": [], "nextStep": short(campaign.sequence()[0])}


@pytest.mark.parametrize("prepare, status", [
    (lambda campaign: None, "draft"),
    (lambda campaign: (campaign.activate(), campaign.pause()), "paused")], ids=["draft", "paused"])
def test_nobody_is_contacted_unless_the_campaign_is_active(tenant, prepare, status):
    campaign = Campaign(tenant, "a-1", active=False)
    prepare(campaign)
    explained = campaign.explain("a-1")
    assert (explained["contact"], explained["campaignStatus"]) == (False, status)
    assert explained["nextStep"] == short(campaign.sequence()[0])


@pytest.mark.parametrize("status", ["paused", "completed", "error"])
def test_a_lead_that_was_stopped_is_not_contacted(tenant, status):
    campaign = Campaign(tenant, "a-1", "b-2")
    campaign.set_status("a-1", status)
    explained = campaign.explain("a-1")
    assert (explained["contact"], explained["status"]) == (False, status)
    assert campaign.explain("b-2")["contact"] is True


def test_the_next_step_follows_the_lead(tenant):
    campaign = Campaign(tenant, "a-1", steps=[VISIT, {**MESSAGE, "delayHours": 1}])
    steps = campaign.sequence()
    assert campaign.explain("a-1")["nextStep"] == short(steps[0])
    campaign.complete(campaign.claim_one())
    explained = campaign.explain("a-1")
    assert (explained["nextStep"], explained["status"]) == (short(steps[1]), "active")
    assert 3590 < seconds_from_now(explained["dueAt"]) <= 3600.5
    assert explained["contact"] is True


def test_a_lead_that_has_been_through_all_steps_has_no_next(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    activity = campaign.claim_one(most=1)
    campaign.complete(activity)
    explained = campaign.explain(activity["publicIdentifier"])
    assert (explained["contact"], explained["nextStep"], explained["dueAt"]) == (False, None, None)
    assert explained["status"] == "completed"


def test_a_campaign_without_steps_has_no_next(tenant):
    campaign = Campaign(tenant, "a-1", steps=(), active=False)
    explained = campaign.explain("a-1")
    assert (explained["contact"], explained["nextStep"], explained["dueAt"]) == (False, None, None)


def test_every_block_is_named_with_reason_time_and_key(fresh):
    campaign = Campaign(fresh, JOHN)
    other_key = fresh.server.key(fresh.workspace, name="Another key")
    other = fresh.server.api(other_key)
    campaign.block("john-doe", reason="asked not to be")
    campaign.block(JOHN["memberId"])
    block_everywhere(fresh.api, "john-doe", reason="Kunde \"A\"")
    block_everywhere(other, JOHN["memberId"])
    explained = campaign.explain("john-doe")
    assert (explained["contact"], explained["blocked"]) == (False, True)
    assert all(expect.is_time(block.pop("since")) for block in explained["blocks"])
    assert all(block.pop("by") == {"type": "key", **block["key"]} for block in explained["blocks"])
    mine = {"id": key_id(fresh.key), "name": "test"}

    def place(block):
        return block["scope"], block["publicIdentifier"]

    assert sorted(explained["blocks"], key=place) == sorted([
        {"scope": "campaign", "publicIdentifier": "john-doe", "reason": "asked not to be",
         "key": mine},
        {"scope": "campaign", "publicIdentifier": JOHN["memberId"], "reason": None, "key": mine},
        {"scope": "workspace", "publicIdentifier": "john-doe", "reason": "Kunde \"A\"",
         "key": mine},
        {"scope": "workspace", "publicIdentifier": JOHN["memberId"], "reason": None,
         "key": {"id": key_id(other_key), "name": "Another key"}}], key=place)


def test_a_block_is_since_when_the_list_says(fresh):
    campaign = Campaign(fresh, "a-1")
    campaign.block("a-1")
    (listed,) = expect.ok(fresh.api.get(campaign.blocks))
    (block,) = campaign.explain("a-1")["blocks"]
    assert block["since"] == listed["createdAt"]
    assert listed["createdAt"][:10] in campaign.explain("a-1")["because"]
    campaign.unblock("a-1")
    explained = campaign.explain("a-1")
    assert (explained["blocked"], explained["blocks"]) == (False, [])


def test_a_blocked_leads_next_step_is_where_it_will_go_on(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    activity = campaign.claim_one(most=1)
    campaign.complete(activity)
    campaign.block(activity["publicIdentifier"])
    explained = campaign.explain(activity["publicIdentifier"])
    assert explained["contact"] is False
    assert explained["nextStep"] == short(campaign.sequence()[1])


def test_a_lead_in_error_goes_on_where_explain_says(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    activity = campaign.claim_one(most=1)
    name = activity["publicIdentifier"]
    campaign.complete(activity, "failed")
    assert campaign.explain(name)["contact"] is False
    campaign.set_status(name, "active")
    explained = campaign.explain(name)
    assert explained["contact"] is True
    (again,) = [entry for entry in campaign.claim() if entry["publicIdentifier"] == name]
    assert explained["nextStep"] == {"id": again["stepId"], "type": again["type"],
                                     "order": again["order"]}


def test_explain_and_claim_agree(tenant):
    """Every kind of lead at once: exactly those that explain calls due are handed out."""
    people = [f"lead-{letter}" for letter in "abcdefgh"]
    campaign = Campaign(tenant, *people, steps=[VISIT, {**VISIT, "delay": 1}])
    campaign.block("lead-a")
    campaign.set_status("lead-b", "paused")
    first = campaign.claim(most=3)
    campaign.complete(first[0])
    campaign.complete(first[1], "retry")
    campaign.complete(first[2], "failed")
    explained = {name: campaign.explain(name) for name in people}
    due = {name for name, body in explained.items()
           if body["contact"] and seconds_from_now(body["dueAt"]) <= 0}
    later = {name for name, body in explained.items() if body["contact"]} - due
    assert later == {first[0]["publicIdentifier"], first[1]["publicIdentifier"]}
    assert {entry["publicIdentifier"] for entry in campaign.claim()} == due
    assert len(due) == 3


def test_due_times_agree_with_the_list_of_activities(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", "c-3", steps=[VISIT, {**VISIT, "delay": 3}])
    campaign.complete(campaign.claim_one(most=1))
    campaign.complete(campaign.claim_one(most=1), "retry")
    listed = {entry["publicIdentifier"]: entry["dueAt"]
              for entry in campaign.activities("scheduled")}
    assert listed == {name: campaign.explain(name)["dueAt"] for name in ("a-1", "b-2", "c-3")}
    assert len({round(moment(due)) for due in listed.values()}) >= 2
