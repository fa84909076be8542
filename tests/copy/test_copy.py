"""`leadblock copy` moves everything from one database to another, and proves it."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from conftest import needs_postgresql
from installation import (Place, World, add_account, add_session, copied, copy, fill, make,
                          report)
from support import expect, pages, postgres
from support.campaigns import block_everywhere, undo, unblock_everywhere
from support.server import CommandFailed, binary, clean_environment, run

TABLES = ["workspace", "api_key", "account", "campaign", "step", "lead", "lead_name", "activity",
          "blocklist_log", "audit_log", "check_count", "signing_key",
          "blocklist_import", "step_variant", "event", "hook", "hook_delivery", "lead_pending",
          "stopped_company", "erasure_key", "erased_name", "second_factor"]
STAY_BEHIND = ["session", "link"]
COUNTED = ["lead", "step", "step_variant"]  # in their workspace, by its row


def refused(result, *words):
    assert result.code == 1, result
    assert result.out == "", result
    for word in words:
        assert word in result.err, result


def served(place, world):
    """The answers of a server there."""
    with place.server() as server:
        return world.ask(server)


def lives_on(place, world):
    """A server on the copy goes on where the source was."""
    with place.server() as server:
        campaign = world.at(server)
        api = campaign.api
        # What clients remember of the source is still good: a cursor, a lease, ids of changes.
        first = expect.ok(api.get("/blocked-leads?limit=100"))
        rest = expect.ok(api.get(f"/blocked-leads?limit=1000&cursor={world.cursor}"))
        assert first + rest == world.answers["/blocked-leads?limit=1000"]
        assert campaign.complete(world.held) == "active"
        # Blocks find the leads that they are about.
        blocked = count_blocked(campaign)
        block_everywhere(api, "lead-6")
        unblock_everywhere(api, "lead-6")
        block_everywhere(api, "lead-6")
        assert count_blocked(campaign) == blocked + 1
        before = len(expect.ok(api.get("/blocked-leads?limit=1000")))
        undo(api, world.change)
        undo(api, world.unblock)
        undo(api, world.undone)  # which was undone before: nothing happens
        after = expect.ok(api.get("/blocked-leads?limit=1000"))
        assert len(after) == before - 119 + 1
        # New rows have new numbers.
        known = max(number(entry["id"]) for entry in after)
        block_everywhere(api, "somebody-new")
        (new,) = expect.ok(api.get("/blocked-leads?search=somebody-new"))
        assert number(new["id"]) > known
        campaign.add("lead-new")
        assert number(campaign.lead_id("lead-new")) > number(world.deleted_lead)
        step = campaign.sequence()[1]["id"]
        assert number(campaign.add_variant(step, "new")) > number(world.last_variant)
        assert campaign.explain("lead-new")["contact"] is True
        expect.ok(server.api(server.tenant("pro").key).get("/campaigns"))


def count_blocked(campaign):
    return campaign.details()["analytics"]["leads"]["blocked"]


def number(text):
    return int(text.split("_")[1])


def everything(place):
    """All rows, but for the ids of those of the log, which a copy gives anew; their order is that of
    the ids still."""
    rows = place.rows()
    rows["blocklist_log"] = sorted((row[1:] for row in rows["blocklist_log"]), key=repr)
    assert {"sqlite_sequence", *TABLES, *STAY_BEHIND} == rows.keys()
    rows["sqlite_sequence"] = [row for row in rows["sqlite_sequence"] if row[0] not in COUNTED]
    return {table: rows for table, rows in rows.items() if table not in STAY_BEHIND}


# What is copied


def test_a_copy_answers_as_its_source_did(rich, target):
    rows = everything(rich.place)
    results = copied(rich.place, target)
    assert list(results) == TABLES
    assert all(one == two > 0 and result == "same" for one, two, result in results.values())
    assert rich.ask_operator(target) == rich.lists
    assert served(target, rich) == rich.answers
    lives_on(target, rich)
    assert everything(rich.place) == rows  # it was only read


def people(place):
    """Who somebody is to the logs, by the view that people read."""
    return place.ask("SELECT entry, coalesce(account_email, '-'), coalesce(source, '-') FROM"
                     " blocklist_history WHERE account_email IS NOT NULL OR source IS NOT NULL"
                     " ORDER BY workspace_id, entry")


def test_people_come_along_and_have_to_sign_in_again(rich, target):
    assert all(int(rich.place.ask(f"SELECT count(*) FROM {table}")) for table in STAY_BEHIND)
    with target.server():
        pass
    add_session(target, 0)  # with which somebody could make himself an operator
    copied(rich.place, target)
    assert [target.ask(f"SELECT count(*) FROM {table}") for table in STAY_BEHIND] == ["0", "0"]
    assert people(target) == people(rich.place) != ""
    assert "ada@example.com|2001:db8::1" in people(target)
    assert add_account(target, "new") == rich.last_account + 1


@needs_postgresql
def test_to_postgresql_and_back_is_what_it_was(rich, database, folder):
    copied(rich.place, database)
    copied(database, folder)
    assert everything(folder) == everything(rich.place)
    assert served(folder, rich) == rich.answers
    lives_on(folder, rich)


@needs_postgresql
def test_nodes_are_told_where_workspaces_stand(rich, database):
    copied(rich.place, database)
    last = "coalesce((SELECT max(number) FROM blocklist_log l WHERE l.workspace = w.no), 0)"
    some = "(SELECT count(*) FROM lead l WHERE l.workspace{0} = w.{1}) > 0"
    expected = rich.place.ask(
        f"SELECT no, {last}, {some.format('', 'no')} FROM workspace w ORDER BY 1")
    assert expected.endswith("|0|0")  # one without anything
    assert expected == database.ask(
        "SELECT workspace_id, head_row, has_leads::int FROM workspace w ORDER BY 1")
    assert database.ask(
        "SELECT count(*) FROM workspace w JOIN blocklist_log l ON l.workspace_id = w.workspace_id"
        " AND l.id = w.head_row AND l.digest = w.head_digest AND w.head_number ="
        " l.id + array_length(string_to_array(l.items, ','), 1) - 1") == "3"


@needs_postgresql
def test_from_postgresql_to_postgresql(rich, database):
    copied(rich.place, database)
    second = Place(None, postgres.shared().create_database())
    try:
        copied(database, second)
        assert served(second, rich) == rich.answers
        lives_on(second, rich)
    finally:
        postgres.shared().drop_database(second.uri)


@needs_postgresql
def test_what_was_made_on_postgresql_comes_to_a_folder(database, folder):
    world = World(database)
    copied(database, folder)
    assert world.ask_operator(folder) == world.lists
    assert served(folder, world) == world.answers
    lives_on(folder, world)


def test_an_installation_without_anything_is_copied(target, storage):
    empty = Place(storage / "empty")
    with empty.server():
        pass
    results = copied(empty, target)
    assert results.pop("workspace") == (1, 1, "same")  # that of the installation's list
    assert set(results.values()) == {(0, 0, "same")}
    make(target)


def test_a_folder_whose_name_looks_like_a_database(rich, storage):
    odd = Place(storage / "name=value")
    result = run("copy", "--from", rich.place.name, "--to", f"sqlite:{odd.folder}")
    assert result.code == 0, result
    assert odd.command("workspace", "list").code == 0
    shutil.rmtree(odd.folder)


# What is refused


def test_a_target_that_is_not_empty_is_refused(rich, target):
    make(target)
    before = target.ask("SELECT * FROM workspace")
    refused(copy(rich.place, target), "not empty", "nothing was changed")
    assert target.ask("SELECT * FROM workspace") == before
    assert make(target)  # it is served as before


def test_a_second_copy_into_the_same_target_is_refused(rich, target):
    copied(rich.place, target)
    refused(copy(rich.place, target), "not empty", "--verify")


def test_a_source_that_is_not_there_is_refused_and_not_made(folder, target):
    refused(copy(folder, target), "leadblock.db", str(folder.folder))
    assert not folder.folder.exists() or folder is target


def test_a_server_on_the_source_is_told_to_stop(rich, target):
    with rich.place.server():
        refused(copy(rich.place, target), "stop it")


def test_a_server_on_the_target_is_told_to_stop(rich, target):
    with target.server():
        refused(copy(rich.place, target), "stop")
    copied(rich.place, target)


@needs_postgresql
def test_a_server_on_a_source_in_postgresql_is_told_to_stop(rich, database, folder):
    copied(rich.place, database)
    with database.server():
        refused(copy(database, folder), "stop all of them")
    copied(database, folder)


def test_source_and_target_must_not_be_the_same(rich):
    refused(copy(rich.place, rich.place), "the same")
    refused(copy(rich.place, Place(rich.place.folder / ".")), "the same")


def test_passwords_are_not_shown(rich, storage):
    for uri in ("postgresql://somebody:secret-word@127.0.0.1:1/nowhere",
                "host=127.0.0.1 port=1 password=secret-word dbname=nowhere",
                "postgresql://somebody:secret-word@127.0.0.1:port/nowhere"):
        for source, to in ((rich.place, Place(None, uri)), (Place(None, uri), rich.place)):
            result = copy(source, to)
            refused(result)
            assert "secret" not in result.err, result


def test_the_command_line_is_checked():
    for words in ([], ["--from", "a"], ["--to", "a"], ["--from", "a", "--to", "b", "c"]):
        assert run("copy", *words).code == 2


def test_quiet_prints_nothing(rich, folder):
    result = copy(rich.place, folder, "--quiet")
    assert (result.code, result.out, result.err) == (0, "", ""), result
    folder.change("UPDATE lead SET marks = 3 WHERE no = (SELECT min(no) FROM lead)")
    result = copy(rich.place, folder, "--quiet", "--verify")
    assert (result.code, result.out) == (1, "") and "differs" in result.err, result


# What is interrupted


NOT_YET = (sqlite3.Error, postgres.PostgresFailed)  # no table, or locked


def has_begun(place):
    try:
        return place.ask("SELECT 1 FROM copy_progress LIMIT 1") == "1"
    except NOT_YET:
        return False


def has_rows(table, least):
    def reached(place):
        try:
            return int(place.ask(f"SELECT count(*) FROM {table}")) >= least
        except NOT_YET:
            return False
    return reached


MOMENTS = {"at the beginning": has_begun, "among leads": has_rows("lead", 20_000),
           "among names": has_rows("lead_name", 10_000),
           "in the log": has_rows("blocklist_log", 30_000),
           "while comparing": has_rows("audit_log", 1)}


def start(source, target):
    return subprocess.Popen([binary(), "copy", "--from", source.name, "--to", target.name],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            env=clean_environment())


def interrupt(source, target, moment):
    """Kills a copy at that moment. False when it was quicker."""
    process = start(source, target)
    try:
        while not moment(target) and process.poll() is None:
            time.sleep(0.001)
    finally:
        process.kill()
        process.wait()
    return process.returncode == -signal.SIGKILL


def test_a_copy_that_was_killed_goes_on(large, target, storage):
    killed = [name for name, moment in MOMENTS.items() if interrupt(large, target, moment)]
    assert len(killed) >= 3, killed
    before = {table: int(target.ask(f"SELECT count(*) FROM {table}")) for table in TABLES}
    result = copy(large, target)
    assert result.code == 0, result
    done = report(result)
    total = sum(rows for rows, _, _ in done.values())
    assert all(one == two and word == "same" for one, two, word in done.values())
    assert f"copied {total - sum(before.values()):,} rows" in result.err, (before, result)
    back = Place(storage / "back")
    copied(target, back)
    assert everything(back) == everything(large)
    shutil.rmtree(back.folder)


def half(source, target):
    assert interrupt(source, target, MOMENTS["among leads"])


def test_half_a_copy_is_not_served(large, target, storage):
    half(large, target)
    with pytest.raises(CommandFailed, match="not finished"):
        target.server().start()
    refused(target.command("workspace", "list"), "not finished", "leadblock copy")
    refused(copy(target, Place(storage / "nowhere")), "finish that one first")
    copied(large, target)
    assert target.command("workspace", "list").code == 0


def test_half_a_copy_is_finished_from_its_own_source_only(large, rich, target):
    half(large, target)
    refused(copy(rich.place, target), "another source", "nothing was changed")
    copied(large, target)


@needs_postgresql
def test_two_copies_into_one_database_at_once_are_refused(large, rich, database):
    process = start(large, database)
    try:
        while not has_begun(database) and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGSTOP)
        refused(copy(rich.place, database), "under way")
    finally:
        process.send_signal(signal.SIGCONT)
        process.wait(120)
    assert process.returncode == 0


def test_a_row_that_changed_meanwhile_is_found_and_the_copy_not_served(large, target):
    half(large, target)
    target.change("UPDATE lead SET first_name = 'Eve' WHERE no = 4711")
    result = copy(large, target)
    assert result.code == 1 and report(result)["lead"][2] == "different", result
    assert "1 table of the target differs" in result.err and "start again" in result.err
    refused(target.command("workspace", "list"), "not finished")


# What is verified

TAMPERED = {
    "workspace": "UPDATE workspace SET name = name || 'x'",
    "api_key": "UPDATE api_key SET revoked_at = NULL",
    "account": "UPDATE account SET signed_in_at = signed_in_at + 1",
    "campaign": "UPDATE campaign SET leads_waiting = leads_waiting + 1",
    "step": "UPDATE step SET position = position + 1",
    "lead": "UPDATE lead SET since = since + 1 WHERE no = (SELECT min(no) FROM lead)",
    "lead_name": "DELETE FROM lead_name WHERE name = 'lead-5'",
    "activity": "UPDATE activity SET attempts = attempts + 1 WHERE detail IS NOT NULL",
    "blocklist_log": "UPDATE blocklist_log SET items = replace(items, 'person-20', 'person-02')",
    "audit_log": "UPDATE audit_log SET source = '192.0.2.8' WHERE source IS NOT NULL",
    "check_count": "UPDATE check_count SET blocked = blocked + 1 WHERE day = 20000",
    "signing_key": "UPDATE signing_key SET created_at = created_at + 1",
    "blocklist_import": "UPDATE blocklist_import SET run = NULL, done = done + 1",
    "step_variant": "UPDATE step_variant SET done = done + 1 WHERE icp IS NOT NULL",
    "event": "UPDATE event SET detail = detail + 1",
    "hook": "UPDATE hook SET missed = missed + 1",
    "hook_delivery": "UPDATE hook_delivery SET tries = tries + 1",
    "second_factor": "UPDATE second_factor SET last_step = last_step + 1",
}


def test_every_table_that_was_tampered_with_is_found(rich, target):
    copied(rich.place, target)
    assert copy(rich.place, target, "--verify").code == 0
    changed = set()
    for table, statement in TAMPERED.items():
        target.change(statement)
        changed.add(table)
        result = copy(rich.place, target, "--verify")
        assert result.code == 1, (table, result)
        different = {name for name, row in report(result).items() if row[2] == "different"}
        assert different == changed
    assert rich.ask_operator(rich.place) == rich.lists


DIGESTS = "SELECT {workspace}, {number}, {hex}, epoch FROM blocklist_log ORDER BY 1, 2"


def digests(place):
    """Of all rows, with their epochs: what makes the chain."""
    names = {"workspace": "workspace_id", "number": "id",
             "hex": "upper(encode(seed, 'hex')), upper(encode(digest, 'hex'))"}
    if not place.uri:
        names = {"workspace": "workspace", "number": "number", "hex": "hex(substr(seal, 33)), hex(substr(seal, 1, 32))"}
    return place.ask(DIGESTS.format(**names)).replace("None", "")


def test_the_chain_stays_as_it_is(rich, target):
    copied(rich.place, target)
    assert digests(target) == digests(rich.place)
    assert run("verify", target.name).out == run("verify", rich.place.name).out != ""


def test_the_copy_holds_a_statement_of_the_source(rich, storage, target):
    statement = storage / "statement.json"
    result = rich.place.command("evidence", rich.agency.workspace, "--lead", "person-9")
    statement.write_text(result.out)
    copied(rich.place, target)
    result = run("verify", target.name, "--evidence", statement)
    assert result.code == 0 and "the log holds the statement" in result.out, result


def test_a_source_whose_chain_is_broken_is_named_and_its_copy_not_served(rich, storage, target):
    broken = Place(storage / "broken")
    copied(rich.place, broken)
    broken.change("UPDATE blocklist_log SET reason = 'because' WHERE number = 1 AND workspace = 1")
    result = copy(broken, target)
    shutil.rmtree(broken.folder)
    assert result.code == 1, result
    assert all(word == "same" for _, _, word in report(result).values())
    assert "the blocklist log is damaged: row 1 of workspace number 1" in result.err
    assert "start again" not in result.err
    refused(target.command("workspace", "list"), "not finished")


def test_a_source_whose_last_rows_are_gone_is_refused(rich, storage, target):
    """The chain of what is left is right."""
    cut = Place(storage / "cut")
    copied(rich.place, cut)
    make(cut)  # a server has served it: the mark knows its rows
    before = make_rows_vanish(cut)
    (cut.folder / "leadblock.db-wal").touch()  # reading makes it
    files = bytes_of(cut)
    result = copy(cut, target)
    refused(result, "damage: leadblock.db lacks 2 rows", "at most 2 changes", "restore a backup")
    refused(copy(cut, rich.place, "--verify"), "lacks 2 rows")
    assert bytes_of(cut) == files
    assert everything(cut) == before
    assert make(target)  # nothing was written to it
    shutil.rmtree(cut.folder)


def bytes_of(place):
    return {path.name: path.read_bytes() for path in place.folder.iterdir()
            if path.name.startswith("leadblock.db") and not path.name.endswith("-shm")}


def make_rows_vanish(place):
    with pages.changed(place.folder, in_secret=True) as db:
        db.execute("DELETE FROM blocklist_log WHERE id IN"
                   " (SELECT id FROM blocklist_log ORDER BY id DESC LIMIT 2)")
    return everything(place)


def test_a_source_whose_log_was_damaged_is_refused(rich, storage, target):
    """SQLite takes the first bad frame of its log for the end of it."""
    hurt = Place(storage / "hurt")
    copied(rich.place, hurt)
    with hurt.server() as server:
        api = server.tenant("agency").api
        for number in range(5):
            block_everywhere(api, f"lost-{number}")
        server.kill()
    with open(hurt.folder / "leadblock.db-wal", "r+b") as log:
        log.seek(32 + 24 + 100)
        byte = log.read(1)[0] ^ 1
        log.seek(-1, os.SEEK_CUR)
        log.write(bytes([byte]))
    refused(copy(hurt, target), "damage: leadblock.db-wal", "at most", "restore a backup")
    assert make(target)
    shutil.rmtree(hurt.folder)


@needs_postgresql
def test_a_source_in_postgresql_whose_last_rows_are_gone_is_refused(rich, database, folder):
    copied(rich.place, database)
    last = int(database.ask("SELECT max(id) FROM blocklist_log WHERE workspace_id = 1"))
    head = int(database.ask("SELECT head_number FROM workspace WHERE workspace_id = 1"))
    database.change(f"DELETE FROM blocklist_log WHERE workspace_id = 1 AND id = {last}")
    refused(copy(database, folder), "damage: the blocklist log of workspace number 1 ends after",
            f"says after number {head}", f"at most {head - last + 1} entries", "restore a backup")
    assert not (folder.folder / "leadblock.db").exists() or folder.ask(
        "SELECT 1 FROM workspace WHERE no > 0") == ""


def test_null_and_empty_are_different(rich, folder):
    copied(rich.place, folder)
    folder.change("UPDATE lead SET company_name = '' WHERE identifier = 'person-20'"
                  " AND company_name IS NULL")
    assert report(copy(rich.place, folder, "--verify"))["lead"][2] == "different"


# How long it takes


ENTRIES = int(os.environ.get("LEADBLOCK_TEST_ENTRIES", 1_000_000))


def test_a_million_entries(storage, target):
    """LEADBLOCK_TEST_ENTRIES of them, where it is set: a checked program takes long over so many."""
    place = Place(storage / "million")
    make(place)
    fill(place, leads=0, entries=ENTRIES)
    began = time.monotonic()
    copied(place, target)
    seconds = time.monotonic() - began
    print(f"\n{ENTRIES:,} entries to {'PostgreSQL' if target.uri else 'SQLite'}: {seconds:.1f} s")
    shutil.rmtree(place.folder)
    assert seconds < 120
