"""The blocklist of a deleted campaign is kept, for a campaign that is made with the same id."""

import json
import time

import pytest

from support import expect
from support.campaigns import VISIT, Campaign, crowd, names
from support.client import File, build
from support.server import Server, run


def block(api, campaign, *people, reason=None):
    body = {"publicIdentifiers": list(people), **({"reason": reason} if reason else {})}
    response = api.post(f"/campaigns/{campaign}/blocked-leads", body)
    expect.ok(response)
    return response.header("x-change-id")


def unblock(api, campaign, *people):
    response = api.delete(f"/campaigns/{campaign}/blocked-leads",
                          {"publicIdentifiers": list(people)})
    expect.ok(response)
    return response.header("x-change-id")


def delete(api, campaign, blocks=None):
    return expect.ok(api.delete(f"/campaigns/{campaign}" + (f"?blocks={blocks}" if blocks else "")))


def create(api, campaign, **fields):
    return expect.ok(api.post("/campaigns", {"id": campaign, "name": "Test", **fields}), 201)


def blocks(api, name):
    return expect.ok(api.get(f"/blocked-leads/{name}"))["blocks"]


def history(api, name):
    return expect.ok(api.get(f"/blocked-leads/{name}/history"))


def undo(api, change):
    return expect.ok(api.post(f"/changes/{change}/undo"))


def test_nobody_blocked_there_is_handed_out_after_it_was_made_again(fresh):
    old = Campaign(fresh, "ann-1", "bob-1", id="spring")
    block(fresh.api, "spring", "ann-1")
    assert names(old.claim()) == ["bob-1"]
    delete(fresh.api, "spring")
    again = Campaign(fresh, "ann-1", "bob-1", "kim-1", id="spring")
    assert sorted(names(again.claim())) == ["bob-1", "kim-1"]
    assert again.explain("ann-1")["blocked"] is True


def test_the_answer_says_how_many_are_carried_over(fresh):
    assert "carriedOver" not in create(fresh.api, "spring")
    block(fresh.api, "spring", "ann-1", "bob-1", "kim-1")
    unblock(fresh.api, "spring", "bob-1")
    body = delete(fresh.api, "spring")
    assert body["message"] == (
        "Campaign 'spring' deleted with its leads. Its blocklist is kept: 2 leads")
    assert create(fresh.api, "spring")["carriedOver"] == 2
    assert sorted(names(expect.ok(fresh.api.get("/campaigns/spring/blocked-leads")))) == [
        "ann-1", "kim-1"]


def test_the_person_is_shown_as_blocked_while_the_campaign_is_deleted(fresh):
    create(fresh.api, "spring", name="Spring")
    block(fresh.api, "spring", "ann-1", reason="asked")
    (before,) = blocks(fresh.api, "ann-1")
    assert "campaignDeleted" not in before
    delete(fresh.api, "spring")
    assert blocks(fresh.api, "ann-1") == [{**before, "campaignDeleted": True}]
    (event,) = history(fresh.api, "ann-1")
    assert (event["campaignId"], event["campaignDeleted"], event["standing"]) == (
        "spring", True, True)
    expect.error(fresh.api.get("/campaigns/spring/blocked-leads"), 404, "campaign_not_found")
    create(fresh.api, "spring")
    (after,) = blocks(fresh.api, "ann-1")  # reason, date and by whom stay
    assert after == {**before, "campaignName": "Test"}


def test_the_history_says_that_the_list_went_on(fresh):
    create(fresh.api, "spring")
    block(fresh.api, "spring", "ann-1", "bob-1")
    unblock(fresh.api, "spring", "bob-1")
    delete(fresh.api, "spring")
    create(fresh.api, "spring")
    events = history(fresh.api, "ann-1")
    assert [event["what"] for event in events] == ["carried_over", "block"]
    assert (events[0]["campaignId"], events[0]["standing"], events[0]["by"]["type"]) == (
        "spring", None, "key")
    assert [event["what"] for event in history(fresh.api, "bob-1")] == ["unblock", "block"]
    change = expect.ok(fresh.api.get(f"/changes/{events[0]['changeId']}"))
    assert (change["what"], change["count"], change["campaignId"]) == ("carried_over", 1, "spring")
    assert expect.ok(fresh.api.get(f"/changes/{events[0]['changeId']}/leads")) == []
    expect.error(fresh.api.post(f"/changes/{events[0]['changeId']}/undo"), 404, "not_found")
    (entry,) = [each for each in expect.ok(fresh.api.get("/audit"))
                if each["action"] == "leads.carry_over"]
    assert (entry["id"], entry["campaignId"], entry["count"]) == (events[0]["changeId"], "spring", 1)


