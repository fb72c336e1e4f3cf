"""A page frame told in words: one sentence, or all that its records say."""

from typing import Any

import numpy as np

from zbudlab.machine import Machine
from zbudlab.view import palette


def words(machine: Machine, pfn: int) -> str:
    """One sentence about a frame."""
    return f"pfn {pfn}"


def details(machine: Machine, pfn: int) -> dict[str, Any]:
    """Everything about a frame."""
    return {"title": words(machine, pfn), "parts": []}


def summary(machine: Machine, cells: np.ndarray, together: int) -> str:
    """A machine's frames in words."""
    return f"{machine.config.frames} page frames: {palette.in_words(palette.counts(cells))}."
