"""What holds for every response: ids, types, error shape, HEAD, and the end points without a key."""

import re

import pytest

from endpoints import ENDPOINTS, KEYS, OPERATORS, OWN, WRITE, routes
from support import expect
from support.client import check_invariants
from support.server import fresh_address

LABELS = r'(\{(\w+="[^"\\]*",?)*\})?'
SAMPLE = re.compile(r"[a-zA-Z_:][\w:]*" + LABELS + r" (-?[\d.]+(e[+-]?\d+)?|NaN|[+-]Inf)")


def request_id(api, sent=None, path="/blocked-leads", **options):
    headers = [] if sent is None else [("X-Request-Id", sent)]
    return api.get(path, headers=headers, **options).header("x-request-id")


@pytest.mark.parametrize("sent", ["a", "abc-123", "7f3c2a9e-1111-4222-8333-444455556666", "A_b.c",
                                  "x" * 64])
def test_a_sane_request_id_is_echoed(api, sent):
    assert request_id(api, sent) == sent


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "x" * 5000, 'a"b', "a\tb", "<script>", "é",
                                  "a\x7f", "a,b;c=\"d\""])
def test_any_other_request_id_is_replaced(api, sent):
    got = request_id(api, sent)
    assert got and got != sent
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", got)


def test_request_ids_of_the_server_differ(api):
    assert len({request_id(api) for _ in range(20)}) == 20


def test_request_ids_of_the_server_count_nothing(api):
    """Or each client could see how many requests others send."""
    numbers = sorted(int(request_id(api).split("-")[1], 16) for _ in range(20))
    assert all(b - a > 1 << 32 for a, b in zip(numbers, numbers[1:])), numbers


def test_errors_carry_the_request_id_too(server, api):
    def ids(*, key, path):
        return request_id(api, "mine", path, key=key)

    assert ids(key="bad-key", path="/nothing") == "mine"
    headers = [("X-Request-Id", "mine"), ("X-Forwarded-For", fresh_address())]
    for method, path, body in (("GET", "/blocked-leads", None), ("PUT", "/blocked-leads", None),
                               ("POST", "/blocked-leads", b"{")):
        response = api.call(method, path, body, headers=headers, key=None)
        assert response.status >= 400 and response.header("x-request-id") == "mine"
    response = api.post("/blocked-leads", b"{", headers=headers)
    assert response.status == 400 and response.header("x-request-id") == "mine"


def test_json_replies_say_so(api):
    for response in (api.get("/blocked-leads"), api.get("/nothing")):
        assert re.fullmatch(r"application/json(; *charset=utf-8)?",
                            response.header("content-type"), re.IGNORECASE)


def is_neither_cached_nor_sniffed(response):
    return (response.header("cache-control") == "no-store"
            and response.header("x-content-type-options") == "nosniff")


def test_no_answer_is_to_be_cached_or_sniffed(server, api, member):
    """A cached "allowed" would outlive a block."""
    for response in (api.get("/blocked-leads"), api.call("HEAD", "/blocked-leads"), api.get("/nothing"),
                     api.get("/blocked-leads", key="bad"), api.put("/blocked-leads", {}),
                     api.post("/blocked-leads", b"{"), member.api.get("/session"),
                     api.post("/blocked-leads", {"leads": [{"publicIdentifier": "uncached"}]}),
                     server.api(base="").get("/livez"), server.api(base="").get("/metrics")):
        assert is_neither_cached_nor_sniffed(response), response