def test_changes_are_undone_before_and_after_it_is_made_again(fresh):
    create(fresh.api, "spring")
    first, second = block(fresh.api, "spring", "ann-1"), block(fresh.api, "spring", "bob-1")
    ended = unblock(fresh.api, "spring", "bob-1")
    delete(fresh.api, "spring")
    assert undo(fresh.api, first)["unblocked"] == 1
    assert undo(fresh.api, ended)["blocked"] == 1
    assert (blocks(fresh.api, "ann-1"), len(blocks(fresh.api, "bob-1"))) == ([], 1)
    assert create(fresh.api, "spring")["carriedOver"] == 1
    assert undo(fresh.api, second)["unblocked"] == 1
    assert expect.ok(fresh.api.get("/campaigns/spring/blocked-leads")) == []


def test_an_unblock_is_undone_although_nobody_was_left_in_the_list(fresh):
    create(fresh.api, "spring")
    block(fresh.api, "spring", "ann-1")
    ended = unblock(fresh.api, "spring", "ann-1")
    delete(fresh.api, "spring")
    assert create(fresh.api, "spring")["carriedOver"] == 0
    assert undo(fresh.api, ended)["blocked"] == 1
    assert len(expect.ok(fresh.api.get("/campaigns/spring/blocked-leads"))) == 1


def test_an_import_is_undone_while_the_campaign_is_deleted(fresh):
    create(fresh.api, "spring")
    response = fresh.api.post("/campaigns/spring/blocked-leads/import?importId=crm",
                              File(b"linkedin.com/in/ann-1\nlinkedin.com/in/bob-1\n"))
    assert expect.ok(response)["blocked"] == 2
    delete(fresh.api, "spring")
    (row,) = expect.ok(fresh.api.get("/imports"))
    assert row["campaignId"] == "spring"
    assert expect.ok(fresh.api.post("/imports/crm/undo"))["unblocked"] == 2
    assert create(fresh.api, "spring")["carriedOver"] == 0


def test_a_list_counts_to_the_limit_until_it_ends():
    with Server("--max-workspace-entries", "3") as server:
        api = server.tenant().api
        create(api, "spring")
        create(api, "summer")
        block(api, "spring", "ann-1", "bob-1")
        delete(api, "spring")
        full = api.post("/campaigns/summer/blocked-leads", {"publicIdentifiers": ["kim-1", "lee-1"]})
        expect.error(full, 429, "overloaded")
        delete(api, "spring", "drop")
        deadline = time.monotonic() + 60
        while full.status == 429 and time.monotonic() < deadline:
            full = api.post("/campaigns/summer/blocked-leads",
                            {"publicIdentifiers": ["kim-1", "lee-1"]})
        expect.blocked_result(full, 2)


def test_drop_ends_the_list_of_a_campaign_that_is_there(fresh):
    create(fresh.api, "spring")
    block(fresh.api, "spring", "ann-1")
    assert delete(fresh.api, "spring", "drop")["message"].endswith("leads and its blocklist")
    assert blocks(fresh.api, "ann-1") == []
    assert "carriedOver" not in create(fresh.api, "spring")
    assert expect.ok(fresh.api.get("/campaigns/spring/blocked-leads")) == []


def test_drop_ends_the_list_of_a_campaign_that_was_deleted_before(fresh):
    create(fresh.api, "spring")
    block(fresh.api, "spring", "ann-1")
    delete(fresh.api, "spring", "keep")
    delete(fresh.api, "spring", "drop")
    assert blocks(fresh.api, "ann-1") == []
    again = fresh.api.delete("/campaigns/spring?blocks=drop")
    expect.error(again, 404, "campaign_not_found")
    assert "carriedOver" not in create(fresh.api, "spring")
    actions = [(entry["action"], entry["target"]) for entry in expect.ok(fresh.api.get("/audit"))]
    assert [each for each in actions if each[0].startswith("campaign.d")] == [
        ("campaign.drop_blocks", "spring"), ("campaign.delete", "spring")]


@pytest.mark.parametrize("blocks", ["", "Drop", "yes", "drop&blocks=drop"])
def test_another_value_of_blocks_is_refused(fresh, blocks):
    create(fresh.api, "spring")
    expect.error(fresh.api.delete(f"/campaigns/spring?blocks={blocks}"), 400, "invalid_parameter")
    assert expect.ok(fresh.api.get("/campaigns/spring"))["id"] == "spring"


@pytest.mark.parametrize("campaign", ["none", "a%20b", "x" * 100])
def test_a_list_that_never_was_cannot_be_dropped(fresh, campaign):
    for query in ("", "?blocks=keep", "?blocks=drop"):
        expect.error(fresh.api.delete(f"/campaigns/{campaign}{query}"), 404, "campaign_not_found")


