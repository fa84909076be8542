"""A clock that was ahead and is set right: it is told, once, and keeps no lead waiting."""

import re
import time

import pytest

from support import expect, people
from support.campaigns import VISIT, Campaign
from support.moved_clock import MovedClock
from support.server import Server
from support.waiting import eventually

TWO_YEARS = 2 * 365 * 86400
SOON = 20.0  # seconds; the server looks at its clocks once a second
STEADY = 10 * 60  # as long the clock must not be set back before it is believed


@pytest.fixture
def clock():
    with MovedClock() as clock:
        yield clock


@pytest.fixture
def server(clock):
    with Server(env=clock.env) as server:
        yield server


def told(server):
    return [line for line in server.log_text().splitlines() if " warn clock " in line]


def wait_until_told(server, count):
    eventually(lambda: len(told(server)) >= count, told=server.log_text)


def test_a_step_back_is_told_once(server, clock):
    clock.set(TWO_YEARS)
    clock.wait_for_look()
    assert told(server) == []
    clock.set(0)
    wait_until_told(server, 1)
    back = re.search(r"the clock was set back by ([\d.]+) s", told(server)[0])
    assert abs(float(back[1]) - TWO_YEARS) < 1  # two clocks are compared, in milliseconds
    clock.wait_for_look()
    server.stop()  # which writes what is left of the log
    assert len(told(server)) == 1
    server.start()


def test_leads_do_not_wait_for_what_the_clock_said(server, clock):
    campaign = Campaign(server.tenant("agency"), "ada", steps=[VISIT])
    clock.set(TWO_YEARS)
    clock.wait_for_look()
    assert campaign.claim_one(lease=1)["attempt"] == 1
    clock.set(0)
    wait_until_told(server, 1)
    assert campaign.claim() == []
    assert len(told(server)) == 1
    clock.let_pass(STEADY)
    assert campaign.claim() == []
    wait_until_told(server, 2)
    assert "count from now on" in told(server)[1]
    limit = time.monotonic() + SOON
    while not (again := campaign.claim()):
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert again[0]["attempt"] == 2


def test_sessions_and_links_end_with_the_time_that_they_were_made_in(server, clock):
    clock.set(TWO_YEARS)
    bob = people.person(server, "operator")
    expect.ok(bob.api.get("/session"))
    _, token = people.create(server, "operator")
    clock.set(0)
    expect.error(bob.api.get("/session"), 401, "invalid_session")
    expect.error(people.open_link(server, token), 401, "invalid_link")


def test_a_start_notices_that_the_newest_block_is_of_the_future(server, clock):
    tenant = server.tenant()
    campaign = tenant.campaign()
    path = f"/campaigns/{campaign}/blocked-leads"
    expect.blocked_result(tenant.api.post(path, {"publicIdentifiers": ["ada"]}), 1)
    server.restart()
    assert told(server) == []
    clock.set(TWO_YEARS)
    expect.blocked_result(server.api(tenant.key).post(path, {"publicIdentifiers": ["bob"]}), 1)
    clock.set(0)
    server.restart()
    assert len(told(server)) == 1
    year = time.gmtime(time.time() + TWO_YEARS).tm_year
    assert f"the newest block was recorded at {year}-" in told(server)[0]
    assert "the future" in told(server)[0]
    answer = expect.ok(server.api(tenant.key).post(path + "/check",
                                                   {"publicIdentifiers": ["ada", "bob", "eve"]}))
    assert answer["blocked"] == ["ada", "bob"]
