"""Data from before the rules for names changed (tests/vectors/names-before.sql): who was blocked there
is blocked now, under the old spelling and the new one."""

import json
import re
import sqlite3
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

from support import expect, postgres
from support.client import File
from support.server import Server, Tenant, on_postgresql, run
from support.short_memory import ShortMemory
from support.waiting import becomes

DUMP = Path(__file__).resolve().parents[1] / "vectors" / "names-before.sql"
WORKSPACE = "ws_99k55b8wx6j0w2ym"
MEMBER_ID = "ACoAABcD3fGhIjKlMnOpQrStUvWxYz0123456789"
STYLED = "\ufe0f"
LIST = "/campaigns/list/blocked-leads"


def folder_before(folder, more):
    """`more`: SQL for it."""
    folder.mkdir(mode=0o700)
    store = sqlite3.connect(folder / "leadblock.db")
    store.executescript(DUMP.read_text("utf-8"))
    store.executescript(more)
    store.close()
    return folder


@cache
def database_before(more):
    """The rows of such a folder on PostgreSQL, for servers to get a copy of."""
    with tempfile.TemporaryDirectory() as parent:
        database = postgres.shared().create_database()
        copied = run("copy", "--from", folder_before(Path(parent) / "data", more), "--to", database)
        assert copied.code == 0, copied
        return database


def upgraded(folder, more="", limit=None):
    """A server that finds those data."""
    limit = ("--max-workspace-entries", limit) if limit else ()
    if on_postgresql():
        return Server(*limit, copy_of=database_before(more))
    return Server(*limit, data=folder_before(folder, more))


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


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """With names besides that are hard to come by."""
    with upgraded(tmp_path_factory.mktemp("odd") / "data", ODD_ROW) as server:
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
    (lead,) = expect.ok(api.post("/check", {"leads": [{"publicIdentifier": sent}],
                                            "campaignId": "list"}))
    assert lead["blocked"] is True and lead["matched"]["value"] == name, lead
    found = expect.ok(api.get(f"/blocked-leads/{quote(sent, safe='')}"))
    assert found["blocked"] is True and found["publicIdentifier"] == name, found
    assert name in listed(api)


BODY = 5000  # bytes; names are copied into a block of so many and 512


def test_a_name_that_memory_is_too_short_for_is_not_taken_for_free(server):
    with ShortMemory() as memory:
        server.env = memory.env
        api = restarted(server)
        text = json.dumps({"campaignId": "list", "leads": [
            {"publicIdentifier": "https://www.linkedin.com/in/john-doe."}]})
        body = (text[:-1] + " " * (BODY - len(text)) + "}").encode()
        assert expect.ok(api.post("/check", body))[0]["blocked"] is True
        memory.refuse_next(BODY + 512, BODY + 600)
        expect.error(api.post("/check", body), 503, "overloaded")
        assert memory.refused == 1
        assert expect.ok(api.post("/check", body))[0]["blocked"] is True
        server.env = None


def test_a_file_finds_and_frees_them_by_the_old_spelling_too(server):
    api = api_of(server)
    old = "urn:li:fsd_profile:" + MEMBER_ID
    data = File(f"Name,Username\nAnn,ann-❤{STYLED}\nBob,{old}\n".encode())
    rows = api.post(LIST + "/import?action=check", data).body.decode().splitlines()
    assert [row.split(",")[2:4] for row in rows[1:]] == [["ann-❤", "true"], [old.lower(), "true"]]
    answer = expect.ok(api.post(LIST + "/import?action=unblock", data))
    assert (answer["unblocked"], answer["notBlocked"], answer["duplicates"]) == (2, 0, 0)
    assert not {"ann-❤", old.lower()} & listed(api).keys()


