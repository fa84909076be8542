"""Locks that vanish, as those of a SELECT do on an engine that moves rows from server to server: the
proxy turns the statement that locks a workspace into one that locks nothing. Nodes that change the same
workspace at once then have conflicts, and try again; nothing is lost, written twice or left out."""

import re

import pytest

from load import Load
from support import expect, postgres
from support.nodes import Nodes
from support.proxy import Proxy
from support.server import run
from support.waiting import eventually
from test_nodes import at_once

NODES = 3
SECONDS = 3
LIMIT = 60.0  # seconds until nodes have been in each other's way
CAMPAIGNS = 10  # of each node
ROUNDS = 20  # until they were


def rows_of(nodes, statement):
    return postgres.shared().psql(statement, database=postgres.database_of(nodes.database))


@pytest.fixture(scope="module")
def unlocked():
    database = postgres.shared().create_database()
    with Proxy.to(database) as proxy:
        proxy.locks_nothing = True
        with Nodes(NODES, database=database, reach=lambda _: proxy.uri(database)) as nodes:
            yield nodes
            assert nodes.alive() and all(node.starts == 1 for node in nodes), nodes.log_text()
            assert proxy.unlocked >= NODES, "the lock is another statement than the proxy looks for"
    postgres.shared().drop_database(database)


def conflicts(nodes, what):
    return len(re.findall(what, nodes.log_text()))


def test_blocks_of_nodes_without_locks_are_all_there_once(unlocked):
    tenant = unlocked.tenants("agency")[0]

    def has_teeth():
        met = conflicts(unlocked, "LOG_APPEND failed: duplicate key|WORKSPACE_MARK failed")
        return len(load.acknowledged) > 30 and met > 3

    with Load(unlocked, tenant, tenant.campaign()) as load:
        load.run(SECONDS)
        eventually(has_teeth, LIMIT)
    load.verify()
    workspace = f"(SELECT workspace_id FROM leadblock.workspace WHERE id = '{tenant.workspace}')"
    names = rows_of(unlocked, "SELECT count(*), count(DISTINCT identifier), min(entry), max(entry)"
                              f" FROM leadblock.blocklist_live WHERE workspace_id = '{tenant.workspace}'")
    count, different, first, last = map(int, names.split("|"))
    # A block whose acknowledgement did not come before the end may be there as well.
    assert count == different == last and first == 1 and count >= len(load.acknowledged)
    assert rows_of(unlocked, f"SELECT head_number FROM leadblock.workspace WHERE workspace_id = {workspace}"
                   ) == str(last)
    verified = run("verify", unlocked.database)
    assert verified.code == 0, verified
    late = unlocked.add()  # which reads all of it from the database
    load.verify([late])


def test_campaigns_of_nodes_without_locks_are_known_to_all(unlocked):
    """A version of what keys and campaigns there are that is counted once for two changes would hide
    one of them from nodes that read the other."""
    tenants = unlocked.tenants("agency")

    def job(round_, number, tenant):
        def made():
            ids = [f"c-{round_}-{number}-{n}" for n in range(CAMPAIGNS)]
            for name in ids:
                body = {"name": name, "id": name}
                while (answer := tenant.api.post("/campaigns", body)).status == 503:
                    assert answer.code == "overloaded", answer
                assert answer.status in (200, 201), answer
            return ids
        return made

    before = conflicts(unlocked, "WORKSPACE_MARK failed")
    for round_ in range(ROUNDS):
        made = sum(at_once([job(round_, n, tenant) for n, tenant in enumerate(tenants)]), [])
        for tenant in tenants:
            for name in made:
                expect.ok(tenant.api.get(f"/campaigns/{name}"))
        if conflicts(unlocked, "WORKSPACE_MARK failed") > before:
            return
    raise AssertionError("no two nodes were in each other's way")
