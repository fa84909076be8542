"""When a request has several faults, the contract says which one is answered."""

import pytest

from support import expect
from support.server import Server, fresh_address

BAD_JSON = b'{"publicIdentifiers": ['
LIMIT = 4 * 1024 * 1024
TOO_LARGE = b" " * (LIMIT + 1)


class Scene:
    def __init__(self, server):
        self.server = server
        self.pro = server.tenant("pro")
        self.starter = server.tenant("starter")
        self.expired = server.tenant("pro")
        server.end_license(self.expired.workspace)
        self.campaign = self.pro.campaign()
        self.read_only = self.pro.new_key("--read-only")
        self.starter_campaign = self.starter.campaign()
        self.expired_campaign = self.expired.campaign()

    def send(self, method, path, body=None, key=None, content_type="application/json", headers=()):
        headers = [("X-Forwarded-For", fresh_address()), *headers]
        if key is not None:
            headers.append(("x-api-key", key))
        if body is not None and content_type:
            headers.append(("Content-Type", content_type))
        with self.server.connect() as connection:
            from support.client import build, check_invariants
            data = build(method, path, headers, body)
            connection.send_while_reading(data)
            response = connection.read(method)
            check_invariants(response)
            return response


@pytest.fixture(scope="module")
def scene(server):
    return Scene(server)


def blocks(campaign):
    return f"/v1/campaigns/{campaign}/blocked-leads"


def claim(campaign):
    return f"/v1/campaigns/{campaign}/activities/claim"


def test_route_before_key(scene):
    for path in ("/v1/nothing", "/nothing", "/", "/v1", "/v1/", "/v2/blocked-leads",
                 "/v1/blocked-leads/", "/v1//blocked-leads", "/api/blocked-leads",
                 "/V1/blocked-leads", "/v1/campaigns//blocked-leads"):
        for key in (None, "bad"):
            response = scene.send("GET", path, key=key)
            if path == "/" and response.status == 200:
                continue  # a start page is allowed
            expect.error(response, 404, "not_found")


def test_route_before_everything_else(scene):
    response = scene.send("POST", "/v1/nothing", BAD_JSON, "bad", "text/plain")
    expect.error(response, 404, "not_found")
    response = scene.send("POST", "/v1/nothing", TOO_LARGE, "bad", "text/plain")
    expect.error(response, 404, "not_found")


