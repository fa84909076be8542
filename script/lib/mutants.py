"""script/mutants, but for the packages that it installs; see script/mutants --help."""

import argparse
import datetime
import hashlib
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "mutants"
sys.path.insert(0, str(ROOT / "tests"))

import suites  # noqa: E402
from support import surroundings  # noqa: E402

PYTHON, MESON = "/usr/bin/python3", "/usr/bin/meson"
NOT_COPIED = {".git", "leadblock-data", "node_modules"}
LONGEST = 600  # seconds that a test may take without a mistake
USUAL = 40  # seconds that no test takes: what it took, when that is not measured
ON_POSTGRESQL = "postgresql:"  # before the path of a test that runs on PostgreSQL
TESTS = {  # what is enough for a test to notice, and stops at once when it has
    "crash/kill_cycles.py": ["--cycles", "10", "--first-failure"],
    "crash/claim_cycles.py": ["--cycles", "10", "--first-failure"],
    "crash/damage.py": ["--damages", "34", "--seed", "1"],
    "guarantee/fire.py": ["--seconds", "10"],
}


class Mistake:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        head = path.read_text(encoding="utf-8").split("\n---", 1)[0]
        fields = dict(re.findall(r"^(Mistake|Caught by): (.*)$", head, re.M))
        self.text = fields.get("Mistake", "")
        self.tests = fields.get("Caught by", "").split()


def target(test):
    """What ninja must build for a test: C tests are named FOLDER/NAME, others by their path, behind ON_POSTGRESQL or not."""
    return "leadblock" if ".py" in test else f"tests/test_{test.split('/')[1]}"


def needs_database(test):
    """A test in C that runs on both backends, when it is given one."""
    return any(suites.c_name(path) == test.removeprefix("store/") for path in suites.on_database())


def command(test):
    if test.startswith(ON_POSTGRESQL):
        return [*suites.ON_POSTGRESQL, "/usr/bin/env",
                "LEADBLOCK_TEST_BACKEND=postgresql", *command(test.removeprefix(ON_POSTGRESQL))]
    if test in TESTS:
        words = [PYTHON, f"tests/{test}", *TESTS[test]]
    elif ".py" in test:
        words = [PYTHON, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"tests/{test}"]
    else:
        words = [f"build/tests/test_{test.split('/')[1]}"]
    if test.startswith("cluster/") or needs_database(test):
        words = [*suites.ON_POSTGRESQL, *words]
    return words


class Copy:
    """A copy of the tree with a build of its own, in which one mistake at a time is made."""

    def __init__(self, folder):
        self.root = folder
        self.log = folder / "log"

    def make(self, tests, jobs):
        shutil.copytree(ROOT, self.root, symlinks=True, ignore=lambda folder, names: [
            name for name in names if name in NOT_COPIED
            or Path(folder) == ROOT and (name == "build" or name.startswith("build-"))])
        (self.root / "tmp").mkdir()
        if self.run([MESON, "setup", "build", ".", "--buildtype=debug", "-Ddebug=false", "-Dwerror=false",
                     "-Ddashboard=disabled"]) != 0:
            raise SystemExit(f"{self.said()}\nmeson setup failed")
        if not self.build(tests, jobs):
            raise SystemExit(f"{self.said()}\nthe copy does not build")

    def make_like(self, other):
        """What is built there is built here: the tree names its files from its own folder."""
        shutil.copytree(other.root, self.root, symlinks=True)

    def run(self, words, limit=600, **env):
        """The exit code; None when it was not done in time."""
        with open(self.log, "wb") as log:
            process = subprocess.Popen(words, cwd=self.root, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, env={**os.environ, **env},
                                       start_new_session=True)
            try:
                return process.wait(limit)
            except subprocess.TimeoutExpired:
                process.terminate()
                try:  # PostgreSQL has a session of its own and is stopped by who started it
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    pass
                return None
            finally:
                try:
                    os.killpg(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                process.wait()

    def said(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def build(self, tests, jobs=1):
        targets = sorted({target(test) for test in tests})
        return self.run(["ninja", "-C", "build", "-j", str(jobs), *targets]) == 0

    def test(self, test, limit):
        # What a failing test keeps, to be looked at, is kept no longer than the copy.
        return self.run(command(test), limit, TMPDIR=str(self.root / "tmp"),
                        LEADBLOCK_BIN=str(self.root / "build" / "leadblock"))

    def patch(self, mistake, *options):
        return self.run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-s", "-i",
                         str(mistake.path), *options]) == 0


