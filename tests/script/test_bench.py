"""script/bench: which cases a pattern means, how goals are judged, and that a run ends in time."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import bench  # noqa: E402
import cases  # noqa: E402
import report  # noqa: E402
import timetable  # noqa: E402


def chosen(*arguments):
    return bench.options_from(arguments).cases


@pytest.mark.parametrize("pattern, expected", [
    ("block-64", ["block-64"]),
    ("mixed", ["mixed-64", "mixed-256", "mixed-1000"]),
    ("unpinned-b*", ["unpinned-block-64", "unpinned-block-256", "unpinned-block-1000"]),
    ("page*,block-1", ["page-1", "page-10000", "block-1"]),
])
def test_a_case_a_pattern_and_a_beginning(pattern, expected):
    assert chosen("--cases", pattern) == expected


def test_a_pattern_that_means_nothing_is_refused(capsys):
    with pytest.raises(SystemExit) as end:
        chosen("--cases", "chekc*")
    assert end.value.code == 2
    assert "no case chekc*" in capsys.readouterr().err


def test_goals_measure_every_case_with_a_goal_and_the_systems_compared():
    options = bench.options_from(["--goals"])
    compared = {goal[0] for case in cases.CASES for goal in case.goals + case.shared_goals}
    assert compared - {"fsync", "p99_ms", "redis-pipelined"} <= set(options.systems)
    assert {case.key for case in cases.CASES if case.goals or case.shared_goals} < set(options.cases)
    assert "instructions" in options.cases


def rows(*rates):
    return [{"per_second": rate, "foreign_cpu": 0, "generator_cpu": 0, "failed": ""}
            for rate in rates]


@pytest.mark.parametrize("wanted, factor", [
    (("fastify", 4.0), 1.25),  # the medians: 50 to 10
    (("fastify", 4.0, cases.EVERY_ROUND), 0.75),  # the worst round: 30 to 10
])
def test_a_goal_counts_in_the_median_or_in_every_round(wanted, factor):
    found = list(report.case_goals("a check", rows(50, 30, 60), [wanted],
                                   {"fastify": rows(10, 10, 10)}))
    assert [goal[3] for goal in found] == [factor]


def plan(limit=None):
    options = bench.options_from(["--cases", "block-64,unpinned-check,sizes", "--systems", "nginx",
                                  *(["--limit", str(limit)] if limit else [])])
    nginx = SimpleNamespace(stores=False)
    return timetable.Timetable(SimpleNamespace(
        options=options, systems={"nginx": nginx},
        entries=lambda case: [SimpleNamespace(system=nginx)]))


def test_a_run_is_bounded_and_may_take_longer_than_estimated():
    planned = plan()
    assert planned.seconds < planned.limit < 4 * planned.seconds + 60
    planned.check("block-64")


def test_when_the_time_is_up_the_cases_that_are_left_are_named():
    planned = plan(limit=1)
    planned.began -= 61
    with pytest.raises(timetable.TimeIsUp) as end:
        planned.check("unpinned-check")
    assert planned.left_out(end.value) == ["unpinned-check", "sizes"]
