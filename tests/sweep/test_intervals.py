"""Intervals say how far chance between seeds may move a mean, and when they cannot.

Also tests `view/sweeps.py`.
"""

import math

import numpy as np
import pandas as pd
import pytest

from zbudlab.sweep import intervals, sweep
from zbudlab.view import sweeps

TABLE = pd.DataFrame(
    {
        "kind": ["a"] * 6 + ["b"] * 6,
        "freed": [0.5] * 12,
        "blocks": [1.0, 2, 3, 1, 2, 3, *[7.0] * 5, np.nan],
    }
)


class TestInterval:
    def test_contains_the_true_mean_about_as_often_as_it_says(self):
        random = np.random.default_rng(1)
        hits = 0
        for trial in range(200):
            low, high = intervals.interval(random.normal(5, 2, 40), seed=trial)
            hits += low <= 5 <= high
        assert 176 <= hits <= 199  # 95 % of 200 is 190; 3.5 standard deviations and more around

    def test_is_the_percentiles_of_resampled_means(self):
        """The method of the course, by hand: the same ends except for the chance of resampling."""
        values = np.random.default_rng(3).exponential(size=12)
        random = np.random.default_rng(5)
        means = [random.choice(values, 12).mean() for _ in range(20000)]
        wanted = np.percentile(means, [2.5, 97.5])
        assert intervals.interval(values) == pytest.approx(wanted, abs=0.03)

    def test_is_the_same_for_the_same_results(self):
        values = [3, 5, 9, 1, 4]
        assert intervals.interval(values) == intervals.interval(values)

    def test_of_equal_results_is_that_result(self):
        assert intervals.interval([4] * 5) == (4, 4)

    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    def test_of_too_few_results_there_is_none(self, count):
        assert all(map(math.isnan, intervals.interval(range(count))))
        assert all(map(math.isnan, intervals.interval([4] * count)))
        assert intervals.too_few(count) == f"n = {count}: at least 5 are needed for an interval"

    def test_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="no results"):
            intervals.interval([])


class TestSummary:
    def test_has_a_row_for_each_group_and_leaves_failed_points_out(self):
        found = intervals.summary(TABLE, "blocks", ["kind", "freed"])
        assert found[["kind", "mean", "machines", "note"]].to_numpy().tolist() == [
            ["a", 2.0, 6, ""],
            ["b", 7.0, 5, ""],
        ]
        first = found.iloc[0]
        assert 1 <= first["low"] < 2 < first["high"] <= 3

    def test_keeps_groups_whose_parameter_is_none_or_nan(self):
        def ex(a, seed):
            return {"r": seed}

        table = sweep(ex, {"a": [None, 1]}, seeds=3)
        found = intervals.summary(table, "r", ["a"])
        assert found["machines"].tolist() == [3, 3]
        assert found["a"].isna().tolist() == [True, False]
        texts = intervals.summary(sweep(ex, {"a": [None, "x"]}, seeds=3), "r", "a")
        assert texts["machines"].tolist() == [3, 3]
        mixed = pd.DataFrame({"a": pd.Series([None, math.nan, 1, None], dtype=object), "r": 1.0})
        assert intervals.summary(mixed, "r", ["a"])["machines"].tolist() == [2, 1, 1]

    def test_groups_by_lists_and_tables(self):
        table = sweep(lambda a, seed: {"r": seed}, {"a": [[1, 2], [3]]}, seeds=2)
        found = intervals.summary(table, "r", ["a"])
        assert [list(value) for value in found["a"]] == [[1, 2], [3]]

    @pytest.mark.parametrize("name", ["mean", "low", "high", "machines", "note"])
    def test_a_parameter_named_like_a_column_of_the_summary_is_refused(self, name):
        table = pd.DataFrame({name: [1, 2], "r": [1.0, 2.0]})
        with pytest.raises(ValueError, match=f"has a column '{name}' itself: rename the parameter"):
            intervals.summary(table, "r", [name])

    def test_a_result_may_have_any_name(self):
        table = pd.DataFrame({"a": [1, 1], "mean": [1.0, 2.0]})
        assert intervals.summary(table, "mean", ["a"])["mean"].tolist() == [1.5]

    def test_says_which_groups_are_too_small(self):
        found = intervals.summary(TABLE.head(8), "blocks", ["kind"])
        assert found["note"].tolist() == ["", "n = 2: at least 5 are needed for an interval"]
        assert found["low"].isna().tolist() == [False, True]

    def test_a_group_of_failed_points_keeps_its_row(self):
        table = pd.DataFrame({"a": [1, 2], "r": [1.0, np.nan]})
        found = intervals.summary(table, "r", ["a"])
        assert found["machines"].tolist() == [1, 0]
        assert math.isnan(found["mean"][1])

    def test_without_parameters_it_has_one_row(self):
        assert intervals.summary(TABLE, "blocks", [])["machines"].tolist() == [11]

    @pytest.mark.parametrize(
        ("result", "by", "said"),
        [
            ("blocks", ["colour"], "no colour, only kind, freed, blocks"),
            ("kind", ["freed"], "kind is not a number in every row"),
            ("blocks", ["kind", "kind"], "a parameter is given twice: kind, kind"),
        ],
    )
    def test_refused(self, result, by, said):
        with pytest.raises(ValueError, match=said):
            intervals.summary(TABLE, result, by)

    def test_is_drawn_with_its_intervals(self):
        found = intervals.summary(TABLE, "blocks", ["kind", "freed"])
        ax = sweeps.figure(found, result="blocks", x="freed", line="kind").axes[0]
        assert [bars.get_label() for bars in ax.containers] == ["a", "b"]
        assert [float(bars.lines[0].get_ydata()[0]) for bars in ax.containers] == [2, 7]
        assert sweeps.key_values(found, x="freed", line="kind").splitlines()[1] == (
            "b: 0.5: 7.00 [7.00, 7.00]"
        )
