"""Pictures of sweeps: tests of `zbudlab/view/sweeps.py` with summaries as sweeps make them."""

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from zbudlab.sweep.intervals import summary
from zbudlab.view import sweeps


def summed(count, seeds=5):
    rows = [
        {"kind": f"k{kind}", "size_of": x, "r": kind + x + seed / 10}
        for kind in range(count)
        for x in (1, 2)
        for seed in range(seeds)
    ]
    return summary(pd.DataFrame(rows), "r", ["kind", "size_of"])


def looks(ax):
    """How each line looks."""
    lines = [bars.lines[0] for bars in ax.containers]
    return [(to_hex(l.get_color()), l.get_marker(), repr(l._unscaled_dash_pattern)) for l in lines]  # noqa: E741


@pytest.mark.parametrize("count", [2, 6, 12, 60, 315])
def test_every_line_looks_different(count):
    drawn = sweeps.figure(summed(count, seeds=1), result="r", x="size_of", line="kind")
    assert len(set(looks(drawn.axes[0]))) == count


def test_two_names_of_one_machine_look_different():
    names = ["zbud movable", "movable", "series", True, "zsmalloc", 5]
    table = pd.DataFrame({"kind": names * 2, "x": [1] * 6 + [2] * 6, "r": 1.0})
    drawn = sweeps.figure(summary(table, "r", ["kind", "x"]), result="r", x="x", line="kind")
    assert len(set(looks(drawn.axes[0]))) == len(names)


def test_the_legend_says_what_the_lines_are():
    drawn = sweeps.figure(summed(2), result="r", x="kind", line="size_of")
    assert drawn.legends[0].get_title().get_text() == "size of"


def test_a_group_without_a_parameter_has_a_line():
    table = pd.DataFrame({"a": [None] * 5 + [1.0] * 5, "x": [1] * 10, "r": range(10)})
    found = summary(table, "r", ["a", "x"])
    drawn = sweeps.figure(found, result="r", x="x", line="a")
    assert [bars.get_label() for bars in drawn.axes[0].containers] == ["none", "1.0"]


def test_too_few_results_are_shown_without_an_interval():
    found = summed(1, seeds=2)
    drawn = sweeps.figure(found, result="r", x="size_of", line="kind")
    (bars,) = drawn.axes[0].containers[0].lines[2]
    assert all(low == high for (_, low), (_, high) in bars.get_segments())
    text = sweeps.key_values(found, x="size_of", line="kind")
    assert text.startswith("k0: 1: 1.05 (n = 2, too few for an interval), 2: 2.05 (n = 2")
