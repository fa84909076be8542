"""--log-retention: the log loses the names of people who have not been blocked for so many days."""

import re
import subprocess
import time

import pytest

from support import expect, people, postgres
from support.moved_clock import MovedClock
from support.server import Server, run
from support.waiting import eventually

DAY = 86400
LEADS = "/blocked-leads"
MEMBER = "ACoAA" + "Rt5" * 12


def contents(server):
    if server.database:
        return subprocess.run([postgres.tool("pg_dump"), "-d", server.database], check=True,
                              capture_output=True).stdout
    return b"".join(path.read_bytes() for path in sorted(server.data.rglob("*")) if path.is_file())


def names_in(server, *names):
    data = contents(server)
    return [name for name in names if name.encode() in data]


def wait_until_gone(server, *names):
    """A round that has something to do does it soon."""
    eventually(lambda: not names_in(server, *names), pause=0.1, told=lambda: names_in(server, *names))


class World:
    """A server that keeps its log for 30 days, and days that pass."""

    def __init__(self, clock, server):
        self.clock = clock
        self.server = server
        self.tenant = server.tenant()

    @property
    def api(self):
        return self.server.api(self.tenant.key)

    def block(self, *names, path=LEADS, **fields):
        answer = self.api.post(path, {"leads": [{"publicIdentifier": name, **fields}
                                                for name in names]})
        expect.ok(answer)
        return answer.header("x-change-id")

    def unblock(self, *names, path="/blocklist"):
        answer = self.api.delete(path, {"entries": [{"publicIdentifier": name} for name in names]})
        expect.ok(answer)
        return answer.header("x-change-id")

    def pass_days(self, days):
        """A start begins a round. What it has to keep is kept if it is there when what comes after it
        in the log has gone."""
        self.server.stop()
        self.clock.let_pass(days * DAY)
        self.server.start()

    def wait_for_round(self):
        wait_until_gone(self.server, "sentinel-1")

    def begin(self):
        """Somebody whose history ends first of all that is unblocked later."""
        self.block("sentinel-1")
        self.unblock("sentinel-1")

    def history(self, name):
        answer = self.api.get(f"{LEADS}/{name}/history")
        return expect.ok(answer)


@pytest.fixture
def world():
    with MovedClock() as clock, Server("--log-retention", "30", env=clock.env) as server:
        yield World(clock, server)


def number_of(change):
    return int(change.split("_")[1])


def verified(world):
    world.server.stop()
    result = run("verify", world.server.database or str(world.server.data))
    assert result.code == 0, result
    world.server.start()


def test_who_is_not_blocked_any_more_leaves_the_log(world):
    world.begin()
    world.pass_days(2)
    world.block("gone-1", reason="gone-1 asked by phone")
    world.block("gone-1", reason="asked-again")
    world.block("gone-2", "stays-1", reason="of two")
    world.unblock("gone-1", "gone-2")
    world.pass_days(29)
    world.wait_for_round()
    assert names_in(world.server, "gone-1", "gone-2", "asked-again") == ["gone-1", "gone-2", "asked-again"]
    world.pass_days(2)
    wait_until_gone(world.server, "gone-1", "gone-2", "asked-again")
    assert names_in(world.server, "stays-1", "of two") == ["stays-1", "of two"]
    verified(world)
    listed = expect.ok(world.api.get(LEADS))
    assert [(entry["publicIdentifier"], entry["reason"]) for entry in listed] == [("stays-1", "of two")]
    checked = expect.ok(world.api.post(LEADS + "/check", {"publicIdentifiers": ["gone-1", "stays-1"]}))
    assert (checked["allowed"], checked["blocked"]) == (["gone-1"], ["stays-1"])


def test_who_was_blocked_again_or_freed_lately_keeps_the_history(world):
    world.block("again-1", "lately-1", "restored-1")
    world.unblock("again-1")
    change = world.unblock("restored-1")
    world.begin()
    world.pass_days(25)
    world.block("again-1")
    world.unblock("lately-1")
    assert world.api.post(f"/changes/{change}/undo").status == 200
    world.pass_days(10)
    world.wait_for_round()
    for name, events in (("again-1", 3), ("lately-1", 2), ("restored-1", 3)):
        assert len(world.history(name)) == events
    world.pass_days(25)  # 35 days after the unblock
    wait_until_gone(world.server, "lately-1")
    assert names_in(world.server, "again-1", "restored-1") == ["again-1", "restored-1"]
    verified(world)


