"""What followers of the feed have read is what happened: all of it, once, and in order, also when the server is
killed under load. The checker that says so (support/events.py) is tried on bad histories."""

import random
import time

import pytest

from support.events import AGAIN, BLOCK, RESTORE, UNBLOCK, Follower, Load, compare, expected, judge
from support.server import Server

LOG = [
    (1, 0, BLOCK, False, ["ann", "bob"]),
    (4, 7, BLOCK, False, ["ann"]),
    (5, 0, AGAIN, False, ["ann"]),
    (6, 0, UNBLOCK, False, ["1", "2"]),  # an undo: ann stays, by 5
    (8, 0, UNBLOCK, False, ["5"]),
    (9, 0, RESTORE, False, ["1", "2"]),
    (11, 0, RESTORE, False, ["5"]),
]
OWN = [(1, 4, 3, 0), (2, 11, 6, 9)]
WANTED = [
    ("lead_blocked", 1, "ann", "bob"), ("lead_blocked", 4, "ann"), ("campaign_completed", 0),
    ("lead_unblocked", 6, "bob"), ("lead_unblocked", 8, "ann"), ("lead_blocked", 9, "ann", "bob"),
    ("message_received", 9),
]


def test_the_checker_knows_what_a_log_tells():
    assert expected(LOG, OWN) == WANTED
    many = [(1 + 50 * n, 0, BLOCK, n > 0, [f"p{n}-{i}" for i in range(50)]) for n in range(45)]
    assert [len(event) - 2 for event in expected(many, [])] == [1000, 1000, 250]


def test_the_checker_takes_what_is_right():
    assert compare(WANTED, list(WANTED)) == []
    assert compare([], []) == []


@pytest.mark.parametrize("seed", range(40))
def test_the_checker_finds_every_fault(seed):
    chance = random.Random(seed)
    read = list(WANTED)
    at = chance.randrange(len(read))
    fault = chance.choice(["missing", "twice", "invented", "swapped", "another", "cut"])
    if fault == "missing":
        del read[at]
    elif fault == "twice":
        read.insert(chance.randrange(len(read)), read[at])
    elif fault == "invented":
        read.insert(at, ("lead_blocked", 5, "eve"))
    elif fault == "swapped":
        other = (at + 1) % len(read)
        read[at], read[other] = read[other], read[at]
    elif fault == "another":
        read[at] = (*read[at][:-1], "eve")
    else:
        del read[at:]
    assert compare(WANTED, read), fault


def test_followers_miss_nothing_when_the_server_is_killed():
    with Server() as server:
        tenant = server.tenant()
        load = Load(lambda: server.api(tenant.key), tenant)
        followers = [Follower(lambda: server.api(tenant.key), take=take).start()
                     for take in (1000, 3)]
        load.start()
        for _ in range(3):
            time.sleep(0.7)
            server.listen = f"127.0.0.1:{server.port}"
            server.kill()
            server.start()
        time.sleep(0.5)
        load.end()
        for follower in followers:
            follower.end()
        fresh = Follower(lambda: server.api(tenant.key), wait=0, take=17).start()
        fresh.end()
        judge(server, tenant, load, [*followers, fresh])
