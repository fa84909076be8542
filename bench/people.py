#!/usr/bin/env python3
"""Memory and disk of people with two names: bench/people.py [--people N] [--postgresql]

Links N (1,000,000) LinkedIn names with as many member ids through POST /v1/people/link, and prints what
the server's process takes before and after, and after a restart, per person. On PostgreSQL it needs the
environment that tests/support/postgres.py makes: `tests/support/postgres.py run -- bench/people.py
--postgresql`. LEADBLOCK_BIN names the program."""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from support import expect  # noqa: E402
from support.server import Server  # noqa: E402

AT_ONCE = 1000
LIMITS = ("--max-workspace-entries", "100000000", "--max-workspace-daily-rows", "1000000000")


def resident(server):
    """Bytes that are the process's own."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["RssAnon"].split()[0]) * 1024


def settled(server):
    time.sleep(2)
    return resident(server)


def pair(number):
    return {"memberId": f"ACoAA{number:034d}", "publicIdentifier": f"person-with-two-names-{number}"}


def show(what, size, people, empty):
    print(f"{what:24} {size / 2**20:8.1f} MiB   {(size - empty) / people:6.1f} bytes a person", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--people", type=int, default=1000000)
    parser.add_argument("--postgresql", action="store_true")
    options = parser.parse_args()
    if options.postgresql:
        os.environ["LEADBLOCK_TEST_BACKEND"] = "postgresql"
    with Server(*LIMITS) as server:
        tenant = server.tenant()
        empty = settled(server)
        show("empty", empty, options.people, empty)
        begun = time.monotonic()
        for first in range(0, options.people, AT_ONCE):
            count = min(AT_ONCE, options.people - first)
            expect.ok(tenant.api.post("/people/link", {"links": [pair(first + n) for n in range(count)]}))
        seconds = time.monotonic() - begun
        show("after linking", settled(server), options.people, empty)
        begun = time.monotonic()
        server.restart()
        start = time.monotonic() - begun
        show("after a restart", settled(server), options.people, empty)
        print(f"{options.people / seconds:,.0f} links a second, restart {start:.1f} s")
        if not server.database:
            size = sum(path.stat().st_size for path in server.data.rglob("*") if path.is_file())
            print(f"{size / options.people:.1f} bytes of disk a person")


if __name__ == "__main__":
    main()
