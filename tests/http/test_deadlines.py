"""Clients that are too slow: each phase of a request has a deadline of its own."""

import threading
import time

import pytest

from support import expect
from support.client import build
from support.server import Server, unique

HEADER, BODY, IDLE = 1, 2, 2  # seconds
SLACK = 1.5  # until a deadline is noticed


@pytest.fixture(scope="module")
def slow():
    with Server("--header-timeout", HEADER, "--body-timeout", BODY, "--idle-timeout",
                IDLE) as server:
        server.one = server.tenant()
        server.path = f"/v1/campaigns/{server.one.campaign()}/blocked-leads"
        server.headers = [("x-api-key", server.one.key), ("Content-Type", "application/json")]
        yield server


def request(server, name):
    return build("POST", server.path, server.headers, {"publicIdentifiers": [name]})


def is_blocked(server, name):
    return expect.ok(server.one.api.get(f"{server.path[3:]}/{name}"))["blocked"]


class Checker:
    """Checks all the time on another connection; keeps the longest wait."""

    def __init__(self, server):
        self.api = server.api(server.one.key)
        self.path = server.path[3:] + "/someone"
        self.longest = 0.0
        self.count = 0
        self.failures = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                response = self.api.get(self.path)
            except Exception as error:  # noqa: BLE001: shown by the test
                self.failures.append(error)
                return
            if response.status != 200:
                self.failures.append(response)
            self.longest = max(self.longest, time.monotonic() - started)
            self.count += 1
            time.sleep(0.005)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.api.close()


def test_a_client_that_drips_headers_is_cut_off_while_checks_go_on(slow):
    data = request(slow, "never")
    with Checker(slow) as checker, slow.connect() as connection:
        took = connection.drip(data, pause=0.1, limit=HEADER + SLACK + 1)
    assert took is not None and HEADER * 0.8 <= took <= HEADER + SLACK, took
    assert not checker.failures and checker.count > 20
    assert checker.longest < 0.5
    assert not is_blocked(slow, "never")


def test_a_client_that_drips_a_body_is_cut_off_and_nothing_is_recorded(slow):
    name = unique("drip")
    data = request(slow, name)
    cut = data.index(b"\r\n\r\n") + 4
    with Checker(slow) as checker, slow.connect() as connection:
        connection.send(data[:cut])
        took = connection.drip(data[cut:] , pause=0.1, limit=BODY + SLACK + 1)
    assert took is not None and BODY * 0.8 <= took <= BODY + SLACK, took
    assert not checker.failures and checker.longest < 0.5
    assert not is_blocked(slow, name)


def test_a_client_that_drips_chunks_is_cut_off(slow):
    name = unique("drip")
    head = build("POST", slow.path, slow.headers + [("Transfer-Encoding", "chunked")])
    with slow.connect() as connection:
        connection.send(head)
        took = connection.drip(b"1\r\n \r\n" * 100, pause=0.05, limit=BODY + SLACK + 1)
    assert took is not None and took <= BODY + SLACK, took


def test_the_header_deadline_starts_anew_for_every_request_of_a_connection(slow):
    with slow.connect() as connection:
        for _ in range(4):
            connection.send(request(slow, unique()))
            assert connection.read().status == 200
            time.sleep(HEADER * 0.6)  # idle, not dripping
        took = connection.drip(request(slow, "never"), pause=0.1, limit=HEADER + SLACK + 1)
    assert took is not None and took <= HEADER + SLACK, took


def test_a_slow_but_timely_client_is_served(slow):
    name = unique("slow")
    data = request(slow, name)
    cut = data.index(b"\r\n\r\n") + 4
    with slow.connect() as connection:
        connection.send(data[: cut // 2])
        time.sleep(HEADER * 0.5)
        connection.send(data[cut // 2 : cut + 5])
        time.sleep(BODY * 0.5)
        connection.send(data[cut + 5 :])
        assert connection.read().status == 200
    assert is_blocked(slow, name)


def test_a_silent_client_is_cut_off(slow):
    """It has sent half of its headers and then nothing."""
    with slow.connect() as connection:
        connection.send(b"GET /v1/blocked-leads HTTP/1.1\r\n")
        started = time.monotonic()
        connection.sock.settimeout(HEADER + SLACK)
        connection.read_to_end()
        assert time.monotonic() - started <= HEADER + SLACK


def test_an_idle_connection_is_closed_after_a_while_but_not_before(slow):
    with slow.connect() as fresh, slow.connect() as used:
        used.send(request(slow, unique()))
        assert used.read().status == 200
        time.sleep(IDLE * 0.6)
        used.send(request(slow, unique()))
        assert used.read().status == 200
        assert used.is_closed(IDLE + SLACK)
        assert fresh.is_closed(IDLE + SLACK)


def test_two_hundred_dripping_clients_hold_nobody_up(slow):
    data = request(slow, "never")
    connections = [slow.connect() for _ in range(200)]
    try:
        with Checker(slow) as checker:
            limit = time.monotonic() + HEADER + SLACK + 1
            sent = 0
            alive = list(connections)
            while alive and time.monotonic() < limit:
                for connection in list(alive):
                    try:
                        connection.sock.send(data[sent : sent + 1])
                    except OSError:
                        alive.remove(connection)
                sent += 1
                time.sleep(0.05)
        assert not alive, f"{len(alive)} of 200 still connected"
        assert not checker.failures and checker.count > 20
        assert checker.longest < 0.5
    finally:
        for connection in connections:
            connection.close()


def test_a_client_that_does_not_read_holds_nobody_up(slow):
    """It asks for much and takes nothing."""
    names = [f"{number:05}-{'x' * 80}" for number in range(10_000)]
    data = build("POST", slow.path + "/check", slow.headers, {"publicIdentifiers": names})
    with Checker(slow) as checker:
        connections = [slow.connect() for _ in range(5)]
        for connection in connections:
            connection.send(data)
        time.sleep(1.0)
        for connection in connections:
            connection.close()
    assert not checker.failures and checker.longest < 0.5
