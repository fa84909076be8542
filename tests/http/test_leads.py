"""Leads: added, refused, listed, set to another status, deleted."""

import time

import pytest

from support import expect
from support.campaigns import (FIELDS, LEAD, LENIENT, MESSAGE, VISIT, Campaign, crowd, member_id,
                               names)
from support.client import strict_json

JOHN = {"publicIdentifier": "john-doe", "memberId": member_id(1), "firstName": "John",
        "lastName": "Doe", "companyName": "Example", "variables": {"topic": "tea"}}


@pytest.fixture
def draft(tenant):
    """A campaign with a step, without leads."""
    return Campaign(tenant)


# Adding


def test_adding_answers_exactly_five_fields(draft):
    body = expect.ok(draft.post_leads("john-doe", "jane-smith"))
    message = body.pop("message")
    assert isinstance(message, str) and message
    assert body == {"success": True, "added": 2, "duplicates": 0, "blocked": 0}


def test_a_lead_is_listed_with_exactly_the_promised_fields(draft):
    draft.add(JOHN)
    (lead,) = draft.leads()
    assert lead.keys() == LEAD
    assert expect.is_time(lead.pop("createdAt")) and lead.pop("id")
    assert lead == {**dict.fromkeys(FIELDS), **JOHN, "status": "waiting", "blocked": False}


def test_what_a_lead_does_not_have_is_null(draft):
    draft.add("john-doe")
    lead = draft.lead("john-doe")
    assert lead.keys() == LEAD
    assert [lead[name] for name in ("memberId", *FIELDS)] == [None] * 9
    assert lead["variables"] == {}


def test_null_means_nothing(draft):
    draft.add({"publicIdentifier": "a-1"},
              {"publicIdentifier": "b-2", "memberId": None, "firstName": None, "lastName": None,
               "companyName": None, "linkedinUrl": None})
    first, second = draft.leads()
    same = LEAD - {"id", "publicIdentifier"}
    assert {name: first[name] for name in same} == {name: second[name] for name in same}


def test_a_lead_can_be_added_by_its_url(draft):
    assert draft.add({"linkedinUrl": "https://www.linkedin.com/in/John-Doe/?trk=x"},
                     {"linkedinUrl": "de.linkedin.com/in/jos%C3%A9-garc%C3%ADa"}) == (2, 0, 0)
    assert names(draft.leads()) == ["josé-garcía", "john-doe"]


def test_all_spellings_of_a_person_are_one_lead(draft):
    assert draft.add("John-Doe", " john-doe ", "https://www.linkedin.com/in/JOHN-DOE/",
                     {"linkedinUrl": "in/john-doe"}, "jane-smith") == (2, 3, 0)
    assert sorted(names(draft.leads())) == ["jane-smith", "john-doe"]
    assert draft.add({"linkedinUrl": "linkedin.com/in/john%2Ddoe"}) == (0, 1, 0)


def test_texts_come_back_as_they_were_sent(draft):
    lead = {"publicIdentifier": "a-1", "firstName": "Zoë \"Z\" 🎻", "lastName": "O'Neill <b>",
            "companyName": "A & B\\C\n\t", "variables": {"x": "{{firstName}}", "a.b-c_9": "ü" * 9}}
    draft.add(lead)
    assert draft.lead("a-1").items() >= lead.items()


def test_numbers_and_booleans_in_variables_are_taken_as_texts(draft):
    body = (b'{"leads":[{"publicIdentifier":"a-1",'
            b'"variables":{"n":5,"minus":-7,"half":1.5,"yes":true,"no":false,"text":"5"}}]}')
    expect.ok(draft.api.post(draft.path + "/leads", body))
    assert draft.lead("a-1")["variables"] == {"n": "5", "minus": "-7", "half": "1.5",
                                              "yes": "true", "no": "false", "text": "5"}


@pytest.mark.parametrize("number", ["9007199254740993", "9223372036854775807",
                                    "-9223372036854775807", "0.1", "1e400", "1.10"])
def test_a_number_is_never_changed_on_its_way_to_a_text(draft, number):
    body = '{"leads":[{"publicIdentifier":"a-1","variables":{"n":%s}}]}' % number
    expect.ok(draft.api.post(draft.path + "/leads", body))
    assert draft.lead("a-1")["variables"] == {"n": number}


@pytest.mark.parametrize("number", ["18446744073709551616", "-12345678901234567890123"])
def test_a_whole_number_beyond_64_bits_is_refused_rather_than_changed(draft, number):
    body = '{"leads":[{"publicIdentifier":"a-1","variables":{"n":%s}}]}' % number
    expect.error(draft.api.post(draft.path + "/leads", body), 400, "invalid_body")
    assert draft.leads() == []


def test_unknown_fields_of_a_lead_are_ignored(draft):
    draft.add({"publicIdentifier": "a-1", "colour": {"x": [1]}, "status": "completed",
               "blocked": True, "id": "ld_1"})
    lead = draft.lead("a-1")
    assert lead.keys() == LEAD
    assert (lead["status"], lead["blocked"]) == ("waiting", False)


def test_the_same_person_can_be_in_many_campaigns(tenant, draft):
    sibling = Campaign(tenant)
    draft.add("john-doe")
    assert sibling.add("john-doe") == (1, 0, 0)
    assert draft.lead_id("john-doe") != sibling.lead_id("john-doe")


