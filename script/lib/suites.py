"""The suites of script/test: what each runs, what it needs, and which of them a pattern means."""

import datetime
import fnmatch
import re
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"  # one of the user's own may lack pytest
MESON = "/usr/bin/meson"
TREES = {"release": "build", "asan": "build-asan", "tsan": "build-tsan"}
PROGRAM = "leadblock"  # the target that all but the tests in C need
PYTEST = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
ON_POSTGRESQL = [PYTHON, "tests/support/postgres.py", "run", "--"]
DATABASE = re.compile(r'^#include "support/(backend|postgres)\.h"$', re.M)  # in a test in C: it runs on PostgreSQL, too
# Of tests/http: those that measure how long something takes, and those that show nothing of what the
# backend does (requests, limits, files, headers and the command line), which need not run on PostgreSQL too.
TIMING = {"bounds", "deadlines", "fairness", "hooks", "hooks_guard", "waiting", "limits"}
NO_BACKEND = {"bad_input", "cli", "cors", "dashboard_files", "data_folder", "deadlines", "docs_site",
              "early_refusals", "examples", "full_disk", "hooks_guard", "identifiers", "limits", "process", "protocol"}
# A run of everything shows one half of the files of tests/http address-checked on SQLite, and of the other half those
# that are not of NO_BACKEND on PostgreSQL, in the release build; the next commit has it the other way round. An
# eighth of those on PostgreSQL is address-checked there, too.
# What the release build does on SQLite is seen by the browser's tests, the crashes and the claims. Commands, of
# which each test starts several, are checked by tests/cli.
COMMANDS = {"cli"}
SIDES = 2  # SQLite and PostgreSQL
PARTS = 16  # after as many commits each file was address-checked on PostgreSQL
# What costs most, the costliest first: shared out, so that each part has some of it.
LONG = ["auth", "users", "import", "sessions", "agreement", "imports", "exclusion", "license", "export", "asked_again",
        "lifecycle", "evidence", "names_before", "fairness", "bounds", "waiting", "sqlite", "power_loss", "chain_log",
        "outreach_model", "io_errors", "outreach_faults", "damage", "no_memory", "mailbox_threads", "outreach", "store"]
VARIANTS = {"asan", "tsan", "postgresql"}
KINDS = (".py", ".c", ".test.mjs")  # of files with tests

# How much of a processor a suite keeps busy. The runner fills the machine by that.
IDLE = 0.2  # it hardly does anything but wait for a clock
WAITS = 0.5  # most of its time it waits for a clock, a disk or a database
SHARED = 0.75  # it waits for a part of it
BUSY = 1.0
ALONE = None  # it measures times: nothing else may run beside it


@dataclass
class Suite:
    name: str
    folder: str  # below tests/, whose files it runs
    command: list
    tree: str = None  # one of TREES, or None when nothing has to be built
    targets: list = field(default_factory=lambda: [PROGRAM])
    files: list = field(default_factory=list)  # what a pattern may choose from; given to the command
    counting: str = "text"
    env: dict = field(default_factory=dict)
    in_part: dict = field(default_factory=dict)  # variables that make it shorter in a run of everything
    cluster: bool = False  # it is given a PostgreSQL cluster
    share: float = BUSY
    quick: bool = True  # script/test --quick runs it
    by_name: bool = False  # only patterns run it: what it installs is too much for each run
    repeated: bool = False  # another suite shows all of it: only --quick and patterns run it
    pieces: int = 1  # --quick and patterns run it in so many, side by side
    due: frozenset = None  # names of the files that a run of everything shows this time; None: all
    seconds: int = 60  # about; long ones are started first
    packages: tuple = ()  # lists of script/lib/packages.sh, beside those of build and test

    @property
    def variant(self):
        """What stands in brackets after the name, as words."""
        found = re.search(r"\((.*)\)$", self.name)
        return found.group(1).split(", ") if found else []

    def runs_on(self, variants):
        """Without any: the release build, and SQLite unless the suite is about PostgreSQL."""
        return set(variants) == VARIANTS & set(self.variant)

    def arguments(self):
        command = [*(ON_POSTGRESQL if self.cluster else []), *self.command]
        return [*command, *map(str, self.files)]

    def only(self, files, tests=()):
        """The same suite for some of its files, or some tests of them."""
        if self.counting == "meson":
            names = [c_name(file) for file in files]
            return replace(self, files=names, targets=[f"tests/test_{name}" for name in names])
        return replace(self, files=list(tests or files))


