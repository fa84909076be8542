"""GET /v1/statistics: how much is blocked, and what happened on each day."""

import time
from datetime import datetime, timedelta, timezone

import pytest

from support import expect, pages, people
from support.marks import sqlite_only
from support.server import Server

DAY = {"date", "blocked", "unblocked", "checks", "checksBlocked"}
NOTHING = {"blocked": 0, "unblocked": 0, "checks": 0, "checksBlocked": 0}


@pytest.fixture(autouse=True)
def away_from_midnight():
    """Days end at midnight UTC; a test that runs over it would count on two."""
    now = datetime.now(timezone.utc)
    if (now.hour, now.minute) == (23, 59):
        time.sleep(61 - now.second)


def today():
    return datetime.now(timezone.utc).date()


def statistics(api, query="?days=1"):
    body = expect.ok(api.get("/statistics" + query))
    assert body.keys() == {"blockedLeads", "names", "days"}
    assert body["blockedLeads"].keys() == body["names"].keys() == {"workspace", "campaigns", "total"}
    assert all(day.keys() == DAY for day in body["days"])
    return body


def counted(api):
    """Today's numbers."""
    (day,) = statistics(api)["days"]
    assert day.pop("date") == str(today())
    return day


def sizes(api):
    return tuple(statistics(api)["blockedLeads"][name] for name in (
        "workspace", "campaigns", "total"))


@pytest.fixture
def path(fresh):
    return f"/campaigns/{fresh.campaign()}/blocked-leads"


def ids(*names):
    return {"publicIdentifiers": list(names)}


def leads(*names):
    return {"leads": [{"publicIdentifier": name} for name in names]}


@pytest.mark.parametrize("query, count", [("", 30), ("?days=1", 1), ("?days=30", 30),
                                          ("?days=400", 400), ("?days=007", 7)])
def test_there_is_one_entry_a_day_until_today_oldest_first(fresh, query, count):
    body = statistics(fresh.api, query)
    dates = [day.pop("date") for day in body["days"]]
    assert dates == [str(today() - timedelta(days=back)) for back in range(count - 1, -1, -1)]
    none = {"workspace": 0, "campaigns": 0, "total": 0}
    assert body == {"blockedLeads": none, "names": none,
                    "days": [NOTHING] * count}


@pytest.mark.parametrize("days", ["0", "401", "-1", "", "1.5", "x", "1e2", "%201", "+1",
                                  "18446744073709551617", "4294967297", "1&days=2"])
def test_other_numbers_of_days_are_refused(fresh, days):
    expect.error(fresh.api.get("/statistics?days=" + days), 400, "invalid_parameter")


def test_blocks_and_unblocks_are_counted_as_they_are_done(fresh, path):
    api = fresh.api
    api.post(path, ids("a-1", "b-2", "a-1"))
    api.post(path, ids("a-1", "c-3"))
    api.post("/blocked-leads", leads("a-1", "b-2"))
    assert sizes(api) == (2, 3, 5)
    api.delete(path, ids("a-1", "never"))
    assert sizes(api) == (2, 2, 4)
    assert counted(api) == {**NOTHING, "blocked": 5, "unblocked": 1}
    api.post(path + "?dryRun=true", ids("z-9"))
    api.post(path, ids("no id"))
    assert counted(api) == {**NOTHING, "blocked": 5, "unblocked": 1}


def test_an_undo_counts_as_what_it_does(fresh, path):
    api = fresh.api
    blocked = api.post(path, ids("a-1", "b-2")).header("x-change-id")
    expect.ok(api.post(f"/changes/{blocked}/undo"))
    assert counted(api) == {**NOTHING, "blocked": 2, "unblocked": 2} and sizes(api) == (0, 0, 0)
    api.post(path, ids("c-3"))
    unblocked = api.delete(path, ids("c-3")).header("x-change-id")
    expect.ok(api.post(f"/changes/{unblocked}/undo"))
    assert counted(api) == {**NOTHING, "blocked": 4, "unblocked": 3} and sizes(api) == (0, 1, 1)
    expect.ok(api.post(f"/changes/{unblocked}/undo"))
    assert counted(api) == {**NOTHING, "blocked": 4, "unblocked": 3}, "undone once"


