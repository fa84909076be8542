"""Events under load: people who change lists and report replies, followers of the feed, and a checker that
compares what a follower has read with what the store says.

The checker plays the blocklist log through by its own rules (docs/storage.md): a person is blocked while a request
stands, and a request stands when it was restored as often as it was taken back; so an event is told of those for whom that changes, in the order of the log, a change's rows together and at
most 1,000 people in one. Rows of events come after the log's entries up to the number that they name."""

import json
import random
import sqlite3
import threading
import time
from collections import Counter

from support import postgres
from support.campaigns import MESSAGE, Campaign
from support.client import ConnectionClosed
from support.ids import stored as stored_number

BLOCK, UNBLOCK, RESTORE, AGAIN = range(4)
CARRIED_OVER, LEFT_OUT = 5, 9
NAMES = {BLOCK: "lead_blocked", UNBLOCK: "lead_unblocked", RESTORE: "lead_blocked"}
OWN = ["lead_blocked", "lead_unblocked", "lead_opted_out", "campaign_completed",
       "campaign_without_leads", "connection_request_accepted", "message_received"]
LEADS_MAX = 1000


# --- What the store says ---


def ask(server, statement, shared):
    """Rows of the server's store, by a statement for SQLite or one for PostgreSQL."""
    if server.database:
        out = postgres.shared().psql(shared, database=postgres.database_of(server.database))
        return [line.split("|") for line in out.splitlines()]
    with sqlite3.connect(f"file:{server.data}/leadblock.db?mode=ro", uri=True) as database:
        return [[str(value) for value in row] for row in database.execute(statement)]


LOG = ("SELECT number, campaign, kind, continues, items FROM blocklist_log WHERE workspace ="
       " (SELECT no FROM workspace WHERE id = '{0}') ORDER BY number",
       "SELECT id, campaign, kind, continues::int, items FROM leadblock.blocklist_log WHERE workspace_id ="
       " (SELECT workspace_id FROM leadblock.workspace WHERE id = '{0}') ORDER BY id")
EVENTS = ("SELECT number, log, type, lead FROM event WHERE type > 0 AND workspace ="
          " (SELECT no FROM workspace WHERE id = '{0}') ORDER BY number",
          "SELECT number, log, type, lead FROM leadblock.event WHERE type > 0 AND workspace_id ="
          " (SELECT workspace_id FROM leadblock.workspace WHERE id = '{0}') ORDER BY number")


def stored(server, tenant):
    """The workspace's log, and its rows of events."""
    log = ask(server, *[statement.format(tenant.workspace) for statement in LOG])
    own = ask(server, *[statement.format(tenant.workspace) for statement in EVENTS])
    return ([(int(number), int(campaign), int(kind), continues == "1", items.split(","))
             for number, campaign, kind, continues, items in log],
            [tuple(map(int, row)) for row in own])


def of_log(log):
    """[(the number of the last entry that it is about, the event)] as they must be told."""
    people, standing, taken, told, group = {}, {}, Counter(), [], None
    for number, campaign, kind, continues, items in log:
        if kind == CARRIED_OVER:  # about a list as a whole
            continue
        change = number if not continues else change
        if not (group and continues and group["kind"] == kind
                and group["items"] + len(items) <= LEADS_MAX):
            group = {"kind": kind, "items": 0, "names": [], "change": change, "last": 0}
            told.append(group)
        group["items"] += len(items)
        group["last"] = number + len(items) - 1
        for place, item in enumerate(items):
            entry = number + place if kind in (BLOCK, AGAIN) else int(item)
            if kind in (BLOCK, AGAIN):
                people[entry] = (campaign, item)
            person = people[entry]
            requests = standing.setdefault(person, set())
            before = bool(requests)
            taken[entry] += {UNBLOCK: 1, LEFT_OUT: 1, RESTORE: -1}.get(kind, 0)
            (requests.discard if taken[entry] else requests.add)(entry)
            if before != bool(requests):
                group["names"].append(person[1])
    return [(group["last"], (NAMES[group["kind"]], group["change"], *group["names"]))
            for group in told if group["names"]]


def expected(log, own):
    events = [((last, 0), event) for last, event in of_log(log)]
    events += [((place, number), (OWN[kind], lead)) for number, place, kind, lead in own]
    return [event for _, event in sorted(events, key=lambda each: each[0])]


# --- What a follower has read ---


def short(event):
    """An event of the feed, as the checker has it."""
    data = event["data"]
    if event["type"] in OWN[:2]:
        change = int(data["changeId"].split("_")[1])
        return (event["type"], change, *[lead["publicIdentifier"] for lead in data["leads"]])
    lead = data.get("leadId")
    return (event["type"], stored_number(lead[3:]) if lead else 0)


def compare(wanted, read):
    """What is wrong with what was read, in words; nothing when it is what was wanted, in order."""
    wrong = []
    missing, invented = Counter(wanted) - Counter(read), Counter(read) - Counter(wanted)
    wrong += [f"missing: {event}" for event in missing]
    wrong += [f"invented, or told twice: {event}" for event in invented]
    if not wrong and wanted != read:
        at = next(i for i, (a, b) in enumerate(zip(wanted, read)) if a != b)
        wrong.append(f"out of order at {at}: {read[at]} in place of {wanted[at]}")
    return wrong


