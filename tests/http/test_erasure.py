"""POST /v1/erasures: a person leaves the workspace by every name, and stays blocked in every spelling."""

import json
import re
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from support import expect, postgres
from support.campaigns import Campaign
from support.marks import sqlite_only
from support.server import Server, on_postgresql, run
from support.short_memory import ShortMemory
from support.waiting import eventually

LEADS = "/blocked-leads"
MEMBER = "ACoAA" + "Zq7" * 12
NAME = "zelda-m\u00fcller-9"
EMAIL = "zelda.m9@example.org"
PHONE = "+442079460958"
# Every stored spelling of the person, and parts that nobody else has.
TRACES = ["zelda", "Zelda", MEMBER, EMAIL, PHONE, "2079460958", quote(NAME)]


def place(server):
    return server.database or str(server.data)


def contents(server):
    """What the server keeps, as (name, bytes): all files of its folder, or a dump of its database."""
    for path in sorted(server.data.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()
    if server.database:
        dump = subprocess.run([postgres.tool("pg_dump"), "-d", server.database], check=True,
                              capture_output=True).stdout
        yield "pg_dump", dump
    yield "log", server.log_text().encode()


def traces(server, words=None):
    return [(name, word) for name, data in contents(server) for word in words or TRACES
            if word.encode() in data]


class World:
    """A workspace that knows the person in all places, and others beside."""

    def __init__(self, server):
        self.server = server
        self.tenant = server.tenant()
        self.api = self.tenant.api
        self.campaign = self.tenant.campaign()
        self.list = f"/campaigns/{self.campaign}/blocked-leads"
        self.blocked = self.change(self.api.post(LEADS, {"leads": [
            {"publicIdentifier": "first-one"},
            {"publicIdentifier": NAME, "reason": "Zelda M\u00fcller asked"},
            {"publicIdentifier": "last-one", "reason": f"friend of {NAME}"}]}))
        self.api.post(LEADS, {"leads": [{"publicIdentifier": NAME, "reason": "again"}]})
        self.change(self.api.post(self.list, {"publicIdentifiers": [NAME, "in-campaign"],
                                              "reason": "fair"}))
        self.api.post("/blocklist", {"entries": [
            {"email": EMAIL, "kind": "opt_out"},
            {"domain": "example.net", "reason": f"as {NAME} said"}]})
        self.api.post("/blocklist", {"entries": [{"phone": PHONE}]})
        self.unblocked = self.change(self.api.delete("/blocklist", {"entries": [{"phone": PHONE}]}))
        expect.ok(self.api.post(f"/campaigns/{self.campaign}/leads", {"leads": [
            {"publicIdentifier": NAME, "memberId": MEMBER, "firstName": "Zelda",
             "lastName": "M\u00fcller", "email": EMAIL, "phone": PHONE,
             "variables": {"note": "Zelda likes tea"}},
            {"publicIdentifier": "in-campaign"}, {"publicIdentifier": "somebody-else"}]}))

    @staticmethod
    def change(response):
        expect.ok(response)
        return response.header("x-change-id")

    def erase(self, **options):
        return expect.ok(self.api.post("/erasures", {"publicIdentifier": NAME}, **options))

    def is_blocked(self, **name):
        return expect.ok(self.api.post("/check", {"leads": [name]}))[0]["blocked"]

    def stays_blocked(self):
        spellings = [NAME, NAME.upper(), f"https://de.linkedin.com/in/{quote(NAME)}/?trk=x", MEMBER]
        body = expect.ok(self.api.post(LEADS + "/check", {"publicIdentifiers": spellings + ["free"]}))
        assert body["allowed"] == ["free"], body
        campaign = expect.ok(self.api.post(self.list + "/check", {"publicIdentifiers": [NAME]}))
        assert campaign["allowed"] == []
        assert self.is_blocked(email=EMAIL.upper()) and self.is_blocked(phone=PHONE)
        assert not self.is_blocked(email="free@example.org")


@pytest.fixture
def world(own):
    return World(own)


def verified(server):
    server.stop()
    result = run("verify", place(server))
    assert result.code == 0, result
    server.start()


# As they were stored before 0.16.0.
def test_a_phone_number_that_was_stored_as_a_national_one_is_erased(fresh):
    body = {"phone": "82 2 312 3456", "defaultCountry": "KR"}
    expect.ok(fresh.api.post("/blocklist", {"entries": [{"phone": "+828223123456"}]}))
    for query in ("?dryRun=true", ""):
        said = expect.ok(fresh.api.post("/erasures" + query, body))
        assert said["erased"]["entries"] == 1 and said["blocked"] is True
    left = expect.ok(fresh.api.get("/blocklist"))  # also by today's reading
    assert [(entry["erased"], entry["value"]) for entry in left] == [(True, None)] * 2
    lead = {"leads": [{"phone": "82 2 312 3456"}], "defaultCountry": "KR"}
    assert expect.ok(fresh.api.post("/check", lead))[0]["blocked"]


TWO = ["+4989123456", "+494989123456"]


@pytest.mark.parametrize("blocked", [TWO, TWO[:1], TWO[1:], []], ids=" ".join)
def test_neither_of_two_phone_numbers_that_may_be_meant_is_erased(fresh, blocked):
    """Also where one alone is blocked: a lead may have the other."""
    campaign = fresh.campaign("Q1")
    entries = [{"phone": value} for value in blocked] + [{"email": "bob@example.com"}]
    expect.ok(fresh.api.post("/blocklist", {"entries": entries}))
    expect.ok(fresh.api.post(f"/campaigns/{campaign}/leads", {"leads": [
        {"publicIdentifier": f"lead-{value[1:]}", "phone": value} for value in TWO]}))
    body = {"phone": "49 89 123456", "email": "bob@example.com", "defaultCountry": "DE"}
    for query in ("?dryRun=true", ""):
        error = expect.error(fresh.api.post("/erasures" + query, body), 400, "invalid_identifier")
        assert '"phone": may begin with' in error["message"] and "with +" in error["message"]
    assert not any(entry.get("erased") for entry in expect.ok(fresh.api.get("/blocklist")))
    assert len(expect.ok(fresh.api.get(f"/campaigns/{campaign}/leads"))) == 2
    said = expect.ok(fresh.api.post("/erasures", {"phone": TWO[1]}))
    assert said["erased"]["leads"] == 1 and said["erased"]["entries"] == (TWO[1] in blocked)


OWNER = 48  # bytes that the list of campaigns takes for each, and for one more


def test_an_erasure_fails_when_memory_is_too_short_to_look_into_all_lists(own):
    with ShortMemory() as memory:
        own.env = memory.env
        own.restart()
        tenant = own.tenant()
        campaigns = [tenant.campaign() for _ in range(60)]
        expect.ok(tenant.api.post(f"/campaigns/{campaigns[7]}/blocklist", {"entries": [{"email": EMAIL}]}))
        memory.refuse_next(61 * OWNER, 61 * OWNER)
        expect.error(tenant.api.post("/erasures?dryRun=true", {"email": EMAIL}), 503, "overloaded")
        assert memory.refused == 1
        assert expect.ok(tenant.api.post("/erasures?dryRun=true", {"email": EMAIL}))["blocked"] is True
        own.env = None


def test_no_trace_of_an_erased_person_is_left_anywhere(world, tmp_path):
    assert traces(world.server), "else there is nothing to look for"
    body = world.erase()
    assert body["erased"] == {"names": 4, "entries": 7, "reasons": 4, "leads": 1}, body
    assert body["blocked"] is True and body["overwritten"] is True
    assert traces(world.server) == []
    if not world.server.database:
        world.server.cli("backup", tmp_path / "copy.db")
        data = (tmp_path / "copy.db").read_bytes()
        assert [word for word in TRACES if word.encode() in data] == []
    verified(world.server)
    assert traces(world.server) == []


def test_no_trace_is_left_of_who_is_erased_after_another(own):
    """What the first erasure has overwritten is written again before the second."""
    tenant = own.tenant()
    expect.blocked_result(tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": "first-erased"}]}), 1)
    assert expect.ok(tenant.api.post("/erasures", {"publicIdentifier": "first-erased"}))["overwritten"] is True
    world = World(own)
    assert traces(own), "else there is nothing to look for"
    assert world.erase()["overwritten"] is True
    assert traces(own) == []


def test_an_erased_person_stays_blocked_in_every_spelling(world):
    world.erase()
    world.stays_blocked()
    world.server.restart()
    world.api = world.server.api(world.tenant.key)
    world.stays_blocked()


def test_lists_show_that_somebody_was_erased(world):
    world.erase()
    listed = expect.ok(world.api.get(LEADS + "?take=100"))
    assert [entry["publicIdentifier"] for entry in listed if "erased" not in entry] == [
        "last-one", "first-one"]
    erased = [entry for entry in listed if entry.get("erased")]
    assert erased and all(entry["publicIdentifier"] is None and entry["reason"] is None
                          for entry in erased)
    mail = expect.ok(world.api.get("/blocklist?type=email"))
    assert [(entry["value"], entry["erased"], entry["kind"]) for entry in mail] == [
        (None, True, "opt_out")]


def test_new_blocks_imports_and_leads_know_the_erased_person(world):
    world.erase()
    again = expect.ok(world.api.post(LEADS, {"leads": [{"publicIdentifier": NAME.upper()}]}))
    assert again["blocked"] == 0
    added = expect.ok(world.api.post(f"/campaigns/{world.tenant.campaign()}/leads", {"leads": [
        {"publicIdentifier": "another-name", "email": EMAIL}]}))
    assert added["blocked"] == 1
    imported = expect.ok(world.api.post(
        LEADS + "/import", f"linkedin.com/in/{quote(NAME)}\n".encode(), content_type="text/plain"))
    assert (imported["blocked"], imported["already"]) == (0, 1)
    assert [found for found in traces(world.server, [NAME, quote(NAME)])] == []


def test_only_an_unblock_by_name_frees_an_erased_person(world):
    ids = [entry["id"] for entry in expect.ok(world.api.get(LEADS)) if entry["publicIdentifier"]]
    response = world.api.post("/erasures", {"publicIdentifier": NAME})
    change = response.header("x-change-id")
    listed = [entry["id"] for entry in expect.ok(world.api.get(LEADS)) if entry.get("erased")]
    assert expect.ok(world.api.delete(LEADS, ids + listed))["unblocked"] == 2
    for undone in (world.blocked, world.unblocked):
        assert world.api.post(f"/changes/{undone}/undo").status == 200
    refused = world.api.post(f"/changes/{change}/undo")
    assert refused.status == 404 and "cannot be undone" in refused.message
    world.stays_blocked()
    for entry in ({"publicIdentifier": NAME}, {"memberId": MEMBER}, {"email": EMAIL},
                  {"phone": PHONE}):
        body = expect.ok(world.api.delete("/blocklist", {"entries": [entry]}))
        assert body["unblocked"] == 1
    assert not world.is_blocked(publicIdentifier=NAME)
    verified(world.server)


def unblocked_by_the_tool(env, **arguments):
    """What `unblock` of `leadblock mcp` did."""
    lines = [{"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-11-25", "capabilities": {},
                                                          "clientInfo": {"name": "test", "version": "1"}}},
             {"id": 2, "method": "tools/call", "params": {"name": "unblock", "arguments": arguments}}]
    sent = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    answers = run("mcp", "--allow-writes", stdin=sent, env=env).out.splitlines()
    return json.loads(answers[1])["result"]["structuredContent"]["unblocked"]


@pytest.mark.parametrize("scope", ["workspace", "campaign"])
def test_every_command_that_takes_a_name_frees_an_erased_person(world, scope):
    world.erase()
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{world.server.port}", "LEADBLOCK_KEY": world.tenant.key}
    where = ["--workspace"] if scope == "workspace" else [world.campaign]
    entries = "/blocklist" if scope == "workspace" else f"/campaigns/{world.campaign}/blocklist"
    of = {} if scope == "workspace" else {"campaignId": world.campaign}
    person, email = {"publicIdentifier": NAME}, {"email": EMAIL}

    def command(*args, stdin=""):
        result = run("unblock", *where, *args, stdin=stdin, env=env)
        assert result.code == 0, result
        return int(re.match(r"(?:column .*\n)*(\d+) ", result.out)[1])

    files = [(person, ["-"], NAME.upper() + "\n"),
             (email, ["--all-types", "-"], f"type,value\nemail,{EMAIL}\n")]
    for entry, args, data in files:  # a try says what would be, and changes nothing
        assert [command(*args, "--dry-run", stdin=data) for _ in range(2)] == [1, 1]
    ways = [(person, lambda: command(f"https://de.linkedin.com/in/{quote(NAME)}/")),
            ({"memberId": MEMBER}, lambda: command(MEMBER)),
            (email, lambda: command("--email", EMAIL.upper())),
            ({"phone": PHONE}, lambda: command("--phone", PHONE)),
            *((entry, lambda args=args, data=data: command(*args, stdin=data)) for entry, args, data in files),
            (person, lambda: unblocked_by_the_tool(env, publicIdentifiers=[NAME], **of)),
            (person, lambda: unblocked_by_the_tool(
                env, names=[{"type": "publicIdentifier", "value": NAME}], **of)),
            (email, lambda: unblocked_by_the_tool(env, names=[{"type": "email", "value": EMAIL}], **of))]
    for entry, way in ways:
        assert [way(), way()] == [1, 0], entry
        assert expect.ok(world.api.post(entries, {"entries": [entry]}))["blocked"] == 1
    assert [found for found in traces(world.server, [EMAIL, MEMBER, quote(NAME)])] == []


def test_undo_history_events_and_changes_bring_no_name_back(world):
    world.erase()
    texts = [world.api.get(path).body.decode() for path in (
        f"/changes/{world.blocked}", f"/changes/{world.blocked}/leads", "/events?after=0",
        f"/changes/{world.unblocked}/leads", "/audit", "/blocklist", world.list,
        f"/blocked-leads/{quote(NAME)}/history", "/imports")]
    assert [text for text in texts if re.search("zelda|2079460958|Zq7Zq7", text, re.IGNORECASE)] == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_mention_that_is_percent_encoded_goes(fresh, times):
    """As in addresses that people copy: the name itself, or all of the address."""
    name, plain = "z\u00fcrcher-m\u00fcller-9", "ada-lovelace"
    coded, address = name, f"linkedin.com/in/{plain}/"
    for _ in range(times):
        coded, address = quote(coded, safe=""), quote(address, safe="")
    expect.ok(fresh.api.post(LEADS, {"leads": [
        {"publicIdentifier": "first-one", "reason": f"see linkedin.com/in/{coded}/?x=1"},
        {"publicIdentifier": "last-one", "reason": f"as {address} said"},
        {"publicIdentifier": "other-one", "reason": "100% sure, %zz, %4"}]}))
    for erased in (name, plain):
        expect.ok(fresh.api.post("/erasures", {"publicIdentifier": erased}))
    assert [entry["reason"] for entry in expect.ok(fresh.api.get(LEADS))] == [
        "100% sure, %zz, %4", None, None]


@pytest.mark.parametrize("said", [
    "%E9t%E9 linkedin.com/in/%5AELDA-M9/", "linkedin.com%2Fin%2FZelda-M9 %FF",
    "call +44 20 7946 0958 10 times", "+44 (0)20-7946.0958", "(+44) 20 / 7946 0958;"])
def test_a_mention_among_stray_bytes_or_in_groups_of_digits_goes(fresh, said):
    kept = "+44 20 7946 09581, +44 20 7946 095"
    expect.ok(fresh.api.post(LEADS, {"leads": [
        {"publicIdentifier": "first-one", "reason": said},
        {"publicIdentifier": "last-one", "reason": kept}]}))
    expect.ok(fresh.api.post("/erasures", {"publicIdentifier": "zelda-m9", "phone": PHONE}))
    assert [entry["reason"] for entry in expect.ok(fresh.api.get(LEADS))] == [kept, None]


def test_a_dry_run_says_what_would_go(world):
    body = expect.ok(world.api.post("/erasures?dryRun=true", {"publicIdentifier": NAME}))
    assert body["erased"] == {"names": 4, "entries": 7, "reasons": 4, "leads": 1}
    assert body["message"].startswith("Would erase") and "overwritten" not in body
    assert traces(world.server)
    assert expect.ok(world.api.get(f"/leads?publicIdentifier={quote(NAME)}"))


def test_it_is_in_the_audit_log_without_the_name(world):
    world.erase()
    actions = expect.ok(world.api.get("/audit?action=leads.erase"))
    assert [(entry["action"], entry["by"]["type"]) for entry in actions] == [("leads.erase", "key")]
    assert "zelda" not in str(actions).lower()


def test_the_same_person_of_another_workspace_is_not_touched(world):
    other = World(world.server)
    world.erase()
    check = expect.ok(other.api.post(LEADS + "/check", {"publicIdentifiers": [NAME]}))
    assert check["blocked"] == [NAME]
    assert [entry["publicIdentifier"] for entry in expect.ok(other.api.get(LEADS))].count(NAME) == 1
    assert len(expect.ok(other.api.get(f"/leads?publicIdentifier={quote(NAME)}"))) == 1
    assert all("erased" not in entry for entry in expect.ok(other.api.get(LEADS)))


def test_a_person_who_was_not_blocked_is_forgotten(own):
    tenant = own.tenant()
    campaign = tenant.campaign()
    expect.ok(tenant.api.post(f"/campaigns/{campaign}/leads", {"leads": [
        {"publicIdentifier": "zelda-x", "email": EMAIL}]}))
    body = expect.ok(tenant.api.post("/erasures", {"email": EMAIL}))
    assert body["erased"]["leads"] == 1 and body["blocked"] is False
    assert traces(own) == []
    assert expect.ok(tenant.api.get("/blocked-leads/zelda-x"))["blocked"] is False
    assert [entry["action"] for entry in expect.ok(tenant.api.get("/audit?action=leads"))] == [
        "leads.erase"]


def test_a_shared_address_is_no_name_of_the_person(own):
    tenant = own.tenant()
    campaign = tenant.campaign()
    expect.ok(tenant.api.post(f"/campaigns/{campaign}/leads", {"leads": [
        {"publicIdentifier": "zelda-x", "email": "office@example.org"},
        {"publicIdentifier": "colleague", "email": "office@example.org"}]}))
    tenant.api.post(LEADS, {"leads": [{"publicIdentifier": "zelda-x"}]})
    assert expect.ok(tenant.api.post("/erasures", {"publicIdentifier": "zelda-x"}))["erased"][
        "names"] == 1
    check = expect.ok(tenant.api.post("/check", {"leads": [{"email": "office@example.org"}]}))
    assert check[0]["blocked"] is False


@pytest.mark.parametrize("body", [
    {}, {"domain": "example.org"}, {"publicIdentifier": 7}, {"email": ["a@b.org", None]}])
def test_what_names_nobody_is_refused(own, body):
    assert own.tenant().api.post("/erasures", body).status == 400


def test_the_command_line_erases(world):
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{world.server.port}", "LEADBLOCK_KEY": world.tenant.key}
    tried = run("erase", "--dry-run", NAME, EMAIL, PHONE, env=env)
    assert tried.code == 0 and tried.out.startswith("Would erase 7 blocklist entries"), tried
    done = run("erase", NAME, EMAIL, PHONE, env=env)
    assert done.code == 0 and done.out.startswith("Erased 7 blocklist entries"), done
    assert traces(world.server) == []


@pytest.mark.parametrize("number", ["08912345678", "089/123 456-78", "(089) 12345678"])
def test_digits_on_the_command_line_are_a_phone_number(own, number):
    tenant = own.tenant()
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{own.port}", "LEADBLOCK_KEY": tenant.key}
    expect.ok(tenant.api.post("/blocklist", {"entries": [{"phone": "+498912345678"}]}))
    refused = run("erase", number, env=env)
    assert refused.code == 1 and "--country" in refused.err, refused
    done = run("erase", number, "--country", "DE", env=env)
    assert done.code == 0 and done.out.startswith("Erased 1 blocklist entry"), done


def test_a_linkedin_name_of_digits_is_erased_by_its_address(own):
    tenant = own.tenant()
    env = {"LEADBLOCK_URL": f"http://127.0.0.1:{own.port}", "LEADBLOCK_KEY": tenant.key}
    address = "https://www.linkedin.com/in/08912345678"
    expect.ok(tenant.api.post(LEADS, {"leads": [{"publicIdentifier": address}]}))
    done = run("erase", address, env=env)
    assert done.code == 0 and done.out.startswith("Erased 1 blocklist entry"), done


@sqlite_only("PostgreSQL's files are its own")
def test_a_killed_server_overwrites_its_files_at_the_next_start(world):
    """The erasure is recorded, and a reader keeps the old frames of the log from being overwritten."""
    reader = sqlite3.connect(f"file:{world.server.data}/leadblock.db?mode=ro", uri=True)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM lead").fetchone()
    api = world.server.api(world.tenant.key)
    sent = Thread(target=lambda: pytest.raises(Exception, api.post, "/erasures",
                                               {"publicIdentifier": NAME}))
    sent.start()
    other = world.server.api(world.tenant.key)
    while not any(entry.get("erased") for entry in expect.ok(other.get(LEADS))):
        pass
    assert traces(world.server)
    world.server.kill()
    reader.close()
    sent.join()
    world.server.start()
    assert traces(world.server) == []
    world.api = world.server.api(world.tenant.key)
    world.stays_blocked()


def sleeps_of_importers(server):
    total = 0
    for task in Path(f"/proc/{server.process.pid}/task").iterdir():
        if (task / "comm").read_text().strip() == "lb-importer":
            total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text(), re.M)[1])
    return total


