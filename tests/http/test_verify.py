"""`leadblock verify`: looks for damage in a database that no server has open, or in one of nodes."""

import base64
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import chain, expect, pages, postgres
from support.ends import block_for_a_moment
from support.marks import sqlite_only
from support.server import CommandFailed, Server, binary, clean_environment, on_postgresql, run
from support.terminal import all_of
from support.waiting import eventually

LEADS = "/blocked-leads"
DUMP = Path(__file__).resolve().parents[1] / "vectors" / "names-before.sql"


def place(server):
    return server.database or str(server.data)


def fill(server):
    """Two workspaces; returns the id of the second one."""
    first, second = server.tenant("agency"), server.tenant("agency")
    for api in (first.api, second.api):
        people = [{"publicIdentifier": f"person-{n}", "reason": "asked"} for n in range(120)]
        change = api.post(LEADS, {"leads": people}).header("x-change-id")
        api.post(LEADS, {"leads": [{"publicIdentifier": "one-more"}]})
        assert api.post(f"/changes/{change}/undo").status == 200
        fill_other_types(api)
    for api in (first.api, second.api):
        eventually(lambda: not expect.ok(api.get(f"{LEADS}/for-a-moment"))["blocked"])
    return second.workspace


def fill_other_types(api):
    """Three rows: names of other types, a person whose block ends, and, soon, that end."""
    others = [{"email": "Ada@Example.org", "kind": "client"}, {"phone": "+49 170 1234567"},
              {"domain": "example.net", "expiresAt": "2090-01-01T00:00:00Z"},
              {"company": "Umbrella, Holding; GmbH"}]
    expect.ok(api.post("/blocklist", {"entries": others}))
    block_for_a_moment(api, "for-a-moment")


def alter(server, sqlite, shared):
    if server.database:
        postgres.shared().psql(f"SET search_path = leadblock; {shared}",
                               postgres.database_of(server.database))
        return
    with pages.changed(server.data) as database:
        database.execute(sqlite)


@pytest.fixture(scope="module")
def filled():
    """A server that has stopped, whose data are only copied."""
    with Server() as server:
        server.second = fill(server)
        server.stop()
        yield server


@pytest.fixture
def stopped(filled):
    """A copy of it."""
    server = Server(copy_of=filled.database)
    try:
        shutil.copytree(filled.data, server.data)
        server.second = filled.second
        yield server
    finally:
        server.kill()
        server.remove()


def test_what_the_server_has_written_is_right(stopped):
    result = run("verify", place(stopped))
    assert result.code == 0, result
    assert result.out == "right: 2 workspaces, 20 rows of the blocklist log, 494 entries\n"
    assert run("verify", place(stopped), "--quiet").out == ""
    assert run("verify", place(stopped), "--json").json() == {"workspaces": 2, "rows": 20, "entries": 494}


def test_of_one_it_speaks_as_of_one(own):
    expect.ok(own.tenant().api.post(LEADS, {"leads": [{"publicIdentifier": "ada"}]}))
    own.stop()
    assert run("verify", place(own)).out == "right: 1 workspace, 1 row of the blocklist log, 1 entry\n"


def open_for_its_reader(path, process):
    while process.poll() is None:
        try:
            late = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # it has not opened it yet
            time.sleep(0.005)
        else:
            os.set_blocking(late, True)
            return os.fdopen(late, "w")
    raise AssertionError(f"it ended with {process.returncode}")


@contextmanager
def ended_within(process, seconds):
    """Whatever waits for something of it goes on then."""
    limit = threading.Timer(seconds, process.kill)
    limit.start()
    try:
        yield
    finally:
        limit.cancel()
        process.kill()
        process.wait()


