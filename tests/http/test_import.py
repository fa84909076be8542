"""Files of people, imported into blocklists: what is in docs/api.md, "Files"."""

import csv
import gzip
import io
import json
import re
import select
import statistics
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support import expect, people
from support.client import ConnectionClosed, File, build, chunked
from support.server import Server, run, unique
from support.waiting import eventually

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
FOLDERS = [VECTORS / name for name in ("files", "more-files", "doubtful-files")]
EXPECTED = [(folder / name, wanted) for folder in FOLDERS
            for name, wanted in json.loads((folder / "expected.json").read_text()).items()]
PROFILE = "https://www.linkedin.com/in/"
ANSWER = {"success", "message", "blocked", "already", "duplicates", "rows", "headings", "people",
          "bad", "blank", "importId", "column", "reasonColumn", "encoding", "delimiter", "errors",
          "warnings", "warningCount"}


class List:
    """One of the two blocklists."""

    def __init__(self, tenant, scope):
        self.api = tenant.api
        self.in_campaign = scope == "campaign"
        self.path = f"/campaigns/{tenant.campaign()}/blocked-leads" if self.in_campaign \
            else "/blocked-leads"

    def send(self, data, api=None, content_type="text/csv", headers=(), **query):
        query = {name: "true" if value is True else value for name, value in query.items()}
        path = f"{self.path}/import?{urlencode(query)}"
        return (api or self.api).post(path, data, content_type=content_type, headers=headers)

    def entries(self):
        """All of them, as {name: reason}."""
        body = expect.ok(self.api.get(f"{self.path}?take=100"))
        return {entry["publicIdentifier"]: entry["reason"] for entry in body}


@pytest.fixture(params=["campaign", "workspace"])
def target(request, fresh):
    return List(fresh, request.param)


@pytest.fixture
def campaign_list(fresh):
    return List(fresh, "campaign")


def imported(response, **counts):
    """The answer, whose counts must add up."""
    body = expect.ok(response)
    assert body["success"] is True
    assert body["rows"] == sum(body[name] for name in ("headings", "people", "bad", "blank"))
    assert body["people"] <= body["blocked"] + body["already"] + body["duplicates"]
    assert len(body["errors"]) == min(100, body["bad"] + body["blank"])
    assert len(body["warnings"]) == min(100, body["warningCount"])
    assert {name: body[name] for name in counts} == counts, response
    return body


def table(rows, heading="Name,LinkedIn\n"):
    return (heading + "".join(f"Person,{PROFILE}{name}\n" for name in rows)).encode()


# What is in a file


def check_findings(body, wanted):
    for name in ("blank", "bad", "headings", "people", "encoding", "delimiter"):
        if name in wanted:
            assert body[name] == wanted[name], name
    if "left_out" in wanted:
        assert body["bad"] + body["blank"] == wanted["left_out"]
    if "warnings" in wanted:
        assert body["warningCount"] == wanted["warnings"]
    if "column" in wanted:
        assert body["column"]["number"] == wanted["column"]
    if "column_name" in wanted:
        assert body["column"]["name"] == wanted["column_name"]
    said = json.dumps([body["errors"], body["warnings"]], ensure_ascii=False)
    for words in wanted.get("says", []):
        assert json.dumps(words, ensure_ascii=False)[1:-1] in said


@pytest.mark.parametrize("file, wanted", EXPECTED, ids=[path.name for path, _ in EXPECTED])
def test_a_file_blocks_its_people_and_nobody_else(campaign_list, file, wanted):
    data = file.read_bytes()
    query = {"column": wanted["with_column"]} if "with_column" in wanted else {}
    tried = campaign_list.send(data, dryRun=True, **query)
    assert campaign_list.entries() == {}
    response = campaign_list.send(data, **query)
    if "refused" in wanted or response.status == 400:
        assert not wanted.get("blocked")
        if "refused" in wanted:
            expect.error(response, 400, wanted["refused"])
        assert (tried.status, tried.body) == (response.status, response.body)
        assert campaign_list.entries() == {}
        return
    body = imported(response)
    assert body.keys() == ANSWER
    trial = expect.ok(tried)
    assert trial.keys() == ANSWER | {"dryRun", "columns"}
    same = ANSWER - {"message", "importId"}
    assert {name: trial[name] for name in same} == {name: body[name] for name in same}
    assert trial["importId"] is None and body["importId"].startswith("im_")
    check_findings(body, wanted)
    if "blocked_count" in wanted:
        assert body["blocked"] == wanted["blocked_count"]
        return
    assert body["blocked"] == len(wanted["blocked"])
    entries = campaign_list.entries()
    assert entries.keys() == set(wanted["blocked"])
    for name, reason in wanted.get("reasons", {}).items():
        assert (entries[name] or "") == reason


