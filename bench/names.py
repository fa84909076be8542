#!/usr/bin/env python3
"""What names of other types than LinkedIn's cost: the check of a lead with five names beside that of a lead with one
(instructions and checks per second), and memory, disk and start for a list of entries of mixed types.

    bench/names.py checks [--binary build/leadblock] [--seconds 5]
    bench/names.py memory [--entries 10000000] [--binary build/leadblock]
    LEADBLOCK_TEST_BACKEND=postgresql tests/support/postgres.py run -- bench/names.py memory

Of ten entries two are LinkedIn names, three e-mail addresses, two phone numbers, two domains and one a company. They are
imported as a file of `type,value`; memory is what the process holds of its own (RssAnon) after a start anew."""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import beside  # noqa: E402
import instructions  # noqa: E402
from support import expect  # noqa: E402
from support.client import Api, File  # noqa: E402
from support.server import Server, on_postgresql  # noqa: E402

SLOT = instructions.SLOT
ONE = {"publicIdentifier": SLOT}
FIVE = {**ONE, "email": "jane.doe@mail.example.com", "phone": "+49 170 1234567", "website": "https://www.example.org/about",
        "companyName": "Umbrella Holding GmbH"}
AT_ONCE = 200_000  # entries of a file


# --- checks ---


def block_some(port, key):
    """Where there are entries of other types, all names of a lead are asked."""
    expect.ok(Api(port, key).post("/blocklist", {"entries": [
        {"domain": "acme.com"}, {"email": "a@b.de"}, {"phone": "+4930123456"}, {"company": "Acme"}]}))


def checks(options):
    program = Path(options.binary).resolve()
    for name, lead in (("one name", ONE), ("five names", FIVE)):
        body = json.dumps({"leads": [lead]}).replace(json.dumps(SLOT), f'"{SLOT}"')
        instructions.request = lambda kind, key, body=body: (
            instructions.template("POST", "/v1/check", key, body), '"blocked":false')
        folder = Path(tempfile.mkdtemp(prefix="leadblock-names-"))
        instructions.compile_load(folder)
        found, _ = instructions.each(program, folder, "check", 64, 1000, 6000, (), block_some)
        print(f"check of a lead with {name}: {found[instructions.IO]:,.0f} instructions; "
              f"{per_second(folder, program, options.seconds):,.0f} checks/s", flush=True)


def per_second(folder, program, seconds):
    """Of 64 connections, beside what else the machine does."""
    with Server("--log-level", "warn", "--threads", "1") as server:
        tenant = server.tenant()
        block_some(server.port, tenant.key)
        text, expected = instructions.request("check", tenant.key)
        (folder / "request").write_text(text, encoding="ascii")
        began = time.perf_counter()
        job = json.loads(instructions.output_of(
            folder / "load", "run", "--seconds", str(seconds), "--job", "count", "--connect", str(server.port),
            "--template", folder / "request", "--connections", "64", "--expect", expected))["jobs"][0]
        return job["sent"] / (time.perf_counter() - began)


# --- memory ---


def entry(number):
    kind = number % 10
    if kind < 2:
        return f"publicIdentifier,jane-doe-{number:x}"
    if kind < 5:
        return f"email,jane.doe{number}@company-{number // 7}.example"
    if kind < 7:
        return f"phone,+4917{number:09d}"
    return f"domain,company-{number}.example" if kind < 9 else f"company,Company {number} Holding GmbH"


def memory(options):
    with Server(*beside.LIMITS) as server:
        empty = beside.anonymous(server)
        tenant = beside.patient(server.tenant())
        began = time.perf_counter()
        for begin in range(0, options.entries, AT_ONCE):
            rows = "\n".join(map(entry, range(begin, min(options.entries, begin + AT_ONCE))))
            body = expect.ok(tenant.api.post("/blocklist/import", File(f"type,value\n{rows}\n".encode())))
            assert body["bad"] == 0 and body["duplicates"] == 0, body
        print(f"{options.entries:,} entries imported in {time.perf_counter() - began:.0f} s", flush=True)
        start, peak = beside.start_again(server)
        held = beside.anonymous(server) - empty
        print(f"start {start:.2f} s, its peak {peak / 2**20:.0f} MiB, memory {held / options.entries:.1f} bytes an entry"
              + ("" if on_postgresql() else f", disk {beside.disk(server) / options.entries:.1f} bytes an entry"))
        assert all_held(tenant, options.entries), "an entry was lost"


def all_held(tenant, entries):
    """Are the first and the last of each type on the list, and those after them not?"""
    for first, blocked in ((0, True), (entries - 10, True), (entries, False)):
        for number in range(first, first + 10):
            path = "/".join(quote(part) for part in entry(number).split(","))
            if expect.ok(tenant.api.get(f"/blocklist/{path}"))["blocked"] != blocked:
                return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("what", choices=("checks", "memory"))
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--entries", type=int, default=10_000_000)
    options = beside.parse(parser)
    if options.what == "checks":
        checks(options)
    else:
        memory(options)


if __name__ == "__main__":
    main()