def test_a_person_sees_how_far_it_is(own, tmp_path):
    """On a terminal, as one line: the statement comes so late that the log is looked through after that line is due."""
    tenant = own.tenant()
    people = [{"publicIdentifier": f"person-{n}", "reason": f"asked {n}"} for n in range(10_000)]  # a row each
    expect.ok(tenant.api.post(LEADS, {"leads": people}))
    statement = own.cli("evidence", tenant.workspace)
    own.stop()
    os.mkfifo(tmp_path / "late.json")
    ours, theirs = pty.openpty()
    process = subprocess.Popen([binary(), "verify", place(own), "--evidence", tmp_path / "late.json"],
                               env=clean_environment(), stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    with ended_within(process, 60):
        with open_for_its_reader(tmp_path / "late.json", process) as late:
            time.sleep(0.25)
            late.write(statement)
        shown = all_of(ours)
        assert process.wait() == 0, shown
    assert shown.startswith("\r\x1b[Kblocklist log: ") and shown.endswith("\r\x1b[K") and "\n" not in shown, shown


@pytest.mark.parametrize("change", [
    "items = replace(items, 'person-7,', 'person-77,')", "reason = 'another'", "at = at + 1",
    "reason = NULL", "digest = seed"])
def test_the_first_row_that_was_changed_is_named(stopped, change):
    alone = change.replace("digest = seed", "seal = substr(seal, 33) || substr(seal, 1, 32)")
    alter(stopped,
          f"UPDATE blocklist_log SET {alone} WHERE workspace = 2 AND number = 1",
          f"UPDATE blocklist_log SET {change} WHERE workspace_id = 2 AND id = 1")
    result = run("verify", place(stopped))
    assert result.code == 1 and not result.out, result
    assert f"(number 1) of the blocklist log of workspace {stopped.second} is wrong" in result.err


def test_rows_of_an_import_have_its_id(stopped):
    stopped.start()
    api = stopped.tenant("agency").api
    for query in ("?importId=spring_1", ""):
        names = "\n".join(f"imported{query[-1:]}-{n}" for n in range(60)).encode()
        response = api.post(LEADS + "/import" + query, names, content_type="text/plain")
        assert response.json()["blocked"] == 60, response
    stopped.stop()
    assert run("verify", place(stopped)).code == 0
    alter(stopped, *["UPDATE blocklist_log SET import = 'autumn_1' WHERE import = 'spring_1'"] * 2)
    result = run("verify", place(stopped))
    assert result.code == 1 and "(number 1) of the blocklist log" in result.err, result


def test_a_row_that_is_gone_is_noticed(stopped):
    alter(stopped,
          "DELETE FROM blocklist_log WHERE workspace = 2 AND number = 51",
          "DELETE FROM blocklist_log WHERE workspace_id = 2 AND id = 51")
    result = run("verify", place(stopped))
    assert result.code == 1 and "(number 101) of the blocklist log" in result.err, result


@pytest.mark.skipif(not on_postgresql(), reason="the next one does it for SQLite")
def test_an_end_that_is_gone_is_noticed(stopped):
    alter(stopped, None, "DELETE FROM blocklist_log WHERE workspace_id = 2 AND id ="
                         " (SELECT max(id) FROM blocklist_log WHERE workspace_id = 2)")
    result = run("verify", place(stopped))
    assert result.code == 1 and "does not end where the workspace says" in result.err, result


@sqlite_only("the mark beside its log tells of rows")
def test_rows_that_are_gone_after_a_stop_are_noticed(stopped):
    """By `verify` and by a start, which leaves all as it was until its loss is accepted."""
    with pages.changed(stopped.data, in_secret=True) as database:
        database.execute("DELETE FROM blocklist_log WHERE id ="
                         " (SELECT max(id) FROM blocklist_log)")
    lost = r"leadblock.db lacks 1 row of its blocklist log: at most 1 change since 2.* is lost"
    for _ in range(2):
        result = run("verify", place(stopped))
        assert result.code == 1 and re.search(lost, result.err), result
        with pytest.raises(CommandFailed, match=f"damage: {lost}.*; restore a backup, or start with"):
            stopped.start()
    stopped.args.append("--accept-loss")
    stopped.start()
    stopped.stop()
    assert run("verify", place(stopped)).code == 0
    assert list(stopped.data.glob("leadblock.db.damaged-rows-*/leadblock.db"))


@pytest.mark.skipif(not on_postgresql(), reason="of PostgreSQL alone: it keeps where a log ends")
@pytest.mark.parametrize("head", ["head_row = 0, head_number = 0, head_digest = NULL",
                                  "(head_row, head_number, head_digest) = (SELECT id, 50, digest FROM"
                                  " blocklist_log WHERE workspace_id = 2 AND id = 1)"])
def test_rows_after_the_end_are_noticed(stopped, head):
    alter(stopped, None, f"UPDATE workspace SET {head} WHERE workspace_id = 2")
    result = run("verify", place(stopped))
    assert result.code == 1 and "has rows after where the workspace says" in result.err, result


@sqlite_only("pages are its files'")
def test_a_flipped_bit_in_a_page_is_named(stopped):
    path = stopped.data / "leadblock.db"
    stopped.start()  # once more: what the log still has is written back over damage
    stopped.tenant("agency").api.post(LEADS, {"leads": [{"publicIdentifier": "one-more"}]})
    stopped.stop()
    with open(path, "r+b") as file:
        file.seek(file.read().index(b"person-100"))
        file.write(b"q")
    result = run("verify", place(stopped))
    assert result.code == 1 and re.search("wrong checksum of page|damage", result.err), result


@sqlite_only("pages are its files'")
def test_a_flipped_bit_in_a_free_page_is_told_with_its_mend(stopped, tmp_path):
    """No query reads it, but a backup does. `leadblock copy` leaves it behind."""
    with pages.changed(stopped.data) as database:
        database.execute("CREATE TABLE gone AS SELECT zeroblob(40000)")
        database.execute("DROP TABLE gone")
    number = pages.damage_free_page(stopped.data / "leadblock.db")
    result = run("verify", stopped.data)
    assert result.code == 1 and not result.out, result
    assert f"leadblock.db: wrong checksum of page {number}, " in result.err, result
    assert ("it is a free page: nothing is lost, but no backup can be made. Use a copy made by"
            " `leadblock copy`, or restore a backup") in result.err, result
    assert run("copy", "--from", stopped.data, "--to", tmp_path / "copy").code == 0
    result = run("verify", tmp_path / "copy")
    assert result.code == 0 and "20 rows of the blocklist log, 494 entries" in result.out, result


@sqlite_only("the mark is beside its log")
def test_a_log_that_ends_before_its_mark_is_noticed(own):
    fill(own)
    time.sleep(1.1)  # the mark is synced once a second
    own.kill()
    log = own.data / "leadblock.db-wal"
    whole = log.read_bytes()
    log.write_bytes(whole[:32 + 4120])  # one page of it
    result = run("verify", own.data)
    assert result.code == 1 and "leadblock.db-wal is damaged or was cut" in result.err, result
    assert log.read_bytes()[:32] == whole[:32]
    log.write_bytes(whole)
    assert run("verify", own.data).code == 0


def test_a_log_that_no_start_can_read_is_noticed(stopped):
    """Its digests were made anew after it was changed to take back an entry that never existed."""
    alter(stopped,
          "UPDATE blocklist_log SET items = '999' || items WHERE workspace = 2 AND kind = 1",
          "UPDATE blocklist_log SET items = '999' || items WHERE workspace_id = 2 AND kind = 1")
    if stopped.database:
        def psql(statement):
            return postgres.shared().psql(f"SET search_path = leadblock; {statement}",
                                          postgres.database_of(stopped.database)).removeprefix("SET\n")
        chain.remake_shared(psql, psql)
    else:
        with pages.changed(stopped.data) as database:
            chain.remake(database)
    result = run("verify", place(stopped))
    assert result.code == 1 and "all digests are right, but no server could start" in result.err, result


def test_while_a_server_runs(server):
    result = run("verify", place(server))
    if server.database:
        assert result.code == 0, result
    else:
        assert result.code == 1 and "stop it" in result.err, result


@sqlite_only("its folder")
def test_a_folder_of_an_earlier_version_stays_as_it_is(tmp_path):
    path = tmp_path / "leadblock.db"
    store = sqlite3.connect(path)
    store.executescript(DUMP.read_text("utf-8"))
    store.close()
    tmp_path.chmod(0o700)
    before = path.read_bytes()
    result = run("verify", tmp_path)
    assert result.code == 1 and "is of an earlier version; start a server of this version" in result.err
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*-mark"))


@pytest.mark.skipif(not on_postgresql(), reason="of PostgreSQL alone: its schema")
def test_a_database_of_an_earlier_version_stays_as_it_is(stopped):
    database = postgres.database_of(stopped.database)
    version = int(postgres.shared().psql("SELECT version FROM leadblock.schema_version", database))
    postgres.shared().psql(f"UPDATE leadblock.schema_version SET version = {version - 1}", database)
    result = run("verify", place(stopped))
    assert result.code == 1 and "is of an earlier version; start a server of this version" in result.err
    assert int(postgres.shared().psql("SELECT version FROM leadblock.schema_version", database)) == version - 1


def test_a_folder_that_has_no_database_stays_empty(tmp_path):
    result = run("verify", tmp_path)
    assert result.code == 1 and "there is no leadblock.db in the folder" in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_removed_name_that_no_row_says_was_erased_is_damage(stopped):
    """A commitment in place of a name keeps the chain right: only a row of the log may say so."""

    def ask(statement):
        return postgres.shared().psql(f"SET search_path = leadblock; {statement}",
                                      postgres.database_of(stopped.database)).splitlines()[-1]

    if stopped.database:
        seed = bytes.fromhex(ask("SELECT encode(seed, 'hex') FROM blocklist_log"
                                 " WHERE items = 'one-more' ORDER BY workspace_id LIMIT 1"))
        source = ask("SELECT source FROM blocklist_log WHERE items = 'one-more' LIMIT 1").encode()
    else:
        with pages.changed(stopped.data) as database:
            seal, source = database.execute("SELECT seal, source FROM blocklist_log WHERE items ="
                                            " 'one-more' ORDER BY id LIMIT 1").fetchone()
        seed, source = seal[32:], source.encode()
    salts = chain.siphash_128(seed, source) + bytes(16)
    bare = "=" + base64.urlsafe_b64encode(
        chain.commitment(b"one-more", b"leadblock item", seed)).decode()
    if stopped.database:
        ask(f"UPDATE blocklist_log SET items = '{bare}', seed = '\\x{salts.hex()}' WHERE seed ="
            f" '\\x{seed.hex()}'; SELECT 1")
    else:
        with pages.changed(stopped.data) as database:
            database.execute("UPDATE blocklist_log SET items = ?, seal = ? WHERE seal = ?",
                             (bare, seal[:32] + salts, seal))
    result = run("verify", place(stopped))
    assert result.code == 1 and "no later row says that it was erased" in result.err, result
