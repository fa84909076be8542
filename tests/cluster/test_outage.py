"""A database that is away as a whole, and comes back: what a node writes of its own, such as the ends of
blocks, goes on as soon as all workspaces answer again. What waits for a part that is silent comes late."""

import time
from contextlib import closing

import pytest

from support import expect
from support.receiver import Receiver, answer
from support.waiting import eventually, seconds_until
from test_hooks import OWN_NETWORK, block, subscribe
from test_part_away import TIMEOUT, block_and_leave, says_free, scenery
from test_trouble import status

DUE = 3  # seconds until a block ends
BACK = 15.0  # seconds until what was due is written, once the database is back; otherwise it would be a minute
NOTICED = 20.0


def batches(scene):
    return scene.nodes[0].metric("batch_writes_count")


@pytest.fixture
def scene():
    with scenery("--database-timeout", TIMEOUT, *OWN_NETWORK) as scene:
        yield scene


@pytest.mark.parametrize("vanishes", [False, True])
def test_ends_are_written_when_the_database_is_back(scene, vanishes):
    """Statements are not answered, and then nothing comes from there any more, as from a machine without
    power. The write of the end has waited for that."""
    everything = scene.numbers(scene.tenants) | {0}
    scene.proxy.silent = True

    def fall_silent(_):
        scene.proxy.missed_locks = 0
        scene.proxy.away = everything

    tenant, path, end = block_and_leave(scene, scene.here, DUE, fall_silent)
    eventually(lambda: time.monotonic() > end and scene.proxy.missed_locks, DUE * 9 + NOTICED)
    if vanishes:
        scene.proxy.black_hole()
    eventually(lambda: status(scene.nodes[0], "/readyz") == 503, NOTICED)
    scene.proxy.away = set()
    scene.proxy.flow()
    with closing(scene.nodes[0].api(tenant.key, timeout=20)) as api:
        took = seconds_until(lambda: says_free(api, path), BACK)
    print(f"written after {took:.2f} s")


def test_ends_are_written_although_their_clients_were_refused(scene):
    """That a workspace gave them no answer is over with the outage, too, also while no client asks for it."""

    def refuse(_):
        scene.proxy.refuses = True
        scene.proxy.cut_all()

    tenant, path, end = block_and_leave(scene, scene.here, DUE, refuse)
    with closing(scene.nodes[0].api(tenant.key, timeout=20)) as api:
        eventually(lambda: time.monotonic() > end and api.get(path).status == 503, DUE * 9 + NOTICED)
        expect.error(api.get(path), 503, "storage_unavailable")
        scene.proxy.refuses = False
        eventually(lambda: status(scene.nodes[0], "/readyz") == 200, NOTICED)
        asked = scene.nodes[0].metric("database_questions_total")
        eventually(lambda: scene.nodes[0].metric("database_questions_total") > asked + 2, NOTICED)
        took = seconds_until(lambda: says_free(api, path), BACK)
    print(f"written after {took:.2f} s")


def test_places_of_subscriptions_are_recorded_when_the_database_is_back(scene):
    written = []

    def vanish_and_answer(_, connection, __):
        written.append(batches(scene))
        scene.proxy.black_hole()
        answer(connection, 200)

    with Receiver(vanish_and_answer) as target, \
            closing(scene.nodes[0].api(scene.here[0].key, timeout=20)) as api:
        made = subscribe(api, target.url())
        block(api, "a-1")
        target.wait(1)
        eventually(lambda: written and batches(scene) > written[0], NOTICED)
        scene.proxy.flow()

        def recorded():
            deliveries = api.get(f"/hooks/{made['id']}/deliveries")
            return deliveries.status == 200 and len(deliveries.json()) == 1

        took = seconds_until(recorded, BACK)
    print(f"recorded after {took:.2f} s")
