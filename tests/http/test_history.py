"""What happened with one person, GET /v1/blocked-leads/{publicIdentifier}/history; and what one
change did, GET /v1/changes/{changeId} and its leads."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import expect, people
from support.client import File
from support.server import Server, on_postgresql

LEADS = "/blocked-leads"
EVENT = {"at", "what", "by", "reason", "scope", "campaignId", "changeId", "undoes", "importId",
         "standing"}
CHANGE = {"id", "at", "what", "by", "from", "reason", "scope", "campaignId", "importId", "undoes",
          "undoneBy", "count"}


def block(api, *names, campaign=None, reason=None):
    """Returns the id of the change."""
    body = {"publicIdentifiers": names, **({"reason": reason} if reason else {})}
    if not campaign:
        body = {"leads": [{"publicIdentifier": name, "reason": reason} for name in names]}
    response = api.post(f"/campaigns/{campaign}{LEADS}" if campaign else LEADS, body)
    expect.ok(response)
    return response.header("x-change-id")


def unblock(api, *names, campaign):
    response = api.delete(f"/campaigns/{campaign}{LEADS}", {"publicIdentifiers": names})
    expect.ok(response)
    return response.header("x-change-id")


def undo(api, change):
    response = api.post(f"/changes/{change}/undo")
    expect.ok(response)
    return response.header("x-change-id")


def history(api, name, **query):
    return list(pages(api, f"{LEADS}/{name}/history", **query))


def pages(api, path, **query):
    """All entries of a list, by its links."""
    target = "/v1" + path + "?" + "&".join(f"{key}={value}" for key, value in query.items())
    seen = set()
    while target:
        assert target not in seen, "the pages go round"
        seen.add(target)
        response = api.call("GET", target, base="")
        yield from expect.ok(response)
        target = expect.next_link(response)


def told(events):
    return [(event["what"], event["standing"]) for event in events]


def change_of(api, change):
    body = expect.ok(api.get(f"/changes/{change}"))
    assert body.keys() == CHANGE and body["id"] == change and expect.is_time(body["at"])
    return body


def leads_of(api, change, **query):
    leads = list(pages(api, f"/changes/{change}/leads", **query))
    assert all(lead.keys() == {"publicIdentifier", "reason", "what"} for lead in leads)
    return leads


# --- History ---


def test_it_says_what_happened_by_whom_and_why_newest_first(server, fresh):
    member = people.person(server, "member", fresh.workspace)
    campaign = fresh.campaign(id="q1")
    block(fresh.api, "someone-else")
    first = block(fresh.api, "someone-else-again", "zoë", reason="an old list")
    second = block(member.api, "zoë", campaign=campaign, reason="asked to stop")
    third = unblock(fresh.api, "zoë", campaign=campaign)
    fourth = undo(fresh.api, third)
    events = history(fresh.api, "https:%2F%2Fwww.linkedin.com%2Fin%2FZO%C3%8B%2F")
    assert all(event.keys() == EVENT and expect.is_time(event["at"]) for event in events)
    assert [(event["what"], event["changeId"], event["undoes"], event["reason"], event["scope"],
             event["campaignId"], event["standing"]) for event in events] == [
        ("undo", fourth, third, None, "campaign", "q1", None),
        ("unblock", third, None, None, "campaign", "q1", None),
        ("block", second, None, "asked to stop", "campaign", "q1", True),
        ("block", first, None, "an old list", "workspace", None, True)]
    assert [event["by"]["type"] for event in events] == ["key", "key", "user", "key"]
    assert events[2]["by"]["name"] == member.email
    assert {event["importId"] for event in events} == {None}


def test_of_a_person_never_heard_of_it_is_empty(fresh):
    block(fresh.api, "ada")
    response = fresh.api.get(f"{LEADS}/grace/history")
    assert expect.ok(response) == [] and response.header("link") is None
    for name in ("%20", "a%2Fb%3F", "x" * 101):
        expect.error(fresh.api.get(f"{LEADS}/{name}/history"), 400, "invalid_identifier")


def test_it_says_which_requests_hold(fresh):
    campaign = fresh.campaign()
    first = block(fresh.api, "ada", campaign=campaign, reason="one")
    block(fresh.api, "ada", campaign=campaign, reason="two")
    assert told(history(fresh.api, "ada")) == [("block_again", True), ("block", True)]
    undo(fresh.api, first)
    assert told(history(fresh.api, "ada")) == [
        ("undo", None), ("block_again", True), ("block", False)]
    ended = unblock(fresh.api, "ada", campaign=campaign)
    assert told(history(fresh.api, "ada"))[:3] == [
        ("unblock", None), ("undo", None), ("block_again", False)]
    undo(fresh.api, ended)
    assert told(history(fresh.api, "ada"))[3:] == [("block_again", True), ("block", False)]


def test_what_a_change_did_with_several_requests_is_told_once(fresh):
    campaign = fresh.campaign()
    for reason in ("one", "two", "three"):
        block(fresh.api, "ada", "bob", campaign=campaign, reason=reason)
    ended = unblock(fresh.api, "ada", "bob", campaign=campaign)
    undo(fresh.api, ended)
    unblock(fresh.api, "ada", campaign=campaign)
    whats = [event["what"] for event in history(fresh.api, "ada")]
    assert whats == ["unblock", "undo", "unblock", "block_again", "block_again", "block"]
    assert [event["what"] for event in history(fresh.api, "ada", take=1)] == whats


def test_in_a_list_that_has_ended_nothing_holds(fresh):
    campaign = fresh.campaign(id="again")
    change = block(fresh.api, "ada", campaign=campaign)
    assert told(history(fresh.api, "ada")) == [("block", True)]
    fresh.api.delete(f"/campaigns/{campaign}?blocks=drop")
    fresh.campaign(id="again")  # another one
    [event] = history(fresh.api, "ada")
    assert (event["standing"], event["scope"], event["campaignId"]) == (False, "campaign", None)
    assert event["changeId"] == change
    body = change_of(fresh.api, change)
    assert (body["scope"], body["campaignId"]) == ("campaign", None)
    assert [lead["publicIdentifier"] for lead in leads_of(fresh.api, change)] == ["ada"]


def test_it_names_the_import(fresh):
    fresh.api.post(LEADS + "/import?importId=from-crm",
                   File(b"linkedin.com/in/ada\nlinkedin.com/in/bob\n"))
    block(fresh.api, "ada", reason="asked")
    events = history(fresh.api, "ada")
    assert [event["importId"] for event in events] == [None, "from-crm"]
    assert change_of(fresh.api, events[1]["changeId"])["importId"] == "from-crm"


def test_its_pages_go_on_where_they_were_while_events_are_added(fresh):
    for n in range(7):
        block(fresh.api, "other", "ada", reason=f"reason {n}")
    response = fresh.api.get(f"{LEADS}/ada/history?take=3")
    shown = [event["reason"] for event in expect.ok(response)]
    for n in range(7, 9):
        block(fresh.api, "ada", reason=f"reason {n}")
    while expect.next_link(response):
        response = fresh.api.call("GET", expect.next_link(response), base="")
        shown += [event["reason"] for event in expect.ok(response)]
    assert shown == [f"reason {n}" for n in reversed(range(7))]
    assert len(history(fresh.api, "ada", take=2)) == 9
    assert expect.ok(fresh.api.get(f"{LEADS}/ada/history?take=0")) == []
    for query in ("take=101", "take=x", "cursor=x", "cursor=c0", "cursor=-"):
        expect.error(fresh.api.get(f"{LEADS}/ada/history?{query}"), 400, "invalid_parameter")


def test_readers_of_the_workspace_see_it_and_others_do_not(server, fresh, other):
    block(other.api, "before")
    block(fresh.api, *[f"filler-{n}" for n in range(20)])  # numbers count in each workspace
    change = block(fresh.api, "only-here", reason="a secret")
    block(other.api, "after")
    viewer = people.person(server, "viewer", fresh.workspace)
    read_only = server.api(fresh.new_key("--read-only"))
    for api in (fresh.api, viewer.api, read_only):
        assert len(history(api, "only-here")) == 1
        assert change_of(api, change)["reason"] == "a secret"
        assert len(leads_of(api, change)) == 1
    assert history(other.api, "only-here") == []
    for path in (f"/changes/{change}", f"/changes/{change}/leads"):
        expect.error(other.api.get(path), 404, "not_found")


def test_one_history_of_a_workspace_is_read_at_a_time(fresh):
    block(fresh.api, "first-of-all")
    for number in range(8):
        block(fresh.api, *[f"many-{number}-{each}" for each in range(10000)])

    def get(_):
        return fresh.server.api(fresh.key).get(f"{LEADS}/first-of-all/history")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(get, range(24)))
    for answer in answers:
        if answer.status != 200:
            expect.error(answer, 429, "overloaded")
    assert {answer.status for answer in answers} == {200, 429}
    assert all(len(answer.json()) == 1 for answer in answers if answer.status == 200)
    assert len(history(fresh.api, "first-of-all")) == 1, "its place is free again"


# --- A change ---


def test_a_change_says_what_it_did_and_to_whom(server, fresh):
    campaign = fresh.campaign(id="q1")
    block(fresh.api, "before")
    first = block(fresh.api, "ada", "bob", campaign=campaign, reason="an old list")
    again = block(fresh.api, "bob", campaign=campaign, reason="asked to stop")
    body = change_of(fresh.api, first)
    assert (body["what"], body["reason"], body["scope"], body["campaignId"], body["count"]) == (
        "block", "an old list", "campaign", "q1", 2)
    assert (body["by"]["type"], body["from"], body["undoes"], body["undoneBy"]) == (
        "key", "127.0.0.1", None, None)
    assert change_of(fresh.api, again)["what"] == "block_again"
    undone = undo(fresh.api, first)
    assert change_of(fresh.api, first)["undoneBy"] == undone
    body = change_of(fresh.api, undone)
    assert (body["what"], body["undoes"], body["undoneBy"], body["reason"], body["count"]) == (
        "undo", first, None, None, 2)
    ended = unblock(fresh.api, "bob", campaign=campaign)
    back = undo(fresh.api, ended)
    assert change_of(fresh.api, ended)["undoneBy"] == back
    assert [[(lead["publicIdentifier"], lead["reason"], lead["what"])
             for lead in leads_of(fresh.api, change)]
            for change in (first, again, undone, ended, back)] == [
        [("ada", "an old list", "block"), ("bob", "an old list", "block")],
        [("bob", "asked to stop", "block_again")],
        [("ada", "an old list", "unblock"), ("bob", "an old list", "unblock")],
        [("bob", "asked to stop", "unblock")],
        [("bob", "asked to stop", "restore")]]


def test_an_undo_of_many_rows_is_named_by_its_first(fresh):
    change = block(fresh.api, *[f"many-{n}" for n in range(333)])
    block(fresh.api, "later")
    undone = undo(fresh.api, change)
    assert change_of(fresh.api, change)["undoneBy"] == undone
    assert change_of(fresh.api, undone)["count"] == 333
    again = undo(fresh.api, undone)
    assert change_of(fresh.api, undone)["undoneBy"] == again
    assert change_of(fresh.api, change)["undoneBy"] is None  # it holds again
    last = undo(fresh.api, change)
    assert change_of(fresh.api, change)["undoneBy"] == change_of(fresh.api, again)["undoneBy"] == last
    assert change_of(fresh.api, undone)["undoneBy"] is None
    names = [f"many-{n}" for n in range(333)]
    for each in (change, undone, again, last):
        assert [lead["publicIdentifier"] for lead in leads_of(fresh.api, each, take=70)] == names


def test_a_change_whose_leads_have_reasons_of_their_own_has_none(fresh):
    leads = [{"publicIdentifier": f"lead-{n}", "reason": f"reason {n}"} for n in range(2500)]
    change = fresh.api.post(LEADS, {"leads": leads}).header("x-change-id")  # a row for each
    body = change_of(fresh.api, change)
    assert (body["reason"], body["count"]) == (None, 2500)
    response = fresh.api.get(f"/changes/{change}/leads?take=1000")
    assert response.header("x-total-count") == "2500"
    assert [lead["reason"] for lead in leads_of(fresh.api, change, take=1000)] == [
        f"reason {n}" for n in range(2500)]
    some = [{"publicIdentifier": name, "reason": name[0]} for name in ("ada", "amy", "bob")]
    change = fresh.api.post(LEADS, {"leads": some}).header("x-change-id")
    assert change_of(fresh.api, change)["reason"] is None
    same = block(fresh.api, *[f"same-{n}" for n in range(120)], reason="one for all")
    assert change_of(fresh.api, same)["reason"] == "one for all"


def test_leads_come_in_pages(fresh):
    block(fresh.api, "before")
    change = block(fresh.api, *[f"lead-{n}" for n in range(205)])
    block(fresh.api, "after", "and-after")
    response = fresh.api.get(f"/changes/{change}/leads")
    assert len(expect.ok(response)) == 100 and response.header("x-total-count") == "205"
    names = [f"lead-{n}" for n in range(205)]
    for take in (7, 49, 50, 51, 204, 205, 206, 1000):
        shown = leads_of(fresh.api, change, take=take)
        assert [lead["publicIdentifier"] for lead in shown] == names, take
    assert [lead["publicIdentifier"] for lead in leads_of(fresh.api, change, limit=90)] == names
    assert expect.ok(fresh.api.get(f"/changes/{change}/leads?take=0")) == []
    assert expect.ok(fresh.api.get(f"/changes/{change}/leads?cursor=c999999")) == []
    for query in ("take=1001", "take=x", "cursor=x", "cursor=c0", "take=1&limit=1"):
        expect.error(fresh.api.get(f"/changes/{change}/leads?{query}"), 400, "invalid_parameter")


def test_an_unblock_of_who_was_asked_for_twice_names_both_requests(fresh):
    campaign = fresh.campaign()
    block(fresh.api, "ada", campaign=campaign, reason="one")
    block(fresh.api, "ada", campaign=campaign, reason="two")
    ended = unblock(fresh.api, "ada", campaign=campaign)
    assert change_of(fresh.api, ended)["count"] == 2
    assert [(lead["publicIdentifier"], lead["reason"]) for lead in leads_of(fresh.api, ended)] == [
        ("ada", "one"), ("ada", "two")]


@pytest.mark.parametrize("change", ["nonsense", "ch_0", "ch_999999999", "0", "-1", "bl_1", "a" * 500,
                                    "18446744073709551616", "%20"])
def test_an_unknown_change_is_404(fresh, change):
    block(fresh.api, "ada")
    for path in (f"/changes/{change}", f"/changes/{change}/leads"):
        expect.error(fresh.api.get(path), 404, "not_found")


def test_only_the_whole_id_names_a_change(fresh):
    change = block(fresh.api, "ada", "bob")
    number, epoch = re.fullmatch(r"ch_(\d+)_(\w+)", change).groups()
    other = epoch[:-1] + ("0" if epoch[-1] != "0" else "1")
    for wrong in (f"ch_{number}", f"ch_{number}_{other}", f"ch_{int(number) + 1}_{epoch}",
                  f"bl_{number}_{epoch}", change + "0"):
        expect.error(fresh.api.get(f"/changes/{wrong}"), 404, "not_found")
        expect.error(fresh.api.get(f"/changes/{wrong}/leads"), 404, "not_found")


def test_all_is_as_it_was_after_a_crash():
    with Server() as server:
        tenant = server.tenant("agency")
        campaign = tenant.campaign()
        change = block(tenant.api, "ada", "bob", campaign=campaign, reason="one")
        block(tenant.api, "ada", campaign=campaign, reason="two")
        undone = undo(tenant.api, change)
        ended = unblock(tenant.api, "ada", campaign=campaign)
        ids = (change, undone, ended)

        def everything(api):
            return history(api, "ada"), [(change_of(api, each), leads_of(api, each)) for each in ids]

        before = everything(tenant.api)
        assert told(before[0]) == [("unblock", None), ("undo", None), ("block_again", False),
                                   ("block", False)]
        server.kill()
        server.start()
        assert everything(server.api(tenant.key)) == before


@pytest.mark.skipif(not on_postgresql(), reason="one process owns a folder")
def test_another_node_tells_the_same(server, fresh):
    with Server(database=server.database) as other:
        there = other.api(fresh.key)
        for n in range(5):
            change = block(fresh.api, "ada", "bob", reason=f"reason {n}")
            assert [lead["reason"] for lead in leads_of(there, change)] == [f"reason {n}"] * 2
            assert len(history(there, "ada")) == n + 1
        undone = undo(there, change)
        assert change_of(fresh.api, change)["undoneBy"] == undone
        assert history(fresh.api, "ada") == history(there, "ada")
