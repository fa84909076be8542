"""A file system of a few MiB, to be filled or made read-only. Mounted in a mount namespace that this
process gets for itself and that the servers it starts from then on share; nothing of it is seen outside,
and it is gone with the process."""

import ctypes
import errno
import os
import tempfile
from pathlib import Path

import pytest

CLONE_NEWNS = 0x20000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 1 << 14, 1 << 18
BLOCK = 4096
_libc = ctypes.CDLL(None, use_errno=True)
_entered = False


def _call(what, *arguments):
    if what(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _mount(source, target, kind, flags, options):
    _call(_libc.mount, source, str(target).encode(), kind, ctypes.c_ulong(flags), options)


def _enter_namespace():
    global _entered
    if not _entered:
        _call(_libc.unshare, CLONE_NEWNS)
        _mount(None, "/", None, MS_REC | MS_PRIVATE, None)
        _entered = True


class SmallDisk:
    """Skips the test where nothing can be mounted."""

    def __init__(self, mib=24):
        self.path = Path(tempfile.mkdtemp(prefix="leadblock-disk-"))
        try:
            _enter_namespace()
            _mount(b"leadblock-test", self.path, b"tmpfs", 0, f"size={mib}m,mode=700".encode())
        except OSError as error:
            self.path.rmdir()
            pytest.skip(f"cannot mount: {error}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        _libc.umount2(str(self.path).encode(), 2)  # MNT_DETACH
        self.path.rmdir()

    @property
    def filler(self):
        return self.path / "filler"

    def fill(self):
        """Until not one more block can be had."""
        with open(self.filler, "ab", buffering=0) as file:
            size = 1 << 20
            while size >= BLOCK:
                try:
                    file.write(b"x" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    size //= 2
        info = os.statvfs(self.path)
        assert info.f_bavail == 0

    def make_room(self):
        self.filler.unlink()

    def read_only(self, on=True):
        _mount(b"leadblock-test", self.path, b"tmpfs", MS_REMOUNT | (MS_RDONLY if on else 0), None)
