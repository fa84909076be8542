"""Files of people, imported as leads: what is in docs/api.md, "Leads" and "Files"."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support import expect, people
from support.campaigns import Campaign, member_id
from support.server import Server, unique

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "files"
PROFILE = "https://www.linkedin.com/in/"
ANSWER = {"success", "message", "added", "already", "duplicates", "blocked", "rows", "headings", "people",
          "bad", "blank", "importId", "column", "fields", "encoding", "delimiter", "errors", "warnings",
          "warningCount"}
TABLE = """First Name,Last Name,URL,Email Address,Company,Position,Phone
Ann,Doe,https://www.linkedin.com/in/ann-doe/,ann@example.com,"Example, Inc.",CTO,'+49 170 1
Bob,Roe,https://www.linkedin.com/in/bob-roe/,,,,
""".encode()


@pytest.fixture
def draft(tenant):
    """A campaign with a step, without leads."""
    return Campaign(tenant)


def send(campaign, data, api=None, headers=(), **query):
    query = {name: "true" if value is True else value for name, value in query.items()}
    data = data.encode() if isinstance(data, str) else data
    return (api or campaign.api).post(f"{campaign.path}/leads/import?{urlencode(query)}", data,
                                      content_type="text/csv", headers=headers)


def imported(response, **counts):
    body = expect.ok(response)
    assert body["rows"] == sum(body[name] for name in ("headings", "people", "bad", "blank"))
    assert body["people"] <= body["added"] + body["already"] + body["duplicates"]
    assert {name: body[name] for name in counts} == counts, response
    return body


def total(campaign):
    return campaign.details()["analytics"]["totalLeads"]


def names(count, stem):
    return [f"{stem}-{i:05}" for i in range(count)]


def table(rows):
    return "Name,LinkedIn\n" + "".join(f"Person,{PROFILE}{name}\n" for name in rows)


# What becomes of the columns


def test_columns_fill_fields_and_variables_and_nothing_is_lost(draft):
    body = imported(send(draft, TABLE), added=2, already=0, duplicates=0, blocked=0, rows=3, headings=1,
                    people=2, bad=0, blank=0)
    assert body.keys() == ANSWER
    assert body["message"] == "2 leads added"
    assert body["column"] == {"number": 3, "name": "URL"}
    assert {item["number"]: (item["name"], item["field"]) for item in body["fields"]} == {
        1: ("First Name", "firstName"), 2: ("Last Name", "lastName"),
        4: ("Email Address", "email"), 5: ("Company", "companyName"),
        6: ("Position", "variables.Position"), 7: ("Phone", "phone")}
    ann = draft.lead("ann-doe")
    assert (ann["firstName"], ann["lastName"], ann["companyName"]) == ("Ann", "Doe", "Example, Inc.")
    assert (ann["email"], ann["phone"]) == ("ann@example.com", "+49 170 1")
    assert ann["variables"] == {"Position": "CTO"}
    bob = draft.lead("bob-roe")
    assert (bob["firstName"], bob["companyName"], bob["variables"]) == ("Bob", None, {})


@pytest.mark.parametrize("heading, fields", [
    ("Vorname;Name;Firma;E-Mail;Telefon", ["firstName", "lastName", "companyName", "email",
                                          "phone"]),
    ("Prénom;Nom;Entreprise;Courriel;Téléphone", ["firstName", "lastName", "companyName", "email",
                                                  "phone"]),
    ("Nombre;Apellidos;Empresa;Correo electrónico;Teléfono", ["firstName", "lastName", "companyName",
                                                             "email", "phone"]),
    ("Nome;Cognome;Azienda;Email;Cellulare", ["firstName", "lastName", "companyName", "email",
                                              "phone"]),
    ("firstName;last_name;companyName;email;mobile phone", ["firstName", "lastName", "companyName",
                                                           "email", "phone"]),
    ("Name;Job title;Größe;Email;email", ["variables.Name", "variables.Job_title", "variables.Gr_e",
                                              "email", "variables.email"]),
    ("名前;Nome;;Website;website", ["variables.column_1", "variables.Nome", "variables.column_3",
                                   "website", "variables.website"]),
    ("email_5;Email;x_4;x;email", ["variables.email_5", "email", "variables.x_4", "variables.x",
                                   "variables.email"]),
    ("y_3;y;y;Email;Phone", ["variables.y_3", "variables.y", "variables.y_3_3", "email",
                             "phone"]),
    ("Headline;Company LinkedIn URL;Company Website;x;y", ["headline", "companyUrl", "website",
                                                           "variables.x", "variables.y"]),
    (f"{'n' * 70};{'n' * 64};b;c;d", [f"variables.{'n' * 64}", f"variables.{'n' * 62}_2", "variables.b",
                                      "variables.c", "variables.d"]),
    ("a b;a-b;a_b;a  b;A B", ["variables.a_b", "variables.a-b", "variables.a_b_3", "variables.a_b_4",
                              "variables.A_B"]),
])
def test_headings_in_many_languages(draft, heading, fields):
    data = f"{heading};LinkedIn URL\n" + f"v1;v2;v3;v4;v5;{PROFILE}ann-doe\n" * 2
    body = imported(send(draft, data), added=1, duplicates=1)
    assert [item["field"] for item in body["fields"]] == fields
    lead = draft.lead("ann-doe")
    for number, field in enumerate(fields, 1):
        holder = lead["variables"] if field.startswith("variables.") else lead
        assert holder[field.removeprefix("variables.")] == f"v{number}"


def test_a_member_id_is_the_second_name_of_a_lead(draft):
    data = f"memberId,URL,City\n{member_id(1)},{PROFILE}ann,Paris\n12345,{PROFILE}bob,Rome\n"
    body = imported(send(draft, data), added=2)
    assert body["fields"][0] == {"number": 1, "name": "memberId", "field": "memberId"}
    ann, bob = draft.lead("ann"), draft.lead("bob")
    assert (ann["memberId"], ann["variables"]) == (member_id(1), {"City": "Paris"})
    assert (bob["memberId"], bob["variables"]) == (None, {"memberId": "12345", "City": "Rome"})


def test_what_does_not_fit_is_left_out_with_a_warning(draft):
    heading = ",".join(f"Field {i}" for i in range(53))
    values = ",".join(["y" * 2001] + ["z"] * 52)
    data = f"First name,{heading},URL\n{'é' * 201},{values},{PROFILE}ann\nBob,{'z,' * 53}{PROFILE}bob\n"
    body = imported(send(draft, data), added=2)
    said = [(warning["line"], warning["reason"]) for warning in body["warnings"]]
    assert said == [(1, f"column {n} was left out: a lead has 50 variables at most") for n in (52, 53, 54)] + [
        (2, "column 1 is longer than 200 characters; the rest was left out"),
        (2, "column 2 is longer than 2000 characters; the rest was left out")]
    lead = draft.lead("ann")
    assert lead["firstName"] == "é" * 200
    assert len(lead["variables"]) == 50 and lead["variables"]["Field_0"] == "y" * 2000


NO_COUNTRY = 'the phone number "089 123456" has no country: no block finds the lead by it, nor 2 others by theirs'


def test_names_by_which_no_block_finds_a_lead_are_told(server, fresh):
    draft = Campaign(fresh)
    rows = [("ann@a.com; ann@b.com", "089 123456", "a.com b.com"), ("bob@b.com", "n/a", "n/a"),
            ("cid@a.com, cid@b.com", "0170/1234567", "c.com"), ("dov@a.com dov@b.com", "+49 89 123456", "d.com"),
            ("n/a", "+49 89 123456 ext. 5" + "5" * 100, "")]
    data = "URL,Email,Phone,Website\n" + "".join(f'{PROFILE}p{number},"{email}",{phone},{site}\n'
                                                 for number, (email, phone, site) in enumerate(rows))
    email = (2, 'the e-mail address "ann@a.com; ann@b.com" has more than one @: no block finds the lead by it, '
                'nor 2 others by theirs')
    website = (2, 'the website "a.com b.com" contains white space: no block finds the lead by it')
    for how in ({"dryRun": True}, {}):
        body = imported(send(draft, data, **how), added=5, bad=0, warningCount=3)
        assert [(each["line"], each["reason"]) for each in body["warnings"]] == [email, (2, NO_COUNTRY), website]
    server.cli("workspace", "country", fresh.workspace, "DE")
    body = imported(send(draft, data, dryRun=True), already=5, warningCount=3)
    assert body["warnings"][1] == {"line": 6, "reason": 'the phone number "+49 89 123456 ext. 5' + "5" * 80 +
                                   '" has an extension: no block finds the lead by it'}


def test_values_come_as_they_are(draft):
    cells = ["a\ttab", "two\nlines", "back\\slash\\n", '"quoted"', "🙅 emoji", "=1+1", "x;y"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"V{i}" for i in range(len(cells))] + ["URL"])
    writer.writerow(cells + [PROFILE + "ann"])
    imported(send(draft, out.getvalue()), added=1)
    assert list(draft.lead("ann")["variables"].values()) == cells


# Who is added


def test_several_addresses_in_a_cell_are_a_bad_row(draft):
    data = f"Name,URL\nAnn,{PROFILE}ann\nTwo,{PROFILE}bob {PROFILE}cleo\nNone,\n"
    body = imported(send(draft, data), added=1, bad=1, blank=1)
    assert body["errors"][0] == {
        "line": 3, "value": f"{PROFILE}bob {PROFILE}cleo",
        "reason": "holds more than one address; put each in a row of its own"}
    assert [lead["publicIdentifier"] for lead in draft.leads()] == ["ann"]


def test_running_text_has_no_columns(draft):
    body = imported(send(draft, "ann-doe\nbob-roe\nann-doe\n"), added=2, duplicates=1)
    assert body["fields"] == [] and body["column"] is None


def test_who_is_there_already_stays_as_they_are(draft):
    draft.add({"publicIdentifier": "ann-doe", "firstName": "Anna"})
    imported(send(draft, TABLE), added=1, already=1, duplicates=0)
    lead = draft.lead("ann-doe")
    assert (lead["firstName"], lead["companyName"], lead["variables"]) == ("Anna", None, {})
    body = imported(send(draft, TABLE + TABLE.split(b"\n", 1)[1]), added=0, already=2, duplicates=2)
    assert body["message"] == "0 leads added, 2 there already, 2 repeated"


def test_who_is_blocked_is_added_and_excluded(draft):
    draft.block("ann-doe")
    body = imported(send(draft, TABLE, dryRun=True), added=2, blocked=1)
    assert body["message"] == "2 leads would be added (1 of them blocked)"
    assert imported(send(draft, TABLE), added=2, blocked=1)["message"] == "2 leads added (1 of them blocked)"
    assert draft.lead("ann-doe")["blocked"] is True
    assert draft.lead("bob-roe")["blocked"] is False
    draft.activate()
    assert [activity["publicIdentifier"] for activity in draft.claim()] == ["bob-roe"]


@pytest.mark.parametrize("entry", [{"domain": "example.com"}, {"email": "ann@example.com"},
                                   {"company": "Example"}, {"phone": "+49 170 1234567"}])
def test_a_try_counts_leads_that_are_blocked_by_any_name(draft, entry):
    expect.ok(draft.api.post("/blocklist", {"entries": [entry]}))
    data = f"URL,Email,Company,Phone\n{PROFILE}ann-doe,ann@example.com,\"Example, Inc.\",+49 170 1234567\n"
    for query in ({"dryRun": True}, {}):
        imported(send(draft, data, **query), added=1, blocked=1)
    assert draft.lead("ann-doe")["blocked"] is True


def test_a_try_knows_people_by_their_other_names(draft):
    expect.ok(draft.api.post("/people/link", {"links": [{"memberId": member_id(1), "publicIdentifier": name}
                                                        for name in ("ann-old", "ann-doe")]}))
    draft.add("ann-old")
    for query in ({"dryRun": True}, {}):
        imported(send(draft, TABLE, **query), added=1, already=1, blocked=0)


def test_a_try_adds_no_person_and_says_what_would_be(draft):
    draft.add("lead-00003")
    data = table(names(1500, "lead") + ["lead-00003", "lead-00004"])
    wanted = {"added": 1499, "already": 1, "duplicates": 2, "blocked": 0}
    trial = imported(send(draft, data, dryRun=True), **wanted)
    assert trial.keys() == ANSWER | {"dryRun", "columns"}
    assert len(draft.leads()) == 1
    imported(send(draft, data), **wanted)


def test_a_try_lists_all_bad_rows_when_csv_is_wanted(draft):
    data = "Name,LinkedIn\n" + "Person,nobody there\n" * 300 + f"Person,{PROFILE}ann\n"
    response = send(draft, data, dryRun=True, headers=[("Accept", "text/csv")])
    assert response.status == 200 and response.header("content-type").startswith("text/csv")
    assert len(list(csv.reader(io.StringIO(response.body.decode(), newline="")))) == 301


def test_a_strict_import_takes_all_or_nothing(draft):
    body = expect.error(send(draft, TABLE + b"Cleo,,,,,,\n", strict=True), 400, "invalid_identifier")
    assert (body["errorCount"], body["rows"]) == (1, 4)
    assert draft.leads() == []
    imported(send(draft, TABLE, strict=True), added=2)


def test_names_that_may_be_something_else_are_good_when_the_campaign_has_them(draft):
    data = "LinkedIn username,City\n12345678,Paris\nann,Rome\n"
    body = imported(send(draft, data), added=1, bad=1)
    assert "only digits" in body["errors"][0]["reason"]
    draft.add({"linkedinUrl": PROFILE + "12345678"})
    imported(send(draft, data), added=0, already=2, bad=0)


def test_many_leads_go_in_steps_and_a_repetition_goes_on(draft):
    data = table(names(3500, "many"))
    imported(send(draft, data, importId="spring"), added=3500)
    assert total(draft) == 3500
    imported(send(draft, data, importId="spring"), added=0, already=3500)


def test_files_that_block_people_can_be_added_as_leads(draft):
    wanted = json.loads((VECTORS / "expected.json").read_text())
    name = "01-linkedin-connections.csv"
    imported(send(draft, (VECTORS / name).read_bytes()), added=len(wanted[name]["blocked"]))
    assert {lead["publicIdentifier"] for lead in draft.leads()} == set(wanted[name]["blocked"])
    assert any(lead["firstName"] for lead in draft.leads())


# Who may, and how many


@pytest.mark.parametrize("query", [{"action": "check"}, {"action": "block"}, {"reason": "x"},
                                   {"reasonColumn": "1"}, {"strict": "maybe"}, {"importId": "a b"}])
def test_parameters_of_blocklists_are_refused(draft, query):
    expect.error(send(draft, TABLE, **query), 400, "invalid_parameter")
    assert draft.leads() == []


def test_viewers_may_try_and_no_more(server, tenant, draft):
    viewer = people.person(server, "viewer", tenant.workspace).api
    reader = server.api(tenant.new_key("--read-only"))
    for api in (viewer, reader):
        imported(send(draft, TABLE, api, dryRun=True), added=2)
        expect.error(send(draft, TABLE, api), 403, "forbidden")
        expect.error(send(draft, TABLE, api, action="check"), 400, "invalid_parameter")
    assert draft.leads() == []


def test_a_campaign_takes_no_more_than_it_may_have():
    with Server("--max-campaign-leads", "1500") as server:
        draft = Campaign(server.tenant())
        data = table(names(2500, "lead"))
        body = expect.error(send(draft, data, dryRun=True), 429, "overloaded")
        assert "1500 leads" in body["message"] and total(draft) == 0
        body = expect.error(send(draft, data), 429, "overloaded")
        assert (body["added"], body["already"]) == (1000, 0)
        imported(send(draft, table(names(1500, "lead"))), added=500, already=1000)
        imported(send(draft, table(names(1500, "lead"))), added=0, already=1500)
        expect.error(send(draft, table([unique()])), 429, "overloaded")
