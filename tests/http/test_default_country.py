"""The country of national phone numbers that a workspace has set: it holds where a request names none."""

from pathlib import Path
from urllib.parse import quote

import pytest

from support import expect, pages, people, postgres
from support.campaigns import Campaign
from support.marks import sqlite_only
from support.server import Server, run

NATIONAL, STORED = "0664 1234567", {"AT": "+436641234567", "DE": "+496641234567"}


MIGRATIONS = Path(__file__).resolve().parents[2] / "src/store/migrations"


def set_country(server, tenant, country):
    server.cli("workspace", "country", tenant.workspace, country)


@pytest.fixture
def austrian(server, fresh):
    set_country(server, fresh, "AT")
    return fresh


def phones(api, path="/blocklist"):
    return [entry["value"] for entry in expect.ok(api.get(path + "?type=phone"))]


def refused(response):
    (bad,) = expect.error(response, 400, "invalid_identifier")["errors"]
    assert "defaultCountry" in bad["reason"], bad


# --- Setting it ---


def test_it_is_set_by_members_and_operators_and_shown_to_all(server, fresh, operator):
    member, viewer = (people.person(server, role, fresh.workspace) for role in ("member", "viewer"))

    def shown():
        listed = {one["id"]: one["defaultCountry"] for one in expect.ok(operator.api.get("/workspaces"))}
        told = {expect.ok(api.get("/me"))["workspace"]["defaultCountry"] for api in (fresh.api, member.api, viewer.api)}
        assert told == {listed[fresh.workspace]}
        return listed[fresh.workspace]

    assert shown() is None
    said = expect.ok(member.api.patch("/workspace", {"defaultCountry": "at"}))
    assert said["defaultCountry"] == shown() == "AT"
    assert said == expect.ok(operator.api_for(fresh.workspace).patch("/workspace", {"defaultCountry": "AT"}))
    expect.error(viewer.api.patch("/workspace", {"defaultCountry": "DE"}), 403, "forbidden")
    expect.error(fresh.api.patch("/workspace", {"defaultCountry": "DE"}), 403, "forbidden")
    plan = expect.ok(operator.api.put(f"/workspaces/{fresh.workspace}/plan", {"plan": "agency"}))
    assert plan["defaultCountry"] == shown() == "AT"
    assert expect.ok(member.api.patch("/workspace", {"defaultCountry": None}))["defaultCountry"] is None
    assert shown() is None
    changes = [entry for entry in expect.ok(fresh.api.get("/audit")) if entry["action"] == "workspace.change"]
    assert [(change["target"], change["by"]["id"]) for change in changes] == [
        (fresh.workspace, who.id) for who in (member, operator, member)]
    assert len(expect.ok(fresh.api.get("/audit?action=workspace.change"))) == 3


@pytest.mark.parametrize("value", ["", "D", "DEU", "Germany", "ZZ", "D\0", 49, True, ["DE"], {"DE": 1}, ...], ids=repr)
def test_what_is_no_country_is_refused(server, fresh, value):
    set_country(server, fresh, "AT")
    member = people.person(server, "member", fresh.workspace)
    body = {} if value is ... else {"defaultCountry": value}
    expect.error(member.api.patch("/workspace", body), 400, "invalid_body")
    assert expect.ok(fresh.api.get("/me"))["workspace"]["defaultCountry"] == "AT"


def test_it_outlives_a_restart():
    with Server() as server:
        tenant = server.tenant()
        set_country(server, tenant, "AT")
        server.kill()
        api = server.start().api(tenant.key)
        expect.ok(api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))
        assert phones(api) == [STORED["AT"]]
        set_country(server, tenant, "none")
        server.stop()
        api = server.start().api(tenant.key)
        refused(api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))


# --- Where it holds ---


def test_it_holds_for_blocks_checks_look_ups_and_unblocks(austrian):
    api, entry = austrian.api, {"entries": [{"phone": NATIONAL}]}
    campaign = f"/campaigns/{austrian.campaign('Q1')}/blocklist"
    for path in ("/blocklist", campaign):
        assert expect.ok(api.post(path + "?dryRun=true", entry))["blocked"] == 1
        assert expect.ok(api.post(path, entry))["entries"][0]["value"] == STORED["AT"]
        (found,) = expect.ok(api.post("/check", {"leads": [{"phone": NATIONAL}], "campaignId": campaign.split("/")[2]}))
        assert found["matched"] == {"type": "phone", "value": STORED["AT"]}
    named = f"/blocklist/phone/{quote(NATIONAL)}"
    assert len(expect.ok(api.get(named))["blocks"]) == 2
    assert len(expect.ok(api.get(named + "/history"))) == 2
    assert expect.ok(api.get(named + "/leads")) == []
    for path in ("/blocklist", campaign):
        assert expect.ok(api.delete(path, entry))["unblocked"] == 1
    assert expect.ok(api.get(named))["blocked"] is False


