#!/usr/bin/env python3
"""Kills the server at random moments while clients block people and receivers fail, hang up, redirect
and answer slowly, and compares what receivers got with the feed of events, and the feed with what
clients had asked for.

For each subscription, at the end:

- every event was accepted (answered 2xx) at least once;
- none was sent before all events before it had been accepted;
- none was sent that the feed does not have, and each body is what the feed has, byte by byte;
- what was accepted is sent again only after a kill, and then no more than was not recorded.

And of the feed: every acknowledged block and unblock is in it once, in order, and nothing that was
not asked for.

usage: hook_cycles.py [--cycles 40] [--blocks N] [--seconds 0.3] [--seed N] [--nodes 1] [--fail-over]
                      [--sabotage lose|swap|invent|repeat|change]

With --blocks, as many cycles as it takes until so many people are blocked. With --nodes, so many nodes
on one PostgreSQL database, of which one is killed and started again each time; with --fail-over, every
second time its primary fails instead, and its standby takes over. --sabotage changes what receivers got
before it is compared, to show that this program notices.
"""

import argparse
import hashlib
import json
import random
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hook_model import SABOTAGES, Asked, Failure, Sent, compare, show_teeth  # noqa: E402
from support import expect, receiver  # noqa: E402
from support.client import ConnectionClosed  # noqa: E402
from support.nodes import Nodes  # noqa: E402
from support.postgres import Pair  # noqa: E402
from support.receiver import Receiver  # noqa: E402

TYPES = ("lead_blocked", "lead_unblocked")
OPTIONS = ("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1", "--log-level", "warn")
SIZES = (1, 1, 1, 1, 1, 1, 5, 50, 300, 1200)  # people in a change: an event has 1,000 at most
BACK = 10  # seconds from a promotion
RECORDED_AGAIN = 1.5  # seconds: LB_RETRY_SOON_MS, and half of one
STILL = 90  # seconds in which nothing is accepted: then nothing more comes. More than LB_RETRY_LATE_MS and a lease


# --- The receivers ---


def digest(body):
    return hashlib.blake2b(body, digest_size=16).digest()


class Moody:
    """A receiver that mostly takes what comes, and knows which it took. After each failure it is
    well for a moment: the server waits longer from try to try, and the cycles do not."""

    MOODS = (receiver.status(500), receiver.status(302, "Location: http://127.0.0.1:1/"), receiver.close,
             receiver.status(404))

    def __init__(self, rng, how, cycles):
        self.random = random.Random(rng.random())
        self.how = how
        self.cycles = cycles
        self.sent = []
        self.accepted = set()
        self.lock = threading.Lock()
        self.receiver = Receiver(self.behave, keep=False)
        self.good = False
        self.well_until = 0.0

    def mood(self):
        if self.good or time.monotonic() < self.well_until:
            return receiver.ok
        if self.how == "slow":
            return receiver.slow(self.random.uniform(0, 0.05))
        if self.how == "fails" and self.random.random() < 0.05:
            self.well_until = time.monotonic() + self.random.uniform(0, 1)
            return self.random.choice(self.MOODS)
        if self.how == "hangs" and self.random.random() < 0.01:
            self.well_until = time.monotonic() + self.random.uniform(0, 10)
            return receiver.slow(5.5)
        return receiver.ok

    def behave(self, there, connection, delivery):
        mood = self.mood()
        accepts = mood is receiver.ok or self.how == "slow"
        kind = delivery.path.removeprefix("/")
        # Before the answer: the server may be killed between it and what is written down of it.
        with self.lock:
            self.sent.append(Sent(delivery.id, accepts, self.cycles.life, digest(delivery.body), kind))
            if accepts:
                self.accepted.add(delivery.id)
        mood(there, connection, delivery)


# --- The cycles ---


class Writer(threading.Thread):
    """Blocks people whom no other blocks, and takes back what is newest. What it asked for is known
    before it is sent: a kill leaves open whether it happened."""

    def __init__(self, stem, api, stop, asked):
        super().__init__()
        self.stem, self.api, self.stop, self.asked = stem, api, stop, asked
        self.count = 0
        self.served = 0.0  # when the last request was sent that had a 200

    def run(self):
        try:
            while not self.stop.is_set():
                self.block(f"{self.stem}-{self.count}", random.choice(SIZES))
                if self.count % 3 == 0:
                    self.unblock()
                self.count += 1
        except (ConnectionClosed, OSError):
            return

    def block(self, stem, count):
        self.asked.blocks[stem] = (count, False)
        leads = [{"publicIdentifier": f"{stem}-{number}"} for number in range(count)]
        sent = time.monotonic()
        if self.done(self.api.post("/blocked-leads", {"leads": leads})):
            self.served = sent
            self.asked.blocks[stem] = (count, True)

    def unblock(self):
        found = self.api.get("/blocked-leads?limit=1")
        if not self.done(found) or not found.json():
            return
        (newest,) = found.json()
        name = newest["publicIdentifier"]
        self.asked.unblocks.setdefault(name, False)
        answer = self.api.delete("/blocked-leads", [newest["id"]])
        if self.done(answer) and answer.json()["unblocked"]:
            self.asked.unblocks[name] = True

    def done(self, response):
        """False while the database is not there."""
        if response.status not in (200, 503):
            raise AssertionError(f"{self.stem}: {response}")
        time.sleep(0.005 if response.status == 200 else 0.05)
        return response.status == 200


