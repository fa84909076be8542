#!/usr/bin/env python3
"""Counts what a check and a block of two cost: instructions of the program itself, by callgrind.

  bench/instructions.py                 prints the counts beside those of bench/instructions.json
  bench/instructions.py --keep          writes them there
  bench/instructions.py --program FILE  another one than build/leadblock

64 connections ask at the default log level; what starting and stopping cost is taken off by a second
run with fewer requests. Noise of the machine does not show in instructions, so a count that has
grown by more than 5 % is a regression, and the exit code is 1. The kernel's part is not counted.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "bench" / "instructions.json"
LOAD = ROOT / "build" / "bench-tools" / "load"
CONNECTIONS, FEWER, MORE = 64, 2000, 8000
TOLERANCE = 0.05
SLOT = "\x01" * 13  # where bench/load.c puts an identifier
THREADS = {"run_loop": "I/O thread", "writer_thread": "writer"}
BODY = f'{{"publicIdentifiers":["{SLOT}","{SLOT}"]}}'
PATH = "/v1/campaigns/bench/blocked-leads"


def template(method, path, key, body=""):
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n{length}\r\n{body}"


def cases(key):
    return {"check": template("GET", f"{PATH}/{SLOT}", key),
            "block of 2": template("POST", PATH, key, BODY)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def leadblock(program, data, *args):
    done = subprocess.run([program, *args, "--data", data], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"leadblock {' '.join(args)}: {done.stderr.strip()}")
    return done.stdout.strip()


def wait_until_ready(port, process):
    limit = time.monotonic() + 60
    while time.monotonic() < limit and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as ready:
                ready.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if b" 200 " in ready.recv(4096):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    sys.exit("the server did not become ready")


def totals(folder):
    """{thread: instructions}: callgrind writes a file for each thread."""
    found = {}
    for path in folder.glob("callgrind-*"):
        text = path.read_text(errors="replace")
        total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
        for function, thread in THREADS.items():
            if total and re.search(rf"^c?fn=\(\d+\) {function}\b", text, re.MULTILINE):
                found[thread] = found.get(thread, 0) + int(total.group(1))
    return found


def run(program, request, requests):
    """The instructions of each thread in a run of so many requests."""
    folder = Path(tempfile.mkdtemp(prefix="leadblock-instructions-"))
    try:
        data = folder / "data"
        workspace = leadblock(program, data, "workspace", "create", "bench", "--plan", "agency")
        key = leadblock(program, data, "key", "create", workspace, "--name", "bench")
        leadblock(program, data, "campaign", "create", workspace, "Bench", "--id", "bench")
        (folder / "request").write_text(cases(key)[request])
        port = free_port()
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(
                ["valgrind", "--tool=callgrind", "--separate-threads=yes",
                 f"--callgrind-out-file={folder}/callgrind", program, "serve", "--data", data,
                 "--listen", f"127.0.0.1:{port}", "--threads", "1", "--rate-limit", "0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until_ready(port, server)
            load(port, folder / "request", requests)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)
        return totals(folder)
    finally:
        shutil.rmtree(folder)


def load(port, request, requests):
    done = subprocess.run(
        [LOAD, "run", "--seconds", "300", "--until-first", "1", "--job", "count", "--connect",
         str(port), "--template", request, "--connections", str(CONNECTIONS), "--max-requests",
         str(requests)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"bench/load.c: {done.stderr.strip()}")
    job = json.loads(done.stdout)
    job = job.get("jobs", [job])[0] if isinstance(job, dict) else job[0]
    if job.get("errors"):
        sys.exit(f"bench/load.c: {job['errors']} of {requests} requests failed")


def measure(program):
    counts = {}
    for request in cases(""):
        few, many = run(program, request, FEWER), run(program, request, MORE)
        for thread in THREADS.values():
            each = (many.get(thread, 0) - few.get(thread, 0)) / (MORE - FEWER)
            if each > 100:  # a check does not reach the writer
                counts[f"{request}, {thread}"] = round(each)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build" / "leadblock", type=Path)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    LOAD.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-O2", "-std=gnu11", "-o", LOAD, ROOT / "bench" / "load.c", "-lm"],
                   check=True)
    counts = measure(options.program.resolve())
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    worse = 0
    for name, count in counts.items():
        before = kept.get(name)
        grown = before and count > before * (1 + TOLERANCE)
        worse += bool(grown)
        print(f"{name:<24} {count:>8,}" + (f"   kept: {before:,}" if before else "")
              + ("   GROWN" if grown else ""))
    if options.keep:
        KEPT.write_text(json.dumps(counts, indent=2) + "\n")
    elif worse:
        print("More instructions than before: find the cause, or keep the new counts with --keep.")
    return 1 if worse and not options.keep else 0


if __name__ == "__main__":
    os.environ.pop("LEADBLOCK_DATA", None)
    sys.exit(main())
