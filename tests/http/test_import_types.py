"""Files with names of every type: POST /v1/blocklist/import (docs/api.md, "Files with names of every type")."""

import json
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support import expect, people
from support.moved_clock import MovedClock
from support.server import Server, run

VECTORS = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "typed-files.json")
                     .read_text(encoding="utf-8"))
COUNTS = ("rows", "headings", "people", "bad", "blank")


def send(api, data, path="/blocklist", **query):
    data = data.encode() if isinstance(data, str) else data
    return api.post(f"{path}/import?{urlencode(query)}", data, content_type="text/csv")


def taken(body):
    return [f"{column['number']} {column['type'] or 'null'}" for column in body["taken"]]


def listed(api, path="/blocklist"):
    return {entry["value"]: entry for entry in expect.ok(api.get(f"{path}?take=1000"))}


@pytest.fixture(scope="module")
def installation():
    """An operator of a server of whose list no other test knows."""
    with Server() as server:
        yield people.person(server, "operator").api


@pytest.fixture(params=["workspace", "campaign", "installation"])
def place(request, fresh):
    """A client, and the list that it imports into."""
    if request.param != "installation":
        yield fresh.api, "/blocklist" if request.param == "workspace" else f"/campaigns/{fresh.campaign()}/blocklist"
        return
    api, path = request.getfixturevalue("installation"), "/installation/blocklist"
    yield api, path
    # What a test leaves when it fails, so that the next finds the list empty.
    if left := [{entry["type"]: entry.get("companyUrl") or value} for value, entry in listed(api, path).items()]:
        assert expect.ok(api.delete(path, {"entries": left}))["unblocked"] == len(left)


def test_the_questions_of_a_form_are_headings(fresh):
    form = (Path(__file__).resolve().parents[1] / "vectors/doubtful-files/form-two-questions.csv").read_bytes()
    refused = expect.error(send(fresh.api, form), 400, "column_unknown")
    assert "olumns 2 and 3 may both be meant" in refused["message"]
    assert [column.get("type") for column in refused["columns"]] == [None, "publicIdentifier", "publicIdentifier"]
    body = expect.ok(send(fresh.api, form, columns="2:publicIdentifier"))
    assert [body[count] for count in COUNTS] == [4, 1, 2, 0, 1]
    assert set(listed(fresh.api)) == {"ann-example-0001", "bob-example-0002"}


@pytest.mark.parametrize("name", VECTORS)
def test_a_file_as_people_have_it(place, name):
    wanted = VECTORS[name]
    api, path = place
    data = wanted["data"].encode(wanted.get("encoding", "utf-8"))
    query = wanted.get("query", {})
    tried = expect.ok(send(api, data, path, dryRun="true", **query))
    assert listed(api, path) == {}, "a try changes nothing"
    assert taken(tried) == wanted["taken"], tried
    body = expect.ok(send(api, data, path, **query))
    for counted in (tried, body):
        assert [counted[count] for count in COUNTS] == wanted["counts"], counted
        assert counted["rows"] == sum(counted[count] for count in COUNTS[1:])
        assert counted["blocked"] == len(wanted["entries"])
        assert sum(counted["found"].values()) == counted["blocked"] + counted["duplicates"]
    entries = listed(api, path)
    assert {value: entry["type"] for value, entry in entries.items()} == wanted["entries"]
    for value, reason in wanted.get("reasons", {}).items():
        assert entries[value]["reason"] == reason
    for value, kind in wanted.get("kinds", {}).items():
        assert entries[value]["kind"] == kind
    for value, end in wanted.get("ends", {}).items():
        assert entries[value]["expiresAt"] == end
    if "warned" in wanted:
        assert any(wanted["warned"] in warning["reason"] for warning in body["warnings"]), body
    assert expect.ok(send(api, data, path, **query))["already"] == len(wanted["entries"])
    gone = expect.ok(send(api, data, path, action="unblock",
                          **{**query, **wanted.get("unblock", {})}))
    assert gone["unblocked"] == len(wanted["entries"]) and listed(api, path) == {}


@pytest.mark.parametrize("spelling, stored, country", [
    ("82 2 312 3456", "+828223123456", "KR"), ("49 89 123456", "+494989123456", "DE")])
def test_a_file_frees_a_phone_number_that_was_blocked_as_a_national_one(fresh, spelling, stored, country):
    expect.ok(fresh.api.post("/blocklist", {"entries": [{"phone": stored}, {"phone": "+442079460958"}]}))
    query = {"action": "unblock", "type": "phone", "defaultCountry": country}
    data = f"Phone\n{spelling}\n+49 30 1234567\n"
    assert expect.ok(send(fresh.api, data, **query, dryRun="true"))["unblocked"] == 1
    assert expect.ok(send(fresh.api, data, **query))["unblocked"] == 1
    assert set(listed(fresh.api)) == {"+442079460958"}
    again = expect.ok(send(fresh.api, data, **query))
    assert (again["unblocked"], again["bad"]) == (0, int(country == "DE"))


