"""Data from before legal forms that are written out were taken off companies' names: what was blocked
then holds for all forms, and leads and replies of then are found by them."""

import json

import pytest
from test_evidence import alter, forge, is_signed, place

from support import expect
from support.campaigns import Campaign
from support.server import run
from support.waiting import eventually as wait_until

LONG = "muster kommanditgesellschaft"
FORMS = ["Muster Kommanditgesellschaft", "Muster KG", "MUSTER GmbH & Co. Kommanditgesellschaft", "muster"]
OTHERS = ["Muster Bank", "Muster Bank Kommanditgesellschaft", "Mustermann KG", "Kommanditgesellschaft"]


def lead(name, company):
    return {"publicIdentifier": name, "companyName": company}


def crowd(companies, stem):
    return [lead(f"{stem}-{number}", company) for number, company in enumerate(companies)]


def names(stem, companies):
    return {f"{stem}-{number}" for number in range(len(companies))}


def store_long_forms(server):
    """As versions before stored the leads."""
    for name, form in (("muster-0", LONG), ("muster-2", "muster gmbh co kommanditgesellschaft"),
                       ("other-1", "muster bank kommanditgesellschaft")):
        change = f"UPDATE lead SET company_form = '{form}' WHERE identifier = '{name}'"
        alter(server, change, change)


def blocked(api, companies):
    answer = expect.ok(api.post("/check", {"leads": [{"companyName": company} for company in companies]}))
    return [each["blocked"] for each in answer]


def claimed(campaign):
    return {activity["publicIdentifier"] for activity in campaign.claim()}


def await_leads(api):
    """After a start, leads of before are found anew in the background."""
    def count():
        response = api.get("/blocklist/company/Muster/leads")
        expect.ok(response)
        return response.header("x-total-count")

    wait_until(lambda: count() == str(len(FORMS)))


def entry_of(api):
    (entry,) = expect.ok(api.get("/blocklist?type=company"))
    return entry


@pytest.fixture
def before(own, monkeypatch):
    """A server with a company that is blocked by the longer form of its name, and leads of it."""
    tenant = own.tenant("agency")
    expect.ok(tenant.api.post("/blocklist", {"entries": [{"company": "Muster KG", "reason": "a client"}]}))
    campaign = Campaign(tenant, *crowd(FORMS, "muster"), *crowd(OTHERS, "other"))
    own.stop()
    with monkeypatch.context() as patch:
        forge(own, f"items = '{LONG};6'", 1, patch)
    store_long_forms(own)
    own.start()
    tenant.api = campaign.api = own.api(tenant.key)
    tenant.campaign_of_all = campaign
    return tenant


def test_what_was_blocked_by_the_longer_form_holds_for_all(own, before):
    api, campaign = before.api, before.campaign_of_all
    for _ in range(2):
        assert blocked(api, FORMS) == [True] * len(FORMS)
        assert blocked(api, OTHERS) == [False] * len(OTHERS)
        assert (entry_of(api)["value"], entry_of(api)["reason"]) == ("muster", "a client")
        own.restart()
        api = campaign.api = own.api(before.key)
    assert claimed(campaign) == names("other", OTHERS)
    assert campaign.explain("muster-2")["blocks"][0]["value"] == "muster"


@pytest.mark.parametrize("spelling", FORMS)
def test_an_unblock_by_any_form_frees_all_leads(before, spelling):
    api, campaign = before.api, before.campaign_of_all
    assert claimed(campaign) == names("other", OTHERS)
    assert expect.ok(api.delete("/blocklist", {"entries": [{"company": spelling}]}))["unblocked"] == 1
    assert campaign.details()["analytics"]["leads"]["blocked"] == 0
    campaign.activate()
    assert claimed(campaign) == names("muster", FORMS)


def test_asked_for_again_in_another_form_it_is_one_block(before):
    api = before.api
    await_leads(api)
    answer = expect.ok(api.post("/blocklist", {"entries": [{"company": "Muster AG", "reason": "again"}]}))
    assert answer["blocked"] == 0 and answer["entries"][0]["leads"] == len(FORMS)
    assert entry_of(api)["reason"] == "a client"
    ended = expect.ok(api.delete("/blocklist", {"entries": [{"company": "Muster AG"}]}))
    assert ended["unblocked"] == 1
    assert expect.ok(api.get("/blocklist")) == [] and blocked(api, FORMS) == [False] * len(FORMS)


def test_leads_under_a_longer_form_are_found_by_a_new_block(own):
    tenant = own.tenant("agency")
    campaign = Campaign(tenant, *crowd(FORMS, "muster"), *crowd(OTHERS, "other"))
    own.stop()
    store_long_forms(own)
    own.start()
    api = campaign.api = own.api(tenant.key)
    answer = expect.ok(api.post("/blocklist", {"entries": [{"company": "Muster"}]}))
    assert campaign.details()["analytics"]["leads"]["blocked"] == len(FORMS)
    assert answer["entries"][0]["leads"] == len(FORMS)
    assert expect.ok(api.delete("/blocklist", {"entries": [{"company": "Muster"}]}))["unblocked"] == 1
    assert campaign.details()["analytics"]["leads"]["blocked"] == 0


def test_its_history_and_evidence_say_how_it_was_stored(own, before, tmp_path):
    (event,) = expect.ok(before.api.get("/blocklist/company/Muster%20GmbH/history"))
    assert event["reason"] == "a client" and event["standing"] is True
    answer = expect.ok(before.api.get("/evidence?type=company&value=Muster%20KG"))
    said = json.loads(answer["statement"])
    assert is_signed(answer) and said["blocked"] is True
    assert [said["value"], *[each["value"] for each in said["events"]]] == ["muster", LONG]
    path = tmp_path / "statement.json"
    path.write_text(json.dumps(answer))
    own.stop()
    assert run("verify", place(own), "--evidence", path).code == 0


def test_a_reply_of_before_stops_colleagues_under_every_form(own):
    tenant = own.tenant("agency")
    campaign = Campaign(tenant, lead("replies", "Muster KG"), settings={"stopColleagues": True})
    activity = campaign.claim_one()
    expect.ok(campaign.report(activity, "replied"))
    own.stop()
    change = f"UPDATE stopped_company SET key = substr(key, 1, 1) || '{LONG}'"
    alter(own, change, change)
    own.start()
    campaign.api = own.api(tenant.key)
    campaign.add(lead("colleague", "Muster Kommanditgesellschaft"), lead("stranger", "Muster Bank"))
    campaign.activate()
    assert claimed(campaign) == {"stranger"}
