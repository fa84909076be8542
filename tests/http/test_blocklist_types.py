"""Blocklists with names of every type, with a kind and an end: /v1/blocklist and /v1/check."""

import json
import sqlite3

import pytest

from support import expect, postgres
from support.campaigns import Campaign, member_id, names
from support.moved_clock import MovedClock
from support.server import Server, on_postgresql, run
from support.waiting import eventually


class Feed:
    """What happens from now on."""

    def __init__(self, api):
        self.api = api
        self.after = "0"
        self.read()

    def read(self):
        body = expect.ok(self.api.get(f"/events?after={self.after}"))
        self.after = body["cursor"]
        return body["events"]


@pytest.fixture(scope="module")
def clock():
    """Its time passes when a test lets it: an end lies far enough ahead for whatever comes before it."""
    with MovedClock() as clock:
        yield clock


@pytest.fixture(scope="module")
def timed_server(clock):
    with Server(env=clock.env) as server:
        yield server


@pytest.fixture
def timed(timed_server):
    """A fresh workspace on the server with that clock."""
    return timed_server.tenant()


def block(api, *entries, path="/blocklist", **options):
    response = api.post(path, {"entries": list(entries), **options})
    body = expect.ok(response)
    return body | {"change": response.header("x-change-id")}


def unblock(api, *entries, path="/blocklist"):
    return expect.ok(api.delete(path, {"entries": list(entries)}))["unblocked"]


def listed(api, query="", path="/blocklist"):
    return [(entry["type"], entry["value"]) for entry in expect.ok(api.get(path + query))]


def check(api, *leads, **options):
    return expect.ok(api.post("/check", {"leads": list(leads), **options}))


def matched(api, lead, **options):
    (found,) = check(api, lead, **options)
    return found["matched"] and (found["matched"]["type"], found["matched"]["value"])


ALL = [{"publicIdentifier": "ada-lovelace"},
       {"memberId": "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"},
       {"email": "Jane.Doe@Example.com"},
       {"phone": "+49 (0)170 123 45 67"},
       {"domain": "https://www.Acme.com/about"},
       {"company": "https://www.linkedin.com/company/Acme-Inc/"},
       {"company": "Umbrella Holding GmbH"}]
STORED = [("publicIdentifier", "ada-lovelace"),
          ("memberId", "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"),
          ("email", "jane.doe@example.com"),
          ("phone", "+491701234567"),
          ("domain", "acme.com"),
          ("company", "acme-inc")]
LEADS = [{"publicIdentifier": "ada-lovelace"},
         {"memberId": "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"},
         {"email": "jane.doe@example.com"},
         {"phone": "0049 170 1234567"},
         {"email": "bob@sales.acme.com"},
         {"companyUrl": "linkedin.com/company/acme-inc"},
         {"companyName": "Umbrella Holding"}]


LEADS_WITH_NAMES = [
    {"publicIdentifier": "bob", "email": "bob@sales.acme.com", "phone": "+49 170 1234567"},
    {"publicIdentifier": "ann", "website": "https://www.acme.com/team", "email": "ann@acme.com",
     "companyName": "Umbrella GmbH", "companyUrl": "https://linkedin.com/company/umbrella"},
    {"publicIdentifier": "eve", "email": "eve@notacme.com", "companyName": "Umbrella Holding"}]


def test_a_blocked_domain_holds_is_listed_and_is_freed(fresh):
    said = block(fresh.api, {"domain": "acme.com", "reason": "a client", "kind": "client"})
    assert (said["blocked"], said["message"]) == (1, "1 entry blocked")
    assert said["entries"] == [{"type": "domain", "value": "acme.com", "leads": 0}]
    (found,) = check(fresh.api, {"email": "bob@acme.com"})
    assert found["blocked"] is True and found["scope"] == "workspace"
    assert found["matched"] == {"type": "domain", "value": "acme.com"}
    assert found["reason"] == "a client"
    (entry,) = expect.ok(fresh.api.get("/blocklist"))
    assert entry["kind"] == "client" and entry["expiresAt"] is None
    assert entry["scope"] == "workspace" and entry["id"].startswith("bl_")
    assert unblock(fresh.api, {"domain": "WWW.acme.com"}) == 1
    assert matched(fresh.api, {"email": "bob@acme.com"}) is None
    assert listed(fresh.api) == []


