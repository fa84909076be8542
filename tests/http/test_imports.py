"""Imports as one thing each: GET /v1/imports, and POST /v1/imports/{importId}/undo."""

import re
import threading
import time

import pytest

from support import expect
from support.client import ConnectionClosed
from support.people import person
from support.server import Server
from test_import import List, table, total

FIELDS = {"importId", "scope", "campaignId", "action", "state", "blocked", "already", "duplicates",
          "rows", "bad", "blank", "column", "bytes", "by", "startedAt", "finishedAt", "undoneAt"}
SILENT = 10  # seconds after which another node's import counts as broken off


@pytest.fixture(params=["campaign", "workspace"])
def target(request, fresh):
    return List(fresh, request.param)


@pytest.fixture
def workspace_list(fresh):
    return List(fresh, "workspace")


def imports(api, query=""):
    return expect.ok(api.get(f"/imports{query}"))


def one(api):
    (only,) = imports(api)
    return only


def send(target, *names, **query):
    return expect.ok(target.send(table(names), **query))


def undo(api, identity, **options):
    return api.post(f"/imports/{identity}/undo", **options)


def undone(api, identity, **counts):
    body = expect.ok(undo(api, identity))
    assert body.keys() == {"success", "message", "importId", "blocked", "unblocked", "stayed",
                           "stayedBecause"}
    assert body["importId"] == identity
    counts = {"stayed": 0, **counts}
    assert {name: body[name] for name in counts} == counts
    assert len(body["stayedBecause"]) == body["stayed"], body
    return body


# The list


def test_an_import_is_in_the_list(target):
    data = table(["ann-1", "ann-1", "bob-2"]) + b"Cid,\nDan,no address\n"
    body = expect.ok(target.send(data))
    assert re.fullmatch(r"im_[0-9a-z]{16}", body["importId"])
    row = one(target.api)
    assert row.keys() == FIELDS
    assert row["importId"] == body["importId"]
    assert row["scope"] == ("campaign" if target.in_campaign else "workspace")
    assert row["campaignId"] == (target.path.split("/")[2] if target.in_campaign else None)
    assert (row["action"], row["state"], row["undoneAt"]) == ("block", "done", None)
    same = ("blocked", "already", "duplicates", "rows", "bad", "blank", "column")
    assert {name: row[name] for name in same} == {name: body[name] for name in same}
    assert (row["blocked"], row["duplicates"], row["bad"], row["blank"]) == (2, 1, 1, 1)
    assert row["bytes"] == len(data)
    assert row["by"]["type"] == "key"
    expect.is_time(row["startedAt"])
    expect.is_time(row["finishedAt"])


def test_one_import_is_told_as_in_the_list(workspace_list, other):
    api = workspace_list.api
    send(workspace_list, "ann-1")
    send(workspace_list, "ann-1", "bob-2", action="unblock", importId="own-1")
    for row in imports(api):
        assert expect.ok(api.get(f"/imports/{row['importId']}")) == row
    undone(api, "own-1", blocked=1)
    assert expect.ok(api.get("/imports/own-1"))["state"] == "undone"
    for name in ("none", "%ff"):
        expect.error(api.get(f"/imports/{name}"), 404, "not_found")
    expect.error(other.api.get("/imports/own-1"), 404, "not_found")


def test_an_import_that_unblocks_has_its_own_counts(workspace_list):
    send(workspace_list, "ann-1")
    send(workspace_list, "ann-1", "bob-2", action="unblock")
    row = imports(workspace_list.api)[0]
    assert row.keys() == FIELDS - {"blocked", "already"} | {"unblocked", "notBlocked"}
    assert (row["action"], row["unblocked"], row["notBlocked"]) == ("unblock", 1, 1)


def test_running_text_has_no_column(workspace_list):
    expect.ok(workspace_list.send(b"ann-1\n", content_type="text/plain"))
    assert one(workspace_list.api)["column"] is None


def test_what_records_nothing_is_no_import(workspace_list):
    api = workspace_list.api
    assert expect.ok(workspace_list.send(table(["ann-1"]), dryRun=True))["importId"] is None
    assert workspace_list.send(table(["ann-1"]), action="check").status == 200
    assert workspace_list.send(table(["ann-1"]) + b"Bob,\n", strict=True).status == 400
    assert workspace_list.send(b"PK\x03\x04").status == 400
    assert imports(api) == []


