"""The case `campaign`: one campaign with many leads, from adding them to its deletion.

Only leadblock knows campaigns, so nothing stands beside it: a figure is compared with the same one
at another moment, such as the last claim with the first.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import statistics
import sys
import time
from pathlib import Path

from processes import say
from systems import BULK, IDENTIFIER, Request, http_request
from work import JSON_TYPE, TAKE, Work, latency

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.ids import shown  # noqa: E402

CAMPAIGN = "many"
PER_REQUEST = 10000  # leads, and blocks of them, in one request: the most that is allowed
CLAIM = 50
LEASE_S = 86400
DEEP_PAGE = 10000
BLOCK_RATE, CHECK_RATE = 10, 200  # a second, of those that others send meanwhile
POINTS = (1, 100, 1000, 10000)  # claims whose times are told, and the last
NEIGHBOURS = 10  # their median is told
STRANGERS = 1 << 41  # numbers of identifiers that are no leads
MEANWHILE = 1 << 42
WHILE_DELETED = 1 << 43
STEPS = [
    {"type": "invitation", "genericBody": "Hi {{firstName|there}}, {{opener}}"},
    {"type": "message", "delay": 1, "genericBody": "Thank you, {{firstName}} of {{companyName}}"},
]
LEAD = (
    f'{{"publicIdentifier":"{IDENTIFIER}","firstName":"Firstname","lastName":"Lastname-Example",'
    '"companyName":"Example Company Ltd","variables":{"opener":"your talk was worth the trip",'
    '"city":"Springfield"}}'
)


def around(times, n):
    """The median of the ten around the nth, from 1."""
    begin = max(0, min(n - 1 - NEIGHBOURS // 2, len(times) - NEIGHBOURS))
    return statistics.median(times[begin:begin + NEIGHBOURS])


def padded(requests):
    """Requests of one length: (method, path, body, headers), made longer by a header."""
    made = [http_request(m, p, b, [*h, "X-Pad: "]) for m, p, b, h in requests]
    longest = max(map(len, made))
    return [r.replace(b"X-Pad: ", b"X-Pad: " + b"0" * (longest - len(r)), 1) for r in made]


class Campaign(Work):
    def __init__(self, bench):
        super().__init__(bench, bench.systems["leadblock"], CAMPAIGN, leads=bench.options.leads,
                         claim=CLAIM, claims=[])
        self.leads = bench.options.leads
        self.per_request = min(PER_REQUEST, self.leads)
        self.copy = os.path.join(bench.run_dir, "leadblock-campaign")

    def claim(self, count):
        body = {"max": count, "leaseSeconds": LEASE_S}
        return self.request("POST", self.path("/activities/claim"), body, '"leaseToken"')

    def expect_counts(self, **wanted):
        _, campaign = self.call("GET", self.path())
        counts = {**campaign["analytics"]["leads"], "total": campaign["analytics"]["totalLeads"]}
        for name, count in wanted.items():
            if counts[name] != count:
                self.fail(f"{counts[name]} leads are {name}, not {count}")

    def query(self, sql, *values):
        path = os.path.join(self.system.data, "leadblock.db")
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute(sql, values).fetchall()

    # --- states to measure in ---

    def save(self):
        self.system.stop()
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.system.data, self.copy)
        self.system.start()

    def reset(self):
        """Back to the active campaign of which nothing was claimed."""
        self.system.stop()
        shutil.rmtree(self.system.data)
        shutil.copytree(self.copy, self.system.data)
        self.system.start()

    def meanwhile(self):
        """What others send while something large is going on."""
        check = self.request("GET", f"/v1/campaigns/bench/blocked-leads/{IDENTIFIER}")
        block = self.blocks(1, "/v1/campaigns/bench/blocked-leads")
        return [
            {"request": block, "connections": 64, "rate": BLOCK_RATE, "first": MEANWHILE},
            {"request": check, "connections": 8, "rate": CHECK_RATE, "first": MEANWHILE},
        ]

    # --- what is measured ---

    def add_leads(self):
        self.call("POST", "/v1/campaigns", {"id": CAMPAIGN, "name": "Many", "steps": STEPS}, 201)
        idle = self.bench.memory(self.system)
        empty = self.system.disk()
        body = f'{{"leads":[{",".join([LEAD] * self.per_request)}]}}'
        request = self.request("POST", self.path("/leads"), body, f'"added":{self.per_request}')
        job = {"request": request, "connections": 2, "max_requests": self.leads // self.per_request}
        row, _ = self.run([job, *self.meanwhile()])
        rate = row["per_second"] * self.per_request
        self.note(f"adding, {self.per_request:,} per request", rate, "leads", row["us"], row)
        self.note("a block of 1 meanwhile", 0, "", row["jobs"][1]["us"])
        self.note("a check meanwhile", 0, "", row["jobs"][2]["us"])
        self.expect_counts(total=self.leads, waiting=self.leads)
        self.weigh(idle, empty)

    def weigh(self, idle, empty):
        sizes = self.result["sizes"]
        sizes["memory_bytes"] = self.bench.memory(self.system) - idle
        self.system.stop()
        sizes["disk_bytes"] = self.system.disk() - empty
        sizes["start_seconds"] = self.system.start()
        time.sleep(1)
        sizes["memory_bytes_restarted"] = self.bench.memory(self.system) - idle
        say(f"  per lead: {sizes['disk_bytes'] / self.leads:.0f} B disk,"
            f" {sizes['memory_bytes'] / self.leads:.1f} B memory; start"
            f" {sizes['start_seconds']:.2f} s")

    def activate(self):
        job = {"request": self.request("PUT", self.path("/activate")), "connections": 1,
               "max_requests": 1}
        row, _ = self.run([job])
        self.note("activating", 0, "", row["us"], row)

    def claims(self, share, blocked):
        """Claims of 50 until nobody is left; what they hand out stays claimed."""
        count = (self.leads - blocked) // CLAIM
        tenth = max(1, count // 10)
        times, rows, cpu_us = [], [], []
        for part in filter(None, (tenth, count - 2 * tenth, tenth)):
            row, found = self.run([{"request": self.claim(CLAIM), "connections": 1,
                                    "max_requests": part}])
            times += found
            rows.append(row)
            cpu_us.append(row["server_seconds"] * 1e6 / part)
        points = [n for n in POINTS if n < count] + [count]
        found = {
            "share": share, "count": count, "per_second": len(times) / sum(times) * 1e6,
            "us": latency(times), "very_first_us": times[0], "points": points,
            "at_us": [around(times, n) for n in points], "cpu_us": [cpu_us[0], cpu_us[-1]],
            "foreign_cpu": max(row["foreign_cpu"] for row in rows),
        }
        self.result["claims"].append(found)
        told = ", ".join(f"{n:,}: {us / 1000:.2f}" for n, us in zip(points, found["at_us"]))
        print(f"  claims of {CLAIM}, {share:.0%} blocked, ms: very first {times[0] / 1000:.2f}, "
              f"{told}; last/first {found['at_us'][-1] / found['at_us'][0]:.2f}; the server's own "
              f"time, last/first tenth {cpu_us[-1] / 1000:.2f} ms / {cpu_us[0] / 1000:.2f} ms = "
              f"{cpu_us[-1] / max(cpu_us[0], 1):.2f}", flush=True)
        self.expect_counts(active=count * CLAIM)

    def block_leads(self, share):
        """The first by order: what a queue that wades would have to wade through. Returns how many
        are blocked."""
        count = min(PER_REQUEST, self.leads // 100)
        requests = round(self.leads * share) // count
        job = {"request": self.blocks(count), "connections": 1, "max_requests": requests}
        row, times = self.run([job])
        self.note(f"blocking {share:.0%} of the leads, {count:,} per request",
                  row["per_second"] * count, "leads", latency(times), row)
        self.expect_counts(blocked=requests * count)
        return requests * count

    def complete_requests(self, rows):
        headers = [f"x-api-key: {self.system.key}", JSON_TYPE]
        return padded([
            ("POST", f"/v1/activities/ac_{shown(lead)}_{shown(step)}/complete",
             json.dumps({"leaseToken": token, "result": "done"}), headers)
            for lead, step, token in rows
        ])

    def complete(self):
        """Of what the claims have left, in the order of the leads."""
        most = min(200000, self.leads // 2)
        rows = self.query("SELECT lead, step, lease_token FROM activity WHERE state = 1"
                          " ORDER BY lead LIMIT ?", most)
        done = 0
        for connections, part in ((1, rows[:most // 4]), (64, rows[most // 4:])):
            row, _ = self.replay(self.complete_requests(part), connections, '"success":true',
                                 len(part))
            done += row["jobs"][0]["sent"]
            self.note(f"completing, {self.connections(connections)}", row["per_second"],
                      "completes", row["us"], row)
        ended = self.query("SELECT count(*) FROM activity WHERE state = 2")[0][0]
        if ended != done:
            self.fail(f"{ended} activities are done, not {done}")

    def connections(self, count):
        return f"{count} connection" + ("s" if count > 1 else "")

    def replay(self, requests, connections, expect, most=None):
        path = os.path.join(self.bench.run_dir, "replay")
        with open(path, "wb") as f:
            f.write(b"".join(requests))
        job = {"request": Request(requests[0], expect), "connections": connections, "replay": path}
        if most:
            job["max_requests"] = most
        return self.run([job], seconds=self.bench.options.seconds)

    def claim_one(self):
        row, _ = self.run([{"request": self.claim(1), "connections": 64}],
                          seconds=self.bench.options.seconds)
        self.note("claims of 1, 64 connections", row["per_second"], "claims", row["us"], row)
        self.expect_counts(active=row["jobs"][0]["sent"])

    def pages(self):
        deep = min(DEEP_PAGE, self.leads // TAKE) - 1
        self.get("the campaign", self.path(), '"totalLeads"')
        self.get("leads, page 1", self.path(f"/leads?take={TAKE}"), '"id":"ld_')
        self.get(f"leads, page {deep + 1:,} by skip",
                 self.path(f"/leads?take={TAKE}&skip={deep * TAKE}"), '"id":"ld_')
        cursor = self.cursor("leads", deep * TAKE)
        self.get(f"leads, page {deep + 1:,} by cursor",
                 self.path(f"/leads?take={TAKE}&cursor={cursor}"), '"id":"ld_')
        for state in ("claimed", "scheduled"):
            self.get(f"activities that are {state}, page 1",
                     self.path(f"/activities?state={state}&take={TAKE}"), '"id":"ac_')
        numbers = [number for (number,) in self.query("SELECT no FROM lead ORDER BY no")]
        step = max(1, self.leads // 9973)
        headers = [f"x-api-key: {self.system.key}"]
        explains = padded([
            ("GET", self.path(f"/leads/ld_{shown(numbers[n * 7919 % self.leads])}/explain"), None, headers)
            for n in range(0, self.leads, step)
        ])
        row, _ = self.replay(explains, 1, '"because"')
        self.note("explain, of leads here and there", row["per_second"], "requests", row["us"], row)

    def strangers(self):
        """Blocks of people who are no leads, in a workspace that has leads and in one without, in
        turns."""
        other = self.system.admin("workspace", "create", "without", "--plan", "agency")
        key = self.system.admin("key", "create", other, "--name", "bench")
        self.system.admin("campaign", "create", other, "Without", "--id", CAMPAIGN)
        rounds, first = 4, STRANGERS
        rows = {self.system.key: [], key: []}
        for _ in range(rounds):
            for who in rows:
                job = {"request": self.blocks(BULK, key=who), "connections": 8, "first": first,
                       "max_requests": max(8, self.leads // BULK // rounds)}
                rows[who].append(self.run([job])[0])
                first += self.leads
        for title, found in zip(("with leads", "without leads"), rows.values()):
            rate = statistics.median(row["per_second"] for row in found) * BULK
            middle = sorted(found, key=lambda row: row["per_second"])[rounds // 2]
            self.note(f"blocking {BULK:,} strangers, workspace {title}", rate, "identifiers",
                      middle["us"], middle)

    def delete(self):
        began = time.monotonic()
        self.call("DELETE", self.path())
        times, left, first = [], True, WHILE_DELETED
        while left:
            times += self.run([{**self.meanwhile()[0], "first": first}], seconds=1.0)[1]
            first += 1 << 20
            left = self.query("SELECT EXISTS (SELECT 1 FROM lead)"
                              " OR EXISTS (SELECT 1 FROM activity)")[0][0]
        took = time.monotonic() - began
        self.note("deleting the campaign", self.leads / took, "leads", latency([took * 1e6]))
        self.note("a block of 1 while it is deleted", 0, "", latency(times))
        self.result["sizes"]["delete_seconds"] = took

    def measure(self):
        say(f"campaign: one of {self.leads:,} leads")
        self.system.make_empty()
        self.add_leads()
        self.activate()
        self.save()
        self.claims(0, 0)
        self.complete()
        self.pages()
        self.delete()
        for share in (0.5, 0.99):
            self.reset()
            self.claims(share, self.block_leads(share))
        self.reset()
        self.claim_one()
        self.strangers()
        self.bench.mark(self.system, True)
        return self.result
