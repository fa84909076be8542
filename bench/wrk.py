"""Driving a system with wrk, as people do: two threads, all processors for wrk and the system alike."""

import json
import os
import resource
import subprocess
import time

from systems import SLOT

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = 2


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def generate(bench, system, job, seconds):
    """The same as Bench.generate, for one job. wrk does not look into the bodies of answers."""
    request = job["request"]
    template = os.path.join(bench.run_dir, "template-wrk")
    with open(template, "wb") as f:
        f.write(request.template)
    connections = job["connections"]
    # Whole seconds are all that wrk knows.
    argv = ["taskset", "-c", bench.load_cpus, bench.tool("wrk"), f"-t{min(THREADS, connections)}",
            f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "--latency",
            "-s", os.path.join(HERE, "wrk.lua"), f"http://127.0.0.1:{system.ports[0]}/", "--",
            template, str(job.get("first", 0)), str(job.get("range", 0))]
    began, before = time.monotonic(), cpu_seconds()
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False,
                              timeout=seconds + 60)
    except subprocess.TimeoutExpired:
        return {"error": "wrk did not end"}
    share = (cpu_seconds() - before) / (time.monotonic() - began)
    if done.returncode != 0 or not done.stdout.strip():
        return {"error": done.stderr.strip() or f"wrk ended with {done.returncode}"}
    row = json.loads(done.stdout.strip().split("\n")[-1])
    row.update(bad_reply=0, first_bad="", sent=row["requests"],
               per_second=row["requests"] / row["seconds"],
               identifiers_per_request=request.template.count(SLOT.encode()))
    return {"cpu_share": share, "threads": THREADS, "jobs": [row]}
