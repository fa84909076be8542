"""Prints the vectors of tests/unit/test_chain.c, made from what docs/storage.md says of digests.

usage: chain.py
"""
import hashlib
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