def test_both_lists_take_files_and_answer_in_the_same_words(target):
    body = imported(target.send(table(["ann-1", "bob-2", "ann-1"]), importId="spring_1"),
                    blocked=2, already=0, duplicates=1, rows=4, headings=1, people=3)
    assert body["message"] == "2 leads blocked, 1 repeated"
    assert body["importId"] == "spring_1"
    assert body["column"] == {"number": 2, "name": "LinkedIn"}
    assert (body["reasonColumn"], body["encoding"], body["delimiter"]) == (None, "utf-8", ",")
    assert target.entries() == {"ann-1": None, "bob-2": None}


def test_a_text_has_no_column_and_no_delimiter(target):
    body = imported(target.send(f"Dear all,\nplease not {PROFILE}ann-1 any more\n".encode(),
                                content_type="text/plain; charset=utf-8"), blocked=1, bad=0)
    assert (body["column"], body["delimiter"]) == (None, None)


def test_a_file_without_rows_counts_nothing(target):
    imported(target.send(b"LinkedIn URL,Name\n"), rows=0, headings=0, blocked=0)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\n\n \n"])
def test_an_empty_file_is_400(target, data):
    expect.error(target.send(data), 400, "empty_file")


def test_every_row_is_in_one_count_and_every_one_that_was_not_taken_is_listed(target):
    data = f"Name,LinkedIn\nAnn,{PROFILE}ann-1\nBob,\nCleo,nobody\nDan,{PROFILE}dan-1\n".encode()
    body = imported(target.send(data), rows=5, headings=1, people=2, bad=1, blank=1)
    assert body["errors"] == [
        {"line": 3, "value": "Bob", "reason": "nothing in column 2 (LinkedIn)"},
        {"line": 4, "value": "nobody", "reason": "no profile address in this cell"}]
    assert body["message"] == "2 leads blocked, 1 row bad, 1 row blank"


def test_the_first_hundred_errors_are_listed_and_all_are_counted(target):
    data = table(["ann-1", "bob-2"]) + b"".join(b"Nobody,nowhere %d\n" % n for n in range(150))
    body = imported(target.send(data), people=2, bad=150)
    assert [error["line"] for error in body["errors"]] == list(range(4, 104))


def test_a_strict_request_records_nothing_when_a_row_is_bad(target):
    data = table(["ann-1", "bob-2"]) + b"Cleo,\n"
    body = expect.error(target.send(data, strict=True), 400, "invalid_identifier")
    assert (body["errorCount"], body["rows"], body["people"], body["blank"]) == (1, 4, 2, 1)
    assert [error["line"] for error in body["errors"]] == [4]
    assert target.entries() == {}
    imported(target.send(table(["ann-1", "bob-2"]), strict=True), blocked=2)


def test_an_unknown_column_is_400_with_all_columns_to_choose_from(target):
    data = b"Vorname;Ort\nAnn;Berlin\nBob;\nCleo;Rom\n"
    body = expect.error(target.send(data), 400, "column_unknown")
    assert body["columns"] == [{"number": 1, "name": "Vorname", "sample": ["Ann", "Bob", "Cleo"]},
                               {"number": 2, "name": "Ort", "sample": ["Berlin", "Rom"]}]
    assert target.entries() == {}
    expect.error(target.send(data, column="Wohnort"), 400, "column_unknown")
    imported(target.send(data, column="Vorname"), blocked=3)