def test_a_file_finds_and_frees_what_is_refused_today_while_it_is_stored(server):
    api = api_of(server)
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": server.key(WORKSPACE)}
    names = ["John-Doe.", "example.com", "'+4915112345678"]
    stored = ["john-doe.", "example.com", "+4915112345678"]
    data = "Username\n" + "\n".join(names) + "\n"
    body = expect.ok(api.post(LIST + "/import", File(data.encode())))
    assert (body["people"], body["bad"]) == (0, 3), "none can be added"
    checked = run("check", "list", "-", stdin=data, env=env)
    assert (checked.code, checked.out) == (0, "".join(f"{name}\tblocked\n" for name in stored)), checked
    assert re.fullmatch(r"3 leads unblocked \(im_\S+\)\n",
                        run("unblock", "list", "-", stdin=data, env=env).out)
    assert not set(stored) & listed(api).keys()
    again = run("unblock", "list", "-", stdin=data, env=env)
    assert again.code == 1 and "line 2: 'John-Doe.': contains" in again.err, again


# What was sent to the old version, and what it stored, which is no name today, or another one's.
ODD = [
    (f"https://www.linkedin.com/in/{MEMBER_ID}.", MEMBER_ID.lower() + "."),
    (MEMBER_ID + STYLED, MEMBER_ID.lower() + STYLED),
    ("kim.lee-❤" + STYLED, "kim.lee-❤" + STYLED),
    ("\u3164", "\u3164"),
    ("in/***", "***"),
    ("in/ann’", "ann’"),
]
ODD_ROW = ("INSERT INTO blocklist_log VALUES (28, 1, 1, 0, 0, 1, 1795895850138, NULL, NULL, '"
           + ",".join(name for _, name in ODD) + "', '127.0.0.1');")


@pytest.mark.parametrize("sent, name", ODD)
def test_a_name_that_is_none_today_is_found_by_what_was_sent_then(odd, sent, name):
    assert check(odd, sent)["publicIdentifier"] == name
    assert blocked(odd, sent) == [name]
    found = listed(odd, f"{LIST}?search=" + quote(name))
    assert name in found, found


def test_a_form_that_a_name_never_had_is_not_looked_for(odd):
    """The member id was never stored in lower case."""
    assert check(odd, "%41" + MEMBER_ID[1:])["blocked"] is False
    expect.error(odd.post(LIST + "/check", {"publicIdentifiers": ["in/ann’,in/bob"]}), 400,
                 "invalid_identifier")


def test_the_commands_reach_a_stored_name_by_either_spelling(server):
    tenant = Tenant(server, WORKSPACE, server.key(WORKSPACE))
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": tenant.key}
    for sent, name in SENT:
        checked = run("check", "list", sent, env=env)
        assert (checked.code, checked.out) == (0, f"{name}\tblocked\n"), checked
    names = list(dict.fromkeys(name for _, name in SENT))
    checked = run("check", "list", "max", *(sent for sent, _ in SENT), env=env)
    assert checked.out.splitlines() == ["max\tallowed"] + [f"{name}\tblocked" for name in names]
    for name in names:
        assert re.fullmatch(r"1 lead unblocked \(ch_\S+\)\n", run("unblock", "list", name, env=env).out)
    assert not set(names) & listed(tenant.api).keys()


def test_the_doctor_lists_the_names_that_are_refused_today(server):
    found = server.run("doctor", "--names", "--json")
    assert found.code == 1, found
    items = {(item["publicIdentifier"], item["campaignId"], item["storedAs"]): item
             for item in found.json()}
    refused = {"john-doe.", "urn:li:fsd_profile:" + MEMBER_ID.lower(), "undefined", "example.com",
               "+4915112345678"}
    assert {key for key in items if key[2] == "block"} == {
        (name, "list", "block") for name in refused} | {("undefined", None, "block")}
    assert {key for key in items if key[2] == "lead"} == {
        ("kim.lee", "leads", "lead"), ("undefined", "leads", "lead")}
    assert {item["workspaceId"] for item in found.json()} == {WORKSPACE}
    item = items["john-doe.", "list", "block"]
    assert item["mayMean"] == "john-doe" and 'contains "."' in item["reason"]
    assert items["example.com", "list", "block"]["mayMean"] is None
    shown = server.run("doctor", "--names")
    rows = [line.split("\t")[:5] for line in shown.out.splitlines()]
    assert shown.code == 1 and [WORKSPACE, "list", "john-doe.", "john-doe", "block"] in rows, shown
    assert [WORKSPACE, "-", "undefined", "-", "block"] in rows

    api = api_of(server)
    expect.ok(api.delete("/campaigns/list"))
    kept = [item for item in server.run("doctor", "--names", "--json").json() if item["campaignId"] == "list"]
    assert len(kept) == len(refused) and all(item["campaignDeleted"] for item in kept)
    expect.ok(api.delete("/campaigns/list?blocks=drop"))
    (own,) = [entry for entry in expect.ok(api.get("/blocked-leads"))
              if entry["publicIdentifier"] == "undefined"]
    expect.ok(api.delete("/blocked-leads", [own["id"]]))
    expect.ok(api.delete("/campaigns/leads"))
    healthy = server.run("doctor", "--names", "--json")
    assert (healthy.code, healthy.json()) == (0, []), healthy


