"""Intervals say what chance between seeds could make of a mean."""

import numpy as np
import pandas as pd
import pytest

from zbudlab.sweep import intervals
from zbudlab.view import sweeps

TABLE = pd.DataFrame(
    {
        "kind": ["a", "a", "a", "b", "b", "b"],
        "freed": [0.5] * 6,
        "blocks": [1.0, 2.0, 3.0, 7.0, 7.0, np.nan],
    }
)


class TestInterval:
    def test_covers_the_true_mean_about_as_often_as_it_says(self):
        random = np.random.default_rng(1)
        hits = 0
        for trial in range(200):
            low, high = intervals.interval(random.normal(5, 2, 40), seed=trial)
            hits += low <= 5 <= high
        assert 176 <= hits <= 199  # 95 % of 200 is 190; 3.5 standard deviations and more around

    def test_is_the_same_for_the_same_results(self):
        values = [3, 5, 9, 1, 4]
        assert intervals.interval(values) == intervals.interval(values)

    def test_of_results_that_are_all_alike_is_that_result(self):
        assert intervals.interval([4, 4, 4]) == (4, 4)

    def test_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="no results"):
            intervals.interval([])


class TestSummary:
    def test_has_a_row_a_group_and_leaves_failed_points_out(self):
        found = intervals.summary(TABLE, "blocks", ["kind", "freed"])
        assert found[["kind", "mean", "machines"]].to_numpy().tolist() == [
            ["a", 2.0, 3],
            ["b", 7.0, 2],
        ]
        first = found.iloc[0]
        assert 1 <= first["low"] < 2 < first["high"] <= 3

    def test_a_column_that_is_not_there_is_named(self):
        with pytest.raises(ValueError, match="no colour, only kind, freed, blocks"):
            intervals.summary(TABLE, "blocks", ["colour"])

    def test_is_drawn_with_its_intervals(self):
        found = intervals.summary(TABLE, "blocks", ["kind", "freed"])
        ax = sweeps.figure(found, result="blocks", x="freed", line="kind").axes[0]
        assert [bars.get_label() for bars in ax.containers] == ["a", "b"]
        assert [float(bars.lines[0].get_ydata()[0]) for bars in ax.containers] == [2, 7]
        assert sweeps.key_values(found, x="freed", line="kind").splitlines()[1] == (
            "b: 0.5: 7.00 [7.00, 7.00]"
        )
