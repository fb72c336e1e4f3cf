"""Swap areas and their slots: switched on and off, allocated and freed.

Thin methods over `mm.swapfile`. When a slot becomes free, zswap, the swap cache and the device
drop what they hold for it.

Source: mm/swapfile.c (v3.12), mm/swap_slots.c (v6.1).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.mm import swapfile, zpool, zswap
from zbudlab.mm.state import State
from zbudlab.swap.device import SwapCache, SwapDevice
from zbudlab.swap.journal import Journal
from zbudlab.swap.settings import ZswapSettings

BATCH = layout.SWAP_SLOTS_CACHE_SIZE  #: slots freed at a time where work follows


class SwapAreas:
    """The swap areas of one machine.

    settings: of zswap, which gets a pool for each area, or under the rule `shared_pool` one for
    all. cache, device: where pages are besides zswap. journal: gets every step.
    """

    def __init__(
        self,
        state: State,
        settings: ZswapSettings,
        cache: SwapCache,
        device: SwapDevice,
        journal: Journal,
    ) -> None:
        self.state = state
        self.settings = settings
        self.rules = settings.rules
        self.cache = cache
        self.device = device
        self.do = journal.do
        if self.rules.shared_pool and settings.enabled:
            state.create_pool(0, settings.variant, settings.kind, settings.zsmalloc)

    def swapon(self, type: int, nr_slots: int, *, tree: bool = True) -> None:
        """Switch a swap area on. Raises ValueError for an invalid type or size.

        type: the number of the area. tree: False = zswap has no memory for it, and no pool.
        """
        info = self.state.swap_info
        if not 0 <= type < len(info) or nr_slots < 0:
            top = len(info) - 1
            raise ValueError(f"no swap area {type} of {nr_slots} slots: types are 0 to {top}")
        if info["nr_slots"][type]:
            raise ValueError(f"swap area {type} is on already")
        shared = self.rules.shared_pool
        pool = (0 if shared else type) if self.settings.enabled and tree else -1
        if pool >= len(self.state.pools):
            pools = len(self.state.pools)
            raise ValueError(f"swap area {type} needs pool {pool}, there are {pools}")
        if pool >= 0 and not shared:
            given = self.settings
            self.state.create_pool(pool, given.variant, given.kind, given.zsmalloc)
        start = self._unused_range(nr_slots)
        self.state.reserve_slots(start + nr_slots)
        self.do(swapfile.swapon, self.state.mem, type, start, nr_slots, pool)

    def _unused_range(self, nr_slots: int) -> int:
        """Return the lowest start of `nr_slots` consecutive slots that belong to no area."""
        on = self.state.swap_info[self.state.swap_info["nr_slots"] > 0]
        start = 0
        for area in np.sort(on, order="start"):
            if start + nr_slots <= area["start"]:
                break
            start = int(area["start"] + area["nr_slots"])
        return start

    def swapoff(self, type: int) -> None:
        """Switch a swap area off. Pages that are still in it are lost: read them back before."""
        self._drain_slots_cache()
        area = self.state.swap_info[type]
        if area["pool"] >= 0:
            self._invalidate_area(type)
            self.run_work()
        slots = np.arange(area["start"], area["start"] + area["nr_slots"])
        self.cache.drop_all(slots)
        self.device.discard(slots)
        self.do(swapfile.swapoff, self.state.mem, type)

    def _invalidate_area(self, type: int) -> None:
        """Drop what zswap holds for a swap area."""
        self.do(zswap.zswap_invalidate_area, self.state.mem, type)

    def slot(self, type: int, offset: int) -> int:
        """Return the number of an area's slot among the slots of all areas."""
        return int(self.state.swap_info["start"][type]) + offset

    def type_offset(self, slot: int) -> tuple[int, int]:
        """Return the area of a slot, and the slot's offset in it."""
        type = int(self.state.swap_slots["type"][slot])
        return type, slot - int(self.state.swap_info["start"][type])

    def used(self, slot: int) -> bool:
        """Return whether a slot has a reference."""
        return swapfile.swap_count(self.state.swap_slots, slot) > 0

    def free_slots(self) -> int:
        """Return how many slots can be allocated."""
        info = self.state.swap_info
        free = int(info["nr_slots"].sum() - info["inuse_pages"].sum())
        return free + int(self.state.slots_cache["n_ret"][0])

    def get_swap_pages(self, count: int) -> NDArray[np.int64]:
        """Allocate up to `count` slots, fewer if swap is full. Return them, int64 (n,)."""
        found = np.empty(count, np.int64)
        got = self.do(swapfile.get_swap_pages, self.state.mem, found)
        if got < count and self._drain_slots_cache():
            got += self.do(swapfile.get_swap_pages, self.state.mem, found[got:])
        return found[:got]

    def get_swap_page(self) -> int:
        """Allocate a slot. Return its number, or -1 if swap is full."""
        found = self.get_swap_pages(1)
        return int(found[0]) if len(found) else swapfile.FULL

    def use_slot(self, slot: int) -> None:
        """Allocate a given slot, if it is free."""
        self.do(swapfile.swap_use, self.state.mem, slot)

    def swap_free(self, slots: ArrayLike) -> None:
        """Drop a reference to one slot or many. The last reference frees a slot.

        Under the rule `swap_slots_cache` zswap keeps the page of a freed slot until a slot is
        freed while 64 are waiting. So the counters still have up to 64 stored pages after the
        last process ended.
        """
        batch = np.atleast_1d(np.asarray(slots, np.int64))
        if self.cache.pages:
            self.cache.drop_all(batch)
        together = len(batch) if self.settings.kind != layout.ZPOOL_Z3FOLD else BATCH
        for start in range(0, len(batch), max(together, 1)):
            self._swap_free(batch[start : start + together])

    def _swap_free(self, batch: NDArray[np.int64]) -> None:
        """Drop references to slots, then run the work that this has queued."""
        freed = np.empty(len(batch) + layout.SWAP_SLOTS_CACHE_SIZE, np.int64)
        count = self.do(swapfile.swap_free, self.state.mem, batch, freed)
        self._discard(freed[:count])
        self.run_work()

    def _discard(self, freed: NDArray[np.int64]) -> None:
        """Drop what the device holds for slots that were freed; zswap was notified before."""
        self.device.discard(freed)

    def run_work(self) -> None:
        """Run the work that a z3fold pool has queued; other allocators queue none here.

        Linux runs it on another processor. A running kernel's counters agree with work that
        runs after each batch of freed slots.
        """
        if self.settings.kind == layout.ZPOOL_Z3FOLD:
            self.do(zpool.zpool_run_work, self.state.mem)

    def _drain_slots_cache(self) -> int:
        """Free the slots that are waiting; return how many."""
        freed = np.empty(layout.SWAP_SLOTS_CACHE_SIZE, np.int64)
        count = self.do(swapfile.swapcache_free_entries, self.state.mem, freed, 0)
        self._discard(freed[:count])
        self.run_work()
        return count
