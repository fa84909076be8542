"""GET /v1/leads?publicIdentifier=NAME: in which campaigns a person is a lead."""

from urllib.parse import quote

import pytest

from support import expect
from support.campaigns import LEAD, member_id


def leads_of(api, name, **query):
    """All pages, by their links."""
    query = {"publicIdentifier": name, **query}
    target = "/v1/leads?" + "&".join(f"{key}={quote(str(value))}" for key, value in query.items())
    found = []
    while target:
        response = api.call("GET", target, base="")
        found += expect.ok(response)
        target = expect.next_link(response)
    return found


def add(api, campaign, *leads):
    expect.ok(api.post(f"/campaigns/{campaign}/leads", {"leads": [
        lead if isinstance(lead, dict) else {"publicIdentifier": lead} for lead in leads]}))


@pytest.fixture
def api(fresh):
    for campaign in ("q1", "q2", "q3"):
        expect.ok(fresh.api.post("/campaigns", {"name": f"Campaign {campaign}", "id": campaign}), 201)
    return fresh.api


def test_it_lists_each_campaign_with_the_lead_in_order_of_creation(api):
    add(api, "q3", "ann-doe", "bob")
    add(api, "q1", {"publicIdentifier": "ann-doe", "firstName": "Ann"})
    expect.ok(api.post("/campaigns/q1/blocked-leads", {"publicIdentifiers": ["ann-doe"]}))
    found = leads_of(api, "https://www.linkedin.com/in/Ann-Doe/")
    assert [(lead["campaignId"], lead["campaignName"], lead["firstName"], lead["blocked"]) for lead in found] == [
        ("q1", "Campaign q1", "Ann", True), ("q3", "Campaign q3", None, False)]
    assert found[1].keys() == LEAD | {"campaignId", "campaignName"}
    assert found[0]["blockedScope"] == "campaign"
    listed = expect.ok(api.get("/campaigns/q3/leads"))
    assert {name: found[1][name] for name in LEAD} == [
        lead for lead in listed if lead["publicIdentifier"] == "ann-doe"][0]


def test_a_member_id_finds_the_lead_that_has_it(api):
    add(api, "q1", {"publicIdentifier": "ann-doe", "memberId": member_id(7)})
    assert [lead["publicIdentifier"] for lead in leads_of(api, member_id(7))] == ["ann-doe"]


def test_leads_and_campaigns_that_were_deleted_are_not_found(api):
    add(api, "q1", "ann-doe")
    add(api, "q2", "ann-doe")
    expect.ok(api.delete("/campaigns/q1"))
    (left,) = leads_of(api, "ann-doe")
    assert left["campaignId"] == "q2"
    expect.ok(api.delete(f"/leads/{left['id']}"))
    assert leads_of(api, "ann-doe") == []


def test_pages_have_every_campaign_once(api):
    for campaign in ("q1", "q2", "q3"):
        add(api, campaign, "ann-doe")
    for take in (1, 2, 3):
        assert [lead["campaignId"] for lead in leads_of(api, "ann-doe", take=take)] == ["q1", "q2", "q3"]
    response = api.get("/leads?publicIdentifier=ann-doe&take=0")
    assert expect.ok(response) == [] and expect.next_link(response) is None


def test_another_workspaces_leads_are_its_own(api, other):
    add(api, "q1", "ann-doe")
    assert leads_of(other.api, "ann-doe") == []


@pytest.mark.parametrize("query", ["", "?publicIdentifier=", "?publicIdentifier=a%40example.com",
                                   "?publicIdentifier=ann&cursor=x", "?publicIdentifier=ann&take=101",
                                   "?publicIdentifier=ann&cursor=c4294967296"])
def test_without_a_person_or_with_a_bad_page_it_is_refused(api, query):
    expect.error(api.get("/leads" + query), 400, "invalid_parameter", "invalid_identifier", "bad_request")