def test_the_doctor_needs_no_server_and_changes_nothing(server):
    with_it = server.run("doctor", "--names", "--json")
    server.stop()
    files = contents(server)
    without = server.run("doctor", "--names", "--json")
    assert (without.code, without.json()) == (1, with_it.json()), without
    assert server.run("doctor", "--names").out.count("\n") == len(with_it.json())
    assert contents(server) == files
    server.start()


def contents(server):
    """Of the database and its log."""
    files = [Path(server.data) / name for name in ("leadblock.db", "leadblock.db-wal")]
    return {path.name: path.read_bytes() for path in files if path.exists()}


def test_the_commands_reach_a_stored_name_in_the_workspace(server):
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": server.key(WORKSPACE)}
    for sent, name in (("Undefined", "undefined"), ("hugo-❤" + STYLED, "hugo-❤")):
        assert run("check", "--workspace", sent, env=env).out == f"{name}\tblocked\n"
        assert re.fullmatch(r"1 lead unblocked \(ch_\S+\)\n", run("unblock", "--workspace", sent, env=env).out)
        assert run("check", "--workspace", name, "--skip-invalid", env=env).out in (
            "", f"{name}\tallowed\n")


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


def test_an_entry_is_freed_by_either(server):
    api = api_of(server)
    for sent, name in SENT:
        response = api.delete("/campaigns/list/blocklist", {"entries": [{"publicIdentifier": sent}]})
        assert expect.ok(response)["unblocked"] == 1, sent
        assert name not in listed(api)
        expect.ok(api.post(f"/changes/{response.header('x-change-id')}/undo"))
    for name in ("max.", "kim.lee", "null."):
        expect.error(api.delete("/campaigns/list/blocklist", {"entries": [{"publicIdentifier": name}]}), 400,
                     "invalid_identifier")


@pytest.mark.parametrize("body", [
    {"publicIdentifier": "John-Doe."}, {"linkedinUrl": "https://www.linkedin.com/in/john-doe."}])
def test_an_entry_is_erased_under_the_name_of_before(server, body):
    api = api_of(server)
    for query in ("?dryRun=true", ""):
        assert "john-doe." in listed(api)
        said = expect.ok(api.post("/erasures" + query, body))
        assert said["erased"]["entries"] == 1 and said["blocked"] is True, said
    assert "john-doe." not in listed(api)
    if not on_postgresql():
        server.stop()
        assert not [name for name, data in contents(server).items() if b"john-doe." in data]
        server.start()
    api = api_of(server)
    assert blocked(api, "john-doe.") != []
    said = expect.ok(api.post("/erasures", body))
    assert said["erased"]["entries"] == 0 and said["blocked"] is True, said


def test_a_lead_is_erased_under_the_name_of_before(server):
    api = api_of(server)
    for name in ("max.", "kim.leo"):
        error = expect.error(api.post("/erasures", {"publicIdentifier": [name, "kim.lee"]}), 400,
                             "invalid_identifier")
        assert error["message"].startswith('"publicIdentifier": contains'), error
    for query in ("?dryRun=true", ""):
        assert "kim.lee" in leads_of(api)
        said = expect.ok(api.post("/erasures" + query, {"publicIdentifier": ["kim.lee", "Kim.Lee"]}))
        assert said["erased"] == {"names": 1, "entries": 0, "reasons": 0, "leads": 1}, said
    assert "kim.lee" not in leads_of(api)