@sqlite_only("PostgreSQL's files are its own")
def test_an_erasure_waits_for_a_reader_for_ten_seconds_and_the_server_goes_on(world):
    """However long its tries take: the server is suspended for most of the time."""
    reader = sqlite3.connect(f"file:{world.server.data}/leadblock.db?mode=ro", uri=True)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM lead").fetchone()
    other = world.server.api(world.tenant.key)
    answers = []
    began = time.monotonic()
    sent = Thread(target=lambda: answers.append(world.erase()))
    sent.start()
    while not any(entry.get("erased") for entry in expect.ok(other.get(LEADS))):
        time.sleep(0.01)
    before = sleeps_of_importers(world.server)  # of what erases, in its wait for the commit or for the reader
    eventually(lambda: sleeps_of_importers(world.server) > before + 1, pause=0.01)
    world.server.process.send_signal(signal.SIGSTOP)
    time.sleep(8)
    world.server.process.send_signal(signal.SIGCONT)
    sent.join()
    assert 10 <= time.monotonic() - began < 17
    assert answers[0]["overwritten"] is False
    assert traces(world.server), "else nothing was in the way"
    reader.close()
    until = time.monotonic() + 60
    while traces(world.server) and time.monotonic() < until:
        time.sleep(0.1)
    assert traces(world.server) == []


