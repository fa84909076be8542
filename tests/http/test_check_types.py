"""Files with names of every type that are checked: POST /v1/blocklist/import?action=check."""

import csv
import io
from urllib.parse import urlencode

import pytest

from support import expect
from support.campaigns import member_id
from support.server import run

HEADINGS = ["line", "value", "type", "name", "blocked", "scope", "matched", "reason"]
MEMBER = {"domain": "website"}  # of a lead, where it is called otherwise
FILE = """First name,LinkedIn,Email,Phone,Company,Website
Ann,https://www.linkedin.com/in/ann-new/,Ann@mail.acme.com,0170 1234567,Foo GmbH,www.acme.com
Bob,https://www.linkedin.com/in/bob/,bob@other.org,,https://linkedin.com/company/bar-inc/,other.org
Cid,https://www.linkedin.com/in/cid/,n/a,,3M,
"""


@pytest.fixture
def api(fresh):
    """A workspace that has blocked names of every type."""
    api = fresh.api
    expect.ok(api.post("/people/link", {"links": [{"memberId": member_id(1), "publicIdentifier": name}
                                                  for name in ("ann-old", "ann-new")]}))
    expect.ok(api.post("/blocklist", {"entries": [
        {"domain": "acme.com", "reason": "Client"}, {"phone": "+491701234567"}, {"company": "Foo AG"},
        {"company": "https://www.linkedin.com/company/bar-inc/"}, {"publicIdentifier": "ann-old"}]}))
    return api


def send(api, data, path="/blocklist", **query):
    query = {"action": "check", "defaultCountry": "DE", **query}
    return api.post(f"{path}/import?{urlencode(query)}", data.encode(), content_type="text/csv")


def rows_of(response):
    assert response.status == 200, response
    assert response.header("content-type") == "text/csv; charset=utf-8"
    headings, *rows = csv.reader(io.StringIO(response.body.decode(), newline=""))
    assert headings == HEADINGS
    return [[cell.removeprefix("'") for cell in row] for row in rows]


def short(rows):
    """Line, type, name, and what blocks it, if anything does."""
    return [(int(row[0]), row[2], row[3], row[6] if row[4] == "true" else None) for row in rows]


def test_each_name_of_each_row_has_its_verdict(api):
    rows = rows_of(send(api, FILE))
    assert short(rows) == [
        (2, "publicIdentifier", "ann-new", "ann-old"), (2, "email", "ann@mail.acme.com", "acme.com"),
        (2, "phone", "+491701234567", ""), (2, "company", "foo", ""), (2, "domain", "acme.com", ""),
        (3, "publicIdentifier", "bob", None), (3, "email", "bob@other.org", None),
        (3, "company", "https://www.linkedin.com/company/bar-inc", ""), (3, "domain", "other.org", None),
        (4, "publicIdentifier", "cid", None)]
    assert [row[7] for row in rows if row[5]] == ["", "Client", "", "", "Client", ""]
    assert {row[5] for row in rows if row[4] == "true"} == {"workspace"}
    assert rows[1][1] == "Ann@mail.acme.com" and rows[7][1] == "https://linkedin.com/company/bar-inc/"
    assert expect.ok(api.get("/imports")) == [] and len(expect.ok(api.get("/blocklist"))) == 5


def test_it_agrees_with_the_check_of_leads(api, fresh):
    campaign = fresh.campaign()
    expect.ok(api.post(f"/campaigns/{campaign}/blocklist", {"entries": [
        {"email": "bob@other.org"}, {"domain": "acme.com", "reason": "here"}]}))
    for path, of in (("/blocklist", {}), (f"/campaigns/{campaign}/blocklist", {"campaignId": campaign})):
        for row in rows_of(send(api, FILE, path)):
            member = "companyUrl" if "/company/" in row[3] else MEMBER.get(row[2], row[2])
            lead = {"companyName" if member == "company" else member: row[3]}
            (said,) = expect.ok(api.post("/check", {"leads": [lead], **of}))
            assert (row[4], row[5], row[7]) == (str(said["blocked"]).lower(), said["scope"] or "", said["reason"] or "")
            if said["blocked"]:
                assert row[3].endswith(said["matched"]["value"]) or row[6] == said["matched"]["value"]


