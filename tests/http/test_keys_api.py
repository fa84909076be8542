"""API keys that people make, list and revoke in the dashboard."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support import expect, people
from support.people import address
from support.server import CommandFailed, Server, ended, key_id, unique

PROXY = ("--trusted-proxy", "127.0.0.0/8")
KEY = {"id", "prefix", "name", "readOnly", "rateLimit", "createdAt", "expiresAt"}


def make(session, **fields):
    return expect.ok(session.api.post("/keys", {"name": unique("key"), **fields}), 201)


def listed(session, identity):
    found = [key for key in expect.ok(session.api.get("/keys")) if key["id"] == identity]
    assert len(found) == 1, found
    return found[0]


def by(session, deleted=False):
    return {"type": "user", "id": session.id, "name": session.email, "deleted": deleted}


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
        **{name: made[name] for name in KEY}, "revokedAt": None, "lastUsedAt": None,
        "by": by(member)}
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
    soon = ended(lambda end: make_in_time(member, end))
    assert refused(server, soon["key"])


def make_in_time(member, end):
    response = member.api.post("/keys", {"name": unique("key"), "expiresAt": end})
    if response.status == 400:
        raise CommandFailed(response.message)
    return expect.ok(response, 201)


@pytest.mark.parametrize("body", [
    {}, {"name": ""}, {"name": 1}, {"name": "a\0b"}, {"name": "a", "readOnly": "true"},
    {"name": "a", "rateLimit": -1}, {"name": "a", "rateLimit": 1_000_001},
    {"name": "a", "rateLimit": 1.5}, {"name": "a", "expiresAt": "2027-02-30"},
    {"name": "a", "expiresAt": 5}, {"name": "x" * 10_000}])
def test_a_key_that_cannot_be_is_not_made(member, body):
    before = len(expect.ok(member.api.get("/keys")))
    expect.error(member.api.post("/keys", body), 400, "invalid_body")
    assert len(expect.ok(member.api.get("/keys"))) == before


@pytest.mark.parametrize("spelling", ["{id}", "lb_{id}", "{key}"])
def test_a_revoked_key_is_refused_at_once(server, member, spelling):
    made = make(member)
    api = server.api(made["key"], headers=address())
    assert api.get("/blocked-leads").status == 200
    body = expect.ok(member.api.delete("/keys/" + spelling.format(**made)))
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


def test_only_the_exact_name_of_a_key_revokes_it(server, member):
    """Its id, its prefix, or its whole text: neither less nor more."""
    made = make(member)
    key, id_ = made["key"], made["id"]
    last = "0" if key[-1] != "0" else "1"
    for wrong in (f"lb_{id_}x", f"lb_{id_}_", f"lb_{id_}/../x".replace("/", "%2F"), key[:-1], key[:-1] + last,
                  key + "0", id_ + "x", id_[:-1], key[3:], f"lb_lb_{id_}", f"LB_{id_}", f"lb_{id_}%00"):
        response = member.api.delete("/keys/" + wrong)
        assert response.status in (400, 404), (wrong, response)
    assert server.api(key, headers=address()).get("/blocked-leads").status == 200
    expect.ok(member.api.delete("/keys/" + id_))


def test_a_refusal_does_not_repeat_the_secret_of_a_key(member, other):
    for text in (other.key, other.key[:-1], other.key[3:]):
        response = member.api.delete("/keys/" + text)
        assert other.key[20:30].encode() not in response.body


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


# Who made a key, and what becomes of it


def test_keys_of_the_command_line_and_of_users_say_who_made_them(server, tenant, member):
    line = listed(member, key_id(tenant.key))["by"]
    assert line == {"type": "operator", "id": None, "name": None, "deleted": False}
    made = make(member)
    assert listed(member, made["id"])["by"] == by(member)
    assert member.email in server.cli("key", "list", tenant.workspace)


def test_who_made_a_key_is_known_after_a_restart():
    with Server(*PROXY) as server:
        workspace = server.workspace()
        operator = people.person(server, "operator")
        session = people.person(server, "member", workspace)
        made = make(session)
        expect.ok(operator.api.delete(f"/users/{session.id}"))
        server.restart()
        (key,) = expect.ok(operator.api_for(workspace).get("/keys"))
        assert (key["id"], key["by"]) == (made["id"], by(session, deleted=True))
        assert session.email + " (deleted)" in server.cli("key", "list", workspace)


@pytest.mark.parametrize("keys, revokes", [("", False), ("?keys=keep", False),
                                           ("?keys=revoke", True)])
def test_a_deletion_offers_to_revoke_the_users_keys(server, operator, tenant, member, keys, revokes):
    session = people.person(server, "member", tenant.workspace)
    gone, first, second = make(session), make(session), make(session)
    others = make(member)
    expect.ok(session.api.delete("/keys/" + gone["id"]))
    body = expect.ok(operator.api.delete(f"/users/{session.id}{keys}"))
    assert body["keysRevoked"] == 2 * revokes and body["keysLeft"] == 2 * (not revokes)
    for made in (first, second):
        assert listed(member, made["id"])["by"] == by(session, deleted=True)
        assert bool(listed(member, made["id"])["revokedAt"]) is revokes
        if revokes:
            assert refused(server, made["key"])
        else:
            assert server.api(made["key"]).get("/blocked-leads").status == 200
    assert server.api(others["key"]).get("/blocked-leads").status == 200
    done = [action["target"] for action in expect.ok(member.api.get("/audit"))
            if action["action"] == "key.revoke"]
    assert [made["id"] in done for made in (first, second, others)] == [revokes, revokes, False]


def test_the_command_revokes_the_users_keys(server, tenant, member):
    session = people.person(server, "member", tenant.workspace)
    made = make(session)
    server.cli("user", "delete", session.email, "--revoke-keys")
    assert refused(server, made["key"])


def test_a_deletion_that_asks_for_something_else_is_refused(operator, tenant, server):
    session = people.person(server, "member", tenant.workspace)
    response = operator.api.delete(f"/users/{session.id}?keys=all")
    expect.error(response, 400, "invalid_parameter")
    assert session.lives()


# Pages and limits


def test_keys_come_in_pages(fresh, server):
    session = people.person(server, "member", fresh.workspace)
    made = [key_id(fresh.key)] + [make(session)["id"] for _ in range(6)]
    seen, path = [], "/keys?take=3"
    while path:
        response = session.api.get(path)
        page = [key["id"] for key in expect.ok(response)]
        assert 0 < len(page) <= 3
        seen += page
        link = response.header("link")
        path = link and "/keys?" + link.split("?", 1)[1].split(">", 1)[0]
    assert seen == made
    assert len(expect.ok(session.api.get("/keys?take=7"))) == 7
    assert session.api.get("/keys?take=7").header("link") is None


@pytest.mark.parametrize("query", ["take=1001", "take=-1", "take=x", "cursor=none", "cursor="])
def test_a_page_that_cannot_be_is_refused(member, query):
    expect.error(member.api.get("/keys?" + query), 400, "invalid_parameter")


def test_a_cursor_of_another_workspace_is_refused(member, other):
    response = member.api.get("/keys?cursor=" + key_id(other.key))
    expect.error(response, 400, "invalid_parameter")


def test_keys_of_a_workspace_and_of_a_user_are_bounded_also_made_at_once():
    with Server("--max-workspace-keys", "7", "--max-user-keys", "5", *PROXY) as server:
        workspace = server.workspace()
        session = people.person(server, "member", workspace)
        with ThreadPoolExecutor(8) as pool:
            responses = list(pool.map(
                lambda i: session.api_for().post("/keys", {"name": f"k{i}"}), range(8)))
        assert sorted(response.status for response in responses) == [201] * 5 + [409] * 3
        refusal = next(response for response in responses if response.status == 409)
        assert "max-user-keys" in expect.error(refusal, 409, "limit_reached")["message"]
        made = next(response for response in responses if response.status == 201).json()
        expect.ok(session.api.delete("/keys/" + made["id"]))
        expect.error(session.api.post("/keys", {"name": "again"}), 409, "limit_reached")
        second = people.person(server, "member", workspace)
        make(second), make(second)
        message = expect.error(second.api.post("/keys", {"name": "x"}), 409, "limit_reached")
        assert "max-workspace-keys" in message["message"]
        assert server.run("key", "create", workspace, "--name", "x").code != 0
        server.key(server.workspace())
