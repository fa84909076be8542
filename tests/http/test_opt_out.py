"""A lead that says "never again": a reply, and a block of the person by the same commit."""

import pytest

from support import expect
from support.campaigns import (INVITATION, MESSAGE, VISIT, Campaign, block_everywhere, member_id,
                               undo, unblock_everywhere)
from support.server import Server, unique


def opt_out(campaign, activity, **fields):
    """(status of the lead, id of the change)"""
    response = campaign.report(activity, "opted_out", **fields)
    body = expect.ok(response)
    assert list(body) == ["success", "message", "leadId", "status", "blocked"], body
    assert body["leadId"] == activity["leadId"] and body["blocked"] is True, body
    return body["status"], response.header("x-change-id")


def blocks(api, name):
    """The scopes of a person's blocks, with their reasons."""
    body = expect.ok(api.get(f"/blocked-leads/{name}"))
    return [(block["scope"], block["reason"]) for block in body["blocks"]]


def history(api, name):
    body = expect.ok(api.get(f"/blocked-leads/{name}/history"))
    return [event["what"] for event in (body["history"] if isinstance(body, dict) else body)]


def test_an_opt_out_is_a_reply_and_a_block_in_the_workspace(tenant):
    name = unique()
    campaign, other = Campaign(tenant, name, steps=[MESSAGE, MESSAGE]), Campaign(tenant, name)
    status, change = opt_out(campaign, campaign.claim_one(), detail="Please stop.")
    assert status == "completed" and change.startswith("ch_") and change != "ch_0"
    assert blocks(tenant.api, name) == [("workspace", "Please stop.")]
    (activity,) = campaign.activities()
    assert (activity["state"], activity["detail"]) == ("replied", "Please stop.")
    assert campaign.details()["analytics"]["responseRate"] == 1
    assert other.claim() == [] and other.status == "completed"
    assert expect.ok(tenant.api.get("/blocked-leads"))[0]["publicIdentifier"] == name


