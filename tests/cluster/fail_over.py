#!/usr/bin/env python3
"""Lets the primary of two PostgreSQL servers fail again and again under two nodes that are at work.

Each cycle: clients block and check at both nodes; the primary stops as if its machine did, the
standby is promoted; the old primary becomes the new standby. Then:

- both nodes work again within 10 seconds of the promotion, and nobody has restarted them;
- no acknowledged block is lost, also not cycles later, and no check said otherwise in between;
- nothing was answered but 200 and 503.

usage: fail_over.py [--cycles 20] [--seconds 1]
"""

import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from load import Load  # noqa: E402
from support.client import ConnectionClosed  # noqa: E402
from support.nodes import Nodes  # noqa: E402
from support.postgres import Pair, PostgresFailed  # noqa: E402
from support.server import CommandFailed  # noqa: E402

BACK = 10.0  # seconds from the promotion
TROUBLE = (AssertionError, CommandFailed, ConnectionClosed, OSError, PostgresFailed)


def cycle(number, pair, nodes, tenant, campaign, seconds):
    with Load(nodes, tenant, campaign, stem=f"cycle-{number}") as load:
        load.run(random.uniform(0.5, 1.5) * seconds)
        began = time.monotonic()
        pair.switch()
        promoted = time.monotonic()
        back = load.wait_served(promoted, BACK)
        pair.rebuild()
        load.wait_served(time.monotonic(), BACK)
    load.verify()
    for node in nodes:
        if not node.alive() or node.starts != 1:
            raise AssertionError(f"a node has ended:\n{node.log_text()}")
    print(f"cycle {number}: {len(load.acknowledged)} blocked, {load.refused()} refusals; promoted "
          f"after {promoted - began:.1f} s, both nodes back {back:.1f} s later", flush=True)
    return load


def run(options, pair, nodes):
    """(passed, failed)"""
    tenant = nodes.tenants("agency")[0]
    campaign = tenant.campaign()
    loads = []
    try:
        for number in range(1, options.cycles + 1):
            loads.append(cycle(number, pair, nodes, tenant, campaign, options.seconds))
        for load in loads:
            load.verify()
    except TROUBLE as error:
        print(f"after {len(loads)} cycles: {type(error).__name__}: {error}", flush=True)
        return len(loads), 1
    return len(loads), 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=1, metavar="S",
                        help="of work before each failure, more or less")
    options = parser.parse_args()
    passed = failed = 0
    with Pair() as pair:
        nodes = Nodes(2, "--log-level", "warn", database=pair.create_database())
        try:
            with nodes:
                passed, failed = run(options, pair, nodes)
        except TROUBLE as error:
            failed += 1
            print(f"{type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