def test_imports_are_listed_newest_first_page_by_page(workspace_list):
    for n in range(5):
        send(workspace_list, f"ann-{n}", importId=f"file-{n}")
    api = workspace_list.api
    first = api.get("/imports?take=2")
    assert [row["importId"] for row in expect.ok(first)] == ["file-4", "file-3"]
    second = api.call("GET", expect.next_link(first), base="")
    assert [row["importId"] for row in expect.ok(second)] == ["file-2", "file-1"]
    third = api.call("GET", expect.next_link(second), base="")
    assert [row["importId"] for row in expect.ok(third)] == ["file-0"]
    assert expect.next_link(third) is None
    for query in ("take=101", "take=x", "cursor=9", "cursor=c0"):
        expect.error(api.get(f"/imports?{query}"), 400, "invalid_parameter")


# One import


def test_the_same_id_is_the_same_import(workspace_list):
    api = workspace_list.api
    send(workspace_list, "ann-1", "bob-2", importId="spring")
    before = one(api)
    send(workspace_list, "ann-1", "bob-2", "cid-3", importId="spring")
    after = one(api)
    assert (after["blocked"], after["already"], after["rows"]) == (3, 2, 4)
    assert after["startedAt"] == before["startedAt"]
    undone(api, "spring", unblocked=3)
    assert workspace_list.entries() == {}


def test_an_id_is_of_one_list_and_one_action(fresh):
    workspace, campaign = List(fresh, "workspace"), List(fresh, "campaign")
    send(workspace, "ann-1", importId="spring")
    for other, query in ((campaign, {}), (workspace, {"action": "unblock"})):
        response = other.send(table(["bob-2", "ann-1"]), importId="spring", **query)
        expect.error(response, 409, "already_exists")
    assert (workspace.entries().keys(), campaign.entries()) == ({"ann-1"}, {})
    assert one(fresh.api)["blocked"] == 1


def test_other_workspaces_have_imports_of_their_own(fresh, other):
    mine, theirs = List(fresh, "workspace"), List(other, "workspace")
    send(mine, "ann-1", importId="same")
    send(theirs, "ann-1", importId="same")
    alone = send(mine, "bob-2")["importId"]
    foreign, unknown = undo(other.api, alone), undo(other.api, "im_0000000000000000")
    assert expect.error(foreign, 404, "not_found") == expect.error(unknown, 404, "not_found")
    undone(other.api, "same", unblocked=1)
    assert alone not in [row["importId"] for row in imports(other.api)]
    assert mine.entries().keys() == {"ann-1", "bob-2"}
    assert [row["state"] for row in imports(fresh.api)] == ["done", "done"]


def test_viewers_and_keys_that_may_only_read_see_imports_and_do_not_undo_them(server, fresh):
    identity = send(List(fresh, "workspace"), "ann-1")["importId"]
    viewer = person(server, "viewer", fresh.workspace)
    reader = server.api(server.key(fresh.workspace, "--read-only"))
    for api in (viewer.api, reader):
        assert one(api)["importId"] == identity
        expect.error(undo(api, identity), 403, "forbidden")
    assert one(fresh.api)["state"] == "done"


# Undo


def test_an_undone_import_is_gone(target):
    identity = send(target, "ann-1", "bob-2")["importId"]
    body = undone(target.api, identity, blocked=0, unblocked=2)
    assert body["message"] == "Undone: 2 leads unblocked"
    assert target.entries() == {}
    row = one(target.api)
    assert (row["state"], row["blocked"]) == ("undone", 2)
    expect.is_time(row["undoneAt"])


def test_the_undo_of_one_change_names_its_own(workspace_list):
    identity = send(workspace_list, "ann-1")["importId"]
    change = undo(workspace_list.api, identity).header("x-change-id")
    assert expect.ok(workspace_list.api.post(f"/changes/{change}/undo"))["blocked"] == 1
    assert workspace_list.entries().keys() == {"ann-1"}


def test_what_others_did_stays(workspace_list):
    api = workspace_list.api

    def block(*names):
        expect.ok(api.post("/blocked-leads", {"leads": [
            {"publicIdentifier": name, "reason": "by hand"} for name in names]}))

    block("ann-1")
    identity = send(workspace_list, "ann-1", "bob-2", "cid-3")["importId"]
    records = {entry["publicIdentifier"]: entry["id"] for entry in expect.ok(api.get("/blocked-leads"))}
    expect.ok(api.delete("/blocked-leads", [records["cid-3"]]))
    block("cid-3", "dan-4")
    (ann,) = undone(api, identity, unblocked=1, stayed=1)["stayedBecause"]
    assert (ann["publicIdentifier"], ann["reason"]) == ("ann-1", "by hand")
    assert workspace_list.entries() == dict.fromkeys(["ann-1", "cid-3", "dan-4"], "by hand")


