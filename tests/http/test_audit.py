"""GET /v1/audit: what was done, by whom and from where, latest first."""

import threading

import pytest

from support import expect, people
from support.people import open_link, sign_in
from support.server import Server, fresh_address, key_id

ACTION = {"id", "at", "action", "target", "targetName", "campaignId", "campaignName", "count", "by", "from"}
OF_CHANGES = {"scope", "importId"}
PROXY = ("--trusted-proxy", "127.0.0.0/8")
COMMAND = {"type": "operator", "id": None, "name": None}


def audit(api, query="?take=100"):
    actions = expect.ok(api.get("/audit" + query))
    for action in actions:
        is_change = action["id"].startswith("ch_")
        assert action.keys() == ACTION | (OF_CHANGES if is_change else set()), action
        assert action["by"].keys() == {"type", "id", "name"}
        assert expect.is_time(action["at"])
    assert len({action["id"] for action in actions}) == len(actions)
    return actions


def follow(api, take, between=lambda: None):
    """All pages, by their links."""
    response = api.get(f"/audit?take={take}")
    seen = []
    while True:
        page = expect.ok(response)
        seen += page
        target = expect.next_link(response)
        if target is None:
            return seen
        assert len(page) == take, "a page with a next one is full"
        assert len(seen) < 10_000, "the pages never end"
        between()
        response = api.call("GET", target, base="")


def names(actions):
    return [action["action"] for action in actions]


def ids(*identifiers):
    return {"publicIdentifiers": list(identifiers)}


@pytest.fixture
def api(fresh):
    return fresh.api


@pytest.fixture
def blocks(fresh):
    return f"/campaigns/{fresh.campaign(id='demo')}/blocked-leads"


def change(response):
    expect.ok(response)
    return response.header("x-change-id")