def excluded(said):
    return [entry["leads"] for entry in said["entries"]]


def test_the_answer_says_how_many_leads_each_entry_excludes(fresh):
    first = Campaign(fresh, *LEADS_WITH_NAMES, active=False)
    Campaign(fresh, *LEADS_WITH_NAMES[:1], active=False)
    entries = [{"domain": "acme.com"}, {"company": "Umbrella"}, {"email": "BOB@sales.acme.com"},
               {"phone": "+49 170 1234567"}, {"publicIdentifier": "bob"}, {"domain": "nowhere.com"},
               {"company": "https://www.linkedin.com/company/umbrella/"}]
    tried = expect.ok(fresh.api.post("/blocklist?dryRun=true", {"entries": entries}))
    assert excluded(tried) == [3, 1, 2, 2, 2, 0, 1]
    assert excluded(block(fresh.api, *entries)) == [3, 1, 2, 2, 2, 0, 1]
    assert excluded(block(fresh.api, *entries)) == [3, 1, 2, 2, 2, 0, 1], "also what is blocked already"
    path = f"/campaigns/{first.id}/blocklist"
    assert excluded(block(fresh.api, *entries, path=path)) == [2, 1, 1, 1, 1, 0, 1]
    assert expect.ok(fresh.api.get(f"/campaigns/{first.id}"))["analytics"]["leads"]["blocked"] == 2


def test_a_lead_is_counted_once_for_a_person_with_several_names(fresh):
    member = member_id(7)
    Campaign(fresh, {"publicIdentifier": "ada", "memberId": member}, active=False)
    Campaign(fresh, "ada", active=False)
    Campaign(fresh, {"publicIdentifier": member}, active=False)
    assert excluded(block(fresh.api, {"publicIdentifier": "ada"}, {"memberId": member})) == [3, 3]
    response = fresh.api.get("/blocklist/publicIdentifier/ada/leads")
    assert len(expect.ok(response)) == 3 and response.header("x-total-count") == "3"


def test_leads_of_other_workspaces_are_not_counted(fresh, server):
    Campaign(server.tenant(), *LEADS_WITH_NAMES, active=False)
    assert excluded(block(fresh.api, {"domain": "acme.com"}, {"publicIdentifier": "bob"})) == [0, 0]


def test_a_thousand_entries_are_counted(fresh):
    Campaign(fresh, *[{"publicIdentifier": f"lead-{i}", "email": f"x@company-{i}.com"}
                      for i in range(500)], active=False)
    said = block(fresh.api, *({"domain": f"company-{i}.com"} for i in range(1000)))
    assert excluded(said) == [1] * 500 + [0] * 500


def test_every_type_is_found_again(fresh):
    assert block(fresh.api, *ALL)["blocked"] == 7
    assert listed(fresh.api, "?sort=ASC")[:6] == STORED
    assert all(found["blocked"] for found in check(fresh.api, *LEADS))
    assert block(fresh.api, *ALL)["message"] == "0 entries blocked, 7 already blocked"
    assert unblock(fresh.api, *ALL) == 7
    assert not any(found["blocked"] for found in check(fresh.api, *LEADS))


def test_one_string_is_another_entry_under_each_type(fresh):
    """An index that knew the string alone would take a company for a domain or a person."""
    block(fresh.api, {"company": "acme"}, {"publicIdentifier": "umbrella"})
    assert matched(fresh.api, {"publicIdentifier": "acme"}) is None
    assert matched(fresh.api, {"companyUrl": "linkedin.com/company/acme"}) is None
    assert matched(fresh.api, {"companyName": "Umbrella"}) is None
    block(fresh.api, {"publicIdentifier": "acme"})
    assert unblock(fresh.api, {"company": "acme"}) == 1
    assert matched(fresh.api, {"publicIdentifier": "acme"}) == ("publicIdentifier", "acme")


