"""Pictures of sweep results: means with confidence intervals, one line per value."""

import math
from collections.abc import Hashable, Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zbudlab.view.look import style, tokens

#: Styles of lines other than the machines in `tokens.CURVES`. The numbers of colours, markers and
#: dashes are pairwise coprime and no machine uses these markers, so the first 315 lines differ.
COLOURS = ("accent", "edge", "c_zsm", "zbud1", "ink")
MARKERS = ("v", "P", "X", "<", ">", "*", "p", "h", "d")
DASHES = ("-", "--", ":", "-.", (0, (8, 2)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 4)))
FIGURES = ["mean", "low", "high", "machines"]  #: columns of a summary
#: Names of machines by the values of a column that refer to them.
MACHINES = {
    True: "zbud movable",
    False: "zbud unmovable",
    "movable": "zbud movable",
    "unmovable": "zbud unmovable",
    "series": "zbud movable",
    "plain": "zbud unmovable",
}


@style.styled
def figure(summary: pd.DataFrame, *, result: str, x: str, line: str) -> Figure:
    """Draw means against column `x` with 95 % intervals, one line per value of column `line`.

    summary: from `zbudlab.sweep.intervals.summary`. result: name of the measured value. A group too
    small for an interval has a mean without bars.
    """
    drawn = Figure(figsize=(style.WIDE, 4), layout="constrained")
    ax = drawn.add_subplot()
    lines = _lines(summary, line)
    for (name, part), (colour, marker, dashes) in zip(lines, _styles(lines, line), strict=True):
        below, above = part["mean"] - part["low"], part["high"] - part["mean"]
        ax.errorbar(
            part[x],
            part["mean"],
            np.maximum(np.nan_to_num([below, above]), 0),
            fmt=marker,
            linestyle=dashes,
            color=colour,
            capsize=4,
            label=name,
        )
    ax.set_xlabel(x)
    ax.set_ylabel(result.replace("_", " "))
    ax.set_ylim(bottom=0)
    drawn.legend(title=line.replace("_", " "), loc="outside right upper", frameon=False)
    return drawn


def key_values(summary: pd.DataFrame, *, x: str, line: str) -> str:
    """Return the values that `figure` shows as text, one line of text per curve."""
    return "\n".join(
        f"{name}: {', '.join(map(_point, part[[x, *FIGURES]].itertuples(index=False)))}"
        for name, part in _lines(summary, line)
    )


def _point(row: tuple) -> str:
    at, mean, low, high, count = row
    place = f"{at:g}" if isinstance(at, (int, float)) else str(at)
    if math.isnan(low):
        return f"{place}: {mean:.2f} (n = {count}, too few for an interval)"
    return f"{place}: {mean:.2f} [{low:.2f}, {high:.2f}]"


def _lines(summary: pd.DataFrame, line: str) -> list[tuple[str, pd.DataFrame]]:
    """Return the label and the rows of each line. Missing values have the label "none"."""
    labels = summary[line].map(lambda value: "none" if _is_missing(value) else str(value))
    return [(str(name), part) for name, part in summary.groupby(labels, sort=False)]


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _styles(
    lines: list[tuple[str, pd.DataFrame]], line: str
) -> Iterator[tuple[str, str, str | tuple]]:
    """Yield colour, marker and dashes of each line: those of its machine, if it shows one."""
    number, drawn = 0, set()
    for _, part in lines:
        value = part[line].iloc[0]
        machine = MACHINES.get(value, value) if isinstance(value, Hashable) else None
        if machine in tokens.CURVES and machine not in drawn:
            drawn.add(machine)
            curve = tokens.CURVES[machine]
            dashes = (0, curve.dashes) if curve.dashes else "-"
            yield tokens.colour(curve.token), curve.marker, dashes
        else:
            colour = tokens.colour(COLOURS[number % len(COLOURS)])
            yield colour, MARKERS[number % len(MARKERS)], DASHES[number % len(DASHES)]
            number += 1
