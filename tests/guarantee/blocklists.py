"""What a history proves about the blocklists: when a name was certainly on a list, or not.

An operation takes effect at some moment between its sending and its answer. So a block B is
certainly in force throughout [sent, received] of a claim when it was acknowledged before the claim
was sent, and every operation U that may have lifted it was either answered before B was sent, or
sent after the claim was answered. Operations at equal times count as overlapping: nothing is
certain about them.

Names in a list: `campaign` is None for the workspace's, and INSTALLATION for that of the operators,
which holds in every workspace.
"""

from bisect import bisect_left, bisect_right
from itertools import accumulate

INSTALLATION = "installation"  # no campaign is called so
FOREVER = float("inf")
NEVER = float("-inf")
CHANGING = ("block", "unblock", "undo")


def changes_lists(event):
    """An opt-out is a report that blocks, and so is a first reply where the campaign says so."""
    return event["op"] in CHANGING or (event["op"] == "complete" and "names" in event)


NOTHING = "ch_0"  # the change that changed nothing


def received_of(event):
    """When an operation was over at the latest."""
    return FOREVER if event["received"] is None else event["received"]


def is_unknown(event):
    """May it have happened without an acknowledgement?"""
    return event["status"] == 0 or event.get("code") == "outcome_unknown"


class Operations:
    """Operations of one kind on one name; answers the two questions that certainty asks."""

    def __init__(self, events):
        by_sent = sorted(events, key=lambda event: event["sent"])
        self.sents = [event["sent"] for event in by_sent]
        self.last_received = list(accumulate(map(received_of, by_sent), max))
        by_received = sorted(events, key=received_of)
        self.receiveds = [received_of(event) for event in by_received]
        self.last_sent = list(accumulate(
            by_received, lambda a, b: b if b["sent"] > a["sent"] else a))

    def last_over(self, until):
        """When the last of those was over that were sent at `until` or before."""
        count = bisect_right(self.sents, until)
        return self.last_received[count - 1] if count else NEVER

    def last_begun(self, before):
        """Of those that were over before `before`, the one that was sent last, or None."""
        count = bisect_left(self.receiveds, before)
        return self.last_sent[count - 1] if count else None


class Name:
    """All that happened to one name in one list."""

    def __init__(self):
        self.blocks, self.lifts = [], []  # that certainly took effect
        self.possible_blocks, self.possible_lifts = [], []

    def seal(self):
        """Call once when all is there."""
        self.blocks = Operations(self.blocks)
        self.lifts = Operations(self.lifts)
        self.possible_blocks = Operations(self.possible_blocks)
        self.possible_lifts = Operations(self.possible_lifts)

    @staticmethod
    def _settled(certain, opposing, sent, received):
        candidate = certain.last_begun(sent)
        if candidate and candidate["sent"] > opposing.last_over(received):
            return candidate
        return None

    def in_force(self, sent, received):
        """A block that was certainly in force from `sent` to `received`, or None."""
        return self._settled(self.blocks, self.possible_lifts, sent, received)

    def is_absent(self, sent, received):
        """Was it certainly not on the list from `sent` to `received`?"""
        return (self.possible_blocks.last_over(received) == NEVER
                or self._settled(self.lifts, self.possible_blocks, sent, received) is not None)


class Blocklists:
    """All names of all lists of a history."""

    def __init__(self, events):
        self.names = {}  # (campaign, name) -> Name
        self.changes = {event["change"]: event for event in events
                        if changes_lists(event) and event.get("change", NOTHING) != NOTHING}
        for event in events:
            if changes_lists(event):
                self._note(event)
        for name in self.names.values():
            name.seal()

    def resolve(self, event):
        """Does it block or lift, in which list, and whom? None when that is not known."""
        flips = False
        while event["op"] == "undo":
            target = self.changes.get(event["of"])
            if target is None or target["sent"] >= event["sent"]:
                return None
            event, flips = target, not flips
        return (event["op"] in ("block", "complete")) != flips, event["campaign"], event["names"]

    def _note(self, event):
        resolved = self.resolve(event)
        unknown = is_unknown(event)
        if resolved is None or not (unknown or event["status"] == 200):
            return
        blocks, campaign, names = resolved
        names = set(names)
        certain, possible = self._effect(event, blocks, len(names))
        for each in names:
            name = self.names.setdefault((campaign, each), Name())
            if certain and not unknown:
                (name.blocks if blocks else name.lifts).append(event)
            if possible or unknown:
                (name.possible_blocks if blocks else name.possible_lifts).append(event)

    @staticmethod
    def _effect(event, blocks, count):
        """Did it leave all its names as it says (certain)? May it have changed one (possible)?

        What an undo or an unblock by record changed is known by its count alone: all or none. An
        unblock by name leaves no name on the list, a block leaves each on it, whatever their
        counts say."""
        changed = event.get("blocked" if blocks else "unblocked", 0)
        if event["op"] == "undo" or "ids" in event:
            return changed == count, changed > 0
        return True, blocks or changed > 0

    def in_force(self, keys, sent, received):
        """A block of any of these (campaign, name) that was certainly in force, or None."""
        for key in keys:
            name = self.names.get(key)
            block = name and name.in_force(sent, received)
            if block:
                return block
        return None

    def is_absent(self, keys, sent, received):
        """Was certainly none of these blocked?"""
        return all(key not in self.names or self.names[key].is_absent(sent, received)
                   for key in keys)
