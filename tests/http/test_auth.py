"""Every end point with every kind of key, and with somebody else's campaign."""

import zlib

import pytest

from endpoints import CHECK, ENDPOINTS, GUARDED, IN_CAMPAIGN, WRITE
from support import expect
from support.campaigns import prepare
from support.client import check_invariants
from support.moved_clock import MovedClock
from support.server import Server, ended, fresh_address, key_id, unique

all_endpoints = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)


class Scene:
    """A workspace with one key of each kind."""

    def __init__(self, server):
        self.server = server
        self.tenant = server.tenant("pro")
        self.api = self.tenant.api
        self.read_only = self.tenant.new_key("--read-only")
        self.revoked = self.tenant.new_key()
        server.cli("key", "revoke", key_id(self.revoked))
        self.expired = ended(lambda end: self.tenant.new_key("--expires", end))
        self.foreign = server.tenant("pro")
        self.ids = self.prepare()  # which requests that change nothing may name

    def prepare(self):
        return prepare(self.tenant)

    def send(self, endpoint, key, ids=(), headers=()):
        """From an address of its own, so that failed keys never add up."""
        forwarded = [("X-Forwarded-For", fresh_address())]
        ids = dict(ids)
        return self.api.call(endpoint.method, endpoint.target(ids), endpoint.data(ids),
                             headers=forwarded + list(headers), key=key)

    def everything(self, ids):
        """All that an unauthorised request could have changed."""
        campaign = f"/campaigns/{ids['c']}"
        return [self.api.get("/campaigns").header("x-total-count"),
                *[expect.ok(self.api.get(path)) for path in (
                    "/blocked-leads", campaign, campaign + "/blocked-leads", campaign + "/leads",
                    campaign + "/sequence", campaign + "/activities")]]


@pytest.fixture(scope="module")
def scene(server):
    return Scene(server)


@all_endpoints
def test_a_valid_key_is_let_in(scene, endpoint):
    ids = scene.prepare()
    response = scene.send(endpoint, scene.tenant.key, ids)
    assert response.status in endpoint.success, response


@all_endpoints
def test_no_key_is_401_missing_api_key(scene, endpoint):
    ids = scene.ids
    before = scene.everything(ids)
    expect.error(scene.send(endpoint, None, ids), 401, "missing_api_key")
    assert scene.everything(ids) == before


def mistyped(key):
    """The key with one character of its secret changed; its checksum no longer fits."""
    place = len(key) - 15
    return key[:place] + ("a" if key[place] != "a" else "b") + key[place + 1 :]


def swapped(key):
    """Two neighbouring characters of the secret in the wrong order."""
    for place in range(key.index("_", 3) + 2, len(key) - 10):
        if key[place] != key[place + 1]:
            return key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    raise AssertionError("no two different neighbours")


BAD_KEYS = {
    "mistyped": lambda scene: mistyped(scene.tenant.key),
    "swapped": lambda scene: swapped(scene.tenant.key),
    "revoked": lambda scene: scene.revoked,
    "expired": lambda scene: scene.expired,
    "nonsense": lambda scene: "nonsense",
    "cut": lambda scene: scene.tenant.key[:-1],
    "longer": lambda scene: scene.tenant.key + "0",
    "upper case": lambda scene: scene.tenant.key.upper(),
    "prefix only": lambda scene: "lb_",
    "key id only": lambda scene: "lb_" + key_id(scene.tenant.key),
    "huge": lambda scene: "lb_" + "x" * 4000,
    "of the other key's id": lambda scene: scene.tenant.key.replace(
        key_id(scene.tenant.key), key_id(scene.foreign.key)),
    "unknown, well-formed": lambda scene: well_formed(scene.tenant.key),
}


def well_formed(key):
    """A key that was never issued; its checksum may or may not fit: either way it is unknown."""
    secret_end = len(key) - 8
    body = key[: secret_end - 4] + "abcd"
    return body + format(zlib.crc32(body.encode()), "08x")


@all_endpoints
@pytest.mark.parametrize("kind", ["mistyped", "revoked", "expired", "nonsense"])
def test_a_bad_key_is_401_invalid_api_key(scene, endpoint, kind):
    ids = scene.ids
    before = scene.everything(ids)
    key = BAD_KEYS[kind](scene)
    expect.error(scene.send(endpoint, key, ids), 401, "invalid_api_key")
    assert scene.everything(ids) == before


def test_all_bad_keys_answer_alike(scene):
    """Whoever guesses must not learn how near the guess was."""
    bodies = {}
    for name, make in BAD_KEYS.items():
        response = scene.send(ENDPOINTS[4], make(scene))
        expect.error(response, 401, "invalid_api_key")
        bodies[name] = response.body
    assert len(set(bodies.values())) == 1, bodies


def test_an_empty_key_is_401(scene):
    response = scene.send(ENDPOINTS[4], "")
    expect.error(response, 401, "missing_api_key", "invalid_api_key")


