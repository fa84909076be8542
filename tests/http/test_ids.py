"""Ids of blocks and changes: numbers that count in their workspace, and an epoch, so that an id that was
given out before a restore names no record after it."""

import re
import shutil

import pytest

from support import expect, postgres
from support.server import Server

RECORD = re.compile(r"(bl|ch)_([1-9][0-9]*)_([0-9a-hjkmnp-tv-z]{8})")
LEADS = "/blocked-leads"


def number(identity):
    return int(RECORD.fullmatch(identity)[2])


def epoch(identity):
    return RECORD.fullmatch(identity)[3]


def block(api, *people):
    """The id of the change."""
    response = api.post(LEADS, {"leads": [{"publicIdentifier": name} for name in people]})
    assert expect.ok(response)["blocked"] == len(people)
    return response.header("x-change-id")


def unblock(api, *records):
    return expect.ok(api.delete(LEADS, list(records)))["unblocked"]


def undo(api, change):
    body = expect.ok(api.post(f"/changes/{change}/undo"))
    return body["blocked"], body["unblocked"]


def blocked(api):
    """Who, and by which record; newest first."""
    return {entry["publicIdentifier"]: entry["id"]
            for entry in expect.ok(api.get(LEADS + "?limit=1000"))}


def refuse_undo(api, change):
    expect.error(api.post(f"/changes/{change}/undo"), 404, "not_found")


# After a restore


def copy_of(database):
    return postgres.shared().create_database(postgres.database_of(database))


class Backup:
    """The data of a server that is stopped."""

    def __init__(self, server):
        self.server = server
        self.folder = server.root / "backup"
        if server.database:
            self.copy = copy_of(server.database)
        else:
            shutil.copytree(server.data, self.folder)

    def restore(self):
        if self.server.database:
            postgres.shared().drop_database(self.server.database)
            self.server.database = self.server.own_database = self.copy
        else:
            shutil.rmtree(self.server.data)
            shutil.copytree(self.folder, self.server.data)


@pytest.fixture(scope="module")
def restored():
    """A server that was restored; ids from before the backup, from after it, and of those who have
    taken the numbers of the latter."""
    with Server() as server:
        api = server.tenant("agency").api
        kept = block(api, "early-1", "early-2")
        server.stop()
        backup = Backup(server)
        server.start()
        api.port = server.port
        lost = block(api, "lost-1", "lost-2", "lost-3")
        records = blocked(api)
        server.stop()
        backup.restore()
        server.start()
        api.port = server.port
        new = block(api, "new-1", "new-2", "new-3")
        assert number(new) == number(lost)
        yield api, kept, lost, records, new


def test_a_change_from_before_a_restore_is_unknown(restored):
    api, _, lost, _, new = restored
    assert epoch(lost) != epoch(new)
    refuse_undo(api, lost)
    assert {"new-1", "new-2", "new-3"} <= blocked(api).keys()


def test_a_record_from_before_a_restore_names_nothing(restored):
    api, _, _, records, _ = restored
    lost = [records[f"lost-{n}"] for n in (1, 2, 3)]
    now = blocked(api)
    assert {number(identity) for identity in lost} == {number(now[f"new-{n}"]) for n in (1, 2, 3)}
    assert unblock(api, *lost) == 0
    assert blocked(api) == now


def test_what_the_backup_has_keeps_its_ids(restored):
    api, kept, _, records, _ = restored
    assert blocked(api)["early-1"] == records["early-1"]
    assert unblock(api, records["early-1"]) == 1
    assert undo(api, kept) == (0, 1)
    assert not {"early-1", "early-2"} & blocked(api).keys()


# What they tell, and of what form they are


def test_numbers_count_in_their_workspace(server):
    busy, quiet = server.tenant("agency").api, server.tenant("agency").api
    block(busy, *[f"person-{n}" for n in range(120)])
    change = block(quiet, "ada", "bob")
    assert number(change) == 1
    block(busy, "one-more")
    assert number(block(quiet, "eve")) == 3
    assert number(blocked(quiet)["bob"]) == 2
    action, _ = expect.ok(quiet.get("/audit?take=2"))
    assert number(action["id"]) == 3


