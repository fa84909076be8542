"""What a campaign says of itself: status, progress, counts and rates."""

import pytest

from support import expect
from support.campaigns import INVITATION, MESSAGE, VISIT, Campaign, crowd, names

COUNTS = ("waiting", "active", "paused", "completed", "error", "blocked")


def counts(campaign):
    leads = campaign.details()["analytics"]["leads"]
    assert leads.keys() == {*COUNTS, "skippedContacted"}
    return tuple(leads[name] for name in COUNTS)


def rates(campaign):
    analytics = campaign.details()["analytics"]
    assert analytics.keys() == {"acceptanceRate", "responseRate", "totalLeads", "leads",
                                "variants"}
    return analytics["acceptanceRate"], analytics["responseRate"]


def test_a_campaign_without_leads_counts_nothing(tenant):
    campaign = Campaign(tenant)
    assert counts(campaign) == (0,) * 6
    assert rates(campaign) == (0, 0)
    details = campaign.details()
    assert (details["progress"], details["analytics"]["totalLeads"]) == (0, 0)


def test_leads_are_counted_by_status_and_the_blocked_ones_twice(tenant):
    campaign = Campaign(tenant, *crowd(20), steps=[VISIT, VISIT])
    claimed = campaign.claim(most=12)
    for activity, result in zip(claimed, ["failed"] * 2 + ["replied"] * 3 + ["done"] * 4):
        campaign.complete(activity, result)
    waiting = names(campaign.leads("status=waiting"))
    campaign.set_status(waiting[0], "paused")
    assert counts(campaign) == (7, 7, 1, 3, 2, 0)
    assert campaign.progress == 25
    campaign.block(names(claimed)[0], names(claimed)[2])  # in error and completed: not counted
    assert counts(campaign) == (7, 7, 1, 3, 2, 0)
    assert campaign.progress == 25
    campaign.block(names(claimed)[5], names(claimed)[11], *waiting[:2])
    assert counts(campaign) == (7, 7, 1, 3, 2, 4)
    assert campaign.progress == 45
    assert campaign.details()["analytics"]["totalLeads"] == 20


def test_progress_is_rounded_down(tenant):
    campaign = Campaign(tenant, *crowd(3), steps=[VISIT])
    seen = [campaign.progress]
    while claimed := campaign.claim(most=1):
        campaign.complete(claimed[0])
        seen.append(campaign.progress)
    assert seen == [0, 33, 66, 100]
    assert campaign.status == "completed"


def test_progress_is_not_100_before_the_last_lead(tenant):
    campaign = Campaign(tenant, *crowd(300), steps=[VISIT])
    claimed = campaign.claim(most=300)
    for activity in claimed[:-1]:
        campaign.complete(activity)
    assert (campaign.status, campaign.progress) == ("active", 99)
    campaign.complete(claimed[-1])
    assert (campaign.status, campaign.progress) == ("completed", 100)


