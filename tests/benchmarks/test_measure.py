"""Ratios above 1 mean that we are faster, and sides must agree. No time is tested.

Also tests how `benchmarks/run.py` prints what was measured.
"""

import pytest

from benchmarks import measure, run
from benchmarks.item import KERNEL, Case, Step


def fixed_times(monkeypatch, answers):
    """Let every call take as many nanoseconds as it answers, and answer the same."""
    monkeypatch.setattr(measure, "timed", lambda call, wall: (answers[call()], 7))


def test_a_ratio_is_their_time_over_ours(monkeypatch):
    fixed_times(monkeypatch, {"ours": 10, "c": 25})
    step = Step("thing", 5, lambda: "ours", {KERNEL: lambda: "c"}, must={KERNEL: 1.5})
    (found,) = measure.measure(Case(lambda: None, [step]), rounds=7)
    assert found["ns"]["median"] == 2
    side = found["sides"][KERNEL]
    assert (side["ratio"]["median"], side["ns"]["median"], side["must"]) == (2.5, 5, 1.5)
    assert found["rounds"] == 7
    (line,) = run.lines(found)
    assert line.split() == ["thing", "2.0", "C", "5.0", "2.50", "2.50", "2.50", "1.50"]


def test_sides_that_answer_differently_end_the_run():
    step = Step("thing", 1, lambda: 1, {KERNEL: lambda: 2})
    with pytest.raises(SystemExit, match=r"thing: the sides disagree: .*'ours': 1, 'C': 2"):
        measure.measure(Case(lambda: None, [step]), rounds=7)


def test_a_side_may_have_no_answer():
    step = Step("thing", 1, lambda: 1, {KERNEL: lambda: None})
    assert measure.measure(Case(lambda: None, [step]), rounds=7)


def test_a_limit_in_nanoseconds_is_printed(monkeypatch):
    fixed_times(monkeypatch, {"ours": 10})
    step = Step("thing", 5, lambda: "ours", most=(3.0, 1.0))
    (found,) = measure.measure(Case(lambda: None, [step], rounds=2), rounds=7)
    assert found["rounds"] == 2
    (line,) = run.lines(found)
    assert line.split() == ["thing", "2.0", "at", "most,", "ns", "2.0", "2.0", "2.0", "3.0", "1.0"]
