#!/usr/bin/env python3
"""Kills the server at random moments while clients write, and compares what is there afterwards
with what was acknowledged.

Each cycle: start on the same folder, let several clients block, unblock and undo for a moment,
SIGKILL, look at the files, start again, compare:

- every acknowledged block is there with its reason, every acknowledged unblock is gone;
- of a request that was not answered either everything happened or nothing;
- lists, totals and checks agree with each other and with the rows in the SQLite file.

usage: kill_cycles.py [--cycles 200] [--seed N] [--sabotage lose|tear|resurrect]

--sabotage damages the file between kill and start, to show that this program notices: `lose` takes
the last changes away, `tear` an item of the last block, `resurrect` the last unblocks.
"""

import random
import sys
from collections import Counter

import cycles
from cycles import Failure, copied_file, read_pages
from support import pages
from support.client import ConnectionClosed

WORKERS = 4
POOL = 60  # identifiers of each worker in each list
SHARED = 40  # identifiers that all workers block and nobody unblocks
ABSENT = object()


class List:
    """One blocklist: a campaign's, or the workspace's (campaign None)."""

    def __init__(self, campaign):
        self.campaign = campaign
        self.path = f"/campaigns/{campaign}/blocked-leads" if campaign else "/blocked-leads"
        self.page = "?take=100" if campaign else "?limit=1000"

    def __repr__(self):
        return f"campaign {self.campaign}" if self.campaign else "the workspace"


def read_list(api, which):
    """All entries, newest first; fails when the total does not fit."""
    entries, total = read_pages(api, which.path + which.page)
    names = [entry["publicIdentifier"] for entry in entries]
    if len(set(names)) != len(names):
        raise Failure(f"{which}: somebody is listed twice")
    if total != len(names):
        raise Failure(f"{which}: X-Total-Count {total}, but {len(names)} are listed")
    return entries


class Worker:
    """One client. It alone unblocks its own identifiers, so it knows what must be there."""

    def __init__(self, number, lists, aim, seed):
        self.number = number
        self.lists = lists
        self.aim = aim
        self.random = random.Random(seed)
        self.state = {which: {} for which in lists}  # acknowledged: identifier -> reason
        self.ids = {}  # of the workspace's entries
        self.shared = {which: set() for which in lists}  # acknowledged
        self.last = None  # (change id, list, identifier -> state before)
        self.flight = None  # (list, identifier -> state if it happened)
        self.requests = 0
        self.cut_off = Counter()
        self.failure = None

    def pick(self, candidates):
        count = self.random.choice([1, 1, 2, 3, 10, len(candidates)])
        return self.random.sample(candidates, min(count, len(candidates)))

    def run(self, api, stop):
        try:
            while not stop.is_set():
                self.random.choice([self.block, self.block, self.unblock, self.undo])(api)
        except (ConnectionClosed, OSError):
            pass  # the server is gone; what was under way stays in self.flight
        except Exception as error:  # noqa: BLE001: reported by the main thread
            self.failure = error
        finally:
            api.close()

    def send(self, api, which, change, method, path, body=None):
        """Sends a write; `change` is what an acknowledgement makes true."""
        before = self.state[which]
        change = {name: reason for name, reason in change.items()
                  if before.get(name, ABSENT) is ABSENT or reason is ABSENT}
        change = {name: reason for name, reason in change.items()
                  if reason is not ABSENT or name in before}
        self.flight = (which, change)
        response = self.aim.call(api, method, path, body)
        self.requests += 1
        if response.status in (429, 503):
            if response.code == "outcome_unknown":
                raise ConnectionClosed("outcome unknown")
            self.flight = None
            return None
        if response.status != 200:
            raise Failure(f"{method} {path}: {response}")
        old = {name: before.get(name, ABSENT) for name in change}
        self.apply(which, change)
        self.flight = None
        self.last = (response.header("x-change-id"), which, old)
        return response.json()

    def apply(self, which, change):
        for name, reason in change.items():
            if reason is ABSENT:
                del self.state[which][name]
            else:
                self.state[which][name] = reason

    def block(self, api):
        which = self.random.choice(self.lists)
        own = self.pick([f"w{self.number}-{number}" for number in range(POOL)])
        shared = [f"shared-{self.random.randrange(SHARED)}"] if self.random.random() < 0.3 else []
        reason = self.random.choice([None, f"reason {self.random.randrange(1000)}"])
        order = own + shared
        self.random.shuffle(order)
        if which.campaign:
            body = {"publicIdentifiers": order, **({"reason": reason} if reason else {})}
        else:
            body = {"leads": [{"publicIdentifier": name, **({"reason": reason} if reason else {})}
                              for name in order]}
        fresh = sum(name not in self.state[which] for name in own)
        answer = self.send(api, which, dict.fromkeys(own, reason), "POST", which.path, body)
        if answer is None:
            return
        if not fresh <= answer["blocked"] <= fresh + len(shared):
            raise Failure(f"{fresh} were new to {which}, the server says {answer}")
        self.shared[which].update(shared)
        if shared:
            self.last = None  # its undo would free what others rely on

    def unblock(self, api):
        which = self.random.choice(self.lists)
        names = list(self.state[which])
        if not which.campaign:
            names = [name for name in names if name in self.ids]
        if not names:
            return
        names = self.pick(names)
        body = ({"publicIdentifiers": names} if which.campaign
                else [self.ids.pop(name) for name in names])
        answer = self.send(api, which, dict.fromkeys(names, ABSENT), "DELETE", which.path, body)
        if answer is not None and answer["unblocked"] != len(names):
            raise Failure(f"{len(names)} were on the list of {which}, the server says {answer}")

    def undo(self, api):
        if not self.last:
            return
        change, which, old = self.last
        self.last = None
        for name in old:
            self.ids.pop(name, None)
        self.send(api, which, old, "POST", f"/changes/{change}/undo")

    def settle(self, which, present):
        """Compares what is present (identifier -> reason) with what must be, and adopts it."""
        mine = {name: reason for name, reason in present.items()
                if name.startswith(f"w{self.number}-")}
        if self.flight and self.flight[0] is which and self.flight[1]:
            change = self.flight[1]
            happened = [name for name, reason in change.items()
                        if mine.get(name, ABSENT) == reason]
            if happened and len(happened) < len(change):
                raise Failure(f"{which}: half a request of worker {self.number}: {len(happened)} "
                              f"of {len(change)}: {sorted(happened)[:5]}...")
            if happened:
                self.apply(which, change)
            self.cut_off[bool(happened)] += 1
        expected = self.state[which]
        lost = sorted(expected.keys() - mine.keys())
        risen = sorted(mine.keys() - expected.keys())
        if lost:
            raise Failure(f"{which}: acknowledged blocks are lost: {lost[:10]} ({len(lost)})")
        if risen:
            raise Failure(f"{which}: acknowledged unblocks came back: {risen[:10]} ({len(risen)})")
        wrong = [name for name in expected if expected[name] != mine[name]]
        if wrong:
            raise Failure(f"{which}: other reasons than acknowledged: " + ", ".join(
                f"{name}: {mine[name]!r} for {expected[name]!r}" for name in wrong[:5]))
        missing = self.shared[which] - present.keys()
        if missing:
            raise Failure(f"{which}: acknowledged shared blocks are lost: {sorted(missing)[:10]}")


