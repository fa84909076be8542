#!/usr/bin/python3
"""Counts the instructions of a check and of a block of two, in the program itself, by callgrind.

  bench/instructions.py                 prints the counts, and compares them with the kept ones
  bench/instructions.py --keep          keeps them, in bench/instructions.json
  bench/instructions.py --program FILE  counts those of another program than build/leadblock

The kernel's part is not counted. Starting and stopping is taken off by a second run with fewer
requests. Counts hardly depend on what else the machine does; so one that differs from the kept one by
more than 5 % fails the comparison (exit status 1), in either direction: a count that fell and is not
kept would hide the next one that grows as far. script/test compares, as the suite `instructions`.

Counts depend on the compiler and the libraries, so they are kept for each release of Debian and each
kind of processor. Where none is kept, nothing is compared.
"""

import argparse
import json
import os
import platform
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
TOLERANCE = 0.05
SECONDS = 600  # that one run may take; on an idle machine it takes three
# The writer's count depends on how many blocks share a commit, and that on what else the machine does.
# It is linear in commits per block, so what one commit costs is measured with one connection, where
# each block has a commit of its own, and the count is given for this many blocks to a commit.
BLOCKS_PER_COMMIT = 32
SLOT = "\x01" * 13  # where bench/load.c puts an identifier
BODY = f'{{"publicIdentifiers":["{SLOT}","{SLOT}"]}}'
PATH = "/v1/campaigns/bench/blocked-leads"
IO, WRITER = "run_loop", "writer_thread"  # the functions that the threads start with

CHECK = "check, I/O thread"
BLOCK_IO = "block of 2, I/O thread"
BLOCK_WRITER = f"block of 2, writer, {BLOCKS_PER_COMMIT} to a commit"
BLOCK_ALONE = "block of 2, writer, a commit each"
NAMES = (CHECK, BLOCK_IO, BLOCK_WRITER, BLOCK_ALONE)


class Failed(Exception):
    pass


def template(method, path, key, body=""):
    length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nx-api-key: {key}\r\n{length}\r\n{body}"


def request(kind, key):
    """The template for bench/load.c, and what a right answer contains."""
    if kind == "check":
        return template("GET", f"{PATH}/{SLOT}", key), '"blocked":false'
    return template("POST", PATH, key, BODY), '"blocked":2'


# --- one run ---


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65536), b"")).decode()


def wait_until_ready(port, process):
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        try:
            if " 200 " in get(port, "/readyz").partition("\r\n")[0]:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise Failed("the server did not become ready")


def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command[:3]))}: {done.stderr.strip()}")
    return done.stdout.strip()


def prepare(program, data):
    """A workspace with a campaign; returns its key."""
    place = ("--data", data)
    workspace = output_of(program, "workspace", "create", "bench", "--plan", "agency", *place)
    key = output_of(program, "key", "create", workspace, "--name", "bench", *place)
    output_of(program, "campaign", "create", workspace, "Bench", "--id", "bench", *place)
    return key


def send(folder, port, kind, key, connections, requests):
    """Each request must be answered as it should."""
    text, expected = request(kind, key)
    (folder / "request").write_text(text, encoding="ascii")
    job = json.loads(output_of(
        folder.parent / "load", "run", "--seconds", str(SECONDS), "--until-first", "1", "--job", "count",
        "--connect", str(port), "--template", folder / "request", "--connections",
        str(connections), "--max-requests", str(requests), "--expect", expected))["jobs"][0]
    bad = sum(job[name] for name in ("bad_status", "bad_reply", "bad_connection", "lost"))
    if bad:
        raise Failed(f"{bad} of {job['sent']} requests failed: {job['first_bad']}")
    if job["sent"] != requests:
        raise Failed(f"{job['sent']} of {requests} requests in {SECONDS} s: the machine is too busy")


def count_of(folder, function):
    """The instructions of the threads that start with it: callgrind writes a file for each thread."""
    found = []
    for path in folder.glob("callgrind-*"):
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(rf"^c?fn=\(\d+\) {function}\b", text, re.MULTILINE):
            found += re.findall(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)[:1]
    if not found:
        raise Failed(f"callgrind saw no thread that starts with {function}")
    return sum(map(int, found))


