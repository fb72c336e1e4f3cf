"""What comes from a sandbox is judged within bounds of time, memory and text, whatever it is."""

import tracemalloc

import pytest

from zbudlab.course.contract import exercise
from zbudlab.course.exercises.e08_experiment import judge_plan
from zbudlab.course.grading.copies import stripped_copy
from zbudlab.course.grading.sandbox import Sandbox
from zbudlab.course.grading.trial import LOAD_SECONDS, LONGEST_REASON, _Trial
from zbudlab.course.judging import Paper, judged
from zbudlab.course.probes import TOO_SLOW
from zbudlab.course.reasons import failure

FREE = exercise("e04_zbud").ability("free")
RIGHT = [{"op": ["alloc", 1], "handle": 7, "state": {"free": 3}}]


class Saying:
    """A trier that says the same to everything."""

    def __init__(self, outcome):
        self.outcome = outcome

    def observe(self, ability, case):
        return self.outcome


class TestPlans:
    @pytest.mark.parametrize("seeds", [60_000_000, [1] * 20_000])
    def test_of_too_many_seeds_are_told_so_and_not_counted_out(self, seeds):
        tracemalloc.start()
        assert "at most 2000 runs" in judge_plan({}, {"grid": {"percent": [1, 2]}, "seeds": seeds})
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()

    def test_of_too_many_values_are_not_compared_with_each_other(self):
        class Never(int):
            def __eq__(self, other):
                raise AssertionError("compared")

            __hash__ = int.__hash__

        many = [Never(n) for n in range(20_000)]
        assert "20010 seeds" in judge_plan({}, {"grid": {"percent": many}, "seeds": 10})

    def test_that_can_be_run_are_as_good_as_before(self):
        assert judge_plan({}, {"grid": {"percent": [1, 2]}, "seeds": 20}) == ""
        assert "appears twice" in judge_plan({}, {"grid": {"p": [1, 1]}, "seeds": 20})
        assert "2400 runs" in judge_plan({}, {"grid": {"p": [*range(40)]}, "seeds": 60})


class TestForgedSteps:
    @pytest.mark.parametrize("state", [[1], "none", 7])
    def test_a_state_that_is_no_table_is_a_failed_case(self, state):
        result = judged(FREE, Saying({"answer": [RIGHT[0] | {"state": state}]}), [Paper({}, RIGHT)])
        assert result.earned == 0
        assert "at operation 1 of 1, `alloc 1`" in str(result.failure)

    def test_a_giant_error_is_told_in_part(self):
        found = failure(FREE, {}, {"answer": [{"error": "B" * 1_900_000}]}, RIGHT)
        assert "BBB ..." in str(found)
        assert len(str(found)) < 1000


@pytest.mark.slow
def test_a_cell_that_waits_is_told_and_the_others_run(tmp_path):
    stripped_copy(tmp_path / "whole", [])
    cells = ["import time\ntime.sleep(16)", "def answer():\n    return 7"]
    request = {"probe": "basic.value", "functions": ["answer"], "plugs": {}, "others": {}}
    with Sandbox(tmp_path / "whole", None) as sandbox:
        assert sandbox.ask({"cells": cells}, LOAD_SECONDS)["troubles"] == [TOO_SLOW, ""]
        assert sandbox.ask(request | {"case": {"name": "answer"}}, 10) == {"answer": 7}


def test_no_reason_is_longer_than_a_spreadsheet_takes():
    trial = _Trial(None, [], 0, 0.0)
    trial._lose(FREE, "x" * 1_000_000)
    assert len(trial.found["free"].reason) <= LONGEST_REASON + 4