def test_reasons_come_from_a_column_or_else_from_the_request(target):
    data = f"LinkedIn,Why,Note\n{PROFILE}ann-1,x,asked\n{PROFILE}bob-2,y,\n".encode()
    body = imported(target.send(data, reason="spring"), blocked=2)
    assert body["reasonColumn"] == {"number": 3, "name": "Note"}
    assert target.entries() == {"ann-1": "asked", "bob-2": "spring"}
    data = data.replace(b"-1", b"-3").replace(b"-2", b"-4")
    imported(target.send(data, reasonColumn="2"), blocked=2)
    assert target.entries() == {"ann-1": "asked", "bob-2": "spring", "ann-3": "x", "bob-4": "y"}


def test_a_reason_that_is_too_long_is_cut_and_that_is_said(target):
    data = f"LinkedIn,Reason\n{PROFILE}ann-1,{'é' * 501}\n{PROFILE}bob-2,ok\n".encode()
    body = imported(target.send(data), blocked=2)
    assert target.entries() == {"ann-1": "é" * 500, "bob-2": "ok"}
    assert [warning["line"] for warning in body["warnings"]] == [2]


@pytest.mark.parametrize("kind", ["text", "typed"])
def test_a_row_that_is_too_long_is_bad_and_no_heading(api, kind):
    """Above the first address that can be read, too: it may name people."""
    long = b"x" * (1 << 20)
    path, data = {"text": ("/blocked-leads", b"linkedin.com/in/ann-1 " + long + b"\nlinkedin.com/in/bob-2\n"),
                  "typed": ("/blocklist", b"a@acme.com," + long + b"\nemail,note\nb@acme.com,c\n")}[kind]
    body = expect.ok(api.post(f"{path}/import?dryRun=true", File(data)))
    assert (body["bad"], body["people"], body["errors"][0]["line"]) == (1, 1, 1)
    assert "longer than 1 MiB" in body["errors"][0]["reason"]


def test_names_that_an_address_in_their_line_hides_are_said_to_be_left_out(target):
    data = (f"zack-z, zara-z, {PROFILE}zoe-z, Zed\n{PROFILE}ann-1\n"
            f"Thanks, as agreed, {PROFILE}bob-2; e-mail--\n-- , {PROFILE}cleo-3, 2024-01-02\n")
    body = imported(target.send(data.encode()), blocked=4)
    assert target.entries().keys() == {"zoe-z", "ann-1", "bob-2", "cleo-3"}
    said = {warning["line"]: warning["reason"] for warning in body["warnings"]}
    assert said[1].startswith("left out zack-z and others: where there are profile addresses"), said
    assert said.keys() == {1, 3}, "no date, and no words"
    body = imported(target.send(b"zack-z, zara-z"), blocked=2)
    assert body["warnings"] == []


def test_no_name_that_an_address_in_its_line_gives_is_said_to_be_left_out(target):
    data = (f"ann-doe, {PROFILE}Ann-Doe/\n{PROFILE}eve-5\nCoca-Cola, of Atlanta, {PROFILE}bob-2\n"
            f"{PROFILE}cleo-3 Jean-Luc; cleo-3; dan-4\n").encode()
    body = imported(target.send(data), blocked=4)
    assert target.entries().keys() == {"ann-doe", "eve-5", "bob-2", "cleo-3"}
    assert [(said["line"], said["reason"].split(":")[0]) for said in body["warnings"]] == [
        (4, "left out dan-4")]


# What the lists hold afterwards


def test_sent_again_nobody_is_blocked_twice(target):
    data = table(["ann-1", "bob-2", "ann-1"])
    imported(target.send(data, importId="a"), blocked=2, already=0, duplicates=1)
    imported(target.send(data, importId="a"), blocked=0, already=2, duplicates=1)
    body = imported(target.send(data, dryRun=True), blocked=0, already=2, duplicates=1)
    assert body["message"] == "0 leads would be blocked, 2 already blocked, 1 repeated"


def test_a_file_takes_back_the_blocks_of_its_people(target):
    imported(target.send(table(["ann-1", "bob-2"])), blocked=2)
    data = table(["bob-2", "cleo-3", "bob-2"])
    for query, left in (({"dryRun": True}, {"ann-1", "bob-2"}), ({}, {"ann-1"})):
        body = expect.ok(target.send(data, action="unblock", **query))
        assert (body["unblocked"], body["notBlocked"], body["duplicates"]) == (1, 1, 1)
        assert target.entries().keys() == left


