"""Variants of what a step sends: which lead gets which, and what may be done with them."""

from collections import Counter

import pytest

from support import expect
from support.campaigns import INVITATION, MESSAGE, VISIT, Campaign, crowd
from support.marks import sqlite_only
from support.server import Server

VARIANT = ["id", "body", "order", "isDisabled", "icpDefinitionRaw", "stepId", "aiTools"]


def step_of(campaign, index=0):
    return campaign.sequence()[index]["id"]


def varied(tenant, *leads, bodies=("One", "Two", "Three"), **options):
    campaign = Campaign(tenant, *leads, **options)
    step = step_of(campaign)
    return campaign, step, [campaign.add_variant(step, body) for body in bodies]


def test_a_variant_has_the_documented_fields_in_their_order(tenant):
    campaign, step, (variant,) = varied(tenant, bodies=["Hello {{firstName|you}}"])
    expected = {"id": variant, "body": "Hello {{firstName|you}}", "order": 1, "isDisabled": False,
                "icpDefinitionRaw": None, "stepId": step, "aiTools": []}
    (of_sequence,) = campaign.sequence()
    (of_campaign,) = campaign.details()["steps"]
    assert of_sequence["messages"] == of_campaign["variants"] == [expected]
    assert list(of_sequence["messages"][0]) == VARIANT
    assert "variants" not in of_sequence and "messages" not in of_campaign


def test_a_change_answers_all_variants_of_the_step(tenant):
    campaign, step, (one, two) = varied(tenant, bodies=["One", "Two"])
    left = campaign.change_variant(step, two, body="2", icpDefinitionRaw="Founders",
                                   isDisabled=True)
    assert [(v["id"], v["body"], v["order"], v["isDisabled"], v["icpDefinitionRaw"])
            for v in left] == [(one, "One", 1, False, None), (two, "2", 2, True, "Founders")]
    left = campaign.change_variant(step, two, icpDefinitionRaw=None)
    assert left[1]["icpDefinitionRaw"] is None and left[1]["body"] == "2"
    assert [v["id"] for v in campaign.delete_variant(step, one.replace(one, two))] == [one]
    assert campaign.sequence()[0]["messages"] == campaign.details()["steps"][0]["variants"]


def test_the_last_enabled_variant_cannot_be_disabled(tenant):
    campaign, step, (one, two) = varied(tenant, bodies=["One", "Two"])
    campaign.change_variant(step, one, isDisabled=True)
    expect.error(campaign.put_variant(step, two, isDisabled=True), 409, "last_variant")
    expect.error(campaign.put_variant(step, two, isDisabled=True, body="x"), 409, "last_variant")
    assert [v["isDisabled"] for v in campaign.sequence()[0]["messages"]] == [True, False]
    campaign.change_variant(step, one, isDisabled=False)
    campaign.change_variant(step, two, isDisabled=True)


def test_the_last_enabled_variant_can_be_deleted_when_the_step_has_a_text(tenant):
    campaign, step, (one, two) = varied(tenant, bodies=["One", "Two"])
    campaign.change_variant(step, two, isDisabled=True)
    campaign.change_step(step, genericBody=None)
    expect.error(campaign.remove_variant(step, one), 409, "last_variant")
    campaign.delete_variant(step, two)
    expect.error(campaign.remove_variant(step, one), 409, "last_variant")
    campaign.change_step(step, genericBody="Text")
    assert campaign.delete_variant(step, one) == []
    expect.error(campaign.api.put(f"{campaign.path}/steps/{step}", {"genericBody": None}),
                 400, "invalid_body")


def test_variants_of_an_invitation_may_all_be_disabled(tenant):
    campaign, step, (one,) = varied(tenant, "a-1", steps=[INVITATION], bodies=["One"])
    campaign.change_variant(step, one, isDisabled=True)
    activity = campaign.claim_one()
    assert (activity["variantId"], activity["message"]) == (None, "Hi there")


def test_a_visit_has_no_variants(tenant):
    campaign = Campaign(tenant, steps=[VISIT])
    response = campaign.api.post(f"{campaign.path}/steps/{step_of(campaign)}/variants",
                                 {"body": "x"})
    expect.error(response, 400, "invalid_body")


