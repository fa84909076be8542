"""Memory that is short for a server's process when a test says so: a small library, preloaded, refuses the next
allocation whose size is in a range."""

import mmap
import shutil
import struct
import tempfile
from pathlib import Path

import pytest

from .preload import preloaded
from .server import binary

SOURCE = r"""
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);

static volatile struct wanted {
    uint64_t least, most, before, left, refused;
} *wanted;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SHORT_MEMORY");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *wanted, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED)
        wanted = map;
}

static int is_refused(size_t size)
{
    if (!wanted || !wanted->left || size < wanted->least || size > wanted->most)
        return 0;
    if (wanted->before) {
        wanted->before--;
        return 0;
    }
    wanted->left--;
    wanted->refused++;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return is_refused(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return is_refused(count * size) ? NULL : __libc_calloc(count, size);
}
"""


class ShortMemory:
    """Skips the test where the program has an allocator of its own, as a checked build has."""

    def __init__(self):
        if b"__asan_init" in Path(binary()).read_bytes():
            pytest.skip("AddressSanitizer allocates")
        self.folder = Path(tempfile.mkdtemp(prefix="leadblock-memory-"))
        file = self.folder / "wanted"
        file.write_bytes(bytes(40))
        with open(file, "r+b") as opened:
            self.map = mmap.mmap(opened.fileno(), 40)
        self.env = {**preloaded(self.folder, SOURCE), "SHORT_MEMORY": str(file)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.map.close()
        shutil.rmtree(self.folder)

    def refuse_next(self, least, most, before=0):
        """The next allocation of so many bytes; `before` others of them are given."""
        self.map[:] = struct.pack("=5Q", least, most, before, 1, 0)

    @property
    def refused(self):
        return struct.unpack("=Q", self.map[32:])[0]