@pytest.mark.parametrize("where", ["workspace", "campaign"])
def test_lists_of_blocked_leads_show_linkedin_names_alone(fresh, where):
    campaign = fresh.campaign()
    base = "" if where == "workspace" else f"/campaigns/{campaign}"
    block(fresh.api, *ALL, path=base + "/blocklist")
    response = fresh.api.get(base + "/blocked-leads")
    assert sorted(entry["publicIdentifier"] for entry in expect.ok(response)) == [
        "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789", "ada-lovelace"]
    assert response.header("x-total-count") == "2"
    sizes = expect.ok(fresh.api.get("/statistics"))
    assert sizes["blockedLeads"]["total"] == 2
    assert sizes["names"] == {"workspace": 0, "campaigns": 0, "total": 7,
                              "workspace" if where == "workspace" else "campaigns": 7}
    csv = fresh.api.get(base + "/blocked-leads", headers=[("Accept", "text/csv")])
    assert csv.body.decode().count("\r\n") == 3 and "acme.com" not in csv.body.decode()
    response = fresh.api.get(base + "/blocklist")
    assert len(expect.ok(response)) == 7 and response.header("x-total-count") == "7"


def test_filters_and_pages(fresh):
    block(fresh.api, *({"domain": f"d{i}.example.com", "kind": "client" if i % 2 else "partner"}
                       for i in range(6)),
          *({"publicIdentifier": f"p-{i}"} for i in range(5)), {"email": "x@example.org"})
    assert len(listed(fresh.api, "?type=domain")) == 6
    assert len(listed(fresh.api, "?type=publicIdentifier")) == 5
    assert listed(fresh.api, "?type=memberId") == []
    assert [value for _, value in listed(fresh.api, "?kind=client&sort=ASC")] == [
        "d1.example.com", "d3.example.com", "d5.example.com"]
    seen = []
    path = "/blocklist?take=5"
    while path:
        response = fresh.api.get(path)
        seen += [entry["value"] for entry in expect.ok(response)]
        link = response.header("link")
        path = link[link.index("/blocklist"):link.index(">")] if link else None
    assert seen == [value for _, value in listed(fresh.api)] and len(set(seen)) == 12
    assert listed(fresh.api, "?skip=3&take=4") == listed(fresh.api)[3:7]
    expect.error(fresh.api.get("/blocklist?type=fax"), 400, "invalid_parameter")
    expect.error(fresh.api.get("/blocklist?kind=fax"), 400, "invalid_parameter")


@pytest.mark.parametrize("entry, word", [
    ({"email": "not an address"}, None), ({"domain": "co.uk"}, None),
    ({"domain": "gmail.com"}, "force"), ({"phone": "0170 1234567"}, None),
    ({"company": "x"}, None), ({}, "no name"), ({"email": "", "phone": ""}, "no name"), ({"email": "a@example.com", "phone": "+49170123456"},
                                                "several names"),
    ({"email": 5}, "string"), ({"email": "a@example.com", "kind": "enemy"}, "kind"),
    ({"email": "a@example.com", "expiresAt": "tomorrow"}, "expiresAt"),
    ({"email": "a@example.com", "expiresAt": "2020-01-01T00:00:00Z"}, "past")])
def test_a_bad_entry_is_named_and_nothing_is_recorded(fresh, entry, word):
    response = fresh.api.post("/blocklist", {"entries": [{"domain": "acme.com"}, entry]})
    assert response.status == 400, response
    (bad,) = response.json()["errors"]
    assert bad["index"] == 1 and bad["reason"]
    assert not word or word in bad["reason"]
    assert listed(fresh.api) == []
    lenient = fresh.api.post("/blocklist", {"entries": [{"domain": "acme.com"}, entry]},
                             headers=[("Prefer", "handling=lenient")])
    assert expect.ok(lenient)["blocked"] == 1 and len(lenient.json()["invalid"]) == 1


