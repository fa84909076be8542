"""HTTP as it comes over the wire: framing, smuggling, pipelining, interim responses, hang-ups."""

import json
import socket
import struct
import threading
import time

import pytest

from support import expect
from support.client import (Connection, ConnectionClosed, build, check_invariants, chunked)
from support.server import fresh_address, unique

MIB = 1024 * 1024
AT_ONCE = 8.0  # seconds on a busy machine, and less than any time-out of the server


class Wire:
    """One campaign and the headers to write to it."""

    def __init__(self, server, tenant):
        self.server = server
        self.tenant = tenant
        self.api = tenant.api
        self.campaign = tenant.campaign()
        self.path = f"/v1/campaigns/{self.campaign}/blocked-leads"
        self.headers = [("x-api-key", tenant.key), ("Content-Type", "application/json")]

    def connect(self):
        return self.server.connect()

    @staticmethod
    def body(*names):
        return json.dumps({"publicIdentifiers": names}).encode()

    def block(self, *names, headers=()):
        return build("POST", self.path, self.headers + list(headers), self.body(*names))

    def check(self, name):
        return build("GET", f"{self.path}/{name}", self.headers)

    def is_blocked(self, name):
        response = self.api.get(f"/campaigns/{self.campaign}/blocked-leads/{name}")
        return expect.ok(response)["blocked"]


@pytest.fixture(scope="module")
def wire(server):
    return Wire(server, server.tenant())


def smuggle(wire, head, body):
    """Sends a request with odd framing whose body hides a second request (a block).

    Returns the responses that came before the server closed."""
    name = unique("smuggled")
    hidden = wire.block(name)
    key = dict(wire.headers)["x-api-key"]
    data = head.replace(b"KEY", key.encode()).replace(b"PATH", wire.path.encode())
    data += body.replace(b"HIDDEN", hidden).replace(b"SIZE", b"%x" % len(hidden))
    data = data.replace(b"LENGTH", b"%d" % len(hidden))
    with wire.connect() as connection:
        connection.send(data)
        responses = []
        try:
            while True:
                responses.append(connection.read("POST"))
        except ConnectionClosed:
            pass
        except socket.timeout:
            raise AssertionError(f"the connection stays open after {responses}")
    return name, responses


START = b"POST PATH HTTP/1.1\r\nHost: x\r\nx-api-key: KEY\r\nContent-Type: application/json\r\n"
GET = b"GET PATH HTTP/1.1\r\nHost: x\r\nx-api-key: KEY\r\n"

