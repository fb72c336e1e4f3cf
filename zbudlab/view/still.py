"""The frame map as a static picture."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zbudlab.layout import FRAME_KIND_MASK
from zbudlab.view.arrangement import Arrangement, arrange
from zbudlab.view.bundle import HINT
from zbudlab.view.look import machines, style, tokens
from zbudlab.view.palette import (
    BOOKKEEPING,
    KINDS,
    NUMBER,
    Kind,
    cell_colours,
    counts,
    joined,
    rgb,
)

INCHES = 5.0
MOST_DRAWN = 1 << 16  #: frames of the largest map that is also HTML
MOST_CELLS = (
    1 << 16
)  #: larger maps are drawn with several frames per cell, as a picture has no finer detail


class Still(Figure):
    """A frame map. A notebook shows it as HTML, which follows the theme."""

    kinds: np.ndarray
    note: str
    zbud: bool

    def page(self, alt: str) -> str:
        """Return the map as HTML; alt: its description."""
        return machines.map_page(self.kinds.tolist(), "", self.note, alt, self.zbud)


@style.styled
def figure(
    cells: np.ndarray,
    layout: str,
    bookkeeping: str,
    *,
    marked: Collection[int] = (),
    kind: str = "",
    kinds: Sequence[Kind] = KINDS,
) -> Figure:
    """Draw a frame map with a legend of its kinds and the hint to run the cell.

    cells: from `inspection.frame_cells`, uint8 (frames,). layout: a name in `arrangement.CURVES`.
    bookkeeping: from `details.bookkeeping`. marked: frames painted as `kind`, a name in
    palette.NUMBER. kinds: KINDS, or `palette.kinds_of` an allocator.
    """
    numbers, frames = counts(cells), len(cells)
    numbers[NUMBER[kind] if kind else 0] += len(marked)
    while len(cells) > MOST_CELLS:
        cells = joined(cells, 4)  # a square of the Hilbert curve
    arrangement = arrange(len(cells), layout)
    drawn = _paper(arrangement, plain=bool(marked) or frames > MOST_DRAWN)
    if isinstance(drawn, Still):
        drawn.kinds = cells & FRAME_KIND_MASK
        drawn.note = f"{BOOKKEEPING}: {bookkeeping}"
        drawn.zbud = kinds == KINDS
    ax = drawn.add_subplot()
    at = np.array(marked, np.int64) * len(cells) // frames
    ax.imshow(_pixels(cells, arrangement, at, kind), interpolation="nearest")
    ax.set_axis_off()
    told = f"{BOOKKEEPING}: {bookkeeping}".replace("frames: ", "frames\n")
    ax.text(0.5, -0.01, told, transform=ax.transAxes, ha="center", va="top", fontsize=10)
    handles = _patches(numbers, kinds)
    drawn.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=10)
    drawn.suptitle(HINT)
    return drawn


def _paper(arrangement: Arrangement, plain: bool) -> Figure:
    """Return an empty figure for a map; one that is not plain is drawn in the page's theme."""
    size = (INCHES, INCHES * arrangement.rows / arrangement.columns + 1.45)
    kind = Figure if plain else Still
    return kind(figsize=size, layout="constrained")


def _pixels(cells: np.ndarray, arrangement: Arrangement, at: np.ndarray, kind: str) -> np.ndarray:
    """Return the colours of a map, uint8 (rows, columns, 3). at: cells painted as `kind`."""
    over = rgb(KINDS[NUMBER[kind] if kind else 0].light)
    colours = np.concatenate([cell_colours(), np.full((1, 3), 255, np.uint8), [over]])
    shown = cells.astype(np.int16)
    shown[at] = len(colours) - 1
    pixels: np.ndarray = colours[arrangement.picture(shown, len(colours) - 2)]
    return pixels


def _patches(numbers: Iterable[int], kinds: Sequence[Kind]) -> list[Patch]:
    """Return a legend entry for each kind of frame that occurs."""
    return [
        Patch(facecolor=kind.light, edgecolor=tokens.colour("edge"), label=f"{kind.words}: {count}")
        for kind, count in zip(kinds, numbers, strict=True)
        if count
    ]
