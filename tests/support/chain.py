"""The digests of the blocklist log, made from what docs/storage.md says of them.

usage: chain.py

prints the vectors of tests/unit/test_chain.c.
"""
import hashlib
import json
import os
import struct


def blake(text, use, salt=b"", size=32):
    return hashlib.blake2b(text, digest_size=size, person=use.ljust(16, b"\0"), salt=salt).digest()


def siphash_128(key, text):
    """SipHash-2-4 with 128 bits: Aumasson and Bernstein, "SipHash: a fast short-input PRF"."""
    def rotated(word, bits):
        return (word << bits | word >> (64 - bits)) & (1 << 64) - 1

    def mix(v, rounds):
        for _ in range(rounds):
            v[0] = v[0] + v[1] & (1 << 64) - 1
            v[2] = v[2] + v[3] & (1 << 64) - 1
            v[1] = rotated(v[1], 13) ^ v[0]
            v[3] = rotated(v[3], 16) ^ v[2]
            v[0] = rotated(v[0], 32)
            v[2] = v[2] + v[1] & (1 << 64) - 1
            v[0] = v[0] + v[3] & (1 << 64) - 1
            v[1] = rotated(v[1], 17) ^ v[2]
            v[3] = rotated(v[3], 21) ^ v[0]
            v[2] = rotated(v[2], 32)

    low, high = struct.unpack("<QQ", key)
    v = [low ^ 0x736f6d6570736575, high ^ 0x646f72616e646f6d ^ 0xee,
         low ^ 0x6c7967656e657261, high ^ 0x7465646279746573]
    rest = len(text) % 8
    last = text[len(text) - rest:].ljust(7, b"\0") + bytes([len(text) & 255])
    for word in struct.unpack(f"<{len(text) // 8 + 1}Q", text[:len(text) - rest] + last):
        v[3] ^= word
        mix(v, 2)
        v[0] ^= word
    v[2] ^= 0xee
    mix(v, 4)
    first = v[0] ^ v[1] ^ v[2] ^ v[3]
    v[1] ^= 0xdd
    mix(v, 4)
    return struct.pack("<QQ", first, v[0] ^ v[1] ^ v[2] ^ v[3])


def commitment(text, use, seed):
    return blake(text, use, salt=siphash_128(seed, text), size=24)


def begin(workspace):
    return blake(workspace, b"leadblock log")


def row(before, *, kind, continues=False, campaign, actor, number, at, undoes=0, epoch=0,
        reason=None, source=None, import_id=None, items, seed):
    texts = [(b"leadblock reason", reason), (b"leadblock source", source),
             (b"leadblock import", import_id)]
    flags = continues | sum(2 << i for i, (_, text) in enumerate(texts) if text is not None)
    flags |= (16 if undoes else 0) | (32 if epoch else 0)
    said = struct.pack("<BBBBII", 1, kind, flags, len(items), campaign, actor)
    said += number.to_bytes(5, "little") + at.to_bytes(6, "little")
    said += b"".join(number.to_bytes(5, "little") for number in (undoes, epoch) if number)
    said += b"".join(commitment(text, use, seed) for use, text in texts if text is not None)
    names = kind in (0, 3, 7, 10)
    said += b"".join(commitment(item, b"leadblock item", seed) if names
                     else int(item).to_bytes(5, "little") for item in items)
    return blake(before + said, b"leadblock row")


COLUMNS = ("workspace, id, number, kind, continues, campaign, key, at, undoes, epoch, reason, source,"
           " import, items")
SHARED_COLUMNS = COLUMNS.replace("workspace", "workspace_id").replace("number", "id")


def encoded(text):
    return None if text is None else text.encode()


def digests(workspaces, rows):
    """The seeds and digests that rows, with COLUMNS, should have: each with workspace and id."""
    ends = {no: begin(name.encode()) for no, name in workspaces}
    for (workspace, entry, number, kind, continues, campaign, key, at, undoes, epoch, reason, source,
         import_id, items) in rows:
        seed = os.urandom(16)
        ends[workspace] = row(ends[workspace], kind=kind, continues=bool(continues),
                              campaign=campaign, actor=key, number=number, at=at,
                              undoes=undoes or 0, epoch=epoch or 0, reason=encoded(reason),
                              source=encoded(source), import_id=encoded(import_id),
                              items=items.encode().split(b","), seed=seed)
        yield seed, ends[workspace], workspace, entry


def remake(database):
    """Gives all rows of a SQLite database seeds and digests: what writes into it beside the server
    breaks the chain."""
    made = digests(database.execute("SELECT no, id FROM workspace").fetchall(),
                   database.execute(f"SELECT {COLUMNS} FROM blocklist_log ORDER BY id").fetchall())
    database.executemany("UPDATE blocklist_log SET seal = ? WHERE workspace = ? AND id = ?",
                         ((digest + seed, workspace, entry) for seed, digest, workspace, entry in made))


def remake_shared(ask, change):
    """The same with PostgreSQL; `ask` and `change` run a statement."""
    def lines(columns, rest):
        return map(json.loads, ask(f"SELECT json_build_array({columns}) FROM {rest}").splitlines())

    ends = {}
    statements = []
    for seed, digest, workspace, entry in digests(
            lines("workspace_id, id", "workspace"),
            lines(SHARED_COLUMNS, "blocklist_log ORDER BY workspace_id, id")):
        ends[workspace] = digest
        statements.append(f"UPDATE blocklist_log SET seed = '\\x{seed.hex()}',"
                          f" digest = '\\x{digest.hex()}'"
                          f" WHERE workspace_id = {workspace} AND id = {entry}")
    statements += [f"UPDATE workspace SET head_digest = '\\x{digest.hex()}' WHERE workspace_id = {no}"
                   for no, digest in ends.items()]
    change("; ".join(statements))


if __name__ == "__main__":
    seed = bytes(range(16))
    first = begin(b"ws_k3j9x")
    block = row(first, kind=0, campaign=12, actor=5, number=7, at=1790000000123,
                epoch=0x12345678ab, reason=b"asked by mail", source=b"2001:db8::1",
                items=[b"ada-lovelace", "zo\u00eb".encode()], seed=seed)
    unblock = row(block, kind=1, continues=True, campaign=12, actor=0x80000001, number=9,
                  at=1790000000124, undoes=7, import_id=b"spring", items=[b"7", b"8"],
                  seed=b"\xf0" * 16)
    print("BEGIN", first.hex())
    print("ITEM", commitment(b"ada-lovelace", b"leadblock item", seed).hex())
    for length in (0, 7, 8, 63):
        text = bytes(range(length))
        print("ITEM of", length, commitment(text, b"leadblock item", seed).hex())
    # The first of the vectors that its authors give.
    assert siphash_128(seed, b"").hex() == "a3817f04ba25a8e66df67214c7550293"
    print("BLOCK", block.hex())
    print("UNBLOCK", unblock.hex())
