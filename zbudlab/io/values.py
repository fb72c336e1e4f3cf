"""Checks of values that come from outside, and sizes as text."""

from math import inf
from typing import Any

import numpy as np


def human(size: int) -> str:
    """Format a number of bytes with a unit: 4096 gives "4 KiB"."""
    value = float(size)
    for unit in ("bytes", "KiB", "MiB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} GiB"


def is_whole(value: Any) -> bool:
    """Return whether a value is an integer of Python or NumPy; booleans are rejected."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def fault_of(name: str, value: Any, low: float = -inf, high: float = inf) -> str:
    """Say what is wrong with a value that must be an integer from `low` to `high`; "" if nothing.

    name: how the message refers to the value.
    """
    if not is_whole(value):
        return f"{name} must be a whole number, not {value!r}"
    return "" if low <= value <= high else f"{name} must be {low} to {high}, not {value}"
