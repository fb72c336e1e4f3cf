"""The pressure panel as a static picture: blocks, the number that counts, and curves."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_kinds
from zbudlab.view import panel_blocks, plots
from zbudlab.view.bundle import HINT
from zbudlab.view.look import blocks, machines, style, tokens
from zbudlab.view.panel_blocks import HUGE, SPOILED
from zbudlab.view.panel_form import BANDS, CHARTS
from zbudlab.workload.pressure import FREE

MOST_BLOCKS = 32  #: of a map in which each frame is drawn
INKS = {HUGE: "whole", SPOILED: "c_stuck"}  #: tokens of labels; others are "quiet"

Columns = Mapping[str, Sequence[float]]


class Shown(NamedTuple):
    """A machine of a panel: its name, and its curves as columns."""

    name: str
    machine: Machine
    columns: Columns


class Panels(Figure):
    """The static picture of a panel. A notebook shows it as HTML, which follows the theme."""

    shown: Sequence[Shown]
    file_dpi = 80  #: of the image for pages without styles, in dots per inch

    def page(self, _alt: str) -> str:
        """Return the panel as HTML."""
        parts = "".join(_section(each) for each in self.shown)
        return f'{machines.style()}<div class="zb-fig"><div class="zb-pair">{parts}</div></div>'


@style.styled
def figure(shown: Sequence[Shown]) -> Figure:
    """Draw maps and curves of one or two machines."""
    drawn = Panels(figsize=(11, 0.4 + 3.6 * len(shown)), layout="constrained")
    drawn.shown = shown
    axes = drawn.subplots(len(shown), 3, squeeze=False, width_ratios=(1.25, 1, 1))
    for row, (name, machine, columns) in zip(axes, shown, strict=True):
        plots.plot(machine, ax=row[0])
        _bands(row[1], columns)
        plots.plot_curves(columns, ["stored", "pool"], ax=row[2])
        row[2].set_title("zswap: pages stored, frames of the pool", fontsize=11)
        row[0].set_title(name or row[0].get_title(loc="left"), fontsize=11)
    drawn.suptitle(HINT, fontsize=11)
    return drawn


def _bands(ax: Axes, columns: Columns) -> None:
    """Draw free memory by the size of its blocks."""
    free = [np.sum([columns[FREE[o]] for o in orders], axis=0) for _, orders, _ in BANDS]
    colours = [tokens.colour(name) for _, _, name in BANDS]
    ax.stackplot(columns["step"], free, colors=colours, labels=[name for name, _, _ in BANDS])
    ax.legend(loc="upper left", ncols=2, fontsize=8)
    ax.set_title("free memory, by size of its blocks", fontsize=11)
    ax.set_xlabel("step")


def _section(shown: Shown) -> str:
    """Return a machine as HTML: heading, map, number and sentence, curves."""
    name, machine, columns = shown
    huge = int(columns["huge"][-1])
    told = panel_blocks.told(machine, huge)
    heading = f"<header><b>{escape(name)}</b></header>" if name else ""
    ink = "whole" if huge else "c_stuck"
    number = (
        f'<p class="zb-number"><b style="color: var(--{ink})">{huge}</b>'
        f"<span>{escape(told['says'])}</span></p>"
    )
    curves = style.themed(
        _curves(columns, told["movable"]), f"curves over {len(columns['step'])} steps", least=0
    )
    return f"<section>{heading}<div>{_map(machine, told)}{number}</div>{curves}</section>"


def _map(machine: Machine, told: dict[str, Any]) -> str:
    """Return the map of a machine, each block with its label if there are few."""
    kinds = frame_kinds(machine.state)
    few = len(told["states"]) <= MOST_BLOCKS
    marks = [
        (words, INKS.get(state, "quiet"))
        for words, state in zip(told["labels"], told["states"], strict=True)
    ]
    alt = f"memory in {len(told['states'])} blocks"
    across = 4 if few else 16
    return blocks.svg(kinds.tolist(), across=across, alt=alt, labels=marks if few else ())


@style.styled
def _curves(columns: Columns, movable: bool) -> Figure:
    """Draw the charts that are not folded, with names and values at their ends."""
    shown = [chart for chart in CHARTS if not chart.get("folded")]
    drawn = Figure(figsize=(5.0, 4.6))
    drawn.subplots_adjust(left=0.01, right=0.71, top=0.93, bottom=0.06, hspace=0.75)
    heights = [chart["high"] for chart in shown]
    for ax, chart in zip(
        drawn.subplots(len(shown), sharex=True, height_ratios=heights), shown, strict=True
    ):
        _chart(ax, chart, columns, "c_move" if movable else "c_stuck")
    return drawn


def _chart(ax: Axes, chart: Mapping[str, Any], columns: Columns, machine: str) -> None:
    """Draw one chart. machine: token of the machine's colour."""
    values = [
        np.sum(
            [columns[column] for column in ([names] if isinstance(names, str) else names)], axis=0
        )
        for names in chart["columns"]
    ]
    inks = [machine if token == "machine" else token for token in chart["colours"]]
    colours = [tokens.colour(token) for token in inks]
    if chart.get("stacked"):
        ax.stackplot(columns["step"], values, colors=colours)
        heights = np.cumsum([each[-1] for each in values]) - np.array(
            [each[-1] / 2 for each in values]
        )
    else:
        for place, each in enumerate(values):
            ax.plot(columns["step"], each, "--" if place else "-", color=colours[place], lw=1.6)
        heights = np.array([each[-1] for each in values])
    ax.set_ylim(0, max(1, 1.05 * ax.get_ylim()[1]))
    ax.set_title(chart["title"], fontsize=9, pad=4)
    ax.set_yticks([])
    ax.tick_params(labelsize=8)
    ends = zip(heights, values, chart["names"], inks, strict=True)
    labels = [
        (height, f"{each[-1]:,.0f} {name}", tokens.colour(tokens.AS_TEXT.get(ink, ink)))
        for height, each, name, ink in ends
        if each[-1] or not chart.get("stacked")
    ]
    style.end_labels(ax, labels, size=8)
