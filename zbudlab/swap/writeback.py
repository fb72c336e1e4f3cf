"""Writeback: pages leave zswap for the swap device when a pool must shrink.

Source: mm/zswap.c: zswap_writeback_entry; mm/zpool.c: zpool_shrink (v3.12.9, v6.1).
"""

from collections.abc import Callable
from errno import EEXIST, EIO, ENODEV, ENOMEM

import numpy as np
from numpy.typing import NDArray

from zbudlab.content.compressors import Compressor, DamagedData
from zbudlab.mm import zpool, zswap
from zbudlab.mm.state import State
from zbudlab.swap.areas import SwapAreas
from zbudlab.swap.compression import Compression
from zbudlab.swap.device import SlotContent, SwapCache, SwapCachePage, SwapDevice
from zbudlab.swap.journal import Journal
from zbudlab.swap.settings import USUAL, ZswapSettings


class Writeback(SwapAreas):
    """Swap areas whose pools can shrink.

    compressor: of zswap; needed where pages have bytes. cache, device: default to new ones.
    journal: gets every step; default: none is kept. at: functions of a slot, called at a point:
    "store" (before memory is asked for), "load" (between begin and end), "cache" (before writeback
    asks the swap cache), "write" (before it writes). busy: the slot that is being stored or
    loaded, -1 = none.
    """

    def __init__(
        self,
        state: State,
        settings: ZswapSettings = USUAL,
        *,
        compressor: Compressor | None = None,
        cache: SwapCache | None = None,
        device: SwapDevice | None = None,
        journal: Journal | None = None,
    ) -> None:
        keeps = settings.rules.swap_cache_keeps_writeback
        super().__init__(
            state,
            settings,
            cache or SwapCache(stays=keeps),
            device or SwapDevice(),
            journal or Journal(),
        )
        settings.apply(state)
        self.compression = Compression(state, settings, compressor)
        self.at: dict[str, Callable[[int], None]] = {}
        self.busy = -1

    def _reach(self, point: str, slot: int) -> None:
        """Call the function of a point, if there is one."""
        if point in self.at:
            self.at[point](slot)

    def reclaim(self, type: int, retries: int) -> int:
        """Empty the least recently used page of an area's pool. Return 0 or a negative errno."""
        area = self.state.swap_info[type]
        pool = int(area["pool"])
        if pool < 0 or not area["nr_slots"]:
            return -ENODEV

        def begin(handles: NDArray[np.int64]) -> int:
            return self.do(zpool.zpool_shrink_begin, self.state.mem, pool, handles)

        def evict(handle: int) -> int:
            return self.writeback_entry(pool, handle)

        def end(pfn: int) -> int:
            return self.do(zpool.zpool_shrink_end, self.state.mem, pool, pfn)

        def gave_up(attempt: int, error: int) -> int:
            return int(zpool.zpool_shrink_gave_up(self.state.mem, pool, attempt, error))

        handles = np.zeros(zpool.MOST_HANDLES, np.int64)
        result = zpool.zpool_shrink(begin, evict, end, gave_up, handles, retries)
        self.run_work()
        return result

    def writeback_entry(self, pool: int, handle: int) -> int:
        """Write an object's page to the device. Return 0 if its handle was freed, or an errno."""
        number = self.do(zswap.zswap_writeback_begin, self.state.mem, pool, handle)
        if not number:
            return 0
        slot = int(self.state.zswap_entries["slot"][number])
        self._reach("cache", slot)
        error, page = self._swap_cache_page(slot, number)
        if error:
            return self.do(zswap.zswap_writeback_fail, self.state.mem, number, error)
        self._reach("write", slot)
        error = self.swap_writepage(slot, page)
        kept = not error or self.rules.ignore_write_error
        kept = kept and self.cache.written(slot, page, error)
        return self.do(zswap.zswap_writeback_end, self.state.mem, number, error, int(kept))

    def _swap_cache_page(self, slot: int, number: int) -> tuple[int, SlotContent]:
        """Allocate a page of the swap cache and decompress into it. Return an errno and the page.

        The errno is 0 or negative; if it is negative, the page means nothing.
        """
        answer = self.cache.prepare(slot, busy=slot == self.busy, used=self.used(slot))
        if answer == SwapCachePage.EXIST:
            return -EEXIST, 0
        if answer == SwapCachePage.FAIL:
            return -ENOMEM, 0
        where = np.zeros(2, np.int64)
        error = self.do(zswap.zswap_writeback_map, self.state.mem, number, where)
        if error:
            return error, 0
        try:
            return 0, self.compression.page(number, where)
        except DamagedData:
            return -EIO, 0
        finally:
            self.do(zswap.zswap_writeback_unmap, self.state.mem, number)

    def swap_writepage(self, slot: int, page: SlotContent) -> int:
        """Write a page of the swap cache to the device. Return 0 or a negative errno."""
        return self.device.write(slot, page)
