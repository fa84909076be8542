"""What the programs that measure one server alone share: clients that go on beside what is measured, and the memory,
disk and start of a server."""

import os
import re
import statistics
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support import expect, server as servers  # noqa: E402

PAUSE = 0.005  # between two requests of a client
SAMPLE = 0.01  # between two looks at the memory
LONGEST = 3600.0  # seconds that a request, a start or a stop may take
LIMITS = ("--log-level", "warn", "--max-workspace-entries", "100000000", "--max-workspace-daily-rows", "1000000000")


def parse(parser):
    """The options, with the program that they name as the one that servers run."""
    parser.add_argument("--binary", default=str(ROOT / "build" / "leadblock"))
    options = parser.parse_args()
    os.environ["LEADBLOCK_BIN"] = str(Path(options.binary).resolve())
    servers.START_LIMIT = servers.STOP_LIMIT = LONGEST
    return options


def patient(tenant):
    tenant.api.timeout = LONGEST
    return tenant


# --- clients ---


class Clock:
    """What is going on, which names the phase that a request belongs to."""

    def __init__(self):
        self.phase = "before"
        self.over = False


def quantiles(times):
    times = sorted(times)
    if not times:
        return "none"
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return (f"{len(times):,} requests, median {statistics.median(times) * 1000:.1f} ms, "
            f"p99 {p99 * 1000:.1f} ms, most {times[-1] * 1000:.1f} ms")


class Client(threading.Thread):
    """Sends one request after the other, and notes how long each took, by the phase it began in."""

    def __init__(self, clock, name, api, send):
        super().__init__(daemon=True)
        self.clock, self.label, self.api, self.send = clock, name, api, send
        self.times = {}
        self.failed = None

    def run(self):
        number = 0
        try:
            while not self.clock.over:
                phase, begin = self.clock.phase, time.perf_counter()
                self.send(self.api, number)
                self.times.setdefault(phase, []).append(time.perf_counter() - begin)
                number += 1
                time.sleep(PAUSE)
        except Exception as error:  # reported at the end
            self.failed = error

    def line(self, phase):
        return f"{self.label}: {quantiles(self.times.get(phase, []))}"


class Others:
    """Another workspace that checks one person at a time and blocks another one, if it is told to."""

    def __init__(self, server, calm=5.0, blocks=True):
        self.clock, self.calm = Clock(), calm
        key = server.tenant().key
        self.clients = [Client(self.clock, name, server.api(key, timeout=LONGEST), send) for name, send in (
            ("checks of another workspace", check_one), ("blocks of another workspace", block_one))[:2 if blocks else 1]]

    def __enter__(self):
        for client in self.clients:
            client.start()
        time.sleep(self.calm)
        self.show("before")
        return self

    def begin(self, phase):
        self.clock.phase = phase

    def show(self, phase):
        for client in self.clients:
            print(f"  {phase}, {client.line(phase)}", flush=True)

    def __exit__(self, *_):
        self.clock.over = True
        for client in self.clients:
            client.join()
            assert not client.failed, (client.label, client.failed)


def block_one(api, number):
    expect.ok(api.post("/blocked-leads", {"leads": [{"publicIdentifier": f"another-person-{number}"}]}))


def check_one(api, _number):
    expect.ok(api.get("/blocked-leads/not-on-any-list"))


# --- sizes ---


def status(pid, field):
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(field + r":\s+(\d+)", text)[1]) * 1024


def anonymous(server):
    """Bytes of memory that the process has of its own."""
    return status(server.process.pid, "RssAnon")


class Peak(threading.Thread):
    """The most that anonymous() says meanwhile."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.over = server, False
        self.before = self.most = anonymous(server)

    def run(self):
        while not self.over:
            self.most = max(self.most, anonymous(self.server))
            time.sleep(SAMPLE)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.join()

    @property
    def more(self):
        return self.most - self.before


def start_again(server):
    """Stops and starts it: the seconds of the start, and the most memory that it had resident until then."""
    server.listen = f"127.0.0.1:{server.port}"  # clients find it again
    server.stop()
    began = time.perf_counter()
    server.start()
    return time.perf_counter() - began, status(server.process.pid, "VmHWM")


def disk(server):
    return sum(path.stat().st_size for path in server.data.rglob("*") if path.is_file())
