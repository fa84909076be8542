"""What the programs have in common that kill the server again and again while clients write: the
cycle, the look at the file, and the report."""

import argparse
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.client import ConnectionClosed  # noqa: E402
from support.expect import next_link  # noqa: E402
from support.server import CommandFailed, Server  # noqa: E402


class Failure(Exception):
    """What is there is not what was acknowledged."""


def read_pages(api, path):
    """All entries of a list, and the X-Total-Count of its last page (None when it has none)."""
    target, entries, total = "/v1" + path, [], None
    while target:
        response = api.call("GET", target, base="")
        if response.status != 200:
            raise Failure(f"GET {target}: {response}")
        entries += response.json()
        total = response.header("x-total-count")
        target = next_link(response)
    return entries, int(total) if total is not None else None


def database(folder):
    for path in folder.iterdir():
        if path.is_file():
            with open(path, "rb") as file:
                if file.read(15) == b"SQLite format 3":
                    return path
    raise Failure(f"no SQLite file in {folder}")


@contextmanager
def copied_file(folder):
    """A connection to a copy of the SQLite file, so that nothing here touches the original."""
    source = database(folder)
    with tempfile.TemporaryDirectory(prefix="leadblock-kill-") as copy:
        for suffix in ("", "-wal"):
            if os.path.exists(f"{source}{suffix}"):
                shutil.copy(f"{source}{suffix}", copy)
        connection = sqlite3.connect(Path(copy) / source.name)
        try:
            yield connection
        finally:
            connection.close()


class Aim:
    """Kills while requests are in the middle of their work.

    Whoever kills waits until somebody sends, and then for less than half of the time that an answer
    takes. With tests/mutants/report-in-two-commits.patch, that leaves half a report behind in every
    second cycle; kills at any time do in every third."""

    def __init__(self, rng):
        self.random = rng
        self.taken = 0.003  # seconds until an answer, lately
        self.wanted = False
        self.sent = threading.Event()

    def call(self, api, method, path, body=None):
        """As api.call; every worker's writes go through here."""
        if self.wanted:
            self.sent.set()
        began = time.monotonic()
        response = api.call(method, path, body)
        self.taken += (time.monotonic() - began - self.taken) / 8
        return response

    def wait(self):
        self.sent.clear()
        self.wanted = True
        self.sent.wait(0.5)  # when nobody sends any more, now is as good as later
        self.wanted = False
        time.sleep(self.random.uniform(0, self.taken / 2))


class Folder:
    """One data folder with a workspace, and the workers that write to it over many cycles.

    What a program adds: `set_up` makes what the workers write to and `self.workers`, each with
    `run(api, stop)`, its `failure`, how many `requests` were acknowledged, and `cut_off`: how many
    a kill cut off, by whether they had happened. `cycle` is one cycle; `finish` ends the folder."""

    cycles = 40  # on one folder, then a new one: the log only grows

    def __init__(self, rng, *options):
        self.random = rng
        self.aim = Aim(rng)
        self.workers = []
        self.server = Server("--log-level", "warn", *options).start()
        try:
            tenant = self.server.tenant()
            self.key = tenant.key
            self.set_up(tenant)
            tenant.api.close()
        except BaseException:
            self.server.kill()
            raise

    def set_up(self, tenant):
        raise NotImplementedError

    def cycle(self, number, damage):
        raise NotImplementedError

    def finish(self):
        """After the last cycle, when all went well."""

    def write_for(self, seconds):
        """Lets the workers write, and kills the server under them."""
        stop = threading.Event()
        threads = [threading.Thread(target=worker.run, args=(self.server.api(self.key), stop))
                   for worker in self.workers]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.aim.wait()
        self.server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        for worker in self.workers:
            if worker.failure:
                raise worker.failure

    def start_again(self):
        if self.random.random() < 0.15:  # killed again while it starts
            self.server.spawn()
            time.sleep(self.random.uniform(0, 0.03))
            self.server.kill()
        self.server.start()

    def close(self, keep):
        self.server.kill()
        if keep:
            print(f"kept: {self.server.root}", flush=True)
        else:
            self.server.remove()


TROUBLE = (Failure, CommandFailed, ConnectionClosed, OSError, AssertionError)


class Report:
    """Runs the cycles and counts how they went."""

    def __init__(self, make_folder, options):
        self.make_folder = make_folder
        self.options = options
        self.seed = options.seed
        if self.seed is None:
            self.seed = random.SystemRandom().randrange(10**6)
        self.random = random.Random(self.seed)
        self.passed = self.failed = self.requests = 0
        self.cut_off = Counter()
        self.folder = None

    def attempt(self, number, last):
        """One cycle; false when it failed and the folder is of no use any more."""
        try:
            if self.folder is None:
                self.left = self.make_folder.cycles
                self.folder = self.make_folder(self.random)
            self.folder.cycle(number, self.options.sabotage)
            self.left -= 1
            if self.left == 0 or last:
                self.folder.finish()
            self.passed += 1
            return True
        except TROUBLE as error:
            self.failed += 1
            print(f"cycle {number} (seed {self.seed}): {type(error).__name__}: {error}", flush=True)
            return False

    def leave_folder(self, keep):
        if self.folder:
            for worker in self.folder.workers:
                self.requests += worker.requests
                self.cut_off += worker.cut_off
            self.folder.close(keep)
            self.folder = None

    def run(self):
        print(f"seed {self.seed}", flush=True)
        started = time.monotonic()
        for number in range(1, self.options.cycles + 1):
            last = number == self.options.cycles
            try:
                well = self.attempt(number, last)
            except BaseException:  # leave no server behind
                self.leave_folder(keep=False)
                raise
            if number % 20 == 0:
                each = (time.monotonic() - started) / number
                print(f"{number} cycles, {each:.2f} s each", flush=True)
            last = last or (not well and self.options.first_failure)
            if not well or last or self.left == 0:
                self.leave_folder(keep=not well and self.failed == 1 and not self.options.sabotage)
            if last:
                break
        self.print_sum()
        return 1 if self.failed or not self.passed else 0

    def print_sum(self):
        print(f"{self.requests} requests acknowledged; of those that a kill cut off, "
              f"{self.cut_off[True]} had happened and {self.cut_off[False]} had not")
        print(f"{self.passed} passed, {self.failed} failed")


def run(description, make_folder, cycles, sabotages):
    """The program: make_folder(rng) is a Folder. Returns the exit code."""
    parser = argparse.ArgumentParser(description=description.split("\n\n")[0])
    parser.add_argument("--cycles", type=int, default=cycles)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--first-failure", action="store_true", help="ends with the first failure")
    parser.add_argument("--sabotage", choices=sabotages)
    return Report(make_folder, parser.parse_args()).run()