class Follower:
    """Reads the feed with its cursor until it is told to stop, whatever happens to the server."""

    def __init__(self, api_of, wait=2, take=7):
        self.api_of, self.wait, self.take = api_of, wait, take
        self.cursor, self.read, self.ids, self.failure = "0", [], [], None
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def step(self):
        api = self.api_of()
        response = api.get(f"/events?after={self.cursor}&wait={self.wait}&take={self.take}")
        if response.status == 503:
            time.sleep(0.02)
            return True
        assert response.status == 200, response
        body = response.json()
        self.read += [short(event) for event in body["events"]]
        self.ids += [event["id"] for event in body["events"]]
        self.cursor = body["cursor"]
        return bool(body["events"]) or body["more"]

    def run(self):
        try:
            while True:
                try:
                    if not self.step() and self.ending.is_set():
                        return
                except (ConnectionClosed, OSError):
                    time.sleep(0.02)
        except BaseException as failure:
            self.failure = failure

    def end(self):
        """Reads to the end of what there is now."""
        self.ending.set()
        self.thread.join(60)
        assert not self.thread.is_alive(), "the follower does not come to an end"
        if self.failure:
            raise self.failure


class Load:
    """Blocks, unblocks, undoes, asks again, and reports replies, until it is told to stop. Answers that do not
    come are no failure: what was recorded, the store says."""

    def __init__(self, api_of, tenant, threads=3, seed=1):
        self.api_of, self.ending = api_of, threading.Event()
        self.failure, self.acknowledged, self.replies = None, [], 0
        self.pool = [f"person-{number}" for number in range(150)]
        self.campaign = Campaign(tenant, *[f"lead-{number}" for number in range(2000)],
                                 steps=(MESSAGE,))
        self.threads = [threading.Thread(target=self.run, args=(random.Random(seed + n), n), daemon=True)
                        for n in range(threads)]

    def start(self):
        self.block_many(self.api_of())
        for thread in self.threads:
            thread.start()
        return self

    def block_many(self, api):
        """More people in one change than one event may have."""
        response = api.post(f"/campaigns/{self.campaign.id}/blocked-leads",
                            {"publicIdentifiers": [f"one-of-many-{number}" for number in range(2345)]})
        assert response.status == 200, response
        self.acknowledged.append(int(response.header("x-change-id").split("_")[1]))

    def change(self, api, chance, known):
        names = chance.sample(self.pool, chance.choice([1, 1, 1, 3, 60, 120]))
        path = f"/campaigns/{self.campaign.id}/blocked-leads"
        what = chance.random()
        if what < 0.3:
            return api.post("/blocked-leads", {"leads": [
                {"publicIdentifier": name, "reason": chance.choice(["a", "b", None])}
                for name in names]})
        if what < 0.5:
            return api.post(path, {"publicIdentifiers": names, "reason": chance.choice("xyz")})
        if what < 0.7:
            return api.delete(path, {"publicIdentifiers": names})
        if known:
            return api.post(f"/changes/{chance.choice(known)}/undo")
        return None

    def reply(self, api):
        response = api.post(f"/campaigns/{self.campaign.id}/activities/claim",
                            {"max": 1, "leaseSeconds": 300})
        for activity in response.json() if response.status == 200 else []:
            done = api.post(f"/activities/{activity['id']}/complete",
                            {"leaseToken": activity["leaseToken"], "result": "replied"})
            self.replies += done.status == 200

    def run(self, chance, number):
        known = []
        try:
            while not self.ending.is_set():
                try:
                    api = self.api_of()
                    if chance.random() < 0.25:
                        self.reply(api)
                        continue
                    response = self.change(api, chance, known)
                    if response is None or response.status in (404, 503):
                        continue
                    assert response.status == 200, response
                    change = response.header("x-change-id")
                    if change and change != "ch_0":
                        self.acknowledged.append(int(change.split("_")[1]))
                        known.append(change)
                except (ConnectionClosed, OSError):
                    time.sleep(0.02)
        except BaseException as failure:
            self.failure = failure

    def end(self, changes=80):
        """When so many changes were acknowledged, and a reply."""
        limit = time.monotonic() + 60
        while len(self.acknowledged) < changes or not self.replies:
            assert time.monotonic() < limit and not self.failure, self.failure or "too little happened"
            time.sleep(0.05)
        self.ending.set()
        for thread in self.threads:
            thread.join(60)
        if self.failure:
            raise self.failure


def judge(server, tenant, load, followers):
    """Fails unless each follower has read what happened, all of it, once and in order."""
    log, own = stored(server, tenant)
    wanted = expected(log, own)
    changes = {number for number, _, _, continues, _ in log if not continues}
    assert changes >= set(load.acknowledged)
    assert sum(event[0] == "message_received" for event in wanted) >= load.replies > 0
    for follower in followers:
        wrong = compare(wanted, follower.read)
        assert not wrong, wrong[:5]
        assert len(set(follower.ids)) == len(follower.ids)
    return wanted


# --- Streams ---


class Stream:
    def __init__(self, server, key, after="now", last_id=None, version="1.1"):
        self.connection = server.connect()
        headers = [("x-api-key", key), ("Accept", "text/event-stream"), ("Host", "x")]
        headers += [("Last-Event-ID", last_id)] if last_id else []
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.connection.send(f"GET /v1/events?after={after} HTTP/{version}\r\n{lines}\r\n".encode())
        self.head = self.connection._take_until(b"\r\n\r\n").decode()
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def chunk(self):
        """One chunk of the body; b"" is the end."""
        size = int(self.connection._take_until(b"\r\n"), 16)
        data = self.connection._take(size)
        assert self.connection._take(2) == b"\r\n"
        return data

    def events(self, count):
        found = []
        while len(found) < count:
            while b"\n\n" not in self.text:
                data = self.chunk()
                assert data, "the stream has ended"
                self.text += data
            block, self.text = self.text.split(b"\n\n", 1)
            if block.startswith(b":"):
                continue
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
            event = json.loads(fields["data"])
            assert (fields["id"], fields["event"]) == (event["id"], event["type"])
            found.append(event)
        return found

    def ends(self):
        while self.chunk():
            pass
        return True
