"""A claim that is made in pieces, while others write, ends with half of its lease: a sender needs the rest of a short
one for what it has to do."""

import os
import shutil
import subprocess

import pytest

from support import expect
from support.campaigns import Campaign, crowd
from support.marks import sqlite_only
from support.server import Server

LEADS = 10_000
SHORT = 2  # seconds: a lease that ends before its claim would, which takes two seconds
PIECE = 200  # leads of one commit, while others write
COMMIT_MS = 40

# A disk on which a commit takes long, while there is a file.
SLOW_DISK = r"""
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
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler")
    library, file = tmp_path / "slow_disk.so", tmp_path / "slow"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", f"-DCOMMIT_MS={COMMIT_MS}", "-x", "c", "-", "-o", library],
                   input=SLOW_DISK, text=True, check=True)
    options = os.environ.get("ASAN_OPTIONS", "")  # a checked build wants to be first
    with Server(env={"LD_PRELOAD": str(library), "SLOW_DISK": str(file),
                     "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0".lstrip(":")}) as server:
        yield server, file


def claimed(campaign, other, file, lease):
    """How many leads a claim of all hands out, on the slow disk, while another workspace writes."""
    expect.blocked_result(other.api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"{campaign.id}-{lease}"}]}), 1)
    file.touch()
    count = len(campaign.claim(LEADS, lease))
    file.unlink()
    return count


@sqlite_only("a commit takes as long as the disk")
def test_a_claim_in_pieces_ends_with_half_of_a_short_lease(slow):
    """And with two seconds of a longer one. A machine that stands still makes both short: it is looked at again."""
    server, file = slow
    other, counts = server.tenant(), []
    for _ in range(3):
        campaign = Campaign(server.tenant("agency"), *crowd(LEADS))
        short, long = (claimed(campaign, other, file, lease) for lease in (SHORT, 3600))
        counts.append((short, long))
        assert 0 < short <= (SHORT * 500 // COMMIT_MS + 1) * PIECE, counts
        if long >= 1.5 * short:
            break
    assert long >= 1.5 * short, counts
