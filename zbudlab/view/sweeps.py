"""Results of sweeps in pictures: means with their intervals, a line for each value."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from zbudlab.view.look import style, tokens

#: Of lines that are not one of the machines in `tokens.CURVES`: colour, marker, dashes.
STYLES = (
    (tokens.colour("accent"), "o", "-"),
    (tokens.colour("edge"), "s", "--"),
    (tokens.colour("c_zsm"), "D", ":"),
    (tokens.colour("zbud1"), "v", "-."),
    (tokens.colour("ink"), "P", "-"),
)
#: Words by which values of a column name one of the machines.
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
    """Means against `x` with 95 % intervals, a line for each value of the column `line`.

    summary: as `zbudlab.sweep.intervals.summary` makes it.
    """
    drawn = Figure(figsize=(style.WIDE, 4), layout="constrained")
    ax = drawn.add_subplot()
    for number, (name, part) in enumerate(summary.groupby(line, sort=False)):
        colour, marker, dashes = _style(name, number)
        below, above = part["mean"] - part["low"], part["high"] - part["mean"]
        ax.errorbar(
            part[x],
            part["mean"],
            np.maximum([below, above], 0),
            fmt=marker,
            linestyle=dashes,
            color=colour,
            capsize=4,
            label=str(name),
        )
    ax.set_xlabel(x)
    ax.set_ylabel(result.replace("_", " "))
    ax.set_ylim(bottom=0)
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


def _style(name: object, number: int) -> tuple[str, str, Any]:
    """Return colour, marker and dashes of a line: of the machine it is about, if it is one."""
    machine = MACHINES.get(name, name)
    if machine in tokens.CURVES:
        curve = tokens.CURVES[machine]
        return tokens.colour(curve.token), curve.marker, (0, curve.dashes) if curve.dashes else "-"
    return STYLES[number % len(STYLES)]
