#!/usr/bin/env python3
"""Fires claims and blocks at the real server from many connections at once, and lets checker.py
prove from the history that nobody was handed out after the block of them had been acknowledged.

usage: fire.py [--seconds 60] [--nodes N] [--seed N] [--claimers N] [--blockers N] [--leads N]
               [--no-locks] [--beside COMMAND] [--history FILE] [--keep]

With --nodes, the connections are spread over so many nodes of one PostgreSQL database, those of one
client too: it blocks at one node and claims at another. With --no-locks a proxy turns the statement that
locks a workspace into one that locks nothing, as an engine does that moves rows while they are locked.
With --beside, `COMMAND URI` runs while clients fire, and is ended then (SIGTERM): it moves shards of the
database, or restarts servers of it. Answers of 503 are right then, and must lose nothing.

Three processes share the work; see plan.py for the campaigns, workers.py for the kinds of clients,
ending.py for what comes when time is up, and history.py for what is written down. --history keeps
the history in FILE, --keep the server's folder as well; a failure keeps both. A seed repeats what
is asked, not how it meets.
"""

import argparse
import contextlib
import gc
import itertools
import multiprocessing
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import calls  # noqa: E402
import checker  # noqa: E402
import history  # noqa: E402
import workers  # noqa: E402
from calls import add_leads  # noqa: E402
from ending import Ending  # noqa: E402
from plan import OPEN, PROCESSES, campaigns, steps  # noqa: E402
from support import people as users  # noqa: E402
from support import postgres  # noqa: E402
from support.expect import ok  # noqa: E402
from support.nodes import Nodes  # noqa: E402
from support.proxy import Proxy  # noqa: E402
from support.server import CommandFailed  # noqa: E402
from wire import Channel, Loop, Unanswered  # noqa: E402

LONGER = 5  # times as long as the first is a second run, on a machine that did too little in that
LONGEST = 300  # seconds of the second
PATIENCE = 60  # seconds for the workers to finish what they have begun
SLOW_DRAIN = 900  # seconds, of a database in several parts
IDLE = 600  # seconds; some connections are used only after a block that was not refused
RETRY_BACKOFF = 1  # seconds; the server's own default would outlast the test
UNAVAILABLE = ["overloaded", "storage_unavailable", "outcome_unknown",
               "limit_reached"]  # of variants, by an editor whose deletions were refused
CONFLICT = re.compile("LOG_APPEND failed: duplicate key|WORKSPACE_MARK failed")
KINDS = [(workers.Pouncer, 2), (workers.Blocker, 1), (workers.WorkspaceBlocker, 1),
         (workers.MemberBlocker, 1), (workers.Watcher, 2), (workers.Unblocker, 1),
         (workers.Ambusher, 2), (workers.ReAdder, 1), (workers.InstallationBlocker, 0),
         (workers.InstallationPouncer, 2), (workers.Replier, 2), (workers.Rival, 2),
         (workers.Stopper, 2)]  # with the connections that each needs beside operators'


