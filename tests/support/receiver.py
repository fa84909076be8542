"""A receiver of deliveries, on a real socket, that behaves as a test wants; and a DNS server whose
answers change."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from dataclasses import dataclass


@dataclass
class Delivery:
    path: str
    headers: dict
    body: bytes
    at: float

    @property
    def id(self):
        return self.headers["webhook-id"]

    def json(self):
        return json.loads(self.body)

    def names(self):
        return [lead["publicIdentifier"] for lead in self.json()["data"]["leads"]]

    def signatures(self):
        return self.headers["webhook-signature"].split(" ")

    def is_signed_by(self, secret):
        """As Standard Webhooks have it, without anything of ours."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = b".".join([self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body])
        made = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return "v1," + made in self.signatures()


def ok(receiver, connection, delivery):
    answer(connection, 200)


def answer(connection, status, *headers, body=b""):
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *headers, "", ""]
    connection.sendall("\r\n".join(lines).encode() + body)


def status(code, *headers):
    return lambda receiver, connection, delivery: answer(connection, code, *headers)


def hang(receiver, connection, delivery):
    receiver.closing.wait(30)


def close(receiver, connection, delivery):
    connection.close()


def slow(seconds):
    def answers(receiver, connection, delivery):
        time.sleep(seconds)
        answer(connection, 200)
    return answers


class Receiver:
    """Keeps what it got, and answers as `behave` does. A delivery counts as got when its body is
    whole, whatever the answer; `done` are those that were answered 2xx. Without `keep` it only counts
    them: both lists have None for each. `tls`: the context of a server (support/certificates.py)."""

    def __init__(self, behave=ok, host="127.0.0.1", port=0, keep=True, tls=None):
        self.behave = behave
        self.tls = tls
        self.keep = keep
        self.got, self.done = [], []
        self.connections = 0
        self.serving = 0  # connections that are open
        self.closing = threading.Event()
        self.lock = threading.Condition()
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, port))
        self.socket.listen(256)
        self.host, self.port = host, self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.closing.set()
        self.socket.close()

    def url(self, path="/hook"):
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}{path}"

    def _accept(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with self.lock:
                self.serving += 1
            threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()

    def _serve_one(self, connection):
        try:
            self._serve(connection)
        finally:
            with self.lock:
                self.serving -= 1
                self.lock.notify_all()

    def left(self, timeout=20):
        """Waits until no connection is open, as after the end of the only server that sends."""
        with self.lock:
            return self.lock.wait_for(lambda: self.serving == 0, timeout)

    def _serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        rest = b""
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            while not self.closing.is_set():
                delivery, rest = self._read(connection, rest)
                if delivery is None:
                    return
                with self.lock:
                    behave = self.behave  # a test that has seen what it got may want another one for the next
                    self.got.append(delivery if self.keep else None)
                    self.lock.notify_all()
                behave(self, connection, delivery)
                with self.lock:
                    self.done.append(delivery if self.keep else None)
                    self.lock.notify_all()
        except OSError:
            pass
        finally:
            connection.close()

    def _read(self, connection, rest):
        while b"\r\n\r\n" not in rest:
            more = connection.recv(65536)
            if not more:
                return None, b""
            rest += more
        head, rest = rest.split(b"\r\n\r\n", 1)
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip()
                   for name, value in (line.split(":", 1) for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(rest) < length:
            more = connection.recv(1 << 20)
            if not more:
                return None, b""
            rest += more
        return Delivery(lines[0].split(" ")[1], headers, rest[:length], time.monotonic()), rest[length:]

    def wait(self, count, timeout=20, what="got"):
        """The first `count` that it got, or was done with."""
        with self.lock:
            there = self.lock.wait_for(lambda: len(getattr(self, what)) >= count, timeout)
            found = list(getattr(self, what))
        assert there, f"{len(found)} of {count} deliveries came: {[each.id for each in found][:20]}"
        return found

    def rest(self, seconds=0.3):
        """What it has got when nothing has come for a while."""
        count = -1
        while count != len(self.got):
            count = len(self.got)
            time.sleep(seconds)
        return list(self.got)
