"""Data from before the rules for names changed (tests/vectors/names-before.sql): who was blocked there
is blocked now, under the old spelling and the new one."""

import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest

from support import expect
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


@pytest.mark.parametrize("name", TWINS)
def test_two_rows_of_one_person_are_one_block_with_the_older_reason(server, name):
    api = api_of(server)
    for spelling in (name, name + STYLED):
        answer = check(api, spelling)
        assert (answer["publicIdentifier"], answer["reason"]) == (name, "first"), answer
    entries = [entry for entry in expect.ok(api.get(LIST + "?take=100"))
               if entry["publicIdentifier"] == name]
    assert [entry["reason"] for entry in entries] == ["first"]
    counted = expect.ok(api.get("/statistics"))["blockedLeads"]
    assert counted == {"workspace": 4, "campaigns": 13, "total": 17}
    expect.blocked_result(api.post(LIST, {"publicIdentifiers": [name + STYLED]}), 0)

    response = api.delete(LIST, {"publicIdentifiers": [name]})
    expect.unblocked_result(response, 1)
    for api in now_and_later(server, api):
        assert blocked(api, name, name + STYLED) == []
        assert expect.ok(api.get("/statistics"))["blockedLeads"]["campaigns"] == 12
    change = response.header("x-change-id")
    assert expect.ok(api.post(f"/changes/{change}/undo"))["blocked"] == 1
    for api in now_and_later(server, api):
        assert check(api, name)["reason"] == "first"
        assert expect.ok(api.get("/statistics"))["blockedLeads"]["campaigns"] == 13


def test_what_was_unblocked_before_stays_as_it_was(api):
    assert check(api, "finn-⭐" + STYLED)["reason"] == "second"
    assert check(api, "gina-⭐")["blocked"] is False
    assert check(api, "gina-⭐" + STYLED)["blocked"] is False


@pytest.mark.parametrize("older_first", [True, False])
@pytest.mark.parametrize("older, younger", [("ch_10", "ch_11"), ("ch_12", "ch_13")])
def test_an_undo_takes_back_its_own_row_alone(server, older, younger, older_first):
    name = "bob-⭐" if older == "ch_10" else "cleo-⭐"
    first, second = (older, younger) if older_first else (younger, older)
    api = api_of(server)
    assert expect.ok(api.post(f"/changes/{first}/undo"))["unblocked"] == 0
    for api in now_and_later(server, api):
        assert check(api, name + STYLED)["reason"] == ("second" if older_first else "first")
        assert expect.ok(api.get("/statistics"))["blockedLeads"]["campaigns"] == 13
    assert expect.ok(api.post(f"/changes/{second}/undo"))["unblocked"] == 1
    for api in now_and_later(server, api):
        assert check(api, name)["blocked"] is False
        assert expect.ok(api.get("/statistics"))["blockedLeads"]["campaigns"] == 12


@pytest.mark.parametrize("place", [0, 1])
def test_a_record_id_of_either_row_unblocks_the_person(server, place):
    api = api_of(server)
    response = api.delete("/blocked-leads", [["bl_25", "bl_26"][place]])
    expect.unblocked_result(response, 1)
    for api in now_and_later(server, api):
        assert check(api, "eva-⭐")["blocked"] is False
        assert "eva-⭐" not in listed(api, "/blocked-leads")


def test_a_search_finds_the_new_form(api):
    found = listed(api, LIST + "?search=" + quote("bob-⭐" + STYLED))
    assert found == {"bob-⭐": "first"}