@sqlite_only("a backup is pg_dump's there")
def test_a_restored_backup_from_before_is_erased_again(world, tmp_path):
    world.server.cli("backup", tmp_path / "before.db")
    world.erase()
    world.server.stop()
    result = run("restore", tmp_path / "before.db", "--data", str(world.server.data), "--replace")
    assert result.code == 0 and "erased again" in result.out + result.err, result
    world.server.start()
    world.api = world.server.api(world.tenant.key)
    world.stays_blocked()
    assert [found for found in traces(world.server)] == []
    verified(world.server)


ALIASES = [f"zelda-{i}" for i in range(1, 8)]


def link(api, *pairs):
    return api.post("/people/link", {"links": [
        {"memberId": member, "publicIdentifier": name} for member, name in pairs]})


def link_person(api):
    """A member id and seven names; one more was refused, and another one taken back."""
    expect.ok(link(api, *((MEMBER, name) for name in ALIASES[:6])))
    wrong = World.change(link(api, (MEMBER, "yolanda-9")))
    expect.ok(api.post(f"/changes/{wrong}/undo"))
    expect.ok(link(api, (MEMBER, ALIASES[6])))
    assert expect.ok(link(api, (MEMBER, "yolanda-8")))["conflicts"] == 1
    assert len(expect.ok(api.get("/people/conflicts"))) == 1


