"""Asking whether a lead is blocked: one by one and in bulk."""

from urllib.parse import quote

import pytest

from support import expect


def path(campaign, name=None):
    base = f"/campaigns/{campaign}/blocked-leads"
    return f"{base}/{quote(name, safe='')}" if name is not None else base


def test_an_unblocked_lead_has_two_fields(api, campaign):
    body = expect.ok(api.get(path(campaign, "john-doe")))
    assert body == {"publicIdentifier": "john-doe", "blocked": False}


def test_a_campaign_block(api, campaign):
    api.post(path(campaign), {"publicIdentifiers": ["john-doe"], "reason": "asked us to stop"})
    body = expect.ok(api.get(path(campaign, "John-Doe")))
    created = body.pop("createdAt")
    assert body == {"publicIdentifier": "john-doe", "blocked": True, "scope": "campaign",
                    "reason": "asked us to stop"}
    assert expect.is_time(created)
    (entry,) = expect.ok(api.get(path(campaign)))
    assert entry["createdAt"] == created


def test_a_block_without_reason_has_a_null_reason(api, campaign):
    api.post(path(campaign), {"publicIdentifiers": ["john-doe"]})
    body = expect.ok(api.get(path(campaign, "john-doe")))
    assert body.keys() == {"publicIdentifier", "blocked", "scope", "reason", "createdAt"}
    assert body["reason"] is None


def test_a_workspace_block_excludes_from_every_campaign(fresh):
    first, second = fresh.campaign(), fresh.campaign()
    fresh.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1", "reason": "client"}]})
    for campaign in (first, second):
        body = expect.ok(fresh.api.get(path(campaign, "a-1")))
        assert (body["blocked"], body["scope"], body["reason"]) == (True, "workspace", "client")


def test_workspace_wins_when_both_and_the_campaign_block_shows_after_it_is_gone(fresh):
    campaign = fresh.campaign()
    fresh.api.post(path(campaign), {"publicIdentifiers": ["a-1"], "reason": "campaign"})
    fresh.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "a-1", "reason": "all"}]})
    body = expect.ok(fresh.api.get(path(campaign, "a-1")))
    assert (body["scope"], body["reason"]) == ("workspace", "all")
    (entry,) = expect.ok(fresh.api.get("/blocked-leads"))
    fresh.api.delete("/blocked-leads", [entry["id"]])
    body = expect.ok(fresh.api.get(path(campaign, "a-1")))
    assert (body["scope"], body["reason"]) == ("campaign", "campaign")
    fresh.api.delete(path(campaign), {"publicIdentifiers": ["a-1"]})
    body = expect.ok(fresh.api.get(path(campaign, "a-1")))
    assert body == {"publicIdentifier": "a-1", "blocked": False}


def test_a_bad_identifier_is_400(api, campaign):
    expect.error(api.get(path(campaign, "a b")), 400, "invalid_identifier")
    expect.error(api.get(path(campaign, "x" * 101)), 400, "invalid_identifier")


@pytest.mark.parametrize("name", ["check", "in", "undo", "_0", "me", "well-known", "nil"])
def test_a_person_with_an_odd_name_can_be_blocked_and_checked(api, campaign, name):
    """Also one whose name is that of another end point."""
    api.post(path(campaign), {"publicIdentifiers": [name]})
    body = expect.ok(api.get(path(campaign, name)))
    assert (body["publicIdentifier"], body["blocked"]) == (name, True)


def test_bulk_keeps_the_order_and_answers_in_canonical_form(api, campaign):
    api.post(path(campaign), {"publicIdentifiers": ["b-2", "d-4"]})
    response = api.post(path(campaign, "check"), {"publicIdentifiers": [
        "E-5", "D-4", "https://linkedin.com/in/C-3", "B-2", "a-1"]})
    assert expect.ok(response) == {"blocked": ["d-4", "b-2"], "allowed": ["e-5", "c-3", "a-1"]}


def test_bulk_folds_duplicates(api, campaign):
    api.post(path(campaign), {"publicIdentifiers": ["b-2"]})
    response = api.post(path(campaign, "check"), {"publicIdentifiers": [
        "a-1", "b-2", "A-1", "B-2", "in/a-1", "b%2D2"]})
    assert expect.ok(response) == {"blocked": ["b-2"], "allowed": ["a-1"]}


def test_bulk_sees_both_scopes(fresh):
    campaign = fresh.campaign()
    fresh.api.post(path(campaign), {"publicIdentifiers": ["in-campaign", "in-both"]})
    fresh.api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": "in-workspace"}, {"publicIdentifier": "in-both"}]})
    response = fresh.api.post(path(campaign, "check"), {"publicIdentifiers": [
        "in-workspace", "free", "in-both", "in-campaign"]})
    assert expect.ok(response) == {"blocked": ["in-workspace", "in-both", "in-campaign"],
                                   "allowed": ["free"]}
    elsewhere = fresh.campaign()
    response = fresh.api.post(path(elsewhere, "check"), {"publicIdentifiers": [
        "in-workspace", "free", "in-both", "in-campaign"]})
    assert expect.ok(response) == {"blocked": ["in-workspace", "in-both"],
                                   "allowed": ["free", "in-campaign"]}


def test_bulk_leaves_nothing_behind_and_is_no_change(api, campaign):
    response = api.post(path(campaign, "check"), {"publicIdentifiers": ["a-1"]})
    assert response.header("x-change-id") is None
    assert expect.ok(api.get(path(campaign))) == []


def test_bulk_of_ten_thousand(api, campaign):
    many = [f"bulk-{number}" for number in range(10_000)]
    api.post(path(campaign), {"publicIdentifiers": many[::2]})
    response = api.post(path(campaign, "check"), {"publicIdentifiers": many})
    assert expect.ok(response) == {"blocked": many[::2], "allowed": many[1::2]}


def test_bulk_refuses_empty_too_many_and_bad_ones(api, campaign):
    def check(identifiers):
        return api.post(path(campaign, "check"), {"publicIdentifiers": identifiers})

    expect.error(check([]), 400, "empty_identifiers")
    expect.error(check(["x"] * 10_001), 400, "too_many_identifiers")
    body = expect.error(check(["ok", "a b", 5]), 400, "invalid_identifier")
    assert [item["index"] for item in body["errors"]] == [1, 2]
    assert body["errorCount"] == 2


def test_a_deleted_block_is_allowed_at_once(api, campaign):
    """Visible to every later check: no other request lies between."""
    for round_number in range(50):
        api.post(path(campaign), {"publicIdentifiers": ["a-1"]})
        assert expect.ok(api.get(path(campaign, "a-1")))["blocked"] is True, round_number
        api.delete(path(campaign), {"publicIdentifiers": ["a-1"]})
        assert expect.ok(api.get(path(campaign, "a-1")))["blocked"] is False, round_number


def test_a_block_is_seen_by_checks_on_every_connection(server, tenant, campaign):
    """Each connection may belong to another thread of the server."""
    readers = [server.api(tenant.key) for _ in range(16)]
    for number in range(20):
        name = f"seen-{number}"
        tenant.api.post(path(campaign), {"publicIdentifiers": [name]})
        for reader in readers:
            assert expect.ok(reader.get(path(campaign, name)))["blocked"] is True
    for reader in readers:
        reader.close()
