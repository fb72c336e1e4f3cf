"""Layouts of frame maps: assign each cell a place in a grid of rows and columns."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from zbudlab.view.look import blocks as look

#: Cells of the largest map. On a machine with more frames, each cell covers several frames.
MAX_CELLS = 1 << 22
NOWHERE = (1 << 32) - 1  #: marks a place in the grid without a cell


@dataclass(frozen=True)
class Arrangement:
    """A grid of cells: its size, the frames per cell, and `places`, uint32 (cells,).

    places[c] is row * columns + column of cell c. Cell c covers `frames_per_cell` frames, starting
    at frame c * frames_per_cell.
    """

    name: str
    columns: int
    rows: int
    frames: int
    frames_per_cell: int
    places: np.ndarray

    def picture(self, cells: np.ndarray, nothing: int) -> np.ndarray:
        """Return the cells' values as (rows, columns); `nothing` fills the empty places."""
        grid = np.full(self.rows * self.columns, nothing, cells.dtype)
        grid[self.places] = cells
        return grid.reshape(self.rows, self.columns)


def hilbert(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and rows of the first `count` points of a Hilbert curve, int64 (count,) each.

    Each aligned block of 4^k points forms a square, so buddies are adjacent.
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
    """Return columns and rows of `count` points in row-major order, a power of two wide."""
    width = 1 << ceil((count - 1).bit_length() / 2)
    row, column = np.divmod(np.arange(count), width)
    return column, row


def blocks(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and rows of `count` points in blocks of 512, as in static maps.

    A block has 16 rows of 32 points.
    """
    block, inside = np.divmod(np.arange(count), look.BLOCK)
    down, across = np.divmod(block, look.rows_of(ceil(count / look.BLOCK)))
    row, column = np.divmod(inside, look.SIDE)
    return across * look.SIDE + column, down * look.ROWS + row


CURVES = {"blocks": blocks, "hilbert": hilbert, "linear": linear}


def frames_per_cell(frames: int) -> int:
    """Return the smallest power of two of frames per cell that needs at most MAX_CELLS cells."""
    together = 1
    while ceil(frames / together) > MAX_CELLS:
        together *= 2
    return together


def arrange(frames: int, name: str) -> Arrangement:
    """Return the grid for a machine with `frames` frames. ValueError if `name` is not in CURVES."""
    if name not in CURVES:
        raise ValueError(f"layout must be one of {', '.join(CURVES)}, not {name!r}")
    together = frames_per_cell(frames)
    column, row = CURVES[name](ceil(frames / together))
    if name != "blocks" and row.max() > column.max():
        column, row = row, column
    columns = int(column.max()) + 1
    places = (row * columns + column).astype(np.uint32)
    return Arrangement(name, columns, int(row.max()) + 1, frames, together, places)
