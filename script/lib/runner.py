"""Runs suites side by side, as many as the processors carry, and tells what each took.

Each suite is a process group of its own, without standard input, with its output in a file and the
reports of its sanitizers beside it. Processor time is that of the suite and of everything that it
has waited for: servers, compilers, PostgreSQL's own processes.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import counts
from suites import ROOT, TREES

COUNT = {"text": counts.count_text, "node": counts.count_node}
BUILD_SECONDS = 100  # about
LIMIT = 30 * 60  # seconds that a suite may take; one that hangs fails
KEPT = ("LEADBLOCK_CHROMIUM",)  # variables of ours that somebody may set for all suites
BUILD = """
. script/lib/common.sh
name=$1 jobs=$2
shift 2
build_target=build.ninja
build_tree "$name"
exec ninja -C "$tree" -j "$jobs" "$@"
"""


class Job:
    """A suite or the build of a tree, while it runs and after."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder  # for its output, and its sanitizers'
        self.out = folder / "out"
        self.wall = self.cpu = 0.0
        self.code = None
        self.process = None

    def spawn(self, command, env):
        self.folder.mkdir()
        self.started = time.monotonic()
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=subprocess.STDOUT,
                                            start_new_session=True)

    def poll(self):
        """True when it has ended."""
        pid, status, used = os.wait4(self.process.pid, os.WNOHANG)
        self.wall = time.monotonic() - self.started
        if pid == 0:
            if self.wall > LIMIT:
                self.kill()
            return False
        self.code = self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = used.ru_utime + used.ru_stime
        self.kill()  # what it may have left
        return True

    def kill(self, number=signal.SIGKILL):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def text(self):
        return self.out.read_text(encoding="utf-8", errors="replace")


class Build(Job):
    share = 1.0

    def __init__(self, tree, targets, folder):
        super().__init__(f"build ({tree})", folder)
        self.tree = tree
        self.targets = targets

    def start(self, jobs):
        self.spawn(["bash", "-euo", "pipefail", "-c", BUILD, "script/test", self.tree,
                    str(jobs), *self.targets], os.environ)

    def result(self):
        """(passed, failed, skipped), a note, and what to show."""
        if self.code == 0:
            return (0, 0, 0), "", ""
        lines = [line for line in self.text().splitlines() if not line.startswith("[")]
        return (0, 1, 0), "", "\n".join(lines)


class Run(Job):
    """A suite."""

    def __init__(self, suite, folder):
        super().__init__(suite.name, folder)
        self.suite = suite
        self.share = suite.share

    def start(self, jobs):
        env = {name: value for name, value in os.environ.items()
               if not name.startswith("LEADBLOCK_") or name in KEPT}
        reports = f"log_path={self.folder}/sanitizer"
        env["ASAN_OPTIONS"] = f"{reports}:detect_leaks=1:strict_string_checks=1"
        env["UBSAN_OPTIONS"] = f"{reports}:print_stacktrace=1:halt_on_error=1"
        env["TSAN_OPTIONS"] = f"{reports}:halt_on_error=0:second_deadlock_stack=1"
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        if self.suite.tree:
            env["LEADBLOCK_BIN"] = str(ROOT / TREES[self.suite.tree] / "leadblock")
        env.update(self.suite.env)
        command = self.suite.arguments()
        if jobs > 1 and self.suite.counting == "meson" and not self.suite.cluster:
            command[command.index("--num-processes") + 1] = str(jobs)
        self.spawn(command, env)

    def count(self):
        if self.suite.counting != "meson":
            return COUNT[self.suite.counting](self.out)
        command = self.suite.command
        log = command[command.index("--logbase") + 1]
        path = ROOT / TREES[self.suite.tree] / "meson-logs" / f"{log}.json"
        return counts.count_meson(path) if path.exists() else (0, 0, 0)

    def result(self):
        passed, failed, skipped = self.count()
        shown, note = [], ""
        if self.code != 0:
            shown.append(self.text().rstrip())
        # Sanitizers write into files, so that a report of a server which a test started is seen.
        reports = [path for path in self.folder.glob("sanitizer.*") if path.stat().st_size]
        if reports:
            shown += [path.read_text(errors="replace") for path in reports]
            failed += len(reports)
            note = "sanitizer report"
        elif self.code != 0 and failed == 0:
            failed, note = 1, f"exit code {self.code}"
        elif passed + failed + skipped == 0:
            failed, note = 1, "ran nothing"
        return (passed, failed, skipped), note, "\n".join(shown)