def all_blocked(api, path=LEADS):
    asked = [*ALIASES, MEMBER, "yolanda-8", "yolanda-9"]
    body = expect.ok(api.post(f"{path}/check", {"publicIdentifiers": asked}))
    for name in body["blocked"]:
        assert expect.ok(api.get(f"{path}/{name}"))["blocked"]
    return body["blocked"] == [*ALIASES, MEMBER]


def test_a_person_of_several_names_is_erased_by_all_and_stays_blocked(own):
    tenant = own.tenant()
    in_campaign = f"/campaigns/{tenant.campaign()}/blocked-leads"
    link_person(tenant.api)
    expect.ok(tenant.api.post(in_campaign, {"publicIdentifiers": [ALIASES[0]]}))
    assert all_blocked(tenant.api, in_campaign) and not all_blocked(tenant.api)
    changes = [entry["id"] for entry in expect.ok(tenant.api.get("/audit"))
               if entry["action"] == "people.link"]
    assert len(changes) == 4
    body = expect.ok(tenant.api.post("/erasures", {"publicIdentifier": ALIASES[3]}))
    assert (body["erased"]["names"], body["blocked"]) == (8, True)
    assert traces(own, ["zelda", MEMBER]) == []
    api = tenant.api
    for _ in range(2):
        assert all_blocked(api, in_campaign) and not all_blocked(api)
        assert expect.ok(api.get("/people/conflicts")) == []
        verified(own)
        api = own.api(tenant.key)
    for change in changes:
        assert "zelda" not in str(expect.ok(api.get(f"/changes/{change}/leads")))
        api.post(f"/changes/{change}/undo")
    assert all_blocked(api, in_campaign) and traces(own, ["zelda", MEMBER]) == []


