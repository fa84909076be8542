"""What a role or a database has set for its sessions changes nothing of what nodes do, a standby is never
believed, and a slow line is no silence."""

from contextlib import ExitStack

import pytest

from support import expect, postgres
from support.campaigns import Campaign
from support.nodes import Nodes
from support.proxy import Proxy
from support.server import CommandFailed, run
from support.waiting import eventually
from test_trouble import BACK

SETTINGS = {
    "array_nulls": "off",
    "backslash_quote": "off",
    "bytea_output": "escape",
    "client_encoding": "latin1",
    "client_min_messages": "error",
    "datestyle": "german",
    "default_transaction_deferrable": "on",
    "default_transaction_isolation": "serializable",
    "extra_float_digits": "-15",
    "idle_in_transaction_session_timeout": "'300ms'",
    "idle_session_timeout": "'300ms'",
    "intervalstyle": "sql_standard",
    "lock_timeout": "'1ms'",
    "plan_cache_mode": "force_custom_plan",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "search_path": "''",
    "standard_conforming_strings": "off",
    "statement_timeout": "'5s'",
    "timezone": "'Pacific/Kiritimati'",
    "transform_null_equals": "on",
}


def ended_by_the_database(database):
    """How many connections it has ended itself, as when they were idle: what clients end is not counted."""
    return int(postgres.shared().psql("SELECT sessions_fatal FROM pg_stat_database"
                                      f" WHERE datname = '{postgres.database_of(database)}'"))


@pytest.fixture
def database():
    database = postgres.shared().create_database()
    yield database
    postgres.shared().drop_database(database)


def test_what_a_database_sets_for_its_sessions_changes_nothing(database):
    for name, value in SETTINGS.items():
        postgres.shared().psql(f"ALTER DATABASE {postgres.database_of(database)} SET {name} = {value}")
    with Nodes(2, database=database) as nodes:
        first, second = nodes.tenants("agency")
        campaign = Campaign(first, "lead-1", "lead-2", "lead-3")
        there = campaign.seen_from(second)
        reason = {"publicIdentifiers": ["lead-2", "zoë"], "reason": "Пожалуйста \\ 'нет' \" {NULL}"}
        expect.blocked_result(first.api.post(campaign.blocks, reason), 2)
        assert expect.ok(second.api.get(f"{campaign.blocks}/lead-2"))["reason"] == reason["reason"]
        assert sorted(each["publicIdentifier"] for each in there.claim(10)) == ["lead-1", "lead-3"]
        asked = nodes[0].metric("database_questions_total")
        eventually(lambda: nodes[0].metric("database_questions_total") > asked + 5, BACK)
        assert ended_by_the_database(database) == 0, "they are idle at times, and it closes none of them"


def test_a_node_does_not_start_on_a_standby():
    with postgres.Pair() as pair:
        both = pair.create_database()
        with Nodes(1, database=both):
            pass
        pair.replay()
        name = postgres.database_of(both)
        alone = f"postgresql://{postgres.OWNER}@{pair.addresses[1]}/{name}?target_session_attrs=any"
        with pytest.raises(CommandFailed) as refused, Nodes(1, database=alone):
            pass
        assert "is a standby" in str(refused.value)
        looked = run("verify", alone)
        assert looked.code == 0, looked


def test_an_answer_that_comes_slowly_comes(database):
    """A large one takes longer than the time without an answer after which a connection is given up."""
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy.to(database))
        reach = [database, proxy.uri(database)]
        nodes = stack.enter_context(Nodes(2, "--database-timeout", 1, database=database, reach=reach.__getitem__))
        first, second = nodes.tenants("agency")
        campaign = Campaign(first)
        proxy.bytes_per_second = 150_000
        names = [f"somebody-with-a-name-of-some-length-{number:06}" for number in range(10_000)]
        expect.blocked_result(first.api.post(campaign.blocks, {"publicIdentifiers": names}), len(names))

        def read():
            answer = nodes[1].api(second.key, timeout=20).get(f"{campaign.blocks}/{names[-1]}")
            return answer.status == 200 and answer.json()["blocked"]

        eventually(read, 2 * BACK)