def test_changes_of_blocklists_are_listed_under_their_change_ids(fresh, api, blocks):
    one = change(api.post(blocks, ids("a-1", "b-2"), headers=[
        ("X-Forwarded-For", "203.0.113.7")]))
    two = change(api.delete(blocks, ids("a-1")))
    three = change(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1"}]}))
    undo = change(api.post(f"/changes/{one}/undo"))
    actions = audit(api)
    key = {"type": "key", "id": key_id(fresh.key), "name": "test"}
    assert [(a["id"], a["action"], a["scope"], a["campaignId"], a["count"], a["target"])
            for a in actions[:4]] == [
        (undo, "leads.undo", "campaign", "demo", 2, None),
        (three, "leads.block", "workspace", None, 1, None),
        (two, "leads.unblock", "campaign", "demo", 1, None),
        (one, "leads.block", "campaign", "demo", 2, None)]
    assert all(a["by"] == key for a in actions[:4])
    assert [a["from"] for a in actions[:4]] == ["127.0.0.1"] * 3 + ["203.0.113.7"]
    expect.ok(api.post(f"/changes/{actions[2]['id']}/undo"))
    assert audit(api)[0]["action"] == "leads.undo"


def test_what_does_nothing_is_not_listed(api, blocks):
    api.post(blocks, ids("a-1"))
    before = audit(api)
    api.post(blocks, ids("a-1"))
    api.delete(blocks, ids("never"))
    api.post(blocks, ids("no id"))
    api.post(blocks + "?dryRun=true", ids("c-3"))
    api.get(blocks + "/a-1")
    assert audit(api) == before


@pytest.mark.parametrize("size", [1, 49, 50, 51, 99, 100, 101, 1000])
def test_a_change_is_one_action_however_large(api, blocks, size):
    people_of = [f"lead-{number}" for number in range(size)]
    block = change(api.post(blocks, ids(*people_of)))
    unblock = change(api.delete(blocks, ids(*people_of)))
    undo = change(api.post(f"/changes/{unblock}/undo"))
    assert [(a["id"], a["count"]) for a in audit(api)[:3]] == [
        (undo, size), (unblock, size), (block, size)]


def test_rows_that_end_early_for_their_reasons_are_one_change(api):
    leads = [{"publicIdentifier": f"lead-{n}", "reason": f"reason {n // 3}"} for n in range(70)]
    block = change(api.post("/blocked-leads", {"leads": leads}))
    entries = [entry["id"] for entry in expect.ok(api.get("/blocked-leads?limit=1000"))]
    unblock = change(api.delete("/blocked-leads", entries))
    assert [(a["id"], a["count"]) for a in audit(api)[:2]] == [(unblock, 70), (block, 70)]


def test_everything_else_is_listed_with_its_target(server, operator, fresh):
    member = people.person(server, "member", fresh.workspace)
    api = operator.api_for(fresh.workspace)
    campaign = expect.ok(fresh.api.post("/campaigns", {"name": "c"}), 201)["id"]
    path = f"/campaigns/{campaign}"
    expect.ok(fresh.api.post(path + "/steps", {"type": "visit_profile"}), 201)
    expect.ok(fresh.api.post(path + "/leads", {"leads": [{"publicIdentifier": "a-1"}]}))
    expect.ok(fresh.api.put(path + "/activate"))
    expect.ok(member.api.put(path + "/pause"))
    fresh.api.delete(path)
    key = expect.ok(member.api.post("/keys", {"name": "k"}), 201)["id"]
    expect.ok(api.delete("/keys/" + key))
    expect.ok(operator.api.put(f"/workspaces/{fresh.workspace}/plan", {"plan": "agency"}))
    expect.ok(member.api.patch("/workspace", {"defaultCountry": "de"}))
    expect.ok(member.api.delete("/session"))
    expect.ok(operator.api.delete("/users/" + member.id))
    found = [(a["action"], a["target"], a["by"]["type"], a["by"]["id"], a["count"])
             for a in reversed(audit(api)) if not a["action"].startswith(("lead.", "step."))]
    key_of, person, boss = (("key", key_id(fresh.key)), ("user", member.id), ("user", operator.id))
    assert found == [
        ("workspace.create", fresh.workspace, "operator", None, 1),
        ("key.create", key_id(fresh.key), "operator", None, 1),
        ("user.create", member.id, "operator", None, 1),
        ("user.set_password", member.id, *person, 1),
        ("campaign.create", campaign, *key_of, 1),
        ("campaign.activate", campaign, *key_of, 1),
        ("campaign.pause", campaign, *person, 1),
        ("campaign.delete", campaign, *key_of, 1),
        ("key.create", key, *person, 1),
        ("key.revoke", key, *boss, 1),
        ("workspace.set_plan", fresh.workspace, *boss, 1),
        ("workspace.change", fresh.workspace, *person, 1),
        ("user.sign_out", member.id, *person, 1),
        ("user.delete", member.id, *boss, 1)]
    assert {a["by"]["name"] for a in audit(api)} == {None, "test", member.email, operator.email}


def test_the_command_line_has_no_address_and_people_have_theirs(server, operator, fresh):
    here = [("X-Forwarded-For", fresh_address())]
    email, token = people.create(server, "member", fresh.workspace)
    expect.ok(open_link(server, token, headers=here))
    there = [("X-Forwarded-For", "2001:db8::7")]
    expect.ok(sign_in(server, email, headers=there))
    expect.error(sign_in(server, email, "wrong password"), 401, "invalid_credentials")
    actions = audit(fresh.api)
    assert [(a["action"], a["from"]) for a in actions[:4]] == [
        ("user.sign_in", "2001:db8::7"), ("user.set_password", here[0][1]), ("user.create", None),
        ("key.create", None)]
    assert actions[2]["by"] == COMMAND and actions[0]["by"]["name"] == email


def test_an_address_that_no_trusted_proxy_vouches_for_does_not_count():
    with Server() as server:
        tenant = server.tenant()
        forged = [("X-Forwarded-For", "203.0.113.7"), ("X-Real-IP", "203.0.113.8"),
                  ("Forwarded", "for=203.0.113.9")]
        tenant.api.post("/campaigns", {"name": "c"}, headers=forged)
        assert audit(tenant.api)[0]["from"] == "127.0.0.1"


def test_what_concerns_the_installation_is_the_operators(server, operator, fresh):
    second = people.person(server, "operator")
    expect.ok(second.again().api.delete("/session"))
    actions = audit(operator.api)
    assert [(a["action"], a["target"]) for a in actions[:4]] == [
        ("user.sign_out", second.id), ("user.sign_in", second.id),
        ("user.set_password", second.id), ("user.create", second.id)]
    assert actions[0]["by"] == {"type": "user", "id": second.id, "name": second.email}
    assert second.id not in str(audit(fresh.api))
    member = people.person(server, "member", fresh.workspace)
    assert member.id not in str(audit(operator.api)), "that is its workspace's"
    assert audit(operator.api_for(fresh.workspace)) == audit(fresh.api) == audit(member.api)


def test_another_workspaces_actions_are_its_own(server, api, blocks, other):
    before = audit(other.api)
    api.post(blocks, ids("a-1"))
    api.post("/campaigns", {"name": "private"})
    assert audit(other.api) == before


def fill(api, blocks, rounds):
    """Changes and other actions in turn; the ids of the changes."""
    changes = []
    for number in range(rounds):
        changes.append(change(api.post(blocks, ids(f"lead-{number}", f"more-{number}"))))
        if number % 3 == 0:
            expect.ok(api.post("/campaigns", {"name": f"c {number}"}), 201)
    return changes


@pytest.mark.parametrize("take", [1, 2, 7, 50, 100])
def test_pages_have_everything_once_in_order(api, blocks, take):
    changes = fill(api, blocks, 40)
    actions = follow(api, take)
    assert actions == follow(api, 100) and len(actions) == 40 + 14 + 3
    assert [a["id"] for a in actions if a["id"].startswith("ch_")] == changes[::-1]
    times = [a["at"] for a in actions]
    assert times == sorted(times, reverse=True)
    assert len({a["id"] for a in actions}) == len(actions)


def test_a_change_of_several_rows_is_counted_whole_at_the_top_of_a_page(api, blocks):
    for number in range(3):
        api.post(blocks, ids(*[f"many-{number}-{i}" for i in range(60)]))
    pages = [action for action in follow(api, 1) if action["action"] == "leads.block"]
    assert [action["count"] for action in pages] == [60, 60, 60]


def test_pages_have_no_gap_and_nothing_twice_while_actions_go_on(fresh, api, blocks):
    fill(api, blocks, 30)
    before = [action["id"] for action in follow(api, 100)]
    over = threading.Event()

    def go_on():
        busy, number = fresh.server.api(fresh.key), 0
        while not over.is_set():
            number += 1
            busy.post(blocks, ids(*[f"busy-{number}-{i}" for i in range(60)]))
            busy.post("/campaigns", {"name": "busy"})

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        for take in (3, 10):
            seen = [action["id"] for action in follow(api, take)]
            assert len(set(seen)) == len(seen), "something came twice"
            assert seen[-len(before):] == before, "something is missing"
    finally:
        over.set()
        thread.join()
    counts = {a["count"] for a in follow(api, 100) if a["action"] == "leads.block"}
    assert counts == {2, 60}


def test_a_page_of_nothing_has_no_next_one(api, blocks):
    response = api.get("/audit?take=0")
    assert expect.ok(response) == [] and expect.next_link(response) is None


def test_by_default_a_page_has_50(api, blocks):
    fill(api, blocks, 60)
    assert len(audit(api, "")) == 50 and len(audit(api, "?limit=5")) == 5
    target = expect.next_link(api.get("/audit"))
    assert "take=50" in target and target.startswith("/v1/audit?")
    target = expect.next_link(api.call("GET", "/audit?take=5", base="/api/v1"))
    assert target.startswith("/api/v1/audit?") and api.call("GET", target, base="").status == 200


@pytest.mark.parametrize("query", [
    "take=101", "take=-1", "take=x", "take=", "take=5&limit=5", "cursor=", "cursor=5", "cursor=-",
    "cursor=1-", "cursor=-1", "cursor=1-0", "cursor=1-1-1", "cursor=x-1", "cursor=c5",
    "cursor=18446744073709551616-1", "cursor=1-18446744073709551616", "cursor=+1-1",
    "cursor=1%00-1", "cursor=1-1&cursor=1-1", "cursor=-1--1", "cursor=" + "9" * 5000 + "-1"])
def test_a_cursor_or_size_that_no_page_gave_is_refused(api, query):
    expect.error(api.get("/audit?" + query), 400, "invalid_parameter", "bad_request")


@pytest.mark.parametrize("cursor", [
    "0-1", "1-1", "18446744073709551615-1", "9223372036854775807-9223372036854775807",
    "9223372036854775808-9223372036854775808", "18446744073709551614-18446744073709551614",
    "18446744073709551615-18446744073709551615", "4294967296-4294967296"])
def test_extreme_cursors_give_pages_or_are_refused(api, blocks, cursor):
    fill(api, blocks, 2)
    response = api.get("/audit?cursor=" + cursor)
    if response.status != 200:
        expect.error(response, 400, "invalid_parameter")
        return
    everything = [action["id"] for action in audit(api)]
    below = {"ch": int(cursor.split("-")[0]), "au": int(cursor.split("-")[1])}
    expected = [identity for identity in everything
                if int(identity[3:].split("_")[0]) < below[identity[:2]]]
    assert [action["id"] for action in expect.ok(response)] == expected


def test_deleted_campaigns_stay_listed_after_a_restart():
    with Server(*PROXY) as server:
        tenant = server.tenant()
        api = tenant.api
        path = f"/campaigns/{tenant.campaign(id='gone')}"
        api.post(path + "/blocked-leads", ids(*[f"lead-{n}" for n in range(130)]))
        api.delete(path + "/blocked-leads", ids("lead-1", "lead-2"))
        api.delete(path + "?blocks=drop")
        api.post(f"/campaigns/{tenant.campaign(id='gone')}/blocked-leads", ids("x-1"))
        before = audit(api)
        found = [(a["action"], a["campaignId"], a["count"]) for a in before if "scope" in a]
        assert found == [("leads.block", "gone", 1), ("leads.unblock", None, 2),
                         ("leads.block", None, 130)]
        (deleted,) = [a for a in before if a["action"] == "campaign.delete"]
        assert deleted["target"] == "gone"
        assert [a["target"] for a in before if a["action"] == "campaign.drop_blocks"] == ["gone"]
        server.restart()
        after = audit(server.api(tenant.key))
        assert after == before
        response = server.api(tenant.key).post(f"/changes/{before[-4]['id']}/undo")
        assert response.status == 404


def test_names_of_people_and_keys_come_as_json(server, fresh):
    name = '<img src=x onerror=alert(1)>"\\'
    key = expect.ok(people.person(server, "member", fresh.workspace).api.post(
        "/keys", {"name": name}), 201)["key"]
    expect.ok(server.api(key).post("/campaigns", {"name": "c"}), 201)
    assert audit(fresh.api)[0]["by"]["name"] == name