def test_cursors_tell_nothing_of_other_workspaces(server):
    busy, quiet = server.tenant("agency").api, server.tenant("agency").api
    block(quiet, "ada")
    block(busy, *[f"person-{n}" for n in range(120)])
    block(quiet, "bob")
    block(quiet, "eve")
    assert "cursor=c3" in expect.next_link(quiet.get(LEADS + "?limit=1"))
    assert re.search(r"cursor=3-\d+", expect.next_link(quiet.get("/audit?take=1")))
    for sort in ("ASC", "DESC"):
        page, found = f"{LEADS}?limit=1&sort={sort}", []
        while page:
            response = quiet.get(page)
            found += [entry["publicIdentifier"] for entry in expect.ok(response)]
            page = expect.next_link(response)
            page = page and page[page.index(LEADS):]
        assert found == (["ada", "bob", "eve"] if sort == "ASC" else ["eve", "bob", "ada"])
    assert [entry["publicIdentifier"] for entry in
            expect.ok(quiet.get(f"{LEADS}?sort=DESC&cursor=c2"))] == ["ada"]


def test_the_audit_as_a_file_has_the_same_ids(fresh):
    changes = [block(fresh.api, "ada"), block(fresh.api, "bob", "eve")]
    file = fresh.api.get("/audit", headers=[("Accept", "text/csv")]).body.decode()
    assert [line.split(",")[0] for line in file.splitlines() if line.startswith("ch_")] == changes[::-1]
    assert [action["id"] for action in expect.ok(fresh.api.get("/audit"))] == [
        line.split(",")[0] for line in file.splitlines()[1:]]


@pytest.mark.parametrize("spoil", [
    lambda prefix, n, epoch: f"{prefix}_{n}",  # as earlier versions had them
    lambda prefix, n, epoch: f"{prefix}_{n}_",
    lambda prefix, n, epoch: f"{prefix}_{n}_{epoch[:-1]}",
    lambda prefix, n, epoch: f"{prefix}_{n}_{epoch}0",
    lambda prefix, n, epoch: f"{prefix}_{n}_00000000",
    lambda prefix, n, epoch: f"{prefix}_{n}_{epoch[:-1]}{'0' if epoch[-1] != '0' else '1'}",
    lambda prefix, n, epoch: f"{prefix}_{n}_iloU{epoch[4:]}",
    lambda prefix, n, epoch: f"{prefix}_0{n}_{epoch}",
    lambda prefix, n, epoch: f"{prefix}_{n + 1000}_{epoch}",
    lambda prefix, n, epoch: f"{prefix}_{n}_{epoch}_{epoch}"])
def test_other_ids_name_nothing(fresh, spoil):
    change = block(fresh.api, "ada")
    record = blocked(fresh.api)["ada"]
    refuse_undo(fresh.api, spoil("ch", number(change), epoch(change)))
    assert unblock(fresh.api, spoil("bl", number(record), epoch(record))) == 0
    assert unblock(fresh.api, record) == 1


def test_ids_of_another_workspace_name_nothing(server):
    one, other = server.tenant("agency").api, server.tenant("agency").api
    change, others = block(one, "ada", "bob"), block(other, "eve", "kim")
    records = blocked(one)
    assert number(change) == number(others)
    assert {number(record) for record in records.values()} == {
        number(record) for record in blocked(other).values()}
    refuse_undo(other, change)
    expect.error(other.get(f"/changes/{change}"), 404, "not_found")
    expect.error(other.get(f"/changes/{change}/leads"), 404, "not_found")
    assert unblock(other, *records.values()) == 0
    assert blocked(other).keys() == {"eve", "kim"}


def test_a_cursor_of_events_of_another_workspace_leads_nowhere(server):
    one, other = server.tenant("agency").api, server.tenant("agency").api
    for api, name in ((one, "ada"), (other, "eve")):
        block(api, name)
    (event,) = expect.ok(one.get("/events?after=0"))["events"]
    expect.error(other.get(f"/events?after={event['id']}"), 410, "cursor_gone")
    expect.ok(one.get(f"/events?after={event['id']}"))


def test_ids_go_on_after_a_restart():
    """Of two workspaces whose rows lie among each other's; what was taken back stays so."""
    with Server() as server:
        apis = [server.tenant("agency").api for _ in range(2)]
        changes = {}
        for n in range(40):
            for api in apis:
                changes[api, n] = block(api, f"a-{n}", f"b-{n}", f"c-{n}")
        for api in apis:
            records = blocked(api)
            for n in range(0, 40, 4):
                assert unblock(api, records[f"a-{n}"], records[f"b-{n}"]) == 2
                assert undo(api, changes[api, n + 1]) == (0, 3)
        expected = [blocked(api) for api in apis]
        server.restart()
        for api, before in zip(apis, expected):
            api.port = server.port
            assert blocked(api) == before
            again = block(api, "a-0")
            assert epoch(again) != epoch(changes[api, 0])
            assert number(again) == number(changes[api, 0]) + 120 + 50
            assert undo(api, again) == (0, 1)
            assert undo(api, changes[api, 2]) == (0, 3)
            assert unblock(api, before["c-3"]) == 1
