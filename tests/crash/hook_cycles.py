#!/usr/bin/env python3
"""Kills the server at random moments while clients block people and receivers fail, hang up, redirect
and answer slowly, and compares what receivers got with the feed of events.

For each subscription, at the end:

- every event was accepted (answered 2xx) at least once;
- none was sent before all events before it had been accepted;
- none was sent that the feed does not have, and each body says what the feed says;
- what was accepted is sent again only after a kill, and then no more than was not recorded.

usage: hook_cycles.py [--cycles 40] [--seed N] [--nodes 1] [--blocks N] [--sabotage lose|swap|invent|repeat]

With --nodes, so many nodes on one PostgreSQL database, of which one is killed and started again each
time. --sabotage changes what receivers got before it is compared, to show that this program notices.
"""

import argparse
import random
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import expect, receiver  # noqa: E402
from support.client import ConnectionClosed  # noqa: E402
from support.nodes import Nodes  # noqa: E402
from support.receiver import Receiver  # noqa: E402

UNRECORDED = 17  # LB_HOOK_UNRECORDED_MAX, and the one that is under way
TYPES = ("lead_blocked", "lead_unblocked")
OPTIONS = ("--hooks-allow", "127.0.0.0/8", "--hooks-backoff", "1", "--log-level", "warn")


class Failure(Exception):
    """What was delivered is not what it should be."""


# --- The comparison ---


@dataclass(frozen=True)
class Sent:
    """A delivery as a receiver saw it, in its order."""
    event: str
    accepted: bool
    life: int  # how often the server had been killed
    body: object = None


def compare(name, feed, sent):
    """`feed`: {event id: body} in order."""
    place = {event: number for number, event in enumerate(feed)}
    accepted, again = set(), {}
    lives = {}
    for each in sent:
        if each.event not in place:
            like = [event for event in feed if event.startswith(each.event.split("-")[0] + "-")]
            raise Failure(f"{name}: {each.event} was sent and is in no feed, which has {like}")
        if each.body is not None and each.body != feed[each.event]:
            raise Failure(f"{name}: {each.event} was sent as {each.body}, the feed has {feed[each.event]}")
        here = place[each.event]
        if here > len(accepted):
            raise Failure(f"{name}: {each.event} is number {here} and was sent when "
                          f"{len(accepted)} had been accepted")
        if each.event in accepted:
            if lives[each.event] == each.life:
                raise Failure(f"{name}: {each.event} was accepted and sent again without a kill")
            again[each.life] = again.get(each.life, 0) + 1
        if each.accepted:
            accepted.add(each.event)
            lives[each.event] = each.life
    if lost := [event for event in feed if event not in accepted]:
        raise Failure(f"{name}: {len(lost)} events were not accepted, the first is {lost[0]}")
    for life, count in again.items():
        if count > UNRECORDED:
            raise Failure(f"{name}: {count} were sent again after kill {life}")
    return sum(again.values())


def show_teeth():
    """The comparison refuses histories that are wrong, and takes those that are right."""
    feed = {f"e{n}": n for n in range(5)}
    good = [Sent(event, True, 0, body) for event, body in feed.items()]
    fine = [good, [replace(good[0], accepted=False), *good],
            [*good[:3], replace(good[2], life=1), *(replace(each, life=1) for each in good[3:])]]
    bad = {"lost": good[:-1], "not accepted": [*good[:-1], replace(good[4], accepted=False)],
           "swapped": [good[0], good[2], good[1], *good[3:]],
           "skipped": [good[0], replace(good[1], accepted=False), *good[2:], good[1]],
           "invented": [*good, Sent("e9", True, 0, 9)], "changed": [*good[:4], replace(good[4], body=7)],
           "repeated": [*good, good[4]]}
    for each in fine:
        compare("fine", feed, each)
    for name, each in bad.items():
        try:
            compare(name, feed, each)
        except Failure:
            continue
        raise AssertionError(f"the comparison takes a history in which something was {name}")


