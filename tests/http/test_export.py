"""Lists and the audit as CSV, all of them (docs/api.md, "Out again"): what is in the file, that the import
reads it back, and what happens while it is sent."""

import csv
import io
import json
import re
import socket
import time
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support import expect, people
from support.client import build
from support.server import Server, key_id, run, unique

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "identifiers.json").read_text())
HEADINGS = ["publicIdentifier", "reason", "createdAt", "by", "scope", "profileUrl"]
AUDIT = ["id", "at", "action", "target", "scope", "campaignId", "count", "by", "from", "targetName",
         "campaignName"]
CSV = ("Accept", "text/csv")
NAMES = sorted({case["canonical"] for case in VECTORS["same"]} |
               {name for pair in VECTORS["different"] for name in pair})
REASONS = ["=1+1", "+49 170", "-", "@ann", "'=quoted", "''", "'''@x", "\t=tab", "＝full width", "＠ann",
           'says "no", twice', "two\nlines", "three\r\nlines\r\nhere", "a;b|c\td", "an end\\", '"',
           "🙅‍♀️ nie wieder", "https://www.linkedin.com/in/somebody-else", "sep=;", ",,,", "x" * 500]


class List:
    def __init__(self, tenant, scope):
        self.tenant = tenant
        self.api = tenant.api
        self.scope = scope
        self.campaign = tenant.campaign()
        self.path = f"/campaigns/{self.campaign}/blocked-leads" if scope == "campaign" \
            else "/blocked-leads"

    def block(self, *entries):
        """Each is a name, or (name, reason)."""
        leads = [{"publicIdentifier": entry} if isinstance(entry, str) else
                 {"publicIdentifier": entry[0], "reason": entry[1]} for entry in entries]
        if self.scope == "workspace":
            expect.ok(self.api.post("/blocked-leads", {"leads": leads}))
            return
        for lead in leads:
            body = {"publicIdentifiers": [lead["publicIdentifier"]]}
            if "reason" in lead:
                body["reason"] = lead["reason"]
            expect.ok(self.api.post(self.path, body))

    def fill(self, count, stem="lead"):
        names = [f"{stem}-{i:05}" for i in range(count)]
        for start in range(0, count, 5000):
            self.block_at_once(names[start:start + 5000])
        return names

    def block_at_once(self, names):
        body = {"publicIdentifiers": names} if self.scope == "campaign" else \
            {"leads": [{"publicIdentifier": name} for name in names]}
        expect.ok(self.api.post(self.path, body))

    def export(self, api=None, **query):
        return (api or self.api).get(f"{self.path}?{urlencode(query)}", headers=[CSV])

    def rows(self, **query):
        return rows_of(self.export(**query))

    def entries(self):
        take = {"take": 100} if self.scope == "campaign" else {"limit": 1000}
        return expect.ok(self.api.get(f"{self.path}?{urlencode(take)}&include=by"))


@pytest.fixture(params=["campaign", "workspace"])
def target(request, fresh):
    return List(fresh, request.param)


def table_of(response):
    assert response.status == 200, response
    assert response.header("content-type") == "text/csv; charset=utf-8"
    assert response.body.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(response.body.decode(), newline=""), strict=True))


def rows_of(response, headings=HEADINGS):
    first, *rows = table_of(response)
    assert first == headings
    assert all(len(row) == len(headings) for row in rows)
    return [dict(zip(headings, row)) for row in rows]


def names_of(rows):
    return [row["publicIdentifier"] for row in rows]


# What is in the file


def test_every_column_says_what_the_list_says(target):
    target.block("john-doe", ("josé-garcía", "existing client"))
    response = target.export()
    assert response.header("x-total-count") == "2"
    assert response.header("content-disposition") == 'attachment; filename="blocked-leads.csv"'
    assert response.header("cache-control") == "no-store"
    entries = target.entries()
    assert rows_of(response) == [
        {"publicIdentifier": entry["publicIdentifier"], "reason": entry["reason"] or "",
         "createdAt": entry["createdAt"], "by": entry["by"]["name"], "scope": target.scope,
         "profileUrl": url} for entry, url in zip(entries, [
             "https://www.linkedin.com/in/jos%C3%A9-garc%C3%ADa/",
             "https://www.linkedin.com/in/john-doe/"])]


def test_users_are_named_by_their_address(server, target):
    member = people.person(server, "member", target.tenant.workspace).api
    expect.ok(member.post("/blocked-leads", {"leads": [{"publicIdentifier": "ann"}]}))
    (row,) = rows_of(target.api.get("/blocked-leads", headers=[CSV]))
    assert row["by"] == expect.ok(member.get("/session"))["user"]["email"]