def test_an_empty_name_beside_another_one_is_none(fresh):
    entry = {"publicIdentifier": "ada", "email": "", "phone": "", "company": None}
    assert block(fresh.api, entry)["blocked"] == 1 and listed(fresh.api) == [("publicIdentifier", "ada")]
    assert unblock(fresh.api, entry) == 1


def test_a_company_that_is_called_as_an_empty_field_is_blocked_by_force(fresh):
    entry = {"company": "Nan, Inc."}
    error = expect.error(fresh.api.post("/blocklist", {"entries": [entry]}), 400, "invalid_identifier")
    assert '"force": true' in error["errors"][0]["reason"]
    assert block(fresh.api, entry, force=True)["blocked"] == 1
    assert matched(fresh.api, {"companyName": "NaN Inc"}) == ("company", "nan")
    page = {"company": "https://www.linkedin.com/company/undefined"}
    expect.error(fresh.api.post("/blocklist", {"entries": [page], "force": True}), 400, "invalid_identifier")


def test_force_and_a_country(fresh):
    assert block(fresh.api, {"domain": "gmail.com"}, force=True)["blocked"] == 1
    said = block(fresh.api, {"phone": "0170 1234567"}, defaultCountry="DE")
    assert said["entries"] == [{"type": "phone", "value": "+491701234567", "leads": 0}]
    assert matched(fresh.api, {"phone": "0170/1234567"}, defaultCountry="DE") == (
        "phone", "+491701234567")
    for body in ({"force": "yes"}, {"defaultCountry": "Germany"}):
        expect.error(fresh.api.post("/blocklist", {"entries": [{"domain": "acme.com"}], **body}),
                     400, "invalid_body")


def test_a_campaigns_entries_hold_there_alone(fresh):
    one, other = fresh.campaign(), fresh.campaign()
    block(fresh.api, {"domain": "acme.com"}, path=f"/campaigns/{one}/blocklist")
    lead = {"email": "bob@acme.com"}
    (found,) = check(fresh.api, lead, campaignId=one)
    assert found["scope"] == "campaign"
    assert matched(fresh.api, lead, campaignId=other) is None
    assert matched(fresh.api, lead) is None
    block(fresh.api, {"domain": "acme.com"})
    (found,) = check(fresh.api, lead, campaignId=one)
    assert found["scope"] == "workspace"
    expect.error(fresh.api.post("/check", {"leads": [lead], "campaignId": "nope"}), 404,
                 "campaign_not_found")


def test_entries_are_freed_by_their_ids(fresh):
    block(fresh.api, {"domain": "acme.com"}, {"email": "a@example.org"})
    ids = [entry["id"] for entry in expect.ok(fresh.api.get("/blocklist?type=domain"))]
    response = expect.ok(fresh.api.delete("/blocklist", ids))
    assert response["unblocked"] == 1 and listed(fresh.api) == [("email", "a@example.org")]


def test_a_check_refuses_what_it_cannot_read(fresh):
    response = fresh.api.post("/check", {"leads": [{"email": "a@example.com"}, {"email": "???"}]})
    assert response.status == 400 and response.json()["errors"][0]["index"] == 1
    response = fresh.api.post("/check", {"leads": [{"firstName": "Ada"}]})
    assert response.status == 400


# What programs and people write in fields of which they know nothing, and what could be no entry.
NO_NAMES = [("email", value) for value in ("", "n/a", "-", " ", "jane@acme", "jane@", "@acme", "none")]
NO_NAMES += [("phone", value) for value in ("", "n/a", "?", "123 456", "ext. 12")]
NO_NAMES += [("website", value) for value in (
    "", "n/a", "n.a.", "http://", "localhost", "acme", "http://10.0.0.1:8080/", "[::1]")]
NO_NAMES += [("companyUrl", value) for value in ("", "n/a", "acme", "-")]
NO_NAMES += [("companyName", value) for value in (
    "", "3M", "X", "1&1", "-", "x" * 201, "a\tb\x01")]
NO_NAMES += [(name, None) for name in (
    "email", "phone", "website", "companyUrl", "companyName", "memberId", "linkedinUrl")]
