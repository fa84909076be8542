"""script/test: every test belongs to a suite, and a pattern means what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "script" / "lib"))

import runner  # noqa: E402
import suites  # noqa: E402

EVERY = suites.suites()


def chosen(pattern, *variants):
    """What a pattern runs: {suite: names of files and tests}."""
    return {suite.name: [str(file).rpartition("/")[2] for file in suite.files]
            for suite in suites.choose(EVERY, pattern, variants)}


def files():
    return sorted([*ROOT.glob("tests/*/test_*.py"), *ROOT.glob("tests/*/test_*.c"),
                   *ROOT.glob("tests/e2e/*.test.mjs"),
                   *ROOT.glob("tests/openapi/*.test.mjs"), *ROOT.glob("tests/n8n/*.test.mjs"), *ROOT.glob("web/test/*.test.mjs")])


def test_every_file_of_tests_is_in_a_suite_of_the_release_build():
    left = [str(file.relative_to(ROOT)) for file in files() if not suites.of_file(EVERY, file, ())]
    assert left == []


def test_every_test_in_c_is_built():
    assert suites.not_built(EVERY) == []


def test_a_test_in_c_that_is_not_built_is_named():
    suite = next(suite for suite in EVERY if suite.name == "unit")
    assert suites.not_built([suite.only([ROOT / "tests/unit/test_no_such_thing.c"])]) == \
        ["no_such_thing"]


def test_files_that_are_listed_by_name_exist():
    for name in suites.TIMING | suites.NO_BACKEND:
        assert (ROOT / "tests" / "http" / f"test_{name}.py").exists(), name
    assert set(suites.LONG) <= suites.every_http() | suites.c_names(suites.c_tests("unit", "store"))


def shown_in(monkeypatch, turn):
    """{suite: names of the files that a run of everything shows at that commit}."""
    monkeypatch.setattr(suites, "turn", lambda: turn)
    return {suite.name: {suites.c_name(file) for file in suite.files}
            for suite in suites.run_of_everything()}


def of_http(shown, *words):
    """Names of files of tests/http in those suites that have these words, and none other, in brackets."""
    return set().union(*(shown.get(f"{name} ({', '.join(words)})", set()) for name in ("http", "http timing")))


@pytest.mark.parametrize("turn", [100, 101])
def test_a_run_of_everything_shows_each_file_of_http_that_sees_the_backend(monkeypatch, turn):
    shown = shown_in(monkeypatch, turn)
    every = {suites.c_name(path) for path in suites.py_tests("http")}
    checked, postgresql, both = (of_http(shown, *words) for words in (
        ["asan"], ["postgresql"], ["postgresql", "asan"]))
    assert checked | postgresql | both >= every - suites.NO_BACKEND
    assert not checked & postgresql and not checked & both and not postgresql & both
    assert shown["http"] == suites.COMMANDS
    assert both


def test_what_runs_in_part_is_shown_whole_by_the_next_commits(monkeypatch):
    every = {suites.c_name(path) for path in suites.py_tests("http")}
    first, second = (shown_in(monkeypatch, turn) for turn in (100, 101))
    assert of_http(first, "asan") | of_http(second, "asan") == every - suites.COMMANDS
    shown = [of_http(each, *words) for each in (first, second) for words in (["postgresql"], ["postgresql", "asan"])]
    assert set().union(*shown) == every - suites.NO_BACKEND
    for suite in EVERY:
        if suite.due is not None and suite.folder != "http":
            assert first.get(suite.name, set()) | second.get(suite.name, set()) == \
                {suites.c_name(file) for file in suite.files}, suite.name


def test_what_is_checked_on_postgresql_is_another_part_with_each_commit(monkeypatch):
    shown = []
    for turn in range(100, 100 + suites.PARTS):
        monkeypatch.setattr(suites, "turn", lambda turn=turn: turn)
        shown += suites.checked_on_postgresql()
    assert sorted(shown) == sorted(suites.every_http() - suites.NO_BACKEND)


def test_of_files_that_run_with_each_second_commit_all_cases_run(monkeypatch):
    shown = set()
    for turn in range(100, 116):
        monkeypatch.setattr(suites, "turn", lambda turn=turn: turn)
        (unit,) = [suite for suite in suites.run_of_everything() if suite.name == "unit (asan)"]
        every = int(unit.env["LEADBLOCK_TEST_EVERY"])
        if "io_errors" in unit.files:
            shown.add(int(unit.env["LEADBLOCK_TEST_TURN"]) % every)
    assert shown == set(range(8))


def test_a_part_is_shown_only_without_a_pattern():
    assert not any(name.startswith("LEADBLOCK_TEST_EVERY") for suite in EVERY for name in suite.env)
    parts = {suite.name: suite.env.get("LEADBLOCK_TEST_EVERY")
             for suite in suites.run_of_everything() if suite.in_part}
    assert parts["unit (asan)"] == "8" and parts["dashboard (chromium)"] == "4"
    assert len(chosen("unit (asan)")["unit (asan)"]) == len(suites.c_tests("unit", "store"))


@pytest.mark.parametrize("pattern", ["tests/http/test_license.py", "./tests/http/test_license.py",
                                     "http/test_license", "test_license", "license"])
def test_a_file_is_named_in_several_ways(pattern):
    assert chosen(pattern) == {"http": ["test_license.py"]}


def test_a_file_runs_where_it_is_asked_to():
    assert chosen("http/test_audit", "asan") == {"http (asan)": ["test_audit.py"]}
    assert chosen("http/test_audit", "postgresql") == {"http (postgresql)": ["test_audit.py"]}
    assert chosen("http/test_deadlines") == {"http timing": ["test_deadlines.py"]}
    assert chosen("http/test_deadlines", "postgresql") == {}, "which shows nothing of it"


def test_a_test_in_c_needs_its_own_program_alone():
    (suite,) = suites.choose(EVERY, "store/test_sqlite", ())
    assert (suite.name, suite.files, suite.targets) == ("unit", ["sqlite"], ["tests/test_sqlite"])
    assert chosen("store/test_postgres") == {"store (postgresql)": ["postgres"]}


def test_a_test_is_found_by_its_name_or_the_beginning_of_it():
    whole = "test_a_program_meets_signals_as_they_were"
    for pattern in (whole, "test_a_program_meets_signals", "test_a_program_meets_sig*"):
        assert chosen(pattern) == {"cli": [f"test_send.py::{whole}"]}
    assert chosen(f"cli/test_send.py::{whole}") == {"cli": [f"test_send.py::{whole}"]}


def test_a_test_of_the_dashboard_is_found_by_words_of_its_name():
    (name,) = chosen("a wrong password is said in words")["dashboard (chromium)"]
    assert name.startswith("sign-in.test.mjs::a")
    assert chosen("a wrong password is sung") == {}


def test_folders_and_suites():
    assert list(chosen("tests/cluster")) == ["cluster", "fail over"]
    assert list(chosen("cluster")) == ["cluster"] and list(chosen("guarantee")) == ["guarantee"]
    assert {"guarantee", "guarantee/fire"} < set(chosen("tests/guarantee"))
    assert list(chosen("unit*")) == ["unit", "unit (asan)", "unit (tsan)"]
    assert list(chosen("copy (asan)")) == ["copy (asan)"]
    assert {"sqlite", "buf"} <= set(chosen("unit")["unit"]), "the whole suite, not its folder alone"
    assert "buf" not in chosen("tests/store")["unit"]
    assert chosen("keyboard") == {"dashboard (chromium)": ["keyboard.test.mjs"]}
    assert list(chosen("kill_cycles")) == ["crash/kill_cycles"]


def test_a_suite_runs_where_it_is_asked_to():
    assert list(chosen("copy")) == ["copy"] and list(chosen("copy", "asan")) == ["copy (asan)"]
    assert list(chosen("http", "postgresql", "asan")) == ["http (postgresql, asan)"]
    assert list(chosen("http timing", "postgresql")) == ["http timing (postgresql)"]
    assert list(chosen("copy (asan)", "asan")) == ["copy (asan)"]


def test_quick_leaves_out_what_it_says():
    left_out = {suite.name for suite in EVERY if not suite.quick}
    assert {"http (postgresql)", "unit (asan)", "http timing"} <= left_out
    assert not {"unit", "http", "cluster", "store (postgresql)"} & left_out


def test_quick_runs_http_in_pieces_that_have_each_file_once():
    (whole,) = suites.choose(EVERY, "http", ())
    pieces = [suite for suite in suites.run_of_everything(quick=True) if suite.folder == "http"]
    assert [suite.name for suite in pieces] == ["http 1/4", "http 2/4", "http 3/4", "http 4/4"]
    assert sorted(file for suite in pieces for file in suite.files) == sorted(whole.files)
    assert all(suite.share == suites.WAITS for suite in pieces), "all four beside each other"


def test_a_run_of_everything_and_a_few_files_have_no_pieces():
    assert not [suite.name for suite in suites.run_of_everything() if "/4" in suite.name]
    few = suites.choose(EVERY, "http/test_audit", ())
    assert few and suites.in_pieces(few) == few


def test_what_means_nothing_is_said_to():
    result = subprocess.run([ROOT / "script" / "test", "no_such_thing"], capture_output=True, text=True)
    assert result.returncode == 2
    assert "'no_such_thing'" in result.stderr and "http (postgresql)" in result.stderr


def test_builds_begin_by_what_waits_for_them_and_what_measures_times_is_last():
    run = runner.Runner(suites.run_of_everything(), 2)
    try:
        names = [job.name for job in run.waiting]
        assert names[0] == "build (release)", "without which nothing else could begin"
        assert names.index("build (asan)") < names.index("dashboard (chromium)") < names.index("build (tsan)")
        alone = [job.share is suites.ALONE for job in run.waiting]
        assert any(alone) and alone == sorted(alone)
    finally:
        run.stop()