@pytest.mark.parametrize("body", [
    {}, {"body": None}, {"body": ""}, {"body": 5}, {"body": "a\0b"}, {"body": "x" * 8001}, [],
    {"body": "x", "isDisabled": "no"}, {"body": "x", "icpDefinitionRaw": 5},
    {"body": "x", "icpDefinitionRaw": "x" * 2001}], ids=lambda body: repr(body)[:40])
def test_a_bad_variant_is_refused(tenant, body):
    campaign, step, (one,) = varied(tenant, bodies=["One"])
    before = campaign.sequence()
    path = f"{campaign.path}/steps/{step}/variants"
    expect.error(campaign.api.post(path, body), 400, "invalid_body")
    if body:
        expect.error(campaign.api.put(f"{path}/{one}", body), 400, "invalid_body")
    assert campaign.sequence() == before


def test_a_variant_is_a_template_of_up_to_8000_characters(tenant):
    campaign, step, _ = varied(tenant, bodies=["🎻" * 8000])
    path = f"{campaign.path}/steps/{step}/variants"
    expect.error(campaign.api.post(path, {"body": "{{no"}), 400, "invalid_template")


def test_unknown_steps_and_variants_are_not_found(tenant):
    campaign, step, (one,) = varied(tenant, bodies=["One"], steps=[MESSAGE, MESSAGE])
    other = step_of(campaign, 1)
    expect.error(campaign.api.post(f"{campaign.path}/steps/st_0/variants", {"body": "x"}),
                 404, "step_not_found")
    for path, variant in ((step, "var_0"), (step, "none"), (other, one)):
        expect.error(campaign.put_variant(path, variant, body="x"), 404, "variant_not_found")
        expect.error(campaign.remove_variant(path, variant), 404, "variant_not_found")
    campaign.delete_step(step)
    expect.error(campaign.remove_variant(step, one), 404, "step_not_found")


def test_a_step_has_ten_variants_and_a_campaign_a_hundred(tenant):
    campaign = Campaign(tenant, steps=[MESSAGE] * 11)
    for index in range(10):
        for number in range(10):
            campaign.add_variant(step_of(campaign, index), f"{number}")
    for index in (0, 10):
        path = f"{campaign.path}/steps/{step_of(campaign, index)}/variants"
        expect.error(campaign.api.post(path, {"body": "x"}), 409, "limit_reached")
    campaign.delete_step(step_of(campaign, 3))
    campaign.add_variant(step_of(campaign, 9), "room again")


def test_leads_are_spread_evenly(tenant):
    campaign, _, variants = varied(tenant, *crowd(2000), bodies=["One", "Two", "Three", "Four"])
    got = Counter()
    for activity in campaign.claim(most=2000):
        assert activity["message"] == ["One", "Two", "Three", "Four"][
            variants.index(activity["variantId"])]
        got[activity["variantId"]] += 1
    assert set(got) == set(variants)
    assert all(abs(count - 500) < 100 for count in got.values()), got


def test_a_lead_gets_the_same_variant_at_each_attempt(tenant):
    campaign, step, variants = varied(tenant, *crowd(50))
    first = {a["leadId"]: a for a in campaign.claim()}
    for activity in first.values():
        campaign.complete(activity, "failed")
    campaign.add_variant(step, "Four")
    for name in crowd(50):
        campaign.set_status(name, "active")
    campaign.activate()
    again = {a["leadId"]: a for a in campaign.claim()}
    assert {a["attempt"] for a in again.values()} == {2}
    assert {k: a["variantId"] for k, a in again.items()} == {
        k: a["variantId"] for k, a in first.items()}
    assert len({a["variantId"] for a in first.values()} & set(variants)) == 3


def test_a_disabled_variant_is_not_handed_out_again(tenant):
    campaign, step, (one, two) = varied(tenant, *crowd(20), bodies=["One", "Two"])
    for activity in campaign.claim():
        campaign.complete(activity, "failed")
    campaign.change_variant(step, one, isDisabled=True)
    for name in crowd(20):
        campaign.set_status(name, "active")
    campaign.activate()
    assert {a["variantId"] for a in campaign.claim()} == {two}