NO_NAMES += [("memberId", ""), ("linkedinUrl", "")]


def test_a_field_without_a_name_does_not_hold_a_check_up(fresh):
    """As adding leads takes them all; what else is known of the lead decides."""
    block(fresh.api, {"publicIdentifier": "ada"}, {"domain": "acme.com"})
    for blocked, name in ((True, "ada"), (False, "bob")):
        leads = [{"publicIdentifier": name, field: value} for field, value in NO_NAMES]
        assert [found["blocked"] for found in check(fresh.api, *leads)] == [blocked] * len(leads)
        whole = {"email": "jane@acme", "phone": "-", "website": "n/a", "companyName": "3M"}
        (found,) = check(fresh.api, {"publicIdentifier": name, **whole, "companyUrl": "shop.acme.com"})
        assert found["blocked"], "by the company's URL"
    short = [lead for lead in leads if len(lead.get("companyName") or "") < 201]
    assert expect.ok(fresh.api.post(f"/campaigns/{fresh.campaign()}/leads", {
        "leads": [lead | {"publicIdentifier": f"ann-{i}"} for i, lead in enumerate(short)]}))[
            "added"] == len(short)


def test_a_company_that_can_be_no_entry_is_not_blocked(fresh):
    assert check(fresh.api, {"companyName": "3M"}, {"companyName": "Initech"})[0]["blocked"] is False


@pytest.mark.parametrize("field, value", [
    ("publicIdentifier", "a b"), ("publicIdentifier", "nan"), ("publicIdentifier", "None"), ("linkedinUrl", "https://acme.com/in/ada"), ("memberId", "ada"),
    ("email", "a@acme.com; b@acme.com"), ("email", "a..b@acme.com"), ("email", 5),
    ("phone", "0170 1234567"), ("phone", "+49 89 123456 ext. 12"), ("phone", "1-800-555-FLOWERS 01"),
    ("website", "www.acme.com www.acme.de"), ("website", "acme..com"), ("companyUrl", "acme.com:x"),
    ("website", "Website: https://acme.com"), ("website", "acme.com:80:80"), ("companyUrl", "web:http://acme.com"),
    ("email", "jane%40acme.com"), ("email", "jane(at)acme.com"), ("email", "jane@acme. com"),
    ("companyName", "https://acme.com"), ("companyName", "jane@acme.com"),
    ("companyName", "https://www.linkedin.com/company/"),
    ("phone", "1-800-FLOWERS"), ("phone", "+1 800 GO FEDEX"), ("phone", "4.9E+11"),
    ("companyName", 5)])
def test_a_field_that_may_hold_a_name_is_never_said_not_to_be_blocked(fresh, field, value):
    lead = {"publicIdentifier": "bob", "email": "bob@example.com", field: value}
    response = fresh.api.post("/check", {"leads": [{"email": "a@example.com"}, lead]})
    assert response.status == 400, response
    (bad,) = response.json()["errors"]
    assert bad["index"] == 1 and bad["value"] == (value if isinstance(value, str) else None)


def test_a_doubtful_name_that_is_blocked_is_one(fresh):
    block(fresh.api, {"linkedinUrl": "linkedin.com/in/nan"})
    assert matched(fresh.api, {"publicIdentifier": "nan"}) == ("publicIdentifier", "nan")
    assert matched(fresh.api, {"linkedinUrl": "linkedin.com/in/none"}) is None


@pytest.mark.parametrize("lead", [
    {"email": "???"}, {"phone": "123"}, {"website": "localhost"}, {"companyName": "https://acme.com"},
    {"email": "n/a", "phone": ""}, {"email": ""}, {}])
def test_a_lead_of_which_nothing_can_be_read_is_refused(fresh, lead):
    response = fresh.api.post("/check", {"leads": [lead]})
    assert response.status == 400 and response.json()["errors"][0]["index"] == 0, response


