"""The cases: what is asked of which system, and the goal that leadblock is held to.

A goal is (against, factor): leadblock's figure must be at least factor times that system's, the
medians compared; with EVERY_ROUND as a third, in each round. ("p99_ms", n): the p99 may be n ms. The
goals of leadblock on PostgreSQL are its own.
"""

import time
from dataclasses import dataclass, field

import processes
from processes import say
from systems import BULK, SUFFIX, Request

FRESH = 1 << 40  # numbers from here on are never among the base entries
FRESH_STEP = 1 << 32


@dataclass
class Entry:
    """One system (or one way of asking it) in a case."""

    key: str
    system: object
    request: Request
    connections: int = 64


@dataclass
class Case:
    key: str
    title: str
    entries: object  # function of the bench's systems: list of Entry
    goals: list = field(default_factory=list)
    shared_goals: list = field(default_factory=list)  # of leadblock on PostgreSQL
    identifiers: int = 0  # per request; the figure is then identifiers per second
    unpinned: bool = False  # servers and generator share all processors
    wrk: bool = False  # wrk sends in place of load.c
    pick: str = "fresh"  # fresh | base | tenth: which identifiers the requests carry
    effect: int = 0  # +1: what is sent must be stored afterwards, -1: must be gone
    prepare: object = None
    kind: str = "load"
    note: str = ""


def entries(method, names, connections=64, *args):
    def make(systems):
        found = []
        for name in names:
            if name in systems:
                request = getattr(systems[name], method)(*args)
                if request:
                    found.append(Entry(name, systems[name], request, connections))
        return found

    return make


def bulk_block(systems):
    found = entries("block", LEADBLOCKS, 64, BULK)(systems)
    if "redis" in systems:
        redis = systems["redis"]
        found.append(Entry("redis", redis, redis.block(BULK), 64))
        found.append(Entry("redis-pipelined", redis, redis.block_pipelined(BULK), 64))
    return found + entries("block", ["webdis", "fastify"], 16, BULK)(systems)


def prepare_pages(system):
    if hasattr(system, "prepare_pages"):
        system.prepare_pages()


SHARED = ["leadblock-pg", "leadblock-pg-2", "leadblock-pg-standby", "leadblock-pg-bouncer"]
LEADBLOCKS = ["leadblock", *SHARED]
HTTP = [*LEADBLOCKS, "nginx", "webdis", "fastify"]
STORES = [*LEADBLOCKS, "webdis", "fastify"]
PEOPLE = ["leadblock", "nginx", "webdis"]  # what is driven with wrk
EVERY_ROUND = "every round"
CHECK_GOALS = [("nginx", 1.0), ("webdis", 2.0)]
BLOCK_GOALS = [("webdis", 2.0)]
SHARED_GOALS = [("fastify", 4.0, EVERY_ROUND)]
LIST_NOTE = "for Redis a sorted set beside the set, filled before"
WRK = {"unpinned": True, "wrk": True,
       "note": "wrk with two threads; servers and wrk share all processors"}
MIXED_GOALS = ((64, 1.0), (256, 2.0), (1000, 5.0))  # connections that block, p99 of checks in ms


def mixed(connections, limit_ms, unpinned=False):
    where = ", unpinned" if unpinned else ""
    return Case(
        f"{'unpinned-' if unpinned else ''}mixed-{connections}",
        f"check while {connections:,} connections block{where}",
        entries("block", ["leadblock", "webdis"] if unpinned else STORES, connections, 2),
        [("p99_ms", limit_ms)],
        effect=1,
        kind="mixed",
        unpinned=unpinned,
        note="blocks of 2 at full speed; 1,000 checks/s on a fixed schedule over 8 connections, from a "
        "generator of their own, ahead of the other one where its user may ask for that (root)",
    )


