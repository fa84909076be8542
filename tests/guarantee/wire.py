"""Many persistent connections in one process, and the workers that talk over them.

A worker is a generator. It sends with `channel.send(call)`, which never waits, and gets the answer
with `answer = yield channel`; `yield 0.01` sleeps. One thread drives all workers of a process, so
that nothing but the loop stands between an acknowledgement and the next request: what is claimed
right after it is sent some ten microseconds later.

A call is an object with `method`, `target`, `headers`, `body` (bytes or None), `event` (a dict that
becomes the history's record) and `digest(event, answer)`, which adds what was answered.
"""

import heapq
import select
import socket
import time

ANSWER_LIMIT = 30  # seconds; who has no answer by then has none


class Unanswered(Exception):
    """The server closed a connection with a request under way, or took too long."""


class Answer:
    """Status, head and body of a response; the event that the history keeps."""

    __slots__ = ("status", "head", "body", "event")

    def __init__(self, status, head, body, event):
        self.status = status
        self.head = head
        self.body = body
        self.event = event

    def header(self, name):
        mark = b"\r\n" + name.lower() + b":"
        start = self.head.lower().find(mark)
        if start < 0:
            return None
        return self.head[start + len(mark) :].split(b"\r\n", 1)[0].strip().decode("latin-1")


class Channel:
    """A connection with at most one request under way. `key`: of the API, or the lines of a head
    that say who asks."""

    def __init__(self, loop, port, key):
        self.loop = loop
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller = key if ":" in key else f"x-api-key: {key}\r\n"
        self.common = f"Host: 127.0.0.1\r\n{caller}"
        self.buffer = b""
        self.call = None
        self.answer = None
        self.waiter = None
        loop.add(self)

    def send(self, call):
        """Sends a request and returns the channel, so that a worker can yield it at once."""
        assert self.call is None and self.answer is None, "one request at a time"
        head = f"{call.method} {call.target} HTTP/1.1\r\n{self.common}{call.headers}"
        if call.body is None:
            data = (head + "\r\n").encode("latin-1")
        else:
            head += f"Content-Type: application/json\r\nContent-Length: {len(call.body)}\r\n\r\n"
            data = head.encode("latin-1") + call.body
        self.call = call
        call.event["sent"] = time.monotonic_ns()
        self.sock.sendall(data)
        return self

    def receive(self):
        """Reads what is there; True when the answer is complete."""
        piece = self.sock.recv(1 << 15)  # more would map and unmap memory each time
        received = time.monotonic_ns()
        if not piece:
            raise Unanswered(f"closed while waiting for {self.call and self.call.target}")
        self.buffer = self.buffer + piece if self.buffer else piece
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        answer = Answer(int(self.buffer[9:12]), self.buffer[: end + 2], None, self.call.event)
        length = int(answer.header(b"content-length"))
        if len(self.buffer) < end + 4 + length:
            return False
        answer.body = self.buffer[end + 4 :]
        assert len(answer.body) == length, "more than one answer"
        self.buffer = b""
        self._complete(answer, received)
        return True

    def _complete(self, answer, received):
        call, self.call = self.call, None
        answer.event["received"] = received
        answer.event["status"] = answer.status
        call.digest(answer.event, answer)
        self.loop.events.append(answer.event)
        self.answer = answer

    def abandon(self):
        """Records the request that will have no answer."""
        if self.call:
            self.call.event.update(received=None, status=0)
            self.loop.events.append(self.call.event)
            self.call = None


class Loop:
    """Drives the workers until all have ended. `events` is the history of this process."""

    def __init__(self):
        self.epoll = select.epoll()
        self.channels = {}
        self.timers = []
        self.running = 0
        self.sequence = 0
        self.events = []

    def add(self, channel):
        self.channels[channel.sock.fileno()] = channel
        self.epoll.register(channel.sock, select.EPOLLIN)

    def start(self, worker):
        self.running += 1
        self._advance(worker, None)

    def _advance(self, worker, value):
        """Lets a worker go on until it has to wait."""
        while True:
            try:
                wanted = worker.send(value)
            except StopIteration:
                self.running -= 1
                return
            if not isinstance(wanted, Channel):
                self.sequence += 1
                at = time.monotonic() + wanted
                heapq.heappush(self.timers, (at, self.sequence, worker))
                return
            if wanted.answer is None:
                wanted.waiter = worker
                return
            value, wanted.answer = wanted.answer, None

    def _answered(self, channel):
        worker, channel.waiter = channel.waiter, None
        if worker is not None:
            answer, channel.answer = channel.answer, None
            self._advance(worker, answer)

    def _ring(self):
        """Wakes those who have slept enough; returns how long the next one sleeps."""
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            self._advance(heapq.heappop(self.timers)[2], None)
        return min(1.0, max(0.0, self.timers[0][0] - now)) if self.timers else 1.0

    def _look_for_late(self):
        limit = time.monotonic_ns() - ANSWER_LIMIT * 10**9
        for channel in self.channels.values():
            if channel.call and channel.call.event["sent"] < limit:
                raise Unanswered(f"no answer in {ANSWER_LIMIT} s: {channel.call.target}")

    def run(self):
        looked = time.monotonic()
        try:
            while self.running:
                for number, _ in self.epoll.poll(self._ring()):
                    channel = self.channels[number]
                    if channel.receive():
                        self._answered(channel)
                if time.monotonic() - looked > 5:
                    self._look_for_late()
                    looked = time.monotonic()
        finally:
            for channel in self.channels.values():
                channel.abandon()
                channel.sock.close()
            self.epoll.close()
