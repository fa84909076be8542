"""Stands between a node and PostgreSQL and does what networks do: delays, swallows, cuts. And what an
engine does that moves rows from server to server: the lock of a workspace can be made to lock nothing,
and the rows of some workspaces can be away, as when one of several servers is.

Each connection has two threads, one for each direction. They understand as much of PostgreSQL's
protocol (version 3) as it takes to see a COMMIT pass by, as a simple query or as a prepared
statement: https://www.postgresql.org/docs/15/protocol-message-formats.html
"""

import math
import re
import socket
import struct
import threading
import time
from urllib.parse import urlsplit

PIECE = 1 << 16
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104  # answered by a single byte
COMMITS = {b"COMMIT", b"END"}
LOCK = re.compile(rb"UPDATE leadblock\.workspace SET access_version = access_version"
                  rb"(?P<where> WHERE workspace_id = \$1) RETURNING (?P<columns>.*)")
NUMBERS = re.compile(rb"\{[0-9,]*\}")
COLUMNS = re.compile(rb"INSERT INTO leadblock\.[a-z_]+ \((?P<columns>[^)]*)\)")
TABLES = re.compile(rb"(FROM|JOIN|INTO|UPDATE) leadblock\.(?!schema_version|copy_progress|workspace_no)")
ALL = "all"  # workspaces, as what a statement is about
BEFORE, AFTER, HOLE = "before", "after", "hole"


def is_commit(query):
    return any(part.strip().upper() in COMMITS for part in query.split(b";"))


def texts(body, count):
    """The first strings of a message's body."""
    return body.split(b"\0", count)[:count]


def about(query):
    """Which parameter of a statement has the workspace; ALL: it is about many; a list: those."""
    if not TABLES.search(query):
        return []
    if b"workspace_id = $1" in query or b"workspace_id = ANY ($1)" in query:
        return 0
    if b"workspace_id = 0" in query:
        return [0]
    inserts = COLUMNS.match(query)
    if inserts:
        columns = [column.strip() for column in inserts["columns"].split(b",")]
        return columns.index(b"workspace_id") if b"workspace_id" in columns else []
    return ALL


def parameters(body):
    """The values of a Bind message."""
    _, _, rest = body.split(b"\0", 2)
    formats = struct.unpack_from("!H", rest)[0]
    at = 2 + 2 * formats
    count = struct.unpack_from("!H", rest, at)[0]
    at += 2
    for _ in range(count):
        length = struct.unpack_from("!i", rest, at)[0]
        at += 4
        yield rest[at : at + max(length, 0)]
        at += max(length, 0)


def workspaces_of(value):
    """Of a parameter: a bigint, or an array of them as text."""
    if NUMBERS.fullmatch(value.rstrip(b"\0")):
        return {int(number) for number in value.rstrip(b"\0")[1:-1].split(b",") if number}
    return {struct.unpack("!q", value)[0]} if len(value) == 8 else set()


