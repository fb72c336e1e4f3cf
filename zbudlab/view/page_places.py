"""Bars of where a process's pages are, and histograms of compressed lengths."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from zbudlab.layout import PAGE_SIZE
from zbudlab.lessons.pressed import PageLocations
from zbudlab.view import palette
from zbudlab.view.look import style, tokens

PARTS = (  # field, words, colour, hatch
    ("memory", "in memory", palette.KINDS[palette.NUMBER["process"]].light, ""),
    ("zswap", "compressed, in zswap", palette.KINDS[palette.NUMBER["zbud1"]].light, "//"),
    ("device", "on the swap device", tokens.colour("edge"), "xx"),
)


@style.styled
def figure(bars: Mapping[str, PageLocations]) -> Figure:
    """Draw a bar for each name: pages in memory, in zswap and on the swap device."""
    drawn = Figure(figsize=(style.WIDE, 1.1 + 0.45 * len(bars)), layout="constrained")
    ax = drawn.add_subplot()
    left = np.zeros(len(bars), int)
    for field, words, colour, hatch in PARTS:
        width = np.array([getattr(where, field) for where in bars.values()])
        drawn_bars = ax.barh(list(bars), width, left=left, color=colour, label=words)
        for bar in drawn_bars:
            bar.set(hatch=hatch, edgecolor=tokens.colour("paper"))
        texts = [str(pages) if pages > 30 else "" for pages in width]
        for text in ax.bar_label(drawn_bars, texts, label_type="center"):
            text.set_bbox({"facecolor": colour, "edgecolor": "none", "pad": 1.5})
        left = left + width
    ax.set_xlabel("pages of the process")
    ax.invert_yaxis()
    drawn.legend(loc="outside lower center", ncols=3, frameon=False)
    return drawn


@style.styled
def lengths_figure(lengths: Mapping[str, np.ndarray]) -> Figure:
    """Draw a histogram of compressed lengths for each name, in steps of 256 bytes."""
    drawn = Figure(figsize=(style.WIDE, 2.6), layout="constrained")
    edges = np.arange(0, PAGE_SIZE + 513, 256)
    axes = drawn.subplots(1, len(lengths), squeeze=False)[0]
    for ax, (name, values) in zip(axes, lengths.items(), strict=True):
        ax.hist(
            np.minimum(values, PAGE_SIZE + 256),
            edges,
            color=PARTS[1][2],
            edgecolor=tokens.colour("paper"),
        )
        ax.axvline(PAGE_SIZE, color=tokens.colour("edge"), linestyle="--", linewidth=1)
        ax.set_title(name)
        ax.set_xlabel("bytes")
        ax.set_xticks(range(0, PAGE_SIZE + 1, PAGE_SIZE // 4))
        ax.tick_params(axis="x", labelsize=9, rotation=45)
    drawn.axes[0].set_ylabel("pages")
    return drawn


def lengths_values(lengths: Mapping[str, np.ndarray]) -> str:
    """Return the median of each and the number of pages that do not become shorter, in a line."""
    told = [
        f"{name} {int(np.median(values))} ({np.count_nonzero(values >= PAGE_SIZE)} not shorter)"
        for name, values in lengths.items()
    ]
    return "median of compressed lengths in bytes: " + ", ".join(told)