CASES = [
    Case("check-allowed", "check, not blocked", entries("check_allowed", HTTP), CHECK_GOALS,
         SHARED_GOALS),
    Case(
        "check-blocked",
        "check, blocked",
        entries("check_blocked", HTTP),
        CHECK_GOALS,
        SHARED_GOALS,
        pick="base",
    ),
    Case("check-1", "check, 1 connection", entries("check_allowed", HTTP, 1)),
    Case(
        "check-2",
        "check of 2",
        entries("check_many", STORES, 64, 2),
        shared_goals=SHARED_GOALS,
        pick="tenth",
        note="a tenth of them blocked; 64 connections",
    ),
    Case(
        "check-1000",
        "check of 1,000",
        entries("check_many", [*LEADBLOCKS, "redis", "webdis", "fastify"], 16, BULK),
        [("redis", 1.7)],
        identifiers=BULK,
        pick="tenth",
        note="a tenth of them blocked; 16 connections",
    ),
    Case(
        "block-1",
        "block of 2, 1 connection",
        entries("block", STORES, 1, 2),
        [("fsync", 0.6)],
        effect=1,
        note="fsync: the disk's own rate of 4 KiB + fdatasync",
    ),
    Case("block-64", "block of 2, 64 connections", entries("block", HTTP, 64, 2), BLOCK_GOALS,
         SHARED_GOALS, effect=1),
    Case("block-256", "block of 2, 256 connections", entries("block", HTTP, 256, 2), BLOCK_GOALS,
         effect=1),
    Case("block-1000", "block of 2, 1,000 connections", entries("block", HTTP, 1000, 2),
         BLOCK_GOALS, effect=1),
    Case(
        "block-bulk",
        "block of 1,000",
        bulk_block,
        [("redis-pipelined", 2.0)],
        identifiers=BULK,
        effect=1,
        note="Redis: one SADD of 1,000, and 1,000 SADD pipelined; 64 connections",
    ),
    Case("unblock", "unblock of 2", entries("unblock", STORES, 64, 2), effect=-1, kind="unblock"),
    Case("page-1", "page 1 of the list", entries("page", STORES, 64, 1, 10),
         prepare=prepare_pages, note=LIST_NOTE),
    Case("page-10000", "page 10,000 of the list", entries("page", STORES, 64, 10000, 10),
         prepare=prepare_pages, note=LIST_NOTE),
    *(mixed(n, limit) for n, limit in MIXED_GOALS),
    Case("unpinned-check", "check, unpinned", entries("check_allowed", PEOPLE), CHECK_GOALS, **WRK),
    *(Case(f"unpinned-block-{n}", f"block of 2, {n:,} connections, unpinned",
           entries("block", PEOPLE, n, 2), [("webdis", factor)], effect=1, **WRK)
      for n, factor in ((64, 1.8), (256, 1.6), (1000, 1.6))),
    *(mixed(n, limit, unpinned=True) for n, limit in MIXED_GOALS),
]


class Runner:
    """Runs cases, systems interleaved, and keeps every single result."""

    def __init__(self, bench, results):
        self.bench = bench
        self.results = results
        self.next_fresh = FRESH

    def fresh(self):
        self.next_fresh += FRESH_STEP
        return self.next_fresh

    def run(self, case):
        found = self.bench.entries(case)
        if not found:
            return
        self.bench.place(case.unpinned)
        say(f"{case.key}: {case.title} ({self.bench.timetable.progress()})")
        self.bench.epoch += 1
        distinct = list({id(e.system): e.system for e in found}.values())
        for system in distinct:
            self.prepare(case, system)
        before = {e.system.name: e.system.stored() for e in found if self.counts(case, e)}
        sent, slack = {}, {}
        rows = {e.key: [] for e in found}
        # Round 0 is thrown away: node compiles what it runs often, caches fill.
        for repeat in range(self.bench.options.repeats + 1):
            for entry in found:
                self.bench.timetable.check(case.key)
                row = self.one(case, entry, None if repeat else self.bench.options.heat)
                stack = self.stack_key(entry.system)
                sent[stack] = sent.get(stack, 0) + row["effect"]
                slack[stack] = slack.get(stack, 0) + row["slack"]
                if repeat or row["failed"]:
                    rows[entry.key].append(row)
                    self.tell(repeat, entry, row)
            if repeat and any(goal[0] == "fsync" for goal in case.goals):
                rows.setdefault("fsync", []).append(self.bench.measure_fsync())
        self.verify(found, before, sent, slack, rows)
        self.results[case.key] = rows

    def counts(self, case, entry):
        if case.effect and entry.system.stores:
            self.bench.activate(entry.system)
            return True
        return False

    def stack_key(self, system):
        return id(getattr(system, "stack", system))

    def prepare(self, case, system):
        self.bench.activate(system)
        if system.stores:
            if self.bench.is_dirty(system):
                system.reset()
                self.bench.mark(system, False)
            if case.prepare:
                case.prepare(system)
                self.bench.mark(system, True)
        if case.effect:
            self.bench.mark(system, True)

    def one(self, case, entry, seconds):
        if case.kind == "unblock":
            return self.one_unblock(entry, seconds)
        job = {"request": entry.request, "connections": entry.connections, "first": self.fresh()}
        if case.pick == "base":
            job.update(first=0, range=self.bench.options.entries)
        elif case.pick == "tenth":
            job.update(first=0, range=self.bench.options.entries * 10)
        jobs = [job]
        if case.kind == "mixed":
            check = entry.system.check_blocked()
            jobs.append(
                {
                    "request": check,
                    "connections": 8,
                    "first": 0,
                    "range": self.bench.options.entries,
                    "rate": 1000,
                    "own_process": True,
                }
            )
        row = self.bench.load_run(entry.system, jobs, seconds=seconds, wrk=case.wrk)
        per_request = row["jobs"][0]["identifiers_per_request"]
        row["effect"] = case.effect * row["jobs"][0]["sent"] * per_request
        # wrk ends without the answers to its last requests, which may be stored.
        row["slack"] = entry.connections * per_request if case.wrk else 0
        if case.identifiers:
            row["per_second"] *= case.identifiers
        if case.kind == "mixed":
            row["us"] = row["jobs"][1]["us"]
        return row

    def one_unblock(self, entry, seconds):
        """Blocks enough first (not measured), then takes back just these."""
        guess = {"leadblock": 100000, "webdis": 45000}.get(entry.system.name, 9000)
        count = int(guess * 2 * self.bench.options.seconds) // BULK * BULK
        first = self.fresh()
        self.bench.activate(entry.system)
        entry.system.add(first, count)
        job = {
            "request": entry.request,
            "connections": entry.connections,
            "first": first,
            "max_requests": count // 2,
        }
        row = self.bench.load_run(entry.system, [job], warmup=0, seconds=seconds)
        row["effect"], row["slack"] = count - row["jobs"][0]["sent"] * 2, 0
        return row

    def verify(self, found, before, sent, slack, rows):
        """What was acknowledged must be there, to the last identifier."""
        for entry in found:
            system = entry.system
            if system.name not in before or any(r["failed"] for r in rows[entry.key]):
                continue
            self.bench.activate(system)
            stack = self.stack_key(system)
            expected = before[system.name] + sent[stack]
            stored = system.stored()
            if not expected <= stored <= expected + slack[stack]:
                for row in rows[entry.key]:
                    row["failed"] = f"holds {stored} identifiers, not {expected}"
                say(f"  {entry.key}: {rows[entry.key][0]['failed']}")

    def tell(self, repeat, entry, row):
        text = (
            f"  {repeat}/{self.bench.options.repeats} {entry.key:16}"
            f"{row['per_second']:>12,.0f}/s  p50 {row['us']['p50'] / 1000:.2f} ms"
            f"  p99 {row['us']['p99'] / 1000:.2f} ms"
            f"  cpu: server {row['server_cpu']:.2f}, generator {row['generator_cpu']:.2f}"
        )
        if row["foreign_cpu"] > 0.05:
            text += f", other programs {row['foreign_cpu']:.2f}"
        if row["failed"]:
            text += f"  FAILED: {row['failed']}"
        print(text, flush=True)


