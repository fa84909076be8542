"""script/test: every test belongs to a suite, and a pattern means what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "script" / "lib"))

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


def test_a_run_of_everything_shows_each_file_of_http_on_both_backends_and_checked():
    everything = suites.run_of_everything()

    def runs_in(*words):
        return {suites.c_name(file) for suite in everything for file in suite.files
                if suite.folder == "http" and set(words) <= {suite.tree, *suite.variant}}

    every = {suites.c_name(path) for path in suites.py_tests("http")}
    assert runs_in("asan") == every - suites.COMMANDS
    assert runs_in("postgresql") == every - suites.NO_BACKEND
    on_sqlite = {suites.c_name(file) for suite in everything for file in suite.files
                 if suite.folder == "http" and "postgresql" not in suite.variant}
    assert on_sqlite == every
    assert not runs_in("asan", "postgresql") & runs_in("release", "postgresql")


def test_what_is_checked_on_postgresql_is_another_part_with_each_commit(monkeypatch):
    shown = []
    for turn in range(100, 100 + suites.PARTS):
        monkeypatch.setattr(suites, "turn", lambda turn=turn: turn)
        shown += suites.checked_on_postgresql()
    assert sorted(shown) == sorted(suites.every_http() - suites.NO_BACKEND)


def test_a_part_is_shown_only_without_a_pattern():
    assert not any(name.startswith("LEADBLOCK_TEST_EVERY") for suite in EVERY for name in suite.env)
    parts = {suite.name: suite.env.get("LEADBLOCK_TEST_EVERY")
             for suite in suites.run_of_everything() if suite.in_part}
    assert parts["unit (asan)"] == "8" and parts["dashboard (chromium)"] == "2"


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
    assert list(chosen("tests/cluster")) == list(chosen("cluster")) == ["cluster", "fail over"]
    assert list(chosen("unit*")) == ["unit", "unit (asan)", "unit (tsan)"]
    assert list(chosen("copy (asan)")) == ["copy (asan)"]
    assert {"sqlite", "buf"} <= set(chosen("unit")["unit"]), "the whole suite, not its folder alone"
    assert "buf" not in chosen("tests/store")["unit"]
    assert chosen("keyboard") == {"dashboard (chromium)": ["keyboard.test.mjs"]}
    assert list(chosen("kill_cycles")) == ["crash/kill_cycles"]


def test_quick_leaves_out_what_it_says():
    left_out = {suite.name for suite in EVERY if not suite.quick}
    assert {"http (postgresql)", "unit (asan)", "http timing"} <= left_out
    assert not {"unit", "http", "cluster", "store (postgresql)"} & left_out


def test_what_means_nothing_is_said_to():
    result = subprocess.run([ROOT / "script" / "test", "no_such_thing"], capture_output=True, text=True)
    assert result.returncode == 2
    assert "'no_such_thing'" in result.stderr and "http (postgresql)" in result.stderr
