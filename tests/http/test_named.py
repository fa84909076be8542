"""A name of any type: where it is blocked, what happened, which leads are behind it; and what a list of entries is
filtered by."""

import csv
import io
import time
from urllib.parse import quote

import pytest

from support import expect
from support.server import key_id

PAGE = "https://www.linkedin.com/company/acme-inc"


def block(api, *entries, path="/blocklist", **options):
    return expect.ok(api.post(path, {"entries": list(entries), **options}))


def named(api, kind, value, rest="", **query):
    more = "".join(f"&{name}={quote(text)}" for name, text in query.items())
    return api.get(f"/blocklist/{kind}/{quote(value, safe='')}{rest}?_={more}")


def listed(api, query, path="/blocklist"):
    """All pages of two, by their links: their values."""
    found, target = [], f"/v1{path}?sort=ASC&take=2&{query}"
    while target:
        response = api.call("GET", target, base="")
        found += [entry["value"] for entry in expect.ok(response)]
        target = expect.next_link(response)
    return found


# --- One name ---

@pytest.mark.parametrize("kind, entry, spelling, stored", [
    ("email", {"email": "jane@acme.com"}, "Jane <JANE@acme.com>", ("email", "jane@acme.com")),
    ("phone", {"phone": "+491701234567"}, "0049 170 1234567", ("phone", "+491701234567")),
    ("domain", {"domain": "acme.com"}, "https://www.ACME.com/about", ("domain", "acme.com")),
    ("company", {"company": "Acme Inc."}, "ACME GmbH", ("company", "acme")),
    ("company", {"company": PAGE}, "linkedin.com/company/Acme-Inc/about", ("company", "acme-inc")),
    ("publicIdentifier", {"publicIdentifier": "jane-doe"}, "https://linkedin.com/in/Jane-Doe/", ("publicIdentifier", "jane-doe"))])
def test_a_name_in_any_spelling_is_found_where_it_is_blocked(fresh, kind, entry, spelling, stored):
    fresh.campaign("Q1")
    before = expect.ok(named(fresh.api, kind, spelling))
    assert before["blocked"] is False and before["blocks"] == [] and before["blocksTotal"] == 0
    block(fresh.api, {**entry, "reason": "a client", "kind": "client", "expiresAt": "2090-01-01"})
    found = expect.ok(named(fresh.api, kind, spelling))
    assert (found["type"], found["value"]) == stored and found["blocked"] is True
    assert ("companyUrl" in found) == (stored[1] == "acme-inc")
    (one,) = found["blocks"]
    assert (one["scope"], one["reason"], one["kind"]) == ("workspace", "a client", "client")
    assert one["expiresAt"] == "2090-01-01T00:00:00.000Z"
    (event,) = expect.ok(named(fresh.api, kind, spelling, "/history"))
    assert (event["what"], event["reason"], event["standing"]) == ("block", "a client", True)
    expect.ok(fresh.api.delete("/blocklist", [one["id"]]))
    assert expect.ok(named(fresh.api, kind, spelling))["blocked"] is False
    assert [event["what"] for event in expect.ok(named(fresh.api, kind, spelling, "/history"))] == ["unblock", "block"]


def test_a_companys_page_and_its_name_are_two(fresh):
    block(fresh.api, {"company": PAGE})
    assert expect.ok(named(fresh.api, "company", "acme-inc"))["blocked"] is False  # a name, which it is not
    found = expect.ok(named(fresh.api, "company", PAGE))
    assert found["blocked"] is True and found["companyUrl"] == PAGE
    (entry,) = expect.ok(fresh.api.get("/blocklist"))
    assert entry["companyUrl"] == PAGE
    block(fresh.api, {"company": "Umbrella"})
    assert "companyUrl" not in expect.ok(fresh.api.get("/blocklist"))[0]


def test_a_name_that_cannot_be_read_is_refused_with_the_reason(fresh):
    for kind, value in [("email", "jane"), ("phone", "0170 1234567"), ("domain", "acme"), ("company", "x")]:
        for rest in ("", "/history", "/leads"):
            error = expect.error(named(fresh.api, kind, value, rest), 400, "invalid_identifier")
            assert error["errors"][0]["reason"]
    assert expect.ok(named(fresh.api, "phone", "0170 1234567", defaultCountry="DE"))["value"] == "+491701234567"
    expect.error(named(fresh.api, "phone", "0170 1234567", defaultCountry="Germany"), 400, "invalid_parameter")
    expect.error(named(fresh.api, "fax", "1"), 400, "invalid_parameter")


# With the country's calling code and without +, as it was read before 0.16.0, and the country.
@pytest.mark.parametrize("spelling, stored, country", [
    ("82 2 312 3456", "+828223123456", "KR"), ("628123456789", "+62628123456789", "ID")])
