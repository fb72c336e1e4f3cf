"""Pictures of zbud pages: one row per page, with both buddies in its 64 chunks."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zbudlab.layout import NCHUNKS, PAGE_ZBUD_MAPCOUNT_VALUE, ZHDR_CHUNKS
from zbudlab.machine import Machine
from zbudlab.mm import zbud_reader
from zbudlab.view import palette
from zbudlab.view.look import style, tokens

#: Colour, hatch and words of each part.
PARTS = (
    (palette.CHUNKS["light"]["header"], "", palette.CHUNK_WORDS["header"]),
    (palette.CHUNKS["light"]["first"], "", palette.CHUNK_WORDS["first"]),
    (palette.CHUNKS["light"]["last"], "//", palette.CHUNK_WORDS["last"]),
)


def headers(machine: Machine) -> tuple[np.ndarray, np.ndarray]:
    """Return the page frames of all zbud pages, ascending, and copies of their headers."""
    frames = machine.state.pages[: machine.config.frames]
    pfns = np.flatnonzero(frames["mapcount"] == PAGE_ZBUD_MAPCOUNT_VALUE)
    return pfns, zbud_reader.headers(machine.state, pfns)


@style.styled
def figure(machine: Machine, limit: int = 12) -> Figure:
    """Draw the first `limit` pages chunk by chunk."""
    pfns, header = (array[:limit] for array in headers(machine))
    drawn = Figure(figsize=(style.WIDE, 0.9 + 0.3 * max(len(pfns), 1)), layout="constrained")
    ax = drawn.add_subplot()
    first, last = header["first_chunks"].astype(int), header["last_chunks"].astype(int)
    spans = (  # left edge, width
        (np.zeros_like(first), np.full_like(first, ZHDR_CHUNKS)),
        (np.full_like(first, ZHDR_CHUNKS), first),
        (NCHUNKS - last, last),
    )
    frame = ax.barh(range(len(pfns)), NCHUNKS, height=0.8, fill=False, linewidth=1)
    for outline in frame:
        outline.set(edgecolor=tokens.colour("edge"), zorder=3)
    for (left, width), (colour, hatch, words) in zip(spans, PARTS, strict=True):
        bars = ax.barh(range(len(pfns)), width, left=left, height=0.8, color=colour, label=words)
        for bar in bars:
            bar.set(hatch=hatch, edgecolor=tokens.colour("paper"))
    _dress(ax, pfns)
    drawn.legend(loc="outside lower center", ncols=3, frameon=False)
    return drawn


def _dress(ax: Axes, pfns: np.ndarray) -> None:
    """Label the axes: chunks across, page frames from the top down."""
    ax.set_yticks(range(len(pfns)), [f"frame {pfn}" for pfn in pfns], fontsize=10)
    ax.set_xlim(0, NCHUNKS)
    ax.set_xticks(range(0, NCHUNKS + 1, 8))
    ax.set_xlabel("chunk of 64 bytes")
    ax.grid(visible=False)
    ax.invert_yaxis()


def key_values(machine: Machine) -> str:
    """Return how full the zbud pages are, in one line."""
    pfns, header = headers(machine)
    first, last = header["first_chunks"].astype(int), header["last_chunks"].astype(int)
    objects = int(np.count_nonzero(first) + np.count_nonzero(last))
    used = int((first + last).sum())
    pages = len(pfns)
    return (
        f"{objects} objects in {pages} pages, {objects / max(pages, 1):.2f} a page; "
        f"{used} of {pages * (NCHUNKS - ZHDR_CHUNKS)} chunks used"
    )
