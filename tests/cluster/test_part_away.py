"""A part of the database is away, as when one of the servers of a cluster is: the proxy refuses each
statement that wants rows of these workspaces. The others notice nothing."""

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from support import expect
from support.ends import in_seconds
from support.nodes import Nodes
from support.parts import Parts, database_in_parts
from support.waiting import eventually
from test_trouble import status

WORKSPACES = 8
ROUNDS = 30
TIMEOUT = 1  # seconds until a node gives up a connection, where a part is silent
DUE = 4  # seconds until a block ends
TRIES = 7  # of these, in which what is tried again at once is tried three times
NOTICED = 5.0
BACK = 10.0


class Scene(Parts):
    def __init__(self, database, proxy, nodes):
        super().__init__(database, proxy)
        self.nodes = nodes
        self.tenants = [nodes[0].tenant("agency") for _ in range(WORKSPACES)]
        self.paths = [f"/campaigns/{tenant.campaign()}/blocked-leads" for tenant in self.tenants]
        self.here, self.there = self.tenants[::2], self.tenants[1::2]

    def take_away(self):
        self.proxy.away = self.numbers(self.there)

    def ask(self, tenant, name, node=None):
        """A block and a check; the answers and how long both took."""
        path = self.paths[self.tenants.index(tenant)]
        api = (node or self.nodes[0]).api(tenant.key, timeout=20)
        begun = time.monotonic()
        block = api.post(path, {"publicIdentifiers": [name]})
        check = api.get(f"{path}/{name}")
        api.close()
        return block, check, time.monotonic() - begun

    def look(self, tenants, stem, node=None):
        """All are served; the times."""
        times = []
        for number in range(ROUNDS):
            tenant = tenants[number % len(tenants)]
            block, check, took = self.ask(tenant, f"{stem}-{number}", node)
            expect.blocked_result(block, 1)
            assert expect.ok(check)["blocked"], check
            times.append(took)
        return sorted(times)

    @contextmanager
    def asked_for(self, tenants):
        """Clients that ask for these all the time, and are refused."""
        over = threading.Event()

        def go_on(tenant):
            path = self.paths[self.tenants.index(tenant)]
            api = self.nodes[0].api(tenant.key, timeout=20)
            while not over.is_set():
                expect.error(api.get(f"{path}/lost"), 503, "storage_unavailable")
                expect.error(api.post(path, {"publicIdentifiers": ["lost"]}), 503,
                             "storage_unavailable")
            api.close()

        with ThreadPoolExecutor(len(tenants)) as pool:
            clients = [pool.submit(go_on, tenant) for tenant in tenants]
            try:
                yield
            finally:
                over.set()
        for client in clients:
            client.result()


@contextmanager
def scenery(*options):
    with database_in_parts() as (database, proxy), \
            Nodes(1, *options, database=database, reach=lambda _: proxy.uri(database)) as nodes:
        yield Scene(database, proxy, nodes)
        assert nodes.alive() and nodes[0].starts == 1, nodes.log_text()


@pytest.fixture
def scene():
    with scenery() as scene:
        yield scene


@pytest.fixture
def impatient():
    with scenery("--database-timeout", TIMEOUT) as scene:
        yield scene


def test_half_of_the_database_is_away_and_the_other_half_is_served(scene):
    before = scene.look(scene.here, "before")
    scene.take_away()
    times = []
    for tenant in scene.there:
        block, check, took = scene.ask(tenant, "lost")
        expect.error(block, 503, "storage_unavailable")
        expect.error(check, 503, "storage_unavailable")
        times.append(took)
    assert statistics.median(times) < 2, times
    for path in ("/readyz", "/readyz?for=checks"):
        eventually(lambda path=path: status(scene.nodes[0], path) == 200, NOTICED)
    with scene.asked_for(scene.there):
        during = scene.look(scene.here, "during")
        states = [status(scene.nodes[0], path) for _ in range(20)
                  for path in ("/readyz", "/readyz?for=checks")]
    assert scene.proxy.missed > WORKSPACES
    assert states == [200] * len(states)
    assert during[-1] < 10 * before[-1] + 1, (before, during)
    # Those who are away are asked for beside the others.
    mixed = [scene.ask(tenant, f"mixed-{number}") for number in range(3) for tenant in scene.tenants]
    for number, (block, _, _) in enumerate(mixed):
        if number % 2:
            expect.error(block, 503, "storage_unavailable")
        else:
            expect.blocked_result(block, 1)
    scene.proxy.away = set()
    for tenant in scene.there:
        eventually(lambda tenant=tenant: scene.ask(tenant, "back")[0].status == 200, BACK)
    scene.look(scene.there, "after")


def test_only_a_database_of_which_nothing_can_be_read_is_not_ready(scene):
    scene.proxy.away = scene.numbers(scene.tenants) | {0}
    eventually(lambda: status(scene.nodes[0], "/readyz") == 503, NOTICED)
    scene.proxy.away = set()
    eventually(lambda: status(scene.nodes[0], "/readyz") == 200, NOTICED)


def block_for(scene, tenant, seconds):
    answer = tenant.api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": "for-now", "expiresAt": in_seconds(seconds)}]})
    if answer.status != 400:  # it was read when its end had come
        expect.ok(answer)
    return f"{scene.paths[scene.tenants.index(tenant)]}/for-now"


def block_and_leave(scene, tenants, seconds, leave):
    """A block that ends so many seconds later, when its workspace has been left alone. Where a busy machine did that
    too late, another workspace has longer. Its tenant, what is asked for it, and when it ends."""
    for tenant, ahead in zip(tenants, (seconds, 3 * seconds, 9 * seconds)):
        end = time.monotonic() + ahead
        path = block_for(scene, tenant, ahead)
        leave(tenant)
        if time.monotonic() < end:
            return tenant, path, end
        scene.proxy.away, scene.proxy.refuses = set(), False
        eventually(lambda: status(scene.nodes[0], "/readyz") == 200, 2 * BACK)
    raise AssertionError("each of the blocks had ended before")


def says_free(api, path):
    answer = api.get(path)
    return answer.status == 200 and not answer.json()["blocked"]


def test_a_block_that_ends_in_a_silent_part_stops_no_writer_again_and_again(impatient):
    """The end waits, and those of others come when they are due."""
    scene, proxy = impatient, impatient.proxy
    silent = {tenant.workspace: scene.numbers([tenant]) for tenant in scene.there}
    proxy.silent = True

    def fall_silent(tenant):
        proxy.missed = proxy.missed_locks = 0
        proxy.away = silent[tenant.workspace]

    tenant, ended, end = block_and_leave(scene, scene.there, DUE, fall_silent)
    later = block_for(scene, scene.here[0], max(end - time.monotonic(), 0) + TIMEOUT)
    with closing(scene.nodes[0].api(scene.here[0].key, timeout=20)) as api:
        eventually(lambda: says_free(api, later), end - time.monotonic() + TIMEOUT + BACK)
    eventually(lambda: time.monotonic() > end + TRIES * TIMEOUT, 2 * BACK)
    assert proxy.missed and proxy.missed_locks <= 2
    proxy.away = set()
    with closing(scene.nodes[0].api(tenant.key, timeout=20)) as api:
        eventually(lambda: says_free(api, ended), 3 * BACK)  # and no minute