def test_every_answer_of_a_check_is_counted(fresh, path):
    api = fresh.api
    api.post(path, ids("a-1"))
    api.post("/blocked-leads", leads("b-2"))
    api.get(path + "/a-1")
    api.get(path + "/b-2")
    api.get(path + "/c-3")
    assert counted(api) == {"blocked": 2, "unblocked": 0, "checks": 3, "checksBlocked": 2}
    api.post(path + "/check", ids("a-1", "b-2", "c-3", "d-4"))
    assert (counted(api)["checks"], counted(api)["checksBlocked"]) == (7, 4)
    api.get("/blocked-leads/a-1")
    api.get("/blocked-leads/c-3")
    assert (counted(api)["checks"], counted(api)["checksBlocked"]) == (9, 5)
    api.get(path + "/no%20id")
    api.get("/campaigns/none/blocked-leads/a-1")
    api.get(path)
    assert (counted(api)["checks"], counted(api)["checksBlocked"]) == (9, 5)


def test_another_workspaces_numbers_are_its_own(server, fresh, path, other):
    before = statistics(other.api)
    fresh.api.post(path, ids("a-1"))
    fresh.api.post("/blocked-leads", leads("a-1"))
    fresh.api.get(path + "/a-1")
    assert statistics(other.api) == before
    viewer = people.person(server, "viewer", fresh.workspace)
    assert statistics(viewer.api) == statistics(fresh.api)
    assert sizes(viewer.api) == (1, 1, 2)


def test_a_list_that_has_ended_is_out_of_the_sizes_but_not_of_the_days(fresh, path):
    fresh.api.post(path, ids("a-1", "b-2"))
    fresh.api.delete(path.removesuffix("/blocked-leads"))
    assert sizes(fresh.api) == (0, 2, 2)  # it is kept
    fresh.api.delete(path.removesuffix("/blocked-leads") + "?blocks=drop")
    end = time.monotonic() + 20  # its entries leave memory bit by bit
    while sizes(fresh.api) != (0, 0, 0) and time.monotonic() < end:
        time.sleep(0.01)
    assert sizes(fresh.api) == (0, 0, 0)
    assert counted(fresh.api)["blocked"] == 2


def busy(tenant):
    """Does a little of everything; the paths of two campaigns, the second deleted."""
    one, two = (f"/campaigns/{tenant.campaign()}" for _ in range(2))
    for campaign in (one, two):
        change = tenant.api.post(campaign + "/blocked-leads",
                                 ids(*[f"lead-{i}" for i in range(120)])).header("x-change-id")
        tenant.api.delete(campaign + "/blocked-leads", ids("lead-1", "lead-2"))
        tenant.api.get(campaign + "/blocked-leads/lead-3")
        tenant.api.get(campaign + "/blocked-leads/lead-1")
    expect.ok(tenant.api.post(f"/changes/{change}/undo"))
    tenant.api.post("/blocked-leads", leads("a-1"))
    tenant.api.delete(two)


def test_a_restart_gives_the_same_numbers_and_goes_on_from_there():
    with Server() as server:
        tenant, quiet = server.tenant(), server.tenant()
        busy(tenant)
        before = statistics(tenant.api, "?days=3")
        assert counted(tenant.api) == {
            "blocked": 241, "unblocked": 2 + 2 + 118, "checks": 4, "checksBlocked": 2}
        server.restart()
        assert statistics(server.api(tenant.key), "?days=3") == before
        assert counted(server.api(quiet.key)) == NOTHING
        api = server.api(tenant.key)
        api.get("/blocked-leads/a-1")
        assert (counted(api)["checks"], counted(api)["checksBlocked"]) == (5, 3)
        server.restart()
        assert counted(server.api(tenant.key))["checks"] == 5, "neither lost nor counted twice"
        server.kill()
        server.start()
        day = counted(server.api(tenant.key))
        assert (day["blocked"], day["unblocked"], day["checks"]) == (241, 122, 5)


@sqlite_only("days are made by changing the database file")
def test_what_happened_on_other_days_is_counted_there():
    with Server() as server:
        tenant = server.tenant()
        api = tenant.api
        api.post("/blocked-leads", leads("a-1", "b-2"))
        api.get("/blocked-leads/a-1")
        server.stop()
        with pages.changed(server.data) as database:
            assert database.execute("UPDATE blocklist_log SET at = at - 3 * 86400000").rowcount
            assert database.execute("UPDATE check_count SET day = day - 2").rowcount
        server.start()
        api = server.api(tenant.key)
        api.post("/blocked-leads", leads("c-3"))
        days = [{name: day[name] for name in NOTHING}
                for day in statistics(api, "?days=5")["days"]]
        assert days == [NOTHING, {**NOTHING, "blocked": 2},
                        {**NOTHING, "checks": 1, "checksBlocked": 1}, NOTHING,
                        {**NOTHING, "blocked": 1}]
        assert [day["blocked"] for day in statistics(api, "?days=3")["days"]] == [0, 0, 1]
        assert sizes(api) == (3, 0, 3)
