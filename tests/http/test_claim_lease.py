"""A claim that is made in pieces, while others write, ends with half of its lease: a sender needs the rest of a short
one for what it has to do."""

import time

import pytest

from support import expect
from support.campaigns import Campaign, crowd
from support.client import build
from support.marks import sqlite_only
from support.preload import preloaded
from support.server import Server

LEADS = 3_000
LEASE = 2  # seconds
LONG_LEASE = 60
LONGEST = 2  # seconds, for which a claim goes on whatever its lease
PIECE = 200  # leads of one commit, while others write
COMMIT_MS = 120

# A disk on which a commit takes long, while there is a file.
SLOW_DISK = f"#define COMMIT_MS {COMMIT_MS}" + r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void wait_for_disk(void)
{
    const char *path = getenv("SLOW_DISK");
    struct timespec pause = {.tv_nsec = COMMIT_MS * 1000000L};
    if (path && access(path, F_OK) == 0)
        nanosleep(&pause, NULL);
}

int fdatasync(int fd)
{
    wait_for_disk();
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    wait_for_disk();
    return (int)syscall(SYS_fsync, fd);
}
"""


@pytest.fixture
def slow(tmp_path):
    """A server, and the file that makes its disk slow."""
    file = tmp_path / "slow"
    with Server(env={**preloaded(tmp_path, SLOW_DISK), "SLOW_DISK": str(file)}) as server:
        yield server, file


def claimed(campaign, lease, other, file):
    """How many leads a claim of all hands out on the slow disk, while another workspace writes, and the seconds until
    its answer begins: to read some megabytes of it takes long here."""
    expect.blocked_result(other.api.post("/blocked-leads", {"leads": [{"publicIdentifier": campaign.id}]}), 1)
    request = build("POST", f"/v1{campaign.path}/activities/claim", campaign.api.headers({}),
                    {"max": LEADS, "leaseSeconds": lease})
    file.touch()
    with campaign.tenant.server.connect() as connection:
        began = time.monotonic()
        connection.send(request)
        connection.buffer = connection.sock.recv(1)
        took = time.monotonic() - began
        file.unlink()
        return len(expect.ok(connection.read("POST"))), took


@sqlite_only("a commit takes as long as the disk")
def test_a_claim_in_pieces_ends_with_half_of_a_short_lease(slow):
    """And the commit that it is at. What that takes depends on the machine, and is in the times of claims with a long
    lease as well: these end a second later, of which nearly half must be left in the mean of a few."""
    server, file = slow
    other = server.tenant()
    for _ in range(2):  # what else the machine does is not in both
        took = []
        for _ in range(3):
            (_, long), (count, short) = [claimed(Campaign(server.tenant("agency"), *crowd(LEADS)), lease, other, file)
                                         for lease in (LONG_LEASE, LEASE)]
            assert 0 < count <= (LEASE * 500 // COMMIT_MS + 1) * PIECE
            took.append(long - short)
        if sum(took) / len(took) > 0.4 * (LONGEST - LEASE / 2):
            return
    raise AssertionError(took)