@pytest.mark.parametrize("by", ["name", "member id"])
def test_a_lead_that_gave_its_name_to_another_one_is_erased(own, by):
    """Two leads were begun, and turned out to be one person."""
    tenant = own.tenant()
    campaign = Campaign(tenant, NAME, {"publicIdentifier": MEMBER, "firstName": "Zelda", "email": EMAIL},
                        "somebody-else")
    assert len(campaign.claim()) == 3
    campaign.add({"publicIdentifier": NAME, "memberId": MEMBER})
    assert len(campaign.leads()) == 3
    answer = expect.ok(tenant.api.post("/erasures", {
        "publicIdentifier": NAME if by == "name" else MEMBER}))
    assert answer["erased"]["leads"] == 2
    assert [lead["publicIdentifier"] for lead in campaign.leads()] == ["somebody-else"]
    assert traces(own, [MEMBER, EMAIL, "Zelda"]) == []


def test_memory_has_no_link_of_an_erased_person(own):
    api = own.tenant().api
    link_person(api)
    expect.ok(api.post(LEADS, {"leads": [{"publicIdentifier": ALIASES[0]}]}))
    expect.ok(api.post("/erasures", {"publicIdentifier": ALIASES[3]}))
    assert all_blocked(api)
    expect.ok(api.delete("/blocklist", {"entries": [{"publicIdentifier": ALIASES[1]}]}))
    free = expect.ok(api.post(LEADS + "/check", {"publicIdentifiers": [*ALIASES, MEMBER]}))
    assert free["allowed"] == [ALIASES[1]], "each name is blocked by its own hash"
    assert "zelda" not in str(expect.ok(api.get(f"{LEADS}/{ALIASES[0]}"))).replace(ALIASES[0], "")


