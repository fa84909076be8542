#!/usr/bin/env python3
"""People with two names each: memory, disk, the start, and whether linking stalls others.

    bench/people.py [--people 1000000] [--at-once 1000] [--binary build/leadblock]
    LEADBLOCK_TEST_BACKEND=postgresql tests/support/postgres.py run --fsync -- bench/people.py

Links LinkedIn names with as many member ids through POST /v1/people/link, --at-once in each request, while another workspace
blocks and checks. Prints what the server's process takes of its own (RssAnon) before, after, and after a start anew."""

import argparse
import time

import beside
from support import expect
from support.server import Server

SETTLED = 2  # seconds after which a server has given back what it does not need


def pair(number):
    return {"memberId": f"ACoAA{number:034d}", "publicIdentifier": f"person-with-two-names-{number}"}


def show(what, size, people, empty):
    print(f"{what:24} {size / 2**20:8.1f} MiB   {(size - empty) / people:6.1f} bytes a person", flush=True)


def settled(server):
    time.sleep(SETTLED)
    return beside.anonymous(server)


def link_all(tenant, people, at_once):
    """The seconds of each request."""
    times = []
    for first in range(0, people, at_once):
        links = [pair(number) for number in range(first, min(people, first + at_once))]
        begun = time.perf_counter()
        body = expect.ok(tenant.api.post("/people/link", {"links": links}))
        assert body["linked"] == len(links), body
        times.append(time.perf_counter() - begun)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--at-once", type=int, default=1000)
    options = beside.parse(parser)
    with Server(*beside.LIMITS) as server:
        tenant = beside.patient(server.tenant())
        empty = settled(server)
        show("empty", empty, options.people, empty)
        with beside.Others(server) as others:
            others.begin("linking")
            times = link_all(tenant, options.people, options.at_once)
            print(f"{options.people / sum(times):,.0f} links a second, {options.at_once:,} at once: "
                  f"{beside.quantiles(times)}", flush=True)
            others.show("linking")
        show("after linking", settled(server), options.people, empty)
        start, peak = beside.start_again(server)
        show("after a restart", settled(server), options.people, empty)
        print(f"start {start:.2f} s, its peak {peak / 2**20:.0f} MiB")
        if not server.database:
            print(f"{beside.disk(server) / options.people:.1f} bytes of disk a person")
        last = pair(options.people - 1)
        expect.ok(tenant.api.post("/blocked-leads", {"leads": [{"publicIdentifier": last["publicIdentifier"]}]}))
        assert expect.ok(tenant.api.get(f"/blocked-leads/{last['memberId']}"))["blocked"], "the link was lost"


if __name__ == "__main__":
    main()
