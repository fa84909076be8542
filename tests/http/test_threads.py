"""How the program's threads ask to be scheduled (base/thread.h)."""

import os
from pathlib import Path


def threads(process):
    return {task.joinpath("comm").read_text().strip(): task for task in Path(f"/proc/{process}/task").iterdir()}


def slice_ns(task):
    """None: the kernel does not say."""
    file = task / "sched"
    for line in file.read_text().splitlines() if file.exists() else []:
        if line.startswith("se.slice"):
            return int(line.split(":")[1])
    return None


def test_the_writer_does_not_interrupt_the_threads_that_answer(server):
    running = threads(server.process.pid)
    answering = [task for name, task in running.items() if name.startswith("lb-http-")]
    assert os.sched_getscheduler(int(running["lb-writer"].name)) == os.SCHED_BATCH
    assert answering and all(os.sched_getscheduler(int(task.name)) == os.SCHED_OTHER for task in answering)
    # Linux 6.12 and newer.
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) >= (6, 12):
        assert {slice_ns(task) for task in answering} <= {100_000, None}
