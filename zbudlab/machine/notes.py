"""Notes on each page: how it came into memory, and why zswap last refused it."""

import numpy as np

from zbudlab.layout import ARRIVED_CACHE, ARRIVED_DEVICE, ARRIVED_ZEROS, ARRIVED_ZSWAP
from zbudlab.mm.growth import grown

#: How a page came into memory, by the answer of `Swap.load`; 0 = its first touch.
ARRIVALS = {
    "zswap": ARRIVED_ZSWAP,
    "device": ARRIVED_DEVICE,
    "cache": ARRIVED_CACHE,
    "zeros": ARRIVED_ZEROS,
}
MOVED = 0x80  #: bit of an arrival: compaction or CMA has moved the page since


class PageNotes:
    """Notes on the pages of all processes, by their place in the table of page table entries.

    arrivals: uint8 (n,), ARRIVALS and MOVED. refusals: uint8 (n,), layout.REFUSED_*, the last
    refusal; 0 = zswap never refused the page. Both grow when a note needs it.
    """

    def __init__(self) -> None:
        self.arrivals = np.zeros(64, np.uint8)
        self.refusals = np.zeros(64, np.uint8)

    def reach(self, place: int) -> None:
        """Make room for a note on that place."""
        if place >= len(self.arrivals):
            self.arrivals = grown(self.arrivals, place + 1)
            self.refusals = grown(self.refusals, len(self.arrivals))

    def of(self, place: int) -> tuple[int, int]:
        """Return the arrival and the last refusal of a page."""
        if place >= len(self.arrivals):
            return 0, 0
        return int(self.arrivals[place]), int(self.refusals[place])

    def came(self, place: int, source: str) -> None:
        """Note that a page was swapped in. source: the answer of `Swap.load`."""
        self.reach(place)
        self.arrivals[place] = ARRIVALS[source]

    def refused(self, places: np.ndarray, reasons: np.ndarray) -> None:
        """Note why zswap refused pages. places, reasons: (n,); reason 0 = it did not."""
        which = np.flatnonzero(reasons)
        if len(which):
            self.reach(int(places.max()))
            self.refusals[places[which]] = reasons[which]

    def moved(self, places: np.ndarray) -> None:
        """Note that pages in memory were moved. places: int64 (n,)."""
        if len(places):
            self.reach(int(places.max()))
            self.arrivals[places] |= MOVED

    def forget(self, start: int, count: int) -> None:
        """Drop the notes on the pages of a process that ended."""
        for notes in (self.arrivals, self.refusals):
            notes[start : start + count] = 0
