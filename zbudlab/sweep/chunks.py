"""Decide how many points go into a chunk: enough to be worth sending, few enough to share.

A chunk should take TARGET seconds, and never less than LEAST while there are points. Near the end
chunks get smaller, so that all workers finish together.
"""

LEAST = 0.05  #: seconds; sending a chunk costs up to 3 ms (Dask)
TARGET = 0.5  #: seconds
GROWTH = 8  #: a chunk has at most this many times the points of the largest chunk before it


class Sizer:
    """Choose chunk sizes from the time that points took so far."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.seconds: float | None = None  # per point
        self.largest = 1

    def note(self, points: int, seconds: float) -> None:
        """Learn from a finished chunk; the newest chunk counts half."""
        each = seconds / points
        self.seconds = each if self.seconds is None else (self.seconds + each) / 2
        self.largest = max(self.largest, points)

    def next_size(self, left: int) -> int:
        """Return the number of points of the next chunk. left: points not yet sent."""
        if self.seconds is None:
            return min(left, 1)
        each = max(self.seconds, 1e-9)
        fair = left // (2 * self.workers)
        size = min(TARGET / each, max(fair, LEAST / each), GROWTH * self.largest)
        return max(min(round(size), left), 1)
