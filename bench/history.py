#!/usr/bin/env python3
"""What happened with one person, in a workspace with a long log: how long a page of it takes, and what all others notice.

    bench/history.py [--entries 10000000] [--rows-of 50] [--asked 5] [--binary build/leadblock]
    LEADBLOCK_TEST_BACKEND=postgresql tests/support/postgres.py run --fsync -- bench/history.py

The workspace blocks --entries people, by files; with --rows-of 1 each has a reason of its own, and with it a row of the log.
Between two files one person is blocked and unblocked. Then the history of that person is read --asked times, one after the
other, as a workspace reads one at a time, while another workspace blocks and checks."""

import argparse
import time

import beside
from support import expect
from support.client import File
from support.server import Server

AT_ONCE = 200_000  # people of a file
PERSON = "the-one-who-is-asked-for"


def fill(tenant, entries, alone):
    for begin in range(0, entries, AT_ONCE):
        rows = "\n".join(f"linkedin.com/in/jane-doe-{number:x},{f'reason {number}' if alone else 'list'}"
                         for number in range(begin, min(entries, begin + AT_ONCE)))
        body = expect.ok(tenant.api.post("/blocked-leads/import", File(f"LinkedIn,Reason\n{rows}\n".encode())))
        assert body["bad"] == 0 and body["duplicates"] == 0, body
        expect.ok(tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": PERSON}]}))
        expect.ok(tenant.api.delete("/blocklist", {"entries": [{"publicIdentifier": PERSON}]}))


def read(api, events):
    began = time.perf_counter()
    found = expect.ok(api.get(f"/blocked-leads/{PERSON}/history?take=100"))
    assert len(found) == min(100, events), found
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--entries", type=int, default=10_000_000)
    parser.add_argument("--rows-of", type=int, choices=(1, 50), default=50)
    parser.add_argument("--asked", type=int, default=5)
    options = beside.parse(parser)
    with Server(*beside.LIMITS) as server:
        tenant = beside.patient(server.tenant())
        began = time.perf_counter()
        fill(tenant, options.entries, options.rows_of == 1)
        print(f"{options.entries:,} entries of history in {time.perf_counter() - began:.0f} s", flush=True)
        events = 2 * -(-options.entries // AT_ONCE)
        with beside.Others(server) as others, beside.Peak(server) as peak:
            others.begin("reading")
            times = [read(tenant.api, events) for _ in range(options.asked)]
            print(f"a page of the history: {beside.quantiles(times)}", flush=True)
            others.show("reading")
        print(f"memory meanwhile: {peak.more / 2**20:.1f} MiB more")


if __name__ == "__main__":
    main()