def test_the_undo_of_an_unblock_blocks_again(target):
    send(target, "ann-1", "bob-2", "cid-3", reason="asked")
    before = expect.ok(target.api.get(target.path))
    identity = send(target, "ann-1", "cid-3", "zoe-9", action="unblock")["importId"]
    assert target.entries().keys() == {"bob-2"}
    body = undone(target.api, identity, blocked=2, unblocked=0)
    assert body["message"] == "Undone: 2 leads blocked again"
    assert expect.ok(target.api.get(target.path)) == before


def test_undoing_twice_changes_nothing_more(workspace_list):
    identity = send(workspace_list, "ann-1")["importId"]
    undone(workspace_list.api, identity, unblocked=1)
    expect.ok(workspace_list.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "ann-1"}]}))
    at = one(workspace_list.api)["undoneAt"]
    response = undo(workspace_list.api, identity)
    assert expect.ok(response)["message"] == "Nothing left to undo"
    assert response.header("x-change-id") == "ch_0"
    assert workspace_list.entries().keys() == {"ann-1"}
    assert one(workspace_list.api)["undoneAt"] == at


def test_an_import_that_was_undone_and_restored_ever_so_often_is_undone(workspace_list):
    """Its change stands in more undos of one another than one write follows, or goes back."""
    api = workspace_list.api
    response = workspace_list.send(table(["ann-1", "bob-2"]))
    identity, last = expect.ok(response)["importId"], response.header("x-change-id")

    def undo_last():
        undone_by = api.post(f"/changes/{last}/undo")
        assert expect.ok(undone_by)["blocked"] + undone_by.json()["unblocked"] == 2
        return undone_by.header("x-change-id")

    for _ in range(204):
        last = undo_last()
    assert (one(api)["state"], len(workspace_list.entries())) == ("done", 2)
    last = undo(api, identity).header("x-change-id")
    assert (one(api)["state"], workspace_list.entries()) == ("undone", {})
    undo_last()
    assert (one(api)["state"], one(api)["undoneAt"], len(workspace_list.entries())) == ("done", None, 2)
    undone(api, identity, unblocked=2)
    assert (one(api)["state"], workspace_list.entries()) == ("undone", {})


def test_an_undone_import_can_be_sent_again(workspace_list):
    api = workspace_list.api
    send(workspace_list, "ann-1", "bob-2", importId="spring")
    undone(api, "spring", unblocked=2)
    send(workspace_list, "ann-1", "cid-3", importId="spring")
    row = one(api)
    assert (row["state"], row["blocked"], row["undoneAt"]) == ("done", 2, None)
    undone(api, "spring", unblocked=2)
    assert workspace_list.entries() == {}


def test_an_import_of_many_changes_is_undone_whole(workspace_list):
    """And each change is one of the audit log, of 10,000 people at most, also on the way back."""
    names = [f"person-{n}" for n in range(25_000)]
    identity = send(workspace_list, *names)["importId"]
    undone(workspace_list.api, identity, unblocked=25_000)
    assert total(workspace_list.api, workspace_list) == 0
    actions = expect.ok(workspace_list.api.get("/audit?action=leads.undo&take=100"))
    counts = [action["count"] for action in actions]
    assert sum(counts) == 25_000 and len(counts) >= 3 and max(counts) <= 10_000


def test_an_import_that_blocked_nobody_can_be_undone(workspace_list):
    """Its request for the person ends, and that of the other import holds."""
    send(workspace_list, "ann-1")
    identity = send(workspace_list, "ann-1")["importId"]
    undone(workspace_list.api, identity, blocked=0, unblocked=0, stayed=1)
    assert workspace_list.entries().keys() == {"ann-1"}


def test_an_import_into_a_list_that_has_ended_cannot_be_undone(fresh):
    campaign = List(fresh, "campaign")
    identity = send(campaign, "ann-1")["importId"]
    expect.ok(fresh.api.delete(campaign.path.removesuffix("/blocked-leads") + "?blocks=drop"))
    expect.error(undo(fresh.api, identity), 404, "campaign_not_found")
    row = one(fresh.api)
    assert (row["scope"], row["campaignId"], row["state"]) == ("campaign", None, "done")


def test_others_write_while_an_import_is_undone(own):
    target, mine = List(own.tenant("pro"), "workspace"), own.tenant("pro")
    identity = send(target, *[f"person-{n}" for n in range(60_000)])["importId"]
    answers, done = [], 0
    undoing = threading.Thread(target=lambda: answers.append(undo(target.api, identity)))
    undoing.start()
    while not answers:
        expect.ok(mine.api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"ann-{done}"}]}))
        done += 1
    undoing.join()
    assert expect.ok(answers[0])["unblocked"] == 60_000
    assert done >= 3, "others waited for the whole undo"


# Trouble on the way