@pytest.mark.parametrize("name", ["https://www.linkedin.com/in/john-doe.", "John-Doe."])
def test_a_file_of_every_type_finds_and_frees_an_entry_of_before(server, name):
    api = api_of(server)
    path, data = "/campaigns/list/blocklist/import?type=publicIdentifier", File(f"{name}\n".encode())
    (_, row) = api.post(path + "&action=check", data).body.decode().splitlines()
    assert ",john-doe.,true,campaign," in row, row
    for query in ("&dryRun=true", ""):
        assert "john-doe." in listed(api)
        said = expect.ok(api.post(path + "&action=unblock" + query, data))
        assert (said["unblocked"], said["bad"]) == (1, 0), said
    assert "john-doe." not in listed(api)


WORKSPACE_ROW = ("INSERT INTO blocklist_log VALUES (28, 1, 0, 0, 0, 1, 1795895850138, NULL, NULL, "
                 "'john-doe.,kim.lee-❤" + STYLED + "', '127.0.0.1');")


def test_the_workspace_is_left_by_a_name_that_is_refused_today(tmp_path):
    with upgraded(tmp_path / "data", WORKSPACE_ROW) as server:
        env = {"LEADBLOCK_URL": f"http://127.0.0.1:{server.port}", "LEADBLOCK_KEY": server.key(WORKSPACE)}
        for sent in ("John-Doe.", "kim.lee-❤" + STYLED):
            assert run("check", "--workspace", sent, env=env).out.endswith("\tblocked\n")
            assert re.fullmatch(r"1 lead unblocked \(ch_\S+\)\n",
                                run("unblock", "--workspace", sent, env=env).out)


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
    expect.unblocked_result(response, len(TWINS), len(TWINS))
    for api in now_and_later(server, api):
        assert blocked(api, *TWINS, *(name + STYLED for name in TWINS)) == []
        assert campaign_blocks(api) == 13 - len(TWINS)
    change = response.header("x-change-id")
    assert expect.ok(api.post(f"/changes/{change}/undo"))["blocked"] == len(TWINS)
    for api in now_and_later(server, api):
        assert [check(api, name)["reason"] for name in TWINS] == ["first"] * len(TWINS)
        assert campaign_blocks(api) == 13
    for change in ("ch_10", "ch_13"):  # the second rows are back, too
        assert expect.ok(api.post(f"/changes/{change}/undo"))["unblocked"] == 0
    for api in now_and_later(server, api):
        assert [check(api, name)["reason"] for name in TWINS] == ["second", "first", "first"]
        assert campaign_blocks(api) == 13


def test_an_undo_of_an_undo_brings_the_row_back_beside_the_other(server):
    api = api_of(server)
    for change, reason in (("ch_10", "second"), ("ch_13", "first")):
        undo = api.post(f"/changes/{change}/undo").header("x-change-id")
        assert expect.ok(api.post(f"/changes/{undo}/undo"))["blocked"] == 0
    for api in now_and_later(server, api):
        assert [check(api, name)["reason"] for name in TWINS] == ["first"] * len(TWINS)
        assert campaign_blocks(api) == 13
    for change in ("ch_11", "ch_12"):  # those that were not undone yet
        assert expect.ok(api.post(f"/changes/{change}/undo"))["unblocked"] == 0
    for api in now_and_later(server, api):
        assert [check(api, name)["reason"] for name in TWINS] == ["first", "second", "first"]


def test_people_with_two_rows_are_counted_once_at_the_limit(tmp_path):
    """17 people are in the lists."""
    with upgraded(tmp_path / "data", limit=17) as server:
        api = api_of(server)
        response = api.delete(LIST, {"publicIdentifiers": TWINS})
        expect.unblocked_result(response, len(TWINS), len(TWINS))
        expect.ok(api.post(f"/changes/{response.header('x-change-id')}/undo"))
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