def test_who_is_blocked_in_any_list_or_by_another_name_keeps_the_history(world):
    operator = people.person(world.server, "operator").api
    campaign = world.tenant.campaign()
    dropped = world.tenant.campaign()
    kept = world.tenant.campaign()
    in_campaign = f"/campaigns/{campaign}/blocked-leads"
    expect.ok(world.api.post("/people/link", {"links": [
        {"publicIdentifier": "linked-1", "memberId": MEMBER}]}))
    world.block("linked-1", "listed-1", "kept-1", "dropped-1", "everywhere-1")
    expect.ok(world.api.post("/blocklist", {"entries": [{"memberId": MEMBER}]}))
    for name, where in (("listed-1", campaign), ("kept-1", kept), ("dropped-1", dropped)):
        expect.ok(world.api.post(f"/campaigns/{where}/blocked-leads", {"publicIdentifiers": [name]}))
    expect.ok(operator.post("/installation/blocklist", {"entries": [
        {"publicIdentifier": "everywhere-1"}]}))
    world.unblock("linked-1", "listed-1", "kept-1", "dropped-1", "everywhere-1")
    expect.ok(world.api.delete(f"/campaigns/{kept}"))
    expect.ok(world.api.delete(f"/campaigns/{dropped}?blocks=drop"))
    world.begin()
    world.pass_days(31)
    world.wait_for_round()
    wait_until_gone(world.server, "dropped-1")
    for name in ("linked-1", "listed-1", "kept-1", "everywhere-1"):
        assert len(world.history(name)) >= 2, name
    assert expect.ok(world.api.get(in_campaign))[0]["publicIdentifier"] == "listed-1"
    verified(world)


def test_numbers_do_not_come_back_and_an_undo_says_what_is_gone(world):
    blocked = world.block("gone-1", "gone-2")
    unblocked = world.unblock("gone-1", "gone-2")
    world.begin()
    world.pass_days(31)
    wait_until_gone(world.server, "gone-1", "gone-2")
    for change in (blocked, unblocked):
        answer = world.api.post(f"/changes/{change}/undo")
        assert answer.status == 200
        assert answer.json()["message"] == \
            "Nothing left to undo, 2 whose names are not kept any more"
    new = world.block("gone-1")
    assert number_of(new) > number_of(unblocked)
    assert len(world.history("gone-1")) == 1
    audit = expect.ok(world.api.get("/audit?action=leads.erase"))
    assert {entry["by"]["type"] for entry in audit} == {"server"}
    verified(world)


def test_all_kinds_of_people_s_names_and_nothing_else(world):
    entries = [{"email": "gone@example.org"}, {"phone": "+442079460111"},
               {"domain": "kept.example.net"}, {"company": "Kept Ltd"}]
    expect.ok(world.api.post("/blocklist", {"entries": entries}))
    expect.ok(world.api.delete("/blocklist", {"entries": entries}))
    world.pass_days(31)
    wait_until_gone(world.server, "gone@example.org", "2079460111")
    assert names_in(world.server, "kept.example.net") == ["kept.example.net"]


def test_without_the_setting_the_log_is_kept():
    with MovedClock() as clock, Server(env=clock.env) as server:
        api = server.tenant().api
        expect.ok(api.post(LEADS, {"leads": [{"publicIdentifier": "kept-1"}]}))
        expect.ok(api.delete("/blocklist", {"entries": [{"publicIdentifier": "kept-1"}]}))
        server.stop()
        clock.let_pass(4000 * DAY)
        server.start()
        time.sleep(2.5)
        assert names_in(server, "kept-1") == ["kept-1"]


def test_many_histories_end_in_small_steps(world):
    names = [f"gone-{i}-x" for i in range(3000)]
    for name in names[:300]:
        world.block(name)
    world.block(*names[300:], "stays-1")
    for begin in range(0, len(names), 1000):
        world.unblock(*names[begin:begin + 1000])
    world.pass_days(31)
    wait_until_gone(world.server, "gone-0-x", "gone-299-x", "gone-300-x", "gone-2999-x")
    assert re.findall(rb"gone-\d+-x", contents(world.server)) == []
    verified(world)
    assert [entry["publicIdentifier"] for entry in expect.ok(world.api.get(LEADS))] == ["stays-1"]