def test_an_empty_list_has_headings_alone(target):
    assert target.rows() == []
    assert target.rows(take=0) == []


def test_json_is_what_a_client_gets_that_does_not_ask_for_csv(target):
    target.block("ann")
    for accept in ("*/*", "application/json", "text/*", "text/csv;q=0", "text/csvx"):
        response = target.api.get(target.path, headers=[("Accept", accept)])
        assert [entry["publicIdentifier"] for entry in expect.ok(response)] == ["ann"]


def test_take_skip_sort_and_search_choose_what_is_in_it(target):
    names = target.fill(30)
    target.block("else")
    assert names_of(target.rows(search="lead")) == names[::-1]
    assert names_of(target.rows(sort="ASC")) == [*names, "else"]
    assert names_of(target.rows(sort="ASC", skip=28)) == [*names[28:], "else"]
    assert names_of(target.rows(sort="ASC", skip=5, take=7)) == names[5:12]
    assert names_of(target.rows(take=100000))[1:] == names[::-1]
    assert target.export(search="lead").header("x-total-count") is None
    expect.error(target.export(sort="up"), 400, "invalid_parameter")
    expect.error(target.export(include="all"), 400, "invalid_parameter")


def test_a_list_of_many_pieces_comes_whole_and_in_order(target):
    names = target.fill(12000)
    rows = target.rows()
    assert names_of(rows) == names[::-1]
    assert names_of(target.rows(sort="ASC")) == names
    assert names_of(target.rows(search="1-0", sort="ASC")) == []
    assert names_of(target.rows(search="-119", sort="ASC")) == names[11900:]


def test_head_has_the_headers_alone(target):
    target.block("ann")
    response = target.api.call("HEAD", target.path, headers=[CSV])
    assert (response.status, response.header("x-total-count"), response.body) == (200, "1", b"")


def test_who_may_only_read_may_export(server, target):
    target.block("ann")
    viewer = people.person(server, "viewer", target.tenant.workspace).api
    reader = server.api(target.tenant.new_key("--read-only"))
    for api in (viewer, reader):
        assert names_of(rows_of(target.export(api))) == ["ann"]
        assert rows_of(api.get("/audit", headers=[CSV]), AUDIT)


# Read back


def imported(response):
    body = expect.ok(response)
    return {name: body[name] for name in ("blocked", "already", "duplicates", "bad", "blank")}


def reasons_of(rows):
    return {row["publicIdentifier"]: row["reason"] for row in rows}


def test_the_import_reads_it_back_and_nothing_changes(target):
    entries = [(f"in/{name}", reason) for name, reason in zip(NAMES, REASONS * 9)]
    entries += [(unique(), reason) for reason in REASONS]
    target.block(*entries)
    exported = target.export()
    rows = rows_of(exported)
    assert len(rows) == len(entries)
    nothing = {"blocked": 0, "already": len(rows), "duplicates": 0, "bad": 0, "blank": 0}
    assert imported(target.api.post(target.path + "/import?strict=true", exported.body,
                                    content_type="text/csv")) == nothing
    assert target.export().body == exported.body
    copy = List(target.tenant, "campaign")
    assert imported(copy.api.post(copy.path + "/import?strict=true", exported.body,
                                  content_type="text/csv")) == {**nothing, "blocked": len(rows), "already": 0}
    assert reasons_of(copy.rows()) == reasons_of(rows)
    if target.scope == "workspace":  # all on one page
        assert {row["publicIdentifier"]: row["reason"] for row in target.entries()} == \
            {name.removeprefix("in/"): reason for name, reason in entries}


