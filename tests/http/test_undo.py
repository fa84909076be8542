"""POST /v1/changes/{changeId}/undo takes back exactly what that change did."""

import re

import pytest

from support import expect


@pytest.fixture
def lists(fresh):
    return Lists(fresh)


class Lists:
    """One campaign's list and the workspace's, with their states."""

    def __init__(self, tenant):
        self.tenant = tenant
        self.api = tenant.api
        self.campaign = tenant.campaign()
        self.path = f"/campaigns/{self.campaign}/blocked-leads"

    def block(self, *names, reason=None):
        body = {"publicIdentifiers": list(names)}
        if reason:
            body["reason"] = reason
        return self.change(self.api.post(self.path, body))

    def unblock(self, *names):
        return self.change(self.api.delete(self.path, {"publicIdentifiers": list(names)}))

    def block_all(self, *names):
        return self.change(self.api.post(
            "/blocked-leads", {"leads": [{"publicIdentifier": name} for name in names]}))

    @staticmethod
    def change(response):
        expect.ok(response)
        assert response.header("x-change-id")
        return response.header("x-change-id")

    def undo(self, change, **options):
        return self.api.post(f"/changes/{change}/undo", **options)

    def undone(self, change):
        response = self.undo(change)
        body = expect.ok(response)
        assert body["success"] is True and isinstance(body["message"], str)
        assert response.header("x-change-id"), "an undo is a write to a blocklist, too"
        return response.header("x-change-id")

    def state(self):
        return expect.ok(self.api.get(self.path + "?take=100"))

    def names(self):
        return [entry["publicIdentifier"] for entry in self.state()]

    def workspace_state(self):
        return expect.ok(self.api.get("/blocked-leads"))


def test_an_undone_block_is_gone(lists):
    change = lists.block("a-1", "b-2")
    lists.undone(change)
    assert lists.state() == []
    body = expect.ok(lists.api.get(lists.path + "/a-1"))
    assert body == {"publicIdentifier": "a-1", "blocked": False}


def test_an_undone_block_leaves_earlier_blocks_alone(lists):
    lists.block("a-1", reason="earlier")
    before = lists.state()
    change = lists.block("a-1", "b-2", reason="later")
    lists.undone(change)
    assert lists.state() == before


def test_an_undone_block_leaves_later_blocks_alone(lists):
    """The lead was freed and blocked again since: that block is not what the change did."""
    change = lists.block("a-1", reason="first")
    lists.unblock("a-1")
    lists.block("a-1", reason="again")
    lists.undone(change)
    assert [(entry["publicIdentifier"], entry["reason"]) for entry in lists.state()] == [
        ("a-1", "again")]
    assert lists.api.get(lists.path).header("x-total-count") == "1"
    assert expect.ok(lists.api.get(lists.path + "/a-1"))["reason"] == "again"
    lists.unblock("a-1")
    assert lists.state() == []


def test_an_undone_unblock_restores_date_reason_and_position(lists):
    lists.block("a-1", reason="one")
    lists.block("b-2", reason="two")
    lists.block("c-3")
    before = lists.state()
    change = lists.unblock("b-2", "a-1")
    assert lists.names() == ["c-3"]
    lists.undone(change)
    assert lists.state() == before
    body = expect.ok(lists.api.get(lists.path + "/b-2"))
    assert (body["blocked"], body["reason"]) == (True, "two")
    assert body["createdAt"] == before[1]["createdAt"]


def test_an_undone_unblock_of_what_was_blocked_again_keeps_one_block(lists):
    lists.block("a-1", reason="first")
    change = lists.unblock("a-1")
    lists.block("a-1", reason="second")
    lists.undone(change)
    assert lists.names() == ["a-1"]
    response = lists.api.get(lists.path)
    assert response.header("x-total-count") == "1"
    lists.unblock("a-1")
    assert lists.names() == []
    body = expect.ok(lists.api.get(lists.path + "/a-1"))
    assert body["blocked"] is False


def test_an_undone_workspace_unblock_restores_the_whole_record(lists):
    lists.block_all("a-1", "b-2", "c-3")
    before = lists.workspace_state()
    change = lists.change(lists.api.delete("/blocked-leads", [before[1]["id"]]))
    assert len(lists.workspace_state()) == 2
    lists.undone(change)
    assert lists.workspace_state() == before


def test_an_undone_workspace_block_leaves_the_campaigns_list_alone(lists):
    lists.block("a-1")
    change = lists.block_all("a-1")
    lists.undone(change)
    assert lists.workspace_state() == []
    assert lists.names() == ["a-1"]


def test_undoing_twice_changes_nothing_more(lists):
    change = lists.block("a-1")
    lists.undone(change)
    lists.block("a-1", reason="again")
    before = lists.state()
    response = lists.undo(change)
    assert response.status < 500, response
    assert lists.state() == before