SABOTAGES = {"lose": lambda sent: [each for each in sent if each.event != sent[len(sent) // 2].event],
             "swap": lambda sent: sent[::-1],
             "invent": lambda sent: [*sent, replace(sent[0], event="e0-0-0-9")],
             "repeat": lambda sent: [*sent, replace(sent[-1], accepted=True), replace(sent[-1], accepted=True)]}


# --- The receivers ---


class Moody:
    """A receiver that mostly takes what comes, and knows which it took."""

    def __init__(self, rng, how, cycles):
        self.random = random.Random(rng.random())
        self.how = how
        self.cycles = cycles
        self.sent = []
        self.lock = threading.Lock()
        self.receiver = Receiver(self.behave)
        self.good = False

    MOODS = (receiver.status(500), receiver.status(302, "Location: http://127.0.0.1:1/"), receiver.close,
             receiver.status(404))

    def behave(self, there, connection, delivery):
        mood = receiver.ok
        if not self.good and self.how == "slow":
            mood = receiver.slow(self.random.uniform(0, 0.05))
        elif not self.good and self.how == "fails" and self.random.random() < 0.05:
            mood = self.random.choice(self.MOODS)
        elif not self.good and self.how == "hangs" and self.random.random() < 0.01:
            mood = receiver.slow(5.5)
        accepts = mood is receiver.ok or self.how == "slow"
        # Before the answer: the server may be killed between it and what is written down of it.
        with self.lock:
            self.sent.append(Sent(delivery.id, accepts, self.cycles.kills, delivery.json()))
        mood(there, connection, delivery)


# --- The cycles ---


class Writer(threading.Thread):
    def __init__(self, number, api, stop, most):
        super().__init__()
        self.number, self.api, self.stop, self.most = number, api, stop, most
        self.count = 0

    def run(self):
        while not self.stop.is_set() and self.count < self.most:
            names = [f"w{self.number}-{self.count}-{n}" for n in range(random.choice((1, 1, 1, 5, 1200)))]
            try:
                self.api.post("/blocked-leads", {"leads": [{"publicIdentifier": name} for name in names]})
                if self.count % 3 == 0:
                    found = self.api.get("/blocked-leads?limit=1")
                    if found.status == 200 and found.json():
                        self.api.delete("/blocked-leads", [found.json()[0]["id"]])
            except (ConnectionClosed, OSError):
                return
            self.count += 1
            time.sleep(0.005)


class Cycles:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.kills = 0
        self.nodes = Nodes(options.nodes, *OPTIONS)
        self.moods = [Moody(self.random, how, self) for how in ("good", "fails", "slow", "hangs")]

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
        writers = [Writer(f"{number}-{n}", api, stop, self.options.blocks) for n, api in enumerate(self.apis())]
        for writer in writers:
            writer.start()
        time.sleep(self.random.uniform(0.05, 0.6))
        victim = self.random.choice(self.nodes.servers)
        victim.kill()
        for mood in self.moods:  # what it sent last is of the life before
            if len(self.nodes.servers) == 1:
                mood.receiver.left()
            mood.receiver.rest(0.1)
        self.kills += 1
        stop.set()
        for writer in writers:
            writer.join()
        victim.start()

    def feed(self, api, kind):
        found, after, more = {}, "0", True
        while more:
            page = expect.ok(api.get(f"/events?after={after}&types={kind}&take=1000"))
            found.update({each["id"]: each for each in page["events"]})
            after, more = page["cursor"], page["more"]
        return found

    def finish(self):
        for mood in self.moods:
            mood.good = True
        api = self.apis()[0]
        feeds = {kind: self.feed(api, kind) for kind in TYPES}
        deadline = time.monotonic() + 40
        for mood in self.moods:
            for kind in TYPES:
                while set(feeds[kind]) - {each.event for each in mood.sent if each.accepted}:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.05)
        time.sleep(0.5)
        repeated = total = 0
        for mood in self.moods:
            for kind in TYPES:
                with mood.lock:
                    sent = [each for each in mood.sent if each.body["type"] == kind]
                if self.options.sabotage:
                    sent = SABOTAGES[self.options.sabotage](sent)
                repeated += compare(f"{mood.how}, {kind}", feeds[kind], sent)
                total += len(sent)
        return {kind: len(feed) for kind, feed in feeds.items()}, total, repeated

    def close(self):
        for mood in self.moods:
            mood.receiver.stop()
        self.nodes.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--blocks", type=int, default=10**9, help="of each writer in a cycle")
    parser.add_argument("--sabotage", choices=SABOTAGES)
    options = parser.parse_args()
    show_teeth()
    print(f"seed {options.seed}", flush=True)
    cycles = Cycles(options)
    failed = 0
    try:
        cycles.set_up()
        for number in range(options.cycles):
            cycles.cycle(number)
        events, sent, repeated = cycles.finish()
        print(f"{events} events, {sent} deliveries, {repeated} accepted ones repeated after a kill")
    except Failure as error:
        failed = options.cycles
        print(f"seed {options.seed}: {error}", flush=True)
    finally:
        cycles.close()
    print(f"{options.cycles - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
