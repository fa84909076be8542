"""Nodes die, connections break, the database is slow, full of others, or away: what was
acknowledged stays, what is refused is refused soon and truly, and nobody restarts anything."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from load import ANSWER_LIMIT, REFUSALS, Load
from support import expect
from support.campaigns import Campaign
from support.nodes import Nodes
from support.postgres import database_of
from support.proxy import AFTER, BEFORE, HOLE, Proxy
from support.server import run
from support.waiting import eventually

TIMEOUT = 3  # seconds until a node gives up a connection; PostgreSQL needs twice as long
BACK = 10.0  # seconds until a node works again after its database does
NOTICED = 5.0  # seconds until it says that it cannot
ROUNDS = 5


class Scene:
    """Two nodes with a campaign, each by way of a proxy of its own."""

    def __init__(self, cluster, nodes, proxies, database):
        self.cluster = cluster
        self.nodes = nodes
        self.proxies = proxies
        self.database = database_of(database)
        self.tenants = nodes.tenants("agency")
        self.campaign = Campaign(self.tenants[0])
        self.views = [self.campaign.seen_from(tenant) for tenant in self.tenants]

    def load(self, **options):
        return Load(self.nodes, self.tenants[0], self.campaign.id, **options)

    def patient(self, number):
        """The API of a node, for answers that may take their time."""
        return self.nodes[number].api(self.tenants[0].key, timeout=ANSWER_LIMIT)

    def block(self, number, names):
        return self.patient(number).post(self.campaign.blocks, {"publicIdentifiers": names})

    def blocked(self, number, names):
        """Who of them is."""
        response = self.patient(number).post(self.campaign.blocks + "/check",
                                             {"publicIdentifiers": names})
        return expect.ok(response)["blocked"]

    def works(self, number):
        probe = self.block(number, [f"probe-{time.monotonic_ns()}"])
        assert probe.status == 200 or probe.code in REFUSALS, probe
        return probe.status == 200

    def terminate_all(self):
        self.cluster.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          f"WHERE datname = '{self.database}'")


@contextmanager
def scenery(cluster):
    database = cluster.create_database()
    with ExitStack() as stack:
        proxies = [stack.enter_context(Proxy.to(database)) for _ in range(2)]
        nodes = stack.enter_context(
            Nodes(2, "--database-timeout", TIMEOUT, database=database,
                  reach=lambda number: proxies[number].uri(database)))
        scene = Scene(cluster, nodes, proxies, database)
        yield scene
        assert all(node.alive() for node in nodes), nodes[0].log_text() + nodes[1].log_text()
        assert all(node.starts == 1 for node in nodes), "somebody was restarted"


@pytest.fixture
def scene(cluster):
    with scenery(cluster) as scene:
        yield scene


def status(node, path):
    with node.connect(timeout=ANSWER_LIMIT) as connection:
        return connection.request("GET", path).status


def refused(response, *codes):
    return expect.error(response, 503, *(codes or REFUSALS))


# Nodes


def test_a_killed_node_takes_nothing_with_it(cluster):
    with Nodes(2, database=cluster.create_database()) as nodes:
        tenant = nodes.tenants("agency")[0]
        with Load(nodes, tenant, tenant.campaign(), mortal=[nodes[1]]) as load:
            for _ in range(ROUNDS):
                load.run(0.4)
                nodes[1].kill()
                load.wait_served(time.monotonic(), BACK, [nodes[0]])
                load.verify([nodes[0]])
                nodes[1].start()
            load.wait_served(time.monotonic(), BACK)
        assert load.acknowledged
        load.verify()


# Connections


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_a_connection_that_breaks_at_a_commit(scene, when):
    """The node may find out by itself what became of the commit; what it says is true."""
    for number in range(ROUNDS):
        cut = scene.proxies[0].cut_at_commit(when)
        for attempt in range(100):
            names = [f"{when}-{number}-{attempt}-{item}" for item in range(3)]
            response = scene.block(0, names)
            recorded = len(scene.blocked(1, names))
            assert recorded in (0, 3), "whole requests only"
            if response.status == 200:
                assert recorded == 3
            elif refused(response)["code"] == "storage_unavailable":
                assert recorded == 0
            if cut.happened.is_set():
                break
        assert cut.happened.is_set()
        eventually(lambda: scene.works(0), BACK)
        again = expect.ok(scene.block(0, names))
        assert again["blocked"] == 3 - recorded, "repeating is safe"
        assert scene.blocked(0, names) == scene.blocked(1, names) == names


def test_connections_that_break_again_and_again_lose_nothing(scene):
    with scene.load() as load:
        for number in range(4 * ROUNDS):
            load.run(0.1)
            scene.proxies[number % 2].cut_all()
            if number % 4 == 3:
                scene.terminate_all()
        load.wait_served(time.monotonic(), BACK)
    load.verify()


def test_connections_that_break_at_commits_under_load_lose_nothing(scene):
    with scene.load() as load:
        for number in range(4 * ROUNDS):
            when = BEFORE if number % 4 < 2 else AFTER
            cut = scene.proxies[number % 2].cut_at_commit(when)
            assert cut.happened.wait(BACK)
        load.wait_served(time.monotonic(), BACK)
    load.verify()


def test_a_slow_database_is_slow_and_right(scene):
    for proxy in scene.proxies:
        proxy.delay(to_server=0.02, to_client=0.02)
    with scene.load() as load:
        load.run(2)
    assert load.acknowledged and not load.refused()
    load.verify()


def test_an_undo_asks_a_far_database_for_many_people_at_once(scene):
    """Who blocks each of them is another entry than the one that is taken back."""
    api = scene.patient(0)
    people = {"publicIdentifiers": [f"known-{n}" for n in range(300)]}
    expect.ok(api.post(scene.campaign.blocks, {**people, "reason": "a list"}))
    again = api.post(scene.campaign.blocks, {**people, "reason": "another"})
    scene.proxies[0].delay(to_server=0.02, to_client=0.02)
    begun = time.monotonic()
    body = expect.ok(api.post(f"/changes/{again.header('x-change-id')}/undo"))
    assert body["stayed"] == 300
    assert time.monotonic() - begun < 300 * 0.04 / 2  # one by one it would be twice as long


@pytest.mark.parametrize("when", ["at any time", "while it holds a lock"])
def test_a_black_hole_is_answered_in_time_and_left_behind(scene, when):
    """The other node goes on, at the latest when PostgreSQL has given up the silent one."""
    with scene.load() as load:
        load.run(0.5)
        if when == "at any time":
            scene.proxies[0].black_hole()
        else:
            assert scene.proxies[0].cut_at_commit(HOLE).happened.wait(BACK)
        fallen = time.monotonic()
        load.wait_served(fallen, 2 * TIMEOUT + BACK, [scene.nodes[1]])
        code = refused(scene.block(0, ["lost-1"]))["code"]
        refused(scene.patient(0).get(f"{scene.campaign.blocks}/lost-1"))
        assert status(scene.nodes[0], "/livez") == 200
        eventually(lambda: status(scene.nodes[0], "/readyz") == 503, NOTICED)
        scene.proxies[0].flow()
        load.wait_served(time.monotonic(), BACK)
    assert load.refused()
    if code == "storage_unavailable":
        assert scene.blocked(1, ["lost-1"]) == [], "it was in the hole, and came out"
    load.verify()


# The database


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_a_database_that_stops_and_starts(scene, how):
    with scene.load() as load:
        load.run(0.5)
        scene.cluster.kill() if how == "kill" else scene.cluster.stop(how)
        for node in scene.nodes:
            # The writer and those who ask for checks notice it each by themselves.
            for path in ("/readyz", "/readyz?for=checks"):
                eventually(lambda node=node, path=path: status(node, path) == 503, NOTICED)
            assert status(node, "/livez") == 200
        for number in range(2):
            refused(scene.block(number, ["a-1"]), "storage_unavailable", "overloaded")
            refused(scene.patient(number).get(f"{scene.campaign.blocks}/a-1"))
        load.run(1)
        scene.cluster.start()
        load.wait_served(time.monotonic(), BACK)
        for node in scene.nodes:
            eventually(lambda node=node: status(node, "/readyz") == 200, NOTICED)
    load.verify()


def test_a_database_whose_disk_is_full(scene):
    """What PostgreSQL says then, said by a trigger."""
    assert scene.works(0)
    scene.cluster.psql(
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = 'disk_full'; END$$; "
        "CREATE TRIGGER no_room BEFORE INSERT ON leadblock.blocklist_log "
        "FOR EACH ROW EXECUTE FUNCTION no_room()", database=scene.database)
    expect.error(scene.block(0, ["b-1"]), 507, "storage_full")
    assert status(scene.nodes[0], "/readyz?for=checks") == 200
    assert scene.blocked(0, ["b-1"]) == []
    scene.cluster.psql("DROP TRIGGER no_room ON leadblock.blocklist_log", database=scene.database)
    eventually(lambda: scene.works(0) and status(scene.nodes[0], "/readyz") == 200, BACK)


def test_a_database_with_too_many_connections(scene):
    """Its own limit stands for the cluster's: PostgreSQL refuses with the same error."""
    scene.cluster.psql(f"ALTER DATABASE {scene.database} CONNECTION LIMIT 0")
    scene.terminate_all()
    for number, node in enumerate(scene.nodes):
        eventually(lambda number=number: not scene.works(number), NOTICED)
        refused(scene.block(number, ["a-1"]), "storage_unavailable")
        assert status(node, "/livez") == 200
        eventually(lambda node=node: status(node, "/readyz") == 503, NOTICED)
        eventually(lambda node=node: "too many connections" in node.log_text(), NOTICED)
    scene.cluster.psql(f"ALTER DATABASE {scene.database} CONNECTION LIMIT -1")
    for number in range(2):
        eventually(lambda number=number: scene.works(number), BACK)