LEO = ["leo-⭐" + STYLED, "leo-⭐", "leo-⭐\ufe0e"]
MORE_ROWS = f"""
    INSERT INTO blocklist_log VALUES
        (28, 1, 1, 0, 0, 1, 1795895850138, 'first', NULL, '{LEO[0]}', NULL),
        (29, 1, 1, 0, 0, 1, 1795895850138, 'second', NULL, '{LEO[1]}', NULL),
        (30, 1, 1, 0, 0, 1, 1795895850138, 'third', NULL, '{LEO[2]}', NULL),
        (31, 1, 1, 0, 0, 1, 1795895850138, 'first', NULL, 'mia-⭐', NULL),
        (32, 1, 1, 0, 0, 1, 1795895850138, 'second', NULL, 'mia-⭐{STYLED}', NULL),
        (33, 1, 1, 1, 0, 1, 1795895850138, NULL, NULL, '31', NULL),
        (34, 1, 1, 2, 0, 1, 1795895850138, NULL, 33, '31', NULL);"""


@pytest.fixture
def more(tmp_path):
    """With a person of three rows, and one whose older row was freed and came back in between."""
    with upgraded(tmp_path / "data", MORE_ROWS) as server:
        yield server


@pytest.mark.parametrize("order, reasons", [
    ((28, 29, 30), ("second", "third")), ((30, 29, 28), ("first", "first")),
    ((29, 28, 30), ("first", "third")), ((28, 30, 29), ("second", "second"))])
def test_each_of_three_rows_holds_until_its_own_undo(more, order, reasons):
    api = api_of(more)
    response = api.delete(LIST, {"publicIdentifiers": [LEO[2]]})
    expect.unblocked_result(response, 1, 1)
    assert expect.ok(api.post(f"/changes/{response.header('x-change-id')}/undo"))["blocked"] == 1
    for change, reason in zip(order, reasons):
        assert expect.ok(api.post(f"/changes/ch_{change}/undo"))["unblocked"] == 0
        for api in now_and_later(more, api):
            assert [check(api, name)["reason"] for name in LEO] == [reason] * 3
    assert expect.ok(api.post(f"/changes/ch_{order[2]}/undo"))["unblocked"] == 1
    for api in now_and_later(more, api):
        assert blocked(api, *LEO) == []


def test_a_row_that_came_back_before_the_upgrade_is_the_older_one_again(more):
    api = api_of(more)
    assert check(api, "mia-⭐")["reason"] == "first"
    assert expect.ok(api.post("/changes/ch_31/undo"))["unblocked"] == 0
    for api in now_and_later(more, api):
        assert check(api, "mia-⭐")["reason"] == "second"


def test_a_list_that_ends_takes_all_rows_along(more):
    api = api_of(more)
    expect.ok(api.delete("/campaigns/list?blocks=drop"))
    for api in now_and_later(more, api):
        found = expect.ok(api.get(f"/blocked-leads/{quote(LEO[0])}"))
        assert found["blocked"] is False
        becomes(lambda: campaign_blocks(api), 0)  # they leave memory bit by bit


@pytest.mark.skipif(not on_postgresql(), reason="one process owns a folder")
def test_another_node_knows_what_happens_to_a_person_with_several_rows(more):
    with Server(database=more.database) as other:
        here, there = api_of(more), api_of(other)
        response = here.delete(LIST, {"publicIdentifiers": [LEO[1], *TWINS]})
        expect.unblocked_result(response, 1 + len(TWINS), 1 + len(TWINS))
        assert blocked(there, *LEO, *TWINS) == []
        undo = f"/changes/{response.header('x-change-id')}/undo"
        assert expect.ok(there.post(undo))["blocked"] == 1 + len(TWINS)
        for change, reason in ((28, "second"), (29, "third")):
            assert expect.ok(here.post(f"/changes/ch_{change}/undo"))["unblocked"] == 0
            assert check(here, LEO[0])["reason"] == check(there, LEO[0])["reason"] == reason
        assert expect.ok(there.post("/changes/ch_30/undo"))["unblocked"] == 1
        assert blocked(here, *LEO) == blocked(there, *LEO) == []


def test_a_record_id_of_either_row_unblocks_the_person(server):
    api = api_of(server)
    for record in ("bl_26", "bl_25"):
        response = api.delete("/blocked-leads", [record])
        expect.unblocked_result(response, 1, 1)
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


