"""A small HTTP/1.1 client on a raw socket.

It shows exactly what came over the wire (status line, header lines in order, body bytes) and sends
exactly what it is told, also what no decent client would send: split, dripped, pipelined, chunked,
half-closed or malformed requests.
"""

import json as jsonlib
import os
import re
import select
import socket
import time
from collections import deque

DEFAULT_TIMEOUT = 30.0  # seconds; a loaded machine is no failure, a server that hangs is
UNSET = object()
REQUEST_LINE = re.compile(rb"([A-Z]+) (/[^ ]*) HTTP/1\.[01]\r\n")
BEGUN_LINE = re.compile(rb"[A-Z]+( (/[^ ]*( [HTP/1.]*\r?)?)?)?")
BODY_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

# Called with the method, the target and the response of each answer whose request is known. Answers are
# compared with the description of the API so (support/openapi.py).
observe = None


class ConnectionClosed(Exception):
    """The server closed the connection before a whole response was there."""


def strict_json(data):
    """Parses JSON; refuses what JSON does not allow (NaN) and doubled member names."""

    def refuse(constant):
        raise ValueError(f"not JSON: {constant}")

    def unique(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError(f"a member name occurs twice: {names}")
        return dict(pairs)

    return jsonlib.loads(data.decode("utf-8"), parse_constant=refuse, object_pairs_hook=unique)


class Response:
    def __init__(self, version, status, reason, headers, body, head):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers  # [(name, value)] as sent
        self.body = body  # bytes, without the transfer coding
        self.head = head  # the raw bytes of status line and headers

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} occurs {len(values)} times"
        return values[0] if values else None

    def json(self):
        return strict_json(self.body)

    @property
    def code(self):
        return self.json().get("code")

    @property
    def message(self):
        return self.json()["message"]

    @property
    def closes(self):
        connection = (self.header("connection") or "").lower()
        return "close" in connection or self.version == "HTTP/1.0" and "keep" not in connection

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:400]!r}>"


class File(bytes):
    """A body that is a file of people: sent as text/csv."""


def encode_body(body):
    """Bytes stay as they are, text becomes UTF-8, anything else JSON."""
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    return jsonlib.dumps(body, ensure_ascii=False).encode()


def chunked(*pieces):
    """The chunked coding of the pieces, one chunk each."""
    parts = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece]
    return b"".join(parts) + b"0\r\n\r\n"


def build(method, target, headers=(), body=None, host="127.0.0.1"):
    """The bytes of one request. Content-Length is added when there is a body and no framing yet."""
    body = encode_body(body)
    lines = [f"{method} {target} HTTP/1.1"]
    names = {name.lower() for name, _ in headers}
    if "host" not in names:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(body)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head + (body or b"")


