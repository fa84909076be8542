"""Changes a SQLite file of leadblock's from outside. What another program writes into it has no valid
checksums (src/store/sqlite/pages.h), and the server would take it for damage: they are put in here.

XXH3-64 comes from the library that the server uses itself, so no second program is needed.
"""

import ctypes
import os
import sqlite3
from contextlib import contextmanager

RESERVED = 16
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


def wrong_pages(path):
    """The numbers of the pages whose checksums do not fit."""
    wrong = []
    with open(path, "rb") as file:
        size = page_bytes(file.read(100))
        file.seek(0)
        for number, page in enumerate(iter(lambda: file.read(size), b""), 1):
            if page[-RESERVED:-RESERVED + 8] != checksum(page, number):
                wrong.append(number)
    return wrong


def seal(path):
    """Puts the checksum into each page that lacks it."""
    with open(path, "r+b") as file:
        size = page_bytes(file.read(100))
        assert size, path
        file.seek(0)
        number = 0
        while page := file.read(size):
            number += 1
            wanted = checksum(page, number)
            if page[-RESERVED:-RESERVED + 8] != wanted:
                file.seek(number * size - RESERVED)
                file.write(wanted)
                file.seek(number * size)


@contextmanager
def changed(folder):
    """A connection that changes the database of a folder that no server holds. Its end commits,
    writes the log back and removes it, and the mark that wants it."""
    path = os.path.join(folder, "leadblock.db")
    connection = sqlite3.connect(path)
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()
    assert not os.path.exists(f"{path}-wal"), "somebody else has the database"
    seal(path)
    if os.path.exists(f"{path}-mark"):
        os.unlink(f"{path}-mark")