def c_name(path):
    return Path(path).stem.removeprefix("test_")


def c_tests(*folders):
    return [path for folder in folders
            for path in sorted((ROOT / "tests" / folder).glob("test_*.c"))]


def py_tests(folder):
    return sorted(path.relative_to(ROOT) for path in (ROOT / "tests" / folder).glob("test_*.py"))


def meson(name, tree, paths, **options):
    names = [c_name(path) for path in paths]
    folder = "store" if "store" in name else "unit"
    tests = [f"tests/test_{test}" for test in names]
    log = re.sub(r"\W+", "-", name).strip("-")
    command = [MESON, "test", "-C", TREES[tree], "--no-rebuild", "--print-errorlogs", "--logbase", log,
               "--num-processes", "1" if "postgresql" in name else "2"]  # some only wait
    return Suite(name, folder, command, tree, tests, names, counting="meson", **options)


def pytest(name, tree, folder, files=None, **options):
    return Suite(name, folder, PYTEST, tree, files=py_tests(folder) if files is None else files,
                 **options)


def http(name, tree, timing=False, skip=frozenset(), share=SHARED, **options):
    """The files of tests/http that measure times, or the others."""
    files = [path for path in py_tests("http")
             if (c_name(path) in TIMING) == timing and c_name(path) not in skip]
    return pytest(name, tree, "http", files, share=ALONE if timing else share, **options)


def program(name, path, *arguments, tree="release", **options):
    return Suite(name, str(Path(path).parent), [PYTHON, f"tests/{path}", *map(str, arguments)], tree,
                 **options)


def release(quick, cycles):
    fire = 5 if quick else 12
    fewer = {"LEADBLOCK_TEST_NAMES": "100000", "LEADBLOCK_CYCLES": "15", **one_of(8)} if quick else {}
    return [
        # What is repeated runs address-checked, and what the release build may do otherwise is seen
        # by tests/http, the browser's tests, the crashes and the claims.
        meson("unit", "release", c_tests("unit", "store"), seconds=70, repeated=True, env=fewer),
        http("http", "release", seconds=400 if quick else 110, share=WAITS if quick else SHARED,
             due=frozenset(COMMANDS), pieces=4),
        http("http timing", "release", timing=True, seconds=25, repeated=True,
             quick=False),
        pytest("cli", "release", "cli", share=WAITS, seconds=25, repeated=True),
        pytest("copy", "release", "copy", cluster=True, seconds=110, quick=False,
               in_part={"LEADBLOCK_TEST_ENTRIES": "100000"}, due=in_turn({"copy"}, 2, which=1)),
        pytest("guarantee", None, "guarantee", seconds=5),
        pytest("instructions", "release", "instructions", seconds=40, quick=False,
               packages=("instructions",)),
        pytest("operation", "release", "operation", seconds=60, quick=False, packages=("operation",)),
        pytest("script", None, "script", seconds=3),
        Suite("openapi (node)", "openapi", ["bash", "script/lib/openapi.sh"], "release",
              files=[Path("tests/openapi/openapi.test.mjs"),
                     Path("tests/openapi/hooks.test.mjs"),
                     Path("tests/openapi/mcp.test.mjs")], counting="node", seconds=30, quick=False),
        Suite("n8n (node)", "n8n", ["bash", "script/lib/n8n.sh"], "release",
              files=[Path("tests/n8n/n8n.test.mjs")], counting="node", seconds=20, quick=False, by_name=True),
        program("crash/kill_cycles", "crash/kill_cycles.py", "--cycles", cycles, seconds=30),
        program("crash/claim_cycles", "crash/claim_cycles.py", "--cycles", (cycles + 1) // 2,
                seconds=30),
        program("crash/hook_cycles", "crash/hook_cycles.py", "--cycles", (cycles + 2) // 3, share=IDLE,
                seconds=60),
        program("crash/damage", "crash/damage.py", "--damages", 100 if cycles > 10 else 34, seconds=20),
        program("guarantee/fire", "guarantee/fire.py", "--seconds", fire, seconds=fire + 15),
    ]


