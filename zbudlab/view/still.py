"""The frame map as a picture that needs no kernel."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from zbudlab.view.arrangement import Arrangement
from zbudlab.view.bundle import HINT
from zbudlab.view.palette import KINDS, cell_colours, counts

INCHES = 5.0


def figure(cells: np.ndarray, arrangement: Arrangement, hint: str = HINT) -> Figure:
    """Cells in their places, a legend of the kinds that are there, and the hint."""
    ratio = arrangement.rows / arrangement.columns
    drawn = Figure(figsize=(INCHES, INCHES * ratio + 1.3), layout="constrained")
    ax = drawn.add_subplot()
    colours = np.concatenate([cell_colours(), np.full((1, 3), 255, np.uint8)])
    grid = arrangement.picture(cells.astype(np.int16), len(colours) - 1)
    ax.imshow(colours[grid], interpolation="nearest")
    ax.set_axis_off()
    patches = [
        Patch(facecolor=kind.light, edgecolor="#888888", label=f"{kind.words}: {count}")
        for kind, count in zip(KINDS, counts(cells), strict=True)
        if count
    ]
    drawn.legend(handles=patches, loc="outside lower center", ncols=2, frameon=False, fontsize=10)
    drawn.suptitle(hint, fontsize=11)
    return drawn
