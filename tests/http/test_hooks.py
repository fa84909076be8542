"""Subscriptions to events, and what receivers get: signed, in order, at least once; and where the
server does not send anything."""

import time

import pytest

from support import expect, receiver
from support.campaigns import Campaign
from support.moved_clock import MovedClock
from support.openapi import Description
from support.receiver import Receiver
from support.server import Server
from support.waiting import eventually

DESCRIPTION = Description()
OWN_NETWORK = ("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1")
FIELDS = {"id", "url", "type", "campaignId", "createdAt", "status"}
LISTED = FIELDS | {"failedTries", "failingSince", "nextTryAt", "missed", "by"}
DELIVERY = {"id", "eventId", "kind", "status", "tries", "firstTryAt", "lastTryAt", "responseStatus",
            "durationMs", "bytes", "error"}


@pytest.fixture(scope="module")
def hooked():
    with Server(*OWN_NETWORK) as server:
        yield server


@pytest.fixture
def tenant(hooked):
    return hooked.tenant("pro")


@pytest.fixture
def api(tenant):
    return tenant.api


@pytest.fixture
def there():
    with Receiver() as made:
        yield made
    for delivery in made.got:
        DESCRIPTION.check_delivery(delivery.headers, delivery.body)


def subscribe(api, url, kind="lead_blocked", **more):
    return expect.ok(api.post("/zapier/hooks/subscribe", {"url": url, "type": kind, **more}))


def block(api, *names):
    leads = [{"publicIdentifier": name} for name in names]
    return expect.ok(api.post("/blocked-leads", {"leads": leads}))


def hooks(api, query=""):
    return expect.ok(api.get("/hooks/list" + query))


def deliveries(api, hook, query=""):
    return expect.ok(api.get(f"/hooks/{hook['id']}/deliveries{query}"))


def put(api, hook, action):
    return expect.ok(api.put(f"/hooks/{hook['id']}", {"action": action}))


# --- Subscriptions ---


def test_a_subscription_has_a_secret_once(api, there):
    made = subscribe(api, there.url())
    assert made.keys() == FIELDS | {"secret"}
    assert made["secret"].startswith("whsec_") and made["status"] == "active"
    again = subscribe(api, there.url())
    assert again == {key: value for key, value in made.items() if key != "secret"}
    (listed,) = hooks(api)
    assert listed.keys() == LISTED and {key: listed[key] for key in FIELDS} == again
    assert listed["by"]["type"] == "key"


def test_url_type_and_campaign_are_the_key(tenant, api, there):
    campaign = Campaign(tenant, "a-1")
    made = [subscribe(api, there.url(), kind, **more) for kind in ("lead_blocked", "lead_unblocked")
            for more in ({}, {"campaignId": campaign.id})]
    assert len({each["id"] for each in made}) == 4
    assert {each["id"] for each in hooks(api)} == {each["id"] for each in made}
    assert [each["id"] for each in hooks(api, f"?type=lead_blocked&campaignId={campaign.id}")] \
        == [made[1]["id"]]
    gone = {"url": there.url(), "type": "lead_blocked"}
    answer = expect.ok(api.delete("/zapier/hooks/unsubscribe", gone))
    assert answer == {"message": "Webhook unsubscribed successfully"}
    assert [each["type"] for each in hooks(api)] == ["lead_unblocked"] * 2
    assert expect.ok(api.delete("/zapier/hooks/unsubscribe", gone)) == answer


@pytest.mark.parametrize("body, words", [
    ({"url": "x", "type": "lead_blocked"}, "https://"),
    ({"type": "lead_blocked"}, "url"),
    ({"url": "https://example.com/", "type": "inmail_sent"}, "LinkedIn account"),
    ({"url": "https://example.com/"}, "type"),
    ({"url": "https://example.com/", "type": "lead_blocked", "campaignId": 1}, "campaignId"),
], ids=str)
def test_what_cannot_be_subscribed_to(api, body, words):
    error = expect.error(api.post("/zapier/hooks/subscribe", body), 400, "invalid_body")
    assert words in error["message"]