def test_a_row_is_bad_when_a_name_in_it_cannot_be_read(api):
    """Nothing may be said to be not blocked that may be. What holds no name is no matter."""
    data = "Name,LinkedIn,Email\nDan,https://www.linkedin.com/in/dan/,dan@@acme.com\nEve,,n/a\n"
    body = expect.error(send(api, data, strict="true"), 400, "invalid_identifier")
    assert (body["errorCount"], body["errors"][0]["value"]) == (2, "dan@@acme.com")
    dan, bad, eve = rows_of(send(api, data))
    assert dan[2:5] == ["publicIdentifier", "dan", "false"]
    assert (bad[:2], bad[2:7]) == (["2", "dan@@acme.com"], [""] * 5) and bad[7]
    assert (eve[:2], eve[2:7]) == (["3", "n/a"], [""] * 5) and eve[7]
    assert rows_of(send(api, "LinkedIn,Email\nhttps://www.linkedin.com/in/dan/,n/a\n", strict="true"))[0][3] == "dan"


def test_an_export_is_checked(api):
    expect.ok(api.post("/blocklist", {"entries": [{"domain": "ends.org", "expiresAt": "2099-01-01"}]}))
    exported = api.get("/blocklist", headers=[("Accept", "text/csv")]).body.decode()
    rows = rows_of(send(api, exported.replace("2099-01-01", "2001-01-01"), strict="true"))
    assert len(rows) == 6 and {(row[4], row[6]) for row in rows} == {("true", "")}


def test_columns_and_types_are_those_of_an_import(api):
    for query, types in (({"columns": "6:domain,3"}, {"domain", "email"}), ({"type": "company"}, {"company"})):
        assert {row[2] for row in rows_of(send(api, FILE, **query)) if row[4]} == types
    expect.error(send(api, "Colour,Size\nred,12\nblue,13\n"), 400, "column_unknown")


def test_an_erased_person_is_blocked_in_a_file(api):
    expect.ok(api.post("/blocklist", {"entries": [{"email": "eve@private.org", "reason": "asked"}]}))
    expect.ok(api.post("/erasures", {"email": "eve@private.org"}))
    (row,) = rows_of(send(api, "Email\neve@private.org\n"))
    assert row[3:] == ["eve@private.org", "true", "workspace", "", ""]


def test_the_command_line_checks_it(api, fresh, server, tmp_path):
    env = {"LEADBLOCK_KEY": fresh.key, "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"}
    path = tmp_path / "contacts.csv"
    path.write_text(FILE)
    command = ["check", "--workspace", "--file", path, "--all-types", "--country", "DE"]
    result = run(*command, env=env)
    assert (result.code, result.err) == (0, ""), result
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [(line[1], line[3]) for line in lines if line[2] == "blocked"] == [
        ("ann-new", "2"), ("ann@mail.acme.com", "2"), ("+491701234567", "2"), ("foo", "2"), ("acme.com", "2"),
        ("https://www.linkedin.com/company/bar-inc", "3")]
    assert len(lines) == 10 and {line[2] for line in lines} == {"blocked", "allowed"}
    said = run(*command, "--json", env=env).json()
    assert {"type": "domain", "value": "other.org", "line": 3} in said["allowed"] and len(said["blocked"]) == 6
    quiet = run(*command, "--quiet", env=env)
    assert (quiet.code, quiet.out) == (1, "")
    assert run(*command, "--quiet", "--columns", "3:email", env=env).code == 1
    with path.open("a") as file:
        file.write("Dan,https://www.linkedin.com/in/dan/,dan@@acme.com,,,\n")
    result = run(*command, env=env)
    assert (result.code, result.out) == (1, "") and "dan@@acme.com" in result.err, result
    result = run(*command, "--skip-invalid", env=env)
    assert result.code == 0 and "line 5: 'dan@@acme.com': " in result.err, result
    assert "publicIdentifier\tdan\tallowed\t5\n" in result.out


@pytest.mark.parametrize("args", [["--all-types", "ann"], ["--columns", "2", "ann"],
                                  ["--all-types", "--email", "ann@acme.com"],
                                  ["--file", "x.csv", "--all-types", "--column", "2"]])
def test_the_options_of_files_need_one(args):
    assert run("check", "q1", *args).code == 2
