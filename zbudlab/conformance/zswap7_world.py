"""Simulate what surrounds today's zswap in traces: pages, swap cache, device, failures."""

from errno import EEXIST, ENOMEM

import numpy as np
from numpy.typing import NDArray

from zbudlab.content.compressors import DamagedData
from zbudlab.layout import PAGE_SIZE
from zbudlab.mm import zpool
from zbudlab.mm.state import State
from zbudlab.mm.zswap_lru import lru_of

PATTERN = np.arange(PAGE_SIZE)
SQUEEZED = np.uint8(0x5A)  #: compressed bytes differ from the page's by this


def page_of(number: int) -> NDArray[np.uint8]:
    """Return all bytes of page `number`, uint8 (4096,)."""
    return ((37 * (number & 0xFF) + 11 * PATTERN + (PATTERN >> 8)) & 0xFF).astype(np.uint8)


class TraceWorld:
    """The kernel around zswap.

    state: the machine. stored, disk: the number of the page that zswap and the device have, by
    slot. cached: slots in the swap cache. fail_cache: this many further allocations there fail.
    written: slots that were written back, until they are printed.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.stored: dict[int, int] = {}
        self.disk: dict[int, int] = {}
        self.cached: set[int] = set()
        self.fail_cache = 0
        self.written: list[int] = []

    def prepare(self, slot: int) -> int:
        """Allocate a page of the swap cache, which leaves it as soon as it is written."""
        if self.fail_cache:
            self.fail_cache -= 1
            return -ENOMEM
        return -EEXIST if slot in self.cached else 0

    def content(self, number: int, where: NDArray[np.int64]) -> int:
        """Return the number of an entry's page, whose bytes must be those that were stored."""
        page = self.stored[int(self.state.zswap_entries["slot"][number])]
        address, length = where.tolist()
        if length < PAGE_SIZE and self.state.zswaps["fail_decompress"][0]:
            self.state.zswaps["fail_decompress"] -= 1
            raise DamagedData("the trace says so")
        pool = int(self.state.lrus["pool"][lru_of(number)])
        found = zpool.object_bytes(self.state.mem, pool, address, length)
        wanted = page_of(page)[:length] ^ (SQUEEZED if length < PAGE_SIZE else np.uint8(0))
        if not np.array_equal(found, wanted):
            raise AssertionError(f"the {length} bytes of page {page} are not what was stored")
        return page

    def written_back(self, slot: int, page: object) -> None:
        """Write a page to the device."""
        self.disk[slot] = int(page)  # type: ignore[call-overload]
        self.written.append(slot)