def test_steps_that_are_done_are_no_progress_until_the_lead_is_finished(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    for activity in campaign.claim():
        campaign.complete(activity)
    assert campaign.progress == 0
    assert counts(campaign) == (0, 2, 0, 0, 0, 0)


@pytest.mark.parametrize("status", ["completed", "error"])
def test_setting_the_last_open_lead_to_an_end_completes_the_campaign(tenant, status):
    campaign = Campaign(tenant, "a-1")
    campaign.set_status("a-1", status)
    assert (campaign.status, campaign.progress) == ("completed", 100)


def test_the_last_failure_completes_the_campaign(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    for activity in campaign.claim():
        campaign.complete(activity, "failed")
    assert (campaign.status, campaign.progress) == ("completed", 100)
    assert counts(campaign) == (0, 0, 0, 0, 2, 0)


def test_a_claim_alone_completes_nothing(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.claim()
    assert (campaign.status, campaign.progress) == ("active", 0)
    assert counts(campaign) == (0, 1, 0, 0, 0, 0)


def test_a_paused_campaign_whose_last_lead_ends_is_completed_on_activation(tenant):
    campaign = Campaign(tenant, "a-1")
    activity = campaign.claim_one()
    campaign.pause()
    campaign.complete(activity)
    assert (campaign.status, campaign.progress) == ("paused", 100)
    campaign.activate()
    assert campaign.status == "completed"


def test_campaigns_are_listed_by_their_present_status_and_with_their_counts(fresh):
    draft = Campaign(fresh, "a-1", active=False)
    active = Campaign(fresh, "a-1")
    completed = Campaign(fresh, "a-1")
    completed.block("a-1")
    paused = Campaign(fresh, "a-1")
    paused.pause()
    for status, campaign in (("draft", draft), ("active", active), ("completed", completed),
                             ("paused", paused)):
        response = fresh.api.get(f"/campaigns?status={status}")
        assert expect.ok(response) == [campaign.details()]
        assert response.json()[0]["status"] == status
        assert response.header("x-total-count") == "1"
    assert expect.ok(fresh.api.get("/campaigns")) == [
        campaign.details() for campaign in (paused, completed, active, draft)]


# Rates


def test_invitations_that_are_done_are_no_acceptance(tenant):
    campaign = Campaign(tenant, *crowd(4), steps=[INVITATION, {**MESSAGE, "delay": 1}])
    for activity in campaign.claim():
        campaign.complete(activity)
    assert rates(campaign) == (0, 0)


def test_acceptance_as_far_as_the_sender_knows(tenant):
    campaign = Campaign(tenant, *crowd(8), steps=[INVITATION, {**MESSAGE, "delay": 1}])
    claimed = campaign.claim(most=4)
    campaign.complete(claimed[0], accepted=True)
    campaign.complete(claimed[1], accepted=False)
    campaign.complete(claimed[2])
    assert rates(campaign)[0] == pytest.approx(1 / 3, abs=0.001)
    campaign.complete(claimed[3])
    assert rates(campaign) == (0.25, 0)


def test_a_message_that_is_done_means_that_the_invitation_was_accepted(tenant):
    campaign = Campaign(tenant, *crowd(4), steps=[INVITATION, MESSAGE])
    for activity in campaign.claim():
        campaign.complete(activity)
    messages = campaign.claim(most=2)
    assert [activity["type"] for activity in messages] == ["message"] * 2
    campaign.complete(messages[0])
    assert rates(campaign) == (0.25, 0)
    campaign.complete(messages[1], "failed")
    assert rates(campaign) == (0.25, 0)


def test_a_visit_says_nothing_about_acceptance_or_response(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, INVITATION])
    for activity in campaign.claim():
        campaign.complete(activity)
    assert rates(campaign) == (0, 0)


def test_replies_count_among_those_who_were_written_to(tenant):
    campaign = Campaign(tenant, *crowd(8), steps=[MESSAGE, {**MESSAGE, "delay": 1}])
    claimed = campaign.claim(most=5)
    for activity, result in zip(claimed, ["replied", "done", "done", "done", "failed"]):
        campaign.complete(activity, result)
    assert rates(campaign) == (0, 0.25)
    campaign.complete(claimed[1], "replied")
    assert rates(campaign) == (0, 0.5)


def test_a_reply_to_an_invitation_is_response_and_acceptance(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[INVITATION])
    one, two = campaign.claim()
    campaign.complete(one, "replied")
    campaign.complete(two)
    assert rates(campaign) == (0.5, 0.5)


def test_a_lead_counts_once_however_often_it_is_written_to(tenant):
    step = {**MESSAGE, "stopOnReply": False}
    campaign = Campaign(tenant, "a-1", "b-2",
                        steps=[{**INVITATION, "stopOnReply": False}, step, step])
    while claimed := campaign.claim():
        for activity in claimed:
            result = "replied" if activity["publicIdentifier"] == "a-1" else "done"
            campaign.complete(activity, result)
    assert rates(campaign) == (1, 0.5)


def test_a_deleted_lead_counts_no_more(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", "c-3", steps=[MESSAGE])
    claimed = campaign.claim()
    campaign.complete(claimed[0], "replied")
    campaign.complete(claimed[1])
    assert rates(campaign)[1] == 0.5
    campaign.delete_lead(names(claimed)[1])
    assert rates(campaign)[1] == 1
    assert campaign.details()["analytics"]["totalLeads"] == 2
    assert campaign.progress == 50