@sqlite_only("a server of a folder is asked beside its running")
def test_who_was_blocked_by_a_link_into_the_installations_list_stays_blocked(own):
    api = own.tenant().api
    expect.ok(link(api, (MEMBER, ALIASES[0])))
    own.cli("installation", "block", MEMBER)
    asked = {"publicIdentifiers": [ALIASES[0], MEMBER, "free"]}
    assert expect.ok(api.post(LEADS + "/check", asked))["allowed"] == ["free"]
    assert expect.ok(api.post("/erasures", {"publicIdentifier": ALIASES[0]}))["blocked"]
    assert expect.ok(api.post(LEADS + "/check", asked))["allowed"] == ["free"]
    assert traces(own, ["zelda"]) == []


def test_a_link_does_not_store_an_erased_name(own):
    api = own.tenant().api
    link_person(api)
    expect.ok(api.post(LEADS, {"leads": [{"publicIdentifier": ALIASES[0]}]}))
    expect.ok(api.post("/erasures", {"publicIdentifier": ALIASES[0]}))
    body = expect.ok(link(api, (MEMBER, "yolanda-9"), ("ACoAA" + "x" * 34, ALIASES[2])))
    assert (body["linked"], body["known"], body["conflicts"]) == (0, 0, 0)
    assert traces(own, ["zelda", MEMBER]) == []


