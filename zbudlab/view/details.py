"""A page frame told in words: one sentence, or all that its records say."""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm.snapshot import frame_cells
from zbudlab.view import palette
from zbudlab.view.arrangement import MAX_CELLS


def words(machine: Machine, pfn: int) -> str:
    """One sentence about a frame."""
    return f"pfn {pfn}"


def details(machine: Machine, pfn: int) -> dict[str, Any]:
    """Everything about a frame."""
    return {"title": words(machine, pfn), "parts": []}


def summary(machine: Machine, cells: np.ndarray, together: int) -> str:
    """A machine's frames in words."""
    return f"{machine.config.frames} page frames: {palette.in_words(palette.counts(cells))}."


def reduced(frames: int, together: int) -> str:
    """What to know of a map whose cells are more than a frame each; empty for others."""
    if together == 1:
        return ""
    return (
        f"{frames:,} page frames are more than the {MAX_CELLS:,} cells that the map has: each "
        f"cell stands for {together} frames and shows the one that is hardest to move."
    )
