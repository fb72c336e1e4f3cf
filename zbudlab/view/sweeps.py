"""Results of sweeps in pictures: means with their intervals, a line for each value."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

STYLES = (
    ("#0072b2", "o", "-"),
    ("#a33c00", "s", "--"),
    ("#009e73", "^", "-."),
    ("#cc79a7", "D", ":"),
    ("#e69f00", "v", "-"),
)


def figure(summary: pd.DataFrame, *, result: str, x: str, line: str) -> Figure:
    """Means against `x` with 95 % intervals, a line for each value of the column `line`.

    summary: as `zbudlab.sweep.intervals.summary` makes it.
    """
    drawn = Figure(figsize=(9, 4.2), layout="constrained")
    ax = drawn.add_subplot()
    for number, (name, part) in enumerate(summary.groupby(line, sort=False)):
        colour, marker, style = STYLES[number % len(STYLES)]
        below, above = part["mean"] - part["low"], part["high"] - part["mean"]
        ax.errorbar(
            part[x],
            part["mean"],
            np.maximum([below, above], 0),
            fmt=marker + style,
            color=colour,
            capsize=4,
            label=str(name),
        )
    ax.set_xlabel(x)
    ax.set_ylabel(result.replace("_", " "))
    ax.set_ylim(bottom=0)
    ax.spines[["top", "right"]].set_visible(False)
    drawn.legend(loc="outside right upper", frameon=False)
    return drawn


def key_values(summary: pd.DataFrame, *, x: str, line: str) -> str:
    """What `figure` shows, a line of text for each of its lines."""
    told = []
    for name, part in summary.groupby(line, sort=False):
        points = [
            f"{at:g}: {mean:.2f} [{low:.2f}, {high:.2f}]"
            for at, mean, low, high in part[[x, "mean", "low", "high"]].itertuples(index=False)
        ]
        told.append(f"{name}: {', '.join(points)}")
    return "\n".join(told)
