#!/usr/bin/env python3
"""Imports a file of ten million rows into a blocklist: rows a second, the memory that the server takes for it, and what all
others notice.

    bench/big_file.py [--rows 10000000] [--blocks | --kill] [--binary build/leadblock]
    LEADBLOCK_TEST_BACKEND=postgresql tests/support/postgres.py run --fsync -- bench/big_file.py

The file has the columns of LinkedIn's Connections.csv, some 100 bytes a row. It is validated first (`dryRun`), then imported.
Memory is the process's own (RssAnon), sampled; the index of what is blocked is a part of it, and what it still has a
while after the import is shown beside the peak. Another workspace checks meanwhile, and with --blocks it blocks, too: the import
then takes smaller steps and rests between them. --kill: kill -9 when a third is recorded, and the file once more under
its `importId`: at the end each person is blocked once, and one undo frees all."""

import argparse
import http.client
import json
import os
import threading
import time

import beside
from support import expect
from support.server import Server

PATH = "/v1/blocked-leads/import"
SETTLED = 3.0  # seconds after which a server has given back what it does not need
HEADINGS = "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"


def write(path, rows):
    with open(path, "w", encoding="ascii") as file:
        file.write(HEADINGS)
        for begin in range(0, rows, 100_000):
            file.write("".join(
                f"Jane,Doe,https://www.linkedin.com/in/jane-doe-{number:08x},,Example {number % 977} GmbH,"
                "Head of Sales,02 Nov 2026\n"
                for number in range(begin, min(rows, begin + 100_000))))
    return os.path.getsize(path)


def send(server, key, path, query):
    """The answer's status and body; the file is read while it is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=beside.LONGEST)
    with open(path, "rb") as file:
        connection.request("POST", f"{PATH}?{query}", file, {
            "x-api-key": key, "Content-Type": "text/csv", "Content-Length": str(os.path.getsize(path))})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())


def held(tenant):
    """How many people are blocked."""
    return int(tenant.api.get("/blocked-leads?take=1").header("x-total-count"))


def measure(server, tenant, path, rows, others):
    for what, query in (("validating", "dryRun=true"), ("importing", "importId=the-file")):
        others.begin(what)
        began = time.perf_counter()
        with beside.Peak(server) as peak:
            status, body = send(server, tenant.key, path, query)
            took = time.perf_counter() - began
        time.sleep(SETTLED)
        kept = beside.anonymous(server) - peak.before
        assert status == 200 and body["people"] == rows and body["bad"] == 0, body
        print(f"{what}: {took:.0f} s, {rows / took:,.0f} rows/s; memory at most {peak.more / 2**20:.1f} MiB more, "
              f"{kept / 2**20:.1f} of them are kept", flush=True)
        others.show(what)


def killed_on_the_way(server, tenant, path, rows):
    def try_it():
        try:
            send(server, tenant.key, path, "importId=the-file")
        except (OSError, http.client.HTTPException):
            pass  # as it must be

    sender = threading.Thread(target=try_it)
    sender.start()
    while held(tenant) < rows // 3:
        time.sleep(0.2)
    server.listen = f"127.0.0.1:{server.port}"
    server.kill()
    sender.join()
    server.start()
    print(f"killed; {held(tenant):,} were recorded", flush=True)
    status, body = send(server, tenant.key, path, "importId=the-file")
    assert status == 200 and body["people"] == rows, body
    print(f"sent again: {body['blocked']:,} blocked, {body['already']:,} were there already", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--blocks", action="store_true")
    parser.add_argument("--kill", action="store_true")
    options = beside.parse(parser)
    with Server(*beside.LIMITS) as server:
        path = server.root / "Connections.csv"
        size = write(path, options.rows)
        print(f"a file of {options.rows:,} rows, {size / 2**20:,.0f} MiB", flush=True)
        tenant = beside.patient(server.tenant())
        if options.kill:
            killed_on_the_way(server, tenant, path, options.rows)
        else:
            with beside.Others(server, blocks=options.blocks) as others:
                measure(server, tenant, path, options.rows, others)
        assert held(tenant) == options.rows, held(tenant)
        if options.kill:
            body = expect.ok(tenant.api.post("/imports/the-file/undo"))
            assert held(tenant) == 0, body
            print(f"undone: {body['unblocked']:,} unblocked", flush=True)


if __name__ == "__main__":
    main()
