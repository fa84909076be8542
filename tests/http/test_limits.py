"""Limits on who asks how often, and the settings that set them."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import expect
from support.client import Connection, ConnectionClosed, build, chunked
from support.server import Server, fresh_address


def ask(server, key, address=None, path="/v1/blocked-leads"):
    headers = []
    if key:
        headers.append(("x-api-key", key))
    if address:
        headers.append(("X-Forwarded-For", address))
    with server.connect() as connection:
        return connection.request("GET", path, headers)


def fail_ten_times(server, address):
    for attempt in range(10):
        response = ask(server, f"wrong-{attempt}", address)
        expect.error(response, 401, "invalid_api_key")


def test_after_ten_failed_keys_an_address_gets_429_for_invalid_keys(server, tenant):
    address = fresh_address()
    fail_ten_times(server, address)
    response = ask(server, "wrong-again", address)
    expect.error(response, 429, "rate_limited")
    assert 1 <= int(response.header("retry-after")) <= 60


def test_a_valid_key_always_works_from_such_an_address(server, tenant):
    address = fresh_address()
    fail_ten_times(server, address)
    assert ask(server, "wrong", address).status == 429
    for _ in range(20):
        assert ask(server, tenant.key, address).status == 200


def test_other_addresses_are_not_touched(server):
    fail_ten_times(server, fresh_address())
    expect.error(ask(server, "wrong", fresh_address()), 401, "invalid_api_key")


def test_successes_in_between_do_not_forgive_failures(server, tenant):
    address = fresh_address()
    for attempt in range(10):
        expect.error(ask(server, f"wrong-{attempt}", address), 401, "invalid_api_key")
        assert ask(server, tenant.key, address).status == 200
    assert ask(server, "wrong", address).status == 429


def test_failures_count_over_all_connections_and_end_points(server):
    """Each connection may belong to another thread of the server."""
    address = fresh_address()
    statuses = []
    for attempt in range(30):
        path = ("/v1/blocked-leads", "/api/v1/campaigns", "/v1/campaigns/x")[attempt % 3]
        statuses.append(ask(server, f"wrong-{attempt}", address, path).status)
    assert statuses[:10] == [401] * 10
    assert set(statuses[12:]) == {429}, statuses


def test_only_a_trusted_proxy_may_name_another_address():
    with Server() as server:
        tenant = server.tenant()
        for attempt in range(10):
            response = ask(server, f"wrong-{attempt}", fresh_address())
            expect.error(response, 401, "invalid_api_key")
        expect.error(ask(server, "wrong", fresh_address()), 429, "rate_limited")
        assert ask(server, tenant.key, fresh_address()).status == 200


def test_of_several_forwarded_addresses_the_last_untrusted_one_counts(server):
    """What is left of it was written by the client and may be a lie."""
    address = fresh_address()
    for attempt in range(10):
        forwarded = f"{fresh_address()}, {address}"
        expect.error(ask(server, f"wrong-{attempt}", forwarded), 401, "invalid_api_key")
    expect.error(ask(server, "wrong", f"{fresh_address()}, {address}"), 429, "rate_limited")


@pytest.mark.parametrize("forwarded", ["", "unknown", "1.2.3", "a" * 500, "[::1", ",,,", "::1",
                                       "2001:db8::1", "10.0.0.1:8080"])
def test_any_forwarded_header_leaves_the_server_alive(server, tenant, forwarded):
    assert ask(server, tenant.key, forwarded).status == 200


def test_a_key_has_its_own_rate_limit():
    with Server() as server:
        tenant = server.tenant()
        limited = server.api(tenant.new_key("--rate-limit", "5"))
        began, responses = time.monotonic(), []
        while not (refused := [response for response in responses if response.status == 429]):
            responses += [limited.get("/blocked-leads") for _ in range(60)]
            took = time.monotonic() - began
            assert len(responses) < 600, "600 requests passed a limit of 5 per second"
        passed = len(responses) - len(refused)
        assert passed <= 5 * (took + 1) + 1, (passed, took)  # those of a second may come at once
        expect.error(refused[0], 429, "rate_limited")
        wait = int(refused[0].header("retry-after"))
        assert 1 <= wait <= 5
        for _ in range(10):
            assert tenant.api.get("/blocked-leads").status == 200  # another key
        time.sleep(wait)
        assert limited.get("/blocked-leads").status == 200
        limited.close()


def test_a_refused_write_was_not_done():
    with Server() as server:
        tenant = server.tenant()
        campaign = tenant.campaign()
        limited = server.api(tenant.new_key("--rate-limit", "2"))
        blocked = set()
        for number in range(30):
            response = limited.post(f"/campaigns/{campaign}/blocked-leads",
                                    {"publicIdentifiers": [f"x-{number}"]})
            if response.status == 200:
                blocked.add(f"x-{number}")
            else:
                expect.error(response, 429, "rate_limited")
        limited.close()
        assert len(blocked) < 30
        entries = expect.ok(tenant.api.get(f"/campaigns/{campaign}/blocked-leads?take=100"))
        assert {entry["publicIdentifier"] for entry in entries} == blocked


@pytest.fixture(scope="module")
def small():
    with Server("--max-identifiers", "5", "--max-body-bytes", "2000") as server:
        server.one = server.tenant()
        server.path = f"/campaigns/{server.one.campaign()}/blocked-leads"
        yield server


def test_the_number_of_identifiers_is_a_setting(small):
    api = small.one.api
    expect.blocked_result(
        api.post(small.path, {"publicIdentifiers": [f"x-{n}" for n in range(5)]}), 5)
    six = {"publicIdentifiers": [f"y-{n}" for n in range(6)]}
    expect.error(api.post(small.path, six), 400, "too_many_identifiers")
    expect.error(api.post(small.path + "/check", six), 400, "too_many_identifiers")
    expect.error(api.delete(small.path, six), 400, "too_many_identifiers")
    leads = {"leads": [{"publicIdentifier": f"y-{n}"} for n in range(6)]}
    expect.error(api.post("/blocked-leads", leads), 400, "too_many_identifiers")
    ids = [f"bl_{n}" for n in range(6)]
    expect.error(api.delete("/blocked-leads", ids), 400, "too_many_identifiers")


def padded(size):
    body = b'{"publicIdentifiers":["pad"]}'
    return body + b" " * (size - len(body))


def test_the_size_of_a_body_is_a_setting(small):
    expect.ok(small.one.api.post(small.path, padded(2000)))
    expect.error(small.one.api.post(small.path, padded(2001)), 413, "payload_too_large")


def test_a_chunked_body_has_the_same_limit(small):
    headers = [("x-api-key", small.one.key), ("Content-Type", "application/json"),
               ("Transfer-Encoding", "chunked")]
    for size, status in ((2000, 200), (2001, 413), (5000, 413), (200_000, 413)):
        body = padded(size)
        pieces = [body[start : start + 300] for start in range(0, size, 300)]
        with small.connect() as connection:
            connection.send_while_reading(
                build("POST", "/v1" + small.path, headers, chunked(*pieces)))
            assert connection.read().status == status, size


def test_connections_beyond_the_limit_are_closed_and_those_with_requests_live():
    with Server("--max-connections", "10", "--trusted-proxy", "127.0.0.1") as server:
        tenant = server.tenant()
        request = build("GET", "/v1/blocked-leads", [("x-api-key", tenant.key)])
        half = build("POST", "/v1/blocked-leads/check", [("x-api-key", tenant.key), ("Content-Type", "application/json"),
                                                         ("Expect", "100-continue"), ("Content-Length", "27")])
        tenant.api.close()
        time.sleep(0.1)
        held = []
        try:
            for _ in range(10):
                connection = server.connect()
                held.append(connection)
                connection.send(half)
                assert connection.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            refused = 0
            for _ in range(5):
                extra = Connection(server.port)
                held.append(extra)
                try:
                    extra.send(request)
                    if extra.read().status == 503:
                        refused += 1
                except (ConnectionClosed, OSError):
                    refused += 1
            assert refused == 5
            for connection in held[:10]:
                connection.sock.sendall(b'{"publicIdentifiers":["a"]}')
                assert connection.read("POST").status == 200
        finally:
            for connection in held:
                connection.close()
        time.sleep(0.2)
        with server.connect() as connection:
            connection.send(request)
            assert connection.read().status == 200


def test_of_idle_connections_that_are_all_known_the_longest_idle_gives_place():
    with Server("--max-connections", "10", "--trusted-proxy", "127.0.0.1", env={"LEADBLOCK_THREADS": "1"}) as server:
        tenant = server.tenant()
        request = build("GET", "/v1/blocked-leads", [("x-api-key", tenant.key)])
        tenant.api.close()
        held = []
        for _ in range(13):
            held.append(server.connect())
            held[-1].send(request)
            assert held[-1].read().status == 200
        for connection in held[3:]:
            connection.send(request)
            assert connection.read().status == 200
        for connection in held[:3]:
            assert connection.sock.recv(1) == b""
        for connection in held:
            connection.close()


def test_large_bodies_share_a_bound_of_memory():
    """Who comes last is told so at once, and is served when there is room again."""
    with Server("--request-memory", "1572864", "--workspace-share", "100") as server:
        tenant = server.tenant("agency")
        body = b'{"leads":[{"publicIdentifier":"john-doe"}]}'.ljust(700_000)
        head = build("POST", "/v1/blocked-leads",
                     [("x-api-key", tenant.key), ("Content-Type", "application/json"),
                      ("Content-Length", str(len(body)))])
        other = head.replace(tenant.key.encode(), server.tenant("agency").key.encode())
        with server.connect() as first, server.connect() as second:
            first.send(head + body[:-1])
            limit = time.monotonic() + 20
            while server.metric("request_memory_bytes") < len(body):  # until it was read
                assert time.monotonic() < limit
                time.sleep(0.01)
            second.send_while_reading(other + body)
            response = second.read("POST")
            expect.error(response, 503, "overloaded")
            assert response.header("retry-after")
            first.send(body[-1:])
            expect.blocked_result(first.read("POST"), 1)
        with server.connect() as third:
            third.send(head + body)
            expect.blocked_result(third.read("POST"), 0)


def test_campaigns_of_a_workspace_are_bounded_also_made_at_once():
    with Server("--max-workspace-campaigns", "3") as server, ThreadPoolExecutor(8) as pool:
        tenant = server.tenant()
        responses = list(pool.map(
            lambda i: server.api(tenant.key).post("/campaigns", {"name": f"c{i}"}), range(8)))
        assert sorted(response.status for response in responses) == [201] * 3 + [409] * 5
        refusal = next(response for response in responses if response.status == 409)
        assert "max-workspace-campaigns" in expect.error(refusal, 409, "limit_reached")["message"]
        made = next(response.json()["id"] for response in responses if response.status == 201)
        expect.ok(tenant.api.delete(f"/campaigns/{made}"))
        assert tenant.api.post("/campaigns", {"name": "again"}).status == 201