def in_background(call):
    """Calls it in a thread, whatever becomes of it."""
    def run():
        try:
            call()
        except (ConnectionClosed, OSError):
            pass

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def until(what, seconds=30.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.001)


def test_killed_in_the_middle_an_import_is_broken_off_and_can_be_undone(own):
    tenant = own.tenant("pro")
    target = List(tenant, "workspace")
    names = [f"person-{n}" for n in range(200_000)]
    target.send(table(["zoe-1"]))
    watch = own.api(tenant.key)
    sender = in_background(lambda: target.send(table(names), importId="big"))
    until(lambda: total(watch, target) > 1)
    row = imports(watch)[0]
    assert (row["state"], row["importId"], row["finishedAt"]) == ("running", "big", None)
    assert row["already"] is row["rows"] is None
    expect.error(undo(watch, "big"), 429, "overloaded")
    own.kill()
    sender.join()
    own.start()
    target.api = own.api(tenant.key)
    until(lambda: imports(target.api)[0]["state"] != "running", SILENT + 5)
    before = total(target.api, target)
    assert 1 < before <= len(names), "killed too late, or too early"
    row = imports(target.api)[0]
    assert (row["state"], row["blocked"], row["finishedAt"]) == ("broken_off", before - 1, None)
    assert row["already"] is row["duplicates"] is row["rows"] is None
    undone(target.api, "big", unblocked=before - 1)
    assert target.entries().keys() == {"zoe-1"}
    assert imports(target.api)[0]["state"] == "undone"


def test_killed_and_sent_again_it_is_one_import_with_one_undo(own):
    tenant = own.tenant("pro")
    target = List(tenant, "workspace")
    names = [f"person-{n}" for n in range(60_000)]
    watch = own.api(tenant.key)
    sender = in_background(lambda: target.send(table(names), importId="big"))
    until(lambda: total(watch, target) > 0)
    own.kill()
    sender.join()
    own.start()
    target.api = own.api(tenant.key)
    send(target, *names, importId="big")
    row = one(target.api)
    assert (row["state"], row["blocked"]) == ("done", len(names))
    undone(target.api, "big", unblocked=len(names))
    assert total(target.api, target) == 0


def test_killed_in_the_middle_of_an_undo_the_next_one_goes_on(own):
    tenant = own.tenant("pro")
    target = List(tenant, "workspace")
    names = [f"person-{n}" for n in range(60_000)]
    send(target, *names, importId="big")
    expect.ok(target.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "zoe-1"}]}))
    watch = own.api(tenant.key)
    undoing = in_background(lambda: undo(target.api, "big"))
    until(lambda: total(watch, target) <= len(names))
    own.kill()
    undoing.join()
    own.start()
    target.api = own.api(tenant.key)
    left = total(target.api, target)
    assert 1 < left <= len(names), "killed too late, or too early"
    assert one(target.api)["state"] == "done"
    undone(target.api, "big", unblocked=left - 1)
    assert target.entries().keys() == {"zoe-1"}
    assert one(target.api)["state"] == "undone"


def test_an_import_that_cannot_go_on_is_broken_off_with_its_counts():
    with Server("--max-workspace-entries", "15000") as server:
        target = List(server.tenant("pro"), "workspace")
        send(target, "person-1")
        names = [f"person-{n}" for n in range(30_000)]
        body = expect.error(target.send(table(["person-0"] + names)), 429, "overloaded")
        assert re.fullmatch(r"im_\w{16}", body["importId"])
        row = imports(target.api)[0]
        assert (row["importId"], row["state"], row["finishedAt"]) == \
            (body["importId"], "broken_off", None)
        counts = ("blocked", "already", "duplicates")
        assert [row[name] for name in counts] == [body[name] for name in counts] == [9998, 1, 1]
        undone(target.api, body["importId"], unblocked=9998, stayed=1)
        assert target.entries().keys() == {"person-1"}


def test_the_undo_of_an_unblock_that_has_no_room_breaks_off():
    """What was undone before that stays, and the rest comes when there is room."""
    with Server("--max-workspace-entries", "25000") as server:
        target = List(server.tenant("pro"), "workspace")
        names = [f"person-{n}" for n in range(20_000)]
        send(target, *names)
        send(target, *names, action="unblock", importId="free")
        more = send(target, *[f"other-{n}" for n in range(15_000)])["importId"]
        body = expect.error(undo(target.api, "free"), 429, "overloaded")
        assert (body["importId"], body["blocked"], body["unblocked"]) == ("free", 10_000, 0)
        assert "The undo broke off" in body["message"]
        assert imports(target.api)[1]["state"] == "done"
        undone(target.api, more, unblocked=15_000)
        undone(target.api, "free", blocked=10_000)
        assert total(target.api, target) == 20_000
