"""Measurements of a running Linux 6.1, for comparison with the simulator.

An unmodified kernel ran in an emulator with 256 MiB: 36000 pages were filled, some of them were
freed, memory was compacted, and huge pages (order 9) were requested. The figures are of the zone
under pressure.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.layout import FRAME_ANON, FRAME_POOL_FULL
from zbudlab.view.look import style, tokens
from zbudlab.view.palette import KINDS

KERNEL = "Linux 6.1"
AT_START = 72  #: huge pages available before anything was filled

#: Huge pages available after compaction, by which pages were freed: (process pages, zbud pages).
HUGE_PAGES = {
    "every 2nd": (36, 0),
    "25 %": (19, 0),
    "50 %": (37, 0),
    "75 %": (54, 0),
    "90 %": (64, 0),
    "99 %": (69, 0),
    "first half": (37, 34),
}


def _bars(ax: Axes) -> None:
    """Draw a pair of bars for each way to free pages, labelled with their values."""
    plain, zbud = np.array(list(HUGE_PAGES.values())).T
    places = np.arange(len(HUGE_PAGES))
    for shift, blocks, name, colour, hatch in (
        (-0.2, plain, "36000 pages of processes (movable)", KINDS[FRAME_ANON].light, ""),
        (0.2, zbud, "36000 pages in a zbud pool (unmovable)", KINDS[FRAME_POOL_FULL].light, "///"),
    ):
        bars = ax.bar(
            places + shift,
            blocks,
            0.38,
            label=name,
            color=colour,
            hatch=hatch,
            edgecolor=tokens.colour("paper"),
        )
        for label in ax.bar_label(bars, fontsize=12, padding=3):
            label.set_bbox({"facecolor": tokens.colour("paper"), "edgecolor": "none", "pad": 1})
    ax.set_xticks(places, list(HUGE_PAGES), fontsize=11)


@style.styled
def figure() -> Figure:
    """Draw bars of the huge pages available after each way to free pages."""
    drawn = Figure(figsize=(style.WIDE, 4), layout="constrained")
    ax = drawn.add_subplot()
    _bars(ax)
    at_start = f"{AT_START} before filling"
    ax.axhline(AT_START, color=tokens.colour("edge"), linestyle="--", zorder=0, label=at_start)
    ax.set_xlabel("pages that were freed")
    ax.set_ylabel("huge pages (blocks of order 9)")
    ax.set_ylim(0, AT_START * 1.15)
    ax.set_title(f"{KERNEL} makes no huge page from zbud memory unless whole runs are freed")
    drawn.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=11)
    return drawn


def key_values() -> str:
    """Return the values that `figure` shows, in a sentence."""
    pairs = [f"{freed} {plain}/{zbud}" for freed, (plain, zbud) in HUGE_PAGES.items()]
    return f"huge pages of {AT_START}, processes' pages / zbud's: {', '.join(pairs)}"
