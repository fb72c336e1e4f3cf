"""Growing the tables of a machine: kernels cannot allocate, so room is made before they run."""

import numpy as np


def grown(array: np.ndarray, length: int) -> np.ndarray:
    """Return a copy of a one-dimensional array with at least `length` records, or twice as many."""
    larger = np.zeros(max(length, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