def wait_for_blocked_leads(api, wanted):
    """What is stored under other forms than today's is brought in step soon after the start."""
    becomes(lambda: blocked_leads(api), wanted)


def test_the_counts_of_a_campaign_are_right_before_any_claim(server):
    """Blocked under the other form: Dora, whose lead has today's, and Hugo, whose lead has the old one."""
    api = api_of(server)
    wait_for_blocked_leads(api, 3)
    api = restarted(server)
    assert blocked_leads(api) == 3
    listed_aside = expect.ok(api.get("/campaigns/leads/activities?state=skipped_blocked&take=100"))
    assert {one["publicIdentifier"] for one in listed_aside} == {"dora-❤", "hugo-❤", "undefined"}


def test_a_block_and_an_unblock_reach_a_lead_of_the_old_form(server):
    api = api_of(server)
    wait_for_blocked_leads(api, 3)
    before = blocked_leads(api)
    path = "/campaigns/leads/blocked-leads"
    for spelling in ("jo-❤", "jo-❤" + STYLED, "in/jo-%E2%9D%A4%EF%B8%8F"):
        expect.blocked_result(api.post(path, {"publicIdentifiers": [spelling]}), 1)
        assert blocked_leads(api) == before + 1
        expect.unblocked_result(api.delete(path, {"publicIdentifiers": [spelling]}), 1)
        assert blocked_leads(api) == before
    assert "jo-❤" in claimed(api)


def two_leads(ann=(0, 0), old_ann=(0, 0)):
    """A second lead that is Ann, under today's form: (status, step) of it and of the first."""
    waiting = 8 - (ann[0] > 0) - (old_ann[0] > 0)
    return f"""
        INSERT INTO lead SELECT 8, workspace, campaign, 'ann-❤', NULL, NULL, NULL, NULL, NULL, added_at,
            {ann[0]}, 0, 0, {ann[1]}, since, 0 FROM lead WHERE no = 3;
        UPDATE lead SET status = {old_ann[0]}, step = {old_ann[1]} WHERE no = 3;
        INSERT INTO lead_name VALUES (1, 'ann-❤', 2, 8);
        UPDATE campaign SET leads_waiting = {waiting}, leads_active = {8 - waiting} WHERE no = 2;
        UPDATE sqlite_sequence SET seq = 8 WHERE name = 'lead';"""


@pytest.mark.parametrize("states, left", [
    (((0, 0), (0, 0)), "ld_3"),  # the older one
    (((1, 2), (0, 0)), "ld_8"),  # the one that was begun
    (((0, 0), (1, 2)), "ld_3"),
    (((1, 2), (1, 2)), "ld_3"),
])
def test_of_two_leads_that_are_one_person_one_is_handed_out(tmp_path, states, left):
    with upgraded(tmp_path / "data", two_leads(*states)) as server:
        api = api_of(server)
        assert claimed(api).count("ann-❤") == 1
        status = {lead["id"]: lead["status"] for lead in expect.ok(api.get(LEADS + "?take=100"))
                  if lead["publicIdentifier"] == "ann-❤"}
        gone = {"ld_3": "ld_8", "ld_8": "ld_3"}[left]
        assert status == {left: "active", gone: "completed"}


def test_a_message_names_the_lead_as_it_is_called_today(server):
    api = api_of(server)
    expect.ok(api.put("/campaigns/leads/pause"))
    step = {"type": "message", "delay": 0, "genericBody": "Hello {{publicIdentifier}}"}
    expect.ok(api.post("/campaigns/leads/steps", step), 201)
    expect.ok(api.put("/campaigns/leads/activate"))
    claim = {"max": 100}
    for activity in expect.ok(api.post("/campaigns/leads/activities/claim", claim)):
        expect.ok(api.post(f"/activities/{activity['id']}/complete",
                           {"leaseToken": activity["leaseToken"], "result": "done"}))
    messages = [one["message"] for one in expect.ok(api.post("/campaigns/leads/activities/claim", claim))]
    assert "Hello jo-❤" in messages, messages


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
