"""Swap areas and their slots: on and off, taken and freed.

Thin methods over `mm.swapfile`, which also let go of what zswap, the swap cache and the device
hold for slots that become free.

Source: mm/swapfile.c (v3.12), mm/swap_slots.c (v6.1).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.mm import swapfile, zswap
from zbudlab.mm.state import State
from zbudlab.swap.device import SwapCache, SwapDevice
from zbudlab.swap.journal import Journal


class SwapAreas:
    """Swap areas of one machine.

    journal: gets every step. kind: the pools' allocator, layout.ZPOOL_*; variant: of zbud.
    shared_pool: one pool for all areas, else one for each. enabled: whether there is zswap at all.
    """

    def __init__(
        self,
        state: State,
        cache: SwapCache,
        device: SwapDevice,
        journal: Journal,
        *,
        kind: int,
        variant: int,
        shared_pool: bool,
        enabled: bool,
    ) -> None:
        self.state = state
        self.cache = cache
        self.device = device
        self.do = journal.do
        self.kind = kind
        self.variant = variant
        self.shared_pool = shared_pool
        self.enabled = enabled
        if shared_pool and enabled:
            state.create_pool(0, variant, kind)

    def swapon(self, type: int, nr_slots: int, *, tree: bool = True) -> None:
        """Start a swap area; ValueError if it cannot be. tree: False = zswap gets no memory."""
        info = self.state.swap_info
        if not 0 <= type < len(info) or nr_slots < 0:
            top = len(info) - 1
            raise ValueError(f"no swap area {type} of {nr_slots} slots: types are 0 to {top}")
        if info["nr_slots"][type]:
            raise ValueError(f"swap area {type} is on already")
        pool = (0 if self.shared_pool else type) if self.enabled and tree else -1
        if pool >= len(self.state.pools):
            pools = len(self.state.pools)
            raise ValueError(f"swap area {type} needs pool {pool}, there are {pools}")
        if pool >= 0 and not self.shared_pool:
            self.state.create_pool(pool, self.variant, self.kind)
        start = self._unused_range(nr_slots)
        self.state.reserve_slots(start + nr_slots)
        self.do(swapfile.swapon, self.state.mem, type, start, nr_slots, pool)

    def _unused_range(self, nr_slots: int) -> int:
        """Where that many slots lie in a row that no area has: as low as can be."""
        on = self.state.swap_info[self.state.swap_info["nr_slots"] > 0]
        start = 0
        for area in np.sort(on, order="start"):
            if start + nr_slots <= area["start"]:
                break
            start = int(area["start"] + area["nr_slots"])
        return start

    def swapoff(self, type: int) -> None:
        """End a swap area; what is still in it is lost, so it must have been read back before."""
        self._drain_slots_cache()
        area = self.state.swap_info[type]
        if area["pool"] >= 0:
            self.do(zswap.zswap_invalidate_area, self.state.mem, type)
        slots = np.arange(area["start"], area["start"] + area["nr_slots"])
        self.cache.drop_all(slots)
        self.device.discard(slots)
        self.do(swapfile.swapoff, self.state.mem, type)

    def slot(self, type: int, offset: int) -> int:
        """The slot by which an area's slot is known here."""
        return int(self.state.swap_info["start"][type]) + offset

    def type_offset(self, slot: int) -> tuple[int, int]:
        """A slot's area, and its place in it."""
        type = int(self.state.swap_slots["type"][slot])
        return type, slot - int(self.state.swap_info["start"][type])

    def used(self, slot: int) -> bool:
        """Whether anybody refers to the slot."""
        return swapfile.swap_count(self.state.swap_slots, slot) > 0

    def free_slots(self) -> int:
        """Slots that could be had."""
        info = self.state.swap_info
        free = int(info["nr_slots"].sum() - info["inuse_pages"].sum())
        return free + int(self.state.slots_cache["n_ret"][0])

    def get_swap_pages(self, count: int) -> NDArray[np.int64]:
        """Up to `count` slots, used from now on; fewer if swap is full."""
        found = np.empty(count, np.int64)
        got = self.do(swapfile.get_swap_pages, self.state.mem, found)
        if got < count and self._drain_slots_cache():
            got += self.do(swapfile.get_swap_pages, self.state.mem, found[got:])
        return found[:got]

    def get_swap_page(self) -> int:
        """A slot, used from now on; -1 = swap is full."""
        found = self.get_swap_pages(1)
        return int(found[0]) if len(found) else swapfile.FULL

    def use_slot(self, slot: int) -> None:
        """Make sure that one given slot is used."""
        self.do(swapfile.swap_use, self.state.mem, slot)

    def swap_free(self, slots: ArrayLike) -> None:
        """Drop a reference of one slot or many; what nobody refers to is forgotten.

        In 6.1 zswap keeps its copy until 64 more slots are free.
        """
        batch = np.atleast_1d(np.asarray(slots, np.int64))
        self.cache.drop_all(batch)
        freed = np.empty(len(batch) + layout.SWAP_SLOTS_CACHE_SIZE, np.int64)
        count = self.do(swapfile.swap_free, self.state.mem, batch, freed)
        self.device.discard(freed[:count])

    def _drain_slots_cache(self) -> int:
        freed = np.empty(layout.SWAP_SLOTS_CACHE_SIZE, np.int64)
        count = self.do(swapfile.swapcache_free_entries, self.state.mem, freed, 0)
        self.device.discard(freed[:count])
        return count
