"""What all findings share: intervals, tables in Markdown, figures of one size."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.sweep import intervals

FOLDER = Path(__file__).resolve().parent
SIZE = (9.0, 5.0)  #: inches of a figure
DPI = 100
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
MARKS = "os^Dv"
DASHES = ("-", ":", "--", "-.", "-")
TIMED = ["error", "seconds", "zbudlab"]  #: columns of a sweep that are not results


@dataclass(frozen=True)
class Claim:
    """A sentence of a finding, and a test of whether a table supports it."""

    sentence: str
    holds: Callable[[pd.DataFrame], bool]


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval. note: why there is none, "" if there is one."""

    mean: float
    low: float
    high: float
    note: str = ""

    def __str__(self) -> str:
        return self.shown("{:.1f}")

    def shown(self, form: str) -> str:
        """Format as `mean [low, high]`, or as the mean alone if both ends round to it."""
        mean, low, high = (form.format(value) for value in (self.mean, self.low, self.high))
        if self.note:
            return f"{mean} ({self.note})"
        return mean if low == mean == high else f"{mean} [{low}, {high}]"


def interval(values: Iterable[float]) -> Interval:
    """Return the mean of the results of all seeds, and its interval (`sweep.intervals`)."""
    sample = np.asarray(list(values), float)
    note = intervals.too_few(len(sample))
    return Interval(float(sample.mean()), *intervals.interval(sample), note)


def of_group(rows: pd.DataFrame, column: str, **where: Any) -> Interval:
    """Return the `interval` of a column over the rows where parameters have these values."""
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return interval(rows[column])


def present(rows: pd.DataFrame, column: str) -> list[Any]:
    """Return the values that a parameter has in a table, in its order."""
    return list(dict.fromkeys(rows[column]))


def markdown(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Format a table as Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def figure(columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Make a figure of the common size, with axes side by side."""
    drawn = Figure(figsize=SIZE, dpi=DPI, layout="constrained")
    axes = drawn.subplots(1, columns, squeeze=False)[0]
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
    return drawn, list(axes)


def line(
    ax: Axes, places: Sequence[float], values: Sequence[Interval], number: int, name: str
) -> None:
    """Draw a line through means, with their intervals as bars."""
    means = np.array([value.mean for value in values])
    low, high = (np.array([getattr(v, side) for v in values]) for side in ("low", "high"))
    errors = np.clip([means - low, high - means], 0, None)
    style = {
        "color": COLOURS[number],
        "linestyle": DASHES[number],
        "marker": MARKS[number],
        "capsize": 3,
        "label": name,
    }
    ax.errorbar(places, means, errors, **style)


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return a page with each table put between `<!-- NAME -->` and `<!-- end -->`."""
    for name, table in tables.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, found = re.subn(pattern, lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text, flags=re.S)
        if found != 1:
            raise ValueError(f"the page has {found} places for the table {name!r}, not one")
    return text
