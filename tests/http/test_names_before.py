"""Data from before the rules for names changed (tests/vectors/names-before.sql): who was blocked there
is blocked now, under the old spelling and the new one."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest

from support import expect
from support.client import File
from support.server import Server, Tenant, on_postgresql, run

DUMP = Path(__file__).resolve().parents[1] / "vectors" / "names-before.sql"
WORKSPACE = "ws_99k55b8wx6j0w2ym"
MEMBER_ID = "ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789"
STYLED = "\ufe0f"
LIST = "/campaigns/list/blocked-leads"


def upgraded(folder):
    """A server on a copy of the folder; on PostgreSQL, of the rows in it."""
    folder.mkdir(mode=0o700)
    store = sqlite3.connect(folder / "leadblock.db")
    store.executescript(DUMP.read_text("utf-8"))
    store.close()
    server = Server() if on_postgresql() else Server(data=folder)
    if on_postgresql():
        copied = run("copy", "--from", folder, "--to", server.database)
        assert copied.code == 0, copied
    return server


@pytest.fixture
def server(tmp_path):
    """For tests that change something."""
    with upgraded(tmp_path / "data") as server:
        yield server


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """For those that do not."""
    with upgraded(tmp_path_factory.mktemp("before") / "data") as server:
        yield api_of(server)


def api_of(server):
    return Tenant(server, WORKSPACE, server.key(WORKSPACE)).api


def check(api, name, path=LIST):
    return expect.ok(api.get(f"{path}/{quote(name, safe='')}"))


def blocked(api, *names):
    answer = expect.ok(api.post(LIST + "/check", {"publicIdentifiers": list(names)}))
    return answer["blocked"]


def listed(api, path=LIST + "?take=100&sort=ASC"):
    return {entry["publicIdentifier"]: entry["reason"] for entry in expect.ok(api.get(path))}


def restarted(server):
    server.restart()
    return api_of(server)


def now_and_later(server, api):
    yield api
    yield restarted(server)


# What was sent to the old version, and the name that it means now: its own when it means nobody.
SENT = [
    ("ann-❤" + STYLED, "ann-❤"),
    ("https://www.linkedin.com/in/ann-%E2%9D%A4%EF%B8%8F/", "ann-❤"),
    ("ann-❤", "ann-❤"),
    ("PMP®" + STYLED + "-kim", "pmp®-kim"),
    ("pmp®-kim", "pmp®-kim"),
    ("https://www.linkedin.com/in/john-doe.", "john-doe."),
    ("john-doe.", "john-doe."),
    ("John-Doe.", "john-doe."),
    ("urn:li:fsd_profile:" + MEMBER_ID, "urn:li:fsd_profile:" + MEMBER_ID.lower()),
    ("urn:li:fsd_profile:" + MEMBER_ID.lower(), "urn:li:fsd_profile:" + MEMBER_ID.lower()),
    ("undefined", "undefined"),
    ("Undefined", "undefined"),
    ("12345678", "12345678"),
    ("none", "none"),
    ("example.com", "example.com"),
    ("+4915112345678", "+4915112345678"),
]


@pytest.mark.parametrize("sent, name", SENT)
def test_who_was_blocked_is_blocked_under_the_old_and_the_new_spelling(api, sent, name):
    answer = check(api, sent)
    assert (answer["publicIdentifier"], answer["blocked"]) == (name, True), answer
    assert blocked(api, sent) == [name]
    found = expect.ok(api.get(f"/blocked-leads/{quote(sent, safe='')}"))
    assert found["blocked"] is True and found["publicIdentifier"] == name, found
    assert name in listed(api)


def test_a_file_finds_and_frees_them_by_the_old_spelling_too(server):
    api = api_of(server)
    old = "urn:li:fsd_profile:" + MEMBER_ID
    data = File(f"Name,Username\nAnn,ann-❤{STYLED}\nBob,{old}\n".encode())
    rows = api.post(LIST + "/import?action=check", data).body.decode().splitlines()
    assert [row.split(",")[2:4] for row in rows[1:]] == [["ann-❤", "true"], [old.lower(), "true"]]
    answer = expect.ok(api.post(LIST + "/import?action=unblock", data))
    assert (answer["unblocked"], answer["notBlocked"], answer["duplicates"]) == (2, 0, 0)
    assert not {"ann-❤", old.lower()} & listed(api).keys()


def test_who_was_blocked_can_be_unblocked_by_either(server):
    api = api_of(server)
    for sent, name in SENT:
        response = api.delete(LIST, {"publicIdentifiers": [sent]})
        expect.unblocked_result(response, 1)
        assert name not in listed(api)
        expect.ok(api.post(f"/changes/{response.header('x-change-id')}/undo"))
        assert name in listed(api)
    names = {name for _, name in SENT}
    assert expect.ok(api.delete(LIST, {"publicIdentifiers": sorted(names)}))["unblocked"] == len(names)
    for api in now_and_later(server, api):
        assert not names & listed(api).keys()


def test_what_would_be_refused_and_is_not_stored_is_refused(api):
    for name in ("max.", "urn:li:fsd_profile:max", "null", "none.", "kim.lee"):
        expect.error(api.get(f"{LIST}/{name}"), 400, "invalid_identifier")
        expect.error(api.post(LIST + "/check", {"publicIdentifiers": [name]}), 400,
                     "invalid_identifier")
        expect.error(api.delete(LIST, {"publicIdentifiers": [name]}), 400, "invalid_identifier")
    expect.error(api.post(LIST, {"publicIdentifiers": ["undefined"]}), 400, "invalid_identifier")
    expect.blocked_result(api.post(LIST, {"publicIdentifiers": ["12345678"]}), 0)


TWINS = ["bob-⭐", "cleo-⭐", "ivy-⭐"]


def campaign_blocks(api):
    return expect.ok(api.get("/statistics"))["blockedLeads"]["campaigns"]


def test_two_rows_of_one_person_are_one_block_with_the_older_reason(api):
    for name in TWINS:
        for spelling in (name, name + STYLED):
            answer = check(api, spelling)
            assert (answer["publicIdentifier"], answer["reason"]) == (name, "first"), answer
            expect.blocked_result(api.post(LIST, {"publicIdentifiers": [spelling]}), 0)
        entries = [entry for entry in expect.ok(api.get(LIST + "?take=100"))
                   if entry["publicIdentifier"] == name]
        assert [entry["reason"] for entry in entries] == ["first"]
    counted = expect.ok(api.get("/statistics"))["blockedLeads"]
    assert counted == {"workspace": 4, "campaigns": 13, "total": 17}


def test_an_unblock_of_a_person_with_two_rows_can_be_undone(server):
    api = api_of(server)
    response = api.delete(LIST, {"publicIdentifiers": [name + STYLED for name in TWINS]})
    expect.unblocked_result(response, len(TWINS))
    for api in now_and_later(server, api):
        assert blocked(api, *TWINS, *(name + STYLED for name in TWINS)) == []
        assert campaign_blocks(api) == 13 - len(TWINS)
    change = response.header("x-change-id")
    assert expect.ok(api.post(f"/changes/{change}/undo"))["blocked"] == len(TWINS)
    for api in now_and_later(server, api):
        assert [check(api, name)["reason"] for name in TWINS] == ["first"] * len(TWINS)
        assert campaign_blocks(api) == 13


def test_what_was_unblocked_before_stays_as_it_was(api):
    assert check(api, "finn-⭐" + STYLED)["reason"] == "second"
    assert check(api, "gina-⭐")["blocked"] is False
    assert check(api, "gina-⭐" + STYLED)["blocked"] is False


def test_an_undo_takes_back_its_own_row_alone(server):
    """Of Bob's two rows that of the older is undone first, of Cleo's that of the younger."""
    api = api_of(server)
    for change in ("ch_10", "ch_13"):
        assert expect.ok(api.post(f"/changes/{change}/undo"))["unblocked"] == 0
    for api in now_and_later(server, api):
        assert check(api, "bob-⭐" + STYLED)["reason"] == "second"
        assert check(api, "cleo-⭐" + STYLED)["reason"] == "first"
        assert campaign_blocks(api) == 13
    for change in ("ch_11", "ch_12"):
        assert expect.ok(api.post(f"/changes/{change}/undo"))["unblocked"] == 1
    for api in now_and_later(server, api):
        assert blocked(api, "bob-⭐", "cleo-⭐") == []
        assert campaign_blocks(api) == 11


def test_a_record_id_of_either_row_unblocks_the_person(server):
    api = api_of(server)
    for record in ("bl_26", "bl_25"):
        response = api.delete("/blocked-leads", [record])
        expect.unblocked_result(response, 1)
        assert check(api, "eva-⭐")["blocked"] is False
        expect.ok(api.post(f"/changes/{response.header('x-change-id')}/undo"))
        assert check(api, "eva-⭐")["blocked"] is True


def test_a_search_finds_the_new_form(api):
    found = listed(api, LIST + "?search=" + quote("bob-⭐" + STYLED))
    assert found == {"bob-⭐": "first"}


LEADS = "/campaigns/leads/leads"


def leads_of(api):
    return {lead["publicIdentifier"]: lead for lead in expect.ok(api.get(LEADS + "?take=100"))}


def claimed(api):
    expect.ok(api.put("/campaigns/leads/activate"))
    activities = expect.ok(api.post("/campaigns/leads/activities/claim", {"max": 100}))
    return sorted(activity["publicIdentifier"] for activity in activities)


def test_leads_are_listed_under_the_new_form_and_excluded_by_either(api):
    leads = leads_of(api)
    assert {name: lead["blocked"] for name, lead in leads.items()} == {
        "dora-❤": True, "hugo-❤": True, "undefined": True,
        "ann-❤": False, "jo-❤": False, "kim.lee": False, "max": False}
    for name, lead in leads.items():
        explained = expect.ok(api.get(f"{LEADS}/{lead['id']}/explain"))
        assert (explained["publicIdentifier"], explained["blocked"]) == (name, lead["blocked"])


def test_no_claim_hands_out_who_is_blocked_under_another_spelling(server):
    api = api_of(server)
    expect.blocked_result(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "jo-❤"}]}), 1)
    assert claimed(api) == ["ann-❤", "kim.lee", "max"]
    scheduled = expect.ok(api.get("/campaigns/leads/activities?state=skipped_blocked&take=100"))
    assert {one["publicIdentifier"] for one in scheduled} == {
        "dora-❤", "hugo-❤", "jo-❤", "undefined"}


def blocked_leads(api):
    return expect.ok(api.get("/campaigns/leads"))["analytics"]["leads"]["blocked"]


def test_a_block_and_an_unblock_reach_a_lead_of_the_old_form(server):
    api = api_of(server)
    before = blocked_leads(api)
    path = "/campaigns/leads/blocked-leads"
    for spelling in ("jo-❤", "jo-❤" + STYLED, "in/jo-%E2%9D%A4%EF%B8%8F"):
        expect.blocked_result(api.post(path, {"publicIdentifiers": [spelling]}), 1)
        assert blocked_leads(api) == before + 1
        expect.unblocked_result(api.delete(path, {"publicIdentifiers": [spelling]}), 1)
        assert blocked_leads(api) == before
    assert "jo-❤" in claimed(api)


def test_a_lead_of_the_old_form_is_known_by_the_new_one(server):
    api = api_of(server)
    answer = expect.ok(api.post(LEADS, {"leads": [
        {"publicIdentifier": "jo-❤"}, {"publicIdentifier": "ann-❤" + STYLED},
        {"publicIdentifier": "dora-❤" + STYLED}]}))
    assert (answer["added"], answer["duplicates"]) == (0, 3), answer
    (entry,) = [entry for entry in expect.ok(api.get("/blocked-leads"))
                if entry["publicIdentifier"] == "hugo-❤"]
    expect.unblocked_result(api.delete("/blocked-leads", [entry["id"]]), 1)
    assert claimed(api) == ["ann-❤", "hugo-❤", "jo-❤", "kim.lee", "max"]
