"""A file of people is sent to the server as it is, which reads it (tests/http/test_import.py); what the
server says about it is shown with its lines."""

import os
import re
import threading

import pytest

from fake import Fake
from tests.support.server import run

TABLE = "Vorname;Nachname;LinkedIn-Profil\nAnn;Doe;in/ann\nBob;Roe;in/bob\n".encode("utf-16")
DONE = {"success": True, "message": "2 leads blocked, 1 row blank", "blocked": 2, "already": 0,
        "duplicates": 0, "rows": 4, "headings": 1, "people": 2, "bad": 0, "blank": 1,
        "errors": [{"line": 3, "value": "Bob", "reason": "nothing in column 3 (URL)"}],
        "warnings": [{"line": 1, "reason": "column 2 (state) looks like a status"}]}
CHECKED = ('line,value,publicIdentifier,blocked,scope,reason\r\n'
           '2,in/ann,ann,true,campaign,"asked, twice"\r\n'
           '3,"no ""body""",,,,no profile address in this cell\r\n'
           '4,in/bob,bob,false,,\r\n'
           "5,'-cleo-,'-cleo-,true,workspace,'=1\r\n")
MEMBER_ID = "ACwAABcD3fGhIjKlMnOpQrStUvWxYz0123456789"
IMPORT_ID = re.compile(r"&importId=im_[0-9a-z]{16}")
CSV = {"Content-Type": "text/csv; charset=utf-8"}


def refusal(code, message, **fields):
    return 400, {"success": False, "code": code, "message": message, **fields}, {}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(TABLE)
    return path


@pytest.fixture
def fake():
    with Fake([(200, DONE, {})] * 9) as server:
        yield server


def test_a_file_is_sent_byte_for_byte_and_the_answer_is_shown(fake, path):
    result = run("block", "q1", "--file", path, "--skip-invalid", env=fake.env)
    assert result.code == 0, result
    assert result.out == "2 leads blocked, 1 row blank\n"
    assert "line 3: 'Bob': nothing in column 3 (URL)" in result.err
    assert "line 1: column 2 (state) looks like a status" in result.err
    (request,) = fake.requests
    assert (request["method"], request["raw"]) == ("POST", TABLE)
    assert IMPORT_ID.sub("", request["path"]) == "/v1/campaigns/q1/blocked-leads/import?action=block"
    assert request["headers"]["Content-Type"] == "application/octet-stream"
    assert run("block", "q1", "--file", path, "--json", env=fake.env).json() == DONE


def test_options_go_into_the_query(fake, path):
    run("block", "--workspace", "--file", path, "--column", "LinkedIn Profil", "--reason", "a&b",
        env=fake.env)
    run("unblock", "q1", "--file", path, "--column", "3", "--skip-invalid", env=fake.env)
    assert [IMPORT_ID.sub("", request["path"]) for request in fake.requests] == [
        "/v1/blocked-leads/import?action=block&column=LinkedIn%20Profil&reason=a%26b&strict=true",
        "/v1/campaigns/q1/blocked-leads/import?action=unblock&column=3"]


def strictly_refused(bad, blank):
    return refusal("invalid_identifier", "rows are bad or blank (see \"errors\"); nothing was recorded.",
                   rows=4, headings=1, people=3 - bad - blank, bad=bad, blank=blank,
                   errors=DONE["errors"], errorCount=bad + blank)


