"""What findings share: how intervals, tables and pages are written."""

import pytest

from findings.common import interval, with_tables
from zbudlab.sweep import intervals


def test_intervals_are_those_of_summaries():
    values = [92.87, 92.90, 92.92, 92.91, 92.9, 93]
    found = interval(values)
    assert (found.low, found.high) == intervals.interval(values)
    assert found.mean == pytest.approx(sum(values) / 6)


def test_an_interval_is_left_out_where_its_ends_round_to_the_mean():
    differing = interval([92.87, 92.90, 92.92, 92.91, 92.90])
    assert differing.low < differing.mean < differing.high
    assert differing.shown("{:.1f}") == "92.9"
    assert "[" in differing.shown("{:.2f}")
    assert str(interval([3] * 5)) == "3.0"


def test_too_few_results_are_said_to_be():
    assert str(interval([3, 3, 3])) == "3.0 (n = 3: at least 5 are needed for an interval)"


def test_a_page_needs_one_place_for_each_table():
    page = "a\n<!-- x -->\nold\n<!-- end -->\nb\n"
    assert with_tables(page, {"x": "new"}) == page.replace("old", "new")
    with pytest.raises(ValueError, match="the page has 0 places for the table 'y', not one"):
        with_tables(page, {"y": "new"})
