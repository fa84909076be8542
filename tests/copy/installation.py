"""An installation with something of everything, made through the API, and all that it answers."""

import json
import re
import sqlite3
import tempfile
import time

from support import chain, expect, pages, postgres
from support.campaigns import (INVITATION, MESSAGE, VISIT, Campaign, block_everywhere, member_id,
                               undo, unblock_everywhere)
from support.ends import block_for_a_moment
from support.server import Server, key_id, run

NAME = '"quotes", \'more\', back\\slash, \\N, \\., $1, Zoë, 山田, 😀'
ODD = f"tab\there, line\nend, {NAME}"
A_DAY = 86400  # seconds: a lease that ends while the tests run would change the answers


class Place:
    """Where an installation is: a folder, or a PostgreSQL database."""

    def __init__(self, folder, uri=None):
        self.folder = folder
        self.uri = uri

    @property
    def name(self):
        """As `leadblock copy` takes it."""
        return self.uri or str(self.folder)

    def server(self):
        return Server(data=self.folder, database=self.uri)

    def command(self, *args):
        """An operator's command on it, without a server."""
        with tempfile.TemporaryDirectory() as other:
            place = ["--data", str(self.folder or other)]
            return run(*args, *place, *(["--database", self.uri] if self.uri else []))

    def ask(self, statement):
        """What a statement prints, `|` between its columns; tables by their bare names."""
        if self.uri:
            return postgres.shared().psql("SET search_path = leadblock; " + statement,
                                          postgres.database_of(self.uri))
        db = sqlite3.connect(f"file:{self.folder}/leadblock.db?mode=ro", uri=True)
        try:
            return "\n".join("|".join(map(str, row)) for row in db.execute(statement))
        finally:
            db.close()

    def change(self, statement):
        if self.uri:
            postgres.shared().psql("SET search_path = leadblock; " + statement,
                                   postgres.database_of(self.uri))
            return
        with pages.changed(self.folder) as db:
            db.execute(statement)

    def make_chains(self):
        """Makes the chains right again that a change from outside has broken."""
        if self.uri:
            chain.remake_shared(self.ask, self.change)
            return
        with pages.changed(self.folder) as db:
            chain.remake(db)

    def rows(self):
        """All of a folder's database, table by table, SQLite's own ones too."""
        db = sqlite3.connect(f"file:{self.folder}/leadblock.db?mode=ro", uri=True)
        tables = [name for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        everything = {table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr)
                      for table in tables}
        db.close()
        return everything


# Tables that belong to no workspace, which is 0 in a database that nodes share.
INSTALLATION = ("account", "session", "link", "second_factor")


def insert(place, table, **values):
    """Adds a row of what has no API yet; values are written in SQL."""
    if place.uri and table in INSTALLATION:
        values["workspace_id"] = 0
    elif place.uri:
        values["workspace_id"] = values.pop("workspace")
    columns = ", ".join(values)
    place.change(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(map(str, values.values()))})")


def add_account(place, name, email=None, **values):
    """Adds somebody who signs in; the number."""
    if place.uri:
        values["no"] = "nextval('account_no')"
    insert(place, "account", id=f"'us_{name}'", email=f"'{email or name}@example.com'", created_at=1700,
           **{"role": "'member'", "workspace": 1, **values})
    return int(place.ask(f"SELECT no FROM account WHERE id = 'us_{name}'"))


def token(number):
    """A token's hash, with bytes of all kinds."""
    return bytes((number + at * 9) % 256 for at in range(32)).hex()


def add_session(place, account):
    quoted = f"'\\x{token(account)}'" if place.uri else f"x'{token(account)}'"
    insert(place, "session", token_hash=quoted, account=account, created_at=1, expires_at=2)
    place.change(f"DELETE FROM link WHERE account = {account}")  # a server may have made one
    insert(place, "link", token_hash=quoted, account=account, expires_at=2)


def add_factor(place, account):
    def quoted(size):
        return f"'\\x{'a5' * size}'" if place.uri else f"x'{'a5' * size}'"
    insert(place, "second_factor", account=account, sealed=quoted(60), created_at=1, confirmed_at=2,
           last_step=3, wrong=0, recovery=quoted(64))


def copy(source, target, *options, timeout=120):
    return run("copy", "--from", source.name, "--to", target.name, *options, timeout=timeout)


def copied(source, target):
    """Copies, which must succeed; the result of each table."""
    result = copy(source, target)
    assert result.code == 0, result
    return report(result)