def run(program, folder, kind, connections, requests, options=(), prepared=None):
    """What so many requests cost, with start and stop: {thread: instructions}, and the commits. `prepared`
    is called with the port and a key before the first."""
    folder.mkdir()
    key = prepare(program, folder / "data")
    port = free_port()
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--separate-threads=yes",
             f"--callgrind-out-file={folder}/callgrind", program, "serve", "--data",
             folder / "data", "--listen", f"127.0.0.1:{port}", "--threads", "1", "--rate-limit", "0", *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_until_ready(port, server)
        if prepared:
            prepared(port, key)
        send(folder, port, kind, key, connections, requests)
        commits = re.search(r"^leadblock_batch_writes_count (\d+)", get(port, "/metrics"), re.M)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(120)
    counts = {thread: count_of(folder, thread) for thread in (IO, WRITER)}
    shutil.rmtree(folder)
    return counts, int(commits.group(1))


# --- the counts ---


def compile_load(folder):
    """bench/load.c, as `load` in the folder."""
    output_of("gcc", "-O2", "-std=gnu11", "-o", folder / "load", ROOT / "bench" / "load.c")


def each(program, folder, kind, connections, few, many, *more):
    """What one request costs: {thread: instructions}, and its commits, which are less than one when
    requests share them."""
    before, before_commits = run(program, folder / "few", kind, connections, few, *more)
    after, commits = run(program, folder / "many", kind, connections, many, *more)
    requests = many - few
    return ({thread: (after[thread] - before[thread]) / requests for thread in after},
            (commits - before_commits) / requests)


def measure(program):
    if not shutil.which("valgrind"):
        raise Failed("valgrind is not installed")
    program = Path(program).resolve()
    folder = Path(tempfile.mkdtemp(prefix="leadblock-instructions-"))
    try:
        compile_load(folder)
        check, _ = each(program, folder, "check", 64, 1000, 6000)
        block, commits = each(program, folder, "block", 64, 2000, 8000)
        alone, one = each(program, folder, "block", 1, 500, 2000)
    finally:
        shutil.rmtree(folder)
    commit = (alone[WRITER] - block[WRITER]) / (one - commits)
    shared = block[WRITER] + commit * (1 / BLOCKS_PER_COMMIT - commits)
    return {CHECK: round(check[IO]), BLOCK_IO: round(block[IO]), BLOCK_WRITER: round(shared),
            BLOCK_ALONE: round(alone[WRITER])}


# --- comparing ---


def here():
    """What the counts depend on: (release, kind of processor)."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return release.get("VERSION_CODENAME", "unknown"), platform.machine()


def kept(path=KEPT, where=None):
    """{name: count} of this kind of system, empty when none is kept."""
    release, machine = where or here()
    return json.loads(path.read_text(encoding="utf-8")).get(release, {}).get(machine, {})


def keep(counts, path=KEPT, where=None):
    release, machine = where or here()
    every = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    every.setdefault(release, {})[machine] = counts
    path.write_text(json.dumps(every, indent=2) + "\n", encoding="utf-8")


def problem(name, count, before):
    """What is wrong with a count; nothing when it is near enough to the kept one."""
    if abs(count - before) <= TOLERANCE * before:
        return ""
    change = count / before - 1
    if change > 0:
        return (f"{name}: {count:,} instructions, {change:.1%} more than the {before:,} that are kept. "
                "Find the cause; if it is worth that, keep the count: bench/instructions.py --keep")
    return (f"{name}: {count:,} instructions, {-change:.1%} fewer than the {before:,} that are kept. "
            "Keep the new count in the same commit: bench/instructions.py --keep")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=ROOT / "build" / "leadblock")
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    try:
        counts = measure(options.program)
    except Failed as failure:
        sys.exit(f"instructions: {failure}")
    before = kept() if KEPT.exists() else {}
    for name, count in counts.items():
        change = f"   kept: {before[name]:>7,} ({count / before[name] - 1:+.1%})" \
            if name in before else ""
        print(f"{name:<38} {count:>7,}{change}")
    if options.keep:
        keep(counts)
        return 0
    if not before:
        print(f"no count kept for {' '.join(here())}")
    problems = [problem(name, counts[name], before[name]) for name in counts if name in before]
    print("\n".join(filter(None, problems)))
    return 1 if any(problems) else 0


if __name__ == "__main__":
    os.environ.pop("LEADBLOCK_DATA", None)
    sys.exit(main())