GUARDED = {
    "length and chunked": (
        START + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "chunked and length": (
        START + b"Transfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n\r\n",
        b"0\r\n\r\nHIDDEN"),
    "two different lengths": (
        START + b"Content-Length: 0\r\nContent-Length: LENGTH\r\n\r\n", b"HIDDEN"),
    "two different lengths, the other way": (
        START + b"Content-Length: LENGTH\r\nContent-Length: 0\r\n\r\n", b"HIDDEN"),
    "two equal lengths": (
        START + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n", b"{}HIDDEN"),
    "lengths in one list": (START + b"Content-Length: 0, LENGTH\r\n\r\n", b"HIDDEN"),
    "two hosts": (
        b"GET PATH HTTP/1.1\r\nHost: a\r\nHost: b\r\nx-api-key: KEY\r\n\r\n", b"HIDDEN"),
    "two equal hosts": (
        b"GET PATH HTTP/1.1\r\nHost: a\r\nHost: a\r\nx-api-key: KEY\r\n\r\n", b"HIDDEN"),
    "no host": (b"GET PATH HTTP/1.1\r\nx-api-key: KEY\r\n\r\n", b"HIDDEN"),
    "space before the colon": (START + b"Content-Length : LENGTH\r\n\r\n", b"HIDDEN"),
    "tab before the colon": (START + b"Transfer-Encoding\t: chunked\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "space before the colon of any header": (GET + b"X-Any : thing\r\n\r\n", b"HIDDEN"),
    "unknown coding": (START + b"Transfer-Encoding: gzip\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "unknown coding, then chunked": (
        START + b"Transfer-Encoding: gzip, chunked\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "chunked, then unknown": (
        START + b"Transfer-Encoding: chunked, identity\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "chunked twice": (
        START + b"Transfer-Encoding: chunked, chunked\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "two codings": (
        START + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\n\r\nHIDDEN"),
    "almost chunked": (START + b"Transfer-Encoding: xchunked\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "quoted chunked": (START + b'Transfer-Encoding: "chunked"\r\n\r\n', b"0\r\n\r\nHIDDEN"),
    "chunked with a parameter": (
        START + b"Transfer-Encoding: chunked;x=1\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "empty coding": (START + b"Transfer-Encoding:\r\n\r\n", b"0\r\n\r\nHIDDEN"),
    "identity with a length": (
        START + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n", b"{}HIDDEN"),
}


@pytest.mark.parametrize("head, body", GUARDED.values(), ids=GUARDED)
def test_ambiguous_framing_is_400_and_closes_and_nothing_behind_it_runs(wire, head, body):
    name, responses = smuggle(wire, head, body)
    assert len(responses) == 1, responses
    expect.error(responses[0], 400, "bad_request")
    check_invariants(responses[0])
    assert responses[0].closes, responses
    assert not wire.is_blocked(name)


BROKEN = {
    "negative length": (START + b"Content-Length: -1\r\n\r\n", b"HIDDEN"),
    "signed length": (START + b"Content-Length: +LENGTH\r\n\r\n", b"HIDDEN"),
    "hexadecimal length": (START + b"Content-Length: 0x0\r\n\r\n", b"HIDDEN"),
    "length with a unit": (START + b"Content-Length: 0kB\r\n\r\n", b"HIDDEN"),
    "empty length": (START + b"Content-Length:\r\n\r\n", b"HIDDEN"),
    "length beyond 64 bits": (
        START + b"Content-Length: 18446744073709551616\r\n\r\n", b"HIDDEN"),
    "chunk size that is none": (START + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\nHIDDEN"),
    "negative chunk size": (START + b"Transfer-Encoding: chunked\r\n\r\n", b"-1\r\nHIDDEN"),
    "chunk size with 0x": (
        START + b"Transfer-Encoding: chunked\r\n\r\n", b"0x0\r\n\r\nHIDDEN"),
    "chunk size beyond 64 bits": (
        START + b"Transfer-Encoding: chunked\r\n\r\n", b"10000000000000000\r\n\r\nHIDDEN"),
    "chunk longer than its size": (
        START + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}xx\r\n0\r\n\r\nHIDDEN"),
    "no colon": (GET + b"garbage\r\n\r\n", b"HIDDEN"),
    "empty name": (GET + b": value\r\n\r\n", b"HIDDEN"),
    "control in a name": (GET + b"X-\x01A: b\r\n\r\n", b"HIDDEN"),
    "NUL in a name": (GET + b"X-\x00A: b\r\n\r\n", b"HIDDEN"),
    "NUL in a value": (GET + b"X-A: b\x00c\r\n\r\n", b"HIDDEN"),
    "space before the first header": (
        b"GET PATH HTTP/1.1\r\n Host: x\r\nx-api-key: KEY\r\n\r\n", b"HIDDEN"),
    "folded coding": (
        START + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: LENGTH\r\n\r\n",
        b"0\r\n\r\nHIDDEN"),
    "no version": (b"GET PATH\r\n\r\n", b"HIDDEN"),
    "unknown version": (b"GET PATH HTTP/3.7\r\nHost: x\r\n\r\n", b"HIDDEN"),
    "not HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HIDDEN"),
}


@pytest.mark.parametrize("head, body", BROKEN.values(), ids=BROKEN)
def test_broken_framing_never_lets_a_hidden_request_run(wire, head, body):
    """A plain 400, 414, 431 or 505, or just a closed connection, is enough here."""
    name, responses = smuggle(wire, head, body)
    assert len(responses) <= 1, responses
    for response in responses:
        assert response.status in (400, 413, 414, 431, 501, 505), responses
    assert not wire.is_blocked(name)


def test_a_get_with_a_body_does_not_run_the_body(wire):
    name = unique("smuggled")
    hidden = wire.block(name)
    with wire.connect() as connection:
        connection.send(build("GET", wire.path, wire.headers, hidden) + wire.check("after"))
        first = connection.read()
        assert first.status in (200, 400, 413, 415), first
        if not first.closes:
            assert connection.read().json() == {"publicIdentifier": "after", "blocked": False}
    assert not wire.is_blocked(name)


def test_a_refused_body_is_not_run_as_a_request(wire):
    """The body of an early refusal is read away, or the connection closes: never reinterpreted."""
    name = unique("smuggled")
    hidden = wire.block(name)
    refused = build("POST", wire.path, [("Content-Type", "application/json")], hidden)
    with wire.connect() as connection:
        connection.send(refused + wire.check("after"))
        first = connection.read()
        expect.error(first, 401, "missing_api_key")
        if not first.closes:
            assert connection.read().json() == {"publicIdentifier": "after", "blocked": False}
    assert not wire.is_blocked(name)


def test_very_long_targets_and_headers_are_refused_not_fatal(wire):
    for data in (b"GET /" + b"x" * MIB + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET /v1/blocked-leads HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * MIB + b"\r\n\r\n",
                 b"GET /v1/blocked-leads HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 100_000
                 + b"\r\n"):
        with wire.connect() as connection:
            connection.send_while_reading(data)
            try:
                assert connection.read().status in (400, 404, 413, 414, 431)
            except ConnectionClosed:
                pass
        assert wire.server.alive()
    assert not wire.is_blocked("nobody")


# Chunked bodies and split packets


def test_a_chunked_body(wire):
    names = [unique() for _ in range(3)]
    body = wire.body(*names)
    headers = wire.headers + [("Transfer-Encoding", "chunked")]
    for pieces in ([body], [body[:10], body[10:]], [bytes([byte]) for byte in body]):
        with wire.connect() as connection:
            response = connection.request("POST", wire.path, headers, chunked(*pieces))
            assert response.status == 200, response
            assert not response.closes
            assert connection.request("GET", wire.path, wire.headers).status == 200
    assert all(wire.is_blocked(name) for name in names)


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "CHUNKED"])
def test_the_coding_is_case_insensitive(wire, coding):
    name = unique()
    headers = wire.headers + [("transfer-encoding", coding)]
    with wire.connect() as connection:
        response = connection.request("POST", wire.path, headers, chunked(wire.body(name)))
        expect.blocked_result(response, 1)


def test_chunk_extensions_and_trailers_are_ignored(wire):
    name = unique()
    body = wire.body(name)
    headers = wire.headers + [("Transfer-Encoding", "chunked")]
    data = b"%x;a=b;c=\"d\"\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(body), body)
    with wire.connect() as connection:
        response = connection.request("POST", wire.path, headers, data)
        expect.blocked_result(response, 1)
        assert connection.request("GET", wire.path, wire.headers).status == 200


def test_a_request_in_single_bytes(wire):
    name = unique()
    with wire.connect() as connection:
        connection.send_split(wire.block(name))
        expect.blocked_result(connection.read(), 1)


@pytest.mark.parametrize("place", ["in the method", "in the headers", "at the blank line",
                                   "before the body", "in the body"])
def test_a_request_in_two_packets(wire, place):
    name = unique()
    data = wire.block(name)
    head = data.index(b"\r\n\r\n")
    cut = {"in the method": 2, "in the headers": head // 2, "at the blank line": head + 2,
           "before the body": head + 4, "in the body": head + 20}[place]
    with wire.connect() as connection:
        connection.send(data[:cut])
        time.sleep(0.03)
        connection.send(data[cut:])
        expect.blocked_result(connection.read(), 1)


def test_empty_lines_before_a_request_are_skipped_or_refused(wire):
    with wire.connect() as connection:
        connection.send(b"\r\n" + wire.check("x"))
        try:
            assert connection.read().status in (200, 400)
        except ConnectionClosed:
            pass


# Pipelining


def test_pipelined_requests_are_answered_in_order_and_see_each_other(wire):
    names = [unique("pipe") for _ in range(100)]
    data = b"".join(wire.check(name) + wire.block(name) + wire.check(name) for name in names)
    with wire.connect() as connection:
        connection.send_while_reading(data[: len(data) // 2])
        connection.send(data[len(data) // 2 :]) if len(data) < 200_000 else None
        for name in names:
            assert connection.read().json() == {"publicIdentifier": name, "blocked": False}
            expect.blocked_result(connection.read(), 1)
            after = connection.read().json()
            assert (after["publicIdentifier"], after["blocked"]) == (name, True)


def test_a_pipeline_of_mixed_successes_and_refusals(wire):
    name = unique("pipe")
    forwarded = [("X-Forwarded-For", fresh_address())]
    parts = [
        (wire.check(name), "GET", 200),
        (build("GET", "/v1/nothing"), "GET", 404),
        (build("HEAD", wire.path, wire.headers), "HEAD", 200),
        (wire.block(name), "POST", 200),
        (build("POST", wire.path, wire.headers, b"{"), "POST", 400),
        (build("GET", wire.path, forwarded), "GET", 401),
        (build("PUT", wire.path, forwarded), "PUT", 405),
        (build("DELETE", wire.path, wire.headers, wire.body(name)), "DELETE", 200),
        (build("GET", "/livez"), "GET", 200),
        (wire.check(name), "GET", 200),
    ] * 10
    with wire.connect() as connection:
        connection.send(b"".join(data for data, _, _ in parts))
        for number, (_, method, status) in enumerate(parts):
            response = connection.read(method)
            assert response.status == status, (number, response)
    assert not wire.is_blocked(name)


def test_many_pipelined_writes_on_many_connections(wire):
    """More than 128 connections with a request pending at once."""
    connections = [wire.connect() for _ in range(200)]
    names = [[unique("many") for _ in range(3)] for _ in connections]
    try:
        for connection, own in zip(connections, names):
            connection.send(b"".join(wire.block(name) for name in own))
        for connection, own in zip(connections, names):
            for _ in own:
                expect.blocked_result(connection.read(), 1)
    finally:
        for connection in connections:
            connection.close()
    assert all(wire.is_blocked(own[-1]) for own in names[::20])


@pytest.mark.parametrize("last", [[], [("Connection", "close")]], ids=["stays", "closes"])
def test_large_answers_to_a_stranger_are_whole_and_in_order(wire, last):
    """They are sent when all others have had their turn."""
    alone = build("GET", "/v1/openapi.json")
    with wire.connect() as connection:
        connection.send((alone + build("GET", "/livez")) * 5 + build("GET", "/v1/openapi.json", last))
        answers = [connection.read("GET") for _ in range(11)]
        if last:
            assert connection.sock.recv(1) == b""
    assert [len(answer.body) > 100_000 for answer in answers] == [True, False] * 5 + [True]
    assert len({answer.body for answer in answers}) == 2


def test_a_pipeline_behind_a_request_that_asks_to_close(wire):
    name = unique("pipe")
    with wire.connect() as connection:
        connection.send(build("GET", wire.path, wire.headers + [("Connection", "close")])
                        + wire.block(name))
        response = connection.read()
        assert response.status == 200 and response.closes
        assert connection.is_closed()
    assert not wire.is_blocked(name)


def test_keep_alive_lasts_for_many_requests(wire):
    with wire.connect() as connection:
        for number in range(500):
            connection.send(wire.check("x"))
            assert connection.read().status == 200, number


def test_http_1_0_is_answered_and_closed(wire):
    with wire.connect() as connection:
        connection.send(b"GET /livez HTTP/1.0\r\nHost: x\r\n\r\n")
        assert connection.read().status == 200
        assert connection.is_closed()


# Expect: 100-continue


def expecting(wire, method="POST", path=None, headers=None, length=None, body=b""):
    headers = wire.headers if headers is None else headers
    length = len(body) if length is None else length
    return build(method, path or wire.path, headers + [
        ("Expect", "100-continue"), ("Content-Length", str(length))])


def test_an_accepted_expectation_gets_100_then_200(wire):
    name = unique("expect")
    body = wire.body(name)
    with wire.connect() as connection:
        connection.send(expecting(wire, body=body))
        interim = connection.read(interim=True)
        assert interim.status == 100
        assert connection.is_silent(0.1)
        connection.send(body)
        expect.blocked_result(connection.read(interim=True), 1)
    assert wire.is_blocked(name)


@pytest.mark.parametrize("case", ["no key", "bad key", "no route", "no campaign", "media type",
                                  "too large", "method"])
def test_a_refused_expectation_gets_no_100(wire, case):
    headers, path, length, method = wire.headers, wire.path, 1000, "POST"
    forwarded = ("X-Forwarded-For", fresh_address())
    if case == "no key":
        headers, status = headers[1:], 401
    elif case == "bad key":
        headers, status = [("x-api-key", "bad"), forwarded, headers[1]], 401
    elif case == "no route":
        path, status = "/v1/nothing", 404
    elif case == "no campaign":
        path, status = "/v1/campaigns/missing/blocked-leads", 404
    elif case == "media type":
        headers, status = [headers[0], ("Content-Type", "text/plain")], 415
    elif case == "too large":
        length, status = 4 * MIB + 1, 413
    else:
        method, status = "PUT", 405
    with wire.connect() as connection:
        started = time.monotonic()
        connection.send(expecting(wire, method, path, headers, length))
        response = connection.read(interim=True)
        assert response.status == status, response
        assert time.monotonic() - started < AT_ONCE
        check_invariants(response)


def test_an_expectation_with_the_body_sent_at_once(wire):
    name = unique("expect")
    body = wire.body(name)
    with wire.connect() as connection:
        connection.send(expecting(wire, body=body) + body)
        expect.blocked_result(connection.read(), 1)


def test_an_expectation_is_pipelined_like_any_request(wire):
    name = unique("expect")
    body = wire.body(name)
    with wire.connect() as connection:
        connection.send(wire.check(name) + expecting(wire, body=body))
        assert connection.read(interim=True).json()["blocked"] is False
        assert connection.read(interim=True).status == 100
        connection.send(body + wire.check(name))
        expect.blocked_result(connection.read(), 1)
        assert connection.read().json()["blocked"] is True


# Early refusal


def early(wire, length, headers=None, path=None):
    headers = [("Content-Type", "application/json")] if headers is None else headers
    return build("POST", path or wire.path, headers + [("Content-Length", str(length))])


@pytest.mark.parametrize("length", [10, 60_000, 1_000_000, 4 * MIB + 1, 10**12])
def test_a_refused_request_is_answered_without_waiting_for_its_body(wire, length):
    with wire.connect() as connection:
        started = time.monotonic()
        connection.send(early(wire, length))
        expect.error(connection.read(), 401, "missing_api_key")
        assert time.monotonic() - started < AT_ONCE


def test_a_body_over_the_limit_is_refused_by_its_length_alone(wire):
    for length in (4 * MIB + 1, 10**10, 2**63 - 1):
        with wire.connect() as connection:
            started = time.monotonic()
            connection.send(early(wire, length, wire.headers))
            expect.error(connection.read(), 413, "payload_too_large")
            assert time.monotonic() - started < AT_ONCE
            assert connection.is_closed(3.0)


@pytest.mark.parametrize("size", [1, 1000, 30_000])
def test_a_small_refused_body_is_read_away_and_the_connection_kept(wire, size):
    with wire.connect() as connection:
        for _ in range(3):
            connection.send(early(wire, size) + b"x" * size)
            response = connection.read()
            expect.error(response, 401, "missing_api_key")
            assert not response.closes, response
        connection.send(wire.check("x"))
        assert connection.read().status == 200


def test_a_small_chunked_refused_body_is_read_away(wire):
    headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]
    with wire.connect() as connection:
        connection.send(build("POST", wire.path, headers, chunked(b"x" * 100, b"y" * 100)))
        response = connection.read()
        expect.error(response, 401, "missing_api_key")
        if not response.closes:
            connection.send(wire.check("x"))
            assert connection.read().status == 200


@pytest.mark.parametrize("size", [200_000, MIB, 8 * MIB])
def test_the_reply_to_a_large_refused_body_can_be_read_and_the_connection_closes(wire, size):
    """Closing with unread bytes would reset the connection and lose the reply."""
    for _ in range(10):
        with wire.connect() as connection:
            connection.send_while_reading(early(wire, size) + b"x" * size)
            expect.error(connection.read(), 401, "missing_api_key")
            assert connection.is_closed(3.0)


def test_a_client_that_never_stops_sending_is_cut_off(wire):
    with wire.connect() as connection:
        connection.send(early(wire, 10**12))
        started = time.monotonic()
        sent = 0
        try:
            while time.monotonic() - started < 6:
                connection.sock.settimeout(3)
                sent += connection.sock.send(b"x" * 65536)
        except OSError:
            pass
        assert time.monotonic() - started < 5
        assert sent < 64 * MIB


def test_a_refused_body_that_never_comes_is_not_waited_for(wire):
    with wire.connect() as connection:
        connection.send(early(wire, 1000))
        connection.read()
        assert connection.is_closed(4.0), "read away for at most a second, then closed"


# Hang-ups


def reset(connection):
    """Closes with a reset instead of an orderly end."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_half_a_body_is_never_recorded(wire, how, coding):
    """Even when the half that arrived is a whole JSON document."""
    name = unique("half")
    body = wire.body(name)
    if coding == "length":
        data = build("POST", wire.path, wire.headers + [("Content-Length", str(len(body) + 10))],
                     body)
    else:
        data = build("POST", wire.path, wire.headers + [("Transfer-Encoding", "chunked")],
                     b"%x\r\n%s\r\n" % (len(body), body))
    connection = wire.connect()
    connection.send(data)
    time.sleep(0.05)
    if how == "half-close":
        connection.half_close()
        rest = connection.read_to_end()
        assert b" 200 " not in rest.split(b"\r\n")[0]
        connection.close()
    elif how == "reset":
        reset(connection)
    else:
        connection.close()
    time.sleep(0.05)
    assert not wire.is_blocked(name)
    assert wire.server.alive()


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_hangs_up_before_reading_its_reply_leaves_the_server_alive(wire, how):
    names = [[unique("gone") for _ in range(20)] for _ in range(50)]
    for own in names:
        connection = wire.connect()
        connection.send(wire.block(*own))
        reset(connection) if how == "reset" else connection.close()
    time.sleep(0.2)
    for own in names:
        response = wire.api.post(f"/campaigns/{wire.campaign}/blocked-leads/check",
                                 {"publicIdentifiers": own})
        assert len(expect.ok(response)["blocked"]) in (0, 20), "whole requests only"


def test_hanging_up_in_the_headers(wire):
    data = wire.block("never")
    for cut in range(1, data.index(b"\r\n\r\n") + 4, 7):
        connection = wire.connect()
        connection.send(data[:cut])
        connection.close()
    assert not wire.is_blocked("never")


def test_a_half_closed_connection_still_gets_its_reply(wire):
    """Simple clients end their sending side when they are done."""
    name = unique("half")
    with wire.connect() as connection:
        connection.send(wire.block(name))
        connection.half_close()
        expect.blocked_result(connection.read(), 1)
        assert connection.is_closed(5.0)


def test_connecting_and_leaving_without_a_word(wire):
    for _ in range(300):
        wire.connect().close()
    assert not wire.is_blocked("nobody")


def test_a_slow_reader_gets_the_whole_reply(wire):
    names = [f"slow-{number:05}-{'x' * 80}" for number in range(10_000)]
    body = wire.body(*names)
    with wire.connect() as connection:
        # While answers are not read, no more requests are taken: sending waits.
        sending = threading.Thread(target=connection.send, args=[
            build("POST", wire.path + "/check", wire.headers, body) * 6])
        sending.start()
        time.sleep(0.3)
        for _ in range(50):
            connection.buffer += connection.sock.recv(4096)
            time.sleep(0.002)
        for _ in range(6):
            assert connection.read().json() == {"blocked": [], "allowed": names}
        sending.join()


def test_two_requests_at_once_on_two_connections_do_not_mix(wire):
    first, second = unique("mix"), unique("mix")
    one, two = wire.block(first), wire.block(second)
    with wire.connect() as a, wire.connect() as b:
        for start in range(0, max(len(one), len(two)), 40):
            a.send(one[start : start + 40])
            b.send(two[start : start + 40])
        expect.blocked_result(a.read(), 1)
        expect.blocked_result(b.read(), 1)
    assert wire.is_blocked(first) and wire.is_blocked(second)


def test_an_absolute_target(wire):
    """A proxy's form of the request line; RFC 9112 wants servers to take it."""
    with wire.connect() as connection:
        connection.send(b"GET http://x/livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.read().status in (200, 404)


def test_a_connection_can_be_opened_while_others_sit_idle(wire):
    idle = [Connection(wire.server.port) for _ in range(300)]
    try:
        started = time.monotonic()
        assert not wire.is_blocked("nobody")
        assert time.monotonic() - started < AT_ONCE
    finally:
        for connection in idle:
            connection.close()