def report(result):
    """Of each table its rows on both sides and the result."""
    rows = [line.split("\t") for line in result.out.splitlines()]
    return {row[0]: (int(row[1]), int(row[2]), row[5]) for row in rows}


def make(place):
    """A workspace with a key and a campaign."""
    with place.server() as server:
        return Campaign(server.tenant("agency"))


def fill(place, leads, entries):
    """Adds rows as the server would have, but quickly. Every third entry is alone in its row."""
    with pages.changed(place.folder) as db:
        db.execute("PRAGMA synchronous = off")
        (campaign,) = db.execute("SELECT max(no) FROM campaign").fetchone()
        (workspace,) = db.execute("SELECT workspace FROM campaign WHERE no = ?", (campaign,)).fetchone()
        (first,) = db.execute("SELECT coalesce(max(no), 0) + 1 FROM lead WHERE no < 1 << 53").fetchone()
        numbers = range(first, first + leads)
        db.executemany("INSERT INTO lead (no, workspace, campaign, identifier, first_name, added_at,"
                       " status, set_aside, queue, step, since, marks)"
                       " VALUES (?, ?, ?, ?, 'Ann', 1, 0, 0, 0, 0, 1, 0)", ((no, workspace, campaign, f"lead-{no}") for no in numbers))
        db.executemany("INSERT INTO lead_name VALUES (?, ?, ?, ?)",
                       ((workspace, f"lead-{no}", campaign, no) for no in numbers))
        db.execute("UPDATE campaign SET leads_waiting = leads_waiting + ? WHERE no = ?",
                   (leads, campaign))
        (entry,) = db.execute("SELECT coalesce(max(id) + 50, 1) FROM blocklist_log").fetchone()
        rows = []
        end = entry + entries
        while entry < end:
            items = min(1 if len(rows) % 27 else 50, end - entry)
            names = ",".join(f"blocked-{entry + i}" for i in range(items))
            rows.append((entry, workspace, entry, names))
            entry += items
        db.executemany("INSERT INTO blocklist_log (id, workspace, number, campaign, kind, continues,"
                       " key, at, items, seal) VALUES (?, ?, ?, 0, 0, 0, 0, 1700000000000, ?,"
                       " '')", rows)
        chain.remake(db)