def test_an_import_of_one_change_can_be_undone(target):
    response = target.send(table(["ann-1", "bob-2"]))
    imported(response, blocked=2)
    expect.ok(target.api.post(f"/changes/{response.header('x-change-id')}/undo"))
    assert target.entries() == {}
    assert target.send(table(["ann-1"]), dryRun=True).header("x-change-id") is None


def test_digits_alone_are_bad_unless_they_are_blocked_already(target):
    data = b"Name,Username\nAnn,ann-1\nBob,12345\n"
    imported(target.send(data), people=1, bad=1)
    item = {"publicIdentifier": PROFILE + "12345"}
    body = {"publicIdentifiers": [item["publicIdentifier"]]} if target.in_campaign \
        else {"leads": [item]}
    expect.ok(target.api.post(target.path, body))
    imported(target.send(data), people=2, already=2, bad=0)


def test_a_file_of_many_batches_is_one_answer(target):
    names = [f"person-{n}" for n in range(25000)]
    response = target.send(table(names + names[:100]))
    imported(response, blocked=25000, duplicates=100, people=25100)
    assert response.header("x-change-id") is None
    assert target.api.get(target.path + "?take=1").header("x-total-count") == "25000"
    imported(target.send(table(names)), already=25000)


def test_one_row_may_hold_more_people_than_a_batch(target):
    line = ", ".join(f"person-{n}" for n in range(25000))
    imported(target.send(f"{line}\nzoe-1\n".encode()), blocked=25001, rows=2)


# Answers that list rows


def rows_of(response):
    assert response.status == 200, response
    assert response.header("content-type") == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(response.body.decode(), newline="")))


def test_a_check_answers_for_each_person_in_turn(tenant):
    target = List(tenant, "campaign")
    everywhere, here, free = unique("everywhere"), unique("here"), unique("free")
    expect.ok(target.api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": everywhere, "reason": "=1+1, \"client\""}]}))
    expect.ok(target.api.post(target.path, {"publicIdentifiers": [here]}))
    data = f"Name,LinkedIn\nA,{PROFILE}{everywhere}\nB,nobody\nC,\nD,{PROFILE}{here}?x\n" \
        f"E,linkedin.com/in/{free}\n".encode()
    assert rows_of(target.send(data, action="check")) == [
        ["line", "value", "publicIdentifier", "blocked", "scope", "reason"],
        ["2", PROFILE + everywhere, everywhere, "true", "workspace", "'=1+1, \"client\""],
        ["3", "nobody", "", "", "", "no profile address in this cell"],
        ["4", "C", "", "", "", "nothing in column 2 (LinkedIn)"],
        ["5", f"{PROFILE}{here}?x", here, "true", "campaign", ""],
        ["6", f"linkedin.com/in/{free}", free, "false", "", ""]]
    assert target.entries().keys() == {here}


def columns_of(response):
    assert response.status == 200, response
    return response.header("x-checked-columns"), response.header("x-unchecked-columns")


@pytest.mark.parametrize("text, checked, unchecked", [
    ("First Name,Last Name,URL,Email Address,Company\nAnn,Doe,in/ann,ann@acme.com,Acme\nBob,Roe,in/bob,,Acme\n",
     "3:publicIdentifier", "4:email,5:company"),
    ("in/ann;ann@acme.com\nin/bob;bob@acme.com\nin/cleo;cleo@acme.com\n", "1:publicIdentifier", "2:email"),
    ("Name,LinkedIn\nAnn,in/ann\nBob,in/bob\n", "2:publicIdentifier", None),
    ("in/ann\nin/bob\n", None, None)], ids=["connections", "no headings", "names alone", "a list"])