class Frontend:
    """Cuts what a client sends into messages and knows which of them make a COMMIT happen."""

    def __init__(self):
        self.buffer = b""
        self.started = False
        self.statements = {}  # name -> is it a COMMIT?
        self.about = {}  # name -> see above
        self.queries = {}  # name -> its text
        self.portals = {}
        self.asked = 0  # for encryption; see SSL_REQUEST

    def feed(self, data):
        """The messages that are complete now: [(bytes, is it a COMMIT?)]."""
        self.buffer += data
        messages = []
        while message := self._take():
            messages.append((message, self._started_commit(message)))
        return messages

    def _take(self):
        start = 1 if self.started else 0  # the first messages have no type
        if len(self.buffer) < start + 4:
            return None
        end = start + struct.unpack_from("!I", self.buffer, start)[0]
        if len(self.buffer) < end:
            return None
        message, self.buffer = self.buffer[:end], self.buffer[end:]
        return message

    def without_lock(self, message):
        """The statement that locks a workspace reads it instead; all else as it is."""
        if message[:1] != b"P":
            return message
        name, query = texts(message[5:], 2)
        found = LOCK.fullmatch(query)
        if not found:
            return message
        rest = message[5 + len(name) + len(query) + 2:]
        read = b"SELECT %s FROM leadblock.workspace%s" % (found["columns"], found["where"])
        body = name + b"\0" + read + b"\0" + rest
        return b"P" + struct.pack("!I", 4 + len(body)) + body

    def is_away(self, message, away):
        """Does a statement want rows of a workspace that is away?"""
        if message[:1] != b"B":
            return False
        wanted = self.about.get(texts(message[5:], 2)[1], [])
        if wanted == ALL:
            return True
        if isinstance(wanted, list):
            return bool(away.intersection(wanted))
        values = list(parameters(message[5:]))
        return bool(away & workspaces_of(values[wanted]))

    def binds(self, message, text):
        """Is a statement to be executed that has this in its text?"""
        return message[:1] == b"B" and text in self.queries.get(texts(message[5:], 2)[1], b"")

    def without_statement(self, message):
        """The server answers that it does not know it, and goes on as after any error."""
        portal, statement = texts(message[5:], 2)
        rest = message[5 + len(portal) + len(statement) + 2 :]
        body = portal + b"\0away\0" + rest
        return b"B" + struct.pack("!I", 4 + len(body)) + body

    def _started_commit(self, message):
        if not self.started:
            if struct.unpack_from("!I", message, 4)[0] in (SSL_REQUEST, GSS_REQUEST):
                self.asked += 1
            else:
                self.started = True
            return False
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            return is_commit(texts(body, 1)[0])
        if kind == b"P":
            name, query = texts(body, 2)
            self.statements[name] = is_commit(query)
            self.about[name] = about(query)
            self.queries[name] = query
        elif kind == b"B":
            portal, statement = texts(body, 2)
            self.portals[portal] = self.statements.get(statement, False)
        elif kind == b"E":
            return self.portals.get(texts(body, 1)[0], False)
        return False


class Backend:
    """Cuts what the server sends into messages and knows which of them say that it committed."""

    def __init__(self, frontend):
        self.frontend = frontend
        self.buffer = b""

    def feed(self, data):
        """The messages that are complete now: [(bytes, does it acknowledge a COMMIT?)]."""
        self.buffer += data
        messages = []
        while self.frontend.asked and self.buffer[:1] in (b"N", b"S", b"G"):
            messages.append((self.buffer[:1], False))
            self.buffer = self.buffer[1:]
            self.frontend.asked -= 1
        while len(self.buffer) >= 5:
            end = 1 + struct.unpack_from("!I", self.buffer, 1)[0]
            if len(self.buffer) < end:
                break
            message, self.buffer = self.buffer[:end], self.buffer[end:]
            messages.append((message, message[:1] == b"C" and message[5:] == b"COMMIT\0"))
        return messages


class Cut:
    """One connection that is going to be cut at a COMMIT: BEFORE it is forwarded, or AFTER the
    server has committed and before its answer is forwarded. At a HOLE all falls silent before
    anything is forwarded that came with it: the server keeps what the transaction has locked."""

    def __init__(self, when):
        self.when = when
        self.happened = threading.Event()