class World:
    """The installation, stopped, and what it answered before."""

    def __init__(self, place):
        self.place = place
        with place.server() as server:
            self.agency = server.tenant("agency")
            self.pro = server.tenant("pro")
            server.workspace("starter", "--expires", "2031-01-01", name=NAME)
            self.make_keys(server)
            self.make_lists()
            server.cli_beside("installation", "block", "everywhere", "--domain", "everywhere.example",
                              "--reason", ODD, "--kind", "legal")
            self.make_campaigns()
        self.add_people()
        with place.server() as server:
            self.erase_somebody(server.api(self.pro.key))
            self.answers = self.ask(server)
            self.cursor = self.page(server)
        self.lists = self.ask_operator(place)
        # With which a server would be done at once.
        insert(place, "lead_pending", workspace=1, campaign=0, key="'acme;6'", token=1)
        # Of a reply while the setting was on.
        insert(place, "stopped_company", workspace=1, campaign=1, key="'nacme'", lead=1, at=1700)

    def add_people(self):
        """What the logs say of them too, and the last of whom is gone."""
        place = self.place
        operator = add_account(place, "ada", role="'operator'", workspace=0,
                               password_hash="'$argon2id$v=19$m=8,t=1,p=1$YWJj$ZGVm'",
                               signed_in_at=1800)
        add_account(place, "bob", deleted_at=1900)
        add_account(place, "bob-again", role="'viewer'", email="bob")
        self.last_account = add_account(place, "gone")
        place.change("DELETE FROM account WHERE id = 'us_gone'")
        add_session(place, operator)
        add_factor(place, operator)
        insert(place, "check_count", workspace=1, day=20000, checks=7, blocked=2)
        insert(place, "check_count", workspace=2, day=20001, checks=1 << 40, blocked=0)
        place.change(f"UPDATE blocklist_log SET key = {operator}, source = '2001:db8::1'"
                     " WHERE id = (SELECT min(id) FROM blocklist_log)")
        place.make_chains()
        place.change("UPDATE audit_log SET source = '192.0.2.7'"
                     " WHERE id = (SELECT max(id) FROM audit_log)")

    @staticmethod
    def erase_somebody(api):
        block_everywhere(api, "forgotten-one", reason=ODD)
        assert expect.ok(api.post("/erasures", {"publicIdentifier": "forgotten-one"}))["blocked"]

    def make_keys(self, server):
        self.revoked = server.key(self.pro.workspace, name=NAME)
        expect.ok(server.api(self.revoked).get("/campaigns"))
        server.cli("key", "revoke", key_id(self.revoked))
        self.reader = server.key(self.pro.workspace, "--read-only", "--rate-limit", "7",
                                 "--expires", "2031-01-01")

    def make_lists(self):
        api = self.agency.api
        many = [f"person-{number}" for number in range(170)]
        block_everywhere(api, *many, reason=ODD)
        self.undone = block_everywhere(api, "by-mistake", "山田-太郎")
        undo(api, self.undone)
        self.change = block_everywhere(api, *[f"later-{number}" for number in range(120)])
        unblock_everywhere(api, "person-3", "person-77", "later-5")
        self.unblock = unblock_everywhere(api, "person-8")
        undo(api, unblock_everywhere(api, "person-9"))
        block_everywhere(self.pro.api, "person-1", reason="of another workspace")
        self.block_other_types(api)
        file = "".join(f"in/imported-{number}\n" for number in range(60)).encode()
        expect.ok(api.post("/blocked-leads/import?importId=spring", file, content_type="text/plain"))
        self.make_hooks(api)

    @staticmethod
    def block_other_types(api):
        """With kinds and ends, one of which has come."""
        expect.ok(api.post("/blocklist", {"entries": [
            {"email": "Ann@Blocked.example.org", "reason": ODD, "kind": "legal"},
            {"phone": "+49 170 1234567", "expiresAt": "2090-01-01T00:00:00Z"},
            {"domain": "blocked.example.net", "kind": "client"},
            {"company": "Umbrella, Holding; GmbH"},
            {"company": "https://www.linkedin.com/company/umbrella"}]}))
        block_for_a_moment(api, "has-ended")
        while expect.ok(api.get("/blocked-leads/has-ended"))["blocked"]:
            time.sleep(0.02)

    def make_hooks(self, api):
        """One that rests, so that no server changes what is compared, and one delivery."""
        hook = expect.ok(api.post("/zapier/hooks/subscribe", {"url": "https://receiver.invalid/1",
                                                              "type": "message_received"}))
        expect.ok(api.put(f"/hooks/{hook['id']}", {"action": "rotate"}))
        expect.ok(api.post(f"/hooks/{hook['id']}/test"))
        expect.ok(api.put(f"/hooks/{hook['id']}", {"action": "pause"}))

    def make_campaigns(self):
        variables = {"city": ODD, "empty": ""}
        people = [{"publicIdentifier": f"lead-{number}", "memberId": member_id(number),
                   "firstName": "Ann", "lastName": ODD, "companyName": "", "email": "ann@example.com",
                   "phone": "+44", "headline": ODD, "website": "https://example.com",
                   "companyUrl": "https://www.linkedin.com/company/x", "variables": variables}
                  for number in range(12)]
        self.campaign = Campaign(self.agency, *people, "person-20",
                                 steps=[VISIT, {**INVITATION, "delay": 0}, MESSAGE, MESSAGE],
                                 name=NAME, variables=variables)
        self.campaign.block("lead-4", reason=ODD)
        self.campaign.unblock("lead-4")
        self.campaign.block("lead-5", "only-here")
        self.campaign.pause()
        self.campaign.delete_step(self.campaign.sequence()[2]["id"])
        message = self.campaign.sequence()[2]["id"]
        for text in ("One", ODD, "gone"):
            last = self.campaign.add_variant(message, text)
        self.campaign.change_variant(message, last, isDisabled=True, icpDefinitionRaw=ODD)
        self.campaign.add_variant(self.campaign.sequence()[1]["id"], "Of an invitation")
        self.last_variant = self.campaign.add_variant(message, "the last number of all")
        self.campaign.delete_variant(message, self.last_variant)
        self.campaign.activate()
        first, second, third, *_ = self.campaign.claim(6, lease=A_DAY)
        self.campaign.complete(first, detail=ODD)
        self.campaign.complete(second, "failed", detail="no such page")
        self.campaign.complete(third, "replied")
        self.held = self.campaign.claim_one(most=1, lease=A_DAY)
        self.campaign.set_status("lead-11", "paused")
        self.campaign.set(blockOnReply=True, skipContacted={"days": 9})
        gone = Campaign(self.agency, "lead-1", "gone-1", id="gone")
        gone.block("gone-2")
        expect.ok(self.agency.api.delete(gone.path))
        for identity, query in (("again", ""), ("ended", "?blocks=drop")):
            again = Campaign(self.agency, id=identity)
            again.block("gone-3")
            expect.ok(self.agency.api.delete(again.path + query))
        Campaign(self.agency, id="again")
        self.draft = Campaign(self.pro, "lead-1", id="draft", active=False)
        self.campaign.add("to-be-deleted")  # the last number of all
        self.deleted_lead = self.campaign.lead_id("to-be-deleted")
        self.campaign.delete_lead("to-be-deleted")

    def at(self, server):
        """The campaign at another server."""
        tenant = type(self.agency)(server, self.agency.workspace, self.agency.key)
        return self.campaign.seen_from(tenant)

    def page(self, server):
        """The cursor behind the first page of a list."""
        response = server.api(self.agency.key).get("/blocked-leads?limit=100")
        return re.search(r"cursor=(c\d+)", response.header("link")).group(1)

    def ask(self, server):
        """What the API says about all of it, by path."""
        answers = {}
        api = server.api(self.agency.key)
        campaign = self.campaign.path
        people = [{"publicIdentifier": name} for name in (
            "person-1", "person-3", "person-8", "person-9", "by-mistake", "later-5", "lead-4",
            "lead-5", "only-here", "gone-2", "nobody")]
        for path in ("/blocked-leads?limit=1000", "/campaigns", campaign, campaign + "/sequence",
                     campaign + "/leads?take=100", campaign + "/activities?take=100",
                     campaign + "/blocked-leads?take=100", "/blocked-leads/gone-2",
                     "/blocked-leads/gone-3", "/blocked-leads/gone-3/history",
                     "/blocklist?take=100&type=email", "/blocklist?take=100&type=phone",
                     "/blocklist?take=100&type=domain", "/blocklist?take=100&type=company",
                     "/blocked-leads/has-ended", "/blocked-leads/has-ended/history",
                     "/blocked-leads/everywhere"):
            answers[path] = expect.ok(api.get(path))
        answers["typed"] = expect.ok(api.post("/check", {"leads": [
            {"email": "ann@blocked.example.org"}, {"phone": "+491701234567"},
            {"website": "www.blocked.example.net"}, {"companyName": "umbrella holding"},
            {"companyUrl": "linkedin.com/company/Umbrella"}, {"email": "ann@example.org"}]}))
        assert [said["blocked"] for said in answers["typed"]] == [True] * 5 + [False]
        names = {"publicIdentifiers": [person["publicIdentifier"] for person in people]}
        checked = api.post(campaign + "/blocked-leads/check", names)
        answers["check"] = expect.ok(checked)
        for lead in answers[campaign + "/leads?take=100"]:
            path = f"{campaign}/leads/{lead['id']}/explain"
            answers[path] = expect.ok(api.get(path))
        other = server.api(self.pro.key)
        for path in ("/blocked-leads?limit=10", "/campaigns", self.draft.path + "/leads?take=9"):
            answers["pro" + path] = expect.ok(other.get(path))
        answers["erased"] = expect.ok(other.get("/blocked-leads/Forgotten-One"))
        assert answers["erased"]["blocked"]
        answers["installation"] = json.loads(server.cli_beside("installation", "list", "--json"))
        assert answers["/blocked-leads/everywhere"]["blocked"] and len(answers["installation"]) == 2
        answers["reader"] = expect.ok(server.api(self.reader).get("/campaigns"))
        expect.error(server.api(self.reader).post("/blocked-leads", {}), 403, "forbidden")
        expect.error(server.api(self.revoked).get("/campaigns"), 401, "invalid_api_key")
        return answers

    def ask_operator(self, place):
        """What operators are shown, of a stopped server."""
        lists = [place.command("workspace", "list", "--json")]
        for tenant in (self.agency, self.pro):
            lists.append(place.command("key", "list", tenant.workspace, "--json"))
            lists.append(place.command("campaign", "list", tenant.workspace, "--json"))
        lists.append(place.command("evidence", "--public-key", "--json"))
        assert all(result.code == 0 for result in lists), lists
        return [result.json() for result in lists]