def test_a_check_says_which_columns_with_names_it_did_not_ask_for(tenant, text, checked, unchecked):
    """Who is blocked by an e-mail address alone is allowed by such a check, and is contacted by no campaign."""
    target = List(tenant, "campaign")
    text = text.replace("in/", PROFILE).encode()
    assert columns_of(target.send(text, action="check")) == (checked, unchecked)
    assert columns_of(target.send(text, dryRun="true")) == (None, None)
    typed = tenant.api.post("/blocklist/import?action=check", File(text))
    if checked:
        assert columns_of(typed) == (",".join(filter(None, (checked, unchecked))), None)
    exported = File(b"type,value,reason,by\nemail,ann@acme.com,,eve@example.com\ndomain,acme.com,,eve@example.com\n")
    assert columns_of(tenant.api.post("/blocklist/import?action=check", exported)) == (None, None)


def test_a_check_of_many_is_given_whole_and_counted(fresh):
    target = List(fresh, "campaign")
    names = [f"ann-{n}" for n in range(30000)]
    imported(target.send(table(names[::2]), reason="x"), blocked=15000)
    rows = rows_of(target.send(table(names), action="check"))
    assert [row[2] for row in rows[1:]] == names
    assert [row[3] for row in rows[1:]] == ["true", "false"] * 15000
    (today,) = expect.ok(target.api.get("/statistics?days=1"))["days"]
    assert (today["checks"], today["checksBlocked"]) == (30000, 15000)


def test_a_check_knows_doubtful_names_that_are_blocked(fresh):
    target = List(fresh, "campaign")
    data = b"Name,Username\nAnn,none\n"
    assert rows_of(target.send(data, action="check"))[1][3] == ""
    item = {"publicIdentifier": PROFILE + "none"}
    expect.ok(target.api.post("/blocked-leads", {"leads": [item]}))
    assert rows_of(target.send(data, action="check"))[1][2:5] == ["none", "true", "workspace"]


def test_a_check_of_what_cannot_be_read_is_an_ordinary_error(target):
    body = expect.error(target.send(b"Vorname;Ort\nAnn;Berlin\nBob;Rom\n", action="check"), 400,
                        "column_unknown")
    assert len(body["columns"]) == 2


def test_a_try_lists_all_rows_that_are_not_taken_when_csv_is_wanted(target):
    bad = "".join(f"Nobody,nowhere {n}\n" for n in range(5000))
    data = table(["ann-1", "bob-2"]) + bad.encode() + b"Cleo,\n"
    rows = rows_of(target.send(data, dryRun=True, headers=[("Accept", "text/csv")]))
    assert rows[0] == ["line", "value", "reason"]
    assert rows[1] == ["4", "nowhere 0", "no profile address in this cell"]
    assert rows[-1] == ["5004", "Cleo", "nothing in column 2 (LinkedIn)"]
    assert len(rows) == 5002
    imported(target.send(data, headers=[("Accept", "text/csv")]), bad=5000)


def test_a_client_that_leaves_while_an_answer_is_given_frees_what_it_held(server, fresh):
    target = List(fresh, "campaign")
    data = table([f"ann-{n}" for n in range(100_000)])
    with server.connect() as connection:
        connection.send(build("POST", f"/v1{target.path}/import?action=check", [
            ("x-api-key", fresh.key), ("Content-Type", "text/csv"),
            ("Content-Length", str(len(data)))]) + data)
        connection.sock.recv(1000)
    assert len(rows_of(target.send(data, action="check"))) == 100_001


# Who may


@pytest.mark.parametrize("who", ["read-only key", "viewer"])
def test_those_who_may_only_look_may_try(server, fresh, who):
    target = List(fresh, "campaign")
    api = server.api(fresh.new_key("--read-only")) if who == "read-only key" \
        else people.person(server, "viewer", fresh.workspace).api
    imported(target.send(table(["ann-1"]), api=api, dryRun=True), blocked=1)
    assert rows_of(target.send(table(["ann-1"]), api=api, action="check"))[1][3] == "false"
    expect.error(target.send(table(["ann-1"]), api=api), 403, "forbidden")
    expect.error(target.send(table(["ann-1"]), api=api, action="unblock"), 403, "forbidden")
    assert target.entries() == {}


