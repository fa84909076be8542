"""GET /v1/audit with filters: who, what, when, whom; and what ids are called."""

import time
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from support import expect, pages, people
from support.client import File
from support.marks import sqlite_only
from support.server import Server, key_id

CSV = ("Accept", "text/csv")


def audit(api, **query):
    """All pages, by their links, which keep the filters."""
    query.setdefault("take", 100)
    target = "/v1/audit?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
    found = []
    while target:
        response = api.call("GET", target, base="")
        found += expect.ok(response)
        assert len(found) < 10_000, "the pages never end"
        target = expect.next_link(response)
    return found


def names(actions):
    return [action["action"] for action in actions]


def ids(actions):
    return [action["id"] for action in actions]


def block(api, *leads, campaign=None, reason=None):
    path = f"/campaigns/{campaign}/blocked-leads" if campaign else "/blocked-leads"
    body = ({"publicIdentifiers": leads, "reason": reason} if campaign
            else {"leads": [{"publicIdentifier": lead} for lead in leads]})
    response = api.post(path, body)
    expect.ok(response)
    return response.header("x-change-id")


def later(milliseconds):
    return (datetime.now(timezone.utc) + timedelta(milliseconds=milliseconds)).isoformat(
        timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def api(fresh):
    return fresh.api


def test_who_is_a_key_a_user_or_the_command_line(server, fresh, api):
    member = people.person(server, "member", fresh.workspace)
    by_key = block(api, "ann")
    by_member = block(member.api, "bob")
    time.sleep(0.002)  # in one millisecond, nothing says which came first
    expect.ok(member.api.post("/campaigns", {"name": "Of the member"}), 201)
    assert ids(audit(api, by=key_id(fresh.key))) == [by_key]
    assert names(audit(api, by=member.id))[:2] == ["campaign.create", "leads.block"]
    assert all(action["by"]["id"] == member.id for action in audit(api, by=member.id))
    assert by_member in ids(audit(api, by=member.id))
    commands = audit(api, by="operator")
    assert {action["by"]["type"] for action in commands} == {"operator"}
    assert {"key.create", "user.create"} <= set(names(commands))
    assert audit(api, by="us_0000000000000000") == []


def test_a_user_who_was_deleted_is_found_and_named(server, operator, fresh, api):
    member = people.person(server, "member", fresh.workspace)
    change = block(member.api, "ann")
    expect.ok(operator.api.delete(f"/users/{member.id}"))
    assert change in ids(audit(api, by=member.id))
    of_member = [a for a in audit(api, target=member.id) if a["action"] == "user.delete"]
    assert [a["targetName"] for a in of_member] == [member.email]


def test_what_is_an_action_or_a_kind_of_them(api, fresh):
    first = block(api, "ann")
    expect.ok(api.post("/campaigns", {"name": "One", "id": "one"}), 201)
    second = block(api, "bob", campaign="one")
    gone = api.delete("/campaigns/one/blocked-leads", {"publicIdentifiers": ["bob"]}).header("x-change-id")
    assert ids(audit(api, action="leads.block")) == [second, first]
    assert ids(audit(api, action="leads")) == [gone, second, first]
    assert names(audit(api, action="campaign")) == ["campaign.create"]
    assert names(audit(api, action="key.create")) == ["key.create"]
    assert audit(api, action="user.delete") == []


@pytest.mark.parametrize("query", [
    "action=", "action=lead", "action=leads.", "action=leads.blocked", "action=block", "since=yesterday",
    "since=2026-13-01", "until=", "until=12", "by=a&by=b", "publicIdentifier=", "type=email", "value=ann",
    "type=mail&value=ann", "type=email&value=ann", "type=email&value=a%40b.com&publicIdentifier=ann"])
def test_bad_filters_are_refused(api, query):
    expect.error(api.get("/audit?" + query), 400, "invalid_parameter", "bad_request", "invalid_identifier")


def test_when_is_from_a_time_on_and_before_another(api):
    changes = [block(api, f"lead-{i}") for i in range(3)]
    at = {action["id"]: action["at"] for action in audit(api)}
    since, until = at[changes[1]], at[changes[2]]
    assert changes[1] in ids(audit(api, since=since)) and changes[2] in ids(audit(api, since=since))
    assert all(action["at"] >= since for action in audit(api, since=since))
    assert all(action["at"] < until for action in audit(api, until=until))
    assert changes[2] not in ids(audit(api, until=until))
    both = audit(api, since=since, until=until)
    assert all(since <= action["at"] < until for action in both)
    assert audit(api, since=later(60_000)) == [] == audit(api, until="2020-01-01")
    today = datetime.now(timezone.utc).date()
    assert ids(audit(api, since=today - timedelta(days=1))) == ids(audit(api))


def test_whom_is_a_person_in_any_spelling(api, fresh):
    campaign = fresh.campaign(id="q1")
    block(api, "someone-else")
    first = block(api, "ann-doe", "bob")
    again = block(api, "Ann-Doe", campaign=campaign, reason="Asked to stop")
    undone = api.post(f"/changes/{first}/undo").header("x-change-id")
    expected = [undone, again, first]
    assert ids(audit(api, publicIdentifier="ann-doe")) == expected
    assert ids(audit(api, publicIdentifier="https://www.linkedin.com/in/ANN-doe/?trk=x", take=1)) == expected
    assert ids(audit(api, publicIdentifier="ann-doe", action="leads.block")) == [again, first]
    assert audit(api, publicIdentifier="nobody-knows") == []
    error = expect.error(api.get("/audit?publicIdentifier=a%40example.com"), 400, "invalid_identifier")
    assert "e-mail" in str(error)


def test_whom_is_a_name_of_any_type_in_any_spelling(api, fresh, other):
    def change(call, entry, path="/blocklist"):
        response = call(path, {"entries": [entry]})
        expect.ok(response)
        return response.header("x-change-id")

    expect.ok(other.api.post("/blocklist", {"entries": [{"email": "ann@example.org"}]}))
    campaign = fresh.campaign(id="q1")
    block(api, "ann")
    for entry, query in (
            ({"email": "Ann@example.org"}, {"type": "email", "value": "ANN@Example.org"}),
            ({"phone": "+49 170 1234567"}, {"type": "phone", "value": "0170 1234567", "defaultCountry": "DE"}),
            ({"domain": "example.org"}, {"type": "domain", "value": "www.example.org"}),
            ({"company": "Acme GmbH"}, {"type": "company", "value": "ACME"}),
            ({"company": "linkedin.com/company/acme"}, {"type": "company", "value": "linkedin.com/company/Acme/"}),
            ({"publicIdentifier": "bob"}, {"type": "linkedinUrl", "value": "https://www.linkedin.com/in/Bob"})):
        assert audit(api, **query) == []
        first = change(api.post, entry)
        again = change(api.post, entry, f"/campaigns/{campaign}/blocklist")
        freed = change(api.delete, entry)
        expected = [freed, again, first]
        assert ids(audit(api, **query)) == expected
        assert ids(audit(api, take=1, **query)) == expected, "links keep the name"
        assert ids(audit(api, action="leads.block", **query)) == [again, first]
        assert ids(audit(api, target="q1", **query)) == [again]
        csv = api.get("/audit?" + "&".join(f"{name}={quote(value)}" for name, value in query.items()), headers=[CSV])
        assert [line.split(",")[0] for line in csv.body.decode().splitlines()[1:]] == expected


def test_a_campaign_as_target_has_its_changes_and_what_was_done_to_it(api):
    expect.ok(api.post("/campaigns", {"name": "First quarter", "id": "q1"}), 201)
    expect.ok(api.post("/campaigns", {"name": "Other", "id": "q2"}), 201)
    block(api, "ann", campaign="q2")
    block(api, "ann")
    change = block(api, "ann", campaign="q1")
    found = audit(api, target="q1")
    assert names(found) == ["leads.block", "campaign.create"] and found[0]["id"] == change
    assert found[0]["campaignName"] == "First quarter" == found[1]["targetName"]
    expect.ok(api.delete("/campaigns/q1"))
    gone = audit(api, action="campaign.create", target="q1")
    assert [action["targetName"] for action in gone] == [None]


def test_an_import_has_its_changes(api, fresh):
    block(api, "before")
    expect.ok(api.post("/blocked-leads/import?importId=own-1", File(b"linkedin.com/in/ann\nlinkedin.com/in/bob\n")))
    expect.ok(api.post("/blocked-leads/import?importId=own-1", File(b"linkedin.com/in/cid\n")))
    block(api, "after")
    found = audit(api, importId="own-1")
    assert [(action["importId"], action["count"]) for action in found] == [("own-1", 1), ("own-1", 2)]
    assert ids(audit(api, importId="own-1", take=1)) == ids(found)
    assert audit(api, importId="none") == []
    assert ids(audit(api, importId="own-1", publicIdentifier="ann")) == [found[1]["id"]]
    expect.ok(api.post("/imports/own-1/undo"))
    assert ids(audit(api, importId="own-1")) == ids(found), "the undo is none of its changes"


def test_keys_and_users_are_named(server, fresh, api):
    member = people.person(server, "member", fresh.workspace)
    key = expect.ok(member.api.post("/keys", {"name": "Sales tool"}), 201)
    created = audit(api, target=key["id"])
    assert [(action["action"], action["targetName"]) for action in created] == [("key.create", "Sales tool")]
    expect.ok(member.api.delete(f"/keys/{key['id']}"))
    assert {action["targetName"] for action in audit(api, target=key["id"])} == {"Sales tool"}
    assert {action["targetName"] for action in audit(api, target=member.id)} == {member.email}


def test_pages_of_filters_have_everything_once_in_order(api, fresh):
    campaign = fresh.campaign(id="demo")
    for number in range(60):
        block(api, f"lead-{number}", campaign=campaign if number % 3 else None)
        if number % 7 == 0:
            expect.ok(api.post("/campaigns", {"name": f"c {number}"}), 201)
    everything = audit(api)
    key = key_id(fresh.key)
    for take in (1, 3, 50):
        assert audit(api, take=take, by=key) == [a for a in everything if a["by"]["id"] == key]
        assert audit(api, take=take, action="leads") == [a for a in everything if "scope" in a]
        assert audit(api, take=take, target="demo") == [
            a for a in everything if a["campaignId"] == "demo" or a["target"] == "demo"]


def test_the_file_has_what_the_filters_leave(api, fresh):
    fresh.campaign(id="demo")
    changes = [block(api, f"lead-{number}") for number in range(120)]
    again = block(api, "lead-7", campaign="demo")

    def rows(query):
        response = api.get("/audit?" + query, headers=[CSV])
        assert response.status == 200
        return [line.split(",")[0] for line in response.body.decode().splitlines()[1:]]

    assert rows("action=leads") == [again] + changes[::-1]
    assert rows("publicIdentifier=lead-7") == [again, changes[7]]
    assert rows("action=leads&take=2") == [again, changes[-1]]
    assert rows("action=user.delete") == []


@sqlite_only("writes into the database's file")
def test_a_page_looks_at_so_many_actions_only_and_the_next_ones_go_on():
    with Server() as server:
        tenant = server.tenant()
        first = block(tenant.api, "ann")
        time.sleep(0.002)  # in one millisecond, nothing says which came first
        expect.ok(tenant.api.post("/campaigns", {"name": "Old"}), 201)
        server.stop()
        with pages.changed(server.data) as database:
            workspace, at = database.execute("SELECT workspace, at FROM audit_log ORDER BY id DESC").fetchone()
            database.executemany(
                "INSERT INTO audit_log (workspace, key, at, action, target) VALUES (?, 0, ?, 'user.sign_in', 'us_0')",
                ((workspace, at + 1) for _ in range(25_000)))
        server.start()
        api = server.api(tenant.key)
        second = block(api, "bob")
        response = api.get("/audit?action=campaign")
        assert expect.ok(response) == [] and "action=campaign" in expect.next_link(response)
        assert names(audit(api, action="campaign")) == ["campaign.create"]
        mine = audit(api, by=key_id(tenant.key))
        assert [mine[0]["id"], mine[1]["action"], mine[2]["id"]] == [second, "campaign.create", first]
        body = api.get(f"/audit?by={key_id(tenant.key)}", headers=[CSV]).body.decode()
        assert [line.split(",")[0] for line in body.splitlines()[1:]] == ids(mine)


def test_filters_look_into_no_other_workspace(api, other):
    for one in (other.api, api):
        expect.ok(one.post("/blocked-leads/import?importId=own-1", File(b"linkedin.com/in/cid\n")))
    assert len(audit(api, importId="own-1")) == 1
    block(other.api, "ann")
    block(api, "ann")
    assert len(audit(api, publicIdentifier="ann")) == 1
    assert audit(api, by=key_id(other.key)) == []