def test_a_campaign_must_exist(api):
    body = {"url": "https://example.com/", "type": "lead_blocked", "campaignId": "none"}
    expect.error(api.post("/zapier/hooks/subscribe", body), 404, "campaign_not_found")


def test_subscriptions_are_limited():
    with Server(*OWN_NETWORK, "--max-workspace-hooks", "2") as server:
        api = server.tenant("pro").api
        for number in range(2):
            subscribe(api, f"http://127.0.0.1:9/{number}")
        body = {"url": "http://127.0.0.1:9/2", "type": "lead_blocked"}
        error = expect.error(api.post("/zapier/hooks/subscribe", body), 409, "limit_reached")
        assert "max-workspace-hooks" in error["message"]
        subscribe(api, "http://127.0.0.1:9/1")  # is there already


def test_subscribing_is_limited_in_time(api):
    answers = [api.post("/zapier/hooks/subscribe", {"url": "http://127.0.0.1:9/",
                                                    "type": "lead_blocked"}) for _ in range(40)]
    assert {each.status for each in answers} == {200, 429}
    expect.error(answers[-1], 429, "rate_limited")


def test_resuming_is_no_way_around_the_pauses_between_tries(api):
    path = f"/hooks/{subscribe(api, 'http://127.0.0.1:9/')['id']}"
    answers = (api.put(path, {"action": "resume"}) for _ in range(400))
    refused = next(answer for answer in answers if answer.status != 200)
    expect.error(refused, 429, "rate_limited")
    expect.ok(api.put(path, {"action": "pause"}))


def test_other_workspaces_see_nothing_of_it(hooked, api, there):
    made = subscribe(api, there.url())
    other = hooked.tenant("pro").api
    assert hooks(other) == []
    path = f"/hooks/{made['id']}"
    for response in (other.put(path, {"action": "pause"}), other.delete(path),
                     other.post(path + "/test"), other.get(path + "/deliveries"),
                     other.post(path + "/deliveries/dl_1/retry")):
        expect.error(response, 404, "hook_not_found")
    block(other, "not-yours")
    block(api, "yours")
    assert there.wait(1)[0].names() == ["yours"] and len(there.rest()) == 1


def test_it_is_in_the_audit_log(api, there):
    made = subscribe(api, there.url())
    for action in ("pause", "resume", "rotate"):
        put(api, made, action)
    expect.ok(api.delete(f"/hooks/{made['id']}"))
    told = [each["action"] for each in expect.ok(api.get("/audit")) if each["target"] == made["id"]]
    assert told == ["hook.unsubscribe", "hook.rotate", "hook.resume", "hook.pause", "hook.subscribe"]


def test_the_audit_names_the_host_that_a_subscription_sends_to_and_no_more(tenant, there):
    made = subscribe(tenant.api, there.url("/my-secret-path"))
    entry = expect.ok(tenant.api.get(f"/audit?target={made['id']}"))[0]
    assert entry["targetName"] == there.url("").split("//")[1].rstrip("/")
    expect.ok(tenant.api.delete(f"/hooks/{made['id']}"))
    assert expect.ok(tenant.api.get(f"/audit?target={made['id']}"))[0]["targetName"] is None


def test_secrets_and_urls_are_in_no_log(tenant, there, hooked):
    made = subscribe(tenant.api, there.url("/my-secret-path"))
    block(tenant.api, "someone")
    there.wait(1)
    log = hooked.log_text()
    assert made["secret"] not in log and "my-secret-path" not in log


# --- Delivery ---