def test_a_phone_number_that_was_blocked_as_a_national_one_is_found_in_that_spelling(fresh, spelling, stored, country):
    def asked(rest=""):
        return named(fresh.api, "phone", spelling, rest, defaultCountry=country)

    def checked():
        lead = {"publicIdentifier": "bob", "phone": spelling}
        return fresh.api.post("/check", {"leads": [lead], "defaultCountry": country})

    entry = {"entries": [{"phone": spelling}], "defaultCountry": country}
    assert not expect.ok(checked())[0]["blocked"] and not expect.ok(asked())["blocked"]
    path = f"/campaigns/{fresh.campaign('Q1')}/blocklist"
    for place, scope in ((path, "campaign"), ("/blocklist", "workspace")):
        block(fresh.api, {"phone": stored, "reason": "asked"}, path=place)
        found = expect.ok(asked())
        assert (found["value"], found["blocks"][0]["scope"]) == (stored, scope)
    (found,) = expect.ok(checked())
    assert found["matched"] == {"type": "phone", "value": stored} and found["reason"] == "asked"
    for place in (path, "/blocklist"):
        assert expect.ok(fresh.api.delete(place, entry))["unblocked"] == 1
    assert [event["what"] for event in expect.ok(asked("/history"))] == ["unblock", "unblock", "block", "block"]
    assert not expect.ok(checked())[0]["blocked"] and not expect.ok(asked())["blocked"]
    assert expect.ok(fresh.api.delete("/blocklist", entry))["unblocked"] == 0


def test_of_both_readings_of_a_phone_number_today_s_is_freed_first(fresh):
    entry, lead = {"phone": "82 2 312 3456"}, {"phone": "82 2 312 3456", "email": "bob@example.com"}
    block(fresh.api, {"phone": "+828223123456"})
    block(fresh.api, entry, defaultCountry="KR")
    for value in ("+8223123456", "+828223123456"):
        (found,) = expect.ok(fresh.api.post("/check", {"leads": [lead], "defaultCountry": "KR"}))
        assert found["blocked"]
        assert value in [one["value"] for one in expect.ok(fresh.api.get("/blocklist"))]
        expect.ok(fresh.api.delete("/blocklist", {"entries": [entry], "defaultCountry": "KR"}))
        assert value not in [one["value"] for one in expect.ok(fresh.api.get("/blocklist"))]
    (found,) = expect.ok(fresh.api.post("/check", {"leads": [lead], "defaultCountry": "KR"}))
    assert not found["blocked"]


# "49 89 123456" in Germany: of Munich with its calling code, or of an area that begins with 49.
TWO = ["+4989123456", "+494989123456"]


@pytest.mark.parametrize("stored", [TWO, TWO[:1], TWO[1:]], ids=" ".join)
@pytest.mark.parametrize("campaign", [False, True])
def test_what_may_be_two_phone_numbers_frees_the_one_that_is_stored(fresh, stored, campaign):
    path = f"/campaigns/{fresh.campaign('Q1')}/blocklist" if campaign else "/blocklist"
    body = {"entries": [{"phone": "49 89 123456"}, {"email": "bob@example.com"}], "defaultCountry": "DE"}
    block(fresh.api, *({"phone": value} for value in [*stored, "+4930123456"]), {"email": "bob@example.com"}, path=path)
    if stored == TWO:
        (bad,) = expect.error(fresh.api.delete(path, body), 400, "invalid_identifier")["errors"]
        assert bad["index"] == 0 and "both are stored" in bad["reason"] and "with +" in bad["reason"]
        assert len(expect.ok(fresh.api.get(path))) == 4
        expect.ok(fresh.api.delete(path, {"entries": [{"phone": TWO[1]}]}))
    assert expect.ok(fresh.api.delete(path, body))["unblocked"] == 2
    assert [entry["value"] for entry in expect.ok(fresh.api.get(path))] == ["+4930123456"]
    expect.error(fresh.api.delete(path, body), 400, "invalid_identifier")


@pytest.mark.parametrize("stored", [TWO, TWO[:1], TWO[1:], []], ids=" ".join)
def test_what_may_be_two_phone_numbers_is_looked_up_as_neither(fresh, stored):
    block(fresh.api, {"email": "bob@example.com"}, *({"phone": value} for value in stored))
    for rest in ("", "/history", "/leads"):
        response = named(fresh.api, "phone", "49 89 123456", rest, defaultCountry="DE")
        (bad,) = expect.error(response, 400, "invalid_identifier")["errors"]
        assert bad["reason"].startswith("may begin with") and "with +" in bad["reason"]
    for path in ("/audit", "/evidence"):
        query = "?type=phone&value=49%2089%20123456&defaultCountry=DE"
        expect.error(fresh.api.get(path + query), 400, "invalid_identifier")
    lead = {"publicIdentifier": "ann", "phone": "49 89 123456"}
    checked = fresh.api.post("/check", {"leads": [lead], "defaultCountry": "DE"})
    if TWO[1] in stored:  # blocked rather than too little
        assert expect.ok(checked)[0]["matched"] == {"type": "phone", "value": TWO[1]}
    else:
        expect.error(checked, 400, "invalid_body")


