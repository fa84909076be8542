"""The sender's side: activate, claim, complete, and the list of what was handed out."""

import threading
import time
from collections import Counter

import pytest

from support import expect
from support.campaigns import (ACTIVITY, CLAIMED, INVITATION, MESSAGE, VISIT, Campaign, crowd,
                               moment, names, seconds_from_now)
from support.moved_clock import MovedClock
from support.server import Server

HOUR = 3600


# Activating and pausing


def test_without_steps_a_campaign_is_not_ready(tenant):
    campaign = Campaign(tenant, "a-1", steps=(), active=False)
    expect.error(campaign.api.put(campaign.path + "/activate"), 409, "campaign_not_ready")
    assert campaign.status == "draft"
    assert campaign.claim() == []


def test_without_leads_a_campaign_is_not_ready(tenant):
    campaign = Campaign(tenant)
    expect.error(campaign.api.put(campaign.path + "/activate"), 409, "campaign_not_ready")
    assert campaign.status == "draft"


def test_a_paused_campaign_that_lost_its_steps_is_not_ready(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.pause()
    campaign.delete_step(campaign.sequence()[0]["id"])
    expect.error(campaign.api.put(campaign.path + "/activate"), 409, "campaign_not_ready")
    assert campaign.status == "paused"


def test_a_draft_hands_nothing_out(tenant):
    campaign = Campaign(tenant, "a-1", active=False)
    assert campaign.claim() == []
    assert campaign.lead("a-1")["status"] == "waiting"


def test_a_paused_campaign_hands_nothing_out_and_goes_on_when_activated(tenant):
    campaign = Campaign(tenant, "a-1")
    campaign.pause()
    assert campaign.status == "paused"
    assert campaign.claim() == []
    campaign.activate()
    assert names(campaign.claim()) == ["a-1"]


def test_activating_an_active_campaign_changes_nothing(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[{**VISIT, "delay": 5}])
    before = campaign.explain("a-1")
    campaign.activate()
    assert campaign.explain("a-1") == before
    assert campaign.status == "active"


def test_leases_that_are_out_may_be_completed_while_the_campaign_is_paused(tenant):
    campaign = Campaign(tenant, "a-1", steps=[VISIT, VISIT])
    activity = campaign.claim_one()
    campaign.pause()
    assert campaign.complete(activity) == "active"
    assert campaign.status == "paused"
    assert campaign.claim() == []
    campaign.activate()
    assert campaign.claim_one()["order"] == 2


# Claiming


def test_a_claimed_activity_has_exactly_the_promised_fields(tenant):
    lead = {"publicIdentifier": "john-doe", "memberId": "ACoAA" + "x" * 35, "firstName": "John",
            "lastName": "Doe", "companyName": "Example", "variables": {"topic": "tea"}}
    campaign = Campaign(tenant, lead)
    activity = campaign.claim_one(lease=60)
    assert activity.keys() == CLAIMED
    assert activity.items() >= lead.items()
    (step,) = campaign.sequence()
    assert activity["leadId"] == campaign.lead_id("john-doe")
    assert (activity["stepId"], activity["order"], activity["type"], activity["attempt"]) == (
        step["id"], 1, "message", 1)
    assert activity["message"] == "Hello John"
    assert len(activity["leaseToken"]) >= 16
    assert expect.is_time(activity["leaseExpiresAt"])
    assert 55 < seconds_from_now(activity["leaseExpiresAt"]) <= 60.5


def test_what_a_lead_does_not_have_is_null(tenant):
    activity = Campaign(tenant, "john-doe", steps=[VISIT]).claim_one()
    assert activity.keys() == CLAIMED
    for name in ("memberId", "firstName", "lastName", "companyName", "message"):
        assert activity[name] is None, name
    assert activity["variables"] == {}


def test_a_claim_has_defaults(tenant):
    campaign = Campaign(tenant, *crowd(60))
    first = expect.ok(campaign.post_claim({}))
    assert len(first) == 50
    assert all(295 < seconds_from_now(entry["leaseExpiresAt"]) <= 300.5 for entry in first)
    assert len(expect.ok(campaign.post_claim({"leaseSeconds": 5}))) == 10


def test_a_claim_needs_no_body(tenant):
    assert names(expect.ok(Campaign(tenant, "a-1").post_claim(None))) == ["a-1"]


@pytest.mark.parametrize("body", [
    {"max": 0}, {"max": 10_001}, {"max": -1}, {"max": 1.5}, {"max": "5"}, {"max": True},
    {"max": 2**64}, {"max": []}, {"leaseSeconds": 0}, {"leaseSeconds": 86_401},
    {"leaseSeconds": -1}, {"leaseSeconds": 0.5}, {"leaseSeconds": "60"}, {"leaseSeconds": 2**63},
    [], [5]], ids=repr)
def test_a_bad_claim_is_400_and_hands_nothing_out(tenant, body):
    campaign = Campaign(tenant, "a-1")
    expect.error(campaign.post_claim(body), 400, "invalid_body", "invalid_parameter")
    assert campaign.activities() == []
    assert campaign.claim_one()["attempt"] == 1


@pytest.mark.parametrize("most, lease", [(1, 1), (1, 86_400), (10_000, 1), (10_000, 86_400)])
def test_the_bounds_themselves_are_allowed(tenant, most, lease):
    campaign = Campaign(tenant, "a-1", "b-2")
    claimed = campaign.claim(most, lease)
    assert len(claimed) == min(most, 2)
    assert lease - 5 < seconds_from_now(claimed[0]["leaseExpiresAt"]) <= lease + 0.5


def test_ten_thousand_in_one_claim(tenant):
    campaign = Campaign(tenant, *crowd(10_000))
    claimed = campaign.claim(10_000)
    assert len({entry["leadId"] for entry in claimed}) == 10_000
    assert len({entry["leaseToken"] for entry in claimed}) == 10_000
    assert campaign.claim(10_000) == []


def test_nobody_else_gets_an_activity_while_its_lease_runs(server, tenant):
    """Many senders, each with a connection of its own: every lead is handed out once."""
    campaign = Campaign(tenant, *crowd(500))
    claimed, failures = [], []

    def send():
        api = server.api(tenant.key)
        try:
            while True:
                entries = expect.ok(api.post(campaign.path + "/activities/claim", {"max": 7}))
                if not entries:
                    return
                claimed.extend(entries)
        except BaseException as failure:
            failures.append(failure)
        finally:
            api.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sorted(names(claimed)) == crowd(500)
    assert len({entry["id"] for entry in claimed}) == 500
    assert campaign.claim() == []


def test_leads_that_are_further_come_first(tenant):
    campaign = Campaign(tenant, *crowd(6), steps=[VISIT, VISIT, VISIT])
    first = campaign.claim(most=3)
    for activity in first:
        campaign.complete(activity)
    further = campaign.claim(most=1)
    campaign.complete(further[0])
    rest = campaign.claim()
    assert [entry["order"] for entry in rest] == [3, 2, 2, 1, 1, 1]
    assert names(rest)[0] == names(further)[0]


def test_leads_that_wait_longest_come_first(tenant):
    campaign = Campaign(tenant, "a-1", steps=[VISIT, VISIT])
    for name in ("b-2", "c-3", "d-4"):
        time.sleep(0.002)
        campaign.add(name)
    assert names(campaign.claim(most=2)) == ["a-1", "b-2"]
    done = campaign.claim()
    assert names(done) == ["c-3", "d-4"]
    for activity in done[::-1]:
        campaign.complete(activity)
        time.sleep(0.002)
    assert names(campaign.claim()) == ["d-4", "c-3"]


def test_a_delay_counts_from_the_completion_of_the_step_before(tenant):
    campaign = Campaign(tenant, "a-1", steps=[VISIT, {**MESSAGE, "delay": 1}])
    assert campaign.complete(campaign.claim_one()) == "active"
    assert campaign.claim() == []
    (done,) = campaign.activities("done")
    explained = campaign.explain("a-1")
    due = moment(explained["dueAt"])
    assert abs(due - moment(done["completedAt"]) - 24 * HOUR) < 0.01
    assert explained["contact"] is True
    (scheduled,) = campaign.activities("scheduled")
    assert (scheduled["dueAt"], scheduled["order"]) == (explained["dueAt"], 2)
    assert campaign.status == "active"


def test_the_first_delay_counts_from_the_last_activation(tenant):
    campaign = Campaign(tenant, "a-1", steps=[{**VISIT, "delay": 365}])
    assert campaign.claim() == []
    before = moment(campaign.explain("a-1")["dueAt"])
    assert abs(before - time.time() - 8760 * HOUR) < 10
    campaign.pause()
    time.sleep(0.01)
    campaign.activate()
    after = moment(campaign.explain("a-1")["dueAt"])
    assert 0.01 <= after - before < 10
    campaign.add("b-2")
    assert moment(campaign.explain("b-2")["dueAt"]) == after
    assert campaign.claim() == []


# Completing


@pytest.mark.parametrize("result, stop, between, last", [
    ("done", True, "active", "completed"), ("done", False, "active", "completed"),
    ("replied", True, "completed", "completed"), ("replied", False, "active", "completed"),
    ("failed", True, "error", "error"), ("failed", False, "error", "error"),
    ("retry", True, "active", "active"), ("retry", False, "active", "active")])
def test_what_a_result_makes_of_the_lead(tenant, result, stop, between, last):
    step = {**VISIT, "stopOnReply": stop}
    for steps, status in (([step, step], between), ([step], last)):
        campaign = Campaign(tenant, "a-1", "b-2", steps=steps)
        activity = campaign.claim_one(most=1)
        body = expect.ok(campaign.report(activity, result))
        assert body.pop("message")
        assert body == {"success": True, "leadId": activity["leadId"], "status": status,
                        "blocked": False}
        assert campaign.lead(activity["publicIdentifier"])["status"] == status
        again = [entry["order"] for entry in campaign.claim()
                 if entry["leadId"] == activity["leadId"]]
        assert again == ([2] if status == "active" and result != "retry" else [])


def test_the_detail_is_kept_with_the_activity(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", "c-3")
    details = ["Profile is gone: 404 \"x\" 🎻\n", "é" * 500, None]
    claimed = campaign.claim()
    for activity, detail in zip(claimed, details):
        fields = {} if detail is None else {"detail": detail}
        campaign.complete(activity, "failed", **fields)
    kept = {entry["id"]: entry["detail"] for entry in campaign.activities("failed")}
    assert [kept[activity["id"]] for activity in claimed] == details


@pytest.mark.parametrize("fields", [
    {"result": None}, {"result": ""}, {"result": "Done"}, {"result": "sent"}, {"result": 1},
    {"result": ["done"]}, {"leaseToken": None}, {"leaseToken": 5}, {"leaseToken": ["x"]},
    {"detail": 5}, {"detail": "é" * 501}, {"detail": ["x"]}, {"detail": "a\0b"},
    {"accepted": "yes"}, {"accepted": 1}], ids=lambda fields: repr(fields)[:40])
def test_a_bad_report_is_400_and_changes_nothing(tenant, fields):
    campaign = Campaign(tenant, "a-1")
    activity = campaign.claim_one()
    before = campaign.activities(), campaign.leads()
    body = {"leaseToken": activity["leaseToken"], "result": "done", **fields}
    response = campaign.api.post(f"/activities/{activity['id']}/complete", body)
    expect.error(response, 400, "invalid_body")
    assert (campaign.activities(), campaign.leads()) == before
    assert campaign.complete(activity) == "completed"


@pytest.mark.parametrize("missing", ["leaseToken", "result"])
def test_a_report_without_token_or_result_is_400(tenant, missing):
    campaign = Campaign(tenant, "a-1")
    activity = campaign.claim_one()
    body = {"leaseToken": activity["leaseToken"], "result": "done"}
    del body[missing]
    response = campaign.api.post(f"/activities/{activity['id']}/complete", body)
    expect.error(response, 400, "invalid_body")
    assert [entry["state"] for entry in campaign.activities()] == ["claimed"]


def test_a_wrong_token_is_409_and_changes_nothing(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    one, two = campaign.claim()
    token = one["leaseToken"]
    for wrong in ("nonsense", token + "0", token[:-1], two["leaseToken"], "x" * 4000,
                  token[:-1] + ("0" if token[-1] != "0" else "1")):
        expect.error(campaign.report({**one, "leaseToken": wrong}), 409, "lease_lost")
    assert [entry["state"] for entry in campaign.activities()] == ["claimed"] * 2
    assert campaign.complete(one) == campaign.complete(two) == "completed"


@pytest.mark.parametrize("activity", ["ac_999999999_1", "ac_1_999999999", "ac_", "ac_1", "nonsense",
                                      "0", "-1", "%20", "x" * 300, "ac_1_1_1",
                                      "ac_18446744073709551616_1"])
def test_an_unknown_activity_is_404(tenant, activity):
    campaign = Campaign(tenant, "a-1")
    token = campaign.claim_one()["leaseToken"]
    response = campaign.report({"id": activity, "leaseToken": token})
    expect.error(response, 404, "activity_not_found")
    assert [entry["state"] for entry in campaign.activities()] == ["claimed"]


def test_an_activity_that_is_not_claimed_is_409(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    token = campaign.claim_one(most=1)["leaseToken"]
    (scheduled,) = campaign.activities("scheduled")
    response = campaign.report({"id": scheduled["id"], "leaseToken": token})
    expect.error(response, 409, "lease_lost")
    assert len(campaign.activities("scheduled")) == 1


@pytest.mark.parametrize("result", ["done", "replied", "failed", "retry"])
def test_repeating_a_report_answers_like_the_first_and_changes_nothing(tenant, result):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    activity = campaign.claim_one(most=1)
    first = campaign.report(activity, result, detail="first")
    expect.ok(first)
    before = campaign.activities(), campaign.leads(), campaign.details()
    for _ in range(2):
        again = campaign.report(activity, result, detail="first")
        assert (again.status, again.body) == (first.status, first.body)
    assert (campaign.activities(), campaign.leads(), campaign.details()) == before


def test_repeating_a_report_after_the_lead_went_on_leaves_the_next_step_alone(tenant):
    campaign = Campaign(tenant, "a-1", steps=[VISIT, VISIT])
    first = campaign.claim_one()
    campaign.complete(first)
    second = campaign.claim_one()
    assert expect.ok(campaign.report(first))["leadId"] == first["leadId"]
    assert [entry["order"] for entry in campaign.activities("claimed")] == [2]
    assert campaign.complete(second) == "completed"


def test_another_result_with_a_used_token_never_turns_done_into_failed(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    activity = campaign.claim_one(most=1)
    campaign.complete(activity)
    before = campaign.activities(), campaign.leads()
    for result in ("failed", "retry"):
        response = campaign.report(activity, result)
        assert response.status in (200, 409), response
        assert (campaign.activities(), campaign.leads()) == before


@pytest.mark.parametrize("stop, status", [(True, "completed"), (False, "active")])
def test_a_reply_may_come_after_done(tenant, stop, status):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[{**VISIT, "stopOnReply": stop}, VISIT])
    activity = campaign.claim_one(most=1)
    assert campaign.complete(activity) == "active"
    assert campaign.complete(activity, "replied") == status
    assert campaign.complete(activity, "replied") == status
    assert names(campaign.activities("replied")) == [activity["publicIdentifier"]]
    assert campaign.activities("done") == []
    orders = {entry["leadId"]: entry["order"] for entry in campaign.claim()}
    assert orders.get(activity["leadId"]) == (None if stop else 2)


def test_a_reply_may_come_after_failed_and_after_the_last_step(tenant):
    campaign = Campaign(tenant, "a-1", "b-2")
    one, two = campaign.claim()
    assert campaign.complete(one, "failed") == "error"
    assert campaign.complete(two) == "completed"
    assert campaign.complete(one, "replied") == "completed"
    assert campaign.complete(two, "replied") == "completed"
    assert len(campaign.activities("replied")) == 2
    assert (campaign.status, campaign.progress) == ("completed", 100)


def test_done_after_replied_takes_nothing_back(tenant):
    campaign = Campaign(tenant, "a-1", "b-2", steps=[VISIT, VISIT])
    activity = campaign.claim_one(most=1)
    assert campaign.complete(activity, "replied") == "completed"
    response = campaign.report(activity, "done")
    assert response.status in (200, 409), response
    assert campaign.lead(activity["publicIdentifier"])["status"] == "completed"
    assert len(campaign.activities("replied")) == 1


# Leases


@pytest.fixture(scope="module")
def passing():
    """A tenant of a server for which a test lets time pass."""
    with MovedClock() as clock, \
            Server("--retry-backoff", "60", "--max-attempts", "3", env=clock.env) as server:
        tenant = server.tenant()
        tenant.clock = clock
        yield tenant


def test_a_lease_that_runs_out_is_offered_again_with_another_token(passing):
    campaign = Campaign(passing, "a-1")
    first = campaign.claim_one(lease=60)
    assert campaign.claim() == []
    passing.clock.let_pass(61)
    second = campaign.claim_one()
    assert (second["id"], second["stepId"], second["attempt"]) == (first["id"], first["stepId"], 2)
    assert second["leaseToken"] != first["leaseToken"]
    expect.error(campaign.report(first), 409, "lease_lost")
    expect.error(campaign.report(first, "failed"), 409, "lease_lost")
    assert [entry["state"] for entry in campaign.activities()] == ["claimed"]
    assert campaign.complete(second) == "completed"
    expect.error(campaign.report(first), 409, "lease_lost")


def test_a_late_report_counts_while_nobody_else_has_claimed(passing):
    campaign = Campaign(passing, "a-1", "b-2", steps=[VISIT, VISIT])
    claimed = campaign.claim(lease=60)
    passing.clock.let_pass(61)
    for activity in claimed:
        assert campaign.complete(activity) == "active"
    again = campaign.claim()
    assert [entry["order"] for entry in again] == [2, 2]
    assert [entry["attempt"] for entry in again] == [1, 1]


@pytest.mark.parametrize("stop, status", [(True, "completed"), (False, "active")])
def test_a_reply_to_a_step_that_the_lead_no_longer_waits_for_ends_it(tenant, stop, status):
    """Its lease ran out, it was deleted, and the lead went on: the next step must not go out."""
    campaign = Campaign(tenant, "a-1", steps=[{**VISIT, "stopOnReply": stop}, {**VISIT, "delay": 1}])
    activity = campaign.claim_one(lease=1)
    campaign.delete_step(activity["stepId"])
    until = time.monotonic() + 60
    while not campaign.activities("scheduled"):
        assert campaign.claim() == [] and time.monotonic() < until
        time.sleep(0.05)
    assert campaign.complete(activity, "replied") == status
    assert campaign.lead("a-1")["status"] == status
    assert len(campaign.activities("scheduled")) == (0 if stop else 1)


# Retries


def test_a_retry_is_offered_again_after_the_back_off(tenant):
    campaign = Campaign(tenant, "a-1")
    assert campaign.complete(campaign.claim_one(), "retry", detail="busy") == "active"
    assert campaign.claim() == []
    explained = campaign.explain("a-1")
    assert 50 < seconds_from_now(explained["dueAt"]) <= 60.5
    assert explained["contact"] is True
    (scheduled,) = campaign.activities("scheduled")
    assert (scheduled["dueAt"], scheduled["attempts"]) == (explained["dueAt"], 1)
    assert campaign.status == "active"


def test_the_back_off_doubles_until_the_attempts_are_used_up(passing):
    campaign = Campaign(passing, "a-1", "b-2")
    other = campaign.claim_one(most=1, lease=600)
    for attempt, pause in ((1, 60), (2, 120)):
        activity = campaign.claim_one()
        assert activity["attempt"] == attempt
        assert campaign.complete(activity, "retry") == "active"
        assert campaign.claim() == []
        due = seconds_from_now(campaign.explain(activity["publicIdentifier"])["dueAt"])
        assert pause - 30 < due - passing.clock.passed_s <= pause + 0.1
        passing.clock.let_pass(pause + 1)
    activity = campaign.claim_one()
    assert activity["attempt"] == 3
    assert campaign.complete(activity, "retry", detail="still busy") == "error"
    assert campaign.lead(activity["publicIdentifier"])["status"] == "error"
    (failed,) = campaign.activities("failed")
    assert (failed["attempts"], failed["detail"]) == (3, "still busy")
    assert campaign.complete(other) == "completed"
    assert (campaign.status, campaign.progress) == ("completed", 100)


# The list


def test_an_activity_is_listed_with_exactly_the_promised_fields(tenant):
    campaign = Campaign(tenant, "a-1")
    activity = campaign.claim_one()
    (listed,) = campaign.activities()
    assert listed.keys() == ACTIVITY
    for name in ("id", "type", "leadId", "publicIdentifier", "stepId", "order", "leaseExpiresAt"):
        assert listed[name] == activity[name], name
    assert (listed["state"], listed["attempts"]) == ("claimed", 1)
    assert expect.is_time(listed["claimedAt"])
    assert listed["completedAt"] is None and listed["detail"] is None
    campaign.complete(activity)
    (listed,) = campaign.activities()
    assert listed.keys() == ACTIVITY
    assert listed["state"] == "done"
    assert expect.is_time(listed["completedAt"])


def test_a_token_is_shown_to_its_claimant_only(tenant):
    campaign = Campaign(tenant, "a-1")
    token = campaign.claim_one()["leaseToken"].encode()
    for response in (campaign.get_activities(), campaign.get_leads(),
                     campaign.api.get(campaign.path)):
        assert response.status == 200 and token not in response.body


def test_activities_are_listed_by_state(tenant):
    campaign = Campaign(tenant, *crowd(10), steps=[VISIT, INVITATION])
    claimed = campaign.claim(most=7)
    for activity, result in zip(claimed, ["done", "done", "replied", "failed", "failed"]):
        campaign.complete(activity, result)
    handed_out = {"claimed": names(claimed[5:]), "done": names(claimed[:2]),
                  "replied": names(claimed[2:3]), "failed": names(claimed[3:5])}
    for state, people in handed_out.items():
        entries = campaign.activities(state)
        assert {entry["state"] for entry in entries} == {state}
        assert sorted(names(entries)) == sorted(people)
        assert all(entry.keys() == ACTIVITY for entry in entries)
    everything = campaign.activities()
    assert Counter(entry["state"] for entry in everything) == {
        state: len(people) for state, people in handed_out.items()}
    scheduled = campaign.activities("scheduled")
    due = Counter(names(claimed[:2]))
    due.update(set(crowd(10)) - set(names(claimed)))
    assert Counter(names(scheduled)) == due
    assert all(entry["claimedAt"] is None and entry["completedAt"] is None for entry in scheduled)
    assert campaign.activities("skipped_blocked") == []


def test_the_latest_change_comes_first(tenant):
    campaign = Campaign(tenant, *crowd(5))
    claimed = campaign.claim()
    order = [claimed[place] for place in (3, 0, 4)]
    for activity in order:
        time.sleep(0.002)
        campaign.complete(activity)
    assert names(campaign.activities("done")) == names(order)[::-1]
    assert names(campaign.activities())[:3] == names(order)[::-1]
    time.sleep(0.002)
    campaign.complete(order[0], "replied")
    assert names(campaign.activities())[0] == names(order)[0]


@pytest.mark.parametrize("state", ["claimed", "scheduled", "done", "skipped_blocked"])
def test_activities_come_in_pages(tenant, state):
    people = crowd(25)
    campaign = Campaign(tenant, *people)
    if state == "skipped_blocked":
        campaign.block(*people)
    elif state != "scheduled":
        for activity in campaign.claim():
            if state == "done":
                campaign.complete(activity)
    whole = campaign.activities(state)
    assert sorted(names(whole)) == people
    assert expect.ok(campaign.get_activities(f"state={state}")) == whole[:10]
    for skip, take in ((0, 1), (3, 10), (20, 10), (25, 1)):
        page = campaign.activities(state, f"skip={skip}&take={take}")
        assert page == whole[skip : skip + take], (skip, take)


@pytest.mark.parametrize("query", ["take=101", "take=-1", "take=x", "take=", "skip=-1", "skip=x",
                                   "state=unknown", "state=", "state=CLAIMED"])
def test_a_bad_parameter_is_400(tenant, query):
    campaign = Campaign(tenant)
    expect.error(campaign.get_activities(query), 400, "invalid_parameter")


def test_a_campaign_that_handed_nothing_out_has_an_empty_list(tenant):
    campaign = Campaign(tenant, "a-1", active=False)
    for state in (None, "claimed", "done", "replied", "failed", "skipped_blocked"):
        assert campaign.activities(state) == []


# Licenses


@pytest.fixture(params=[("starter", "license_required"), ("pro", "license_expired"),
                        ("agency", "license_expired")], ids=lambda param: " ".join(param))
def weak(request, server):
    """A campaign that was at work when its workspace's license ended."""
    plan, code = request.param
    campaign = Campaign(server.tenant("pro"), *crowd(4), steps=[VISIT, VISIT])
    campaign.held = campaign.claim_one(most=1)
    if code == "license_expired":
        server.end_license(campaign.tenant.workspace, plan)
    else:
        server.cli("workspace", "set-plan", campaign.tenant.workspace, plan)
    campaign.code = code
    return campaign


def test_without_a_license_nothing_is_handed_out(server, weak):
    for body in ({"max": 1}, {"max": 0}, b"{"):
        expect.error(weak.post_claim(body), 403, weak.code)
    expect.error(weak.api.post("/campaigns/missing/activities/claim", {}), 403, weak.code)
    assert len(weak.activities()) == 1
    server.cli("workspace", "set-plan", weak.tenant.workspace, "agency")
    assert len(weak.claim()) == 3


def test_without_a_license_all_else_goes_on(weak):
    assert weak.complete(weak.held) == "active"
    response = weak.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "lead-00003"}]})
    expect.blocked_result(response, 1)
    assert weak.lead("lead-00003")["blockedScope"] == "workspace"
    assert expect.ok(weak.api.get(weak.blocks + "/lead-00003"))["blocked"] is True
    assert weak.add("new-1") == (1, 0, 0)
    assert weak.set_status("new-1", "paused") == "paused"
    weak.delete_lead("new-1")
    assert weak.explain("lead-00003")["blocked"] is True
    weak.pause()
    weak.add_step()
    weak.activate()
    assert weak.status == "active"
