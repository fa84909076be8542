#!/usr/bin/env python3
"""Measures what subscriptions to events cost commits: blocks of one person each, with a commit of their own or
shared, while nobody subscribes, while a receiver takes all, and while receivers are down.

    bench/hooks.py [--rounds 10] [--seconds 1] [--instructions]

A server for each case, all on one machine and disk; the load goes round from one to the next, in every round in
another order, so that each sees the same hours of the machine. Prints medians of the rounds, also as shares of the case
without subscriptions. Then deliveries per second of events that were waiting. --instructions counts in place of that
what a block costs the writer's thread, by callgrind (bench/instructions.py)."""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import instructions  # noqa: E402
from support import expect  # noqa: E402
from support.client import Api, build  # noqa: E402
from support.server import Server  # noqa: E402

CONNECTIONS = 16
WAITING = 5000  # events that are there when a subscription is resumed
BODY = f'{{"leads":[{{"publicIdentifier":"{instructions.SLOT}"}}]}}'
OWN_NETWORK = ("--hooks-allow", "127.0.0.0/8", "--log-level", "warn")


class Taking(asyncio.Protocol):
    """Answers 200 to each request, and does nothing else."""

    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        self.rest += data
        while (end := self.rest.find(b"\r\n\r\n")) >= 0:
            length = int(self.rest[:end].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            if len(self.rest) < end + 4 + length:
                return
            self.rest = self.rest[end + 4 + length :]
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def take_all(told):
    async def serve():
        server = await asyncio.get_running_loop().create_server(Taking, "127.0.0.1", 0)
        told.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@contextlib.contextmanager
def receivers():
    """{name: port} of one that takes all, one that never answers, and one that does not exist."""
    told = multiprocessing.Queue()
    process = multiprocessing.Process(target=take_all, args=(told,), daemon=True)
    process.start()
    with socket.socket() as silent, socket.socket() as closed:
        for each in (silent, closed):
            each.bind(("127.0.0.1", 0))
        silent.listen(4096)
        threading.Thread(target=accept, args=(silent,), daemon=True).start()
        yield {"good": told.get(), "hangs": silent.getsockname()[1], "refuses": closed.getsockname()[1]}
    process.terminate()


def accept(silent):
    kept = []
    with contextlib.suppress(OSError):
        while True:
            kept.append(silent.accept()[0])


CASES = {"no subscription": (None, 0), "1, takes all": ("good", 1), "1, refuses connections": ("refuses", 1),
         "1, never answers": ("hangs", 1), "50, refuse connections": ("refuses", 50),
         "50, never answer": ("hangs", 50)}


def subscribe(api, port, count):
    made = []
    for number in range(count):
        body = {"url": f"http://127.0.0.1:{port}/{number}", "type": "lead_blocked"}
        while (answer := api.post("/zapier/hooks/subscribe", body)).status == 429:
            time.sleep(0.2)
        made.append(expect.ok(answer)["id"])
    return made


class Case:
    def __init__(self, server, folder, load, receiver, count, ports):
        self.server, self.load = server, load
        tenant = server.tenant("agency")
        self.api = tenant.api
        subscribe(self.api, ports.get(receiver), count)
        self.template = folder / f"request-{server.port}"
        headers = [("x-api-key", tenant.key), ("Content-Type", "application/json")]
        self.template.write_bytes(build("POST", "/v1/blocked-leads", headers, BODY))
        self.sent = 0
        self.found = {1: [], CONNECTIONS: []}

    def run(self, seconds):
        for connections, found in self.found.items():
            job = json.loads(subprocess.run(
                [self.load, "run", "--seconds", str(seconds), "--job", "blocks", "--connect", str(self.server.port),
                 "--template", self.template, "--connections", str(connections), "--first", str(self.sent),
                 "--expect", '"blocked":1'], capture_output=True, check=True, text=True).stdout)["jobs"][0]
            assert not any(job[name] for name in ("bad_status", "bad_reply", "bad_connection", "lost")), job
            self.sent = job["next_number"]
            found.append({"rate": job["per_second"], **job["us"]})

    def median(self, connections, name):
        return statistics.median(job[name] for job in self.found[connections])


def blocks(options, load, folder):
    with contextlib.ExitStack() as stack:
        ports = stack.enter_context(receivers())
        cases = {name: Case(stack.enter_context(Server(*OWN_NETWORK, "--rate-limit", "0")), folder, load, *case, ports)
                 for name, case in CASES.items()}
        for _ in range(options.rounds):
            order = list(cases.values())
            random.shuffle(order)
            for case in order:
                case.run(options.seconds)
        first = cases["no subscription"]
        for connections in (1, CONNECTIONS):
            print(f"\n| subscriptions | blocks/s of {connections} | | p50, ms | p99, ms | |\n|---|---|---|---|---|---|")
            for name, case in cases.items():
                rate, middle, late = (case.median(connections, each) for each in ("rate", "p50", "p99"))
                print(f"| {name} | {rate:,.0f} | {rate / first.median(connections, 'rate'):.2f} | "
                      f"{middle / 1000:.2f} | {late / 1000:.2f} | {late / first.median(connections, 'p99'):.2f} |")


def deliveries():
    """Of events that wait, each of one block: to one subscription, and to eight."""
    for count in (1, 8):
        with receivers() as ports, Server(*OWN_NETWORK) as server:
            api = server.tenant("agency").api
            made = subscribe(api, ports["good"], count)
            for hook in made:
                expect.ok(api.put(f"/hooks/{hook}", {"action": "pause"}))
            for number in range(WAITING):
                api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"person-{number}"}]})
            for hook in made:
                expect.ok(api.put(f"/hooks/{hook}", {"action": "resume"}))
            begun, metrics = time.monotonic(), server.api(base="")
            while (done := delivered(metrics)) < WAITING * count:
                time.sleep(0.05)
            print(f"{count} subscriptions: {done / (time.monotonic() - begun):,.0f} deliveries/s")


def delivered(metrics):
    text = metrics.get("/metrics").body.decode()
    return int(text.split("\nleadblock_hook_deliveries_total ")[1].split()[0])


def count(program):
    """Instructions of the writer's thread for a block of two, with a commit each."""
    with receivers() as ports, tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        instructions.compile_load(folder)
        for name in ("no subscription", "1, takes all", "50, refuse connections"):
            receiver, subscriptions = CASES[name]

            def prepared(port, key, receiver=receiver, subscriptions=subscriptions):
                if receiver:
                    subscribe(Api(port, key), ports[receiver], subscriptions)

            found, _ = instructions.each(program, folder, "block", 1, 500, 2000, OWN_NETWORK, prepared)
            print(f"{name}: {found[instructions.WRITER]:,.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    if options.instructions:
        count(instructions.ROOT / "build" / "leadblock")
        return
    with tempfile.TemporaryDirectory() as folder:
        instructions.compile_load(Path(folder))
        blocks(options, Path(folder) / "load", Path(folder))
    deliveries()


if __name__ == "__main__":
    main()
