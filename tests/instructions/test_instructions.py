"""The instructions of a check and of a block are those that are kept in bench/instructions.json."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import instructions  # noqa: E402

KEPT = instructions.kept()


@pytest.fixture(scope="module")
def counts():
    if not KEPT:
        pytest.skip(f"no count kept for {' '.join(instructions.here())}")
    return instructions.measure(os.environ.get("LEADBLOCK_BIN", ROOT / "build" / "leadblock"))


@pytest.mark.parametrize("name", instructions.NAMES)
def test_count_is_near_the_kept_one(counts, name):
    problem = instructions.problem(name, counts[name], KEPT[name])
    assert not problem, problem


@pytest.mark.parametrize("count", [950, 1000, 1050])
def test_five_percent_are_tolerated(count):
    assert instructions.problem("a check", count, 1000) == ""


def test_more_instructions_fail_and_the_message_says_what_to_do():
    problem = instructions.problem("a check", 1051, 1000)
    assert "5.1% more" in problem and "Find the cause" in problem and "--keep" in problem


def test_fewer_instructions_fail_until_they_are_kept():
    problem = instructions.problem("a check", 949, 1000)
    assert "5.1% fewer" in problem and "--keep" in problem


def test_counts_are_kept_for_each_release_and_processor(tmp_path):
    path = tmp_path / "instructions.json"
    shutil.copy(instructions.KEPT, path)
    before = instructions.kept(path)
    instructions.keep({"a check": 1}, path, ("sid", "riscv64"))
    assert instructions.kept(path, ("sid", "riscv64")) == {"a check": 1}
    assert instructions.kept(path) == before
    assert instructions.kept(path, ("sid", "armv7l")) == {}


def test_a_request_that_is_refused_is_not_counted(tmp_path, monkeypatch):
    """A refusal takes fewer instructions than the work."""
    if not KEPT or not shutil.which("valgrind"):
        pytest.skip("nothing is counted here")
    program = os.environ.get("LEADBLOCK_BIN", ROOT / "build" / "leadblock")
    load = tmp_path / "load"
    instructions.output_of("gcc", "-O2", "-std=gnu11", "-o", load, ROOT / "bench" / "load.c")
    monkeypatch.setattr(instructions, "prepare", lambda program, data: "a-key-that-does-not-exist")
    with pytest.raises(instructions.Failed, match="requests failed: 401"):
        instructions.run(Path(program).resolve(), tmp_path / "run", "check", 1, 1)