def test_a_block_arrives_within_a_second_signed(api, there):
    made = subscribe(api, there.url("/here?x=1"))
    for number in range(3):  # a pause of the machine is not in each
        begun = time.monotonic()
        block(api, name := f"jane-doe-{number}")
        got = there.wait(number + 1)[number]
        if got.at - begun < 1:
            break
    assert got.at - begun < 1
    assert got.path == "/here?x=1" and got.headers["content-type"] == "application/json"
    assert got.is_signed_by(made["secret"])
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    body = got.json()
    assert body["id"] == got.id and body["type"] == "lead_blocked"
    assert body["data"]["publicIdentifier"] == name
    events = expect.ok(api.get("/events"))["events"]
    assert len(events) == number + 1 and events[number] == body


def test_only_what_comes_after_subscribing(api, there):
    block(api, "before")
    subscribe(api, there.url())
    block(api, "after")
    assert [got.names() for got in there.wait(1)] == [["after"]]
    assert len(there.rest()) == 1


def test_events_come_in_order_once(api, there):
    subscribe(api, there.url())
    names = [f"person-{number}" for number in range(300)]
    for name in names:
        block(api, name)
    there.wait(300)
    assert [got.names() for got in there.rest()] == [[name] for name in names]


def test_types_and_campaigns_are_told_apart(tenant, api):
    campaign, other = Campaign(tenant, "a-1"), Campaign(tenant, "b-2")
    with Receiver() as blocked, Receiver() as unblocked, Receiver() as of_one:
        subscribe(api, blocked.url())
        subscribe(api, unblocked.url(), "lead_unblocked")
        subscribe(api, of_one.url(), campaignId=campaign.id)
        campaign.block("one")
        other.block("two")
        block(api, "three")
        expect.ok(api.delete(campaign.blocks, {"publicIdentifiers": ["one"]}))
        assert [got.names() for got in blocked.wait(3)] == [["one"], ["two"], ["three"]]
        assert [got.names() for got in unblocked.wait(1)] == [["one"]]
        assert [got.names() for got in of_one.wait(1)] == [["one"]]
        assert [len(each.rest()) for each in (blocked, unblocked, of_one)] == [3, 1, 1]


def test_a_large_change_is_several_deliveries(api, there):
    subscribe(api, there.url())
    names = [f"many-{number}" for number in range(2500)]
    block(api, *names)
    got = there.wait(3)
    assert [len(each.names()) for each in got] == [1000, 1000, 500]
    assert sum((each.names() for each in got), []) == names


def test_a_paused_one_goes_on_from_its_place(api, there):
    made = subscribe(api, there.url())
    assert put(api, made, "pause")["status"] == "paused"
    block(api, "meanwhile")
    assert there.rest() == []
    assert put(api, made, "resume")["status"] == "active"
    assert there.wait(1)[0].names() == ["meanwhile"]


def test_a_removed_one_gets_nothing_more(api, there):
    made = subscribe(api, there.url())
    block(api, "first")
    there.wait(1)
    expect.ok(api.delete(f"/hooks/{made['id']}"))
    block(api, "second")
    assert len(there.rest()) == 1
    expect.error(api.get(f"/hooks/{made['id']}/deliveries"), 404, "hook_not_found")


def test_a_rotated_secret_signs_beside_the_old_one(api, there):
    made = subscribe(api, there.url())
    rotated = put(api, made, "rotate")
    assert rotated["secret"] != made["secret"]
    block(api, "someone")
    (got,) = there.wait(1)
    assert len(got.signatures()) == 2
    assert got.is_signed_by(made["secret"]) and got.is_signed_by(rotated["secret"])
    assert "secret" not in hooks(api)[0]


# --- Receivers that fail ---

FAILURES = {"500": (receiver.status(500), 500, "answered 500"),
            "redirect": (receiver.status(302, "Location: http://127.0.0.1:1/"), 302, "redirects"),
            "close": (receiver.close, None, "closed"),
            "404": (receiver.status(404), 404, "answered 404")}


