"""What receivers of events must have got, from the feed; and what must be in the feed, from what
clients asked for. Both comparisons show at each start that they refuse what is wrong."""

import collections
from dataclasses import dataclass, replace

UNRECORDED = 17  # LB_HOOK_UNRECORDED_MAX, and the one that is under way


class Failure(Exception):
    """What was delivered, or is in the feed, is not what it should be."""


# --- Deliveries ---


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery as a receiver saw it, in its order."""
    event: str
    accepted: bool
    life: int  # 2 more after each kill and each fail-over, and odd during a fail-over
    body: bytes = b""  # a digest
    kind: str = ""


def compare(name, feed, sent):
    """`feed`: {event id: digest of its body} in order. How many were accepted more than once."""
    place = {event: number for number, event in enumerate(feed)}
    accepted, again = {}, collections.Counter()  # event -> the life in which it was accepted last
    for each in sent:
        if each.event not in place:
            raise Failure(f"{name}: {each.event} was sent and is in no feed")
        if each.body != feed[each.event]:
            raise Failure(f"{name}: {each.event} was sent with another body than the feed has")
        here = place[each.event]
        if here > len(accepted):
            raise Failure(f"{name}: {each.event} is number {here} and was sent when "
                          f"{len(accepted)} had been accepted")
        if each.event in accepted:
            if accepted[each.event] == each.life and each.life % 2 == 0:
                raise Failure(f"{name}: {each.event} was accepted and sent again without a kill")
            again[each.life] += 1
        if each.accepted:
            accepted[each.event] = each.life
    if lost := [event for event in feed if event not in accepted]:
        raise Failure(f"{name}: {len(lost)} events were not accepted, the first is {lost[0]}")
    for life, count in again.items():
        if count > UNRECORDED:
            raise Failure(f"{name}: {count} were sent again in life {life}")
    return sum(again.values())


SABOTAGES = {"lose": lambda sent: [each for each in sent if each.event != sent[len(sent) // 2].event],
             "swap": lambda sent: sent[::-1],
             "invent": lambda sent: [*sent, replace(sent[0], event="e0-0-0-9")],
             "repeat": lambda sent: [*sent, replace(sent[-1], accepted=True), replace(sent[-1], accepted=True)],
             "change": lambda sent: [*sent[:-1], replace(sent[-1], body=b"another")]}


# --- The feed ---


class Asked:
    """What clients asked for, from all of their threads. People are named STEM-NUMBER, from 0."""

    def __init__(self):
        self.blocks = {}  # stem -> (how many, whether it was acknowledged)
        self.unblocks = {}  # name -> whether it was acknowledged

    def count(self):
        return sum(count for count, acknowledged in self.blocks.values() if acknowledged)

    def told(self, kind, events):
        """Compares the names in events of a kind, in the feed's order."""
        if kind == "lead_blocked":
            self._told_blocks(events)
        else:
            self._told_unblocks(events)

    def _told_blocks(self, events):
        told = collections.Counter()
        for names in events:
            for name in names:
                stem, number = name.rsplit("-", 1)
                if stem not in self.blocks:
                    raise Failure(f"the feed has a block of {name}, which was not asked for")
                if int(number) != told[stem]:
                    raise Failure(f"the feed has {name}, and before it {told[stem]} of {stem}")
                told[stem] += 1
        for stem, (count, acknowledged) in self.blocks.items():
            if told[stem] not in ((count,) if acknowledged else (0, count)):
                raise Failure(f"the feed has {told[stem]} of {count} blocks of {stem}, "
                              f"{'acknowledged' if acknowledged else 'unknown'}")

    def _told_unblocks(self, events):
        told = collections.Counter(name for names in events for name in names)
        for name, count in told.items():
            if count > 1 or name not in self.unblocks:
                raise Failure(f"the feed has {count} unblocks of {name}")
        for name, acknowledged in self.unblocks.items():
            if acknowledged and name not in told:
                raise Failure(f"the feed has no unblock of {name}, which was acknowledged")


# --- Teeth ---


def _refuses(what, name, *arguments):
    try:
        what(*arguments)
    except Failure:
        return
    raise AssertionError(f"the comparison takes a history in which something was {name}")


def _show_deliveries():
    feed = {f"e{n}": b"%d" % n for n in range(5)}
    good = [Sent(event, True, 0, body) for event, body in feed.items()]
    fine = [good, [replace(good[0], accepted=False), *good],
            [*good[:3], replace(good[2], life=2), *(replace(each, life=2) for each in good[3:])],
            [replace(each, life=1) for each in [*good, *good[3:]]]]
    bad = {"lost": good[:-1], "not accepted": [*good[:-1], replace(good[4], accepted=False)],
           "swapped": [good[0], good[2], good[1], *good[3:]],
           "skipped": [good[0], replace(good[1], accepted=False), *good[2:], good[1]],
           "invented": [*good, Sent("e9", True, 0, b"9")], "changed": [*good[:4], replace(good[4], body=b"7")],
           "repeated": [*good, good[4]],
           "repeated too often": [replace(each, life=1) for each in [*good, *good[4:] * 18]]}
    for each in fine:
        compare("fine", feed, each)
    for name, each in bad.items():
        _refuses(compare, name, name, feed, each)


def _show_feeds():
    asked = Asked()
    asked.blocks = {"a": (2, True), "b": (1, True), "c": (3, False)}
    asked.unblocks = {"a-0": True, "a-1": False}
    unknown = ["c-0", "c-1", "c-2"]
    for fine in ([["a-0", "a-1"], ["b-0"]], [["b-0"], ["a-0", "a-1"], unknown], [["a-0"], unknown, ["a-1"], ["b-0"]]):
        asked.told("lead_blocked", fine)
    for fine in ([["a-0"]], [["a-1"], ["a-0"]]):
        asked.told("lead_unblocked", fine)
    for name, bad in {"lost": [["a-0", "a-1"]], "lost in part": [["a-0"], ["b-0"]],
                      "half done": [["a-0", "a-1"], ["b-0"], unknown[:2]], "twice": [["a-0", "a-1"], ["b-0"], ["b-0"]],
                      "swapped": [["a-1", "a-0"], ["b-0"]], "invented": [["a-0", "a-1"], ["b-0"], ["d-0"]]}.items():
        _refuses(asked.told, name, "lead_blocked", bad)
    for name, bad in {"lost": [["a-1"]], "twice": [["a-0"], ["a-0"]], "invented": [["a-0", "b-0"]]}.items():
        _refuses(asked.told, name, "lead_unblocked", bad)


def show_teeth():
    """The comparisons refuse histories that are wrong, and take those that are right."""
    _show_deliveries()
    _show_feeds()
