"""How long a run takes: said at its start, and kept."""

import math
import signal
import time

import cases
from processes import BenchError, say

AROUND = 1.0  # seconds around each measurement: flushing, starting the generator
GRACE = 300  # seconds after the limit in which what is under way may still end


class TimeIsUp(Exception):
    """Its text is the case that was not measured, or not to its end."""


class Timetable:
    def __init__(self, bench):
        self.bench = bench
        self.began = time.monotonic()
        self.seconds = self.estimate()
        # Waiting for other programs may take half as long as all the rest.
        count = self.measurements()
        self.patience = min(bench.options.patience * count, self.seconds / 2)
        limit = bench.options.limit
        self.limit = limit * 60 if limit else 2 * self.seconds + self.patience + 60

    def found(self):
        """(case, entries) of what is measured."""
        options = self.bench.options
        chosen = [case for case in cases.CASES if case.key in options.cases]
        return [(case, self.bench.entries(case)) for case in chosen]

    def measurements(self):
        return sum(len(found) for _, found in self.found()) * (self.bench.options.repeats + 1)

    def estimate(self):
        o = self.bench.options
        if not self.measurements() and "sizes" not in o.cases:
            seconds = 0
        else:
            seconds = sum(3 + o.entries * 8e-6 for _ in self.bench.systems)
        each = o.repeats * (o.seconds + o.warmup + AROUND) + o.heat + o.warmup + AROUND
        for case, found in self.found():
            seconds += each * len(found)
            seconds += each if any(goal[0] == "fsync" for goal in case.goals) else 0
            stores = [entry for entry in found if entry.system.stores]
            if case.effect:  # a fresh copy of the list, and filling it again to unblock
                seconds += len(stores) * (2 + o.entries * 3e-6)
            if case.kind == "unblock":
                seconds += len(stores) * o.repeats * o.seconds
        seconds += 60 if "instructions" in o.cases else 0
        seconds += sum(3 * (5 + n * 1e-5) for n in o.sizes) if "sizes" in o.cases else 0
        seconds += 60 + o.leads * 4e-4 if "campaign" in o.cases else 0
        seconds += 15 * o.seconds + 30 + o.pg_entries * 1.2e-5 if "pg-sizes" in o.cases else 0
        return seconds

    def announce(self):
        """Says how long it will take, and sees to it."""
        say(f"{self.measurements()} measurements, about {math.ceil(self.seconds / 60)} min; "
            f"it ends after {math.ceil(self.limit / 60)} min at the latest, without the cases that are left")
        signal.signal(signal.SIGALRM, out_of_time)
        signal.alarm(int(self.limit + GRACE))

    def progress(self):
        minutes = (time.monotonic() - self.began) / 60
        return f"after {minutes:.0f} of about {math.ceil(self.seconds / 60)} min"

    def check(self, case):
        """Before each measurement of a case."""
        if time.monotonic() - self.began > self.limit:
            raise TimeIsUp(case)

    def left_out(self, end):
        """The cases from that one on."""
        o = self.bench.options
        order = [case.key for case in cases.CASES] + ["instructions", "sizes", "campaign", "pg-sizes"]
        chosen = [key for key in order if key in o.cases]
        say(f"the time is up after {math.ceil(self.limit / 60)} min")
        return chosen[chosen.index(str(end)):]


def out_of_time(_number, _frame):
    raise BenchError("the run took much longer than it may, and was ended")