@pytest.mark.parametrize("method, path, allowed", [
    ("PATCH", "/v1/blocked-leads", {"GET", "POST", "DELETE"}),
    ("PUT", "/v1/blocked-leads", {"GET", "POST", "DELETE"}),
    ("PUT", "/v1/campaigns/x/blocked-leads", {"GET", "POST", "DELETE"}),
    ("POST", "/v1/campaigns/x/blocked-leads/john-doe", {"GET"}),
    ("DELETE", "/v1/campaigns/x/blocked-leads/john-doe", {"GET"}),
    ("GET", "/v1/changes/x/undo", {"POST"}),
    ("PUT", "/v1/campaigns", {"GET", "POST"}),
    ("POST", "/v1/campaigns/x", {"GET", "DELETE"}),
    ("POST", "/v1/campaigns/x/activate", {"PUT"}),
    ("GET", "/v1/campaigns/x/pause", {"PUT"}),
    ("DELETE", "/v1/campaigns/x/leads", {"GET", "POST"}),
    ("POST", "/v1/campaigns/x/sequence", {"GET"}),
    ("GET", "/v1/campaigns/x/steps", {"POST"}),
    ("POST", "/v1/campaigns/x/steps/y", {"PUT", "DELETE"}),
    ("POST", "/v1/campaigns/x/activities", {"GET"}),
    ("GET", "/v1/campaigns/x/activities/claim", {"POST"}),
    ("PUT", "/v1/campaigns/x/leads/y/explain", {"GET"}),
    ("PUT", "/v1/leads/x", {"DELETE"}),
    ("POST", "/v1/leads/x/status", {"PUT"}),
    ("PUT", "/v1/activities/x/complete", {"POST"}),
    ("BREW", "/v1/blocked-leads", {"GET", "POST", "DELETE"}),
    ("POST", "/livez", {"GET"}),
])
def test_method_before_key_with_an_allow_header(scene, method, path, allowed):
    response = scene.send(method, path)
    expect.error(response, 405, "method_not_allowed")
    names = {name.strip() for name in response.header("allow").split(",")}
    assert allowed <= names, response
    assert names <= {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    assert method not in names


def test_method_before_body(scene):
    response = scene.send("PUT", "/v1/blocked-leads", TOO_LARGE, "bad", "text/plain")
    expect.error(response, 405, "method_not_allowed")


def test_key_before_license_campaign_media_type_size_and_json(scene):
    for campaign in (scene.starter_campaign, scene.expired_campaign, "missing"):
        for body in (BAD_JSON, TOO_LARGE):
            for content_type in ("application/json", "text/plain"):
                response = scene.send("POST", blocks(campaign), body, "bad", content_type)
                expect.error(response, 401, "invalid_api_key")
                response = scene.send("POST", blocks(campaign), body, None, content_type)
                expect.error(response, 401, "missing_api_key")


def test_license_before_campaign_media_type_size_and_json(scene):
    for tenant, campaign, code in (
            (scene.starter, scene.starter_campaign, "license_required"),
            (scene.starter, "missing", "license_required"),
            (scene.expired, scene.expired_campaign, "license_expired"),
            (scene.expired, "missing", "license_expired")):
        for body in (BAD_JSON, TOO_LARGE, b'{"publicIdentifiers": ["a b"]}'):
            for content_type in ("application/json", "text/plain"):
                for path in (blocks(campaign), claim(campaign)):
                    response = scene.send("POST", path, body, tenant.key, content_type)
                    expect.error(response, 403, code)


def test_forbidden_before_campaign_media_type_size_and_json(scene):
    for body, content_type in ((BAD_JSON, "text/plain"), (TOO_LARGE, "application/json")):
        for path in (blocks("missing"), claim("missing"), "/v1/activities/missing/complete",
                     "/v1/campaigns/missing/leads", "/v1/campaigns/missing/steps"):
            response = scene.send("POST", path, body, scene.read_only, content_type)
            expect.error(response, 403, "forbidden")


def test_campaign_before_media_type_size_and_json(scene):
    for body in (BAD_JSON, TOO_LARGE, b"[]"):
        for content_type in ("application/json", "text/plain", None):
            for path in (blocks("missing"), claim("missing"), "/v1/campaigns/missing/leads",
                         "/v1/campaigns/missing/steps"):
                response = scene.send("POST", path, body, scene.pro.key, content_type)
                expect.error(response, 404, "campaign_not_found")


def test_campaign_before_parameters_and_identifiers(scene):
    response = scene.send("GET", blocks("missing") + "?take=1000", key=scene.pro.key)
    expect.error(response, 404, "campaign_not_found")
    response = scene.send("GET", blocks("missing") + "/a%20b", key=scene.pro.key)
    expect.error(response, 404, "campaign_not_found")


def with_bodies(campaign):
    return (blocks(campaign), "/v1/blocked-leads", blocks(campaign) + "/check", "/v1/campaigns",
            claim(campaign), f"/v1/campaigns/{campaign}/leads", f"/v1/campaigns/{campaign}/steps")


def test_media_type_before_size_and_json(scene):
    for body in (BAD_JSON, TOO_LARGE):
        for path in with_bodies(scene.campaign):
            response = scene.send("POST", path, body, scene.pro.key, "text/plain")
            expect.error(response, 415, "unsupported_media_type")


def test_size_before_json(scene):
    for path in with_bodies(scene.campaign):
        response = scene.send("POST", path, TOO_LARGE, scene.pro.key)
        expect.error(response, 413, "payload_too_large")


def test_framing_before_everything(scene):
    """Two hosts, on a route that does not exist, without a key."""
    with scene.server.connect() as connection:
        connection.send(b"GET /nothing HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        response = connection.read()
        expect.error(response, 400, "bad_request")
        assert connection.is_closed()


def test_rate_limit_after_key_before_license_and_campaign():
    with Server("--trusted-proxy", "127.0.0.0/8") as server:
        tenant = server.tenant("starter")
        slow = server.api(tenant.new_key("--rate-limit", "1"))
        deadline = 50
        for _ in range(deadline):
            response = slow.post("/campaigns/missing/blocked-leads", b"{",
                                 content_type="text/plain")
            if response.status == 429:
                break
            expect.error(response, 403, "license_required")
        expect.error(response, 429, "rate_limited")
        response = slow.call("GET", "/nothing")
        expect.error(response, 404, "not_found")
        response = slow.call("PATCH", "/blocked-leads")
        expect.error(response, 405, "method_not_allowed")
        response = slow.call("GET", "/blocked-leads", key="bad")
        expect.error(response, 401, "invalid_api_key")
        slow.close()