class Share:
    """What one process does: its workers, and its part of the history."""

    def __init__(self, index, options, key, operator, ports, path, messages):
        self.index = index
        self.options = options
        self.campaigns = campaigns(options.leads)
        self.key = key
        self.operator = operator
        self.ports = itertools.cycle(ports[index % len(ports) :] + ports[: index % len(ports)])
        self.path = path
        self.messages = messages  # campaign -> the step whose variants change

    def start(self, kind, connections, number, *more):
        name = f"{kind.__name__}-{number}"
        worker = kind(self.scene, random.Random(f"{self.options.seed}/{name}"), name, *more)
        callers = [self.key] * connections + [self.operator] * getattr(kind, "OPERATORS", 0)
        channels = [Channel(self.loop, next(self.ports), caller) for caller in callers]
        self.loop.start(worker.run(*channels))

    def start_all(self):
        for number in range(self.index, self.options.claimers, PROCESSES):
            self.start(workers.Claimer, 1, number)
        for number in range(self.index, self.options.blockers, PROCESSES):
            kind, connections = KINDS[number // PROCESSES % len(KINDS)]
            self.start(kind, connections, number)
        if self.index == 0:
            self.start(workers.Adder, 1, 0, self.campaigns)
            for number, campaign in enumerate(OPEN):
                self.start(workers.Editor, 1, number, campaign, self.messages[campaign])

    def run(self):
        """The whole life of the process. The history is written whatever happens."""
        gc.disable()  # what is kept is kept to the end, and a pause would blunt the times
        self.loop = Loop()
        deadline = time.monotonic() + self.options.seconds
        self.scene = workers.Scene(self.campaigns, self.index, deadline)
        try:
            self.start_all()
            self.loop.run()
        finally:
            history.write(self.path, self.loop.events)


class Run:
    """One run: prepares, fires, ends, and gathers the history."""

    def __init__(self, nodes, options, folder, proxy=None):
        self.nodes = nodes
        self.proxy = proxy  # that takes locks away
        self.options = options
        self.folder = folder
        self.campaigns = campaigns(options.leads)
        self.events = []
        self.messages = {}
        self.faults = []  # what went wrong with the run itself

    def prepare(self):
        tenant = self.nodes[0].tenant("agency")
        self.key = tenant.key
        session = users.person(self.nodes[0], "operator")
        self.operator = "".join(f"{name}: {value}\r\n" for name, value in (
            session.cookie, ("X-CSRF-Token", session.csrf)))
        self.ports = [node.port for node in self.nodes]
        rng = random.Random(self.options.seed)
        for campaign in self.campaigns:
            tenant.campaign(campaign.id, id=campaign.id, steps=steps(campaign),
                            settings=campaign.settings)
            end = campaign.first + campaign.stock
            for start in range(campaign.first, end, 1000):
                numbers = range(start, min(start + 1000, end))
                self.add(tenant.api, add_leads(rng, campaign.id, numbers, "Run",
                                               by_other_names=campaign.by_other_names))
                self.link(tenant.api, calls.link(numbers, "Run"))
            sequence = ok(tenant.api.get(f"/campaigns/{campaign.id}/sequence"))["steps"]
            calls.ORDERS.update({step["id"]: step["order"] for step in sequence})
            self.messages[campaign.id] = sequence[-1]["id"]
            ok(tenant.api.put(f"/campaigns/{campaign.id}/activate"))
        tenant.api.close()

    def add(self, api, call):
        call.event["sent"] = time.monotonic_ns()
        response = api.post(call.target, call.body, base="")
        call.event["received"] = time.monotonic_ns()
        body = ok(response)
        call.event.update(status=200, added=body["added"], duplicates=body["duplicates"],
                          blocked=body["blocked"])
        self.events.append(call.event)

    def link(self, api, call):
        call.event["sent"] = time.monotonic_ns()
        ok(api.post(call.target, call.body, base=""))
        call.event.update(received=time.monotonic_ns(), status=200)
        self.events.append(call.event)

    def fire(self):
        context = multiprocessing.get_context("fork")
        shares = [Share(index, self.options, self.key, self.operator, self.ports, self.folder / f"share-{index}",
                        self.messages)
                  for index in range(PROCESSES)]
        processes = [context.Process(target=share.run) for share in shares]
        for process in processes:
            process.start()
        limit = time.monotonic() + self.options.seconds + PATIENCE
        for process in processes:
            process.join(max(0, limit - time.monotonic()))
        for process in processes:
            if process.exitcode is None:
                process.kill()
                process.join()
            if process.exitcode != 0:
                self.faults.append(f"a process of workers ended with {process.exitcode}")
        for share in shares:
            self.events += history.read(share.path) if share.path.exists() else []

    @contextlib.contextmanager
    def beside(self):
        """What --beside names runs meanwhile."""
        if not self.options.beside:
            yield
            return
        command = f"exec {self.options.beside} '{self.nodes.database}'"
        with subprocess.Popen(command, shell=True) as process:
            try:
                yield
                if process.poll() is not None:
                    self.faults.append(f"{self.options.beside} has ended before: {process.returncode}")
            finally:
                process.terminate()  # also after a failure: its end is waited for
        self.wait_connected()

    def end(self):
        rng = random.Random(self.options.seed)
        limit = {"drain_limit": SLOW_DRAIN} if self.options.beside else {}
        ending = Ending(self.campaigns, rng, self.key, self.ports, **limit)
        try:
            self.settle()
            ending.run()
        except (Unanswered, OSError) as error:
            self.faults.append(f"the end of the run: {error}")
        self.events += ending.events

    def settle(self):
        """Waits until the leads behind the installation's entries are set aside, or put back."""
        limit = time.monotonic() + PATIENCE
        while pending(self.nodes):
            if time.monotonic() > limit:
                self.faults.append("leads of the installation's entries are not set aside")
                return
            time.sleep(0.05)

    def wait_connected(self):
        limit = time.monotonic() + PATIENCE
        while not all(is_ready(node) for node in self.nodes):
            if time.monotonic() > limit:
                self.faults.append("nodes do not find back to the database")
                return
            time.sleep(0.05)

    def run(self):
        self.events.append(history.clocks("start", seed=self.options.seed, campaigns={
            campaign.id: campaign.stop_on_reply for campaign in self.campaigns}, settings={
                campaign.id: campaign.settings for campaign in self.campaigns}))
        self.prepare()
        with self.beside():
            self.fire()
        fired = time.monotonic()
        if self.proxy:  # what comes now is about what was recorded
            self.proxy.locks_nothing = False
            self.proxy.cut_all()
            self.wait_connected()
        if not self.faults:
            self.end()
        print(f"the end took {time.monotonic() - fired:.1f} s", flush=True)
        self.events.append(history.clocks("end"))
        if not self.nodes.alive():
            self.faults.append(f"a server has ended:\n{self.nodes.log_text()}")


def is_ready(node):
    with node.connect() as connection:
        return connection.request("GET", "/readyz").status == 200


def pending(nodes):
    """How many names are noted whose leads are still to be looked at."""
    if nodes.database:
        return int(postgres.shared().psql("SELECT count(*) FROM leadblock.lead_pending",
                                          database=postgres.database_of(nodes.database)))
    path = nodes[0].data / "leadblock.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*) FROM lead_pending").fetchone()[0]


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--nodes", type=int, default=1, metavar="N",
                        help="of one PostgreSQL database, when there are more than one")
    parser.add_argument("--no-locks", action="store_true", help="see above; wants --nodes")
    parser.add_argument("--beside", metavar="COMMAND", help="see above; wants --nodes")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--claimers", type=int, default=24, metavar="N")
    parser.add_argument("--blockers", type=int, default=39, metavar="N",
                        help="of all kinds together; 39 are three of each")
    parser.add_argument("--leads", type=int, default=500, metavar="N",
                        help="that wait in each campaign; more are added as they are used up")
    parser.add_argument("--history", metavar="FILE")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    if options.nodes < 2 and (options.beside or options.no_locks):
        parser.error("--beside and --no-locks want --nodes: nodes of one PostgreSQL database")
    return options