def read_file(folder, lists):
    """What the rows on disk say: list -> [(identifier, reason)], newest first."""
    with copied_file(folder) as connection:
        if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise Failure("the SQLite file is damaged")
        rows = connection.execute("SELECT campaign_id, identifier, reason FROM blocklist_live "
                                  "ORDER BY at DESC, entry DESC").fetchall()
    return {which: [(name, reason) for campaign, name, reason in rows
                    if campaign == which.campaign] for which in lists}


def sabotage(folder, how):
    with pages.changed(folder) as connection:
        damage(connection, how)


def damage(connection, how):
    if how == "lose":
        connection.execute("DELETE FROM blocklist_log WHERE id IN (SELECT id FROM blocklist_log "
                           "ORDER BY id DESC LIMIT 12)")
    elif how == "tear":
        connection.execute(
            "UPDATE blocklist_log SET items = substr(items, 1, length(items) - length("
            "replace(items, rtrim(items, replace(items, ',', '')), '')) - 1) WHERE id = (SELECT "
            "id FROM blocklist_log WHERE kind = 0 AND items LIKE '%,%' ORDER BY id DESC LIMIT 1)")
    else:
        connection.execute("DELETE FROM blocklist_log WHERE id IN (SELECT id FROM blocklist_log "
                           "WHERE kind = 1 ORDER BY id DESC LIMIT 6)")


class Folder(cycles.Folder):
    def set_up(self, tenant):
        self.lists = [List(tenant.campaign()), List(tenant.campaign()), List(None)]
        self.workers = [Worker(index, self.lists, self.aim, self.random.random())
                        for index in range(WORKERS)]

    def compare(self, on_disk):
        api = self.server.api(self.key)
        present = {}
        for which in self.lists:
            entries = read_list(api, which)
            listed = [(entry["publicIdentifier"], entry["reason"]) for entry in entries]
            if on_disk and on_disk[which] != listed:
                difference = set(on_disk[which]) ^ set(listed)
                raise Failure(f"{which}: list and file differ: {sorted(map(str, difference))[:10]}"
                              if difference else f"{which}: list and file differ in order")
            present[which] = dict(listed)
            for worker in self.workers:
                worker.settle(which, present[which])
                if not which.campaign:
                    worker.ids = {entry["publicIdentifier"]: entry["id"] for entry in entries
                                  if entry["publicIdentifier"].startswith(f"w{worker.number}-")}
        for worker in self.workers:
            if worker.flight:
                worker.flight = worker.last = None  # what lies behind an unknown is not undone
        self.compare_checks(api, present)
        api.close()

    def compare_checks(self, api, present):
        names = [f"w{worker}-{number}" for worker in range(WORKERS) for number in range(POOL)]
        names += [f"shared-{number}" for number in range(SHARED)]
        everywhere = present[self.lists[-1]]
        for which in self.lists[:-1]:
            answer = api.post(which.path + "/check", {"publicIdentifiers": names}).json()
            expected = [name for name in names if name in present[which] or name in everywhere]
            if answer["blocked"] != expected:
                difference = set(answer["blocked"]) ^ set(expected)
                raise Failure(f"{which}: check and list differ: {sorted(difference)[:10]}")
        single = self.random.choice(names)
        answer = api.get(f"{self.lists[0].path}/{single}").json()
        if answer["blocked"] != (single in present[self.lists[0]] or single in everywhere):
            raise Failure(f"single check of {single}: {answer}")

    def cycle(self, number, damage):
        self.write_for(self.random.uniform(0.03, 0.15))
        on_disk = read_file(self.server.data, self.lists) if number % 5 == 0 else None
        if damage:
            sabotage(self.server.data, damage)
        self.start_again()
        self.compare(None if damage else on_disk)


if __name__ == "__main__":
    sys.exit(cycles.run(__doc__, Folder, 200, ["lose", "tear", "resurrect"]))