class Cycles:
    def __init__(self, options, stack):
        self.options = options
        self.random = random.Random(options.seed)
        self.life = self.fail_overs = 0  # see Sent
        self.asked = Asked()
        self.pair = stack.enter_context(Pair()) if options.fail_over else None
        self.nodes = Nodes(options.nodes, *OPTIONS,
                           database=self.pair.create_database() if self.pair else None)
        stack.callback(self.nodes.close)
        self.moods = [Moody(self.random, how, self) for how in ("good", "fails", "slow", "hangs")]
        for mood in self.moods:
            stack.callback(mood.receiver.stop)

    def apis(self):
        return [node.api(self.key) for node in self.nodes if node.alive()]

    def set_up(self):
        self.nodes.start()
        self.key = self.nodes[0].tenant("pro").key
        api = self.apis()[0]
        for mood in self.moods:
            for kind in TYPES:
                expect.ok(api.post("/zapier/hooks/subscribe", {"url": mood.receiver.url(f"/{kind}"), "type": kind}))

    def cycle(self, number):
        stop = threading.Event()
        writers = [Writer(f"w{number}-{n}", api, stop, self.asked) for n, api in enumerate(self.apis())]
        for writer in writers:
            writer.start()
        time.sleep(self.random.uniform(0.15, 1.85) * self.options.seconds)
        harm = self.fail_over if self.pair and number % 2 else self.kill
        try:
            harm(writers)
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        if harm == self.fail_over:
            self.pair.rebuild()
        for node in self.nodes:
            if not node.alive():
                node.start()

    def kill(self, writers):
        self.random.choice(self.nodes.servers).kill()
        self.life += 1
        if len(self.nodes.servers) == 1:
            for mood in self.moods:  # until all that it sent was seen
                mood.receiver.left()
        time.sleep(0.2)
        self.life += 1

    def fail_over(self, writers):
        """Until it is over, what is delivered cannot be recorded."""
        self.life += 1
        self.pair.switch()
        promoted = time.monotonic()
        while not all(writer.served > promoted for writer in writers):
            if time.monotonic() - promoted > BACK:
                raise Failure(f"a node did not take writes within {BACK} s of the promotion")
            time.sleep(0.05)
        time.sleep(RECORDED_AGAIN)
        self.life += 1
        self.fail_overs += 1

    def wanted(self, number):
        if self.options.blocks:
            return self.asked.count() < self.options.blocks
        return number < self.options.cycles

    def run(self):
        number = 0
        while self.wanted(number):
            self.cycle(number)
            number += 1
        return number

    def feed(self, api, kind):
        """{id: digest of the body}, and the names in each."""
        found, names, after, more = {}, [], "0", True
        while more:
            response = api.get(f"/events?after={after}&types={kind}&take=100")
            page = expect.ok(response)
            for body in cut(response.body):
                event = json.loads(body)
                found[event["id"]] = digest(body)
                names.append([lead["publicIdentifier"] for lead in event["data"]["leads"]])
            after, more = page["cursor"], page["more"]
        return found, names

    def wait_until_accepted(self, feeds):
        """As long as more and more is."""
        known, since = -1, time.monotonic()
        while time.monotonic() - since < STILL:
            accepted = sum(len(mood.accepted) for mood in self.moods)
            if accepted >= len(self.moods) * sum(len(feed) for feed in feeds.values()):
                break
            if accepted > known:
                known, since = accepted, time.monotonic()
            time.sleep(0.2)
        time.sleep(0.5)

    def finish(self):
        for mood in self.moods:
            mood.good = True
        api = self.apis()[0]
        feeds = {}
        for kind in TYPES:
            feeds[kind], names = self.feed(api, kind)
            self.asked.told(kind, names)
        self.wait_until_accepted(feeds)
        repeated = total = 0
        for mood in self.moods:
            for kind in TYPES:
                with mood.lock:
                    sent = [each for each in mood.sent if each.kind == kind]
                if self.options.sabotage:
                    sent = SABOTAGES[self.options.sabotage](sent)
                repeated += compare(f"{mood.how}, {kind}", feeds[kind], sent)
                total += len(sent)
        return ", ".join(f"{len(feed)} {kind}" for kind, feed in feeds.items()), total, repeated


def cut(page):
    """The events of a page, as they are written in it."""
    text = page.decode()
    place = text.index("[") + 1
    decoder = json.JSONDecoder()
    while text[place] != "]":
        _, end = decoder.raw_decode(text, place)
        yield text[place:end].encode()
        place = end + (text[end] == ",")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--blocks", type=int, metavar="N", help="in place of cycles")
    parser.add_argument("--seconds", type=float, default=0.3, metavar="S", help="of a cycle, more or less")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--fail-over", action="store_true")
    parser.add_argument("--sabotage", choices=SABOTAGES)
    return parser.parse_args()


def main():
    options = parse()
    show_teeth()
    print(f"seed {options.seed}", flush=True)
    began = time.monotonic()
    with ExitStack() as stack:
        cycles = Cycles(options, stack)
        cycles.set_up()
        try:
            count = cycles.run()
            middle = time.monotonic()
            print(f"{cycles.asked.count()} people blocked in {len(cycles.asked.blocks)} changes, {count} cycles, "
                  f"{cycles.fail_overs} of them fail-overs: {middle - began:.0f} s", flush=True)
            events, sent, repeated = cycles.finish()
        except Failure as error:
            print(f"seed {options.seed}: {error}\n0 passed, 1 failed", flush=True)
            return 1
    print(f"{events}, {sent} deliveries, {repeated} accepted ones repeated after a kill: "
          f"{time.monotonic() - middle:.0f} s\n{count} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