def test_undo_history_and_changes_know_entries(fresh):
    change = block(fresh.api, {"domain": "acme.com", "reason": "why"},
                   {"publicIdentifier": "ada"})["change"]
    leads = expect.ok(fresh.api.get(f"/changes/{change}/leads"))
    assert leads[0]["publicIdentifier"] is None
    assert (leads[0]["type"], leads[0]["value"]) == ("domain", "acme.com")
    assert leads[1]["publicIdentifier"] == "ada"
    undone = fresh.api.post(f"/changes/{change}/undo")
    assert expect.ok(undone)["unblocked"] == 2
    assert listed(fresh.api) == []
    expect.ok(fresh.api.post(f"/changes/{undone.header('x-change-id')}/undo"))
    assert matched(fresh.api, {"website": "shop.acme.com"}) == ("domain", "acme.com")


def test_events_name_entries_by_type(fresh):
    feed = Feed(fresh.api)
    block(fresh.api, {"domain": "acme.com", "reason": "why"})
    unblock(fresh.api, {"domain": "acme.com"})
    blocked, unblocked = feed.read()
    for event, name in ((blocked, "lead_blocked"), (unblocked, "lead_unblocked")):
        assert event["type"] == name
        (lead,) = event["data"]["leads"]
        assert lead["publicIdentifier"] is None and lead["linkedinUrl"] is None
        assert (lead["type"], lead["value"]) == ("domain", "acme.com")


# --- Kinds and ends ------------------------------------------------------------------------------


MINUTE = 60


@pytest.mark.parametrize("path, body", [
    ("/blocklist", {"entries": [{"domain": "acme.com"}]}),
    ("/blocked-leads", {"leads": [{"publicIdentifier": "ada"}]})])
def test_a_block_ends_at_its_time(clock, timed, path, body):
    feed = Feed(timed.api)
    (member,) = body
    body[member][0] |= {"expiresAt": clock.in_seconds(MINUTE), "kind": "partner"}
    expect.ok(timed.api.post(path, body))
    (entry,) = expect.ok(timed.api.get("/blocklist"))
    assert entry["kind"] == "partner" and entry["expiresAt"] == body[member][0]["expiresAt"]
    lead = {"publicIdentifier": "ada", "email": "bob@acme.com"}
    assert matched(timed.api, lead) is not None
    clock.let_pass(MINUTE)
    eventually(lambda: not matched(timed.api, lead), 2 + 4)  # two are promised, and a machine may be busy
    assert listed(timed.api) == []
    ended = feed.read()[-1]
    assert ended["type"] == "lead_unblocked" and ended["data"]["reason"] == "expired"
    assert ended["data"]["by"]["type"] == "server"


def test_of_strings_with_an_end(clock, timed):
    campaign = timed.campaign()
    path = f"/campaigns/{campaign}/blocked-leads"
    expect.ok(timed.api.post(path, {"publicIdentifiers": ["ada", "bob"], "kind": "client",
                                    "expiresAt": clock.in_seconds(MINUTE)}))
    clock.let_pass(MINUTE)
    eventually(lambda: not expect.ok(timed.api.get(path)))
    said = expect.ok(timed.api.get("/blocked-leads/ada/history"))
    assert [event["what"] for event in said] == ["expired", "block"]
    assert said[1]["standing"] is False
    expect.error(timed.api.post(path, {"publicIdentifiers": ["ada"], "expiresAt": "2020-01-01"}),
                 400, "invalid_body")


def test_an_undo_does_not_bring_an_ended_block_back(clock, timed):
    block(timed.api, {"domain": "acme.com", "expiresAt": clock.in_seconds(MINUTE)}, {"domain": "b.org"})
    response = timed.api.delete("/blocklist", {"entries": [{"domain": "acme.com"},
                                                           {"domain": "b.org"}]})
    clock.let_pass(MINUTE)
    undone = expect.ok(timed.api.post(f"/changes/{response.header('x-change-id')}/undo"))
    assert undone["blocked"] == 1 and listed(timed.api) == [("domain", "b.org")]