def test_a_file_does_not_free_either_of_two_phone_numbers_that_it_may_mean(fresh):
    two = ["+4989123456", "+494989123456"]
    expect.ok(fresh.api.post("/blocklist", {"entries": [{"phone": value} for value in [*two, "+49301234567"]]}))
    query = {"action": "unblock", "type": "phone", "defaultCountry": "DE"}
    data = "Phone\n49 89 123456\n030 1234567\n"
    said = expect.ok(send(fresh.api, data, **query))
    assert (said["unblocked"], said["bad"]) == (1, 1) and "both are stored" in said["errors"][0]["reason"]
    assert set(listed(fresh.api)) == set(two)
    expect.ok(fresh.api.delete("/blocklist", {"entries": [{"phone": two[1]}]}))
    assert expect.ok(send(fresh.api, data, **query))["unblocked"] == 1 and listed(fresh.api) == {}


def test_what_is_forced_for_a_file_is_not_for_its_empty_fields(fresh):
    data = "Company,Website\nNA-KD,na-kd.com\nn/a,gmail.com\n"
    body = expect.ok(send(fresh.api, data, force="true", columns="1:company,2:domain"))
    assert set(listed(fresh.api)) == {"na-kd.com", "gmail.com"}, body
    expect.ok(fresh.api.post("/blocklist", {"entries": [{"company": "NA-KD"}], "force": True}))
    assert set(listed(fresh.api)) == {"na-kd.com", "gmail.com", "na"}


def test_companies_beside_people_are_unblocked_only_when_columns_says_so(fresh):
    data = "Kunde;Website;Ansprechpartner;E-Mail\nAcme GmbH;acme.com;Ada Lee;ada@acme.com\n"
    expect.ok(send(fresh.api, data))
    body = expect.ok(send(fresh.api, data, action="unblock"))
    assert taken(body) == ["4 email"] and set(listed(fresh.api)) == {"acme", "acme.com"}
    assert ["columns=1:company" in warning["reason"] for warning in body["warnings"]] == [True, False]
    body = expect.error(send(fresh.api, "Kunde;Ansprechpartner\nAcme GmbH;Ada Lee\n",
                             action="unblock"), 400, "column_unknown")
    assert "columns=2:company" in body["message"] and set(listed(fresh.api)) == {"acme", "acme.com"}
    expect.ok(send(fresh.api, data, action="unblock", columns="1:company,2:domain"))
    assert listed(fresh.api) == {}


@pytest.mark.parametrize("parts", [1, 2])
def test_a_block_without_an_end_outlives_that_with_one_of_its_import(parts):
    with MovedClock() as clock, Server(env=clock.env) as server:
        api = server.tenant().api
        heading, first, second = "Email,Expires\n", f"ada@acme.com,{clock.in_seconds(60)}\n", "ada@acme.com,\n"
        files = [heading + first + second] if parts == 1 else [heading + first, heading + second]
        for file in files:
            expect.ok(send(api, file, importId="one"))
        expect.ok(api.post("/blocklist", {"entries": [{"domain": "last.example.com",
                                                       "expiresAt": clock.in_seconds(61)}]}))
        clock.let_pass(61)
        limit = time.monotonic() + 20
        while "last.example.com" in listed(api):  # which ends after those of the import
            assert time.monotonic() < limit
            time.sleep(0.05)
        assert [entry["expiresAt"] for entry in listed(api).values()] == [None]


def test_the_same_file_under_its_import_id_only_repeats(fresh):
    data = ("Email,Expires,Kind\nada@acme.com,2099-12-31,client\nada@acme.com,,client\n"
            "bob@acme.com,2099-12-31,\neve@acme.com,,partner\n")
    expect.ok(send(fresh.api, data, importId="one"))
    history = expect.ok(fresh.api.get("/audit?importId=one"))
    for _ in range(2):
        body = expect.ok(send(fresh.api, data, importId="one"))
        assert body["already"] == 3 and body["blocked"] == 0
    assert expect.ok(fresh.api.get("/audit?importId=one")) == history


def test_it_holds_is_undone_and_is_listed_as_an_import(fresh):
    body = expect.ok(send(fresh.api, "Company,Domain\nAcme Ltd,acme.com\n", kind="client",
                          reason="our clients", importId="clients"))
    assert body["message"] == "2 entries blocked"
    (found,) = expect.ok(fresh.api.post("/check", {"leads": [{"email": "x@mail.acme.com"}]}))
    assert found["matched"] == {"type": "domain", "value": "acme.com"}
    assert {entry["kind"] for entry in listed(fresh.api).values()} == {"client"}
    assert expect.ok(fresh.api.get("/imports/clients"))["blocked"] == 2
    assert expect.ok(fresh.api.post("/imports/clients/undo"))["unblocked"] == 2
    assert listed(fresh.api) == {}