@pytest.mark.skipif(not on_postgresql(), reason="one process owns a folder")
def test_another_node_forgets_the_links_of_an_erased_person(own):
    tenant = own.tenant()
    link_person(tenant.api)
    expect.ok(tenant.api.post(LEADS, {"leads": [{"publicIdentifier": ALIASES[0]}]}))
    with Server(database=own.database) as other:
        there = other.api(tenant.key)
        assert all_blocked(there)
        expect.ok(tenant.api.post("/erasures", {"publicIdentifier": ALIASES[3]}))
        assert all_blocked(there) and expect.ok(there.get("/people/conflicts")) == []
        expect.ok(tenant.api.delete("/blocklist", {"entries": [{"publicIdentifier": ALIASES[1]}]}))
        free = expect.ok(there.post(LEADS + "/check", {"publicIdentifiers": [*ALIASES, MEMBER]}))
        assert free["allowed"] == [ALIASES[1]], "each name is blocked by its own hash"


@pytest.mark.skipif(not on_postgresql(), reason="one process owns a folder")
def test_another_node_learns_at_once_what_was_before_an_erasure_and_after_it(own):
    tenant = own.tenant()
    expect.ok(link(tenant.api, (MEMBER, ALIASES[0])))
    expect.ok(tenant.api.post(LEADS, {"leads": [{"publicIdentifier": NAME}]}))
    with Server(database=own.database) as other:
        there = other.api(tenant.key)
        asked = {"publicIdentifiers": [MEMBER, NAME]}
        assert expect.ok(there.post(LEADS + "/check", asked))["blocked"] == [NAME]
        expect.ok(tenant.api.delete("/blocklist", {"entries": [{"publicIdentifier": NAME}]}))
        for name in NAME, ALIASES[0]:
            assert not expect.ok(tenant.api.post("/erasures", {"publicIdentifier": name}))["blocked"]
        assert expect.ok(link(tenant.api, (MEMBER, ALIASES[0])))["linked"] == 1
        expect.ok(tenant.api.post(LEADS, {"leads": [{"publicIdentifier": ALIASES[0]}]}))
        for api in tenant.api, there:
            assert expect.ok(api.post(LEADS + "/check", asked))["blocked"] == [MEMBER]
        expect.ok(there.post(LEADS, {"leads": [{"publicIdentifier": NAME}]}))
        for api in there, tenant.api:
            assert expect.ok(api.post(LEADS + "/check", asked))["blocked"] == [MEMBER, NAME]