def test_the_row_of_an_end_cannot_be_undone(clock, timed):
    block(timed.api, {"domain": "acme.com", "expiresAt": clock.in_seconds(MINUTE)})
    clock.let_pass(MINUTE)
    eventually(lambda: listed(timed.api) == [])
    action = expect.ok(timed.api.get("/audit?take=1"))[0]
    assert action["action"] == "leads.expire"
    expect.error(timed.api.post(f"/changes/{action['id']}/undo"), 404, "not_found")
    assert listed(timed.api) == []


@pytest.mark.parametrize("reason", [{}, {"reason": "for ever"}])
def test_another_request_outlives_the_end(clock, timed, reason):
    block(timed.api, {"domain": "acme.com", "expiresAt": clock.in_seconds(MINUTE)},
          {"domain": "acme.com", **reason})
    (entry,) = expect.ok(timed.api.get("/blocklist"))
    assert entry["expiresAt"]
    clock.let_pass(MINUTE)
    eventually(lambda: (listed(timed.api) and
                        not expect.ok(timed.api.get("/blocklist"))[0]["expiresAt"]))
    (found,) = check(timed.api, {"website": "acme.com"})
    assert found["blocked"] and found["reason"] == reason.get("reason")


def test_of_many_requests_those_that_hold_longest_count(clock, timed):
    end = {"expiresAt": clock.in_seconds(MINUTE)}
    block(timed.api, {"domain": "acme.com", **end})
    block(timed.api, {"domain": "acme.com", "reason": "for ever"})
    for i in range(20):
        block(timed.api, {"domain": "acme.com", "reason": str(i), **end})
    block(timed.api, {"domain": "last.example.com", "expiresAt": clock.in_seconds(MINUTE + 1)})
    clock.let_pass(MINUTE + 1)
    eventually(lambda: ("domain", "last.example.com") not in listed(timed.api))
    (found,) = check(timed.api, {"website": "acme.com"})
    assert found["blocked"] and found["reason"] == "for ever"