class Connection:
    """To a port, or to a socket in the file system."""

    def __init__(self, port, host="127.0.0.1", timeout=DEFAULT_TIMEOUT):
        if isinstance(port, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            # The path may be longer than the 107 bytes of an address; a descriptor of its folder is not.
            folder = os.open(os.path.dirname(port), os.O_PATH | os.O_DIRECTORY)
            try:
                self.sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(port)}")
            finally:
                os.close(folder)
        else:
            self.sock = socket.create_connection((host, port), timeout=timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.is_control = isinstance(port, str)
        self.asked = deque()  # (method, target) of each request that was sent, as far as they can be read
        self.begun = b""  # of a request line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def _note(self, data):
        """Remembers which requests are in what is sent, if it begins with one: what is in a body is none."""
        data, self.begun = self.begun + data, b""
        place = 0
        while match := REQUEST_LINE.match(data, place):
            self.asked.append((match[1].decode(), match[2].decode("latin-1")))
            end = data.find(b"\r\n\r\n", place)
            length = BODY_LENGTH.search(data, place, end)
            if end < 0 or b"chunked" in data[place:end].lower():
                return
            place = min(end + 4 + (int(length[1]) if length else 0), len(data))
        if place == 0 and BEGUN_LINE.fullmatch(data):
            self.begun = data

    def send(self, data):
        self._note(data)
        self.sock.sendall(data)

    def send_split(self, data, size=1, pause=0.0):
        """Sends in pieces of `size` bytes, each its own packet."""
        self._note(data)
        for start in range(0, len(data), size):
            self.sock.sendall(data[start : start + size])
            if pause:
                time.sleep(pause)

    def drip(self, data, pause, limit):
        """Sends a byte every `pause` seconds until the server closes; returns the seconds that it
        took, or None when the server put up with it for `limit` seconds."""
        self._note(data)
        started = time.monotonic()
        for byte in data:
            if time.monotonic() - started > limit:
                return None
            try:
                self.sock.sendall(bytes([byte]))
            except OSError:
                return time.monotonic() - started
            ready, _, _ = select.select([self.sock], [], [], pause)
            if ready:
                try:
                    piece = self.sock.recv(65536)
                except OSError:
                    piece = b""
                if not piece:
                    return time.monotonic() - started
                self.buffer += piece
        return None

    def send_while_reading(self, data):
        """Sends as a real client does: stops as soon as an answer arrives or the peer is gone.
        Returns the number of bytes sent."""
        self._note(data)
        sent = 0
        self.sock.setblocking(False)
        try:
            while sent < len(data):
                readable, writable, _ = select.select([self.sock], [self.sock], [], DEFAULT_TIMEOUT)
                if readable or not writable:
                    break
                try:
                    sent += self.sock.send(data[sent : sent + 65536])
                except BlockingIOError:
                    continue
                except OSError:
                    break
        finally:
            self.sock.settimeout(DEFAULT_TIMEOUT)
        return sent

    def _fill(self):
        try:
            piece = self.sock.recv(1 << 18)
        except ConnectionError as error:
            raise ConnectionClosed(f"{error}; so far {self.buffer!r}") from error
        if not piece:
            raise ConnectionClosed(f"closed; so far {self.buffer!r}")
        self.buffer += piece

    def _take_until(self, mark):
        while mark not in self.buffer:
            self._fill()
        data, self.buffer = self.buffer.split(mark, 1)
        return data

    def _take(self, size):
        while len(self.buffer) < size:
            self._fill()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def _take_body(self, headers):
        fields = {}
        for name, value in headers:
            fields.setdefault(name.lower(), []).append(value)
        if "chunked" in [value.lower() for value in fields.get("transfer-encoding", [])]:
            body = b""
            while True:
                size = int(self._take_until(b"\r\n").split(b";")[0], 16)
                if size == 0:
                    while self._take_until(b"\r\n"):
                        pass
                    return body
                body += self._take(size)
                assert self._take(2) == b"\r\n"
        if "content-length" in fields:
            assert len(fields["content-length"]) == 1, headers
            return self._take(int(fields["content-length"][0]))
        return self.read_to_end()

    def read(self, method="GET", interim=False):
        """The next response; 100 Continue is skipped unless `interim`."""
        while True:
            head = self._take_until(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            version, status, *reason = lines[0].split(" ", 2)
            headers = []
            for line in lines[1:]:
                name, colon, value = line.partition(":")
                assert colon and name == name.strip(), f"a broken header line: {line!r}"
                headers.append((name, value.strip()))
            status = int(status)
            if status >= 200 or interim:
                break
        bodiless = method == "HEAD" or status in (204, 304) or status < 200
        body = b"" if bodiless else self._take_body(headers)
        response = Response(version, status, " ".join(reason), headers, body, head)
        asked = self.asked.popleft() if self.asked and status >= 200 else None
        if asked and observe and not self.is_control:
            observe(*asked, response)
        return response

    def read_to_end(self):
        """All bytes until the server closes. A reset counts as a close."""
        while True:
            try:
                self._fill()
            except ConnectionClosed:
                data, self.buffer = self.buffer, b""
                return data

    def is_closed(self, timeout=2.0):
        """True when the server closes within `timeout` without another byte."""
        if self.buffer:
            return False
        self.sock.settimeout(timeout)
        try:
            return self.sock.recv(1) == b""
        except ConnectionError:
            return True
        except socket.timeout:
            return False
        finally:
            self.sock.settimeout(DEFAULT_TIMEOUT)

    def is_silent(self, seconds):
        """True when nothing arrives and nothing is closed for so long."""
        ready, _, _ = select.select([self.sock], [], [], seconds)
        return not self.buffer and not ready

    def request(self, method, target, headers=(), body=None):
        self.send(build(method, target, headers, body))
        return self.read(method)


# What an import, or the undo of one, that could not go on says of how far it came, and one of which a row was bad.
BROKEN_OFF = {"importId", "added", "blocked", "unblocked", "already", "duplicates",
              "stayed", "stayedBecause"}
ROWS = {"rows", "headings", "people", "bad", "blank"}


def check_invariants(response):
    """What the contract promises of every response of the application."""
    request_id = response.header("x-request-id")
    assert request_id, f"no X-Request-Id: {response}"
    if response.status < 400:
        return
    assert (response.header("content-type") or "").startswith("application/json"), response
    if not response.body:  # HEAD
        return
    body = response.json()
    more = {"errors", "errorCount", "columns"}
    more |= (BROKEN_OFF if "importId" in body else set()) | (ROWS if "rows" in body else set())
    assert body.keys() - more == {"success", "code", "message"}, response
    assert ("errors" in body) == ("errorCount" in body), response
    assert body["success"] is False, response
    assert isinstance(body["code"], str) and isinstance(body["message"], str), response
    assert body["message"], response
    if response.status in (429, 503):
        assert int(response.header("retry-after")) >= 1, response
    if response.status == 405:
        assert response.header("allow"), response


class Api:
    """Calls the API with one key over one kept connection."""

    def __init__(self, port, key=None, base="/v1", headers=(), timeout=DEFAULT_TIMEOUT):
        self.port = port
        self.timeout = timeout
        self.key = key
        self.base = base
        self.extra = list(headers)
        self.connection = None

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def _ready(self):
        if self.connection:
            ready, _, _ = select.select([self.connection.sock], [], [], 0)
            if ready or self.connection.buffer:
                self.close()
        if not self.connection:
            self.connection = Connection(self.port, timeout=self.timeout)
        return self.connection

    def headers(self, body=None, headers=(), key=UNSET, content_type="application/json"):
        key = self.key if key is UNSET else key
        out = list(self.extra)
        if isinstance(body, File) and content_type == "application/json":
            content_type = "text/csv"
        if key is not None:
            out.append(("x-api-key", key))
        if body is not None and content_type is not None:
            out.append(("Content-Type", content_type))
        return out + list(headers)

    def call(self, method, path, body=None, headers=(), key=UNSET, content_type="application/json",
             base=UNSET):
        target = (self.base if base is UNSET else base) + path
        connection = self._ready()
        try:
            response = connection.request(
                method, target, self.headers(body, headers, key, content_type), body)
        except Exception:
            self.close()
            raise
        if response.closes:
            self.close()
        check_invariants(response)
        return response

    def get(self, path, **options):
        return self.call("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.call("POST", path, body, **options)

    def put(self, path, body=None, **options):
        return self.call("PUT", path, body, **options)

    def patch(self, path, body=None, **options):
        return self.call("PATCH", path, body, **options)

    def delete(self, path, body=None, **options):
        return self.call("DELETE", path, body, **options)