class Link:
    """A connection of a client, and the one to the server that belongs to it."""

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.client = client
        self.server = server
        self.frontend = Frontend()
        self.backend = Backend(self.frontend)
        self.cut_after = None  # the Cut that waits for the server's answer

    def start(self):
        for pump in (self.to_server, self.to_client):
            threading.Thread(target=self.run, args=(pump,), daemon=True).start()

    def run(self, pump):
        try:
            pump()
        except OSError:
            pass
        finally:
            self.close()

    def close(self):
        for sock in (self.client, self.server):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
        self.proxy.forget(self)

    def to_server(self):
        while data := self.client.recv(PIECE):
            self.proxy.hold(self.proxy.delay_to_server)
            messages = self.frontend.feed(data)
            commits = any(commit for _, commit in messages)
            cut = self.proxy.take_cut() if commits else None
            if cut and cut.when == HOLE:
                self.proxy.black_hole()
                cut.happened.set()
                self.proxy.hold(0)
            for message, commit in messages:
                if cut and commit and cut.when == BEFORE:
                    cut.happened.set()
                    self.close()
                    return
                if cut and cut.when == AFTER:
                    self.cut_after = cut
                if self.proxy.locks_nothing and self.frontend.started:
                    message = self.without_lock(message)
                self.proxy.see(self.frontend, message)
                message = self.proxy.asked(message)
                if self.proxy.away and self.frontend.is_away(message, self.proxy.away):
                    self.proxy.missed += 1
                    self.proxy.missed_locks += self.frontend.binds(message, b"SET access_version")
                    if self.proxy.silent:
                        self.fall_silent()
                        return
                    message = self.frontend.without_statement(message)
                self.server.sendall(message)

    def without_lock(self, message):
        changed = self.frontend.without_lock(message)
        self.proxy.unlocked += changed != message
        return changed

    def fall_silent(self):
        """Until the client has had enough."""
        while self.client.recv(PIECE):
            pass

    def to_client(self):
        while data := self.server.recv(PIECE):
            self.proxy.hold(self.proxy.delay_to_client + len(data) / self.proxy.bytes_per_second)
            for message, committed in self.backend.feed(data):
                if committed and self.cut_after:
                    self.cut_after.happened.set()
                    self.close()
                    return
                self.client.sendall(self.proxy.answered(message))


class Proxy:
    """Listens on a port of its own. What it is told to do holds for all its connections."""

    def __init__(self, host, port):
        self.target = host, port
        self.delay_to_server = self.delay_to_client = 0.0  # seconds, for each piece
        self.bytes_per_second = math.inf  # to clients
        self.refuses = False  # new connections are closed at once
        self.locks_nothing = False  # of connections that have not prepared their statements yet
        self.unlocked = 0  # statements that were changed so
        self.away = set()  # numbers of workspaces whose rows cannot be reached
        self.silent = False  # these get no answer, instead of an error
        self.missed = 0  # statements that wanted them
        self.missed_locks = 0  # of them, those of a writer
        self.turn = None  # when others go away: see goes_away
        self.flowing = threading.Event()
        self.flowing.set()
        self.lock = threading.Lock()
        self.links = set()
        self.cut = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @classmethod
    def to(cls, uri):
        """To the server that the URI names."""
        parts = urlsplit(uri)
        return cls(parts.hostname, parts.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def uri(self, uri):
        """The same database, by way of this proxy."""
        parts = urlsplit(uri)
        return parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}").geturl()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                self.connect(client)
            except OSError:
                client.close()

    def connect(self, client):
        if self.refuses:
            client.close()
            return
        server = socket.create_connection(self.target, timeout=10)
        server.settimeout(None)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(self, client, server)
        with self.lock:
            self.links.add(link)
        link.start()

    def forget(self, link):
        with self.lock:
            self.links.discard(link)

    def hold(self, delay):
        """What each piece waits for."""
        if delay:
            time.sleep(delay)
        self.flowing.wait()

    def delay(self, to_server=0.0, to_client=0.0):
        self.delay_to_server, self.delay_to_client = to_server, to_client

    def goes_away(self, text, workspaces):
        """At the next statement that has this in its text the workspaces are away."""
        self.turn = text, workspaces

    def see(self, frontend, message):
        if self.turn and frontend.binds(message, self.turn[0]):
            self.away, self.turn = self.turn[1], None

    def asked(self, message):
        """What is forwarded in place of a message of a client's."""
        return message

    def answered(self, message):
        """The same for one of the server's."""
        return message

    def black_hole(self):
        """Nothing is forwarded any more, and nothing is closed."""
        self.flowing.clear()

    def flow(self):
        """Ends a black hole; what it held is forwarded."""
        self.flowing.set()

    def cut_all(self):
        """Closes all connections."""
        with self.lock:
            links = list(self.links)
        for link in links:
            link.close()

    def cut_at_commit(self, when):
        """Cuts the connection of the next COMMIT, as `when` says; returns the Cut."""
        with self.lock:
            self.cut = Cut(when)
            return self.cut

    def take_cut(self):
        with self.lock:
            cut, self.cut = self.cut, None
            return cut

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.flow()
        self.cut_all()