def test_a_claim_hands_the_lead_out_after_the_end(clock, timed):
    campaign = Campaign(timed, "ada", "bob")
    expect.ok(timed.api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": "ada", "expiresAt": clock.in_seconds(MINUTE)}]}))
    assert names(campaign.claim()) == ["bob"]
    clock.let_pass(MINUTE)
    eventually(lambda: names(campaign.claim()) == ["ada"])


# --- Restarts and other nodes --------------------------------------------------------------------


@pytest.mark.parametrize("how", ["restart", "kill"])
def test_a_start_finds_entries_and_ends(clock, how):
    with Server(env=clock.env) as server:
        tenant = server.tenant()
        block(tenant.api, *ALL)
        block(tenant.api, {"domain": "short.example.com", "expiresAt": clock.in_seconds(MINUTE)},
              {"domain": "long.example.com", "expiresAt": clock.in_seconds(10 * MINUTE)})
        unblock(tenant.api, {"phone": "+491701234567"})
        before = expect.ok(tenant.api.get("/blocklist?sort=ASC"))
        if how == "kill":
            server.kill()
            server.start()
        else:
            server.restart()
        api = server.api(tenant.key)
        assert expect.ok(api.get("/blocklist?sort=ASC")) == before
        clock.let_pass(MINUTE)
        eventually(lambda: len(listed(api)) == 7)
        assert expect.ok(api.get("/blocklist?sort=ASC")) == [
            entry for entry in before if entry["value"] != "short.example.com"]
        assert [found["blocked"] for found in check(api, *LEADS)] == [True] * 3 + [False] + [True] * 3
        assert unblock(api, {"domain": "long.example.com"}, *ALL) == 7
        server.stop()
        result = run("verify", server.database or server.data)
        assert result.code == 0, result


def test_a_second_node_sees_entries_and_ends(clock):
    if not on_postgresql():
        pytest.skip("one process has the folder")
    with Server(env=clock.env) as one, Server(database=one.database, env=clock.env) as two:
        tenant = one.tenant()
        other = two.api(tenant.key)
        block(tenant.api, *ALL)
        block(other, {"domain": "short.example.com", "expiresAt": clock.in_seconds(MINUTE)})
        assert all(found["blocked"] for found in check(other, *LEADS))
        assert matched(tenant.api, {"website": "short.example.com"})
        clock.let_pass(MINUTE)
        eventually(lambda: not matched(tenant.api, {"website": "short.example.com"}))
        assert not matched(other, {"website": "short.example.com"})
        actions = expect.ok(tenant.api.get("/audit?take=50"))
        assert [action["action"] for action in actions].count("leads.expire") == 1
        assert unblock(other, {"domain": "acme.com"}) == 1
        assert matched(tenant.api, {"website": "acme.com"}) is None


def live(server):
    columns = "type, identifier, block_kind, ends_at"
    if server.database:
        out = postgres.shared().psql(f"SELECT json_build_array({columns}) FROM leadblock.blocklist_live",
                                     postgres.database_of(server.database))
        return sorted(json.loads(line) for line in out.splitlines())
    with sqlite3.connect(f"file:{server.data}/leadblock.db?mode=ro", uri=True) as database:
        return sorted(map(list, database.execute(f"SELECT {columns} FROM blocklist_live")))


def test_the_view_of_the_database_shows_the_same(clock):
    with Server(env=clock.env) as server:
        api = server.tenant().api
        block(api, *ALL)
        end = clock.in_seconds(10 * MINUTE)
        block(api, {"domain": "short.example.com", "expiresAt": clock.in_seconds(MINUTE)},
              {"domain": "b.org", "kind": "client", "expiresAt": end})
        unblock(api, {"phone": "+491701234567"}, {"domain": "acme.com"})
        clock.let_pass(MINUTE)
        eventually(lambda: len(listed(api)) == 6)
        assert live(server) == [
            ["company", "umbrella holding", None, None], ["company_page", "acme-inc", None, None],
            ["domain", "b.org", "client", end], ["email", "jane.doe@example.com", None, None],
            ["linkedin", "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789", None, None],
            ["linkedin", "ada-lovelace", None, None]]
        result = run("doctor", *server.place)
        assert "acme" not in result.out, result


def test_the_command_line_takes_names_of_every_type(server):
    tenant = server.tenant()
    campaign = tenant.campaign()

    def cli(*args, code=0):
        result = run(*args, env={"LEADBLOCK_KEY": tenant.key, "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"})
        assert result.code == code, result
        return result.out

    expect.ok(tenant.api.post(f"/campaigns/{campaign}/leads", {"leads": [
        {"publicIdentifier": "bob", "email": "bob@acme.com"}]}))
    said = cli("block", "--workspace", "--domain", "acme.com", "--phone", "0170 1234567",
               "--country", "DE", "--kind", "client", "--reason", "why",
               "--expires", "2099-01-01").splitlines()
    assert said[0].startswith("2 entries blocked (ch_")
    assert set(said[1:]) == {"acme.com\t1 lead excluded", "+491701234567\t0 leads excluded"}
    entries = expect.ok(tenant.api.get("/blocklist"))
    assert {(entry["value"], entry["kind"], entry["reason"], entry["expiresAt"])
            for entry in entries} == {
        ("acme.com", "client", "why", "2099-01-01T00:00:00.000Z"),
        ("+491701234567", "client", "why", "2099-01-01T00:00:00.000Z")}
    assert cli("check", "--workspace", "--email", "bob@acme.com", "--company", "Initech") == (
        "bob@acme.com\tblocked\nInitech\tallowed\n")
    cli("check", campaign, "--domain", "acme.com", "--quiet", code=1)
    cli("block", campaign, "--company", "Initech", "bob", code=2)
    cli("block", "--workspace", "--domain", "gmail.com", code=1)
    cli("block", "--workspace", "--domain", "gmail.com", "--force")
    assert cli("unblock", "--workspace", "--domain", "acme.com").startswith("1 entry unblocked")
    cli("block", "--workspace", "ada", "--kind", "partner")
    assert expect.ok(tenant.api.get("/blocklist?type=publicIdentifier"))[0]["kind"] == "partner"
