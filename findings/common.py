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
from zbudlab.view.look import style, tokens

FOLDER = Path(__file__).resolve().parent
SIZE = (style.WIDE, 4.6)  #: inches of a figure
#: Token, marker and dashes of what is compared, by name; others take OTHERS in turn.
LOOKS = {
    "processes": ("process", "s", "-"),
    "zbud unmovable": ("c_stuck", "o", "-"),
    "zbud cannot move": ("c_stuck", "o", "-"),
    "without the series": ("c_stuck", "o", "-"),
    "zbud movable": ("c_move", "^", "--"),
    "with it": ("c_move", "^", "--"),
    "with it, 0.1 % of the objects mapped": ("pinned", "v", ":"),
}
OTHERS = (
    ("ink", "s", "-"),
    ("process", "o", "--"),
    ("edge", "^", "-"),
    ("process", "D", ":"),
    ("ink", "v", "-."),
)
#: Columns of a sweep that are not results of numbers.
UNKEPT = ["error", "seconds", "zbudlab", "cgroups"]


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


def at(rows: pd.DataFrame, **where: Any) -> pd.DataFrame:
    """Return the rows where parameters have these values."""
    for name, value in where.items():
        rows = rows[rows[name] == value]
    return rows


def of_group(rows: pd.DataFrame, column: str, **where: Any) -> Interval:
    """Return the `interval` of a column over the rows where parameters have these values."""
    return interval(at(rows, **where)[column])


def present(rows: pd.DataFrame, column: str) -> list[Any]:
    """Return the values that a parameter has in a table, in its order."""
    return list(dict.fromkeys(rows[column]))


def markdown(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Format a table as Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def figure(columns: int = 1) -> tuple[Figure, list[Axes]]:
    """Make a figure of the common size, with axes side by side."""
    drawn = Figure(figsize=SIZE, layout="constrained")
    drawn.get_layout_engine().set(wspace=0.05)  # type: ignore[union-attr]
    return drawn, list(drawn.subplots(1, columns, squeeze=False)[0])


def look(number: int, name: str) -> tuple[str, str, str]:
    """Return colour, marker and dashes of what is compared."""
    token, marker, dashes = LOOKS.get(name) or OTHERS[number % len(OTHERS)]
    return tokens.colour(token), marker, dashes


def line(
    ax: Axes, places: Sequence[float], values: Sequence[Interval], number: int, name: str
) -> None:
    """Draw a line through means, with their intervals as bars."""
    means = np.array([value.mean for value in values])
    low, high = (np.array([getattr(v, side) for v in values]) for side in ("low", "high"))
    errors = np.clip([means - low, high - means], 0, None)
    colour, marker, dashes = look(number, name)
    told = {"color": colour, "linestyle": dashes, "marker": marker, "capsize": 3, "label": name}
    ax.errorbar(places, means, errors, **told)


def name_lines(ax: Axes) -> None:
    """Write the names of the lines at their right ends, in their colours."""
    ends = []
    for bars, name in zip(*ax.get_legend_handles_labels(), strict=True):
        drawn = bars.lines[0]
        last = int(np.argmax(drawn.get_xdata()))
        ends.append((float(drawn.get_ydata()[last]), name, drawn.get_color()))
    style.end_labels(ax, ends)


def with_tables(text: str, tables: dict[str, str]) -> str:
    """Return a page with each table put between `<!-- NAME -->` and `<!-- end -->`."""
    for name, table in tables.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        text, found = re.subn(pattern, lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text, flags=re.S)
        if found != 1:
            raise ValueError(f"the page has {found} places for the table {name!r}, not one")
    return text
