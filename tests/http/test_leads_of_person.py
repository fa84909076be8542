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


def two_that_are_one(api, name, member, *campaigns):
    """Leads of one person that both have a history: the second one gives way to the first."""
    for campaign in campaigns:
        add(api, campaign, name, {"publicIdentifier": member, "firstName": campaign})
        for lead in expect.ok(api.get(f"/campaigns/{campaign}/leads?take=2")):
            expect.ok(api.put(f"/leads/{lead['id']}/status", {"status": "paused"}))
    for campaign in campaigns:
        add(api, campaign, {"publicIdentifier": name, "memberId": member})


@pytest.mark.parametrize("asked", ["ann-doe", member_id(7)])
@pytest.mark.parametrize("take", [1, 2, 3, 50])
def test_a_lead_that_gave_way_is_found_by_either_name(api, asked, take):
    two_that_are_one(api, "ann-doe", member_id(7), "q1", "q3")
    two_that_are_one(api, "bob", member_id(8), "q1", "q2")
    found = leads_of(api, asked, take=take)
    assert [(lead["campaignId"], lead["publicIdentifier"], lead["firstName"]) for lead in found] == [
        ("q1", "ann-doe", None), ("q1", member_id(7), "q1"),
        ("q3", "ann-doe", None), ("q3", member_id(7), "q3")]


def test_leads_that_gave_way_one_after_another_are_all_found(api):
    for name in ("ann-doe", "ann-roe", "ann-poe"):
        two_that_are_one(api, name, member_id(7), "q1")
        (kept,) = [lead for lead in leads_of(api, name) if lead["publicIdentifier"] == name]
        if name != "ann-poe":
            expect.ok(api.delete(f"/leads/{kept['id']}"))
    for take in (1, 2, 50):
        assert [lead["publicIdentifier"] for lead in leads_of(api, member_id(7), take=take)] == [
            member_id(7), member_id(7), "ann-poe", member_id(7)]


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
                                   "?publicIdentifier=ann&cursor=c4294967296.1", "?publicIdentifier=ann&cursor=c1",
                                   "?publicIdentifier=ann&cursor=c1.", "?publicIdentifier=ann&cursor=c.1",
                                   "?publicIdentifier=ann&cursor=c0.1", "?publicIdentifier=ann&cursor=c1.1.1"])
def test_without_a_person_or_with_a_bad_page_it_is_refused(api, query):
    expect.error(api.get("/leads" + query), 400, "invalid_parameter", "invalid_identifier", "bad_request")


@pytest.mark.parametrize("take", [1, 2])
def test_campaigns_that_were_just_deleted_end_no_page_early(api, take):
    """Their leads go in small writes; until then there are pages of nothing but such leads."""
    add(api, "q3", "ann-doe")
    for campaign in ("q1", "q2"):
        add(api, campaign, *(f"lead-{number}" for number in range(3000)), "ann-doe")
    for campaign in ("q1", "q2"):
        expect.ok(api.delete(f"/campaigns/{campaign}"))
    assert [lead["campaignId"] for lead in leads_of(api, "ann-doe", take=take)] == ["q3"]