def test_a_commit_that_no_standby_has_is_of_unknown_outcome(scene):
    """Somebody ends the wait for a standby: the row is there, and may yet be lost. PostgreSQL warns of that,
    also where warnings are turned off."""
    scene.cluster.psql(f"ALTER DATABASE {scene.database} SET client_min_messages = error")
    scene.terminate_all()
    eventually(lambda: scene.works(0), BACK)
    scene.cluster.psql("ALTER SYSTEM SET synchronous_standby_names = 'nowhere'")
    scene.cluster.psql("SELECT pg_reload_conf()")
    waits = ("FROM pg_stat_activity WHERE wait_event = 'SyncRep' "
             f"AND datname = '{scene.database}'")
    try:
        with ThreadPoolExecutor(1) as pool:
            for attempt in range(50):
                answer = pool.submit(scene.block, 0, [f"lost-{attempt}"])
                eventually(lambda: answer.done() or scene.cluster.psql(f"SELECT count(*) {waits}") != "0",
                           NOTICED)
                scene.cluster.psql(f"SELECT pg_cancel_backend(pid) {waits}")
                if answer.result().status != 200:  # which the setting did not reach yet
                    break
            expect.error(answer.result(), 503, "outcome_unknown")
    finally:
        scene.cluster.psql("ALTER SYSTEM RESET synchronous_standby_names")
        scene.cluster.psql("SELECT pg_reload_conf()")
    eventually(lambda: scene.works(0), BACK)
    assert scene.blocked(0, [f"lost-{attempt}"]) == [f"lost-{attempt}"]