def test_undoing_an_unblock_twice_changes_nothing_more(lists):
    lists.block("a-1")
    change = lists.unblock("a-1")
    lists.undone(change)
    lists.unblock("a-1")
    response = lists.undo(change)
    assert response.status < 500, response
    assert lists.state() == []


def test_an_undo_can_be_undone(lists):
    change = lists.block("a-1", "b-2", reason="why")
    before = lists.state()
    undo = lists.undone(change)
    assert lists.state() == []
    redo = lists.undone(undo)
    assert lists.state() == before
    lists.undone(redo)
    assert lists.state() == []


OFTEN = 204  # undos of one another: more than one write follows


def test_a_change_that_was_undone_and_restored_ever_so_often_is_undone(lists):
    change = lists.block("a-1", "b-2")
    undos = [lists.undone(change)]
    while len(undos) < OFTEN:
        undos.append(lists.undone(undos[-1]))
    assert lists.names() == ["b-2", "a-1"]
    assert expect.ok(lists.api.get(f"/changes/{change}"))["undoneBy"] is None
    assert expect.ok(lists.api.get(f"/changes/{undos[0]}"))["undoneBy"] == undos[-1]
    assert lists.undo(undos[0]).header("x-change-id") == "ch_0", "that is undone"
    last = lists.undone(change)
    assert lists.names() == []
    assert expect.ok(lists.api.get(f"/changes/{change}"))["undoneBy"] == last
    assert expect.ok(lists.undo(change))["message"].endswith(f": the change was undone before, by {last}")
    lists.undone(undos[0])
    assert lists.names() == ["b-2", "a-1"]


def test_the_undo_of_an_unblock_can_be_undone(lists):
    lists.block("a-1", "b-2")
    change = lists.unblock("a-1")
    undo = lists.undone(change)
    assert len(lists.state()) == 2
    lists.undone(undo)
    assert lists.names() == ["b-2"]


def test_a_write_that_changed_nothing_can_be_undone_without_effect(lists):
    lists.block("a-1")
    before = lists.state()
    for change in (lists.block("a-1"), lists.unblock("nobody")):
        lists.undone(change)
        assert lists.state() == before


def test_only_the_named_change_is_undone(lists):
    lists.block("a-1")
    middle = lists.block("b-2", "c-3")
    lists.block("d-4")
    lists.undone(middle)
    assert lists.names() == ["d-4", "a-1"]


def test_a_change_of_ten_thousand_is_undone_whole(lists):
    change = lists.block(*[f"bulk-{number}" for number in range(10_000)])
    assert lists.api.get(lists.path).header("x-total-count") == "10000"
    undo = lists.undone(change)
    assert lists.api.get(lists.path).header("x-total-count") == "0"
    lists.undone(undo)
    response = lists.api.get(lists.path)
    assert response.header("x-total-count") == "10000"
    assert expect.ok(response)[0]["publicIdentifier"] == "bulk-9999"


def test_change_ids_differ(lists):
    changes = [lists.block(f"x-{number}") for number in range(10)]
    assert len(set(changes)) == 10


@pytest.mark.parametrize("change", ["nonsense", "ch_999999999", "0", "-1", "bl_1", "1e3", "a" * 500,
                                    "18446744073709551616", "%20"])
def test_an_unknown_change_is_404(lists, change):
    expect.error(lists.undo(change), 404, "not_found")


def test_misspelt_change_ids_undo_nothing(lists):
    change = lists.block("a-1")
    for wrong in (change + "0", change + "x", "%20" + change, change + "%00", change.upper() + "A"):
        response = lists.undo(wrong)
        assert response.status in (400, 404), (wrong, response)
    assert lists.names() == ["a-1"]


def test_another_workspaces_change_answers_like_an_unknown_one(lists, other):
    change = lists.block("a-1")
    foreign = other.api.post(f"/changes/{change}/undo")
    expect.error(foreign, 404, "not_found")
    missing = re.sub(r"\d+", "999999999", change)  # well-formed, but never given out
    unknown = other.api.post(f"/changes/{missing}/undo")
    assert foreign.body.replace(change.encode(), b"ID") == unknown.body.replace(
        missing.encode(), b"ID")
    assert lists.names() == ["a-1"]


def test_the_change_of_a_list_that_ended_never_reaches_its_successor(fresh):
    fresh.campaign(id="again")
    path = "/campaigns/again/blocked-leads"
    fresh.api.post(path, {"publicIdentifiers": ["a-1"]})
    change = Lists.change(fresh.api.delete(path, {"publicIdentifiers": ["a-1"]}))
    assert fresh.api.delete("/campaigns/again?blocks=drop").status < 300
    fresh.campaign(id="again")
    response = fresh.api.post(f"/changes/{change}/undo")
    assert response.status < 500, response
    assert expect.ok(fresh.api.get(path)) == []


def test_an_undo_needs_no_body_and_takes_one(lists):
    change = lists.block("a-1")
    response = lists.undo(change, body={})
    expect.ok(response)
    assert lists.state() == []