def test_the_country_of_the_request_wins(austrian):
    api, german = austrian.api, {"defaultCountry": "DE"}
    expect.ok(api.post("/blocklist", {"entries": [{"phone": NATIONAL}], **german}))
    assert phones(api) == [STORED["DE"]]
    for country, found in (("DE", True), ("AT", False)):
        lead = {"leads": [{"phone": NATIONAL}], "defaultCountry": country}
        assert expect.ok(api.post("/check", lead))[0]["blocked"] is found
        assert expect.ok(api.get(f"/blocklist/phone/{quote(NATIONAL)}?defaultCountry={country}"))["blocked"] is found
    for named in ({"defaultCountry": None}, {}):
        assert expect.ok(api.post("/check", {"leads": [{"phone": NATIONAL}], **named}))[0]["blocked"] is False
    assert expect.ok(api.delete("/blocklist", {"entries": [{"phone": NATIONAL}]}))["unblocked"] == 0
    assert expect.ok(api.delete("/blocklist", {"entries": [{"phone": NATIONAL}], **german}))["unblocked"] == 1


@pytest.mark.parametrize("data, query", [
    (f"Name,Phone\nAnn,{NATIONAL}\n", ""), (f"{NATIONAL}\n", "&type=phone")], ids=["table", "text"])
def test_it_holds_for_files(austrian, data, query):
    api = austrian.api

    def send(country="", action="block"):
        return expect.ok(api.post(f"/blocklist/import?action={action}{query}{country}", data.encode(),
                                  content_type="text/csv"))

    assert send("&dryRun=true")["blocked"] == 1
    assert send()["blocked"] == 1 and phones(api) == [STORED["AT"]]
    assert send("&defaultCountry=DE")["blocked"] == 1 and set(phones(api)) == set(STORED.values())
    assert send(action="unblock")["unblocked"] == 1 and phones(api) == [STORED["DE"]]


def test_it_holds_for_erasures(austrian):
    api = austrian.api
    expect.ok(api.post("/blocklist", {"entries": [{"phone": STORED["AT"]}, {"phone": STORED["DE"]}]}))
    assert expect.ok(api.post("/erasures", {"phone": NATIONAL}))["erased"]["entries"] == 1
    left = expect.ok(api.get("/blocklist"))
    assert {(entry["value"], entry.get("erased", False)) for entry in left} == {(STORED["DE"], False), (None, True)}
    assert expect.ok(api.post("/check", {"leads": [{"phone": NATIONAL}]}))[0]["blocked"] is True


def test_it_holds_at_the_command_line(server, austrian):
    def command(*words):
        result = run(*words, env={"LEADBLOCK_KEY": austrian.key, "LEADBLOCK_URL": f"http://127.0.0.1:{server.port}"})
        assert result.code == 0, result
        return result.out

    command("block", "--workspace", "--phone", NATIONAL)
    assert phones(austrian.api) == [STORED["AT"]]
    assert command("check", "--workspace", "--phone", NATIONAL) == f"{NATIONAL}\tblocked\n"
    assert command("check", "--workspace", "--phone", NATIONAL, "--country", "DE") == f"{NATIONAL}\tallowed\n"
    command("unblock", "--workspace", "--phone", NATIONAL)
    assert phones(austrian.api) == []


def test_it_is_the_workspaces_own(server, austrian, other, operator):
    for api, path in ((other.api, "/blocklist"), (operator.api, "/installation/blocklist")):
        refused(api.post(path, {"entries": [{"phone": NATIONAL}]}))
        response = api.post(path + "/import?type=phone", f"{NATIONAL}\n".encode(), content_type="text/plain")
        assert expect.ok(response)["bad"] == 1


# --- Leads ---


