"""The digests of the blocklist log, made from what docs/storage.md says of them.

usage: chain.py

prints the vectors of tests/unit/test_chain.c.
"""
import hashlib
import json
import os
import struct


def blake(text, use, salt=b""):
    return hashlib.blake2b(text, digest_size=32, person=use.ljust(16, b"\0"), salt=salt).digest()


def begin(workspace):
    return blake(workspace, b"leadblock log")


def row(before, *, kind, continues=False, campaign, actor, number, at, undoes=0, epoch=0,
        reason=None, source=None, import_id=None, items, salt):
    texts = [(b"leadblock reason", reason), (b"leadblock source", source),
             (b"leadblock import", import_id)]
    flags = continues | sum(2 << i for i, (_, text) in enumerate(texts) if text is not None)
    said = struct.pack("<BBBBIIQqQQ", 1, kind, flags, len(items), campaign, actor, number, at,
                       undoes, epoch)
    said += b"".join(blake(text, use, salt) for use, text in texts if text is not None)
    names = kind in (0, 3, 5, 7, 8)
    said += b"".join(blake(item, b"leadblock item", salt) if names else struct.pack("<Q", int(item))
                     for item in items)
    return blake(before + said, b"leadblock row")


COLUMNS = ("workspace, id, number, kind, continues, campaign, key, at, undoes, epoch, reason, source,"
           " import, items")
SHARED_COLUMNS = COLUMNS.replace("workspace", "workspace_id").replace("number", "id")


def encoded(text):
    return None if text is None else text.encode()


def digests(workspaces, rows):
    """The salts and digests that rows, with COLUMNS, should have: each with workspace and id."""
    ends = {no: begin(name.encode()) for no, name in workspaces}
    for (workspace, entry, number, kind, continues, campaign, key, at, undoes, epoch, reason, source,
         import_id, items) in rows:
        salt = os.urandom(16)
        ends[workspace] = row(ends[workspace], kind=kind, continues=bool(continues),
                              campaign=campaign, actor=key, number=number, at=at,
                              undoes=undoes or 0, epoch=epoch or 0, reason=encoded(reason),
                              source=encoded(source), import_id=encoded(import_id),
                              items=items.encode().split(b","), salt=salt)
        yield salt, ends[workspace], workspace, entry


def remake(database):
    """Gives all rows of a SQLite database salts and digests: what writes into it beside the server
    breaks the chain."""
    made = digests(database.execute("SELECT no, id FROM workspace").fetchall(),
                   database.execute(f"SELECT {COLUMNS} FROM blocklist_log ORDER BY id").fetchall())
    database.executemany("UPDATE blocklist_log SET salt = ?, digest = ?"
                         " WHERE workspace = ? AND id = ?", made)


def remake_shared(ask, change):
    """The same with PostgreSQL; `ask` and `change` run a statement."""
    def lines(columns, rest):
        return map(json.loads, ask(f"SELECT json_build_array({columns}) FROM {rest}").splitlines())

    ends = {}
    statements = []
    for salt, digest, workspace, entry in digests(
            lines("workspace_id, id", "workspace"),
            lines(SHARED_COLUMNS, "blocklist_log ORDER BY workspace_id, id")):
        ends[workspace] = digest
        statements.append(f"UPDATE blocklist_log SET salt = '\\x{salt.hex()}',"
                          f" digest = '\\x{digest.hex()}'"
                          f" WHERE workspace_id = {workspace} AND id = {entry}")
    statements += [f"UPDATE workspace SET head_digest = '\\x{digest.hex()}' WHERE workspace_id = {no}"
                   for no, digest in ends.items()]
    change("; ".join(statements))


if __name__ == "__main__":
    salt = bytes(range(16))
    first = begin(b"ws_k3j9x")
    block = row(first, kind=0, campaign=12, actor=5, number=7, at=1790000000123,
                epoch=0x12345678ab, reason=b"asked by mail", source=b"2001:db8::1",
                items=[b"ada-lovelace", "zo\u00eb".encode()], salt=salt)
    unblock = row(block, kind=1, continues=True, campaign=12, actor=0x80000001, number=9,
                  at=1790000000124, undoes=7, import_id=b"spring", items=[b"7", b"8"],
                  salt=b"\xf0" * 16)
    print("BEGIN", first.hex())
    print("ITEM", blake(b"ada-lovelace", b"leadblock item", salt).hex())
    print("BLOCK", block.hex())
    print("UNBLOCK", unblock.hex())
