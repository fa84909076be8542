"""A DNS server of the tests' own, whose answers change, and which the servers that a test starts
then ask: /etc/resolv.conf is another file in a mount namespace that this process gets for itself."""

import ipaddress
import os
import socket
import struct
import tempfile
import threading
from pathlib import Path

import pytest

from . import small_disk

ADDRESS = "127.0.0.153"
A, AAAA = 1, 28
MS_BIND = 4096


def _question(packet):
    """The name and type that are asked for, and where the question ends."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    kind, _ = struct.unpack("!HH", packet[at + 1:at + 5])
    return ".".join(labels).lower(), kind, at + 5


class Names:
    """Skips the test where it cannot be. `answers`: {name: [address...]}, or a function of how often the
    name was asked for, that returns them; a name that is missing does not exist. `silent`: names of which nothing is answered."""

    def __init__(self):
        self.answers = {}
        self.asked = {}
        self.silent = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.file = Path(tempfile.mkstemp(prefix="leadblock-resolv-")[1])
        self.file.write_text(f"nameserver {ADDRESS}\noptions timeout:10 attempts:1\n", encoding="ascii")
        os.chmod(self.file, 0o644)
        try:
            self.socket.bind((ADDRESS, 53))
            small_disk._enter_namespace()
            small_disk._mount(str(self.file).encode(), "/etc/resolv.conf", None, MS_BIND, None)
        except OSError as error:
            self.file.unlink()
            self.socket.close()
            pytest.skip(f"no DNS server of the tests' own: {error}")
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        small_disk._libc.umount2(b"/etc/resolv.conf", 2)
        self.socket.close()
        self.file.unlink()

    def _addresses(self, name, kind):
        found = self.answers.get(name)
        if callable(found):
            if kind == A:
                self.asked[name] = self.asked.get(name, 0) + 1
            found = found(self.asked.get(name, 1))
        if found is None:
            return None
        wanted = 4 if kind == A else 6 if kind == AAAA else 0
        return [ipaddress.ip_address(each).packed for each in found
                if ipaddress.ip_address(each).version == wanted]

    def _serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            name, kind, end = _question(packet)
            if name in self.silent:
                continue
            found = self._addresses(name, kind)
            code = 3 if found is None else 0
            head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found or []), 0, 0)
            records = b"".join(struct.pack("!HHHIH", 0xc00c, kind, 1, 0, len(each)) + each
                               for each in found or [])
            self.socket.sendto(head + packet[12:end] + records, peer)
