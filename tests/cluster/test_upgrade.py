"""A database of version 0.1.0 gets the digests of its log at the first start of a node, while others
wait; whichever node is killed, the next one goes on from where it came to."""

import re
import socket
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import postgres
from support.server import Server, run
from support.waiting import eventually

MIGRATIONS = Path(__file__).resolve().parents[2] / "src" / "store" / "migrations" / "postgres"
SCHEMA = 3  # the last one without digests
SCHEMA_LOCK = 0x6c65616400000002  # LB_PG_SCHEMA_KEY
GATE = 7  # an advisory lock that a step waits for
WORKSPACES = 3
ROWS = 4000  # of each workspace: some steps
LIMIT = 60.0  # seconds
WAITING = "waiting for another process, which is changing the schema"

# Rows of two names; each hundredth takes back what the one before it has blocked.
LOG = f"""
INSERT INTO workspace (workspace_id, id, name, plan, created_at, access_version, last_row, last_token)
    SELECT nextval('workspace_no'), 'ws_' || w, 'Old', 'pro', 5, 1, 2 * {ROWS} - 1, 7
    FROM generate_series(1, {WORKSPACES}) w;
INSERT INTO blocklist_log (workspace_id, id, campaign, kind, continues, key, at, token, reason, items)
    SELECT w, 2 * n - 1, 0, (n % 100 = 0)::int, false, 0, 8, n, 'asked',
        CASE WHEN n % 100 = 0 THEN (2 * n - 3) || ',' || (2 * n - 2) ELSE 'p-' || n || ',q-' || n END
    FROM generate_series(1, {WORKSPACES}) w, generate_series(1, {ROWS}) n;
"""


def ask(database, statement):
    return postgres.shared().psql(f"SET search_path = leadblock; {statement}",
                                  database=postgres.database_of(database))


@pytest.fixture
def old():
    """The URI of such a database."""
    database = postgres.shared().create_database()
    files = sorted(MIGRATIONS.glob("*.sql"))[:SCHEMA]
    with postgres.shared().session(database) as owner:
        owner.run("CREATE SCHEMA leadblock; CREATE TABLE leadblock.schema_version (version bigint"
                  f" NOT NULL); INSERT INTO leadblock.schema_version VALUES ({SCHEMA});")
        for file in files:
            owner.run(f"\\i {file}")
        owner.run(f"SET search_path = leadblock; {LOG}")
    yield database
    postgres.shared().drop_database(database)


@contextmanager
def node(database, **options):
    """One that has not answered yet."""
    server = Server(database=database, **options)
    try:
        yield server.spawn()
    finally:
        server.kill()
        server.remove()


def number_done(database):
    """Rows that have a digest; -1: it has not begun."""
    if ask(database, "SELECT version FROM schema_version") == str(SCHEMA):
        return -1
    return int(ask(database, "SELECT count(*) FROM blocklist_log WHERE digest IS NOT NULL"))


def at_the_gate(database):
    return ask(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                         f" AND objid = {GATE}") != "0"


def done_by(node):
    found = re.search(r"has its digests: (\d+) workspaces, (\d+) rows now", node.log_text())
    return found and int(found[2])


def test_an_upgrade_that_is_killed_is_gone_on_with_by_a_node_that_waits(old):
    ask(old, "CREATE FUNCTION public.gate() RETURNS trigger LANGUAGE plpgsql AS"
             f" $$BEGIN IF (SELECT count(*) FROM leadblock.blocklist_log WHERE digest IS NOT NULL) > {ROWS + 1000}"
             f" THEN PERFORM pg_advisory_xact_lock({GATE}); END IF; RETURN NULL; END$$;"
             " CREATE TRIGGER gate AFTER UPDATE ON workspace FOR EACH ROW"
             " EXECUTE FUNCTION public.gate()")
    with postgres.shared().session(old) as gate, node(old) as first:
        gate.run(f"SELECT pg_advisory_lock({GATE});")
        eventually(lambda: at_the_gate(old))  # it is the first that upgrades
        with node(old) as second:
            eventually(lambda: WAITING in second.log_text())
            done = number_done(old)  # the step before: it is among the second workspace's
            assert ROWS < done < 2 * ROWS
            first.kill()
            gate.run(f"SELECT pg_advisory_unlock({GATE});")
            second.wait_ready()
            # The step at the gate may be done by either of them.
            assert WORKSPACES * ROWS - done - 1000 <= done_by(second) <= WORKSPACES * ROWS - done
            second.stop()
    assert ask(old, "SELECT count(*), count(DISTINCT digest) FROM blocklist_log"
               ) == f"{WORKSPACES * ROWS}|{WORKSPACES * ROWS}"
    result = run("verify", old)
    assert result.code == 0, result
    with node(old) as third:  # and that once
        third.wait_ready()
        assert done_by(third) is None


def test_a_node_that_waits_for_another_ones_upgrade_says_so_and_can_be_stopped(tmp_path):
    database = postgres.shared().create_database()
    with (postgres.shared().session(database) as upgrade,
          socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager):
        manager.bind(str(tmp_path / "manager"))
        manager.settimeout(LIMIT)
        upgrade.run(f"SELECT pg_advisory_lock({SCHEMA_LOCK});")
        with node(database, env={"NOTIFY_SOCKET": str(tmp_path / "manager")}) as server:
            eventually(lambda: WAITING in server.log_text())
            for _ in range(3):  # it asks for more time as long as it waits
                assert manager.recv(100).startswith(b"EXTEND_TIMEOUT_USEC=")
            server.terminate()
            assert server.wait_end() == 0
            server.spawn()
            upgrade.run(f"SELECT pg_advisory_unlock({SCHEMA_LOCK});")
            server.wait_ready()
            server.stop()
    postgres.shared().drop_database(database)


def test_a_row_that_does_not_become_what_was_written_ends_the_upgrade(old):
    """Something else than the program writes: the step that does is not taken."""
    ask(old, "CREATE FUNCTION public.other() RETURNS trigger LANGUAGE plpgsql AS"
             " $$BEGIN NEW.reason := 'other'; RETURN NEW; END$$;"
             " CREATE TRIGGER other BEFORE UPDATE ON blocklist_log FOR EACH ROW"
             " WHEN (OLD.id = 2401) EXECUTE FUNCTION public.other()")
    with node(old) as server:
        assert server.wait_end() == 1
        assert "row 2401 of the blocklist log of workspace ws_1 is wrong" in server.log_text()
        assert number_done(old) == 1000  # the step before
        ask(old, "DROP TRIGGER other ON blocklist_log")
        server.spawn().wait_ready()
        assert done_by(server) == WORKSPACES * ROWS - 1000
        server.stop()
    assert run("verify", old).code == 0


def test_a_copy_that_an_earlier_version_began_is_left_as_it_is(old):
    ask(old, "CREATE TABLE copy_progress (item text PRIMARY KEY, value bytea NOT NULL);"
             " INSERT INTO copy_progress VALUES ('source', 'sqlite x')")
    for _ in range(2):
        with node(old) as server:
            assert server.wait_end() == 1
            assert "earlier version began and did not finish" in server.log_text()
            assert "Start the copy again with an empty database" in server.log_text()
    assert number_done(old) == -1
    with Server() as folder:
        folder.stop()
        result = run("copy", "--from", folder.data, "--to", old)
        assert result.code == 1 and "Start the copy again with an empty database" in result.err, result
    assert number_done(old) == -1
