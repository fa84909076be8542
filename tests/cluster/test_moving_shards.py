"""Citus moves shards from server to server, and meanwhile has writes to them wait in its coordinator: for
as long as the copy of a shard takes, or at its end. Plain PostgreSQL with functions in the place of
Citus's: a trigger waits as the coordinator does."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from load import ANSWER_LIMIT
from support import expect
from support.nodes import Nodes
from support.postgres import database_of
from support.waiting import eventually

WORKSPACES = 8
ROUNDS = 25
SHARD = 102008  # even numbers of workspaces; odd ones are in the next
GROUP = 7  # of tables that have their shards in common
BACK = 10.0
IMITATION = f"""
    SET allow_system_table_mods = on;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'citus', 10, 2200, false, '13.2');
    CREATE TABLE public.pg_dist_local_group AS SELECT 0 AS groupid;
    CREATE TABLE public.pg_dist_partition (logicalrelid regclass, colocationid integer);
    CREATE TABLE public.pg_dist_shard (shardid bigint, logicalrelid regclass, shardminvalue text);
    CREATE FUNCTION public.create_distributed_table(regclass, text, colocate_with text DEFAULT '',
        shard_count integer DEFAULT 32) RETURNS void LANGUAGE sql AS
        'INSERT INTO public.pg_dist_partition VALUES ($1, {GROUP});
         INSERT INTO public.pg_dist_shard SELECT {SHARD} + place, $1, place FROM generate_series(0, 1) place';
    CREATE FUNCTION public.run_command_on_workers(text) RETURNS TABLE (result text)
        LANGUAGE sql AS $$SELECT '1500ms'$$;
    CREATE FUNCTION public.get_shard_id_for_distribution_column(regclass, bigint) RETURNS bigint
        LANGUAGE sql AS 'SELECT {SHARD} + $2 % 2';
    -- A lock of a session's is one of Citus's.
    CREATE VIEW public.pg_locks AS SELECT locktype, database, classid, objid, mode,
        CASE objsubid WHEN 1 THEN 8 END AS objsubid FROM pg_catalog.pg_locks;
    GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;
"""
WRITES_WAIT = f"""
    CREATE FUNCTION public.wait_for_shard() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN PERFORM pg_advisory_xact_lock_shared(OLD.workspace_id % 2 << 32 | {GROUP});
        RETURN coalesce(NEW, OLD); END$$;
    CREATE TRIGGER wait_for_shard BEFORE UPDATE ON leadblock.workspace
        FOR EACH ROW EXECUTE FUNCTION public.wait_for_shard();
    CREATE TRIGGER wait_for_shard BEFORE DELETE ON leadblock.lead_pending
        FOR EACH ROW EXECUTE FUNCTION public.wait_for_shard();
"""


def moves(place):
    """What has writes to that shard wait: a statement of a session."""
    return f"SELECT pg_advisory_lock({place << 32 | GROUP});"


class Scene:
    def __init__(self, cluster, uri, nodes):
        self.cluster = cluster
        self.database = database_of(uri)
        self.uri = cluster.uri(self.database)
        self.nodes = nodes

    def sql(self, statement):
        return self.cluster.psql(statement, database=self.database)

    def tenants(self, count):
        """Those of the first shard, and those of the second."""
        tenants = [self.nodes[0].tenant("agency") for _ in range(count)]
        rows = self.sql("SELECT workspace_id % 2, id FROM leadblock.workspace")
        odd = {id_ for place, id_ in (row.split("|") for row in rows.split("\n")) if place == "1"}
        return ([tenant for tenant in tenants if tenant.workspace not in odd],
                [tenant for tenant in tenants if tenant.workspace in odd])

    def block(self, tenant, node=None):
        with closing((node or self.nodes[0]).api(tenant.key, timeout=ANSWER_LIMIT)) as api:
            return api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"p-{time.monotonic_ns()}"}]})

    def times(self, tenants, node=None):
        """Of blocks that are not refused."""
        times = []
        for number in range(ROUNDS):
            began = time.monotonic()
            expect.ok(self.block(tenants[number % len(tenants)], node))
            times.append(time.monotonic() - began)
        return times

    @contextmanager
    def written_to(self, tenants):
        """Clients that block all the time, and are refused."""
        over = threading.Event()

        def go_on(tenant):
            refused = 0
            while not over.is_set():
                expect.error(self.block(tenant), 503, "overloaded")
                refused += 1
                time.sleep(0.02)
            return refused

        with ThreadPoolExecutor(len(tenants)) as pool:
            clients = [pool.submit(go_on, tenant) for tenant in tenants]
            try:
                yield
            finally:
                over.set()
        assert all(client.result() for client in clients)


@pytest.fixture
def scene(cluster):
    uri = cluster.create_database()
    database = database_of(uri)
    cluster.psql(IMITATION, database=database)
    cluster.psql(f"ALTER DATABASE {database} SET search_path = public, pg_catalog")
    with Nodes(1, "--log-level", "info", database=uri) as nodes:
        cluster.psql(WRITES_WAIT, database=database)
        yield Scene(cluster, uri, nodes)
        assert nodes.alive() and all(node.starts == 1 for node in nodes), nodes.log_text()
    cluster.drop_database(uri)


def test_a_shard_that_moves_holds_up_no_workspace_of_another(scene):
    others, moving = scene.tenants(WORKSPACES)
    with scene.cluster.session(scene.uri) as mover:
        mover.run(moves(1))
        expect.error(scene.block(moving[0]), 503, "overloaded")  # the one that waits for the lock
        with scene.written_to(moving):
            times = scene.times(others)
        # A lock that each batch waits for anew would take 1.5 s.
        assert statistics.median(times) < 1, times
        mover.run("SELECT pg_advisory_unlock_all();")
    for tenant in moving:
        eventually(lambda tenant=tenant: scene.block(tenant).status == 200, BACK)


def test_what_a_node_does_by_itself_waits_for_no_shard_again_and_again(scene):
    """The names of the installation's list that are done with are dropped: its shard moves."""
    _, others = scene.tenants(1)
    scene.sql("INSERT INTO leadblock.lead_pending VALUES (0, 0, 'someone', 1)")
    with scene.cluster.session(scene.uri) as mover:
        mover.run(moves(0))
        node = scene.nodes.add()
        eventually(lambda: "PENDING_DROP failed" in node.log_text(), 60)
        times = scene.times(others, node)
        assert max(times) < 5, times  # to try it nine times would take 13.5 s
        assert scene.sql("SELECT count(*) FROM leadblock.lead_pending") == "1"
        mover.run("SELECT pg_advisory_unlock_all();")
    eventually(lambda: scene.sql("SELECT count(*) FROM leadblock.lead_pending") == "0", 60)
