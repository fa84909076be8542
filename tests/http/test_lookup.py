"""GET /v1/blocked-leads/{publicIdentifier}: who is blocked where, and by whom."""

from urllib.parse import quote

import pytest

from support import expect, people
from support.server import key_id, unique

BLOCK = {"scope", "campaignId", "campaignName", "id", "reason", "kind", "expiresAt", "createdAt", "by"}


def look_up(api, identifier):
    body = expect.ok(api.get("/blocked-leads/" + quote(identifier, safe="")))
    assert body.keys() == {"publicIdentifier", "blocked", "blocks", "blocksTotal"}, body
    assert body["blocked"] is (body["blocksTotal"] > 0)
    assert all(block.keys() == BLOCK for block in body["blocks"]), body
    return body


def block(api, campaign, *names, **fields):
    return api.post(f"/campaigns/{campaign}/blocked-leads",
                    {"publicIdentifiers": list(names), **fields})


def block_all(api, *names, **fields):
    return api.post("/blocked-leads",
                    {"leads": [{"publicIdentifier": name, **fields} for name in names]})


def test_somebody_whom_no_list_holds_is_not_blocked(api):
    assert look_up(api, "never-blocked") == {
        "publicIdentifier": "never-blocked", "blocked": False, "blocks": [], "blocksTotal": 0}


def test_every_list_that_holds_the_lead_is_named_the_workspaces_first(tenant, api, other):
    name = unique()
    one, two = tenant.campaign("One <b>"), tenant.campaign("Two")
    tenant.campaign("Without")
    block(api, one, name, reason="client")
    block(api, two, name)
    block_all(api, name, reason="asked \"us\"")
    block_all(other.api, name)
    body = look_up(api, name)
    assert body["blocksTotal"] == 3
    key = {"type": "key", "id": key_id(tenant.key), "name": "test"}
    first, *rest = body["blocks"]
    listed = [entry["id"] for entry in expect.ok(api.get("/blocked-leads"))
              if entry["publicIdentifier"] == name]
    assert (first["scope"], first["campaignId"], first["campaignName"], [first["id"]],
            first["reason"], first["by"]) == ("workspace", None, None, listed, "asked \"us\"", key)
    assert {(b["scope"], b["campaignId"], b["campaignName"], b["id"], b["reason"])
            for b in rest} == {("campaign", one, "One <b>", None, "client"),
                               ("campaign", two, "Two", None, None)}
    assert all(b["by"] == key and expect.is_time(b["createdAt"]) for b in body["blocks"])


def test_who_blocked_stays_known_when_the_user_is_deleted(server, tenant, api, member):
    name = unique()
    campaign = tenant.campaign()
    session = people.person(server, "member", tenant.workspace)
    block(session.api, campaign, name)
    assert look_up(api, name)["blocks"][0]["by"] == {
        "type": "user", "id": session.id, "name": session.email}
    server.cli("user", "delete", session.email)
    assert look_up(member.api, name)["blocks"][0]["by"] == {
        "type": "user", "id": session.id, "name": session.email}, "what was done stays"


def test_unblocked_and_undone_and_dropped_lists_are_not_named(tenant, api):
    name = unique()
    one, two = tenant.campaign(), tenant.campaign()
    for campaign in (one, two):
        block(api, campaign, name)
    change = block_all(api, name).header("x-change-id")
    assert look_up(api, name)["blocksTotal"] == 3
    api.delete(f"/campaigns/{one}/blocked-leads", {"publicIdentifiers": [name]})
    api.delete(f"/campaigns/{two}?blocks=drop")
    assert [b["scope"] for b in look_up(api, name)["blocks"]] == ["workspace"]
    expect.ok(api.post(f"/changes/{change}/undo"))
    assert look_up(api, name)["blocks"] == []


@pytest.mark.parametrize("spelling", [
    "{}", "  {}  ", "{upper}", "https://www.linkedin.com/in/{}/", "linkedin.com/in/{}?a=1#b",
    "https://de.linkedin.com/in/{upper}/"])
def test_any_spelling_finds_the_person(api, spelling):
    name = unique("jöhn")
    block_all(api, name)
    body = look_up(api, spelling.format(name, upper=name.upper()))
    assert body["publicIdentifier"] == name and body["blocked"] is True


@pytest.mark.parametrize("wrong", ["%20", "a%20b", "%3Cscript%3E", "%FF", "%00", "x" * 600,
                                   "https%3A%2F%2Fexample.com%2Fin%2Fa", "%0d%0aX%3A%201"])
def test_what_is_no_identifier_is_refused_with_a_message(api, wrong):
    response = api.get("/blocked-leads/" + wrong)
    expect.error(response, 400, "invalid_identifier", "bad_request")
    assert b"<script>" not in response.body or b"application/json" in response.head


def test_at_most_100_lists_are_named_and_all_are_counted(fresh):
    for _ in range(102):
        block(fresh.api, fresh.campaign(), "busy-bee")
    body = look_up(fresh.api, "busy-bee")
    assert (len(body["blocks"]), body["blocksTotal"]) == (100, 102)
    block_all(fresh.api, "busy-bee")
    body = look_up(fresh.api, "busy-bee")
    assert (len(body["blocks"]), body["blocksTotal"]) == (100, 103)
    assert body["blocks"][0]["scope"] == "workspace"


# Lists with include=by


def test_lists_say_who_blocked_when_they_are_asked(server, tenant, api, member, campaign):
    path = f"/campaigns/{campaign}/blocked-leads"
    names = [unique() for _ in range(6)]
    for number, name in enumerate(names):
        caller = (api, member.api)[number // 2 % 2]
        block(caller, campaign, name, reason="{\"by\":1}")
        block_all(caller, name)
    key = {"type": "key", "id": key_id(tenant.key), "name": "test"}
    user = {"type": "user", "id": member.id, "name": member.email}
    for where in (path, "/blocked-leads"):
        plain = expect.ok(api.get(where + "?take=6"))
        with_by = expect.ok(api.get(where + "?take=6&include=by"))
        by = {entry["publicIdentifier"]: entry.pop("by") for entry in with_by}
        assert [by[name] for name in names] == [key, key, user, user, key, key]
        assert with_by == plain


def test_pages_with_include_keep_it(api, campaign):
    path = f"/campaigns/{campaign}/blocked-leads"
    block(api, campaign, *[unique() for _ in range(5)])
    target = expect.next_link(api.get(path + "?take=2&include=by&search=lead"))
    assert "include=by" in target
    assert all("by" in entry for entry in expect.ok(api.call("GET", target, base="")))
    assert "include" not in expect.next_link(api.get(path + "?take=2"))


@pytest.mark.parametrize("include", ["By", "by,reason", "reason", "by&include=by"])
def test_an_unknown_include_is_refused(api, campaign, include):
    for path in (f"/campaigns/{campaign}/blocked-leads", "/blocked-leads"):
        expect.error(api.get(f"{path}?include={include}"), 400, "invalid_parameter")


def test_an_empty_list_with_include_is_empty(fresh):
    assert expect.ok(fresh.api.get("/blocked-leads?include=by")) == []
    assert expect.ok(fresh.api.get("/blocked-leads?include=by&limit=0")) == []