class Trial:
    """All that the threads share: what to do, and how it went."""

    def __init__(self, mistakes, verbose):
        self.mistakes = mistakes
        self.verbose = verbose
        self.took = {}  # test -> seconds without a mistake
        self.passed = self.failed = 0
        self.lock = threading.Lock()
        self.trouble = None

    def each(self, copies, items, action):
        """Does something for every item, in whichever copy is free."""
        left = queue.SimpleQueue()
        for item in items:
            left.put(item)

        def work(copy):
            try:
                while not self.trouble:
                    action(copy, left.get_nowait())
            except queue.Empty:
                pass
            except BaseException as error:  # noqa: BLE001: raised by the main thread
                self.trouble = error

        threads = [threading.Thread(target=work, args=(copy,)) for copy in copies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.trouble:
            raise self.trouble

    def prepare(self, copies):
        tests = {test for mistake in self.mistakes for test in mistake.tests}
        copies[0].make(tests, len(copies))
        for copy in copies[1:]:
            copy.make_like(copies[0])

    def baseline(self, copy, test):
        """Without a mistake every test passes, or nothing would mean anything."""
        started = time.monotonic()
        code = copy.test(test, LONGEST)
        if code != 0:
            what = f"did not end in {LONGEST} s" if code is None else "fails"
            raise SystemExit(f"{copy.said()}\n{test} {what} without any mistake")
        self.took[test] = time.monotonic() - started

    def limit(self, test):
        """Seconds; a test that hangs has noticed, and need not be waited for."""
        return 20 + 3 * self.took.get(test, USUAL)

    def verdict(self, mistake, text, good):
        with self.lock:
            print(f"{mistake.name:<38} {text}", flush=True)
            if good:
                self.passed += 1
            else:
                self.failed += 1

    def attempt(self, copy, mistake):
        if not copy.patch(mistake, "--dry-run"):
            self.verdict(mistake, f"DOES NOT APPLY any more\n{copy.said()}", False)
            return
        copy.patch(mistake)
        started = time.monotonic()
        try:
            if not copy.build(mistake.tests):
                self.verdict(mistake, f"DOES NOT BUILD\n{copy.said()}", False)
                return
            survived, how = [], ""
            for test in mistake.tests:
                code = copy.test(test, self.limit(test))
                if code == 0:
                    survived.append(test)
                how += f"\n{copy.said(8)}" if self.verbose else ""
                how += f" ({test} did not end)" if code is None else ""
            seconds = time.monotonic() - started
            if survived:
                self.verdict(mistake, f"SURVIVED {' '.join(survived)}: {mistake.text}{how}", False)
            else:
                self.verdict(mistake, f"caught by {' '.join(mistake.tests)} in {seconds:.0f} s{how}",
                             True)
        finally:
            copy.patch(mistake, "-R")


def read_git(*words):
    result = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else None


def sample(mistakes, count):
    """As many as asked for; the next commit has the next ones, so that each has its turn."""
    number, turn = read_git("rev-list", "--count", "HEAD"), "commit number"
    if number is None:
        number, turn = datetime.date.today().toordinal(), "day"
    count = min(count, len(mistakes))
    mixed = sorted(mistakes, key=lambda mistake: hashlib.sha256(mistake.name.encode()).digest())
    first = int(number) * count % len(mixed)
    print(f"{count} of {len(mixed)} mistakes, chosen by {turn} {number}", flush=True)
    return [(mixed + mixed)[first + index] for index in range(count)]


def parse(arguments):
    parser = argparse.ArgumentParser(prog="script/mutants", add_help=False)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("-v", action="store_true", dest="verbose")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--no-baseline", action="store_true")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args(arguments)


def choose(options):
    every = [Mistake(path) for path in sorted(PATCHES.glob("*.patch"))]
    for mistake in every:
        if not mistake.tests:
            raise SystemExit(f"{mistake.path.relative_to(ROOT)} names no test")
    known = {mistake.name: mistake for mistake in every}
    for name in options.names:
        if name not in known:
            raise SystemExit(f"no mistake called '{name}'; see script/mutants --list")
    chosen = [known[name] for name in options.names] or every
    return sample(chosen, options.sample) if options.sample else chosen


def main(arguments):
    options = parse(arguments)
    chosen = choose(options)
    if options.list:
        for mistake in chosen:
            print(f"{mistake.name:<38} {mistake.text}")
        return 0
    surroundings.settle()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in [name for name in os.environ if name.startswith("LEADBLOCK_")]:
        del os.environ[name]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="leadblock-mutants-"))
    folder.chmod(0o711)  # PostgreSQL, which runs as another user when we are root, has its folder in it
    try:
        trial = Trial(chosen, options.verbose)
        copies = [Copy(folder / str(number))
                  for number in range(max(1, min(options.jobs, len(chosen))))]
        trial.prepare(copies)
        print(f"built after {time.monotonic() - started:.0f} s", flush=True)
        if not options.no_baseline:
            tests = sorted({test for mistake in chosen for test in mistake.tests})
            trial.each(copies, tests, trial.baseline)
            print(f"{len(tests)} tests pass without a mistake, after "
                  f"{time.monotonic() - started:.0f} s", flush=True)
        trial.each(copies, chosen, trial.attempt)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"all of it took {time.monotonic() - started:.0f} s")
    print(f"{trial.passed} passed, {trial.failed} failed")
    return 1 if trial.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SystemExit as end:
        if isinstance(end.code, str):
            print(f"mutants: {end.code}", file=sys.stderr)
            sys.exit(2 if "--list" in end.code else 1)
        raise