def measure_verify(bench, system, row):
    """And the most memory that the start before it took."""
    row["start_peak_bytes"] = max(processes.peak_bytes(p.tree()) for p in system.servers())
    system.stop()
    bench.sync()
    row["verify_seconds"], row["verify_peak_bytes"] = system.verify()
    say(f"  verify {row['verify_seconds']:.2f} s, {row['verify_peak_bytes'] / 2**20:.0f} MiB at most;"
        f" the start {row['start_peak_bytes'] / 2**20:.0f} MiB at most")


def measure_sizes(bench, sizes):
    """Memory and disk per entry, and the times of a start and of `leadblock verify`, at each size."""
    names = [n for n in ("leadblock", "leadblock-pg", "redis", "fastify") if n in bench.systems]
    results = {name: {} for name in names}
    for name in names:
        system = bench.systems[name]
        for size in sizes:
            bench.activate(system)
            system.make_empty()
            idle = bench.memory(system)
            began = time.monotonic()
            system.add(0, size)
            took = time.monotonic() - began
            bench.sync()
            row = {"entries": size, "load_seconds": took, "idle_bytes": idle}
            row["stored"] = system.stored()
            row["memory_bytes"] = bench.memory(system)
            row["disk_bytes"] = system.disk()
            system.stop()
            bench.sync()
            if name != "fastify":
                row["disk_bytes_stopped"] = system.disk()
            row["start_seconds"] = system.start()
            time.sleep(1)
            row["memory_bytes_restarted"] = bench.memory(system)
            if name.startswith("leadblock"):
                measure_verify(bench, system, row)
            row["failed"] = "" if row["stored"] == size else f"holds {row['stored']}, not {size}"
            results[name][size] = row
            bench.mark(system, True)
            say(
                f"  {name}, {size:,} entries: {row['memory_bytes'] / size:.1f} B memory"
                f" ({row['memory_bytes_restarted'] / size:.1f} after a restart),"
                f" {row['disk_bytes'] / size:.1f} B disk, start {row['start_seconds']:.2f} s,"
                f" filled in {took:.1f} s"
            )
        bench.freeze(system)
    return results


assert len(SUFFIX) == 11