def test_leads_added_to_an_active_campaign_are_handed_out(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.add("b-2")
    assert sorted(names(campaign.claim())) == ["a-1", "b-2"]


# Duplicates


def test_a_duplicate_changes_nothing(draft):
    draft.add(JOHN)
    before = draft.leads()
    assert draft.add({**JOHN, "firstName": "Jack", "lastName": None, "companyName": "Other",
                      "variables": {"topic": "coffee", "more": "x"}}, "new-1") == (1, 1, 0)
    assert [lead for lead in draft.leads() if lead["publicIdentifier"] == "john-doe"] == before


def test_a_duplicate_within_one_request_keeps_the_first(draft):
    assert draft.add({"publicIdentifier": "a-1", "firstName": "First"},
                     {"publicIdentifier": "A-1", "firstName": "Second"}) == (1, 1, 0)
    assert [lead["firstName"] for lead in draft.leads()] == ["First"]


def test_a_lead_is_a_duplicate_by_its_member_id_alone(draft):
    draft.add(JOHN)
    before = draft.leads()
    for again in ({"publicIdentifier": "john-renamed", "memberId": JOHN["memberId"]},
                  JOHN["memberId"], {"memberId": JOHN["memberId"]}):
        assert draft.add(again) == (0, 1, 0), again
        assert draft.leads() == before


def test_member_ids_differ_by_case(draft):
    lower, upper = "ACoAA" + "x" * 35, "ACoAA" + "X" * 35
    assert draft.add(lower, upper) == (2, 0, 0)


def test_a_duplicate_learns_the_member_id_that_it_did_not_have(draft):
    draft.add({"publicIdentifier": "john-doe", "firstName": "John"})
    before = draft.lead("john-doe")
    assert draft.add({**JOHN, "firstName": "Jack"}) == (0, 1, 0)
    assert draft.lead("john-doe") == {**before, "memberId": JOHN["memberId"]}
    assert draft.add({**JOHN, "memberId": member_id(2)}) == (0, 1, 0)
    assert draft.lead("john-doe") == {**before, "memberId": JOHN["memberId"]}


def test_a_member_id_learnt_within_one_request_counts_at_once(draft):
    assert draft.add("john-doe", JOHN, JOHN["memberId"]) == (1, 2, 0)
    assert draft.lead("john-doe")["memberId"] == JOHN["memberId"]


@pytest.mark.parametrize("alone", [JOHN["memberId"], {"memberId": JOHN["memberId"]}], ids=repr)
def test_a_lead_known_by_its_member_id_alone_learns_its_public_identifier(draft, alone):
    """The contract does not say in which field such a lead shows its only name."""
    assert draft.add(alone) == (1, 0, 0)
    before = draft.lead(JOHN["memberId"])
    assert draft.add({**JOHN, "firstName": "Jack"}) == (0, 1, 0)
    (lead,) = draft.leads()
    assert lead == {**before, "publicIdentifier": "john-doe", "memberId": JOHN["memberId"]}
    assert draft.add("john-doe") == (0, 1, 0)
    for name in ("john-doe", JOHN["memberId"]):
        draft.block(name)
        assert draft.lead("john-doe")["blocked"] is True
        draft.unblock(name)


@pytest.mark.parametrize("blocked", ["john-doe", member_id(1)])
def test_two_leads_that_are_one_person_become_one(draft, blocked):
    draft.add("john-doe", member_id(1), "jane-smith")
    assert draft.add(JOHN) == (0, 1, 0)
    assert names(draft.leads()) == ["jane-smith", "john-doe"]
    assert draft.lead("john-doe")["memberId"] == member_id(1)
    draft.block(blocked)
    draft.activate()
    assert names(draft.claim()) == ["jane-smith"]
    assert draft.details()["analytics"]["totalLeads"] == 2


def begin(campaign, *leads):
    """Adds leads and hands each of them out once."""
    campaign.add(*leads)
    if campaign.status != "active":
        campaign.activate()
    for activity in campaign.claim():
        campaign.complete(activity)


def test_of_two_leads_that_are_one_person_the_one_that_was_begun_stays(fresh):
    campaign = Campaign(fresh, steps=[VISIT, VISIT], active=False)
    begin(campaign, member_id(1))
    campaign.add("john-doe")
    assert campaign.add(JOHN) == (0, 1, 0)
    (lead,) = campaign.leads()
    assert (lead["publicIdentifier"], lead["memberId"]) == ("john-doe", member_id(1))
    assert lead["status"] == "active"
    assert campaign.claim_one()["order"] == 2


def test_of_two_leads_that_are_one_person_and_were_both_begun_one_is_completed(fresh):
    campaign = Campaign(fresh, steps=[VISIT, VISIT], active=False)
    begin(campaign, "john-doe", member_id(1))
    assert campaign.add(JOHN) == (0, 1, 0)
    assert campaign.lead("john-doe")["status"] == "active"
    assert sorted(lead["status"] for lead in campaign.leads()) == ["active", "completed"]
    campaign.block(member_id(1))
    assert campaign.lead("john-doe")["blocked"] is True
    assert campaign.claim() == [] and campaign.status == "completed"


def both_out(tenant, *steps):
    """A campaign in which the two leads of one person have been claimed, and both activities."""
    campaign = Campaign(tenant, "john-doe", member_id(1), steps=list(steps))
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    return campaign, out["john-doe"], out[member_id(1)]


@pytest.mark.parametrize("before", [True, False], ids=["before", "afterwards"])
@pytest.mark.parametrize("result, status", [("done", "active"), ("failed", "error")])
def test_a_reply_of_the_lead_that_gives_way_ends_the_other_one(fresh, result, status, before):
    campaign, by_name, by_member = both_out(fresh, MESSAGE, MESSAGE)
    campaign.complete(by_name, result)
    if before:
        campaign.complete(by_member, "replied")
    campaign.add(JOHN)
    if not before:
        assert campaign.lead("john-doe")["status"] == status
        campaign.complete(by_member, "replied")
    assert {lead["status"] for lead in campaign.leads()} == {"completed"}
    assert campaign.claim() == [] and campaign.status == "completed"


def test_a_reply_ends_a_lead_that_was_set_to_error_meanwhile(fresh):
    campaign = Campaign(fresh, "john-doe", steps=[MESSAGE, MESSAGE])
    activity = campaign.claim_one()
    campaign.set_status("john-doe", "error")
    campaign.complete(activity, "replied")
    assert campaign.lead("john-doe")["status"] == "completed"


def test_a_pause_of_the_lead_that_gives_way_holds_for_the_other_one(fresh):
    campaign, by_name, by_member = both_out(fresh, MESSAGE, MESSAGE)
    campaign.complete(by_name)
    campaign.complete(by_member)
    campaign.set_status(member_id(1), "paused")
    campaign.add(JOHN)
    assert campaign.lead("john-doe")["status"] == "paused"
    assert campaign.claim() == []
    campaign.set_status("john-doe", "active")
    assert names(campaign.claim()) == ["john-doe"]


def link_both(fresh):
    expect.ok(fresh.api.post("/people/link", {"links": [
        {"publicIdentifier": name, "memberId": member_id(1)} for name in ("john-doe", "johnny")]}))


@pytest.mark.parametrize("begun", [[], ["john-doe"], ["johnny"], ["john-doe", "johnny"]],
                         ids=["none", "the older", "the younger", "both"])
@pytest.mark.parametrize("paused", ["john-doe", "johnny"])
def test_a_pause_of_one_of_two_linked_leads_holds_for_the_person(fresh, paused, begun):
    """They stay two, and one of them is completed at the next claim."""
    both = ["john-doe", "johnny"]
    campaign = Campaign(fresh, *both, steps=[MESSAGE] * 3)
    for name in set(both) - set(begun):
        campaign.set_status(name, "paused")
    for activity in campaign.claim() if begun else []:
        campaign.complete(activity)
    for name in set(both) - set(begun):
        campaign.set_status(name, "waiting")
    campaign.set_status(paused, "paused")
    link_both(fresh)
    assert campaign.claim() == []
    goes_on = begun[0] if len(begun) == 1 else "john-doe"
    (gave_way,) = set(both) - {goes_on}
    assert [campaign.lead(name)["status"] for name in (goes_on, gave_way)] == [
        "paused", "completed"]
    campaign.block(gave_way)
    campaign.set_status(goes_on, "active")
    assert campaign.claim() == []
    campaign.unblock(gave_way)
    campaign.activate()
    (activity,) = campaign.claim()
    assert (activity["publicIdentifier"], activity["order"]) == (goes_on, 2 if begun else 1)


@pytest.mark.parametrize("first", ["john-doe", member_id(1)])
@pytest.mark.parametrize("begun", [False, True])
def test_two_linked_leads_that_become_one_go_on(fresh, first, begun):
    """One of them gave way to the other at a claim, while they were two."""
    second = member_id(1) if first == "john-doe" else "john-doe"
    campaign = Campaign(fresh, first, second, steps=[MESSAGE] * 3)
    for activity in campaign.claim() if begun else []:
        campaign.complete(activity)
    if not begun:
        campaign.set_status(first, "paused")
    expect.ok(fresh.api.post("/people/link", {"links": [
        {"publicIdentifier": "john-doe", "memberId": member_id(1)}]}))
    taken = campaign.claim()
    assert names(taken) == ([first] if begun else [])
    for activity in taken:
        campaign.complete(activity)
    assert campaign.lead(second)["status"] == "completed"
    assert campaign.add(JOHN) == (0, 1, 0)
    if not begun:
        campaign.set_status("john-doe", "waiting")
        campaign.activate()
    (activity,) = campaign.claim()
    assert (activity["publicIdentifier"], activity["order"]) == ("john-doe", 3 if begun else 1)
    there = {lead["id"]: lead["status"] for lead in campaign.leads()}
    assert list(there.values()).count("completed") == begun
    for name in ("john-doe", member_id(1)):
        listed = expect.ok(fresh.api.get(f"/leads?publicIdentifier={name}"))
        assert {lead["id"]: lead["status"] for lead in listed} == there


def test_a_lead_that_gave_way_goes_on_where_it_is_the_one_that_stays(fresh):
    campaign = Campaign(fresh, member_id(1), "john-doe")
    campaign.set_status(member_id(1), "paused")
    expect.ok(fresh.api.post("/people/link", {"links": [
        {"publicIdentifier": "john-doe", "memberId": member_id(1)}]}))
    assert campaign.claim() == [] and campaign.lead("john-doe")["status"] == "completed"
    campaign.set_status(member_id(1), "waiting")
    assert campaign.add(JOHN) == (0, 1, 0)
    (lead,) = campaign.leads()
    assert (lead["publicIdentifier"], lead["status"]) == ("john-doe", "waiting")
    campaign.activate()
    assert names(campaign.claim()) == ["john-doe"]


@pytest.mark.parametrize("first", ["john-doe", member_id(1)])
def test_a_reply_holds_for_a_third_lead_after_two_have_become_one(fresh, first):
    """The one that gave way at a claim has ended with the one that went on."""
    second = member_id(1) if first == "john-doe" else "john-doe"
    campaign = Campaign(fresh, first, second, steps=[MESSAGE] * 3)
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    campaign.complete(out[first])
    time.sleep(0.01)
    campaign.complete(out[second])
    campaign.set_status(first, "paused")
    expect.ok(fresh.api.post("/people/link", {"links": [
        {"publicIdentifier": "john-doe", "memberId": member_id(1)}]}))
    assert campaign.claim() == [] and campaign.lead(second)["status"] == "completed"
    campaign.complete(out[first], "replied")
    assert campaign.add(JOHN, "johnny") == (1, 1, 0)
    assert campaign.lead("johnny")["status"] == "waiting"
    link_both(fresh)
    campaign.activate()
    assert campaign.claim() == []
    assert {lead["status"] for lead in campaign.leads()} == {"completed"}


def test_a_lead_that_gave_way_and_is_set_to_completed_ends_the_person(fresh):
    campaign = Campaign(fresh, "john-doe", "johnny")
    campaign.set_status("john-doe", "paused")
    link_both(fresh)
    assert campaign.claim() == [] and campaign.lead("johnny")["status"] == "completed"
    assert campaign.set_status("johnny", "completed") == "completed"
    assert campaign.set_status("john-doe", "waiting") == "waiting"
    campaign.activate()
    assert campaign.claim() == [] and campaign.lead("john-doe")["status"] == "completed"


@pytest.mark.parametrize("paused", ["john-doe", "johnny"])
def test_a_reply_ends_a_paused_lead_of_the_person_for_good(fresh, paused):
    campaign = Campaign(fresh, "john-doe", "johnny", steps=[MESSAGE, MESSAGE])
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    campaign.complete(out.pop(paused))
    campaign.set_status(paused, "paused")
    link_both(fresh)
    (activity,) = out.values()
    campaign.complete(activity, "replied")
    assert campaign.lead(paused)["status"] == "completed"
    campaign.set_status(paused, "active")
    campaign.activate()
    assert campaign.claim() == [] and campaign.lead(paused)["status"] == "completed"


def test_a_lead_that_replied_and_went_on_ends_no_other_one_when_it_gives_way(fresh):
    campaign = Campaign(fresh, "john-doe", "johnny",
                        steps=[{**MESSAGE, "stopOnReply": False}, MESSAGE, MESSAGE])
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    campaign.complete(out["john-doe"])
    campaign.complete(out["johnny"], "replied")
    link_both(fresh)
    for order in (2, 3):
        (activity,) = campaign.claim()
        assert (activity["publicIdentifier"], activity["order"]) == ("john-doe", order)
        assert campaign.lead("johnny")["status"] == "completed"
        campaign.complete(activity)


def test_a_reply_of_a_lead_that_gave_way_ends_the_other_one_for_good(fresh):
    campaign = Campaign(fresh, "john-doe", "johnny", steps=[MESSAGE] * 3)
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    for activity in out.values():
        campaign.complete(activity)
    link_both(fresh)
    (activity,) = campaign.claim()
    assert activity["publicIdentifier"] == "john-doe"
    campaign.complete(activity)
    campaign.complete(out["johnny"], "replied")
    assert campaign.set_status("john-doe", "active") == "active"
    campaign.activate()
    assert campaign.claim() == [] and campaign.lead("john-doe")["status"] == "completed"


@pytest.mark.parametrize("status", ["active", "waiting", "paused", "error"])
def test_a_lead_that_gave_way_stays_completed(fresh, status):
    campaign, by_name, by_member = both_out(fresh, MESSAGE, MESSAGE)
    campaign.complete(by_name)
    campaign.complete(by_member)
    campaign.add(JOHN)
    (gone,) = [lead for lead in campaign.leads() if lead["publicIdentifier"] == member_id(1)]
    answer = campaign.api.put(f"/leads/{gone['id']}/status", {"status": status})
    assert expect.ok(answer)["status"] == "completed"
    assert gone in campaign.leads()
    assert names(campaign.claim()) == ["john-doe"]


def test_a_reply_that_does_not_stop_leaves_the_other_one(fresh):
    goes_on = {**MESSAGE, "stopOnReply": False}
    campaign, by_name, by_member = both_out(fresh, goes_on, MESSAGE)
    campaign.complete(by_name)
    campaign.add(JOHN)
    campaign.complete(by_member, "replied")
    assert names(campaign.claim()) == ["john-doe"]


@pytest.mark.parametrize("linked", ["before", "afterwards"])
def test_a_reply_ends_other_leads_of_the_person(fresh, linked):
    """Two that are linked, and stay two."""
    campaign = Campaign(fresh, "john-doe", "johnny", steps=[MESSAGE, MESSAGE])
    out = {activity["publicIdentifier"]: activity for activity in campaign.claim()}
    links = [{"publicIdentifier": name, "memberId": member_id(1)} for name in out]
    if linked == "before":
        expect.ok(fresh.api.post("/people/link", {"links": links}))
    campaign.complete(out["john-doe"])
    campaign.complete(out["johnny"], "replied")
    if linked == "afterwards":
        expect.ok(fresh.api.post("/people/link", {"links": links}))
    assert campaign.claim() == []
    assert campaign.lead("john-doe")["status"] == "completed"


def test_the_delay_counts_from_the_later_contact_of_two_leads(fresh):
    campaign, by_name, by_member = both_out(fresh, MESSAGE, {**MESSAGE, "delayHours": 24})
    campaign.complete(by_name)
    own = campaign.explain("john-doe")["dueAt"]
    time.sleep(0.01)
    campaign.complete(by_member)
    later = campaign.explain(member_id(1))["dueAt"]
    campaign.add(JOHN)
    assert own < later == campaign.explain("john-doe")["dueAt"]


def test_a_url_beside_an_identifier_must_name_the_same_person(draft):
    url = "https://www.linkedin.com/in/"
    assert draft.add({"publicIdentifier": "john-doe", "linkedinUrl": url + "John-Doe/"},
                     {"publicIdentifier": "jane-smith", "linkedinUrl": url + member_id(2)},
                     {"publicIdentifier": "ann", "linkedinUrl": url + member_id(3),
                      "memberId": member_id(3)}) == (3, 0, 0)
    assert draft.lead("jane-smith")["memberId"] == member_id(2)
    for other in ({"linkedinUrl": url + "jack"}, {"linkedinUrl": "https://example.com/in/bob"},
                  {"linkedinUrl": url + member_id(4), "memberId": member_id(5)}):
        response = draft.post_leads({"publicIdentifier": "bob", **other})
        body = expect.error(response, 400, "invalid_identifier")
        assert body["errors"][0]["value"] == other["linkedinUrl"]
    assert len(draft.leads()) == 3


def test_what_a_person_has_decided_stays_when_two_leads_become_one(draft):
    draft.add(member_id(1), "john-doe")
    draft.set_status(member_id(1), "completed")
    assert draft.add(JOHN) == (0, 1, 0)
    (lead,) = draft.leads()
    assert (lead["publicIdentifier"], lead["status"]) == ("john-doe", "completed")


def test_adding_again_never_resets_a_lead(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    campaign.complete(campaign.claim_one(most=1))
    campaign.set_status("b-2", "paused")
    before = campaign.leads()
    assert campaign.add("a-1", "b-2") == (0, 2, 0)
    assert campaign.leads() == before
    assert [activity["order"] for activity in campaign.claim()] == [2]


# Refusals


BAD_IDENTIFIERS = {
    "white space": {"publicIdentifier": "a b"},
    "e-mail": {"publicIdentifier": "a@b.example"},
    "empty": {"publicIdentifier": ""},
    "number": {"publicIdentifier": 5},
    "array": {"publicIdentifier": ["a-1"]},
    "other site": {"linkedinUrl": "https://example.com/in/john-doe"},
    "company": {"linkedinUrl": "https://www.linkedin.com/company/example"},
    "number as url": {"linkedinUrl": 5},
    "number as member id": {"publicIdentifier": "a-1", "memberId": 5},
    "no member id": {"publicIdentifier": "a-1", "memberId": "john-doe"},
    "short member id": {"publicIdentifier": "a-1", "memberId": "ACoAAx"},
}

BAD_FIELDS = {
    "number as name": {"publicIdentifier": "a-1", "firstName": 5},
    "array as name": {"publicIdentifier": "a-1", "lastName": ["x"]},
    "long first name": {"publicIdentifier": "a-1", "firstName": "é" * 201},
    "long last name": {"publicIdentifier": "a-1", "lastName": "x" * 201},
    "long company": {"publicIdentifier": "a-1", "companyName": "𝄞" * 201},
    "NUL in a name": {"publicIdentifier": "a-1", "firstName": "a\0b"},
    "array as variables": {"publicIdentifier": "a-1", "variables": []},
    "text as variables": {"publicIdentifier": "a-1", "variables": "x"},
    "array in variables": {"publicIdentifier": "a-1", "variables": {"x": []}},
    "object in variables": {"publicIdentifier": "a-1", "variables": {"x": {"y": "z"}}},
    "NUL in variables": {"publicIdentifier": "a-1", "variables": {"x": "a\0b"}},
    "51 variables": {"publicIdentifier": "a-1",
                     "variables": {f"v{number}": "" for number in range(51)}},
    "long variable": {"publicIdentifier": "a-1", "variables": {"x": "é" * 2001}},
}

BAD_SHAPES = {"empty object": {}, "no identifier": {"firstName": "John"}, "array": ["a-1"]}


def refused(campaign, lead, *codes):
    body = expect.error(campaign.post_leads("good-1", lead, "good-2", lead), 400, *codes)
    assert [item["index"] for item in body["errors"]] == [1, 3]
    assert body["errorCount"] == 2
    assert all(item.keys() == {"index", "value", "reason"} for item in body["errors"])
    assert all(isinstance(item["reason"], str) and item["reason"] for item in body["errors"])
    assert campaign.leads() == []


@pytest.mark.parametrize("lead", BAD_IDENTIFIERS.values(), ids=BAD_IDENTIFIERS)
def test_one_bad_identifier_refuses_the_whole_request(draft, lead):
    refused(draft, lead, "invalid_identifier")


@pytest.mark.parametrize("lead", BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_one_bad_field_refuses_the_whole_request(draft, lead):
    refused(draft, lead, "invalid_body")


@pytest.mark.parametrize("lead", BAD_SHAPES.values(), ids=BAD_SHAPES)
def test_a_lead_without_an_identifier_refuses_the_whole_request(draft, lead):
    refused(draft, lead, "invalid_identifier", "invalid_body")


def test_a_lead_that_is_no_object_refuses_the_whole_request(draft):
    for lead in (b'"a-1"', b"5", b"null", b"true"):
        response = draft.api.post(draft.path + "/leads",
                                  b'{"leads":[{"publicIdentifier":"good-1"},' + lead + b"]}")
        body = expect.error(response, 400, "invalid_identifier", "invalid_body")
        assert [item["index"] for item in body["errors"]] == [1]
        assert draft.leads() == []


def test_bad_leads_of_both_kinds_are_all_listed(draft):
    response = draft.post_leads("a b", "good", {"publicIdentifier": "a-1", "firstName": 5}, {})
    body = expect.error(response, 400, "invalid_identifier", "invalid_body")
    assert [item["index"] for item in body["errors"]] == [0, 2, 3]
    assert body["errorCount"] == 3
    assert draft.leads() == []


def test_only_the_first_100_bad_leads_are_listed_but_all_are_counted(draft):
    body = expect.error(draft.post_leads("ok", *["a b"] * 250), 400, "invalid_identifier")
    assert [item["index"] for item in body["errors"]] == list(range(1, 101))
    assert body["errorCount"] == 250


def test_lenient_adds_the_good_ones_and_lists_the_bad_ones(draft):
    draft.block("good-2")
    response = draft.post_leads("good-1", "a b", "good-2", {}, "good-1",
                                {"publicIdentifier": "a-1", "lastName": "x" * 201},
                                headers=LENIENT)
    body = expect.ok(response)
    assert response.header("preference-applied") == "handling=lenient"
    assert body.keys() == {"success", "message", "added", "duplicates", "blocked", "invalid"}
    assert (body["success"], body["added"], body["duplicates"], body["blocked"]) == (True, 2, 1, 1)
    assert [item["index"] for item in body["invalid"]] == [1, 3, 5]
    assert all(item["reason"] for item in body["invalid"])
    assert sorted(names(draft.leads())) == ["good-1", "good-2"]


def test_lenient_lists_all_bad_ones_not_only_100(draft):
    body = expect.ok(draft.post_leads("ok", *["a b"] * 250, headers=LENIENT))
    assert body["added"] == 1
    assert [item["index"] for item in body["invalid"]] == list(range(1, 251))


def test_lenient_with_only_bad_ones_is_200_with_0(draft):
    body = expect.ok(draft.post_leads("a b", {"publicIdentifier": "a-1", "firstName": 5},
                                      headers=LENIENT))
    assert (body["success"], body["added"], len(body["invalid"])) == (True, 0, 2)
    assert draft.leads() == []


def test_without_the_preference_there_is_no_extra_field(draft):
    response = draft.post_leads("a-1", headers=[("Prefer", "handling=strict")])
    assert "invalid" not in expect.ok(response)
    assert response.header("preference-applied") is None


def test_lenient_does_not_excuse_an_empty_list_or_broken_json(draft):
    expect.error(draft.post_leads(headers=LENIENT), 400, "empty_identifiers")
    response = draft.api.post(draft.path + "/leads", b'{"leads":[', headers=LENIENT)
    expect.error(response, 400, "invalid_json")


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"5", b'{"leads":null}',
                                  b'{"leads":"a-1"}', b'{"leads":{"publicIdentifier":"a-1"}}',
                                  b'{"publicIdentifiers":["a-1"]}'], ids=repr)
def test_a_body_of_another_shape_is_refused(draft, body):
    expect.error(draft.api.post(draft.path + "/leads", body), 400, "invalid_body")
    assert draft.leads() == []


def test_empty_and_too_many(draft):
    expect.error(draft.post_leads(), 400, "empty_identifiers")
    expect.error(draft.post_leads(*["a-1"] * 10_001), 400, "too_many_identifiers")
    assert draft.leads() == []


def test_the_bounds_themselves_are_allowed(draft):
    lead = {"publicIdentifier": "a" * 100, "firstName": "é" * 200, "lastName": "𝄞" * 200,
            "companyName": "x" * 200,
            "variables": {f"v{number}": "é" * 2000 for number in range(50)}}
    assert draft.add(lead) == (1, 0, 0)
    assert draft.lead("a" * 100).items() >= lead.items()


def test_ten_thousand_leads_in_one_request(draft):
    many = crowd(10_000)
    assert draft.add(*many) == (10_000, 0, 0)
    assert draft.get_leads().header("x-total-count") == "10000"
    assert draft.details()["analytics"]["totalLeads"] == 10_000
    assert draft.add(*many) == (0, 10_000, 0)
    assert len({lead["id"] for lead in follow(draft, "take=100")[0]}) == 10_000


# Listing


NAMES = crowd(60)


def follow(campaign, query, between=None):
    """Walks all pages by Link; calls `between` after each. Returns the leads and the pages."""
    response = campaign.get_leads(query)
    seen, pages = [], 0
    while True:
        seen += expect.ok(response)
        pages += 1
        assert pages < 1000, "the pages never end"
        target = expect.next_link(response)
        if target is None:
            return seen, pages
        assert "cursor=" in target
        if between:
            between(pages)
        response = campaign.api.call("GET", target, base="")


@pytest.fixture
def sixty(tenant):
    campaign = Campaign(tenant)
    campaign.add(*NAMES)
    return campaign


def test_an_empty_list(draft):
    response = draft.get_leads()
    assert response.body == b"[]"
    assert response.header("x-total-count") == "0"
    assert response.header("link") is None


def test_leads_are_listed_newest_first_ten_to_a_page(sixty):
    sixty.add("last-1")
    response = sixty.get_leads("")
    assert names(expect.ok(response)) == ["last-1", *NAMES[:-10:-1]]
    assert response.header("x-total-count") == "61"


def test_skip_and_take_make_windows(sixty):
    for skip, take in ((0, 1), (7, 13), (50, 10), (59, 100), (60, 5), (10**9, 1)):
        response = sixty.get_leads(f"skip={skip}&take={take}")
        assert names(expect.ok(response)) == NAMES[::-1][skip : skip + take], (skip, take)
        assert response.header("x-total-count") == "60"


def test_next_walks_the_whole_list_once(sixty):
    for take, pages in ((7, 9), (10, 6), (30, 2), (100, 1)):
        seen, count = follow(sixty, f"take={take}")
        assert names(seen) == NAMES[::-1]
        assert count == pages
    assert names(follow(sixty, "skip=25&take=10")[0]) == NAMES[::-1][25:]


def test_next_works_under_both_base_paths(server, sixty):
    sixty.api = server.api(sixty.tenant.key, base="/api/v1")
    assert names(follow(sixty, "take=25")[0]) == NAMES[::-1]


def test_the_cursor_neither_repeats_nor_misses_while_leads_come_and_go(sixty):
    def change(page):
        sixty.add(f"late-{page}-1", f"late-{page}-2")
        sixty.delete_lead(f"late-{page}-1")

    seen = names(follow(sixty, "take=7", between=change)[0])
    assert [name for name in seen if not name.startswith("late")] == NAMES[::-1]
    assert len(set(seen)) == len(seen)


def test_the_cursor_survives_the_deletion_of_the_lead_it_stands_on(sixty):
    first = sixty.get_leads("take=10")
    sixty.delete_lead(names(expect.ok(first))[-1])
    response = sixty.api.call("GET", expect.next_link(first), base="")
    assert names(expect.ok(response)) == NAMES[::-1][10:20]


def test_a_cursor_of_another_campaign_never_shows_its_leads(tenant, server, sixty):
    cursor = expect.next_link(sixty.get_leads("take=10")).split("cursor=")[1].split("&")[0]
    for owner in (tenant, server.tenant("pro")):
        theirs = Campaign(owner)
        theirs.add("their-own")
        response = theirs.get_leads(f"take=5&cursor={cursor}")
        assert response.status in (200, 400), response
        if response.status == 200:
            assert set(names(response.json())) <= {"their-own"}


@pytest.mark.parametrize("query", [
    "take=101", "take=-1", "take=x", "take=", "take=1.5", "skip=-1", "skip=x", "skip=",
    "status=unknown", "status=WAITING", "status=", "status=blocked", "blocked=yes", "blocked=", "cursor=nonsense", "cursor=",
    "cursor=%FF", "take=1&take=2"])
def test_a_bad_parameter_is_400(draft, query):
    expect.error(draft.get_leads(query), 400, "invalid_parameter", "bad_request")


def test_the_list_can_be_filtered_by_what_is_blocked(tenant):
    campaign = Campaign(tenant)
    campaign.add(*NAMES, {"publicIdentifier": "of-acme", "companyName": "Acme GmbH"})
    campaign.set_status(NAMES[20], "paused")
    campaign.block(*NAMES[10:25])
    tenant.api.post("/blocklist", {"entries": [{"company": "ACME"}]})
    blocked = ["of-acme", *NAMES[24:9:-1]]
    seen, pages = follow(campaign, "take=4&blocked=true")
    assert (names(seen), pages) == (blocked, 4)
    assert {lead["blockedScope"] for lead in seen} == {"workspace", "campaign"}
    assert names(campaign.leads("take=100&blocked=false")) == NAMES[:24:-1] + NAMES[9::-1]
    assert names(campaign.leads("take=3&skip=2&blocked=true")) == blocked[2:5]
    assert names(campaign.leads("blocked=true&status=paused")) == [NAMES[20]]
    assert names(campaign.leads("blocked=true&search=acme")) == ["of-acme"]
    assert campaign.leads(f"blocked=true&search={NAMES[30]}") == []
    response = campaign.get_leads("blocked=true&take=2&search=-")
    assert "blocked=true" in expect.next_link(response)
    assert response.header("x-total-count") is None


def test_a_request_looks_at_twenty_thousand_leads_and_the_next_page_goes_on(tenant):
    campaign = Campaign(tenant)
    campaign.add("ann-old", "ben-old", "cat-old")
    for some in ("some-0", "some-1"):
        campaign.add(*crowd(10_000, some))
    campaign.add("zoe-new")
    campaign.block("ann-old", "ben-old", "cat-old", "zoe-new")
    for query, found in (("blocked=true&take=2", [["zoe-new"], ["cat-old", "ben-old"], ["ann-old"]]),
                         ("search=old&take=3", [[], ["cat-old", "ben-old", "ann-old"]]),
                         ("blocked=true&skip=2&take=3", [[], ["ben-old", "ann-old"]])):
        pages = []
        response = campaign.get_leads(query)
        while response:
            pages.append(names(expect.ok(response)))
            target = expect.next_link(response)
            response = campaign.api.call("GET", target, base="") if target else None
        assert pages == found, query
    assert campaign.leads("blocked=false&take=1") == campaign.leads("search=some-1&take=1")


def test_the_list_can_be_filtered_by_status(tenant):
    campaign = Campaign(tenant, *crowd(30), steps=[VISIT, VISIT])
    first = campaign.claim(most=25)
    for activity in first[:9]:
        campaign.complete(activity, "failed")
    for activity in first[9:13]:
        campaign.complete(activity, "replied")
    paused = names(campaign.leads("status=waiting"))[:3]
    for name in paused:
        campaign.set_status(name, "paused")
    sizes = {"error": 9, "completed": 4, "active": 12, "paused": 3, "waiting": 2}
    for status, size in sizes.items():
        response = campaign.get_leads(f"take=100&status={status}")
        assert [lead["status"] for lead in expect.ok(response)] == [status] * size
        assert response.header("x-total-count") == str(size)
        every = [name for name in names(campaign.leads()) if name in names(response.json())]
        assert names(response.json()) == every, "newest first, too"
        assert follow(campaign, f"take=2&status={status}") == (
            response.json(), max(1, (size + 1) // 2))
    assert names(campaign.leads("status=paused")) == paused
    assert names(campaign.leads("status=paused&skip=1&take=1")) == paused[1:2]


# Status


def test_setting_a_status_answers_exactly_four_fields(tenant):
    campaign = Campaign(tenant, "a-1")
    body = expect.ok(campaign.put_status("a-1", "paused"))
    assert body.pop("message")
    assert body == {"success": True, "leadId": campaign.lead_id("a-1"), "status": "paused"}


@pytest.mark.parametrize("status", ["paused", "completed", "error"])
def test_a_status_is_kept_and_the_lead_is_not_handed_out(tenant, status):
    campaign = Campaign(tenant, "a-1", "b-2")
    assert campaign.set_status("a-1", status) == status
    assert campaign.lead("a-1")["status"] == status
    assert names(campaign.claim()) == ["b-2"]


def test_set_back_a_lead_goes_on_where_it_stood(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    first, = campaign.claim(most=1)
    other = ({"a-1", "b-2"} - {first["publicIdentifier"]}).pop()
    campaign.complete(first)
    for status in ("paused", "completed", "error"):
        for back in ("waiting", "active"):
            for name, stood in ((first["publicIdentifier"], "active"), (other, "waiting")):
                campaign.set_status(name, status)
                assert campaign.set_status(name, back) == stood
                assert campaign.lead(name)["status"] == stood
    activities = {entry["publicIdentifier"]: entry["order"] for entry in campaign.claim()}
    assert activities == {first["publicIdentifier"]: 2, other: 1}


def test_a_lead_that_has_been_through_all_steps_stays_completed(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    campaign.complete(campaign.claim_one(most=1))
    (done,) = names(campaign.leads("status=completed"))
    for status in ("waiting", "active"):
        assert campaign.set_status(done, status) == "completed"
        assert campaign.lead(done)["status"] == "completed"
    assert names(campaign.claim()) == [({"a-1", "b-2"} - {done}).pop()]


def test_a_lead_that_ended_by_a_reply_can_be_set_back(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    activity, = campaign.claim(most=1)
    assert campaign.complete(activity, "replied") == "completed"
    assert campaign.set_status(activity["publicIdentifier"], "active") == "active"
    assert (activity["leadId"], 2) in [(entry["leadId"], entry["order"])
                                       for entry in campaign.claim()]


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": ""}, {"status": "done"},
                                  {"status": "Paused"}, {"status": "blocked"}, {"status": 1},
                                  {"status": ["paused"]}, []], ids=repr)
def test_a_bad_status_is_400(tenant, body):
    campaign = Campaign(tenant, "a-1")
    before = campaign.leads()
    response = campaign.api.put(f"/leads/{before[0]['id']}/status", body)
    expect.error(response, 400, "invalid_body")
    assert campaign.leads() == before


@pytest.mark.parametrize("lead", ["ld_999999999", "nonsense", "0", "-1", "%20", "john-doe",
                                  "x" * 300, "18446744073709551616"])
def test_an_unknown_lead_is_404(draft, lead):
    draft.add("john-doe")
    for response in (draft.api.put(f"/leads/{lead}/status", {"status": "paused"}),
                     draft.api.delete(f"/leads/{lead}"),
                     draft.api.get(f"{draft.path}/leads/{lead}/explain")):
        expect.error(response, 404, "lead_not_found")
    assert draft.lead("john-doe")["status"] == "waiting"


# Deleting


def test_a_deleted_lead_is_gone_with_its_activities(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    for activity in campaign.claim():
        campaign.complete(activity)
    lead = campaign.lead_id("a-1")
    campaign.delete_lead("a-1")
    assert names(campaign.leads()) == ["b-2"]
    assert campaign.get_leads().header("x-total-count") == "1"
    assert campaign.details()["analytics"]["totalLeads"] == 1
    assert names(campaign.activities()) == names(campaign.claim()) == ["b-2"]
    expect.error(campaign.api.delete(f"/leads/{lead}"), 404, "lead_not_found")
    expect.error(campaign.api.get(f"{campaign.path}/leads/{lead}/explain"), 404, "lead_not_found")


def test_a_claimed_activity_of_a_deleted_lead_is_gone(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    activity = campaign.claim_one(most=1)
    campaign.delete_lead(activity["publicIdentifier"])
    expect.error(campaign.report(activity), 404, "activity_not_found")


def test_blocks_stay_when_a_lead_is_deleted(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    campaign.block("a-1")
    campaign.delete_lead("a-1")
    body = expect.ok(campaign.api.get(campaign.blocks + "/a-1"))
    assert (body["blocked"], body["scope"]) == (True, "campaign")
    assert campaign.add("a-1") == (1, 0, 1)
    assert names(campaign.claim()) == ["b-2"]


def test_a_lead_that_is_added_again_after_its_deletion_starts_anew(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    for activity in campaign.claim():
        campaign.complete(activity)
    before = campaign.lead_id("a-1")
    campaign.delete_lead("a-1")
    assert campaign.add("a-1") == (1, 0, 0)
    assert campaign.lead("a-1")["status"] == "waiting"
    assert campaign.lead_id("a-1") != before
    assert {entry["publicIdentifier"]: entry["order"] for entry in campaign.claim()} == {
        "a-1": 1, "b-2": 2}


def test_deleting_the_last_open_lead_ends_the_campaign_for_the_finished_ones(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    activity = campaign.claim_one(most=1)
    campaign.complete(activity)
    campaign.delete_lead(({"a-1", "b-2"} - {activity["publicIdentifier"]}).pop())
    assert (campaign.status, campaign.progress) == ("completed", 100)


def test_a_leads_id_is_its_own_in_the_whole_workspace(tenant):
    one, two = Campaign(tenant, "a-1"), Campaign(tenant, "a-1")
    two.delete_lead("a-1")
    assert names(one.leads()) == ["a-1"]
    path = f"{two.path}/leads/{one.lead_id('a-1')}/explain"
    expect.error(one.api.get(path), 404, "lead_not_found")


def test_the_list_is_sound_json_whatever_the_texts(draft):
    draft.add(*[{"publicIdentifier": f"u-{code:x}", "firstName": f"a{chr(code)}b"}
                for code in (1, 8, 0x1F, 0x22, 0x5C, 0x7F, 0x85, 0x2028, 0x1F3BB, 0x10FFFD)])
    body = strict_json(draft.get_leads().body)
    assert [lead["firstName"][1] for lead in body][::-1] == [
        chr(code) for code in (1, 8, 0x1F, 0x22, 0x5C, 0x7F, 0x85, 0x2028, 0x1F3BB, 0x10FFFD)]