def test_another_workspace_has_nothing_of_it(fresh, server):
    other = server.tenant().api
    create(fresh.api, "spring")
    block(fresh.api, "spring", "ann-1")
    delete(fresh.api, "spring")
    expect.error(other.delete("/campaigns/spring?blocks=drop"), 404, "campaign_not_found")
    assert "carriedOver" not in create(other, "spring")
    assert expect.ok(other.get("/campaigns/spring/blocked-leads")) == []
    assert create(fresh.api, "spring")["carriedOver"] == 1


def test_all_of_it_is_there_after_a_restart():
    with Server() as server:
        tenant = server.tenant()
        api = tenant.api
        for campaign in ("kept", "dropped", "again"):
            create(api, campaign)
            change = block(api, campaign, "ann-1", "bob-1")
            delete(api, campaign)
        delete(api, "dropped", "drop")
        create(api, "again")
        server.restart()
        api = server.api(tenant.key)
        assert sorted((each["campaignId"], "campaignDeleted" in each)
                      for each in blocks(api, "ann-1")) == [("again", False), ("kept", True)]
        assert undo(api, change)["unblocked"] == 2
        assert create(api, "kept")["carriedOver"] == 2
        assert "carriedOver" not in create(api, "dropped")
        server.restart()
        api = server.api(tenant.key)
        assert [each["campaignId"] for each in blocks(api, "bob-1")] == ["kept"]
        assert expect.ok(api.get("/campaigns/dropped/blocked-leads")) == []


def test_the_chain_and_a_statement_hold_over_all_of_it(tmp_path):
    with Server() as server:
        tenant = server.tenant()
        api = tenant.api
        create(api, "spring")
        change = block(api, "spring", "ann-1")
        for number in range(20):
            block(api, "spring", "ann-1", reason=f"reason {number}")
        ended = unblock(api, "spring", "ann-1")
        undo(api, change)
        undo(api, ended)
        delete(api, "spring")
        create(api, "spring")
        statement = tmp_path / "statement.json"
        statement.write_bytes(api.get("/evidence?publicIdentifier=ann-1").body)
        stated = json.loads(expect.ok(api.get("/evidence?publicIdentifier=ann-1"))["statement"])
        assert stated["blocked"] is True and stated["events"][-1]["event"] == "carried_over"
        delete(api, "spring", "drop")
        server.stop()
        verified = run("verify", server.database or str(server.data), "--evidence", str(statement))
        assert verified.code == 0, verified


def test_the_leads_of_the_old_campaign_are_gone_before_a_new_one_has_its_number(fresh):
    old = Campaign(fresh, id="spring", active=False)
    for part in range(3):
        old.add(*[f"lead-{part}-{n}" for n in range(1000)])
    block(fresh.api, "spring", "ann-1")
    delete(fresh.api, "spring")
    body = {"id": "spring", "name": "Test", "steps": [VISIT]}
    response = fresh.api.post("/campaigns", body)
    deadline = time.monotonic() + 60
    while response.status == 503 and time.monotonic() < deadline:
        assert "still being removed" in response.json()["message"]
        time.sleep(0.05)
        response = fresh.api.post("/campaigns", body)
    assert expect.ok(response, 201)["carriedOver"] == 1
    new = Campaign.__new__(Campaign)
    new.__dict__.update(old.__dict__)
    assert new.add(*crowd(50)) == (50, 0, 0)
    time.sleep(0.3)  # what still removes leads leaves these alone
    assert len(new.leads()) == 50 and len(new.sequence()) == 1
    assert new.details()["analytics"]["totalLeads"] == 50


def test_what_removes_the_old_leads_leaves_the_new_campaign_alone(fresh):
    """So few are left that the new campaign is made at once, before all of them would have been removed."""
    old = Campaign(fresh, id="spring", active=False)
    assert old.add(*crowd(900)) == (900, 0, 0)
    block(fresh.api, "spring", "ann-1")
    body = json.dumps({"id": "spring", "name": "Test", "steps": [VISIT]}).encode()
    key = ("x-api-key", fresh.key)
    with fresh.server.connect() as connection:  # the second request is there when the first is answered
        connection.send(build("DELETE", "/v1/campaigns/spring", [key]) +
                        build("POST", "/v1/campaigns", [key, ("Content-Type", "application/json")], body))
        expect.ok(connection.read("DELETE"))
        created = expect.ok(connection.read("POST"), 201)
    new = Campaign.__new__(Campaign)
    new.__dict__.update(old.__dict__)
    assert created["carriedOver"] == 1 and new.add(*crowd(50)) == (50, 0, 0)
    time.sleep(0.3)  # what still removes leads leaves these alone
    assert len(new.leads()) == 50 and len(new.sequence()) == 1


def test_a_new_campaign_is_the_newest(fresh):
    for campaign in ("first", "second"):
        create(fresh.api, campaign)
        block(fresh.api, campaign, "ann-1")
    delete(fresh.api, "first")
    create(fresh.api, "first")
    assert [each["id"] for each in expect.ok(fresh.api.get("/campaigns"))] == ["first", "second"]
