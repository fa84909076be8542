"""API keys that people make, list and revoke in the dashboard."""

import pytest

from support import expect
from support.people import address
from support.server import key_id, unique

KEY = {"id", "prefix", "name", "readOnly", "rateLimit", "createdAt", "expiresAt"}


def make(session, **fields):
    return expect.ok(session.api.post("/keys", {"name": unique("key"), **fields}), 201)


def listed(session, identity):
    found = [key for key in expect.ok(session.api.get("/keys")) if key["id"] == identity]
    assert len(found) == 1, found
    return found[0]


def refused(server, key):
    api = server.api(key, headers=address())
    expect.error(api.get("/blocked-leads"), 401, "invalid_api_key")
    return True


def test_a_new_key_is_shown_once_and_works_right_away(server, member, tenant):
    made = make(member, name="CRM <b>sync</b>")
    assert made.keys() == KEY | {"key"}
    assert made["name"] == "CRM <b>sync</b>" and made["prefix"] == "lb_" + made["id"]
    assert key_id(made["key"]) == made["id"]
    assert (made["readOnly"], made["rateLimit"], made["expiresAt"]) == (False, 0, None)
    assert listed(member, made["id"]) == {
        **{name: made[name] for name in KEY}, "revokedAt": None, "lastUsedAt": None}
    name = unique()
    api = server.api(made["key"])
    expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": name}]}))
    assert expect.ok(tenant.api.get("/blocked-leads/" + name))["blocked"] is True
    assert expect.is_time(listed(member, made["id"])["lastUsedAt"])
    assert made["key"].encode() not in member.api.get("/keys").body


def test_limits_of_a_key_are_kept(server, member):
    made = make(member, readOnly=True, rateLimit=7, expiresAt="2099-01-31")
    assert (made["readOnly"], made["rateLimit"], made["expiresAt"]) == (
        True, 7, "2099-01-31T00:00:00.000Z")
    api = server.api(made["key"])
    expect.error(api.post("/blocked-leads", {"leads": []}), 403, "forbidden")
    assert refused(server, make(member, expiresAt="2020-01-01")["key"])


@pytest.mark.parametrize("body", [
    {}, {"name": ""}, {"name": 1}, {"name": "a\0b"}, {"name": "a", "readOnly": "true"},
    {"name": "a", "rateLimit": -1}, {"name": "a", "rateLimit": 1_000_001},
    {"name": "a", "rateLimit": 1.5}, {"name": "a", "expiresAt": "2027-02-30"},
    {"name": "a", "expiresAt": 5}, {"name": "x" * 10_000}])
def test_a_key_that_cannot_be_is_not_made(member, body):
    before = len(expect.ok(member.api.get("/keys")))
    expect.error(member.api.post("/keys", body), 400, "invalid_body")
    assert len(expect.ok(member.api.get("/keys"))) == before


@pytest.mark.parametrize("spelling", ["{id}", "lb_{id}"])
def test_a_revoked_key_is_refused_at_once(server, member, spelling):
    made = make(member)
    api = server.api(made["key"], headers=address())
    assert api.get("/blocked-leads").status == 200
    body = expect.ok(member.api.delete("/keys/" + spelling.format(id=made["id"])))
    assert body.keys() == {"success", "message"} and made["id"] in body["message"]
    expect.error(api.get("/blocked-leads"), 401, "invalid_api_key")
    revoked = listed(member, made["id"])["revokedAt"]
    assert expect.is_time(revoked)
    expect.ok(member.api.delete("/keys/" + made["id"]))
    assert listed(member, made["id"])["revokedAt"] == revoked, "once is enough"
    done = [(action["action"], action["target"]) for action in expect.ok(member.api.get("/audit"))]
    assert done.count(("key.revoke", made["id"])) == 1


def test_another_workspaces_key_is_not_found_and_stays_valid(server, member, operator, other):
    missing = "none"
    for identity in (key_id(other.key), "lb_" + key_id(other.key), other.key, missing, "lb_", "%27"):
        expect.error(member.api.delete("/keys/" + identity), 404, "key_not_found")
    assert other.api.get("/blocked-leads").status == 200
    assert key_id(other.key) not in str(expect.ok(member.api.get("/keys")))
    elsewhere = operator.api_for(member.body["workspace"]["id"])
    expect.error(elsewhere.delete("/keys/" + key_id(other.key)), 404, "key_not_found")


def test_a_refusal_does_not_repeat_the_secret_of_a_key(member, other):
    response = member.api.delete("/keys/" + other.key)
    assert other.key[-20:].encode() not in response.body


def test_keys_of_the_command_line_are_listed_in_order_of_creation(member, tenant):
    first, second = key_id(tenant.new_key()), make(member)["id"]
    identities = [key["id"] for key in expect.ok(member.api.get("/keys"))]
    assert identities[0] == key_id(tenant.key) and identities[-2:] == [first, second]


def test_an_operator_makes_keys_for_the_workspace_that_is_named(server, operator, other):
    api = operator.api_for(other.workspace)
    made = expect.ok(api.post("/keys", {"name": "for the other"}), 201)
    name = unique()
    expect.ok(server.api(made["key"]).post("/blocked-leads",
                                           {"leads": [{"publicIdentifier": name}]}))
    assert expect.ok(other.api.get("/blocked-leads/" + name))["blocked"] is True
    expect.ok(api.delete("/keys/" + made["id"]))
    assert refused(server, made["key"])
