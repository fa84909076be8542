"""Citus moves shards from server to server, and meanwhile has writes to them wait in its coordinator: for
as long as the copy of a shard takes, or at its end. Plain PostgreSQL with functions in the place of
Citus's: a trigger waits as the coordinator does."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from load import ANSWER_LIMIT
from support import expect
from support.nodes import Nodes
from support.postgres import database_of
from test_trouble import eventually

WORKSPACES = 8
ROUNDS = 40
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
        $$BEGIN PERFORM pg_advisory_xact_lock_shared(NEW.workspace_id % 2 << 32 | {GROUP}); RETURN NEW; END$$;
    CREATE TRIGGER wait_for_shard BEFORE UPDATE ON leadblock.workspace
        FOR EACH ROW EXECUTE FUNCTION public.wait_for_shard();
"""


class Scene:
    def __init__(self, cluster, database, node):
        self.cluster = cluster
        self.uri = cluster.uri(database)
        self.node = node
        tenants = [node.tenant("agency") for _ in range(WORKSPACES)]
        rows = cluster.psql("SELECT workspace_id % 2, id FROM leadblock.workspace", database=database)
        odd = {id_ for shard, id_ in (row.split("|") for row in rows.split("\n")) if shard == "1"}
        self.moving = [tenant for tenant in tenants if tenant.workspace in odd]
        self.others = [tenant for tenant in tenants if tenant.workspace not in odd]

    def block(self, tenant):
        with self.node.api(tenant.key, timeout=ANSWER_LIMIT) as api:
            return api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"p-{time.monotonic_ns()}"}]})

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
    with Nodes(1, database=uri) as nodes:
        cluster.psql(WRITES_WAIT, database=database)
        yield Scene(cluster, database, nodes[0])
        assert nodes.alive() and nodes[0].starts == 1, nodes.log_text()
    cluster.drop_database(uri)


def test_a_shard_that_moves_holds_up_no_workspace_of_another(scene):
    with scene.cluster.session(scene.uri) as mover:
        mover.run(f"SELECT pg_advisory_lock({1 << 32 | GROUP});")
        expect.error(scene.block(scene.moving[0]), 503, "overloaded")  # the one that waits for the lock
        times = []
        with scene.written_to(scene.moving):
            for number in range(ROUNDS):
                began = time.monotonic()
                expect.ok(scene.block(scene.others[number % len(scene.others)]))
                times.append(time.monotonic() - began)
        # A lock that each batch waits for anew would take 1.5 s.
        assert statistics.median(times) < 1, times
        mover.run("SELECT pg_advisory_unlock_all();")
    for tenant in scene.moving:
        eventually(lambda tenant=tenant: scene.block(tenant).status == 200, BACK)