def without_locks(nodes):
    """Has the nodes reach their database by way of a proxy that takes their locks away."""
    postgres.shared().psql(f"ALTER DATABASE {postgres.database_of(nodes.database)} "
                           "SET deadlock_timeout = '5ms'")  # of which there are many then
    proxy = Proxy.to(nodes.database)
    proxy.locks_nothing = True
    nodes.reach = lambda _: proxy.uri(nodes.database)
    return proxy


def missed(nodes, proxy):
    """Why the run shows nothing: the locks were there all the same, or were not needed."""
    conflicts = len(CONFLICT.findall(nodes.log_text()))
    print(f"{proxy.unlocked} statements locked nothing, {conflicts} conflicts", flush=True)
    return ["no two nodes were in each other's way"] if not proxy.unlocked or not conflicts else []


def met(nodes):
    """What the database was in the way with."""
    log = nodes.log_text()
    waits = log.count("canceling statement due to lock timeout")
    print(f"{waits} waits for a lock that were given up, {len(CONFLICT.findall(log))} conflicts", flush=True)


def judge(run, options, proxy, share):
    """Checks and prints; the report."""
    path = Path(options.history) if options.history else run.folder / "history"
    history.write(path, run.events)
    refusals = UNAVAILABLE if options.beside else ["overloaded"] if proxy else []
    report = checker.check(run.events, wants_teeth=not refusals, refusals=refusals, share=share)
    report.add("the run itself", run.faults)
    if proxy:
        report.add("nodes were in each other's way", missed(run.nodes, proxy))
    if options.beside:
        met(run.nodes)
    report.print()
    if options.history or report.failed or options.keep:
        print(f"history: {path}")
    return report


def attempt(options, share=None, last=True):
    """A run at nodes of its own; its report, or None when it did not come to one. `share`: see Teeth.missing. `last`:
    one that lacks teeth is not followed by another."""
    folder = Path(tempfile.mkdtemp(prefix="leadblock-guarantee-"))
    log_level = "info" if options.no_locks or options.beside else "warn"  # which has the conflicts
    nodes = Nodes(options.nodes, "--threads", 2, "--log-level", log_level, "--retry-backoff",
                  RETRY_BACKOFF, "--idle-timeout", IDLE)
    proxy = without_locks(nodes) if options.no_locks else None
    good = False
    try:
        nodes.start()
        run = Run(nodes, options, folder, proxy)
        run.run()
        report = judge(run, options, proxy, share)
        nodes.stop()
        good = not report.failed or (report.lacks_teeth_alone and not last)
        return report
    except (CommandFailed, AssertionError, OSError) as error:
        print(f"{type(error).__name__}: {error}")
        return None
    finally:
        keep = options.keep or not good
        nodes.close(keep)
        if not keep:
            shutil.rmtree(folder)


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leaves no server behind
    print(f"seed {options.seed}", flush=True)
    first, longer = options.seconds, min(options.seconds * LONGER, LONGEST)
    report = attempt(options, last=longer <= first)
    if report and report.lacks_teeth_alone and longer > first:
        print(f"Nothing was wrong, and the machine did too little: once more, for {longer:g} s", flush=True)
        options.seconds = longer
        report = attempt(options, share=min(1, first / 60))
    print(report.sum() if report else "0 passed, 1 failed")
    return 1 if not report or report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