def test_leads_that_are_added_are_left_out_by_their_national_number(austrian):
    lead = {"publicIdentifier": "ann", "phone": "Tel. 0664 / 12 34 567"}
    expect.ok(austrian.api.post("/blocklist", {"entries": [{"phone": STORED["AT"]}]}))
    campaign = Campaign(austrian, lead, {"publicIdentifier": "bob", "phone": "0664 1234568"})
    assert campaign.blocked_leads == 1
    assert [activity["publicIdentifier"] for activity in campaign.claim()] == ["bob"]
    assert campaign.lead("ann")["phone"] == STORED["AT"] and campaign.lead("ann")["blocked"] is True
    assert STORED["AT"] in campaign.explain("ann")["because"]
    (found,) = expect.ok(austrian.api.get(f"/blocklist/phone/{quote(NATIONAL)}/leads"))
    assert found["publicIdentifier"] == "ann"
    expect.ok(austrian.api.delete("/blocklist", {"entries": [{"phone": NATIONAL}]}))
    assert campaign.blocked_leads == 0


def test_imported_leads_are_left_out_by_it(austrian):
    expect.ok(austrian.api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))
    campaign = Campaign(austrian)
    data = f"LinkedIn,Phone\nhttps://www.linkedin.com/in/ann,{NATIONAL}\n".encode()
    for query in ("?dryRun=true", ""):
        said = expect.ok(austrian.api.post(f"{campaign.path}/leads/import{query}", data, content_type="text/csv"))
        assert (said["added"], said["blocked"]) == (1, 1)
    assert campaign.lead("ann")["phone"] == STORED["AT"]


def test_a_lead_that_opts_out_is_blocked_by_it(austrian):
    campaign = Campaign(austrian, {"publicIdentifier": "ann", "phone": NATIONAL})
    (activity,) = campaign.claim()
    assert activity["phone"] == STORED["AT"]
    expect.ok(campaign.report(activity, "opted_out"))
    assert phones(austrian.api) == [STORED["AT"]]


@pytest.mark.parametrize("phone", ["+43 (0)664 1234567", "0043 664 1234567", "call me", "12", "43 512 345678",
                                   "0664 1234567 x12", "0664 1234567, 0664 1234568"])
def test_other_phones_of_leads_stay_as_they_are(austrian, phone):
    campaign = Campaign(austrian, {"publicIdentifier": "ann", "phone": phone})
    assert campaign.lead("ann")["phone"] == phone


def test_what_was_stored_before_stays_as_it_was(server, fresh):
    lead = {"publicIdentifier": "ann", "phone": NATIONAL}
    campaign = Campaign(fresh, lead)
    set_country(server, fresh, "AT")
    assert campaign.add(lead) == (0, 1, 0) and campaign.lead("ann")["phone"] == NATIONAL
    expect.ok(fresh.api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))
    assert campaign.blocked_leads == 0 and len(campaign.claim()) == 1
    set_country(server, fresh, "DE")
    assert phones(fresh.api) == [STORED["AT"]]
    assert expect.ok(fresh.api.post("/check", {"leads": [{"phone": STORED["AT"]}]}))[0]["blocked"] is True


def migrate(server):
    """From a database of before, which lacks the column."""
    if server.database:
        step = (MIGRATIONS / "postgres/0024_default_country.sql").read_text()
        postgres.shared().psql("ALTER TABLE leadblock.workspace DROP COLUMN default_country;"
                               "ALTER TABLE leadblock.workspace RENAME COLUMN batch_count TO batches;" + step,
                               postgres.database_of(server.database))
        return
    step = (MIGRATIONS / "sqlite/0026_default_country.sql").read_text()
    with pages.changed(server.data) as database:
        database.executescript("ALTER TABLE workspace DROP COLUMN default_country;" + step)


def test_workspaces_of_earlier_versions_have_none_until_it_is_set():
    with Server() as server:
        tenant = server.tenant()
        Campaign(tenant, {"publicIdentifier": "ann", "phone": NATIONAL})
        server.stop()
        migrate(server)
        api = server.start().api(tenant.key)
        assert expect.ok(api.get("/me"))["workspace"]["defaultCountry"] is None
        refused(api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))
        set_country(server, tenant, "AT")
        expect.ok(api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))
        (lead,) = expect.ok(api.get("/leads?publicIdentifier=ann"))
        assert phones(api) == [STORED["AT"]] and lead["phone"] == NATIONAL and not lead["blocked"]


@sqlite_only("it writes into the file")
def test_a_country_that_this_version_does_not_know_counts_as_none():
    """As a later version may have stored it."""
    with Server() as server:
        tenant = server.tenant()
        server.stop()
        with pages.changed(server.data) as database:
            database.execute("UPDATE workspace SET default_country = 'QQ'")
        api = server.start().api(tenant.key)
        assert expect.ok(api.get("/me"))["workspace"]["defaultCountry"] is None
        refused(api.post("/blocklist", {"entries": [{"phone": NATIONAL}]}))
