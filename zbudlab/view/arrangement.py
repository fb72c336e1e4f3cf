"""Where frames lie in a map: each cell's place in a grid of rows and columns."""

from dataclasses import dataclass
from math import ceil

import numpy as np

#: The largest map; a machine with more frames is shown several frames a cell.
MAX_CELLS = 1 << 22
NOWHERE = (1 << 32) - 1  #: a place of the grid without a cell


@dataclass(frozen=True)
class Arrangement:
    """A grid of cells: its size, the frames of a cell, and `places`, uint32 (cells,).

    The place of cell c is row * columns + column. Cell c is frames c * frames_per_cell and on.
    """

    name: str
    columns: int
    rows: int
    frames: int
    frames_per_cell: int
    places: np.ndarray

    def picture(self, cells: np.ndarray, nothing: int) -> np.ndarray:
        """Values of the cells in their places, (rows, columns); `nothing` where there is none."""
        grid = np.full(self.rows * self.columns, nothing, cells.dtype)
        grid[self.places] = cells
        return grid.reshape(self.rows, self.columns)


def hilbert(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the first `count` points of a Hilbert curve, int64.

    Any aligned block of 4^k points is a square on it, so buddies lie side by side.
    """
    column = row = np.zeros(1, np.int64)
    while len(column) < count:
        side = 1 << (len(column).bit_length() // 2)
        column, row = (
            np.concatenate([row, column, column + side, 2 * side - 1 - row]),
            np.concatenate([column, row + side, row + side, side - 1 - column]),
        )
    return column[:count], row[:count]


def linear(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of `count` points written like text, in lines of a power of two."""
    width = 1 << ceil((count - 1).bit_length() / 2)
    row, column = np.divmod(np.arange(count), width)
    return column, row


CURVES = {"hilbert": hilbert, "linear": linear}


def frames_per_cell(frames: int) -> int:
    """How many frames share a cell, so that the map has at most MAX_CELLS: a power of two."""
    together = 1
    while ceil(frames / together) > MAX_CELLS:
        together *= 2
    return together


def arrange(frames: int, name: str) -> Arrangement:
    """The grid of a machine of so many frames; ValueError for a name not in CURVES."""
    if name not in CURVES:
        raise ValueError(f"layout must be {' or '.join(CURVES)}, not {name!r}")
    together = frames_per_cell(frames)
    column, row = CURVES[name](ceil(frames / together))
    if row.max() > column.max():
        column, row = row, column
    columns = int(column.max()) + 1
    places = (row * columns + column).astype(np.uint32)
    return Arrangement(name, columns, int(row.max()) + 1, frames, together, places)
