"""A pooler between a node and PostgreSQL must keep a session for each connection."""

import re
import struct

import pytest

from support import expect, postgres
from support.campaigns import Campaign
from support.nodes import Nodes
from support.proxy import Proxy
from support.server import CommandFailed

WHICH = b"SELECT pg_backend_pid()"


class Pooler(Proxy):
    """Tells clients numbers of processes of its own, as poolers do; with `shared`, also when they ask for them, as if
    one process, or one after the other, served them all."""

    shared = None  # what the n-th of such questions is answered

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.set = []  # statements that change what others get

    def asked(self, message):
        if message[:1] in b"QP" and re.search(rb"\bSET\b", message):
            self.set.append(message)
        if self.shared and message[:1] == b"Q" and WHICH in message:
            query = b"SELECT %d\0" % self.shared()
            return b"Q" + struct.pack("!I", 4 + len(query)) + query
        return message

    def answered(self, message):
        return message[:5] + struct.pack("!I", 999_999_999) + message[9:] if message[:1] == b"K" else message


@pytest.fixture
def database():
    database = postgres.shared().create_database()
    yield database
    postgres.shared().drop_database(database)


def test_a_pooler_that_keeps_sessions_is_taken(database):
    with Pooler.to(database) as pooler, Nodes(1, database=database, reach=lambda _: pooler.uri(database)) as nodes:
        (tenant,) = nodes.tenants("agency")
        campaign = Campaign(tenant, "lead-1", "lead-2")
        campaign.block("lead-1")
        assert [each["publicIdentifier"] for each in campaign.claim(10)] == ["lead-2"]
        assert expect.ok(tenant.api.get(f"{campaign.blocks}/lead-1"))["blocked"] is True
        assert pooler.set, "each node sets what it needs"


@pytest.mark.parametrize("processes", [[4711], [4711, 4712], [4711, 4712, 4713, 4714]])
def test_one_that_shares_them_is_refused_at_the_start(database, processes):
    with Pooler.to(database) as pooler:
        turn = iter(processes * 100)
        pooler.shared = lambda: next(turn)
        with pytest.raises(CommandFailed) as refused, \
                Nodes(1, database=database, reach=lambda _: pooler.uri(database)):
            pass
        assert pooler.set == [], "others go on in these connections"
    assert "pool_mode must be session" in str(refused.value)
    assert postgres.shared().psql("SELECT to_regnamespace('leadblock')", postgres.database_of(database)) == ""