def postgresql(quick):
    fire = 5 if quick else 12
    nodes = py_tests("cluster")
    half = in_turn(c_names(nodes), 2)
    if quick:
        nodes = [path for path in nodes if c_name(path) in half]
    again = {"env": {"LEADBLOCK_TEST_BACKEND": "postgresql"}, "cluster": True, "quick": False,
             "skip": NO_BACKEND}
    return [
        meson("store (postgresql)", "release", on_database(), cluster=True, seconds=15, share=WAITS,
              repeated=True),
        http("http (postgresql)", "release", seconds=200, due=on_postgresql() - checked_on_postgresql(), **again),
        http("http (postgresql, asan)", "asan", seconds=50, due=checked_on_postgresql(), **again),
        http("http timing (postgresql)", "release", timing=True, seconds=40, due=on_postgresql(), **again),
        pytest("cluster", "release", "cluster", nodes, cluster=True, share=WAITS, seconds=150 if quick else 80,
               due=half),
        program("guarantee/fire (three nodes)", "guarantee/fire.py", "--seconds", fire, "--nodes",
                3, cluster=True, seconds=fire + 20),
        program("guarantee/fire (no locks)", "guarantee/fire.py", "--seconds", 5, "--nodes", 3, "--no-locks",
                cluster=True, seconds=30, quick=False),
        program("crash/hook_cycles (fail over)", "crash/hook_cycles.py", "--nodes", 2, "--fail-over", "--cycles", 2,
                share=IDLE, seconds=12, quick=False),
        program("fail over", "cluster/fail_over.py", "--cycles", 1 if quick else 2, share=WAITS,
                seconds=30),
    ]


def on_database():
    return [path for path in c_tests("store") if DATABASE.search((ROOT / path).read_text("utf-8"))]


def browser(name, files, **options):
    return Suite(name, "e2e", ["bash", "script/lib/browser.sh"], "release", files=files,
                 counting="node", packages=("browser",), **options)


def dashboard(quick):
    """In quick runs, the browser opens the first pages only."""
    files = sorted(path for path in (ROOT / "tests/e2e").glob("*.test.mjs"))
    timing = {"import.test.mjs", "hook-delay.test.mjs"}  # how long a page does not answer, an event takes
    node = ["node", "--test", "--test-reporter=spec"]
    return [
        Suite("dashboard (node)", "../web/test", node, None, counting="node", seconds=2,
              files=sorted(path.relative_to(ROOT) for path in (ROOT / "web/test").glob("*.mjs"))),
        browser("dashboard (chromium)", [file for file in files if file.name not in timing
                                         and (not quick or file.name.startswith("smoke."))],
                share=WAITS, seconds=15 if quick else 300, in_part=one_of(4)),
        browser("dashboard timing (chromium)", [file for file in files if file.name in timing],
                share=ALONE, seconds=30, quick=False),
    ]


def turn():
    """The number of the commit, or of the day: what runs in part has another part each time."""
    try:
        told = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True,
                              text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return datetime.date.today().toordinal()
    return int(told)


