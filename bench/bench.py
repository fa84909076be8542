#!/usr/bin/python3
"""Measures leadblock beside what one would use in its place; see bench/README.md."""

import argparse
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import campaigns
import cases
import processes
import report
import shared
import systems
from processes import BenchError, say

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def parse_cpus(text):
    cpus = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return cpus


class Bench:
    def __init__(self, options):
        self.options = options
        self.processes = []
        self.temporary = []
        self.epoch = 0
        self.dirty = {}
        self.choose_cpus()
        self.server_cpu_count = len(parse_cpus(self.server_cpus))
        os.makedirs(options.dir, exist_ok=True)
        self.run_dir = tempfile.mkdtemp(prefix="run-", dir=os.path.abspath(options.dir))
        os.chmod(self.run_dir, 0o755)
        self.temporary.append(self.run_dir)
        self.fastify_dir = options.fastify
        self.load = self.compile("load")
        self.fsync = self.compile("fsync")
        self.redis_stack = systems.RedisStack(self)
        self.systems = {
            name: make(self) for name, make in systems.ALL.items() if name in options.systems
        }

    def choose_cpus(self):
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) < 2:
            raise BenchError("at least two processors are needed")
        everything = ",".join(map(str, usable))
        if self.options.cores == "both":
            self.server_cpus = self.load_cpus = everything
        else:
            self.server_cpus = self.options.server_cpus or str(usable[0])
            self.load_cpus = self.options.load_cpus or str(usable[1])
        os.sched_setaffinity(0, parse_cpus(self.load_cpus))

    def compile(self, name):
        out = os.path.join(self.run_dir, name)
        source = os.path.join(HERE, f"{name}.c")
        subprocess.run(["gcc", "-O2", "-std=gnu11", source, "-o", out], check=True)
        return out

    def tool(self, name, folder=None):
        path = f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin"
        found = shutil.which(name, path=f"{folder}:{path}" if folder else path)
        if not found:
            raise BenchError(f"{name} is not installed; script/bench installs it")
        return found

    def output(self, name, *args):
        done = subprocess.run([self.tool(name), *args], capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip()

    # --- state of the systems ---

    def stack(self, system):
        return getattr(system, "stack", system)

    def is_dirty(self, system):
        return self.dirty.get(id(self.stack(system)), False)

    def mark(self, system, dirty):
        self.dirty[id(self.stack(system))] = dirty

    def activate(self, system):
        """Only this system may run; the background work of another must not disturb it."""
        for other in self.systems.values():
            if self.stack(other) is not self.stack(system):
                other.freeze()
        system.thaw()

    def freeze(self, system):
        system.freeze()

    def memory(self, system):
        return processes.memory_bytes(system.pids())

    def sync(self):
        subprocess.run(["sync", "-f", self.run_dir], check=True)

    def start_all(self):
        for system in self.systems.values():
            say(f"start {system.label}, {self.options.entries:,} entries")
            self.activate(system)
            system.install_base()
        for system in self.systems.values():
            self.activate(system)
            self.verify_answers(system)

    def verify_answers(self, system):
        """Each answer is looked at once before anything is timed."""
        steps = [
            ("block", system.block(2), {"first": cases.FRESH}),
            ("check, blocked", system.check_blocked(), {"first": cases.FRESH}),
            ("unblock", system.unblock(2), {"first": cases.FRESH}),
            ("check, allowed", system.check_allowed(), {"first": cases.FRESH}),
        ]
        for name, request, job in steps:
            if request is None:
                continue
            job.update(request=request, connections=1, max_requests=1)
            row = self.load_run(system, [job], warmup=0)
            if row["failed"]:
                raise BenchError(f"{system.label}: {name}: {row['failed']}")

    # --- the generator ---

    def job_arguments(self, index, job, system):
        request = job["request"]
        path = os.path.join(self.run_dir, f"template-{index}")
        with open(path, "wb") as f:
            f.write(request.template)
        ports = ",".join(map(str, job.get("ports", system.ports)))
        argv = ["--job", str(index), "--connect", ports, "--template", path]
        argv += ["--connections", str(job["connections"]), "--first", str(job.get("first", 0))]
        for name in ("range", "rate", "max_requests", "replay", "times"):
            if name in job:
                argv += ["--" + name.replace("_", "-"), str(job[name])]
        if request.expect:
            argv += ["--expect", request.expect]
        if request.resp_lines:
            argv += ["--resp-lines", str(request.resp_lines)]
        return argv

    def generate(self, system, jobs, seconds, warmup):
        argv = ["taskset", "-c", self.load_cpus, self.load, "run"]
        argv += ["--seconds", str(seconds), "--warmup", str(warmup), "--until-first", "1"]
        for index, job in enumerate(jobs):
            argv += self.job_arguments(index, job, system)
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return {"error": done.stderr.strip() or f"generator ended with {done.returncode}"}
        return json.loads(done.stdout)

    def load_run(self, system, jobs, warmup=None, seconds=None):
        self.activate(system)
        self.sync()
        self.wait_for_quiet()
        warmup = self.options.warmup if warmup is None else warmup
        seconds = self.options.seconds if seconds is None else seconds
        pids = system.pids()
        before = (time.monotonic(), processes.cpu_seconds(pids), self.busy_seconds())
        result = self.generate(system, jobs, seconds, warmup)
        elapsed = time.monotonic() - before[0]
        if "error" in result:
            for process in system.processes():
                process.check_alive()
            raise BenchError(f"{system.label}: {result['error']}")
        server = processes.cpu_seconds(set(pids) | set(system.pids())) - before[1]
        generator = result["cpu_share"] * elapsed
        busy = self.busy_seconds() - before[2]
        first = result["jobs"][0]
        return {
            "per_second": first["per_second"],
            "us": first["us"],
            "server_cpu": server / elapsed,
            "server_seconds": server,
            "generator_cpu": result["cpu_share"],
            "foreign_cpu": max(0.0, (busy - server - generator) / elapsed),
            "failed": self.failure(result["jobs"]),
            "effect": 0,
            "jobs": result["jobs"],
        }

    def failure(self, jobs):
        problems = []
        for job in jobs:
            for key in ("bad_status", "bad_reply", "bad_connection", "lost"):
                if job[key]:
                    problems.append(f"{job[key]} {key} ({job['first_bad'].strip()})")
            if not job["requests"]:
                problems.append("no request was answered")
        return "; ".join(problems)

    def busy_seconds(self):
        """Time that processes spent on our processors, anybody's, and stolen time."""
        wanted = parse_cpus(self.server_cpus) | parse_cpus(self.load_cpus)
        ticks = 0
        with open("/proc/stat", encoding="ascii") as f:
            for line in f:
                words = line.split()
                if words[0].startswith("cpu") and words[0][3:].isdigit():
                    if int(words[0][3:]) in wanted:
                        user, nice, kernel = map(int, words[1:4])
                        ticks += user + nice + kernel + int(words[8])
        return ticks / os.sysconf("SC_CLK_TCK")

    def fill(self, system, request, first, count):
        job = {
            "request": request,
            "connections": 8,
            "first": first,
            "max_requests": count // systems.BULK,
        }
        result = self.generate(system, [job], 3600, 0)
        problem = result.get("error") or self.failure(result["jobs"])
        if problem:
            raise BenchError(f"filling {system.label}: {problem}")

    def wait_for_quiet(self):
        """Until nobody else uses our processors, or patience is over."""
        end = time.monotonic() + self.options.patience
        while time.monotonic() < end:
            before = self.busy_seconds()
            time.sleep(0.3)
            if self.busy_seconds() - before < 0.03:
                return

    def measure_fsync(self):
        for system in self.systems.values():
            system.freeze()
        self.sync()
        self.wait_for_quiet()
        path = os.path.join(self.run_dir, "fsync-probe")
        argv = ["taskset", "-c", self.server_cpus, self.fsync, path, str(self.options.seconds)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        row = {**json.loads(done.stdout), "failed": "", "server_cpu": 0.0}
        print(f"      fsync           {row['per_second']:>12,.0f}/s", flush=True)
        return {**row, "generator_cpu": 0.0, "foreign_cpu": 0.0}

    def close(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it is ending already
        for process in reversed(self.processes):
            process.stop()
        if not self.options.keep:
            for path in self.temporary:
                shutil.rmtree(path, ignore_errors=True)


def options_from(argv):
    usual = [case.key for case in cases.CASES] + ["sizes", "campaign"]
    keys = [*usual, "pg-sizes"]
    p = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    p.add_argument("--quick", action="store_true", help="a smoke test of one to two minutes")
    p.add_argument("--cases", default=",".join(usual),
                   help=f"of {', '.join(keys)}; the last only when named, with leadblock-pg")
    p.add_argument("--systems", default=",".join(s.name for s in systems.ALONE),
                   help=f"of {', '.join(systems.ALL)}; those on PostgreSQL only when named")
    p.add_argument("--repeats", type=int)
    p.add_argument("--seconds", type=float, help="of each measurement")
    p.add_argument("--warmup", type=float, help="seconds before it that do not count")
    p.add_argument("--heat", type=float,
                   help="seconds of a first run per case and system that is thrown away")
    p.add_argument("--patience", type=float,
                   help="seconds to wait, before each measurement, for other programs to be idle")
    p.add_argument("--entries", type=int, help="already on the list in every case")
    p.add_argument("--leads", type=int, help="of the campaign in the case `campaign`")
    p.add_argument("--sizes", help="entries for memory, disk and start-up")
    p.add_argument("--pg-entries", type=int, help="of the list in the case `pg-sizes`")
    p.add_argument("--cores", choices=["split", "both"], default="split",
                   help="split: servers on one, generator on another; both: all on all")
    p.add_argument("--server-cpus", help="processors for the servers, such as 0 or 0-3")
    p.add_argument("--load-cpus", help="processors for the generator")
    p.add_argument("--dir", default=os.path.join(ROOT, "build", "bench-data"),
                   help="where all systems keep their data; a real disk")
    p.add_argument("--leadblock", default=os.path.join(ROOT, "build", "leadblock"))
    p.add_argument("--node", default=os.environ.get("BENCH_NODE", "node"))
    p.add_argument("--fastify", default=os.environ.get("BENCH_FASTIFY"))
    p.add_argument("--pg-readers", type=int, default=4, help="Fastify's connections for reads")
    p.add_argument("--pg-writers", type=int, default=16, help="and for writes")
    p.add_argument("--webdis-pool", type=int, default=4, help="per thread, to Redis")
    p.add_argument("--json", default=os.path.join(ROOT, "build", "bench.json"))
    p.add_argument("--svg", help="draw the chart for the README here")
    p.add_argument("--draw-from", metavar="JSON", help="no measuring: report an earlier run")
    p.add_argument("--keep", action="store_true", help="keep the data and the logs")
    o = p.parse_args(argv)
    names = ("repeats", "seconds", "warmup", "heat", "patience", "entries", "leads", "sizes",
             "pg_entries")
    quick = (1, 1.0, 0.2, 1.0, 0, 100000, 50000, "100000", 100000)
    full = (5, 4.0, 0.5, 2.0, 30, 1000000, 1000000, "1000000,10000000", 10000000)
    for name, value in zip(names, quick if o.quick else full):
        if getattr(o, name) is None:
            setattr(o, name, value)
    o.sizes = [int(size) for size in o.sizes.split(",")]
    o.systems = o.systems.split(",")
    o.cases = o.cases.split(",")
    for name in o.cases:
        if name not in keys:
            p.error(f"no case {name}; there are {', '.join(keys)}")
    for name in o.systems:
        if name not in systems.ALL:
            p.error(f"no system {name}; there are {', '.join(systems.ALL)}")
    if any(n % systems.BULK for n in [o.entries, *o.sizes]):
        p.error(f"--entries and --sizes go in steps of {systems.BULK}")
    if o.leads <= 0 or o.leads % campaigns.PER_REQUEST:
        p.error(f"--leads goes in steps of {campaigns.PER_REQUEST}")
    if o.pg_entries <= 0 or o.pg_entries % shared.PER_REQUEST:
        p.error(f"--pg-entries goes in steps of {shared.PER_REQUEST}")
    if "pg-sizes" in o.cases and "leadblock-pg" not in o.systems:
        p.error("pg-sizes measures leadblock-pg: name it in --systems")
    o.leadblock = os.path.abspath(o.leadblock)
    return o


def measure(options):
    wanted = any(name in options.systems for name in cases.LEADBLOCKS)
    if wanted and not os.access(options.leadblock, os.X_OK):
        raise BenchError(f"{options.leadblock} does not exist; run script/build first")
    bench = Bench(options)
    atexit.register(bench.close)
    about = report.describe(bench)
    if not set(options.cases) <= {"campaign", "pg-sizes"}:
        bench.start_all()
    runner = cases.Runner(bench)
    sizes = {}
    for case in cases.CASES:
        if case.key in options.cases:
            runner.run(case)
    if "sizes" in options.cases:
        say("sizes: memory, disk and start-up")
        sizes = cases.measure_sizes(bench, options.sizes)
    campaign = None
    if "campaign" in options.cases and "leadblock" in bench.systems:
        campaign = campaigns.Campaign(bench).measure()
    shared_list = shared.Shared(bench).measure() if "pg-sizes" in options.cases else None
    for process in reversed(bench.processes):
        process.stop()
    return {"about": about, "cases": runner.results, "sizes": sizes, "campaign": campaign,
            "shared": shared_list}


def main(argv):
    options = options_from(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    try:
        if options.draw_from:
            with open(options.draw_from, encoding="utf-8") as f:
                data = json.load(f)
        else:
            data = json.loads(json.dumps(measure(options)))  # keys as they are in the file
            os.makedirs(os.path.dirname(os.path.abspath(options.json)), exist_ok=True)
            with open(options.json, "w", encoding="utf-8") as f:
                json.dump(data, f, indent=1)
            say(f"every single result is in {options.json}")
        print(report.markdown(data))
        if options.svg:
            with open(options.svg, "w", encoding="utf-8") as f:
                f.write(report.svg(data))
            say(f"chart in {options.svg}")
    except BenchError as e:
        print(f"bench: {e}", file=sys.stderr)
        return 1
    return 1 if report.failures(data) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