@pytest.mark.parametrize("reason", REASONS)
def test_a_reason_comes_back_as_it_was(target, reason):
    target.block(("ann-doe", reason))
    data = target.export().body
    for row in csv.reader(io.StringIO(data.decode(), newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＠")) for cell in row)
    copy = List(target.tenant, "campaign")
    imported(copy.api.post(copy.path + "/import", data, content_type="text/csv"))
    (entry,) = copy.entries()
    assert (entry["publicIdentifier"], entry["reason"]) == ("ann-doe", reason)


def test_a_reason_of_very_many_lines_loses_no_person(target):
    target.block(("ann", "a\n" * 250), ("bob", "b\r\n" * 160), "cleo")
    data = target.export().body
    copy = List(target.tenant, "campaign")
    assert imported(copy.api.post(copy.path + "/import?strict=true", data, content_type="text/csv")) == \
        {"blocked": 3, "already": 0, "duplicates": 0, "bad": 0, "blank": 0}


def test_names_that_no_address_has_are_told_and_not_turned_into_others(target):
    target.block("me", "ann")
    urls = {row["publicIdentifier"]: row["profileUrl"] for row in target.rows()}
    assert urls == {"me": "", "ann": "https://www.linkedin.com/in/ann/"}
    copy = List(target.tenant, "campaign")
    body = expect.ok(copy.api.post(copy.path + "/import", target.export().body, content_type="text/csv"))
    assert (body["blocked"], body["blank"]) == (1, 1)
    assert body["errors"][0]["value"] == "me"


def test_an_empty_export_blocks_no_person(target):
    body = expect.ok(target.api.post(target.path + "/import", target.export().body, content_type="text/csv"))
    assert (body["blocked"], body["rows"]) == (0, 0)


# While it is sent


class Slow:
    """Reads an export only when it is told to: more of it than is on the way waits at the server."""

    def __init__(self, server, caller, path):
        """`caller`: a key, or headers."""
        headers = [("x-api-key", caller)] if isinstance(caller, str) else caller
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=30)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
        self.sock.sendall(build("GET", "/v1" + path, [*headers, CSV]))
        self.answer = HTTPResponse(self.sock)

    def begin(self):
        """Waits until the status is there."""
        self.answer.begin()
        assert self.answer.status == 200
        return self

    def names(self):
        """Those in the rest of the file."""
        table = csv.DictReader(io.StringIO(self.answer.read().decode(), newline=""), strict=True)
        return [row["publicIdentifier"] for row in table]

    def is_cut(self):
        try:
            self.answer.read()
        except (IncompleteRead, ConnectionError):
            return True
        return False

    def close(self):
        self.answer.close()
        self.sock.close()


def long_list(tenant, scope="workspace"):
    """6 MB: more than is on the way."""
    target = List(tenant, scope)
    target.names = target.fill(24000, stem="a" * 84)
    return target


@pytest.fixture(scope="module")
def many(server):
    return long_list(server.tenant("pro"))


@pytest.mark.parametrize("sort", ["ASC", "DESC"])
def test_who_comes_and_goes_meanwhile(server, many, sort):
    """No person stands there twice, and none who was there all along is left out."""
    order = names_of(many.rows(sort=sort, take=1)) + names_of(many.rows(sort=sort, skip=23999))
    given, waiting = order
    slow = Slow(server, many.tenant.key, f"/blocked-leads?sort={sort}").begin()
    ids = [expect.ok(many.api.get(f"/blocked-leads/{name}"))["blocks"][0]["id"] for name in order]
    expect.ok(many.api.delete("/blocked-leads", ids))
    new = unique("new")
    many.block(given, waiting, new)
    names = slow.names()
    slow.close()
    assert len(set(names)) == len(names)
    assert set(many.names) - {waiting} <= set(names)
    assert names.count(given) == 1
    assert new not in names
    expect.ok(many.api.delete("/blocked-leads", [
        expect.ok(many.api.get(f"/blocked-leads/{new}"))["blocks"][0]["id"]]))


def memory_kb(server):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.process.pid}/status").read_text())[1])


def test_slow_clients_hold_up_no_other_and_fill_no_memory():
    """Readers are free while they read, and what they have not read yet has not been made."""
    with Server("--readers", "2") as server:
        target = long_list(server.tenant())
        target.rows(take=20000)
        before = memory_kb(server)
        slow = [Slow(server, target.tenant.key, "/blocked-leads").begin() for _ in range(2)]
        time.sleep(0.3)
        started = time.monotonic()
        for _ in range(10):
            expect.ok(target.api.get("/blocked-leads?limit=10"))
        assert time.monotonic() - started < 10  # the slow ones read nothing before that
        if "+" not in run("version").out:  # sanitizers need memory of their own
            assert memory_kb(server) - before < 4000  # of 12 MB
        assert [len(one.names()) for one in slow] == [24000] * 2
        for one in slow:
            one.close()