def one_of(every, commits=1):
    """For tests that run one of so many of their like cases (tests/support/thinned.h, tests/e2e/lib/thinned.mjs).
    commits: of so many, one runs the file at all."""
    return {"LEADBLOCK_TEST_EVERY": str(every), "LEADBLOCK_TEST_TURN": str(turn() // commits)}


def in_turn(names, parts, which=0):
    """Of the names, one of so many parts; with each commit the next one."""
    return frozenset(sorted(names, key=costliest_first)[(which - turn()) % parts::parts])


def costliest_first(name):
    return LONG.index(name) if name in LONG else len(LONG), name


def in_pieces(chosen):
    """The same suites; those that wait most of their time as several, which run side by side. Each has some of
    the files and servers of its own. A few files stay together."""
    found = []
    for suite in chosen:
        if suite.pieces == 1 or len(suite.files) < 2 * suite.pieces:
            found.append(suite)
            continue
        order = sorted(suite.files, key=lambda file: costliest_first(c_name(file)))
        found += [replace(suite, name=f"{suite.name} {piece + 1}/{suite.pieces}", files=order[piece::suite.pieces],
                          share=WAITS, seconds=suite.seconds // suite.pieces, pieces=1)
                  for piece in range(suite.pieces)]
    return found


def c_names(paths):
    return frozenset(map(c_name, paths))


def every_http():
    return c_names(py_tests("http"))


def checked_on_sqlite():
    """The files of tests/http that are address-checked on SQLite this time."""
    return in_turn(every_http() - NO_BACKEND, SIDES) | in_turn(NO_BACKEND - COMMANDS, SIDES)


def on_postgresql():
    return in_turn(every_http() - NO_BACKEND, SIDES, which=1)


def checked_on_postgresql():
    """Of those, the ones that are address-checked."""
    return in_turn(every_http() - NO_BACKEND, PARTS, which=1)


def checked():
    """Address- and undefined-behaviour-checked, and what threads share thread-checked."""
    # Of the tests that repeat an operation with each of its steps failing, the checked build runs an eighth
    # (tests/support/thinned.h), and another one with the next commit; of the power losses, those of 15 seeds.
    # Whole they run in the release build: `unit`, which script/fresh runs in each second .ci/run.
    some = {**one_of(8, SIDES), "LEADBLOCK_CYCLES": "15"}
    fewer = {"LEADBLOCK_TEST_ENTRIES": "20000"}
    threads = [path for path in c_tests("unit", "store") if path.stem.endswith("_threads")]
    every = [
        meson("unit (asan)", "asan", c_tests("unit", "store"), seconds=150, in_part=some,
              due=in_turn(c_names(c_tests("unit", "store")), 2)),
        http("http (asan)", "asan", seconds=320, share=WAITS, due=checked_on_sqlite()),
        http("http timing (asan)", "asan", timing=True, seconds=40, due=checked_on_sqlite()),
        pytest("cli (asan)", "asan", "cli", share=WAITS, seconds=30, due=in_turn(c_names(py_tests("cli")), 2)),
        pytest("copy (asan)", "asan", "copy", seconds=80, in_part=fewer, due=in_turn({"copy"}, 2)),
        meson("store (postgresql, asan)", "asan", on_database(), cluster=True, seconds=40,
              share=WAITS, due=in_turn(c_names(on_database()), 2)),
        meson("unit (tsan)", "tsan", threads, seconds=20),
    ]
    return [replace(suite, quick=False) for suite in every]


def suites(quick=False, cycles=None):
    cycles = cycles or (10 if quick else 60)
    return [*release(quick, cycles), *dashboard(quick), *postgresql(quick), *checked()]


def run_of_everything(quick=False, cycles=None):
    """What runs without a pattern. In quick runs no suite stands in for another."""
    every = [replace(suite, env={**suite.env, **suite.in_part}) for suite in suites(quick, cycles)
             if not suite.by_name]
    if quick:
        return in_pieces(suite for suite in every if suite.quick)
    every = [suite if suite.due is None else
             suite.only([file for file in suite.files if c_name(file) in suite.due])
             for suite in every if not suite.repeated]
    return [suite for suite in every if suite.files or suite.due is None]


# --- What a pattern means ---


def find_files(pattern):
    """The files or the folder that a pattern names: a path from the root or from tests/, or a name."""
    path = pattern.removeprefix("./").rstrip("/")
    for start in (ROOT, ROOT / "tests"):
        for end in ("", *KINDS):
            found = start / (path + end)
            if path and found.exists() and found != start:
                return [found.resolve()]
    if re.fullmatch(r"[\w-]+", path):
        every = [*ROOT.glob("tests/*/*"), *ROOT.glob("web/test/*")]
        return [file for file in every
                for name in (path, f"test_{path}") for end in KINDS if file.name == name + end]
    return []


def find_tests(pattern):
    """{file: [names]} of the test functions of that name, in Python and in C."""
    if not re.fullmatch(r"[\w*?\[\]-]+", pattern) or len(pattern) < 4:
        return {}
    found = {}
    for file in [*ROOT.glob("tests/*/test_*.py"), *c_tests("unit", "store")]:
        form = r"^def (test_\w+)\(" if file.suffix == ".py" else r"^static void (\w+)\(void \*\*"
        names = [name for name in re.findall(form, file.read_text(encoding="utf-8"), re.M)
                 if fnmatch.fnmatchcase(name, pattern)]
        if names:
            found[file] = names
    return found


def find_dashboard_tests(pattern):
    """{file: [names]} of node's tests whose names, which are sentences, contain the pattern."""
    found = {}
    files = [*(ROOT / "tests/e2e").glob("*.test.mjs"), *(ROOT / "tests/openapi").glob("*.test.mjs"),
             *(ROOT / "tests/n8n").glob("*.test.mjs")]
    for file in sorted(files) if len(pattern) >= 4 else []:
        names = re.findall(r"\b(?:screen|test)\(\s*'([^'\n]+)'", file.read_text(encoding="utf-8"))
        if names := [re.escape(name) for name in names if pattern in name]:
            found[file] = names
    return found


def of_file(every, file, variants):
    """The suites that run a file, or anything of a folder, narrowed to it."""
    found = []
    if file.name == "test_postgres.c":  # which skips itself elsewhere
        variants = {*variants, "postgresql"}
    for suite in every:
        if not suite.runs_on(variants):
            continue
        folder = (ROOT / "tests" / suite.folder).resolve()
        if file.is_dir():
            if suite.counting == "meson" and folder.name != file.name:
                inside = [path for path in c_tests(file.name) if c_name(path) in suite.files]
                found += [suite.only(inside)] if inside and file.parent == ROOT / "tests" else []
            elif folder == file or file in folder.parents:
                if suite.counting == "meson":
                    suite = suite.only([path for path in c_tests(file.name)
                                        if c_name(path) in suite.files])
                found.append(suite)
        elif suite.counting == "meson":
            if file.suffix == ".c" and file.parent.name in ("unit", "store") and \
                    c_name(file) in suite.files:
                found.append(suite.only([file]))
        elif folder == file.parent and runs(suite, file):
            found.append(suite.only([file]) if suite.files else suite)
    return found


def runs(suite, file):
    if suite.files:
        return file in [ROOT / path for path in suite.files]
    return f"tests/{file.relative_to(ROOT / 'tests')}" in suite.command


def not_built(chosen):
    """The names of those of the tests in C that tests/meson.build does not know."""
    named = (ROOT / "tests/meson.build").read_text(encoding="utf-8")
    return sorted({name for suite in chosen if suite.counting == "meson" for name in suite.files
                   if f"'{name}'" not in named})


def once(chosen):
    """Each suite once: of one that was chosen twice, both its files."""
    merged = {}
    for suite in chosen:
        known = merged.get(suite.name)
        if known:
            suite = replace(known, files=list(dict.fromkeys([*known.files, *suite.files])),
                            targets=list(dict.fromkeys([*known.targets, *suite.targets])))
        merged[suite.name] = suite
    return list(merged.values())


def of_name(every, pattern, variants):
    """The suites of that name; with variants those beside them, as `copy (asan)` beside `copy`."""
    named = [suite for suite in every if fnmatch.fnmatchcase(suite.name, pattern)]
    if not named or not variants:
        return named
    return [suite for suite in every if suite.runs_on(variants) and
            (suite in named or fnmatch.fnmatchcase(suite.name.partition(" (")[0], pattern))]


def choose(every, pattern, variants):
    """The suites that a pattern means, narrowed to it; none when it means nothing. A suite's name means that suite
    alone, also where a folder has the same name: the folder is meant by its path, as tests/cluster."""
    if named := of_name(every, pattern, variants):
        return named
    path, _, test = pattern.partition("::")
    found = []
    for file in find_files(path):
        for suite in of_file(every, file, variants):
            found.append(suite.only([file], [f"{file}::{test}"]) if test else suite)
    if not found and not test:
        tests = find_tests(pattern) or find_tests(pattern + "*") or find_dashboard_tests(pattern)
        for file, names in tests.items():
            for suite in of_file(every, file, variants):
                found.append(suite.only([file], [f"{file}::{name}" for name in names]))
    return once(found)