@all_endpoints
def test_a_read_only_key_may_read_and_check_but_not_write(scene, endpoint):
    ids = scene.ids
    before = scene.everything(ids)
    response = scene.send(endpoint, scene.read_only, ids)
    if endpoint.kind in (WRITE, GUARDED):
        expect.error(response, 403, "forbidden")
    else:
        assert response.status == 200, response
    assert scene.everything(ids) == before


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.kind == CHECK], ids=str)
def test_a_read_only_key_sees_blocks_in_checks(scene, endpoint):
    ids = scene.prepare()
    for path in ("/blocked-leads", f"/campaigns/{ids['c']}/blocked-leads"):
        scene.api.post(path, {"publicIdentifiers": ["someone"]})
    body = expect.ok(scene.send(endpoint, scene.read_only, ids))
    if endpoint.path == "/check":
        body = body[0]
    assert body["blocked"] in (True, ["someone"])


@pytest.mark.parametrize("endpoint", IN_CAMPAIGN, ids=str)
def test_another_workspaces_campaign_answers_exactly_like_a_missing_one(scene, endpoint):
    ids = scene.ids
    campaign = ids["c"]
    before = scene.everything(ids)
    missing = unique("missing")
    same = [("X-Request-Id", "same")]
    foreign = scene.send(endpoint, scene.foreign.key, ids, same)
    unknown = scene.send(endpoint, scene.foreign.key, {**ids, "c": missing}, same)
    expect.error(foreign, 404, "campaign_not_found")
    assert foreign.status == unknown.status
    assert foreign.message == f"No campaign '{campaign}' in this workspace."
    assert foreign.body.replace(campaign.encode(), b"X") == unknown.body.replace(
        missing.encode(), b"X")
    drop = {"date", "content-length"}
    assert [header for header in foreign.headers if header[0].lower() not in drop] == [
        header for header in unknown.headers if header[0].lower() not in drop]
    assert scene.everything(ids) == before


def test_another_workspaces_key_sees_only_its_own_lists(scene):
    scene.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "private-person"}]})
    assert b"private-person" not in scene.foreign.api.get("/blocked-leads?limit=1000").body
    assert scene.foreign.api.get("/campaigns").header("x-total-count") == "0"


@pytest.mark.parametrize("name", ["x-api-key", "X-API-Key", "X-Api-Key", "X-API-KEY", "x-ApI-kEy"])
def test_the_header_name_may_be_in_any_case(scene, name):
    response = scene.api.call("GET", "/blocked-leads", key=None,
                              headers=[(name, scene.tenant.key)])
    assert response.status == 200, response


def test_white_space_around_the_key_is_no_part_of_it(scene):
    with scene.server.connect() as connection:
        connection.send(b"GET /v1/blocked-leads HTTP/1.1\r\nHost: x\r\nx-api-key: \t %s \t \r\n\r\n"
                        % scene.tenant.key.encode())
        assert connection.read().status == 200


def test_a_key_in_the_query_or_a_cookie_or_as_bearer_does_not_count(scene):
    key = scene.tenant.key
    for path, headers in ((f"/blocked-leads?x-api-key={key}", []),
                          ("/blocked-leads", [("Cookie", f"x-api-key={key}")])):
        response = scene.api.call("GET", path, key=None, headers=headers + [
            ("X-Forwarded-For", fresh_address())])
        expect.error(response, 401, "missing_api_key")


@pytest.mark.parametrize("base", ["/v1", "/api/v1"])
@all_endpoints
def test_both_base_paths_serve_every_end_point(scene, endpoint, base):
    ids = scene.prepare()
    response = scene.api.call(endpoint.method, endpoint.target(ids), endpoint.data(ids),
                              base=base)
    assert response.status in endpoint.success, response


def test_a_revoked_key_stops_working_at_once_on_every_connection(scene):
    key = scene.tenant.new_key()
    apis = [scene.server.api(key, headers=[("X-Forwarded-For", fresh_address())])
            for _ in range(8)]
    for api in apis:
        assert api.get("/blocked-leads").status == 200
    scene.server.cli("key", "revoke", key_id(key))
    for api in apis:
        expect.error(api.get("/blocked-leads"), 401, "invalid_api_key")
        api.close()


def test_a_key_created_while_the_server_runs_works_at_once(scene):
    for _ in range(5):
        api = scene.server.api(scene.tenant.new_key())
        assert api.get("/blocked-leads").status == 200
        api.close()


def test_keys_are_unlike_each_other_and_of_the_promised_form(scene):
    keys = [scene.tenant.new_key() for _ in range(5)]
    assert len({key_id(key) for key in keys}) == 5
    for key in keys:
        identity, secret = key[3:].split("_", 1)
        assert secret.isalnum() and identity.isalnum(), "a key must survive a double click"
        assert len(secret) >= 32, "160 bits and a checksum"


def test_refusals_carry_what_every_response_carries(scene):
    with scene.server.connect() as connection:
        response = connection.request("GET", "/v1/blocked-leads")
        check_invariants(response)
        assert response.header("content-type").startswith("application/json")


def test_a_key_expires_while_the_server_runs():
    with MovedClock() as clock, Server(env=clock.env) as server:
        api = server.api(server.key(server.workspace(), "--expires", clock.in_seconds(60)))
        assert api.get("/blocked-leads").status == 200
        clock.let_pass(61)
        expect.error(api.get("/blocked-leads"), 401, "invalid_api_key")