class Runner:
    def __init__(self, chosen, jobs, disturbing=None):
        """disturbing: a file that is there while something else runs on this machine, or None."""
        self.jobs = jobs
        self.disturbing = disturbing
        self.folder = Path(tempfile.mkdtemp(prefix="leadblock-suites-"))
        if not os.access(os.environ.get("HOME", "/nonexistent"), os.W_OK):
            (self.folder / "home").mkdir()  # npm and the browser keep things there
            os.environ["HOME"] = str(self.folder / "home")
        self.waiting = self.plan(chosen)
        self.running = []
        self.ended = []  # (job, counts, note)
        self.built = set()

    def plan(self, chosen):
        """First what most waits for or what takes long, and at the end what must be alone."""
        number = iter(range(len(chosen) + len(TREES)))
        targets, seconds = {}, {}
        for suite in chosen:
            if suite.tree:
                targets.setdefault(suite.tree, {}).update(dict.fromkeys(suite.targets))
                seconds[suite.tree] = seconds.get(suite.tree, BUILD_SECONDS) + suite.seconds
        builds = [Build(tree, list(names), self.folder / str(next(number)))
                  for tree, names in sorted(targets.items(), key=lambda item: item[0] != "release")]
        if builds:
            builds[0].share = self.jobs  # nothing else can run yet
        runs = [Run(suite, self.folder / str(next(number))) for suite in chosen]

        def rank(job):
            if isinstance(job, Build):
                return job is not builds[0], -seconds[job.tree]
            return 2 if job.share is None else 1, -job.suite.seconds

        return sorted([*builds, *runs], key=rank)

    def ready(self, job):
        return isinstance(job, Build) or job.suite.tree is None or job.suite.tree in self.built

    def fits(self, job):
        if any(other.share is None for other in self.running):
            return False
        if job.share is None:
            return not self.running and not (self.disturbing and self.disturbing.exists())
        return sum(other.share for other in self.running) + job.share <= self.jobs

    def start_more(self):
        for job in list(self.waiting):
            if self.ready(job) and self.fits(job):
                self.waiting.remove(job)
                alone = not self.running and not any(
                    self.ready(other) for other in self.waiting)
                self.running.append(job)
                job.start(self.jobs if alone or job.share == self.jobs else 1)

    def end(self, job):
        self.running.remove(job)
        result, note, shown = job.result()
        if shown:
            print(f"--- {job.name}\n{shown}", flush=True)
        self.ended.append((job, result, note))
        print(line(job, result, note), flush=True)
        if isinstance(job, Build):
            if job.code == 0:
                self.built.add(job.tree)
            else:  # which is a failed test, and the other trees are still tried
                self.waiting = [other for other in self.waiting
                                if isinstance(other, Build) or other.suite.tree != job.tree]

    def run(self):
        """Returns (passed, failed, skipped)."""
        try:
            while self.waiting or self.running:
                self.start_more()
                for job in [job for job in self.running if job.poll()]:
                    self.end(job)
                time.sleep(0.02)
        finally:
            self.stop()
        return tuple(map(sum, zip(*(result for _, result, _ in self.ended)))) or (0, 0, 0)

    def stop(self):
        """Lets those that still run tidy up, but not for long."""
        for job in self.running:
            job.kill(signal.SIGTERM)
        limit = time.monotonic() + 10
        while self.running and time.monotonic() < limit:
            self.running = [job for job in self.running if not job.poll()]
            time.sleep(0.02)
        for job in self.running:
            job.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def table(self, wall):
        """All suites with their times, the longest first."""
        print(f"\n{'suite':<30} {'wall s':>8} {'cpu s':>8}  tests")
        for job, result, note in sorted(self.ended, key=lambda entry: -entry[0].wall):
            print(f"{job.name:<30} {job.wall:8.1f} {job.cpu:8.1f}  {words(result, note)}")
        cpu = sum(job.cpu for job, _, _ in self.ended)
        print(f"{'all, ' + str(self.jobs) + ' at once':<30} {wall:8.1f} {cpu:8.1f}")


def words(result, note=""):
    passed, failed, skipped = result
    if not any(result):
        return ""
    text = f"{passed} passed, {failed} failed"
    return text + (f", {skipped} skipped" if skipped else "") + (f" ({note})" if note else "")


def line(job, result, note):
    return f"{job.name:<30} {job.wall:5.0f} s  {words(result, note)}".rstrip()