def test_another_workspace_does_not_see_it(fresh, other):
    block(fresh.api, {"domain": "acme.com"})
    assert expect.ok(named(other.api, "domain", "acme.com"))["blocked"] is False
    assert expect.ok(named(other.api, "domain", "acme.com", "/history")) == []
    assert expect.ok(named(other.api, "domain", "acme.com", "/leads")) == []


# --- Leads behind a name ---

LEADS = [{"publicIdentifier": "ann", "email": "ann@sales.acme.com", "website": "https://acme.com"},
         {"publicIdentifier": "bob", "website": "www.acme.com", "phone": "+49 170 1234567"},
         {"publicIdentifier": "cat", "companyName": "ACME GmbH"},
         {"publicIdentifier": "dov", "companyUrl": PAGE},
         {"publicIdentifier": "eve", "email": "eve@notacme.com", "companyName": "Acme Tools"}]


@pytest.mark.parametrize("kind, value, names", [
    ("domain", "acme.com", {"ann", "bob"}), ("domain", "sales.acme.com", {"ann"}), ("email", "ANN@sales.acme.com", {"ann"}),
    ("phone", "+49 (0)170 1234567", {"bob"}), ("company", "Acme", {"cat"}), ("company", PAGE, {"dov"}),
    ("domain", "none.example", set()), ("publicIdentifier", "linkedin.com/in/Eve", {"eve"})])
def test_the_leads_behind_a_name_are_those_that_its_block_excludes(fresh, kind, value, names):
    campaign = fresh.campaign()
    expect.ok(fresh.api.post(f"/campaigns/{campaign}/leads", {"leads": LEADS}))
    response = named(fresh.api, kind, value, "/leads")
    found = expect.ok(response)
    assert {lead["publicIdentifier"] for lead in found} == names and len(found) == len(names)
    assert response.header("x-total-count") == str(len(names))
    assert all(lead["campaignId"] == campaign for lead in found)
    block(fresh.api, {"linkedinUrl" if kind == "publicIdentifier" else kind: value})
    listed_now = expect.ok(fresh.api.get(f"/campaigns/{campaign}/leads"))
    assert {lead["publicIdentifier"] for lead in listed_now if lead["blocked"]} == names


def test_the_first_leads_are_listed_and_all_are_counted(fresh):
    gone, campaign = fresh.campaign(), fresh.campaign()
    for where in (gone, campaign):
        expect.ok(fresh.api.post(f"/campaigns/{where}/leads", {"leads": [
            {"publicIdentifier": f"p-{i}", "email": f"p{i}@acme.com"} for i in range(7)]}))
    expect.ok(fresh.api.delete(f"/campaigns/{gone}"))
    response = named(fresh.api, "domain", "acme.com", "/leads", take="3")
    assert [lead["campaignId"] for lead in expect.ok(response)] == [campaign] * 3
    assert response.header("x-total-count") == "7" and response.header("link") is None
    expect.error(named(fresh.api, "domain", "acme.com", "/leads", skip="3"), 400, "invalid_parameter")


# --- What a list is filtered by ---

def test_search_looks_in_names_and_reasons(fresh):
    block(fresh.api, {"domain": "acme.com", "reason": "Existing CLIENT"}, {"email": "client@example.org"},
          {"phone": "+49170123456", "reason": "Größter Kunde"}, {"publicIdentifier": "john"})
    assert listed(fresh.api, "search=client") == ["acme.com", "client@example.org"]
    assert listed(fresh.api, "search=" + quote("GRÖSSTER kunde")) == ["+49170123456"]
    assert listed(fresh.api, "search=client&type=domain") == ["acme.com"]
    assert listed(fresh.api, "search=nothing") == []


def test_who_blocked(fresh):
    key = fresh.new_key()
    another = fresh.server.api(key)
    block(fresh.api, {"domain": "acme.com"}, {"domain": "b.example"})
    block(another, {"domain": "c.example"}, {"domain": "d.example"}, {"domain": "e.example"})
    assert listed(fresh.api, f"by={key_id(key)}") == ["c.example", "d.example", "e.example"]
    assert listed(fresh.api, f"by={key_id(fresh.key)}") == ["acme.com", "b.example"]
    assert listed(fresh.api, "by=operator") == [] and listed(fresh.api, "by=nobody") == []