def test_rows_that_are_only_blank_refuse_nothing(path):
    with Fake([strictly_refused(0, 1), (200, DONE, {})]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert (result.code, result.out) == (0, "2 leads blocked, 1 row blank\n")
        assert "line 3: 'Bob': nothing in column 3 (URL)" in result.err
        assert "nothing was recorded" not in result.err
        strict, other = fake.requests
        assert strict["path"] == other["path"] + "&strict=true"
        assert strict["raw"] == other["raw"] == TABLE


def test_a_bad_row_refuses_the_file_whatever_else_is_blank(path):
    with Fake([strictly_refused(1, 1)]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert result.code == 1 and "nothing was recorded" in result.err
        assert len(fake.requests) == 1


@pytest.mark.parametrize("args", [["-"], ["--file", "-"]])
def test_standard_input_is_a_file_too(fake, args):
    assert run("block", "q1", *args, stdin="ann\nbob\n", env=fake.env).code == 0
    assert fake.requests[0]["raw"] == b"ann\nbob\n"


def test_a_busy_server_gets_the_file_again():
    busy = {"success": False, "code": "overloaded", "message": "busy"}
    with Fake([(429, busy, {}), (503, busy, {}), (200, DONE, {})]) as fake:
        assert run("block", "q1", "-", stdin="ann\nbob\n", env=fake.env).code == 0
        assert [request["raw"] for request in fake.requests] == [b"ann\nbob\n"] * 3
        paths = {request["path"] for request in fake.requests}
        assert len(paths) == 1 and IMPORT_ID.search(*paths), "it is one import"


def test_the_import_is_named_so_that_it_can_be_undone(path):
    with Fake([(200, {**DONE, "importId": "im_1"}, {"X-Change-Id": "ch_9"})] * 2) as fake:
        assert run("block", "q1", "--file", path, env=fake.env).out == \
            "2 leads blocked, 1 row blank (im_1)\n"
        assert run("block", "q1", "--file", path, "--json", env=fake.env).json()["importId"] == "im_1"
    with Fake([(200, {**DONE, "importId": "im_1", "blocked": 0}, {})]) as fake:
        assert "im_1" not in run("block", "q1", "--file", path, env=fake.env).out
    broken_off = {"success": False, "code": "license_expired", "message": "The license has expired.",
                  "importId": "im_1", "blocked": 1, "already": 0, "duplicates": 0}
    with Fake([(403, broken_off, {})]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert result.code == 1 and "leadblock undo im_1" in result.err


def test_a_large_file_is_sent_whole(fake):
    text = "".join(f"lead-{number}\n" for number in range(300_000))
    assert run("block", "q1", "-", stdin=text, env=fake.env).code == 0
    assert fake.requests[0]["raw"] == text.encode()


def test_rows_that_refuse_the_file_are_shown_with_their_lines(path):
    errors = [{"line": n, "value": "x", "reason": "is bad"} for n in (2, 7)]
    body = refusal("invalid_identifier", "3 rows are bad", errors=errors, errorCount=3, people=20)
    with Fake([body] * 2) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert (result.code, result.out) == (1, ""), result
        for words in ("3 rows are bad", "line 2: 'x': is bad", "line 7: 'x': is bad", "and 1 more",
                      "--skip-invalid"):
            assert words in result.err, result
    with Fake([refusal("invalid_identifier", "bad", errors=errors, errorCount=30, people=2)]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert "--skip-invalid" not in result.err and "wrong" in result.err, result


def test_warnings_are_all_told_of_in_the_words_of_commands(path):
    """Those about all of a column have line 0 in a file without headings."""
    answer = {**DONE, "warnings": [{"line": 0, "reason": "column 4 was left out; give columns=4:email"},
                                   {"line": 9, "reason": "left out zoe"}], "warningCount": 5}
    with Fake([(200, answer, {}), (200, {**answer, "warningCount": 3}, {})]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert result.err.splitlines()[:3] == [
            "column 4 was left out; give --columns 4:email", "line 9: left out zoe", "and 3 more warnings"], result
        assert "and 1 more warning\n" in run("block", "q1", "--file", path, env=fake.env).err


LEFT = ('line,value,reason\r\n2,x,is bad\r\n7,x,is bad\r\n9,"\'=1, ""two""",is bad\r\n12,,nothing in column 3\r\n')


@pytest.mark.parametrize("strict", [False, True], ids=["taken", "refused"])
def test_a_try_lists_all_rows_that_are_not_taken(path, strict):
    """The server's answer has the first of them; the others are asked for as CSV."""
    errors = [{"line": n, "value": "x", "reason": "is bad"} for n in (2, 7)]
    counts = {"errors": errors, "rows": 30, "bad": 3, "blank": 1, "people": 20}
    first = refusal("invalid_identifier", "bad", errorCount=4, **counts) if strict else (200, {**DONE, **counts}, {})
    rest = ["line 9: '=1, \"two\"': is bad", "line 12: '': nothing in column 3"]
    with Fake([first, (200, LEFT, CSV)]) as fake:
        result = run("block", "q1", "--file", path, "--dry-run", *([] if strict else ["--skip-invalid"]), env=fake.env)
        assert (result.code, len(fake.requests)) == (int(strict), 2), result
        assert [line for line in result.err.splitlines() if line.startswith("line ") and "column 2" not in line] == \
            ["line 2: 'x': is bad", "line 7: 'x': is bad", *rest], result
        assert "text/csv" in fake.requests[1]["headers"]["Accept"] and "dryRun=true" in fake.requests[1]["path"]
        assert "strict" not in fake.requests[1]["path"] and fake.requests[1]["raw"] == TABLE
    with Fake([first, (200, LEFT[:-9], CSV)]) as fake:
        assert "no list of rows" in run("block", "q1", "--file", path, "--dry-run", "--skip-invalid", env=fake.env).err
    with Fake([first]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert len(fake.requests) == 1 and "--dry-run lists all" in result.err, result
    with Fake([first]) as fake:
        result = run("lead", "add", "q1", "--file", path, env=fake.env)
        assert len(fake.requests) == 1 and "and 2 more" in result.err and "--dry-run" not in result.err, result


def test_a_type_in_place_of_columns_is_that_of_all_names(path):
    with Fake([(200, DONE, {})] * 2) as fake:
        for columns, asked, left_out in (("phone", "&type=phone", "columns="), ("2:domain,5", "&columns=2%3Adomain%2C5", "type=")):
            assert run("block", "--workspace", "--file", path, "--all-types", "--columns", columns, env=fake.env).code == 0
            assert asked in fake.requests[-1]["path"] and left_out not in fake.requests[-1]["path"]


@pytest.mark.parametrize("args", [["block", "q1"], ["unblock", "q1"], ["check", "q1"], ["block", "--workspace"],
                                  ["installation", "block"], ["installation", "unblock"]], ids=" ".join)
def test_options_of_names_of_every_type_need_all_types(path, args):
    """Without it a file is read for LinkedIn names alone, for which the server refuses them."""
    with Fake([]) as fake:
        for option in (["--columns", "phone"], ["--columns", "2:domain"], ["--country", "DE"],
                       *([["--force"]] if "block" in args else [])):
            for file in (["--file", path], *([] if args[0] == "installation" else [["-"]])):
                result = run(*args, *file, *option, env=fake.env)
                assert result.code == 2 and f"{option[0]} needs --all-types" in result.err, result
        beside = run(*args, "--file", path, "--phone", "030 123456", "--country", "DE", env=fake.env)
        assert beside.code == 2 and "--all-types" not in beside.err.splitlines()[0], beside
        assert fake.requests == []


def test_a_file_without_linkedin_names_is_told_how_others_are_read(path):
    said = "are read with --all-types"
    none = refusal("column_unknown", "none", columns=[{"number": 1, "name": "Kunde", "sample": ["Acme"]}])
    bad = [{"line": 1, "value": "+49 171", "reason": "contains white space"}]
    few = refusal("invalid_identifier", "bad", errors=bad, errorCount=1, bad=1, people=0)
    for answer, args, told in ((none, [], True), (few, [], True), (none, ["--all-types"], False),
                               (refusal("invalid_identifier", "bad", errors=bad, errorCount=1, bad=1, people=9), [], False)):
        with Fake([answer]) as fake:
            result = run("block", "--workspace", "--file", path, *args, env=fake.env)
            assert (said in result.err) == told, result
            assert ("a line of its own" in result.err) == (answer is none and not args), result
    with Fake([none]) as fake:
        assert said not in run("lead", "add", "q1", "--file", path, env=fake.env).err


def test_a_column_without_a_heading_has_no_brackets(path):
    taken = [{"number": 1, "name": None, "type": "domain"}, {"number": 2, "name": "Web", "type": "domain"}]
    with Fake([(200, {**DONE, "taken": taken}, {})]) as fake:
        out = run("block", "--workspace", "--file", path, "--all-types", env=fake.env).out
    assert out.splitlines()[:2] == ["column 1: domains", "column 2 (Web): domains"]


@pytest.mark.parametrize("all_types, example", [([], "--column NUMBER"), (["--all-types"], "--columns 2:publicIdentifier")])
def test_of_two_columns_with_profiles_one_is_chosen_and_nothing_else_is_told(path, all_types, example):
    profile = "https://www.linkedin.com/in/ann-example"
    columns = [{"number": number, "name": name, "type": "publicIdentifier", "sample": [profile]}
               for number, name in ((2, "Who are you?"), (3, "Who wrote to you?"))]
    with Fake([refusal("column_unknown", "Columns 2 and 3 may both be meant.", columns=columns)]) as fake:
        result = run("block", "q1", "--file", path, *all_types, env=fake.env)
    assert result.code == 1 and example in result.err, result
    assert "A list of names" not in result.err and "are read with --all-types" not in result.err, result


def test_columns_are_listed_when_none_is_certain(path):
    columns = [{"number": 1, "name": "Vorname", "sample": ["Ann", "Bob"]},
               {"number": 2, "name": None, "sample": []}]
    with Fake([refusal("column_unknown", "No column is certain.", columns=columns)]) as fake:
        result = run("block", "q1", "--file", path, env=fake.env)
        assert result.code == 1 and "No column is certain." in result.err
        lines = result.err.splitlines()
        assert any("1" in line and "Vorname" in line and "Ann" in line for line in lines), result
        assert "--column NUMBER" in result.err


def test_a_file_without_people_is_no_success(path):
    with Fake([(200, {**DONE, "people": 0}, {}), refusal("empty_file", "Nothing in it.")]) as fake:
        assert run("block", "q1", "--file", path, env=fake.env).code == 1
        result = run("block", "q1", "--file", path, env=fake.env)
        assert result.code == 1 and "Nothing in it." in result.err


def test_check_says_of_each_person_whether_they_are_blocked(path):
    with Fake([(200, CHECKED, CSV)] * 3) as fake:
        result = run("check", "q1", "--file", path, "--skip-invalid", env=fake.env)
        assert (result.code, result.out) == (0, "ann\tblocked\nbob\tallowed\n-cleo-\tblocked\n"), result
        assert "line 3: 'no \"body\"': no profile address in this cell" in result.err
        assert fake.requests[0]["path"].endswith("/import?action=check")
        body = run("check", "q1", "--file", path, "--json", env=fake.env).json()
        assert body == {"blocked": ["ann", "-cleo-"], "allowed": ["bob"]}
        quiet = run("check", "q1", "--file", path, "--quiet", env=fake.env)
        assert (quiet.code, quiet.out) == (1, "")


@pytest.mark.parametrize("all_types, checked, unchecked, said", [
    ([], "3:publicIdentifier", "4:email,5:company",
     "Checked: column 3 (LinkedIn names).\nNot checked: column 4 (e-mail addresses), column 5 (companies). Who is "
     "blocked by these alone is shown as allowed: --all-types checks them, too.\n"),
    (["--all-types"], "3:phone,\x1b[2J,4:\x1b[2J", "5:domain",
     "Checked: column 3 (phone numbers), column 4 (names).\nNot checked: column 5 (domains). Who is blocked by these "
     "alone is shown as allowed: name all columns with --columns.\n"),
    ([], "3:publicIdentifier", "", "")], ids=["linkedin", "typed", "all of it"])
def test_a_check_warns_of_columns_with_names_that_it_did_not_ask_for(path, all_types, checked, unchecked, said):
    headers = {"X-Checked-Columns": checked, **({"X-Unchecked-Columns": unchecked} if unchecked else {})}
    body = TYPED if all_types else CHECKED.replace("no profile", "")
    with Fake([(200, body, {**CSV, **headers})]) as fake:
        result = run("check", "q1", "--file", path, "--skip-invalid", *all_types, env=fake.env)
        assert result.code == 0 and result.err.endswith(said), result
        assert ("Not checked" in result.err) == bool(said), result


@pytest.mark.parametrize("body", ["", CHECKED[:-2], CHECKED[:-3], CHECKED + "5,x\r\n", CHECKED + '6,"x',
                                  CHECKED + '7,"x"y,z,true,,\r\n', CHECKED + "8,x,y,true,,,\r\n",
                                  CHECKED + "9,x,y,,,\r\n"])
def test_a_check_fails_when_its_answer_is_broken(path, body):
    with Fake([(200, body, CSV)]) as fake:
        result = run("check", "q1", "--file", path, "--quiet", env=fake.env)
        assert result.code == 1 and "nothing is known for certain" in result.err, result


TYPED = "line,value,type,name,blocked,scope,matched,reason\r\n2,x,email,x@y.de,true,workspace,y.de,\r\n"


def test_a_check_of_names_of_every_type_says_type_name_verdict_and_line(path):
    body = TYPED + "3,\x1b[2J,domain,y.org,false,,,\r\n4,?,,,,,,is nothing\r\n"
    with Fake([(200, body, CSV)] * 2) as fake:
        result = run("check", "q1", "--file", path, "--all-types", "--skip-invalid", env=fake.env)
        assert (result.code, result.out) == (0, "email\tx@y.de\tblocked\t2\ndomain\ty.org\tallowed\t3\n"), result
        assert result.err == "line 4: '?': is nothing\n"
        assert fake.requests[0]["path"] == "/v1/campaigns/q1/blocklist/import?action=check"
        result = run("check", "q1", "--file", path, "--all-types", "--skip-invalid", "--json", env=fake.env)
        assert result.json() == {"blocked": [{"type": "email", "value": "x@y.de", "line": 2}],
                                 "allowed": [{"type": "domain", "value": "y.org", "line": 3}]}


@pytest.mark.parametrize("body", ["", TYPED[:-2], TYPED + "3,x,email,y@y.de,maybe,,,\r\n",
                                  TYPED + "3,x,email,y@y.de,,,,\r\n", TYPED + "3,x,email,,false,,,\r\n",
                                  TYPED + "3,x,,y@y.de,false,,,\r\n", TYPED + "3,x,email,y@y.de,false,,\r\n"])
def test_a_check_of_names_of_every_type_fails_when_its_answer_is_broken(path, body):
    with Fake([(200, body, CSV)]) as fake:
        result = run("check", "q1", "--file", path, "--all-types", "--quiet", env=fake.env)
        assert result.code == 1 and "nothing is known for certain" in result.err, result


@pytest.mark.parametrize("headings", ["type,value,reason,kind", "\ufeff\"type\";\"value\";\"reason\"", "Type\tValue\t"])
def test_a_file_of_every_type_is_not_read_for_linkedin_names_alone(fake, path, headings):
    path.write_text(headings + "\ndomain,acme.com,,\n")
    for command in ("block", "unblock", "check"):
        result = run(command, "q1", "--file", path, env=fake.env)
        assert result.code == 2 and "give --all-types" in result.err, result
        with path.open() as file:
            assert run(command, "q1", "-", stdin=file.read(), env=fake.env).code == 2
    assert not fake.requests
    assert run("block", "q1", "--file", path, "--all-types", env=fake.env).code == 0
    assert run("block", "q1", "--file", path, "--column", "2", env=fake.env).code == 0
    assert fake.requests[0]["raw"] == path.read_bytes()
    path.write_text("type of lead,value,profileUrl\n")
    assert run("block", "q1", "--file", path, env=fake.env).code == 0


@pytest.mark.parametrize("args", [
    ["ann", "--file", "PATH"], ["ann", "-"], ["-", "--file", "PATH"], ["ann", "--column", "1"],
    ["--file", "PATH", "--file", "PATH"]])
def test_one_file_and_nothing_else_is_sent(fake, path, args):
    args = [path if arg == "PATH" else arg for arg in args]
    for command in ("block", "unblock", "check"):
        result = run(command, "q1", *args, stdin="bob\n", env=fake.env)
        assert result.code == 2 and result.err, result
    assert fake.requests == []


def test_messages_hold_no_bytes_that_steer_a_terminal(path):
    hostile = "\x1b[2J\x9bx"
    errors = [{"line": 1, "value": hostile, "reason": hostile}]
    columns = [{"number": 1, "name": hostile, "sample": [hostile]}]
    with Fake([(200, {**DONE, "message": hostile, "errors": errors,
                      "warnings": [{"line": 1, "reason": hostile}]}, {}),
               refusal("column_unknown", hostile, columns=columns),
               (200, f"a,b,c,d,e,f\r\n1,{hostile},,,,{hostile}\r\n2,x,{hostile},true,,\r\n", CSV)
               ]) as fake:
        for command in ("block", "block", "check"):
            result = run(command, "q1", "--file", path, env=fake.env)
            assert not any(c in result.err + result.out for c in "\x1b\x9b"), result


def test_a_named_pipe_is_read_and_a_folder_refused(fake, tmp_path):
    assert "directory" in run("block", "q1", "--file", tmp_path, env=fake.env).err.lower()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=pipe.write_bytes, args=(TABLE,), daemon=True)
    thread.start()
    result = run("block", "q1", "--file", pipe, env=fake.env)
    thread.join(10)
    assert result.code == 0 and fake.requests[0]["raw"] == TABLE, result


# Arguments


def sent(fake):
    return [name for request in fake.requests for name in request["json"]["publicIdentifiers"]]


@pytest.mark.parametrize("line", ["ann, bob;carl\tdora", "ann|bob", "ann，bob；carl、dora"])
def test_all_names_of_an_argument_are_taken(fake, line):
    assert run("block", "q1", line, env=fake.env).code == 0
    assert sent(fake) == ["ann", "bob", "carl", "dora"][:len(sent(fake))] and len(sent(fake)) > 1


@pytest.mark.parametrize("command", ["block", "unblock", "check"])
@pytest.mark.parametrize("urn", [
    f"urn:li:fs_salesProfile:({MEMBER_ID},NAME_SEARCH,cMI4)",
    f"urn:li:fs_salesProfile:({MEMBER_ID},undefined,undefined)",
    f"URN:li:fs_salesProfile:({MEMBER_ID},NAME_SEARCH,cMI4)",
])
def test_the_commas_in_a_urn_are_a_part_of_it(fake, command, urn):
    run(command, "q1", urn, env=fake.env)
    assert sent(fake) == [urn]


def test_urns_in_an_argument_are_taken_and_what_only_follows_one_is_no_person(fake):
    two = [f"urn:li:fsd_profile:{MEMBER_ID}", f"urn:li:fsd_profile:{MEMBER_ID}x"]
    assert run("block", "q1", ",".join(two), env=fake.env).code == 0
    assert sent(fake) == two


@pytest.mark.parametrize("line", [
    f"urn:li:fs_salesProfile:{MEMBER_ID},NAME_SEARCH,cMI4",
    f"ann,urn:li:fs_salesProfile:{MEMBER_ID},cMI4",
    f"{MEMBER_ID},NAME_SEARCH,cMI4",
    f"urn:li:fs_salesProfile:({MEMBER_ID},NAME_SEARCH,cMI4",
    f"urn:li:fs_salesProfile:({MEMBER_ID},carl-roe",
    f"urn:li:fsd_profile:({MEMBER_ID},{MEMBER_ID}x)",
])
def test_what_may_be_a_part_of_a_urn_is_no_person_of_its_own(fake, line):
    result = run("block", "q1", line, env=fake.env)
    assert result.code == 1 and "give each as one of its own" in result.err, result
    assert run("block", "q1", line, "--skip-invalid", env=fake.env).code == 1 and fake.requests == []


@pytest.mark.parametrize("line", [
    "bob carl", "bob, Carl Roe", "in/bob, in/carl", "in/bob/,in/carl/",
    "https://linkedin.com/in/bob/,carl", "https://linkedin.com/in/bob/;carl",
    "https://linkedin.com/in/bob/https://linkedin.com/in/carl",
    "https://linkedin.com/in/bob/linkedin.com/in/carl", "in/bob/in/carl",
    "https://linkedin.com/in/bob?x=1,https://linkedin.com/in/carl",
    "in/bob/|carl", "in/bob|in/carl", "https://linkedin.com/in/bob|carl",
])
def test_an_argument_of_which_not_all_can_be_taken_is_refused_as_a_whole(fake, line):
    result = run("block", "q1", "ann", line, env=fake.env)
    assert result.code == 1 and "nothing was sent" in result.err and fake.requests == [], result
    assert run("block", "q1", "ann", line, "--skip-invalid", env=fake.env).code == 0
    assert sent(fake) == ["ann"]


def test_a_comma_in_the_query_of_an_address_is_part_of_it(fake):
    run("block", "q1", "https://linkedin.com/in/ann?x=1,2", env=fake.env)
    assert sent(fake) == ["https://linkedin.com/in/ann?x=1,2"]