def test_a_workspace_that_is_stuck_holds_up_no_other(scene):
    """Somebody has locked its row and does not come back."""
    other = scene.nodes[0].tenant("agency")
    neighbour = Campaign(other)
    with scene.cluster.session(scene.cluster.uri(scene.database)) as session:
        session.run("BEGIN; SELECT 1 FROM leadblock.workspace WHERE id = "
                    f"'{scene.tenants[0].workspace}' FOR UPDATE;")
        for _ in range(3):  # a pause of the machine is not in each
            started = time.monotonic()
            expect.error(scene.block(0, ["stuck-1"]), 503, "overloaded")
            took = time.monotonic() - started
            if took < 2 * TIMEOUT:
                break
        assert took < 2 * TIMEOUT
        times = []
        for _ in range(ROUNDS):
            started = time.monotonic()
            neighbour.block(f"free-{time.monotonic_ns()}")
            times.append(time.monotonic() - started)
        assert statistics.median(times) < TIMEOUT, times
        assert scene.blocked(1, ["stuck-1"]) == []
        session.run("ROLLBACK;")
    expect.blocked_result(scene.block(0, ["stuck-1"]), 1)


def test_a_stopped_node_s_folder_is_not_taken_for_an_empty_installation(scene):
    node = scene.nodes[0]
    data = node.data
    node.stop()
    try:
        refused = run("workspace", "list", "--data", data)
        assert refused.code == 1 and "LEADBLOCK_DATABASE" in refused.err, refused
        assert not (data / "leadblock.db").exists()
        assert run("workspace", "list", "--data", data, "--database", node.database).code == 0
    finally:
        node.start()
        node.starts = 1