def test_the_history_of_an_erased_person_begins_with_the_erasure(world):
    world.erase()
    history = expect.ok(world.api.get(f"/blocked-leads/{quote(NAME)}/history"))
    assert [event["what"] for event in history][-1] == "erased"


def reasons_left(api):
    return {entry["publicIdentifier"]: entry["reason"] for entry in expect.ok(api.get(LEADS + "?take=100"))}


@pytest.mark.parametrize("word", ["client", "opt-out", "2025-03-14", "q3-2025"])
def test_a_name_that_may_be_a_word_leaves_texts_as_they_are(own, word):
    api = own.tenant().api
    texts = {"one": f"a {word} of ours", "two": f"https://www.linkedin.com/in/{word}?trk=x asked",
             "three": word, "four": f"linkedin.com/in/{word}-2 asked"}
    expect.ok(api.post(LEADS, {"leads": [{"publicIdentifier": name, "reason": text}
                                         for name, text in texts.items()]}))
    expect.ok(api.post(f"{LEADS}/import?importId={word}", b"five\n", content_type="text/plain"))
    body = expect.ok(api.post("/erasures", {"publicIdentifier": word}))
    assert body["erased"]["reasons"] == 1, body
    left = reasons_left(api)
    assert [left[name] for name in texts] == [texts["one"], None, texts["three"], texts["four"]]
    assert [entry["importId"] for entry in expect.ok(api.get("/imports"))] == [word]
    change = expect.ok(api.get("/audit?action=leads.block"))[0]
    assert change["importId"] == word


def test_a_name_within_another_name_is_not_the_persons(own):
    api = own.tenant().api
    stay = [f"mary.{EMAIL}", f"{EMAIL}.uk", "zelda-m9-12 asked", "x-zelda-m9-1", f"{PHONE}7"]
    go = [f"<{EMAIL.upper()}>, she wrote", "as zelda-m9-1: no", f"tel:{PHONE}."]
    expect.ok(api.post(LEADS, {"leads": [{"publicIdentifier": f"other-{i}", "reason": text}
                                         for i, text in enumerate(stay + go)]}))
    expect.ok(api.post("/erasures", {"publicIdentifier": "zelda-m9-1", "email": EMAIL, "phone": PHONE}))
    left = reasons_left(api)
    assert [left[f"other-{i}"] for i in range(len(stay + go))] == stay + [None] * len(go)


def test_more_rows_than_one_write_may_rewrite_are_refused(own):
    api = own.tenant().api
    for part in range(2):
        expect.ok(api.post(LEADS, {"leads": [
            {"publicIdentifier": f"other-{part}-{i}", "reason": f"{EMAIL} {part} {i}"}
            for i in range(5001)]}))
    refused = api.post("/erasures", {"email": EMAIL})
    assert expect.error(refused, 413, "payload_too_large") and "10,000 rows" in refused.message
    assert traces(own, [EMAIL])


@sqlite_only("a server of a folder is asked beside its running")
def test_no_undo_frees_a_name_whose_erasure_removed_nothing(own):
    api = own.tenant().api
    own.cli("installation", "block", MEMBER)
    response = api.post("/erasures", {"publicIdentifier": ALIASES[0], "memberId": MEMBER})
    assert expect.ok(response)["blocked"] is True
    assert "leads.erase" in [entry["action"] for entry in expect.ok(api.get("/audit"))]
    api.post(f"/changes/{response.header('x-change-id')}/undo")
    asked = {"publicIdentifiers": [ALIASES[0], MEMBER]}
    assert expect.ok(api.post(LEADS + "/check", asked))["allowed"] == []


def test_one_of_two_people_of_a_name_is_erased_when_nothing_ties_them(own):
    """As docs/privacy.md says."""
    tenant = own.tenant()
    api = tenant.api
    other = "ACoAA" + "Yw4" * 12
    campaign = tenant.campaign()
    add = lambda **lead: api.post(f"/campaigns/{campaign}/leads", {"leads": [lead]})
    tied = World.change(link(api, (MEMBER, "given-again")))
    expect.ok(link(api, (other, "given-again")))
    expect.ok(add(publicIdentifier="given-again", memberId=other))
    both = expect.ok(api.post("/erasures?dryRun=true", {"memberId": MEMBER}))
    assert (both["erased"]["names"], both["erased"]["leads"]) == (3, 1)
    expect.ok(api.post(f"/changes/{tied}/undo"))
    alone = expect.ok(api.post("/erasures", {"memberId": MEMBER}))
    assert (alone["erased"]["names"], alone["erased"]["leads"]) == (1, 0)
    assert traces(own, [MEMBER]) == [] and traces(own, [other])
