"""What a stranger or a hostile tenant does to take the server from others, and what the others see of it.

Each abuse runs in a process of its own, so that its work is not that of the one who measures. The table in
docs/limits.md is made from these (bench/abuse.py); tests/http/test_bounds.py sees that the bounds hold."""

import fcntl
import gc
import json
import multiprocessing
import os
import socket
import statistics
import sys
import termios
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from .client import build

JSON = ("Content-Type", "application/json")
# Small values weigh most in memory for their bytes.
EXPLODING = b'{"name":"x","email":"a@example.com","password":"%s","leads":[' % (b"p" * 20)


def exploding(size, value=b"{},"):
    """A body of `size` bytes whose list holds as many values as fit."""
    count = (size - len(EXPLODING) - 3) // len(value)
    body = EXPLODING + value * count + b"0"
    return body.ljust(size - 2) + b"]}"


def names(count, size=60):
    """A body that blocks so many people who are blocked already or not, with names of this length."""
    stem = os.urandom(6).hex()
    leads = [{"publicIdentifier": f"{stem}-{n}".ljust(size, "x")} for n in range(count)]
    return json.dumps({"leads": leads}).encode()


def links(count, members, of=""):
    """A body that links so many new names with so many member ids, in turn. `of`: other member ids."""
    stem = os.urandom(6).hex()
    pairs = [{"memberId": f"ACoAA{of}{n % members:0{34 - len(of)}d}", "publicIdentifier": f"{stem}-{n}"}
             for n in range(count)]
    return json.dumps({"links": pairs}).encode()


# --- memory of the server ---

def status_kib(server, field):
    """Of /proc/PID/status."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise KeyError(field)


def forget_peak(server):
    with open(f"/proc/{server.process.pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def memory_mib(server, field="VmRSS"):
    return status_kib(server, field) / 1024


def thread_ms(server, name):
    """What the threads of this name have had of a processor: other programs do not change it. 0: the kernel does not
    count it."""
    total, found = 0, False
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # another thread, which has ended meanwhile
            if (task / "comm").read_text(encoding="ascii").strip() == name:
                found = True
                total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    assert found
    return total / 1e6


# --- those who attack ---

def open_many(port, count, source="127.0.0.1", window=None):
    """`window`: bytes that the kernel takes for a connection whose client reads nothing."""
    connections = []
    for _ in range(count):
        connection = socket.socket()
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.settimeout(20)
        connection.bind((source, 0))
        try:
            connection.connect(("127.0.0.1", port))
        except OSError:
            break
        connections.append(connection)
    return connections


def open_from_many(port, count, addresses):
    """So many connections of each address."""
    return [connection for n in range(addresses) for connection in open_many(port, count, f"127.0.1.{n + 1}")]


def send_some(connection, data):
    """Sends what the server takes; one that is refused goes on with nothing."""
    try:
        connection.sendall(data)
        return True
    except OSError:
        return False


def hold_bodies(port, count, request, keep=1, window=None):
    """Each connection sends all of a request but its last bytes, and waits."""
    held = open_many(port, count, window=window)
    for connection in held:
        connection.settimeout(2)
        send_some(connection, request[:-keep] if keep else request)
    return held


def unread_bytes(connections):
    """What they have sent and the server's side has not taken yet."""
    answer = bytearray(4)
    total = 0
    for connection in connections:
        fcntl.ioctl(connection, termios.TIOCOUTQ, answer)
        total += int.from_bytes(answer, sys.byteorder)
    return total


def flood_bodies(port, count, request):
    """Whole requests, whose answers are not read."""
    return hold_bodies(port, count, request, keep=0, window=4096)


def repeat(port, count, requests):
    """So many connections, each with one request after another, until it is stopped. `requests()`: the next one."""
    import selectors
    selector = selectors.DefaultSelector()

    def start():
        connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE,
                          [requests(), 0, b""])

    for _ in range(count):
        start()
    while True:
        for key, events in selector.select(1):
            state, connection = key.data, key.fileobj
            try:
                if events & selectors.EVENT_WRITE and state[1] < len(state[0]):
                    state[1] += connection.send(memoryview(state[0])[state[1]:state[1] + (1 << 18)])
                    if state[1] == len(state[0]):
                        selector.modify(connection, selectors.EVENT_READ, state)
                if events & selectors.EVENT_READ:
                    data = connection.recv(1 << 18)
                    if not data:
                        raise ConnectionError
                    state[2] += data
                    head, blank, rest = state[2].partition(b"\r\n\r\n")
                    length = head.lower().partition(b"content-length: ")[2].split(b"\r")[0]
                    if blank and len(rest) >= int(length or 0):
                        state[0], state[1], state[2] = requests(), 0, b""
                        selector.modify(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, state)
            except BlockingIOError:
                pass
            except OSError:
                selector.unregister(connection)
                connection.close()
                start()


@contextmanager
def under(attack, *arguments):
    """Runs the attack in a process; the block begins when it has begun, or when all of its requests are out."""
    ready, told = multiprocessing.Pipe(False)

    def run():
        gc.disable()  # what would be collected here, such as the servers of a test that failed, is our parent's to end
        os.nice(0)
        if attack is repeat:
            told.send(True)
            repeat(*arguments)
        held = attack(*arguments)
        told.send(True)
        while held:
            time.sleep(60)

    context = multiprocessing.get_context("fork")
    process = context.Process(target=run, daemon=True)
    process.start()
    assert ready.poll(120), "the attack did not begin"
    try:
        yield
    finally:
        process.kill()
        process.join()


# --- those who are served beside them ---

def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def latencies(tenant, seconds, method="GET", target=None, body=None, pause=0.004):
    """Milliseconds of one request after another on a kept connection; `body`: made anew for each by a call."""
    times = []
    with tenant.server.connect(timeout=60) as connection:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            headers = [("x-api-key", tenant.key)]
            if body:
                headers.append(JSON)
            request = build(method, target, headers, body() if body else None)
            began = time.monotonic()
            connection.send(request)
            response = connection.read(method)
            times.append((time.monotonic() - began) * 1000)
            assert response.status == 200, response
            time.sleep(pause)
    return times


def describe(times):
    return {"p50": statistics.median(times), "p95": percentile(times, 0.95), "p99": percentile(times, 0.99),
            "max": max(times), "count": len(times)}


def check_times(tenant, seconds):
    """Of the question that senders ask: is this person blocked in this campaign?"""
    campaign = tenant.campaign()
    return latencies(tenant, seconds, "GET", f"/v1/campaigns/{campaign}/blocked-leads/someone")


def one_person():
    return {"leads": [{"publicIdentifier": f"single-{os.getpid()}-{time.time_ns()}-{os.urandom(4).hex()}"}]}


def block_times(tenant, seconds):
    return latencies(tenant, seconds, "POST", "/v1/blocked-leads", one_person)


def due_block_times(tenant, seconds, rate=50):
    """Of single blocks that come evenly, from the time at which each was due: one that waits long makes those after it
    late, too."""
    times = []
    with tenant.server.connect(timeout=60) as connection:
        begin = time.monotonic()
        for number in range(int(seconds * rate)):
            due = begin + number / rate
            time.sleep(max(0, due - time.monotonic()))
            connection.send(build("POST", "/v1/blocked-leads", [("x-api-key", tenant.key), JSON], one_person()))
            assert connection.read("POST").status == 200
            times.append((time.monotonic() - due) * 1000)
    return times