def exported_over_1_0(server, target, query=""):
    """The lines of the file, which ends with the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
        sock.sendall(f"GET /v1{target.path}{query} HTTP/1.0\r\nx-api-key: {target.tenant.key}\r\n"
                     "Accept: text/csv\r\n\r\n".encode())
        text = b"".join(iter(lambda: sock.recv(1 << 16), b"")).decode()
    assert text.startswith("HTTP/1.1 200 ")
    return text.split("\r\n\r\n", 1)[1].splitlines()[1:]


def test_an_export_over_http_1_0_ends_whatever_its_last_piece_is(server):
    """500 entries are a piece, and a search may look at many that are not in it."""
    target = List(server.tenant("pro"), "campaign")
    for count in (0, 499, 1, 1, 499):
        target.fill(count, stem=unique("list"))
        wanted = len(exported_over_1_0(server, target)) if count == 0 else wanted + count
        assert len(exported_over_1_0(server, target)) == wanted
        assert exported_over_1_0(server, target, "?search=nothing-like-it") == []
    assert wanted == 1000


def test_few_exports_of_a_workspace_run_at_once(server, many):
    slow = [Slow(server, many.tenant.key, "/blocked-leads").begin() for _ in range(2)]
    for path in ("/blocked-leads", f"/campaigns/{many.campaign}/blocked-leads", "/audit"):
        response = many.api.get(path, headers=[CSV])
        expect.error(response, 429, "overloaded")
        assert "2 exports are under way" in response.message
        assert response.header("retry-after")
    expect.ok(many.api.get("/blocked-leads?limit=1"))
    slow[0].close()
    assert len(slow[1].names()) == 24000
    slow[1].close()
    deadline = time.monotonic() + 60
    while many.export(take=1).status == 429 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(many.rows(take=1)) == 1


def test_a_key_that_ends_cuts_the_export(server, many):
    key = many.tenant.new_key()
    slow = Slow(server, key, "/blocked-leads").begin()
    server.cli("key", "revoke", key_id(key))
    assert slow.is_cut()
    slow.close()


def test_a_session_that_ends_cuts_the_export(server, many):
    person = people.person(server, "viewer", many.tenant.workspace)
    slow = Slow(server, [person.cookie], "/blocked-leads").begin()
    expect.ok(person.api.delete("/session"))
    assert slow.is_cut()
    slow.close()


def test_a_campaign_that_is_deleted_cuts_the_export(server, fresh):
    target = long_list(fresh, "campaign")
    slow = Slow(server, fresh.key, target.path).begin()
    expect.ok(fresh.api.delete(f"/campaigns/{target.campaign}"))
    assert slow.is_cut()
    slow.close()


def test_a_server_that_stops_cuts_the_export_and_ends_well():
    with Server("--drain-timeout", "1") as server:
        slow = Slow(server, long_list(server.tenant()).tenant.key, "/blocked-leads").begin()
        server.stop()
        assert slow.is_cut()
        slow.close()


# The audit


def test_the_audit_says_in_csv_what_it_says_in_json(fresh):
    campaign = fresh.campaign(id="demo")
    for i in range(130):
        expect.ok(fresh.api.post("/campaigns/demo/blocked-leads", {"publicIdentifiers": [f"ann-{i}", "bob"]}))
    response = fresh.api.get("/audit", headers=[CSV])
    assert response.header("content-disposition") == 'attachment; filename="audit.csv"'
    rows = rows_of(response, AUDIT)
    actions = []
    page = fresh.api.get("/audit?take=100")
    actions += expect.ok(page)
    actions += expect.ok(fresh.api.call("GET", expect.next_link(page), base=""))
    assert len(rows) == len(actions) > 130
    for row, action in zip(rows, actions):
        assert row == {"id": action["id"], "at": action["at"], "action": action["action"],
                       "target": action["target"] or "", "scope": action.get("scope", ""),
                       "campaignId": action["campaignId"] or "", "count": str(action["count"]),
                       "by": action["by"]["name"] or "operator", "from": action["from"] or "",
                       "targetName": action["targetName"] or "", "campaignName": action["campaignName"] or ""}
    assert rows_of(fresh.api.get("/audit?take=120", headers=[CSV]), AUDIT) == rows[:120]
    assert campaign == "demo"


def test_operators_export_what_concerns_the_installation(server, operator):
    people.person(server, "operator")  # made, and with a password: two actions that are of no list
    response = operator.api.get("/audit?take=2", headers=[CSV])
    assert [row["scope"] for row in rows_of(response, AUDIT)] == [""] * 2


def test_formulas_in_names_of_keys_are_defused(server, fresh):
    api = server.api(server.key(fresh.workspace, name="=cmd()"))
    expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": "ann"}]}))
    assert rows_of(api.get("/blocked-leads", headers=[CSV]))[0]["by"] == "'=cmd()"
    assert rows_of(api.get("/audit", headers=[CSV]), AUDIT)[0]["by"] == "'=cmd()"