@pytest.mark.parametrize("sort", ["ASC", "DESC"])
def test_from_one_time_to_another(fresh, sort):
    times = []
    for i in range(5):
        block(fresh.api, {"domain": f"d{i}.example"}, {"email": f"e{i}@example.org"})
        times.append(expect.ok(fresh.api.get("/blocklist?take=1"))[0]["createdAt"])
        time.sleep(0.003)  # another millisecond
    found = listed(fresh.api, f"since={times[1]}&until={times[3]}&type=domain")
    assert sorted(found) == ["d1.example", "d2.example"]
    whole = [f"{x}{i}{host}" for i in (1, 2) for x, host in (("d", ".example"), ("e", "@example.org"))]
    response = fresh.api.get(f"/blocklist?since={times[1]}&until={times[3]}&sort={sort}")
    values = [entry["value"] for entry in expect.ok(response)]
    assert (values if sort == "ASC" else values[::-1]) == whole
    assert response.header("x-total-count") is None
    skipped = expect.ok(fresh.api.get(f"/blocklist?since={times[1]}&until={times[3]}&sort={sort}&skip=3"))
    assert [entry["value"] for entry in skipped] == values[3:]
    assert listed(fresh.api, "since=2090-01-01") == [] and len(listed(fresh.api, "until=2090-01-01")) == 10
    assert listed(fresh.api, "until=2020-01-01") == [] and len(listed(fresh.api, "since=2020-01-01")) == 10
    for name in ("since", "until", "endsBefore"):
        expect.error(fresh.api.get(f"/blocklist?{name}=soon"), 400, "invalid_parameter")


def test_what_ends_soon(fresh):
    block(fresh.api, {"domain": "soon.example", "expiresAt": "2090-01-01"}, {"domain": "later.example", "expiresAt": "2091-01-01"},
          {"domain": "never.example"})
    assert listed(fresh.api, "endsBefore=2090-06-01") == ["soon.example"]
    assert listed(fresh.api, "endsBefore=2092-01-01") == ["soon.example", "later.example"]


@pytest.mark.parametrize("where", ["workspace", "campaign"])
def test_as_a_file(fresh, where):
    path = "/blocklist" if where == "workspace" else f"/campaigns/{fresh.campaign()}/blocklist"
    block(fresh.api, {"company": PAGE, "kind": "client", "reason": "=1+1"}, {"phone": "+491701234567", "expiresAt": "2090-01-01"},
          {"publicIdentifier": "jane-doe"}, path=path)
    response = fresh.api.get(path + "?sort=ASC", headers=[("Accept", "text/csv")])
    rows = list(csv.DictReader(io.StringIO(response.body.decode())))
    assert [(row["type"], row["value"], row["kind"], row["expiresAt"], row["profileUrl"]) for row in rows] == [
        ("company", PAGE, "client", "", ""), ("phone", "'+491701234567", "", "2090-01-01T00:00:00.000Z", ""),
        ("publicIdentifier", "jane-doe", "", "", "https://www.linkedin.com/in/jane-doe/")]
    assert rows[0]["reason"] == "'=1+1" and {row["scope"] for row in rows} == {where}
    some = fresh.api.get(path + "?kind=client", headers=[("Accept", "text/csv")])
    assert some.body.decode().count("\r\n") == 2


# --- Tries, and kinds of a file ---

def test_a_try_of_entries_says_what_would_be_blocked_and_blocks_nobody(fresh):
    block(fresh.api, {"domain": "acme.com"})
    body = {"entries": [{"email": "a@acme.org"}, {"domain": "co.uk"}, {"domain": "WWW.acme.com"}, {"email": "A@acme.org"}]}
    said = expect.ok(fresh.api.post("/blocklist?dryRun=true", body, headers=[("Prefer", "handling=lenient")]))
    assert said["message"] == "1 entry would be blocked, 1 already blocked, 1 repeated, 1 invalid"
    assert (said["blocked"], said["already"], said["duplicates"]) == (1, [2], [3])
    assert [entry["value"] for entry in said["entries"]] == ["a@acme.org", "acme.com", "a@acme.org"]
    assert [bad["index"] for bad in said["invalid"]] == [1]
    assert listed(fresh.api, "") == ["acme.com"]


def test_the_people_of_a_file_get_kind_and_end(fresh):
    def send(query):
        return fresh.api.post("/blocked-leads/import?" + query, b"linkedin.com/in/ann\nlinkedin.com/in/bob\n",
                              content_type="text/plain")

    assert expect.ok(send("kind=opt_out&expiresAt=2090-01-01"))["blocked"] == 2
    assert {(entry["value"], entry["kind"], entry["expiresAt"]) for entry in expect.ok(fresh.api.get("/blocklist"))} == {
        (name, "opt_out", "2090-01-01T00:00:00.000Z") for name in ("ann", "bob")}
    for bad in ("kind=enemy", "expiresAt=soon", "expiresAt=2020-01-01"):
        expect.error(send(bad), 400, "invalid_parameter")
