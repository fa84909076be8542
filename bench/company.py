#!/usr/bin/env python3
"""Blocks a company of a million leads while claims and blocks go on, and measures what all others notice.

    bench/company.py [--leads 1000000] [--binary build/leadblock] [--by company|domain] [--calm 20]
    LEADBLOCK_TEST_BACKEND=postgresql tests/support/postgres.py run --fsync -- bench/company.py

One workspace has a campaign with the leads of the company and as many claims as fit; another one claims and blocks
beside it. Before, while the leads are set aside, and once more while they are put back after the unblock: the answer's
time, the first claim after it, the times of the others, and how long it takes until all leads are counted as blocked."""

import argparse
import time

import beside
from support import expect
from support.client import File
from support.server import Server

AT_ONCE = 100_000  # leads of a file
OTHERS = 1000  # leads of another company in the same campaign


def add(tenant, campaign, count, company, host, stem):
    for begin in range(0, count, AT_ONCE):
        rows = "".join(f"linkedin.com/in/{stem}-{number},{company},x{number}@{host}\n"
                       for number in range(begin, min(count, begin + AT_ONCE)))
        body = expect.ok(tenant.api.post(
            f"/campaigns/{campaign}/leads/import", File(f"LinkedIn,Company,Email\n{rows}".encode())))
        assert body["bad"] == 0, body


def claim(api, campaign, number=1):
    path = f"/campaigns/{campaign}/activities/claim"
    return expect.ok(api.post(path, {"max": number, "leaseSeconds": 86400}))


def blocked(tenant, campaign):
    return expect.ok(tenant.api.get(f"/campaigns/{campaign}"))["analytics"]["leads"]["blocked"]


def await_blocked(tenant, campaign, wanted):
    begin = time.perf_counter()
    while blocked(tenant, campaign) != wanted:
        assert time.perf_counter() - begin < 3600, "not all were set aside"
        time.sleep(0.05)
    return time.perf_counter() - begin


def change(clock, clients, phase, tenant, campaign, act, wanted):
    clock.phase = phase
    begin = time.perf_counter()
    body = act()
    answered = time.perf_counter() - begin
    taken = claim(tenant.api, campaign, 50)
    claimed = time.perf_counter() - begin - answered
    took = await_blocked(tenant, campaign, wanted)
    print(f"{phase}: answered after {answered * 1000:.0f} ms ({body['message']}, "
          f"leads {[entry.get('leads') for entry in body.get('entries', [])]}); first claim {claimed * 1000:.0f} ms; "
          f"all set right after {took:.1f} s")
    for client in clients:
        print("  " + client.line(phase))
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--by", choices=("company", "domain"), default="company")
    parser.add_argument("--calm", type=float, default=20, help="seconds before the block")
    options = beside.parse(parser)
    entry = {"company": "Acme GmbH"} if options.by == "company" else {"domain": "acme.com"}
    with Server("--log-level", "warn") as server:
        big, other = beside.patient(server.tenant()), beside.patient(server.tenant())
        steps = [{"type": "message", "genericBody": "Hello"}]
        here, there = big.campaign(steps=steps), other.campaign(steps=steps)
        begin = time.perf_counter()
        add(big, here, options.leads, "Acme GmbH", "acme.com", "acme")
        add(big, here, OTHERS, "Umbrella", "umbrella.com", "umbrella")
        add(other, there, 20_000, "Acme GmbH", "acme.com", "lead")
        print(f"{options.leads} leads added in {time.perf_counter() - begin:.0f} s")
        for tenant, campaign in ((big, here), (other, there)):
            expect.ok(tenant.api.put(f"/campaigns/{campaign}/activate"))
        clock = beside.Clock()
        wrong = []

        def claim_here(api, number):
            phase = clock.phase
            found = claim(api, here)
            if phase == "blocked" and any(each["companyName"] == "Acme GmbH" for each in found):
                wrong.append(found)

        clients = [beside.Client(clock, name, server.api(tenant.key), send) for name, tenant, send in (
            ("blocks of another workspace", other, beside.block_one),
            ("claims of another workspace", other, lambda api, number: claim(api, there)),
            ("claims of the campaign", big, claim_here),
            ("checks of another workspace", other, beside.check_one))]
        for client in clients:
            client.start()
        time.sleep(options.calm)
        for client in clients:
            print("  before, " + client.line("before"))
        taken = change(clock, clients, "blocking", big, here,
                       lambda: expect.ok(big.api.post("/blocklist", {"entries": [entry]})), options.leads)
        assert all(each["companyName"] == "Umbrella" for each in taken), "the first claim was wrong"
        clock.phase = "blocked"
        time.sleep(2)
        change(clock, clients, "unblocking", big, here,
               lambda: expect.ok(big.api.delete("/blocklist", {"entries": [entry]})), 0)
        clock.over = True
        for client in clients:
            client.join()
            assert not client.failed, (client.label, client.failed)
        assert not wrong, "a claim handed out somebody of the blocked company"


if __name__ == "__main__":
    main()