@pytest.mark.parametrize(("query", "code"), [
    ({"columns": "9:domain"}, "column_unknown"), ({"columns": "x"}, "column_unknown"),
    ({"columns": "1:fax"}, "column_unknown"), ({"type": "fax"}, "invalid_parameter"),
    ({"column": "1"}, "invalid_parameter"), ({"defaultCountry": "ZZ"}, "invalid_parameter"),
    ({"action": "look"}, "invalid_parameter"), ({"force": "1"}, "invalid_parameter")])
def test_what_cannot_be_read_is_refused(fresh, query, code):
    expect.error(send(fresh.api, "a,b\nc,d\n", **query), 400, code)


def test_nothing_is_taken_for_want_of_a_better_column(fresh):
    body = expect.error(send(fresh.api, "Colour,Size\nred,12\nblue,13\n"), 400, "column_unknown")
    assert [column["number"] for column in body["columns"]] == [1, 2]
    expect.error(fresh.api.post("/blocked-leads/import?type=domain", b"x\n",
                                content_type="text/csv"), 400, "invalid_parameter")


def test_strict_records_nothing_of_a_file_with_a_bad_row(fresh):
    body = expect.error(send(fresh.api, "Domain\nacme.com\nnone at all\n", strict="true"), 400,
                        "invalid_identifier")
    assert body["errorCount"] == 1 and listed(fresh.api) == {}


def test_a_large_file_goes_in_in_steps(fresh):
    rows = "".join(f"Company {i},company-{i}.com,x{i}@company-{i}.com\n" for i in range(8000))
    body = expect.ok(send(fresh.api, "Company,Domain,Email\n" + rows))
    assert (body["blocked"], body["people"]) == (24000, 8000)
    assert body["found"] == {"email": 8000, "domain": 8000, "company": 8000}


def test_the_command_line_takes_files_of_every_type(server, tmp_path):
    tenant = server.tenant()
    file = tmp_path / "clients.csv"
    file.write_text("Kunde;Domain;Telefon\nAcme GmbH;acme.com;030 123456\n", encoding="utf-8")

    def cli(*args, code=0):
        result = run(*args, env={"LEADBLOCK_KEY": tenant.key,
                                 "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"})
        assert result.code == code, result
        return result.out

    said = cli("block", "--workspace", "--file", str(file), "--all-types", "--country", "DE",
               "--kind", "client", "--dry-run")
    assert "column 1 (Kunde): companies" in said and "column 3 (Telefon): phone numbers" in said
    assert listed(tenant.api) == {}
    for command in ("block", "unblock"):
        for option in ("--dry-run", "--all-types", "--columns=1"):
            assert "--file" in run(command, "--workspace", "john-doe", option).err
            cli(command, "--workspace", "--domain", "acme.com", option, code=2)
        refused = run(command, "--workspace", "--file", str(file), "--all-types", "--column", "2")
        assert refused.code == 2 and "--columns" in refused.err
    assert listed(tenant.api) == {}
    cli("block", "--workspace", "--file", str(file), "--all-types", "--country", "DE", "--kind",
        "client")
    assert set(listed(tenant.api)) == {"acme", "acme.com", "+4930123456"}
    assert {entry["kind"] for entry in listed(tenant.api).values()} == {"client"}
    cli("unblock", "--workspace", "--file", str(file), "--all-types", "--country", "DE")
    assert listed(tenant.api) == {}


@pytest.mark.parametrize("typed", [False, True], ids=["profiles", "every type"])
def test_a_try_at_the_command_line_lists_every_row_that_is_not_taken(server, tmp_path, typed):
    """Also those that the answer of a try has no room for."""
    tenant = server.tenant()
    file = tmp_path / "people.csv"
    file.write_text("Name,LinkedIn URL\n" + "".join(f"N{i},nothing {i}\n" for i in range(150)) +
                    "Ann,https://www.linkedin.com/in/ann-doe\n,\nBob,\n", encoding="utf-8")
    env = {"LEADBLOCK_KEY": tenant.key, "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"}
    args = ["--file", str(file), "--dry-run", *(["--all-types"] if typed else [])]
    for more, code in ([], 1), (["--skip-invalid"], 0):
        result = run("block", "--workspace", *args, *more, env=env)
        assert result.code == code, result
        lines = [line.split(":")[0] for line in result.err.splitlines() if line.startswith("line ")]
        assert lines == [f"line {number}" for number in (*range(2, 152), 154)], result
    assert listed(tenant.api) == {}


def test_a_list_of_national_numbers_is_read_at_the_command_line(server, tmp_path):
    tenant = server.tenant()
    file = tmp_path / "numbers.txt"
    file.write_text("0171/55500-09\n+49 171 5550010\n", encoding="utf-8")
    env = {"LEADBLOCK_KEY": tenant.key, "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"}
    args = ["block", "--workspace", "--file", str(file), "--all-types", "--country", "DE"]
    refused = run(*args, env=env)
    assert refused.code == 1 and "--columns publicIdentifier, company or phone" in refused.err, refused
    assert run(*args, "--columns", "phone", env=env).code == 0
    assert set(listed(tenant.api)) == {"+491715550009", "+491715550010"}