def test_the_block_is_the_senders(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    opt_out(campaign, campaign.claim_one())
    (block,) = expect.ok(tenant.api.get(f"/blocked-leads/{name}"))["blocks"]
    assert block["by"]["type"] == "key" and block["by"]["id"] == tenant.key.split("_")[1]
    assert block["reason"] == "Opted out"


def test_scope_campaign_limits_the_block(tenant):
    name = unique()
    campaign, other = Campaign(tenant, name), Campaign(tenant, name)
    opt_out(campaign, campaign.claim_one(), scope="campaign")
    assert [scope for scope, _ in blocks(tenant.api, name)] == ["campaign"]
    assert len(other.claim()) == 1


@pytest.mark.parametrize("scope", ["everywhere", "", 5, []], ids=repr)
def test_a_bad_scope_is_refused(tenant, scope):
    name = unique()
    campaign = Campaign(tenant, name)
    activity = campaign.claim_one()
    expect.error(campaign.report(activity, "opted_out", scope=scope), 400, "invalid_body")
    assert blocks(tenant.api, name) == []


def test_an_opt_out_ends_the_sequence_whatever_the_step_says(tenant):
    name = unique()
    campaign = Campaign(tenant, name, steps=[{**MESSAGE, "stopOnReply": False}, MESSAGE])
    status, change = opt_out(campaign, campaign.claim_one())
    undo(tenant.api, change)
    assert status == campaign.lead(name)["status"] == "completed"
    assert campaign.claim() == []


def test_it_counts_when_the_lease_is_lost(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    lost = campaign.claim_one()
    campaign.complete(lost, "failed")
    campaign.set_status(name, "active")
    campaign.activate()
    held = campaign.claim_one()
    assert held["leaseToken"] != lost["leaseToken"]
    status, _ = opt_out(campaign, lost)
    assert status == "active"
    assert len(blocks(tenant.api, name)) == 1
    (activity,) = campaign.activities()
    assert activity["state"] == "claimed"
    assert campaign.complete(held) == "completed"


def test_it_counts_when_nothing_was_claimed(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    lead, step = campaign.lead_id(name), campaign.sequence()[0]["id"]
    activity = {"id": f"ac_{lead[3:]}_{step[3:]}", "leaseToken": "none", "leadId": lead}
    assert opt_out(campaign, activity)[0] == "waiting"
    assert len(blocks(tenant.api, name)) == 1 and campaign.status == "completed"


def test_it_counts_when_the_campaign_is_paused(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    activity = campaign.claim_one()
    campaign.pause()
    assert opt_out(campaign, activity)[0] == "completed"
    assert len(blocks(tenant.api, name)) == 1


@pytest.mark.parametrize("scope", ["workspace", "campaign"])
def test_it_counts_when_the_license_has_ended(server, scope):
    tenant, name = server.tenant(), unique()
    campaign = Campaign(tenant, name)
    activity = campaign.claim_one()
    server.end_license(tenant.workspace)
    assert opt_out(campaign, activity, scope=scope)[0] == "completed"
    assert [where for where, _ in blocks(tenant.api, name)] == [scope]


def test_an_unknown_activity_is_not_found(tenant):
    campaign = Campaign(tenant, unique())
    for activity in ("ac_1_999999999", "none"):
        expect.error(campaign.report({"id": activity, "leaseToken": "x"}, "opted_out"),
                     404, "activity_not_found")


def test_repeating_it_is_safe(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    activity = campaign.claim_one()
    _, change = opt_out(campaign, activity)
    assert opt_out(campaign, activity, detail="Again, in other words") == ("completed", None)
    assert len(blocks(tenant.api, name)) == 1 and history(tenant.api, name) == ["block"]
    undo(tenant.api, change)
    assert blocks(tenant.api, name) == []


def test_repeating_it_blocks_a_person_who_was_unblocked(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    activity = campaign.claim_one()
    opt_out(campaign, activity)
    unblock_everywhere(tenant.api, name)
    assert opt_out(campaign, activity)[1] != "ch_0"
    assert len(blocks(tenant.api, name)) == 1


def test_each_list_that_a_report_names_gets_its_block(tenant):
    """Of two reports of one lead, one limited to the campaign, each stands for itself."""
    for first, second in (("workspace", "campaign"), ("campaign", "workspace")):
        name = unique()
        campaign = Campaign(tenant, name)
        activity = campaign.claim_one()
        _, change = opt_out(campaign, activity, scope=first)
        _, later = opt_out(campaign, activity, scope=second)
        assert later not in (None, "ch_0")
        assert opt_out(campaign, activity, scope=second)[1] is None  # repeated: nothing is added
        assert {scope for scope, _ in blocks(tenant.api, name)} == {first, second}
        undo(tenant.api, change)
        assert [scope for scope, _ in blocks(tenant.api, name)] == [second]


def test_who_is_blocked_already_is_asked_for_once_more(tenant):
    name = unique()
    campaign = Campaign(tenant, name)
    activity = campaign.claim_one()
    change = block_everywhere(tenant.api, name, reason="a client")
    opt_out(campaign, activity)
    undo(tenant.api, change)
    assert blocks(tenant.api, name) == [("workspace", "Opted out")]


def test_all_names_of_the_lead_are_blocked(tenant):
    name, member = unique(), member_id(7)
    campaign = Campaign(tenant, {"publicIdentifier": name, "memberId": member})
    other = Campaign(tenant, member)
    opt_out(campaign, campaign.claim_one())
    for asked, shown in ((name, member), (member, name)):  # each is blocked, and the other shown
        found = expect.ok(tenant.api.get(f"/blocked-leads/{asked}"))["blocks"]
        assert [block.get("matched", {}).get("value") for block in found] == [None, shown]
    assert other.claim() == []


def test_an_opt_out_after_done_or_failed_counts(tenant):
    for before in ("done", "failed", "retry"):
        name = unique()
        campaign = Campaign(tenant, name, steps=[INVITATION, MESSAGE])
        activity = campaign.claim_one()
        campaign.complete(activity, before)
        assert opt_out(campaign, activity)[0] == "completed"
        assert len(blocks(tenant.api, name)) == 1
        assert campaign.activities()[0]["state"] == "replied"


def test_replies_to_visits_are_no_part_of_the_response_rate(tenant):
    campaign = Campaign(tenant, unique(), unique(), steps=[VISIT, MESSAGE])
    first, second = campaign.claim()
    campaign.complete(first, "replied")
    campaign.complete(second)
    assert campaign.details()["analytics"]["responseRate"] == 0
    campaign.complete(campaign.claim_one())
    assert campaign.details()["analytics"]["responseRate"] == 0


def test_a_full_workspace_refuses_an_opt_out_and_records_nothing():
    with Server("--max-workspace-entries", "1") as server:
        tenant, name = server.tenant(), unique()
        campaign = Campaign(tenant, name)
        block_everywhere(tenant.api, unique())
        activity = campaign.claim_one()
        expect.error(campaign.report(activity, "opted_out"), 429, "overloaded")
        assert campaign.activities()[0]["state"] == "claimed"
        assert campaign.complete(activity) == "completed"


def test_an_opt_out_holds_for_the_e_mail_address_and_the_phone_number(fresh):
    lead = {"publicIdentifier": "jane-doe", "memberId": member_id(1), "email": "Jane@Acme.com",
            "phone": "+49 170 1234567", "companyName": "Acme GmbH", "website": "acme.com"}
    campaign = Campaign(fresh, lead)
    other = Campaign(fresh, {"publicIdentifier": "a-1", "email": "jane@acme.com"},
                     {"publicIdentifier": "b-2", "phone": "0049 170 1234567"},
                     {"publicIdentifier": "c-3", "memberId": member_id(1)},
                     {"publicIdentifier": "d-4", "companyName": "Acme", "email": "joe@acme.com"})
    _, change = opt_out(campaign, campaign.claim_one())
    assert [activity["publicIdentifier"] for activity in other.claim()] == ["d-4"]
    types = {entry["type"] for entry in expect.ok(fresh.api.get("/blocklist"))}
    assert types == {"publicIdentifier", "memberId", "email", "phone"}
    undo(fresh.api, change)
    assert len(other.claim()) == 3
