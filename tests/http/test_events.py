"""The events of a workspace: GET /v1/events, as pages, long polls and a stream."""

import json
import shutil
import sqlite3
import threading
import time

import pytest

from support import expect, people
from support.campaigns import INVITATION, MESSAGE, Campaign, unblock_everywhere
from support.client import build
from support.events import Stream, ask
from support.marks import sqlite_only
from support.moved_clock import MovedClock
from support.server import Server, key_id, on_postgresql, unique
from support.waiting import becomes

EVENTS = "/events"
BLOCKED, UNBLOCKED = "lead_blocked", "lead_unblocked"


def page(api, after="0", **query):
    query = "&".join(f"{key}={value}" for key, value in {"after": after, **query}.items())
    body = expect.ok(api.get(f"{EVENTS}?{query}"))
    assert body.keys() == {"events", "cursor", "more"}, body
    return body


def feed(api, after="0", **query):
    """All events, page by page."""
    found, cursors = [], set()
    while True:
        body = page(api, after, **query)
        found += body["events"]
        if not body["more"]:
            return found
        assert body["cursor"] not in cursors, "the pages go round"
        cursors.add(after := body["cursor"])


def now(api):
    return page(api, "now")["cursor"]


def told(events):
    """What each event says, in short."""
    return [(event["type"], *[lead["publicIdentifier"] for lead in event["data"].get("leads", [])])
            for event in events]


def changed(response):
    expect.ok(response)
    return response.header("x-change-id")


