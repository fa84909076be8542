"""The history of a run: one JSON object a line, in no particular order.

Every record of a request has

    op, worker        what was asked, and by whom
    sent, received    nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share: just
                      before the first byte was written, and after the last byte was read;
                      `received` is null when there was no answer
    status            of the answer (0: none), with `code` and `message` when it is an error

and what it asked and what was answered:

    claim     campaign max lease | activities: [id, lead, name, member id, order, attempt,
              token]..., expires: [first, last] of their leases' ends
    complete  activity token result | leadStatus blocked; what blocks the person as well:
              campaign names | change
    block     campaign (null: the workspace) names asked | blocked change
    unblock   campaign names, asked or ids | unblocked change
    undo      of: the change | blocked unblocked change
    add       campaign people: [name, member id]... companies: one of each | added duplicates
              blocked
    list      campaign state | activities: [id, lead, state]..., whole: is that all?
    records, check, activate, campaign, leads: what the workers and the end of the run look at;
              those with `final` describe what is left when all is over

`names` and `people` are canonical, whatever spelling was sent. The record `start` has the `seed`,
the wall clock (`wall`, nanoseconds) at `at`, the campaigns with their steps' `stopOnReply`, and
their `settings`; the record `end` has both clocks again.
"""

import json
import time

CLOSE = 100_000  # nanoseconds


def clocks(op, **fields):
    """A record of what both clocks say, read so close together that nothing came between."""
    for _ in range(1000):
        at, wall, after = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        if after - at < CLOSE:
            break
    return {"op": op, "at": at, "wall": wall, **fields}


def write(path, events):
    with open(path, "w", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]