def test_without_a_license_a_campaign_can_be_checked_and_blocks_taken_back(server):
    target = List(server.tenant("starter"), "campaign")
    expect.error(target.send(table(["ann-1"])), 403, "license_required")
    body = expect.ok(target.send(table(["ann-1"]), action="unblock"))
    assert body["notBlocked"] == 1
    assert rows_of(target.send(table(["ann-1"]), action="check"))[1][3] == "false"


# How it is sent


@pytest.mark.parametrize("content_type", ["text/csv", "text/plain", "text/tab-separated-values",
                                          "application/octet-stream", "TEXT/CSV; header=present"])
def test_these_media_types_are_files(target, content_type):
    imported(target.send(table(["ann-1"]), content_type=content_type), blocked=1)


def test_a_compressed_file_is_415(target):
    response = target.send(gzip.compress(table(["ann-1"])), headers=[("Content-Encoding", "gzip")])
    assert "compressed" in expect.error(response, 415, "unsupported_media_type")["message"]


@pytest.mark.parametrize("content_type", [
    None, "application/json", "multipart/form-data; boundary=x", "text/csvx", "image/png"])
def test_others_are_415_with_what_to_send(target, content_type):
    response = target.send(table(["ann-1"]), content_type=content_type)
    assert "--data-binary" in expect.error(response, 415, "unsupported_media_type")["message"]
    assert target.entries() == {}


@pytest.mark.parametrize("query", [
    {"dryRun": "yes"}, {"strict": "1"}, {"action": "delete"}, {"importId": ""},
    {"importId": "a" * 65}, {"importId": "a b"}, {"reason": "x" * 501}])
def test_a_wrong_parameter_is_400(target, query):
    expect.error(target.send(table(["ann-1"]), **query), 400, "invalid_parameter")
    assert target.entries() == {}


