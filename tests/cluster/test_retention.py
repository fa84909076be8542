"""Of several nodes one ends histories; when it is gone, another one does."""

import time

import pytest

from support import expect, postgres
from support.moved_clock import MovedClock
from support.server import Server
from support.waiting import eventually

LOCK = 0x6C65616400000004
HOLDERS = f"""SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
              AND (classid::bigint << 32 | objid::bigint) = {LOCK}
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
ERASED = "SELECT count(*) FROM leadblock.blocklist_log WHERE kind = 6"


@pytest.fixture
def pair():
    """Two nodes whose clock a test moves; neither has started."""
    database = postgres.shared().create_database()
    with MovedClock() as clock:
        pair = [Server("--log-retention", "30", env=clock.env, database=database) for _ in range(2)]
        try:
            yield pair, clock, lambda sql: postgres.shared().psql(sql, postgres.database_of(database))
        finally:
            for server in pair:
                if server.alive():
                    server.stop()
            postgres.shared().drop_database(database)


def test_one_node_ends_histories_and_another_one_takes_over(pair):
    (first, second), clock, query = pair
    first.start()
    api = first.tenant().api
    for number in range(5):
        entry = {"entries": [{"publicIdentifier": f"gone-{number}"}]}
        expect.ok(api.post("/blocklist", entry))
        expect.ok(api.delete("/blocklist", entry))
    first.stop()
    clock.let_pass(31 * 86400)
    first.start()
    eventually(lambda: query(ERASED) == "1")
    holder = query(HOLDERS)
    assert holder.isdigit()
    second.start()
    time.sleep(2)
    assert query(HOLDERS) == holder
    first.stop()
    eventually(lambda: query(HOLDERS) not in ("", holder))
    assert query(ERASED) == "1"
