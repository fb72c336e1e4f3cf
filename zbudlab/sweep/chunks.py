"""How many points go into a chunk: enough to be worth sending, few enough to share out.

A chunk should take TARGET seconds, and never less than LEAST as long as there are points; near
the end chunks get smaller, so that all workers end together.
"""

LEAST = 0.05  #: seconds: sending a chunk costs up to some 3 ms (Dask)
TARGET = 0.5
GROWTH = 8  #: a chunk has at most so many times the points of the largest before it


class Sizer:
    """Sizes chunks by how long points took so far."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.seconds: float | None = None  # of a point
        self.largest = 1

    def note(self, points: int, seconds: float) -> None:
        """Learn from a chunk that was run; the newest counts half."""
        each = seconds / points
        self.seconds = each if self.seconds is None else (self.seconds + each) / 2
        self.largest = max(self.largest, points)

    def next_size(self, left: int) -> int:
        """Points of the next chunk, of `left` that are not yet sent."""
        if self.seconds is None:
            return min(left, 1)
        each = max(self.seconds, 1e-9)
        fair = left // (2 * self.workers)
        size = min(TARGET / each, max(fair, LEAST / each), GROWTH * self.largest)
        return max(min(round(size), left), 1)
