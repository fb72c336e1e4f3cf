"""What a running Linux 6.1 was seen to do, for pictures beside the simulator's own.

An unmodified kernel with 256 MiB in an emulator: 36000 pages were filled, some of them freed,
memory was compacted, and huge pages (order 9) were asked for. Counted is the zone under pressure.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.layout import FRAME_ANON, FRAME_POOL_FULL
from zbudlab.view.palette import KINDS

KERNEL = "Linux 6.1"
AT_START = 72  #: order-9 blocks that could be had before anything was filled

#: Order-9 blocks to be had after compaction, by what was freed: memory of processes, zbud's pool.
HUGE_PAGES = {
    "every 2nd page": (36, 0),
    "25 % at random": (19, 0),
    "50 % at random": (37, 0),
    "75 % at random": (54, 0),
    "90 % at random": (64, 0),
    "99 % at random": (69, 0),
    "the first half": (37, 34),
}


def _bars(ax: Axes) -> None:
    """A pair of bars for each way to free pages, with their values above."""
    plain, zbud = np.array(list(HUGE_PAGES.values())).T
    places = np.arange(len(HUGE_PAGES))
    for shift, blocks, name, colour, hatch in (
        (-0.2, plain, "36000 pages of processes (movable)", KINDS[FRAME_ANON].light, ""),
        (0.2, zbud, "36000 pages of zbud's pool (unmovable)", KINDS[FRAME_POOL_FULL].light, "///"),
    ):
        bars = ax.bar(
            places + shift, blocks, 0.38, label=name, color=colour, hatch=hatch, edgecolor="white"
        )
        for label in ax.bar_label(bars, fontsize=12, padding=3):
            label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
    ax.set_xticks(places, list(HUGE_PAGES), fontsize=11)


def figure() -> Figure:
    """Bars: order-9 blocks to be had, for each way to free pages."""
    drawn = Figure(figsize=(11, 4.6), layout="constrained")
    ax = drawn.add_subplot()
    _bars(ax)
    at_start = f"{AT_START} before filling"
    ax.axhline(AT_START, color="#555555", linestyle="--", zorder=0, label=at_start)
    ax.set_xlabel("freed", fontsize=12)
    ax.set_ylabel("order-9 blocks to be had", fontsize=12)
    ax.set_ylim(0, AT_START * 1.1)
    ax.set_title(f"{KERNEL}, measured: huge pages after freeing and compacting", fontsize=13)
    ax.spines[["top", "right"]].set_visible(False)
    drawn.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=11)
    return drawn


def key_values() -> str:
    """What `figure` shows, in a sentence."""
    pairs = [f"{freed} {plain}/{zbud}" for freed, (plain, zbud) in HUGE_PAGES.items()]
    return f"order-9 blocks of {AT_START}, processes' pages / zbud's: {', '.join(pairs)}"
