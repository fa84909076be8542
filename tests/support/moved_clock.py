"""A wall clock for a server's process that a test moves: a small library, preloaded, adds what a file
says to CLOCK_REALTIME, and to it and CLOCK_BOOTTIME. The other clocks stay what they are. It counts how often the main
thread reads CLOCK_BOOTTIME, as it does when it looks whether the clock was set."""

import mmap
import shutil
import struct
import tempfile
import time
from pathlib import Path

from .ends import in_seconds
from .preload import preloaded

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile struct moved {
    int64_t ahead_s, passed_s, read_by_main;
} *moved;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("MOVED_CLOCK");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *moved, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        moved = map;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (result == 0 && moved && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME))
        out->tv_sec += moved->passed_s + (clock == CLOCK_REALTIME ? moved->ahead_s : 0);
    if (moved && clock == CLOCK_BOOTTIME && gettid() == getpid())
        moved->read_by_main++;
    return result;
}
"""


class MovedClock:
    """Skips the test where there is no compiler."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="leadblock-clock-"))
        file = self.folder / "ahead"
        self.passed_s = 0
        file.write_bytes(bytes(24))
        with open(file, "r+b") as opened:
            self.map = mmap.mmap(opened.fileno(), 24)
        self.env = {**preloaded(self.folder, SOURCE), "MOVED_CLOCK": str(file)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.map.close()
        shutil.rmtree(self.folder)

    def set(self, ahead_s):
        """Ahead of the real one by so many seconds."""
        self.map[:8] = struct.pack("=q", ahead_s)

    def let_pass(self, seconds):
        """As if it were so much later: that sets no clock."""
        self.passed_s += seconds
        self.map[8:16] = struct.pack("=q", self.passed_s)

    def in_seconds(self, seconds):
        """A time that is so far ahead by what has passed."""
        return in_seconds(self.passed_s + seconds)

    def wait_for_look(self):
        """Until a look of the server's main thread at its clocks has begun and ended. It reads this one twice."""
        def count():
            return struct.unpack("=q", self.map[16:])[0]

        enough, limit = count() + 3, time.monotonic() + 20
        while count() < enough:
            assert time.monotonic() < limit, "the server does not look at its clocks"
            time.sleep(0.02)
