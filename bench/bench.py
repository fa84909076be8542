#!/usr/bin/python3
"""Measures leadblock beside what one would use in its place; see bench/README.md."""

import argparse
import atexit
import fnmatch
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
import instructions
import processes
import report
import shared
import systems
import timetable
from processes import BenchError, parse_cpus, say
from wrk import generate as wrk_generate

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


class Bench:
    def __init__(self, options):
        self.options = options
        self.processes = []
        self.temporary = []
        self.epoch = 0
        self.dirty = {}
        self.unpinned = options.cores == "both"
        self.usable = sorted(os.sched_getaffinity(0))
        if len(self.usable) < 2:
            raise BenchError("at least two processors are needed")
        self.choose_cpus()
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
        self.timetable = timetable.Timetable(self)

    def choose_cpus(self):
        o = self.options
        if self.unpinned:
            self.server_cpus = self.load_cpus = ",".join(map(str, self.usable))
        else:
            self.server_cpus = o.server_cpus or str(self.usable[0])
            self.load_cpus = o.load_cpus or str(self.usable[1])
        self.server_cpu_count = len(parse_cpus(self.server_cpus))
        os.sched_setaffinity(0, parse_cpus(self.load_cpus))

    def place(self, unpinned):
        """Servers and generator on processors of their own, or all on all. Servers that are not where
        they should be are started again, with as many threads as suit it."""
        unpinned = unpinned or self.options.cores == "both"
        if unpinned == self.unpinned:
            return
        self.unpinned = unpinned
        self.choose_cpus()
        say(f"servers on processors {self.server_cpus}, generator on {self.load_cpus}")
        for system in {id(self.stack(s)): s for s in self.systems.values()}.values():
            self.activate(system)
            system.restart()

    def threads(self):
        """leadblock's option for a given number of processors; unpinned it finds its own."""
        return [] if self.unpinned else ["--threads", str(self.server_cpu_count)]

    def processor_count(self):
        return len(parse_cpus(self.server_cpus) | parse_cpus(self.load_cpus))

    def entries(self, case):
        """What is measured in a case; for the table of goals, only what a goal compares."""
        found = case.entries(self.systems)
        if not self.options.goals or case.wrk:
            return found
        wanted = {goal[0] for goal in case.goals + case.shared_goals}
        wanted |= {"leadblock"} if case.goals else set()
        wanted |= {"leadblock-pg"} if case.shared_goals else set()
        return [entry for entry in found if entry.key in wanted]

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
        """Jobs share a generator, but for those that want a process of their own."""
        common = ["taskset", "-c", self.load_cpus, self.load, "run"]
        common += ["--seconds", str(seconds), "--warmup", str(warmup), "--until-first", "1"]
        argvs = [list(common)]
        for index, job in enumerate(jobs):
            if job.get("own_process"):
                argvs.append([*common, "--slice-us", "100"])
            argvs[-1] += self.job_arguments(index, job, system)
        started = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                   for argv in argvs]
        try:
            done = [process.communicate() for process in started]
        finally:
            for process in started:
                process.kill()  # does nothing to one that has ended
        for process, (_, stderr) in zip(started, done):
            if process.returncode != 0:
                return {"error": stderr.strip() or f"generator ended with {process.returncode}"}
        results = [json.loads(stdout) for stdout, _ in done]
        return {"cpu_share": sum(result["cpu_share"] for result in results), "threads": 1,
                "jobs": [job for result in results for job in result["jobs"]]}

    def load_run(self, system, jobs, warmup=None, seconds=None, wrk=False):
        self.activate(system)
        self.sync()
        self.wait_for_quiet()
        warmup = self.options.warmup if warmup is None else warmup
        seconds = self.options.seconds if seconds is None else seconds
        pids = system.pids()
        before = (time.monotonic(), processes.cpu_seconds(pids), self.busy_seconds())
        if wrk:
            result = wrk_generate(self, system, jobs[0], seconds)
        else:
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
            "generator_threads": result["threads"],
            "processors": self.processor_count(),
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
        """Until no other program uses our processors, or patience is over."""
        began = time.monotonic()
        end = began + min(self.options.patience, self.timetable.patience)
        while time.monotonic() < end:
            before = self.busy_seconds()
            time.sleep(0.3)
            if self.busy_seconds() - before < 0.03:
                break
        self.timetable.patience -= time.monotonic() - began

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
        return {**row, "generator_cpu": 0.0, "foreign_cpu": 0.0, "slack": 0}

    def close(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # it is ending already
        for process in reversed(self.processes):
            process.stop()
        if not self.options.keep:
            for path in self.temporary:
                shutil.rmtree(path, ignore_errors=True)


def choose_cases(parser, patterns, keys):
    """Each pattern is a case, a shell pattern of cases, or the beginning of their names."""
    chosen = []
    for pattern in patterns.split(","):
        found = [key for key in keys if key == pattern] or fnmatch.filter(keys, pattern) or \
            [key for key in keys if key.startswith(f"{pattern}-")]
        if not found:
            parser.error(f"no case {pattern}; there are {', '.join(keys)}")
        chosen += found
    return list(dict.fromkeys(chosen))


def check_sizes(parser, o):
    if any(n % systems.BULK for n in [o.entries, *o.sizes]):
        parser.error(f"--entries and --sizes go in steps of {systems.BULK}")
    if o.leads <= 0 or o.leads % campaigns.PER_REQUEST:
        parser.error(f"--leads goes in steps of {campaigns.PER_REQUEST}")
    if o.pg_entries <= 0 or o.pg_entries % shared.PER_REQUEST:
        parser.error(f"--pg-entries goes in steps of {shared.PER_REQUEST}")
    if "pg-sizes" in o.cases and "leadblock-pg" not in o.systems:
        parser.error("pg-sizes measures leadblock-pg: name it in --systems")


NAMES = ("repeats", "seconds", "warmup", "heat", "patience", "entries", "leads", "sizes", "pg_entries")
QUICK = (1, 1.0, 0.2, 1.0, 0, 100000, 50000, "100000", 100000)
GOALS = (5, 2.0, 0.3, 1.0, 10, 1000000, 1000000, "1000000", 1000000)
FULL = (5, 4.0, 0.5, 2.0, 30, 1000000, 1000000, "1000000,10000000", 10000000)


def options_from(argv):
    usual = [case.key for case in cases.CASES] + ["instructions", "sizes", "campaign"]
    keys = [*usual, "pg-sizes"]
    p = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    p.add_argument("--quick", action="store_true", help="a smoke test: one short round of each")
    p.add_argument("--goals", action="store_true",
                   help="what the goals of docs/performance.md need, and nothing else")
    p.add_argument("--list", action="store_true", help="print the names of the cases")
    p.add_argument("--cases",
                   help=f"names, patterns or beginnings of {', '.join(keys)}; the last only when "
                   "named, with leadblock-pg")
    p.add_argument("--systems",
                   help=f"of {', '.join(systems.ALL)}; those on PostgreSQL only when named")
    p.add_argument("--repeats", type=int)
    p.add_argument("--seconds", type=float, help="of each measurement")
    p.add_argument("--warmup", type=float, help="seconds before it that do not count")
    p.add_argument("--heat", type=float,
                   help="seconds of a first run per case and system that is thrown away")
    p.add_argument("--patience", type=float,
                   help="seconds to wait, before each measurement, for other programs to be idle")
    p.add_argument("--limit", type=float, metavar="MINUTES",
                   help="end after this long, without the cases that are left")
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
    if o.list:
        print("\n".join(keys))
        sys.exit(0)
    for name, value in zip(NAMES, QUICK if o.quick else GOALS if o.goals else FULL):
        if getattr(o, name) is None:
            setattr(o, name, value)
    o.sizes = [int(size) for size in o.sizes.split(",")]
    alone = [s.name for s in systems.ALONE]
    o.systems = o.systems.split(",") if o.systems else \
        [*alone, "leadblock-pg"] if o.goals else alone
    with_goals = [case.key for case in cases.CASES if case.goals or case.shared_goals]
    o.cases = choose_cases(p, o.cases, keys) if o.cases else \
        [*with_goals, "instructions"] if o.goals else usual
    for name in o.systems:
        if name not in systems.ALL:
            p.error(f"no system {name}; there are {', '.join(systems.ALL)}")
    check_sizes(p, o)
    o.leadblock = os.path.abspath(o.leadblock)
    return o


def measure(options):
    wanted = any(name in options.systems for name in cases.LEADBLOCKS)
    if wanted and not os.access(options.leadblock, os.X_OK):
        raise BenchError(f"{options.leadblock} does not exist; run script/build first")
    bench = Bench(options)
    atexit.register(bench.close)
    bench.timetable.announce()
    about = report.describe(bench)
    data = {"about": about, "cases": {}, "sizes": {}, "campaign": None, "shared": None,
            "instructions": None, "left_out": []}
    if any(case.key in options.cases for case in cases.CASES) or "sizes" in options.cases:
        bench.start_all()
    runner = cases.Runner(bench, data["cases"])
    try:
        for case in cases.CASES:
            if case.key in options.cases:
                bench.timetable.check(case.key)
                runner.run(case)
        measure_more(bench, data)
    except timetable.TimeIsUp as end:
        data["left_out"] = bench.timetable.left_out(end)
    for process in reversed(bench.processes):
        process.stop()
    return data


def measure_more(bench, data):
    """The cases that are not rows of the tables of rates."""
    options, check = bench.options, bench.timetable.check
    bench.place(False)
    if "instructions" in options.cases and "leadblock" in bench.systems:
        check("instructions")
        say("instructions: by callgrind")
        for system in bench.systems.values():
            system.freeze()
        try:
            data["instructions"] = instructions.measure(options.leadblock)
        except instructions.Failed as failure:
            raise BenchError(f"instructions: {failure}") from failure
    if "sizes" in options.cases:
        check("sizes")
        say("sizes: memory, disk and start-up")
        data["sizes"] = cases.measure_sizes(bench, options.sizes)
    if "campaign" in options.cases and "leadblock" in bench.systems:
        check("campaign")
        data["campaign"] = campaigns.Campaign(bench).measure()
    if "pg-sizes" in options.cases:
        check("pg-sizes")
        data["shared"] = shared.Shared(bench).measure()


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
    return 1 if report.failures(data) or data.get("left_out") else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