def test_leads_go_on_with_the_variants_that_are_there_when_they_are_claimed(tenant):
    campaign, step, (one,) = varied(tenant, *crowd(4), bodies=["One"])
    first = campaign.claim_one(most=1)
    assert first["message"] == "One"
    campaign.change_variant(step, one, body="Hello {{firstName|you}}")
    assert campaign.claim_one(most=1)["message"] == "Hello you"
    campaign.delete_variant(step, one)
    third = campaign.claim_one(most=1)
    assert (third["variantId"], third["message"]) == (None, "Hello there")
    campaign.change_step(step, genericBody="New")
    assert campaign.claim_one(most=1)["message"] == "New"
    assert campaign.complete(first) == "completed"
    assert {a["variantId"] for a in campaign.activities()} == {one, None}


def test_a_variant_that_cannot_be_filled_in_fails_the_activity(tenant):
    campaign, _, (one,) = varied(tenant, "a-1", bodies=["{{nothing}}"])
    assert campaign.claim() == []
    (activity,) = campaign.activities("failed")
    assert activity["variantId"] == one and "nothing" in activity["detail"]


def test_analytics_count_what_came_of_each_variant(tenant):
    campaign, step, (one,) = varied(tenant, *crowd(4), bodies=["One"])
    done, replied, late, failed = campaign.claim()
    assert list(campaign.details()["analytics"]["variants"][0]) == [
        "variantId", "stepId", "done", "accepted", "replied"]
    campaign.complete(done)
    campaign.complete(done)
    campaign.complete(replied, "replied")
    campaign.complete(late)
    campaign.complete(late, "replied")
    campaign.complete(late, "replied")
    campaign.complete(failed, "failed")
    assert campaign.details()["analytics"]["variants"] == [
        {"variantId": one, "stepId": step, "done": 3, "accepted": 0, "replied": 2}]


def test_an_acceptance_counts_for_the_variant_of_the_invitation(tenant):
    campaign, invitation, (one, two) = varied(tenant, *crowd(20), steps=[INVITATION, MESSAGE],
                                              bodies=["One", "Two"])
    message = step_of(campaign, 1)
    other = campaign.add_variant(message, "Thanks")
    invited = Counter()
    for activity in campaign.claim():
        campaign.complete(activity)
        invited[activity["variantId"]] += 1
    for activity in campaign.claim():
        campaign.complete(activity)
    assert campaign.details()["analytics"]["variants"] == [
        {"variantId": one, "stepId": invitation, "done": invited[one], "accepted": invited[one],
         "replied": 0},
        {"variantId": two, "stepId": invitation, "done": invited[two], "accepted": invited[two],
         "replied": 0},
        {"variantId": other, "stepId": message, "done": 20, "accepted": 0, "replied": 0}]


def test_an_acceptance_that_is_told_later_counts_once(tenant):
    campaign, step, (one,) = varied(tenant, "a-1", "b-2", steps=[INVITATION, {**MESSAGE, "delay": 1}],
                                    bodies=["One"])
    first, second = campaign.claim()
    for activity in (first, second):
        campaign.complete(activity)
    campaign.complete(first, accepted=True)
    campaign.complete(first, accepted=True)
    campaign.complete(first, "replied")
    assert campaign.details()["analytics"]["variants"] == [
        {"variantId": one, "stepId": step, "done": 2, "accepted": 1, "replied": 1}]


def test_variants_go_with_their_step_and_campaign(tenant):
    campaign, step, _ = varied(tenant, "a-1", steps=[MESSAGE, MESSAGE])
    (left,) = campaign.delete_step(step)["steps"]
    assert left["order"] == 1 and left["variants"] == []
    assert campaign.details()["analytics"]["variants"] == []


@sqlite_only("restarts on its own folder")
def test_variants_and_the_choice_stay_over_a_restart():
    with Server() as server:
        tenant = server.tenant()
        campaign, _, _ = varied(tenant, *crowd(30))
        before = campaign.sequence()
        first = {a["leadId"]: a["variantId"] for a in campaign.claim(lease=1)}
        server.restart()
        campaign.api = server.api(tenant.key)
        assert campaign.sequence() == before
        campaign.add("after-restart")
        got = {}
        while len(got) < 31:
            got.update({a["leadId"]: a["variantId"] for a in campaign.claim()})
        assert first.items() <= got.items()
