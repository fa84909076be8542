"""Changes a SQLite file of leadblock's from outside. What another program writes into it has no valid
checksums (src/store/sqlite/pages.h), and the server would take it for damage: they are put in here.

XXH3-64 comes from the library that the server uses itself, so no second program is needed.
"""

import ctypes
import os
import sqlite3
from contextlib import contextmanager

RESERVED = 16
ID_BYTES = 8  # at the end of the first page: the same as in the mark
LOCKED_BYTE = 1 << 30
PRIME = 0x9E3779B97F4A7C15
_xxhash = ctypes.CDLL("libxxhash.so.0")
_xxhash.XXH3_64bits.restype = ctypes.c_uint64
_xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def checksum(page, number):
    """Of a whole page; `number` counts from 1."""
    hashed = _xxhash.XXH3_64bits(bytes(page), len(page) - RESERVED)
    return (hashed + number * PRIME & (1 << 64) - 1).to_bytes(8, "little")


def page_bytes(header):
    size = int.from_bytes(header[16:18], "big")
    return 65536 if size == 1 else size


def pages_of(file):
    """Each page's number and bytes, but for the one that locks are taken on, which SQLite never writes."""
    file.seek(0)
    size = page_bytes(file.read(100))
    assert size, file.name
    locked = LOCKED_BYTE // size + 1
    for number in range(1, os.path.getsize(file.name) // size + 1):
        file.seek((number - 1) * size)
        if number != locked:
            yield number, file.read(size)


def wrong_pages(path):
    """The numbers of the pages whose checksums do not fit."""
    with open(path, "rb") as file:
        return [number for number, page in pages_of(file)
                if page[-RESERVED:-RESERVED + 8] != checksum(page, number)]


def seal(path):
    """Puts the checksum into each page that lacks it."""
    with open(path, "r+b") as file:
        for number, page in pages_of(file):
            wanted = checksum(page, number)
            if page[-RESERVED:-RESERVED + 8] != wanted:
                file.seek(number * len(page) - RESERVED)
                file.write(wanted)


def damage_free_page(path):
    """Of those that nothing but a backup reads; returns its number."""
    with open(path, "r+b") as file:
        header = file.read(100)
        listing = int.from_bytes(header[32:36], "big")
        assert listing, "no page is free"
        file.seek((listing - 1) * page_bytes(header) + 8)
        number = int.from_bytes(file.read(4), "big")
        file.seek((number - 1) * page_bytes(header) + 100)
        byte = file.read(1)[0]
        file.seek((number - 1) * page_bytes(header) + 100)
        file.write(bytes([byte ^ 1]))
    return number


@contextmanager
def changed(folder, in_secret=False):
    """A connection that changes the database of a folder that no server holds. Its end commits, and
    leaves what a backup is: a database without a log, and no mark. In secret: what it was, a database
    with the mark that the server left."""
    path = os.path.join(folder, "leadblock.db")
    with open(path, "rb") as file:
        identity = next(pages_of(file))[1][-ID_BYTES:]
    connection = sqlite3.connect(path)
    try:
        yield connection
        connection.commit()
        if not in_secret:
            connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()
    assert not os.path.exists(f"{path}-wal"), "somebody else has the database"
    seal(path)
    if in_secret:
        with open(path, "r+b") as file:
            file.seek(page_bytes(file.read(100)) - ID_BYTES)
            file.write(identity)
    elif os.path.exists(f"{path}-mark"):
        os.unlink(f"{path}-mark")