@pytest.mark.parametrize("request_bytes, status", [
    (b"nothing\r\n\r\n", 400), (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    (b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"x" * 9000 + b"\r\n\r\n", 431),
    (b"POST /v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
     b"Content-Length: 99999999\r\n\r\n", 413)])
def test_errors_of_the_http_server_are_neither(server, request_bytes, status):
    with server.connect() as connection:
        connection.send(request_bytes)
        response = connection.read()
    assert response.status == status and is_neither_cached_nor_sniffed(response), response


def test_times_are_rfc_3339_utc_with_milliseconds(api, campaign):
    api.post("/blocked-leads", {"leads": [{"publicIdentifier": "timed"}]})
    for entry in expect.ok(api.get("/blocked-leads")) + expect.ok(api.get("/campaigns")):
        assert expect.is_time(entry["createdAt"])


@pytest.mark.parametrize("path", ["/blocked-leads", "/campaigns", "/nothing"])
def test_head_is_get_without_the_body(server, tenant, path):
    headers = [("x-api-key", tenant.key), ("X-Request-Id", "same")]
    with server.connect() as connection:
        get = connection.request("GET", "/v1" + path, headers)
        head = connection.request("HEAD", "/v1" + path, headers)
        check_invariants(head)
        assert head.status == get.status
        assert head.body == b""
        assert head.header("content-type") == get.header("content-type")
        assert head.header("content-length") in (None, get.header("content-length"))
        assert head.header("x-total-count") == get.header("x-total-count")
        after = connection.request("GET", "/v1" + path, headers)
        assert (after.status, after.body) == (get.status, get.body)  # no body bytes in between


def test_head_of_a_check_and_of_a_refusal(server, tenant, campaign):
    with server.connect() as connection:
        path = f"/v1/campaigns/{campaign}/blocked-leads/john-doe"
        assert connection.request("HEAD", path, [("x-api-key", tenant.key)]).status == 200
        assert connection.request("HEAD", path).status == 401
        response = connection.request("GET", path, [("x-api-key", tenant.key)])
        assert response.json() == {"publicIdentifier": "john-doe", "blocked": False}


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_no_key(server, path):
    with server.connect() as connection:
        assert connection.request("GET", path).status == 200
        assert connection.request("HEAD", path).status == 200


def test_the_probe_for_checks(server):
    with server.connect() as connection:
        response = connection.request("GET", "/readyz?for=checks")
        assert response.status == 200 and response.json() == {"status": "ready"}
        assert connection.request("HEAD", "/readyz?for=checks").status == 200
        for query in ("for=writes", "for=", "for=Checks", "for=checks,writes"):
            error = expect.error(connection.request("GET", f"/readyz?{query}"), 400,
                                 "invalid_parameter")
            assert "'for' must be 'checks'" in error["message"]
        assert connection.request("GET", "/readyz?other=1").status == 200


def test_metrics_are_in_the_text_format(server, api):
    api.get("/blocked-leads")
    with server.connect() as connection:
        response = connection.request("GET", "/metrics")
    assert response.status == 200, response
    assert response.header("content-type").startswith("text/plain")
    lines = [line for line in response.body.decode().splitlines() if line]
    samples = [line for line in lines if not line.startswith("#")]
    assert samples
    for line in samples:
        assert SAMPLE.fullmatch(line), line
    names = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(names) == len(set(names))
    assert any(name.startswith("leadblock_") for name in names)


def test_metrics_name_no_person_key_or_workspace(server, fresh):
    campaign = fresh.campaign()
    fresh.api.post(f"/campaigns/{campaign}/blocked-leads", {"publicIdentifiers": ["metric-person"]})
    fresh.api.get(f"/campaigns/{campaign}/blocked-leads/metric-person")
    with server.connect() as connection:
        text = connection.request("GET", "/metrics").body.decode()
    for secret in ("metric-person", fresh.key, fresh.workspace, campaign):
        assert secret not in text


def test_query_strings_on_any_end_point_are_harmless(api, campaign):
    response = api.get(f"/campaigns/{campaign}/blocked-leads/john-doe?x=1&y=%FF&z")
    assert response.status == 200
    assert api.get("/blocked-leads?").status == 200
    assert api.get("/blocked-leads?&&&=&=x").status == 200


def test_the_list_of_end_points_is_whole_and_says_what_they_need():
    known = {(endpoint.method, re.sub(r"\{\w+\}|someone|publicIdentifier(?=/)", "{}", endpoint.path.split("?")[0])): endpoint
             for endpoint in [*ENDPOINTS, *OWN, *KEYS, *OPERATORS]}
    flags = {(method, re.sub(r"\{\w+\}", "{}", path.removeprefix("/v1"))): flags
             for (method, path), flags in routes().items()
             if not re.search(r"LB_ROUTE_(OPEN|LOCAL)", flags)}
    alone = known.keys() ^ flags.keys()
    assert not alone, f"only in tests/http/endpoints.py or only in src/api/routes.c: {alone}"
    for place, endpoint in known.items():
        assert ("LB_ROUTE_LICENSED" in flags[place]) == endpoint.licensed, endpoint
        assert ("WRITES" in flags[place]) == (endpoint.kind == WRITE), endpoint