def block_everywhere(api, *names, reason=None):
    """Also who is blocked already; the id of the change."""
    return changed(api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": name, "reason": reason} for name in names]}))


def undo(api, change):
    return changed(api.post(f"/changes/{change}/undo"))


# --- Blocks and unblocks ---


def test_each_block_and_unblock_is_an_event(fresh):
    api, (ann, bob) = fresh.api, (unique("ann"), unique("bob"))
    first = changed(api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": ann, "reason": "Asked to stop"}]}))
    unblock_everywhere(api, ann)
    block_everywhere(api, bob)
    one, two, three = feed(api)
    assert told([one, two, three]) == [(BLOCKED, ann), (UNBLOCKED, ann), (BLOCKED, bob)]
    assert expect.is_time(one["createdAt"]) and one["campaignId"] is None
    lead = one["data"]["leads"][0]
    assert lead["linkedinUrl"] == f"https://www.linkedin.com/in/{ann}/"
    assert lead["reason"] == "Asked to stop"
    assert lead.items() <= one["data"].items()
    assert one["data"]["changeId"] == first and one["data"]["scope"] == "workspace"
    assert one["data"]["by"]["type"] == "key" and one["data"]["undoes"] is None
    assert len({each["id"] for each in (one, two, three)}) == 3


def test_an_event_of_a_campaign_names_it_and_its_lead(fresh):
    name = unique("jane")
    campaign = Campaign(fresh, {"publicIdentifier": name, "firstName": "Jane", "lastName": "Doe",
                                "companyName": "Acme"}, unique("other"), name="Spring")
    campaign.block(name, reason="No")
    (event,) = feed(fresh.api, types=BLOCKED)
    data = event["data"]
    assert event["campaignId"] == data["campaignId"] == campaign.id
    assert (data["campaignName"], data["scope"]) == ("Spring", "campaign")
    assert (data["firstName"], data["lastName"], data["companyName"]) == ("Jane", "Doe", "Acme")
    assert (data["leadId"], data["status"]) == (campaign.lead_id(name), "waiting")


def test_who_is_blocked_already_makes_no_event(fresh):
    api, name = fresh.api, unique()
    block_everywhere(api, name)
    block_everywhere(api, name)
    block_everywhere(api, name, reason="Another reason")
    block_everywhere(api, name, unique("new"), reason="A third one")
    assert [len(event["data"]["leads"]) for event in feed(api)] == [1, 1]


def test_an_undo_tells_only_whom_it_frees(fresh):
    api, (ann, bob) = fresh.api, (unique("ann"), unique("bob"))
    first = changed(api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": ann}, {"publicIdentifier": bob}]}))
    block_everywhere(api, ann, reason="Once more")
    after = now(api)
    undone = undo(api, first)
    (event,) = feed(api, after)
    assert told([event]) == [(UNBLOCKED, bob)]
    assert event["data"]["undoes"] == first and event["data"]["changeId"] == undone
    after = now(api)
    undo(api, undone)
    assert told(feed(api, after)) == [(BLOCKED, bob)]


def test_an_undo_that_frees_nobody_is_no_event(fresh):
    api, ann = fresh.api, unique("ann")
    first = changed(api.post("/blocked-leads", {"leads": [{"publicIdentifier": ann}]}))
    block_everywhere(api, ann, reason="Once more")
    after = now(api)
    undo(api, first)
    assert feed(api, after) == []


def test_a_person_who_was_asked_for_more_than_once_is_freed_once(fresh):
    api, ann = fresh.api, unique("ann")
    for reason in "first", "second", "third":
        block_everywhere(api, ann, reason=reason)
    after = now(api)
    (entry,) = expect.ok(api.get("/blocked-leads"))
    freed = changed(api.delete("/blocked-leads", [entry["id"]]))
    assert told(feed(api, after)) == [(UNBLOCKED, ann)]
    undo(api, freed)
    assert told(feed(api, after)) == [(UNBLOCKED, ann), (BLOCKED, ann)]


def test_a_change_of_many_is_an_event_for_each_thousand(fresh):
    api = fresh.api
    names = [unique("many") for _ in range(2345)]
    changed(api.post("/blocked-leads", {"leads": [{"publicIdentifier": name} for name in names]}))
    events = feed(api, take=1)
    assert [len(event["data"]["leads"]) for event in events] == [1000, 1000, 345]
    assert [lead["publicIdentifier"] for event in events for lead in event["data"]["leads"]] == names
    assert len({event["data"]["changeId"] for event in events}) == 1
    assert len({event["id"] for event in events}) == 3
    assert all(event["data"]["publicIdentifier"] is None for event in events)
    assert feed(api) == events
    for number, event in enumerate(events):
        assert feed(api, event["id"]) == events[number + 1:]


def test_events_of_an_import_name_it(fresh):
    api, name = fresh.api, unique()
    expect.ok(api.post("/blocked-leads/import?importId=spring", f"linkedin.com/in/{name}\n".encode(),
                       content_type="text/plain"))
    expect.ok(api.post("/imports/spring/undo"))
    one, two = feed(api)
    assert told([one, two]) == [(BLOCKED, name), (UNBLOCKED, name)]
    assert one["data"]["importId"] == "spring" and two["data"]["importId"] is None
    assert two["data"]["undoes"] == one["data"]["changeId"]


# --- Campaigns and senders ---


def test_a_campaign_that_is_done_is_told_after_the_block_that_did_it(fresh):
    ann, bob = unique("ann"), unique("bob")
    campaign = Campaign(fresh, ann, bob)
    after = now(fresh.api)
    campaign.block(ann, bob)
    one, two = feed(fresh.api, after)
    assert (one["type"], two["type"]) == (BLOCKED, "campaign_completed")
    assert two["campaignId"] == campaign.id
    assert two["data"] == {"campaignId": campaign.id, "campaignName": "A campaign", "progress": 100,
                           "status": "completed"}


def test_a_block_of_many_campaigns_is_whole_before_they_are_done(fresh):
    ann = unique("ann")
    campaigns = [Campaign(fresh, ann) for _ in range(3)]
    others = [unique("other") for _ in range(120)]
    after = now(fresh.api)
    changed(fresh.api.post("/blocked-leads", {"leads": [
        {"publicIdentifier": name} for name in [ann, *others]]}))
    first, *rest = feed(fresh.api, after)
    assert len(first["data"]["leads"]) == 121
    assert [event["type"] for event in rest] == ["campaign_completed"] * 3
    assert {event["campaignId"] for event in rest} == {campaign.id for campaign in campaigns}


def test_a_campaign_of_which_all_leads_are_deleted_is_told(fresh):
    ann = unique("ann")
    campaign = Campaign(fresh, ann)
    after = now(fresh.api)
    campaign.delete_lead(ann)
    (event,) = feed(fresh.api, after)
    assert event["type"] == "campaign_without_leads"
    assert (event["campaignId"], event["data"]["status"]) == (campaign.id, "active")


def test_what_senders_report_is_told(fresh):
    ann = unique("ann")
    campaign = Campaign(fresh, {"publicIdentifier": ann, "firstName": "Ann"},
                        steps=(INVITATION, {**MESSAGE, "delay": 0}))
    after = now(fresh.api)
    campaign.complete(campaign.claim_one())
    assert feed(fresh.api, after) == []
    campaign.complete(campaign.claim_one(), "replied")
    events = feed(fresh.api, after)
    assert [event["type"] for event in events] == [
        "connection_request_accepted", "message_received", "campaign_completed"]
    for event in events[:2]:
        data = event["data"]
        assert event["campaignId"] == campaign.id and data["firstName"] == "Ann"
        assert data["publicIdentifier"] == ann and data["leadId"] == campaign.lead_id(ann)
        assert data["by"]["type"] == "key" and data["changeId"] is None
        assert told([event])[0][1:] == (ann,)


def test_a_report_that_is_repeated_is_told_once(fresh):
    campaign = Campaign(fresh, unique("ann"), steps=(MESSAGE,))
    after = now(fresh.api)
    activity = campaign.claim_one()
    campaign.complete(activity, "replied")
    campaign.complete(activity, "replied")
    assert [event["type"] for event in feed(fresh.api, after)] == [
        "message_received", "campaign_completed"]


def test_an_opt_out_is_told_after_its_block_and_once(fresh):
    ann = unique("ann")
    campaign = Campaign(fresh, {"publicIdentifier": ann, "email": "ann@example.com", "phone": "+49 151 1234567"},
                        steps=(MESSAGE,))
    after = now(fresh.api)
    activity = campaign.claim_one()
    for _ in range(2):
        expect.ok(campaign.report(activity, "opted_out", detail="Please stop."))
    events = feed(fresh.api, after)
    assert [(event["type"], event["campaignId"]) for event in events] == [
        ("lead_blocked", None), ("message_received", campaign.id), ("lead_opted_out", campaign.id),
        ("campaign_completed", campaign.id)]
    told = events[0]["data"]["leads"]  # each of the names is blocked
    assert [lead["reason"] for lead in told] == ["Please stop."] * 3
    for event in events[1:3]:
        data = event["data"]
        assert (data["publicIdentifier"], data["email"], data["phone"]) == (ann, "ann@example.com", "+49 151 1234567")


def test_an_event_has_one_id_whatever_else_its_reader_wants(fresh):
    """Receivers tell by it what they have seen."""
    ann, bob = unique("ann"), unique("bob")
    campaign = Campaign(fresh, ann, bob, steps=(MESSAGE,))
    after = now(fresh.api)
    first, second = campaign.claim(2)
    campaign.report(first, "opted_out")
    undo(fresh.api, block_everywhere(fresh.api, bob))
    campaign.report(second, "opted_out")
    everything = [event["id"] for event in feed(fresh.api, after)]
    for kind in ("lead_blocked", "message_received", "lead_opted_out", "campaign_completed"):
        alone = [event["id"] for event in feed(fresh.api, after, types=kind)]
        assert alone and set(alone) < set(everything), kind
        assert alone == [event["id"] for event in feed(fresh.api, "0", types=kind)], kind


def test_who_goes_on_with_other_types_is_told_no_more_than_what_comes_after(fresh):
    ann = unique("ann")
    campaign = Campaign(fresh, ann, unique("bob"), steps=(MESSAGE,))
    after = now(fresh.api)
    block_everywhere(fresh.api, ann)
    change = campaign.block(ann, reason="first")
    expect.ok(fresh.api.post(campaign.blocks, {"publicIdentifiers": [ann], "reason": "second"}))
    undo(fresh.api, change)  # another request stands: nobody is told of it
    campaign.report(campaign.claim_one(), "opted_out")
    body = page(fresh.api, after, types="lead_opted_out", take=1)
    (told_first,) = body["events"]
    everything = feed(fresh.api, after)
    place = [event["id"] for event in everything].index(told_first["id"])
    assert feed(fresh.api, body["cursor"]) == everything[place + 1:]


# --- Cursors ---


def test_types_are_chosen_and_the_cursor_goes_on(fresh):
    api, names = fresh.api, [unique() for _ in range(3)]
    for name in names:
        block_everywhere(api, name)
    unblock_everywhere(api, names[0])
    assert told(feed(api, types=UNBLOCKED)) == [(UNBLOCKED, names[0])]
    body = page(api, types="campaign_completed,message_received")
    assert body["events"] == [] and body["more"] is False
    assert page(api, body["cursor"])["events"] == []
    expect.error(api.get(f"{EVENTS}?types=lead_blocked,lead_eaten"), 400, "invalid_parameter")


@pytest.mark.parametrize("cursor", ["1", "e", "e1", "e1-2-3", "e1-2-3-4-5", "e01-0-0-0", "eg-0-0-0",
                                    "e1-0-0-0x", "-1", "e10000000000-0-0-0", "%00"])
def test_what_is_no_cursor_is_refused(api, cursor):
    expect.error(api.get(f"{EVENTS}?after={cursor}"), 400, "invalid_parameter")


@pytest.mark.parametrize("query", ["cursor=0", "aftr=0", "after=0&skip=1"])
def test_a_parameter_that_there_is_not_is_refused(api, query):
    expect.error(api.get(f"{EVENTS}?{query}"), 400, "invalid_parameter")


def test_a_cursor_of_another_log_is_gone(fresh):
    api = fresh.api
    block_everywhere(api, unique())
    log, epoch, own, own_epoch = page(api)["cursor"][1:].split("-")
    other = f"{int(epoch, 16) ^ 1:x}"
    for gone in (f"e{log}-{other}-{own}-{own_epoch}", f"e9-{epoch}-{own}-{own_epoch}",
                 f"e{log}-{epoch}-1-{epoch}"):
        expect.error(api.get(f"{EVENTS}?after={gone}"), 410, "cursor_gone")


def test_workspaces_do_not_see_each_others_events(server):
    one, other = server.tenant(), server.tenant()
    mine = []
    for number in range(70):
        for tenant in one, other:
            name = unique()
            block_everywhere(tenant.api, name)
            if tenant is one:
                mine.append((BLOCKED, name))
        if number % 7 == 0:
            for _ in range(3):
                block_everywhere(other.api, unique())
    assert told(feed(one.api, take=11)) == mine
    assert len(feed(other.api)) == 70 + 30


# --- What is kept ---


def test_what_is_too_old_is_left_out_and_its_cursors_are_gone():
    with MovedClock() as clock, Server("--events-retention", "20", env=clock.env) as server:
        tenant = server.tenant()
        api, (ann, bob) = tenant.api, (unique("ann"), unique("bob"))
        campaign = Campaign(tenant, ann, steps=(MESSAGE,))
        start = now(api)
        campaign.complete(campaign.claim_one(), "replied")
        replied = now(api)
        block_everywhere(api, ann)
        end = now(api)
        assert len(feed(api, start)) == 3
        clock.let_pass(21)
        for gone in start, replied:
            expect.error(api.get(f"{EVENTS}?after={gone}"), 410, "cursor_gone")
        assert feed(api, end) == feed(api) == []
        block_everywhere(api, bob)
        assert told(feed(api)) == told(feed(api, end)) == [(BLOCKED, bob)]
        if not on_postgresql():  # rows of the table, of which the last stays as a mark
            deadline = time.monotonic() + 20
            while rows_of_events(server) > 1:
                assert time.monotonic() < deadline
                time.sleep(0.2)
        expect.error(api.get(f"{EVENTS}?after={start}"), 410, "cursor_gone")
        assert told(feed(api, end)) == [(BLOCKED, bob)]
        campaign = Campaign(tenant, unique("new"), steps=(MESSAGE,))
        campaign.complete(campaign.claim_one(), "replied")
        assert [event["type"] for event in feed(api)][-2:] == [
            "message_received", "campaign_completed"]


def rows_of_events(server):
    with sqlite3.connect(f"file:{server.data}/leadblock.db?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM event").fetchone()[0]


@sqlite_only("a restore of a folder")
def test_a_cursor_from_before_a_restore_is_gone(own):
    tenant = own.tenant()
    api, ann = tenant.api, unique("ann")
    block_everywhere(api, ann)
    campaign = Campaign(tenant, unique("lead"), unique("other"), steps=(MESSAGE,))
    before = now(api)
    own.stop()
    shutil.copytree(own.data, f"{own.data}-copy")
    own.start()
    api = own.api(tenant.key)
    assert feed(api, before) == []
    block_everywhere(api, unique("lost"))
    log = now(api)
    own.stop()
    shutil.rmtree(own.data)
    shutil.move(f"{own.data}-copy", own.data)
    own.start()
    api = own.api(tenant.key)
    campaign.api = api
    assert feed(api, before) == []
    expect.error(api.get(f"{EVENTS}?after={log}"), 410, "cursor_gone")
    for _ in range(3):
        block_everywhere(api, unique("new"))
    expect.error(api.get(f"{EVENTS}?after={log}"), 410, "cursor_gone")
    assert len(feed(api, before)) == 3


@sqlite_only("a restore of a folder")
def test_a_cursor_after_a_lost_reply_is_gone(own):
    tenant = own.tenant()
    leads = [unique("lead") for _ in range(6)]
    campaign = Campaign(tenant, *leads, steps=(MESSAGE,))
    campaign.complete(campaign.claim(1)[0], "replied")
    before = now(tenant.api)
    own.stop()
    shutil.copytree(own.data, f"{own.data}-copy")
    own.start()
    campaign.api = own.api(tenant.key)
    campaign.complete(campaign.claim(1)[0], "replied")
    lost = now(campaign.api)
    own.stop()
    shutil.rmtree(own.data)
    shutil.move(f"{own.data}-copy", own.data)
    own.start()
    campaign.api = api = own.api(tenant.key)
    expect.error(api.get(f"{EVENTS}?after={lost}"), 410, "cursor_gone")
    for _ in range(2):
        campaign.complete(campaign.claim(1)[0], "replied")
    expect.error(api.get(f"{EVENTS}?after={lost}"), 410, "cursor_gone")
    assert [event["type"] for event in feed(api, before)] == ["message_received"] * 2


# --- Waiting ---


def waiting(api, after, wait=20, **query):
    """Asks in a thread; returns a function that gives the answer and how long it took."""
    result = {}

    def ask():
        begun = time.monotonic()
        result["page"] = page(api, after, wait=wait, **query)
        result["seconds"] = time.monotonic() - begun

    thread = threading.Thread(target=ask)
    thread.start()

    def answer():
        thread.join(40)
        return result["page"], result["seconds"]

    return answer


def test_a_wait_ends_with_the_first_event(fresh):
    name = unique()
    answer = waiting(fresh.api, now(fresh.api))
    time.sleep(0.3)
    block_everywhere(fresh.server.api(fresh.key), name)
    body, seconds = answer()
    assert told(body["events"]) == [(BLOCKED, name)] and seconds < 5


def test_a_wait_ends_with_its_time(fresh):
    after = now(fresh.api)
    body, seconds = waiting(fresh.api, after, wait=1)()
    assert body == {"events": [], "cursor": after, "more": False}
    assert 0.9 < seconds < 8


def test_a_wait_goes_on_over_events_of_other_types(fresh):
    name = unique()
    answer = waiting(fresh.api, now(fresh.api), types=UNBLOCKED)
    other = fresh.server.api(fresh.key)
    block_everywhere(other, name)
    time.sleep(0.2)
    unblock_everywhere(other, name)
    body, _ = answer()
    assert told(body["events"]) == [(UNBLOCKED, name)]


def wait_for_answers(connections, count):
    """Until so many have one; which."""
    answered, deadline = [], time.monotonic() + 20
    while len(answered) < count:
        assert time.monotonic() < deadline, len(answered)
        answered += [connection for connection in connections
                     if connection not in answered and not connection.is_silent(0.05)]
    assert len(answered) == count
    return answered


def test_few_requests_of_a_workspace_wait_at_once(server):
    tenant = server.tenant()
    after = now(tenant.api)
    connections = [server.connect() for _ in range(20)]
    for connection in connections:
        connection.send(build("GET", f"/v1/events?wait=30&after={after}",
                              [("x-api-key", tenant.key)], None))
    refused = wait_for_answers(connections, 4)
    for connection in refused:
        expect.error(connection.read(), 429, "overloaded")
    page(server.tenant().api, wait=1)  # another workspace has its own places
    block_everywhere(tenant.api, unique())
    for connection in connections:
        if connection not in refused:
            assert len(expect.ok(connection.read())["events"]) == 1
        connection.close()
    assert page(tenant.api, now(tenant.api), wait=1)["events"] == []


# --- Streams ---


def test_a_stream_tells_what_comes(fresh):
    names = [unique() for _ in range(3)]
    with Stream(fresh.server, fresh.key) as stream:
        assert stream.head.startswith("HTTP/1.1 200 ") and "text/event-stream" in stream.head
        for name in names:
            block_everywhere(fresh.api, name)
            assert told(stream.events(1)) == [(BLOCKED, name)]
    with Stream(fresh.server, fresh.key, after="0") as stream:
        events = stream.events(3)
    assert events == feed(fresh.api)
    with Stream(fresh.server, fresh.key, last_id=events[0]["id"]) as stream:
        assert stream.events(2) == events[1:]


def test_a_stream_ends_when_the_key_is_revoked(server):
    tenant = server.tenant()
    key = tenant.new_key()
    with Stream(server, key) as stream:
        server.admin("DELETE", f"/admin/keys/{key_id(key)}", None)
        begun = time.monotonic()
        assert stream.ends() and time.monotonic() - begun < 10


def ask_to_wait(server, after, *headers):
    """A connection on which a long poll was sent."""
    connection = server.connect()
    connection.send(build("GET", f"/v1/events?after={after}&wait=40", headers))
    return connection


def wait_until_taken(server):
    """What was sent before is taken when a later request at each of the server's threads is answered."""
    for _ in range(20):
        assert server.api(base="").get("/livez").status == 200


def test_the_tabs_of_one_user_leave_places_to_others(server):
    tenant = server.tenant()
    one, other = (people.person(server, "viewer", tenant.workspace) for _ in range(2))
    after = now(tenant.api)
    tabs = [ask_to_wait(server, after, one.cookie, *people.address()) for _ in range(5)]
    (refused,) = wait_for_answers(tabs, 1)
    assert "of yours" in expect.error(refused.read(), 429, "overloaded")["message"]
    others = [ask_to_wait(server, after, other.cookie, *people.address()),
              ask_to_wait(server, after, ("x-api-key", tenant.key))]
    wait_until_taken(server)
    block_everywhere(tenant.api, unique())
    for connection in {*tabs, *others} - {refused}:
        assert len(expect.ok(connection.read())["events"]) == 1
    for connection in tabs + others:
        connection.close()


def test_many_tabs_at_once_get_no_more_places(server):
    tenant = server.tenant()
    one = people.person(server, "viewer", tenant.workspace)
    after = now(tenant.api)
    connections = [ask_to_wait(server, after, one.cookie, *people.address()) for _ in range(16)]
    refused = wait_for_answers(connections, 12)
    block_everywhere(tenant.api, unique())
    for connection in connections:
        assert connection.read("GET").status == (429 if connection in refused else 200)
        connection.close()


def test_the_server_stops_although_clients_wait():
    with Server() as server:
        tenant = server.tenant()
        after = now(tenant.api)
        poll = ask_to_wait(server, after, ("x-api-key", tenant.key))
        with Stream(server, tenant.key) as stream, poll:
            wait_until_taken(server)
            begun = time.monotonic()
            server.terminate()
            assert stream.ends()
            assert expect.ok(poll.read())["events"] == []
            server.wait_end()
            assert time.monotonic() - begun < 5


def test_clients_that_are_gone_leave_their_places(server):
    tenant = server.tenant()
    for _ in range(3):
        streams = [Stream(server, tenant.key) for _ in range(8)]
        polls = [server.connect() for _ in range(8)]
        for poll in polls:
            poll.send(build("GET", "/v1/events?wait=60&after=now", [("x-api-key", tenant.key)], None))
        wait_until_taken(server)
        becomes(lambda: server.api(tenant.key).get(f"{EVENTS}?wait=1&after=now").status, 429)
        for gone in [*polls, *[stream.connection for stream in streams]]:
            gone.close()
        becomes(lambda: server.api(tenant.key).get(f"{EVENTS}?wait=1&after=now").status, 200)
        time.sleep(1.5)


@pytest.mark.parametrize("writes", ["blocks", "claims"])
def test_what_makes_no_event_of_its_own_writes_no_row(fresh, writes):
    names = [unique() for _ in range(60)]
    campaign = Campaign(fresh, *names, steps=(MESSAGE, MESSAGE))
    if writes == "blocks":
        change = campaign.block(*names[5:55])
        campaign.block(*names[:5])
        campaign.unblock(*names[:5])
        undo(fresh.api, campaign.block(*names[:5]))
        undo(fresh.api, change)
    else:
        for activity in campaign.claim(20):
            campaign.complete(activity)
    assert ask(fresh.server, *[f"SELECT count(*) FROM {schema}event WHERE {workspace} = (SELECT {no} FROM"
                               f" {schema}workspace WHERE id = '{fresh.workspace}')"
                               for schema, workspace, no in (
                                   ("", "workspace", "no"),
                                   ("leadblock.", "workspace_id", "workspace_id"))]) == [["0"]]


def test_what_a_stream_is_asked_for_is_looked_at_first(server):
    with Stream(server, server.tenant().key, after="e9-1-0-0") as stream:
        assert stream.head.startswith("HTTP/1.1 410 ")
