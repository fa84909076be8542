"""The case `pg-sizes`: one long list that two nodes share on PostgreSQL."""

import http.client
import json
import threading
import time

import processes
from processes import say
from systems import CAMPAIGN
from work import TAKE, Work, latency

PER_REQUEST = 10000
FRESH = 1 << 41  # numbers of identifiers that are not on the list yet
FRESH_STEP = 1 << 32


class Client:
    """One kept connection to a node."""

    def __init__(self, port, key):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"x-api-key": key, "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        """The answer and the microseconds it took."""
        text = json.dumps(body) if body is not None else None
        began = time.monotonic()
        self.connection.request(method, path, text, self.headers)
        reply = self.connection.getresponse().read()
        return json.loads(reply), (time.monotonic() - began) * 1e6


class Shared(Work):
    def __init__(self, bench):
        self.entries = bench.options.pg_entries
        super().__init__(bench, bench.systems["leadblock-pg"], CAMPAIGN, entries=self.entries)
        self.next_fresh = FRESH
        self.probed = 0

    def fresh(self):
        self.next_fresh += FRESH_STEP
        return self.next_fresh

    def expect_stored(self, where):
        stored = self.system.stored()
        if stored != self.entries:
            self.fail(f"{where} holds {stored} identifiers, not {self.entries}")

    # --- what is measured ---

    def fill(self):
        per_request = min(PER_REQUEST, self.entries)
        job = {"request": self.blocks(per_request), "connections": 4,
               "max_requests": self.entries // per_request}
        row, times = self.run([job])
        self.note(f"filling, {per_request:,} per request, 4 connections",
                  row["per_second"] * per_request, "identifiers", latency(times), row)
        self.expect_stored("the first node")

    def second_node(self):
        """A fresh one reads all of it."""
        self.bench.sync()
        sizes = self.result["sizes"]
        sizes["start_seconds"] = self.system.start_node()
        time.sleep(1)
        first, second = (processes.memory_bytes(p.tree()) for p in self.system.servers())
        sizes.update(memory_bytes_filled=first, memory_bytes=second,
                     disk_bytes=self.system.disk())
        n = self.entries
        say(f"  the second node is ready after {sizes['start_seconds']:.2f} s; memory"
            f" {second / n:.1f} B/entry ({first / n:.1f} in the first), disk"
            f" {sizes['disk_bytes'] / n:.1f} B/entry")

    def load(self, title, **job):
        """64 connections at one node, and spread over both."""
        o = self.bench.options
        for where, ports in (("one node", self.system.ports[:1]), ("two nodes", self.system.ports)):
            spread = {"first": self.fresh(), **job, "connections": 64, "ports": ports}
            row, _ = self.run([spread], o.seconds, o.warmup)
            self.note(f"{title}, 64 connections, {where}", row["per_second"], "requests",
                      row["us"], row)

    def pages(self):
        last = self.entries - TAKE
        middle = self.entries // 2 // TAKE * TAKE
        base = self.path(f"/blocked-leads?take={TAKE}")
        self.get("page at the start", base, "-jane-smith")
        for where, skip in (("middle", middle), ("end", last)):
            self.get(f"page at the {where}, by skip", f"{base}&skip={skip}", "-jane-smith")
            cursor = self.cursor("blocked-leads", skip)
            self.get(f"page at the {where}, by cursor", f"{base}&cursor={cursor}", "-jane-smith")

    def probe(self, title, goes_on):
        """Blocks at one node and asks the other as soon as that is acknowledged, in turn."""
        clients = [Client(port, self.system.key) for port in self.system.ports]
        blocks, checks, late = [], [], 0
        while goes_on():
            self.probed += 1
            here, there = clients[:: 1 if self.probed % 2 else -1]
            who = f"probe-{self.probed}"
            path = self.path("/blocked-leads")
            done, us = here.ask("POST", path, {"publicIdentifiers": [who]})
            seen, check_us = there.ask("GET", f"{path}/{who}")
            if not done.get("success"):
                self.fail(f"{title}: {done}")
                return
            blocks.append(us)
            checks.append(check_us)
            late += seen.get("blocked") is not True
        self.note(f"{title}: a block of 1", 0, "", latency(blocks))
        self.note(f"{title}: the check at the other node, {late} of {len(checks):,} wrong", 0, "",
                  latency(checks))
        if late:
            self.fail(f"{title}: {late} of {len(checks)} blocks were not seen by the other node")

    def visibility(self):
        self.bench.activate(self.system)
        seconds = 4 * self.bench.options.seconds
        end = time.monotonic() + seconds
        self.probe("quiet", lambda: time.monotonic() < end)
        job = {"request": self.system.block(2), "connections": 64, "first": self.fresh()}
        load = threading.Thread(target=self.run, args=([job], seconds))
        load.start()
        self.probe("64 connections block", load.is_alive)
        load.join()

    def measure(self):
        say(f"pg-sizes: {self.entries:,} entries on PostgreSQL")
        self.system.make_empty()
        self.result["sizes"]["idle_bytes"] = processes.memory_bytes(self.system.servers()[0].tree())
        self.fill()
        self.second_node()
        self.pages()
        self.load("check, blocked", request=self.system.check_blocked(), first=0,
                  range=self.entries)
        self.load("check, not blocked", request=self.system.check_allowed())
        self.load("block of 2", request=self.system.block(2))
        self.visibility()
        self.system.stop()
        self.bench.mark(self.system, True)
        return self.result
