"""Memory maps: what each page frame is, a cell a frame."""

from math import ceil, sqrt

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zbudlab.layout import FRAME_KINDS
from zbudlab.scenario import Outcome

#: Colours by kind of frame, from Okabe and Ito's palette for all kinds of sight.
COLOURS = ("#f2f2f2", "#d9e8f5", "#56b4e9", "#e69f00", "#d55e00", "#333333")


def memory_map(kinds: np.ndarray, *, pageblock_order: int = 9, ax: Axes | None = None) -> Axes:
    """Draw kinds of frames (layout.FRAME_*), pageblock by pageblock, from the top left down.

    Each small square is a pageblock; inside it frames run left to right, top to bottom.
    """
    if ax is None:
        ax = Figure(figsize=(4, 4)).add_subplot()
    picture = _blocks(kinds, pageblock_order)
    colours = ListedColormap(["#ffffff", *COLOURS])
    norm = BoundaryNorm(np.arange(len(COLOURS) + 2) - 0.5, colours.N)
    ax.imshow(picture, cmap=colours, norm=norm, interpolation="nearest", aspect="auto")
    ax.set_axis_off()
    return ax


def _blocks(kinds: np.ndarray, pageblock_order: int) -> np.ndarray:
    """Frames laid out as a square of pageblocks with gaps between; 0 = no frame, else kind + 1."""
    size = 1 << pageblock_order
    width = 1 << ceil(pageblock_order / 2)
    height = size // width
    count = ceil(len(kinds) / size)
    across = max(ceil(sqrt(count * height / width)), 1)
    down = ceil(count / across)
    cells = np.zeros(across * down * size, np.uint8)
    cells[: len(kinds)] = kinds + 1
    blocks = cells.reshape(down, across, height, width)
    framed = np.zeros((down, across, height + 2, width + 2), np.uint8)
    framed[:, :, 1:-1, 1:-1] = blocks
    return framed.transpose(0, 2, 1, 3).reshape(down * (height + 2), across * (width + 2))


def legend(figure: Figure) -> None:
    """Say below the figure what the colours mean."""
    patches = [
        Patch(facecolor=colour, edgecolor="#888888", label=name)
        for colour, name in zip(COLOURS, FRAME_KINDS, strict=True)
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), frameon=False)


def compare(outcomes: list[Outcome], pageblock_order: int = 9) -> Figure:
    """Memory of each machine before and after compaction, machines side by side."""
    figure = Figure(figsize=(4 * len(outcomes), 8.4), layout="constrained")
    axes = figure.subplots(2, len(outcomes), squeeze=False)
    for column, outcome in enumerate(outcomes):
        for row, (when, kinds, blocks) in enumerate(
            (
                ("before compaction", outcome.map_before, outcome.blocks_before),
                ("after", outcome.map_after, outcome.blocks_after),
            )
        ):
            assert kinds is not None
            ax = memory_map(kinds, pageblock_order=pageblock_order, ax=axes[row][column])
            ax.set_title(f"{outcome.variant}, {when}\nlarge blocks to be had: {blocks}")
    legend(figure)
    return figure