def start_upload(server, key, target, length):
    """Sends the head, and half of the body."""
    connection = server.connect()
    head = build("POST", f"/v1{target.path}/import",
                 [("x-api-key", key), ("Content-Type", "text/csv"), ("Content-Length", str(length))])
    connection.send(head + b"x" * (length // 2))
    return connection


def test_a_body_that_ends_early_records_nothing_and_frees_the_workspace(server, fresh):
    target = List(fresh, "workspace")
    data = table(["ann-1"])
    with server.connect() as connection:
        connection.send(build("POST", f"/v1{target.path}/import", [
            ("x-api-key", fresh.key), ("Content-Type", "text/csv"),
            ("Content-Length", str(len(data) + 1))]) + data)
    until_free(target)
    assert target.entries() == {}


def until_free(target):
    """The server hears a moment later that a client has gone."""
    limit = time.monotonic() + 60
    while (response := target.send(b"bob-2\n", dryRun=True)).status == 429:
        assert time.monotonic() < limit
        time.sleep(0.01)
    imported(response, blocked=1)


def test_a_body_that_drips_is_cut_and_frees_the_workspace():
    with Server("--body-timeout", "1") as server:
        tenant = server.tenant("pro")
        target = List(tenant, "workspace")
        with start_upload(server, tenant.key, target, 10_000) as connection:
            assert connection.drip(b"x" * 100, pause=0.2, limit=15) is not None
        until_free(target)


def test_a_workspace_imports_one_file_at_a_time(server, fresh, other):
    target = List(fresh, "workspace")
    upload = start_upload(server, fresh.key, target, 1000)
    limit = time.monotonic() + 60
    while (response := target.send(table(["ann-1"]))).status == 200:
        assert time.monotonic() < limit, "a second file is taken, too"
        if select.select([upload.sock], [], [], 0)[0]:  # the second was first
            expect.error(upload.read(), 429, "overloaded")
            upload.close()
            upload = start_upload(server, fresh.key, target, 1000)
    expect.error(response, 429, "overloaded")
    imported(List(other, "workspace").send(table(["ann-1"])))
    upload.close()
    until_free(target)


def test_a_chunked_body_is_a_file_too(server, fresh):
    target = List(fresh, "workspace")
    data = table([f"person-{n}" for n in range(5000)])
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    with server.connect() as connection:
        connection.send(build("POST", f"/v1{target.path}/import", [
            ("x-api-key", fresh.key), ("Content-Type", "text/csv"),
            ("Transfer-Encoding", "chunked")]) + chunked(*pieces))
        imported(connection.read(), blocked=5000)


# Bounds


def test_a_file_over_the_limit_is_413_and_one_over_other_bodies_is_not():
    with Server("--max-import-bytes", "100000", "--max-body-bytes", "2000") as server:
        target = List(server.tenant("pro"), "workspace")
        expect.error(target.send(b"x" * 100001), 413, "payload_too_large")
        imported(target.send(table(["ann-1"]) + b"," * 50000), blocked=1)


def spooled(server):
    """The bytes in files of the server that have no name."""
    size = 0
    for file in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            if "(deleted)" in str(file.readlink()):
                size += file.stat().st_size
        except FileNotFoundError:  # closed meanwhile
            pass
    return size


def wait_until_spooled(server, size):
    eventually(lambda: spooled(server) >= size, told=lambda: spooled(server))


def test_files_of_all_workspaces_share_a_bound():
    with Server("--max-import-spool", "1048576") as server:
        first, second = server.tenant("pro"), server.tenant("pro")
        with start_upload(server, first.key, List(first, "workspace"), 2 * 900000):
            target = List(second, "workspace")
            wait_until_spooled(server, (1 << 20) - 450000)
            expect.error(target.send(b"x" * 500000), 503, "overloaded")
            imported(target.send(table(["ann-1"])), blocked=1)
        until_free(List(first, "workspace"))
        imported(target.send(table(["ann-1"]) + b"\n" * 500000), already=1)


def memory_of(server):
    """The most that the process has had in memory so far, in MiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def test_a_large_file_takes_little_memory():
    if "+" in run("version").out:
        pytest.skip("sanitizers need memory of their own")
    with Server() as server:
        target = List(server.tenant("pro"), "workspace")
        imported(target.send(table(["ann-1"]) * 2, dryRun=True))
        before = memory_of(server)
        data = table(["ann-1", "bob-2"] * 10_000) + b"Nobody,%s\n" % (b"x" * 90) * 150_000
        imported(target.send(data), blocked=2, people=20_000, bad=150_000)
        assert memory_of(server) - before < 8, f"for a file of {len(data) >> 20} MiB"


# Files that no one means well


def hostile():
    yield "endless line", b"x" * 3_000_000, None, 0
    yield "nul bytes", b"linkedin.com/in/ann-1\0\0\0\n" * 10, "unsupported_file", 0
    yield "nul bytes late", b"name-one\n" * 20000 + b"\0\0\0\n", None, 1
    yield "gzip", b"\x1f\x8b\x08\0" + b"abc" * 100, "unsupported_file", 0
    yield "half a character of utf-16", b"\xff\xfea\0n\0n\0\n\0b", None, 1
    yield "utf-16 of surrogates", b"\xff\xfe" + b"\x00\xd8" * 1000, None, 0
    yield "quotes never closed", b'LinkedIn,Note\n' + b'"linkedin.com/in/ann-1,x\n' * 3000, None, 1
    yield "ten thousand columns", b"a b," * 10000 + b"\n" + b"c d," * 10000 + b"\n", "unsupported_file", 0
    yield "only delimiters", b",,,,,\n" * 10000, None, 0
    yield "control characters", bytes(range(1, 9)) * 1000, "unsupported_file", 0


@pytest.mark.parametrize("name, data, code, blocked", hostile(), ids=[h[0] for h in hostile()])
def test_a_hostile_file_is_answered_and_the_server_lives(campaign_list, name, data, code, blocked):
    response = campaign_list.send(data)
    if response.status == 200:
        assert code is None
        imported(response, blocked=blocked)
    else:
        expect.error(response, 400, *([code] if code else ["column_unknown", "empty_file"]))
        assert blocked == 0
    assert len(campaign_list.entries()) == blocked
    imported(campaign_list.send(b"zoe-1\n"), blocked=1)


# Trouble on the way


def test_killed_in_the_middle_and_sent_again_nobody_is_lost_and_nobody_twice():
    with Server() as server:
        tenant = server.tenant("pro")
        target = List(tenant, "workspace")
        names = [f"person-{n}" for n in range(200_000)]
        sender = threading.Thread(target=send_and_lose, args=(target, table(names)))
        sender.start()
        watch = server.api(tenant.key)
        while total(watch, target) == 0:
            time.sleep(0.001)
        server.kill()
        sender.join()
        server.start()
        target.api = server.api(tenant.key)
        before = total(target.api, target)
        assert 0 < before < len(names), "killed too late, or too early"
        imported(target.send(table(names), importId="again"), blocked=len(names) - before,
                 already=before, duplicates=0)
        assert total(target.api, target) == len(names)


def test_others_block_and_check_while_a_file_is_imported():
    """Its people go to the writer batch by batch, and what others send goes between."""
    with Server() as server:
        target = List(server.tenant("pro"), "workspace")
        mine = server.tenant("pro")
        path = f"/campaigns/{mine.campaign()}/blocked-leads"
        answers = []
        data = table([f"person-{n}" for n in range(100_000)])
        sender = threading.Thread(target=lambda: answers.append(target.send(data)))
        began, waits = time.monotonic(), []
        sender.start()
        while not answers:
            name, asked = f"ann-{len(waits)}", time.monotonic()
            expect.blocked_result(mine.api.post(path, {"publicIdentifiers": [name]}), 1)
            assert expect.ok(mine.api.get(f"{path}/{name}"))["blocked"] is True
            waits.append(time.monotonic() - asked)
        sender.join()
        imported(answers[0], blocked=100_000)
        assert statistics.median(waits) < (time.monotonic() - began) / 3, "others waited for the whole file"


def send_and_lose(target, data):
    try:
        target.send(data, importId="again")
    except (ConnectionClosed, OSError):
        pass


def total(api, target):
    return int(api.get(target.path + "?take=1").header("x-total-count"))


def test_an_import_that_cannot_go_on_says_how_far_it_came():
    with Server("--max-workspace-entries", "15000") as server:
        target = List(server.tenant("pro"), "workspace")
        names = [f"person-{n}" for n in range(30000)]
        expect.error(target.send(table(names), dryRun=True), 429, "overloaded")
        response = target.send(table(["person-0"] + names), importId="big-1")
        body = expect.error(response, 429, "overloaded")
        assert body["importId"] == "big-1"
        assert (body["blocked"], body["already"], body["duplicates"]) == (9999, 0, 1)
        assert total(target.api, target) == 9999


def test_a_server_that_stops_breaks_an_import_off_and_says_so():
    with Server("--drain-timeout", "0") as server:
        tenant = server.tenant("pro")
        target = List(tenant, "workspace")
        names = [f"person-{n}" for n in range(400_000)]
        answers = []
        sender = threading.Thread(target=lambda: answers.append(
            target.send(table(names), importId="stopped")))
        sender.start()
        watch = server.api(tenant.key)
        while total(watch, target) == 0:
            time.sleep(0.001)
        server.stop()
        sender.join()
        body = expect.error(answers[0], 503, "storage_unavailable")
        assert body["importId"] == "stopped"
        assert body["message"].startswith("The server is stopping. The import broke off")
        server.start()
        target.api = server.api(tenant.key)
        assert total(target.api, target) == body["blocked"] > 0


def test_a_key_that_is_revoked_meanwhile_ends_the_import(server, fresh):
    target = List(fresh, "workspace")
    data = table(["ann-1"])
    key = fresh.new_key()
    with server.connect() as connection:
        connection.send(build("POST", f"/v1{target.path}/import", [
            ("x-api-key", key), ("Content-Type", "text/csv"),
            ("Content-Length", str(len(data)))]) + data[:-1])
        time.sleep(0.05)
        server.cli("key", "revoke", key.split("_")[1])
        connection.send(data[-1:])
        expect.error(connection.read(), 401, "invalid_api_key")
    assert target.entries() == {}


def test_nothing_of_a_file_is_left_in_the_data_folder():
    with Server() as server:
        target = List(server.tenant("pro"), "workspace")
        before = set(server.data.iterdir())
        imported(target.send(table([f"person-{n}" for n in range(20000)])), blocked=20000)
        assert {path for path in server.data.iterdir() if not path.name.endswith(("-wal", "-shm"))} \
            <= before