@pytest.mark.parametrize("behave, code, words", FAILURES.values(), ids=FAILURES.keys())
def test_what_failed_is_sent_again_first(api, there, behave, code, words):
    made = subscribe(api, there.url())
    there.behave = behave
    block(api, "first")
    block(api, "second")
    (row,) = eventually(lambda: deliveries(api, made))
    assert row.keys() == DELIVERY and row["status"] == "failed" and row["responseStatus"] == code
    assert words in row["error"]
    (listed,) = hooks(api)
    assert listed["failedTries"] >= 1 and listed["failingSince"] and listed["nextTryAt"]
    there.behave = receiver.ok
    eventually(lambda: len(deliveries(api, made)) == 2)
    got = there.rest()
    assert [each.names() for each in got[-2:]] == [["first"], ["second"]]
    assert {each.id for each in got[:-1]} == {got[0].id}  # the same event has the same id
    second, first = deliveries(api, made)
    assert (first["status"], first["tries"] >= 2, second["tries"]) == ("delivered", True, 1)
    assert hooks(api)[0]["failedTries"] == 0


def test_one_that_hangs_is_given_five_seconds(api, there):
    made = subscribe(api, there.url())
    there.behave = receiver.hang
    block(api, "someone")
    there.wait(1)
    (row,) = eventually(lambda: deliveries(api, made))
    assert row["error"] == "no complete answer within 5 seconds"
    assert 4900 <= row["durationMs"] <= 6500


def test_410_ends_it(api, there):
    made = subscribe(api, there.url())
    there.behave = receiver.status(410)
    block(api, "someone")
    eventually(lambda: hooks(api)[0]["status"] == "gone")
    there.behave = receiver.ok
    block(api, "somebody")
    assert len(there.rest()) == 1
    error = expect.error(api.put(f"/hooks/{made['id']}", {"action": "resume"}), 409, "hook_ended")
    assert "Subscribe again" in error["message"]
    again = subscribe(api, there.url())
    assert again["secret"] != made["secret"] and again["status"] == "active"
    block(api, "later")
    assert there.wait(2)[1].names() == ["later"]


def test_after_a_time_it_is_failing_and_waits_to_be_resumed():
    with Server(*OWN_NETWORK, "--hooks-give-up", "2") as server, Receiver() as there:
        api = server.tenant("pro").api
        made = subscribe(api, there.url())
        there.behave = receiver.status(503)
        block(api, "first")
        eventually(lambda: hooks(api)[0]["status"] == "failing")
        assert deliveries(api, made)[0]["status"] == "given_up"
        count = len(there.got)
        there.behave = receiver.ok
        block(api, "second")
        assert len(there.rest()) == count
        assert put(api, made, "resume")["status"] == "active"
        assert [each.names() for each in there.wait(count + 2)[count:]] == [["first"], ["second"]]


def test_slow_receivers_of_one_tenant_stall_nobody(hooked, api, there):
    """More of them than requests may be under way at once; each is given its time, which is five seconds."""
    slow = hooked.tenant("pro").api
    with Receiver(receiver.hang) as hanging:
        for number in range(30):
            subscribe(slow, hanging.url(f"/{number}"))
        block(slow, "someone")
        hanging.wait(8)
        subscribe(api, there.url())
        begun = time.monotonic()
        block(api, "quick")
        (got,) = there.wait(1)
        assert got.at - begun < 4
        first = hanging.got[0].at
        assert len([each for each in hanging.got if each.at - first < 4]) == 8  # of one workspace at once



def test_what_is_not_kept_any_more_is_counted():
    with (MovedClock() as clock, Receiver() as there,
          Server(*OWN_NETWORK, "--events-retention", "60", env=clock.env) as server):
        api = server.tenant("pro").api
        made = subscribe(api, there.url())
        block(api, "kept")
        there.wait(1)
        put(api, made, "pause")
        for number in range(3):
            block(api, f"too-old-{number}")
        clock.let_pass(61)
        block(api, "new")
        there.behave = receiver.status(500)  # tried twice, and counted once
        put(api, made, "resume")
        there.wait(2)
        there.behave = receiver.ok
        got = there.wait(3)
        assert [each.names() for each in got] == [["kept"], ["new"], ["new"]]
        assert [each.json().get("missed") for each in got] == [None, 3, 3]
        block(api, "next")
        assert "missed" not in there.wait(4)[3].json()


# --- Tests and repetitions ---


def test_a_test_is_sent_once_and_told(api, there):
    made = subscribe(api, there.url(), "message_received")
    answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
    assert answer["success"] is True
    (got,) = there.wait(1)
    assert got.json()["test"] is True and got.json()["type"] == "message_received"
    assert got.is_signed_by(made["secret"]) and got.id == answer["delivery"]["eventId"]
    there.behave = receiver.status(500)
    answer = expect.ok(api.post(f"/hooks/{made['id']}/test"))
    assert answer["success"] is False and answer["delivery"]["responseStatus"] == 500
    assert len(there.rest(0.7)) == 2
    assert [row["kind"] for row in deliveries(api, made)] == ["test", "test"]
    assert hooks(api)[0]["failedTries"] == 0


def test_events_of_all_types_are_described(api, there):
    types = DESCRIPTION.schemas["EventType"]["enum"]
    assert set(DESCRIPTION.document["webhooks"]) == set(types)
    for kind in types:
        made = subscribe(api, there.url(), kind)
        expect.ok(api.post(f"/hooks/{made['id']}/test"))
    assert [each.json()["type"] for each in there.wait(len(types))] == types  # and `there` compares them


def test_a_repetition_does_not_move_the_place(api, there):
    made = subscribe(api, there.url())
    block(api, "first")
    block(api, "second")
    rows = eventually(lambda: len(found := deliveries(api, made)) == 2 and found)
    path = f"/hooks/{made['id']}/deliveries"
    answer = expect.ok(api.post(f"{path}/{rows[1]['id']}/retry"))
    assert answer["success"] and answer["delivery"]["kind"] == "retry"
    assert answer["delivery"]["eventId"] == rows[1]["eventId"]
    block(api, "third")
    got = there.wait(4)
    assert [each.names() for each in got] == [["first"], ["second"], ["first"], ["third"]]
    assert got[2].body == got[0].body and got[2].id == got[0].id
    expect.error(api.post(f"{path}/dl_1/retry"), 404, "delivery_not_found")


def test_deliveries_come_in_pages_and_the_latest_are_kept(api, there):
    made = subscribe(api, there.url())
    for number in range(130):
        block(api, f"person-{number}")
    there.wait(130)
    eventually(lambda: deliveries(api, made, "?take=1")[0]["eventId"] == there.got[-1].id)
    found, target = [], f"/v1/hooks/{made['id']}/deliveries?take=30"
    while target:
        page = api.call("GET", target, base="")
        found += expect.ok(page)
        target = expect.next_link(page)
    assert [row["eventId"] for row in found] == [each.id for each in reversed(there.got[-100:])]


# --- Crashes and stops ---


def test_a_stop_loses_and_repeats_nothing(there):
    with Server(*OWN_NETWORK) as server:
        api = server.tenant("pro").api
        subscribe(api, there.url())
        there.behave = receiver.slow(0.05)
        for number in range(20):
            block(api, f"person-{number}")
        there.wait(3)
        server.stop()
        server.start()
        there.behave = receiver.ok
        there.wait(20)
        assert [each.names() for each in there.rest()] == [[f"person-{n}"] for n in range(20)]


def test_metrics_count_deliveries(hooked, api, there):
    made = subscribe(api, there.url())
    block(api, "someone")
    eventually(lambda: deliveries(api, made))
    text = hooked.api(base="").get("/metrics").body.decode()
    assert 'leadblock_hooks{state="active"}' in text
    assert int(text.split("\nleadblock_hook_deliveries_total ")[1].split()[0]) >= 1
