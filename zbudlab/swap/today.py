"""Swap with zswap of today's kernels: its own lists, exclusive loads, cgroups, marks for zeros.

Does what `swapping.Swap` does for kernels up to 6.1, over `swap.folios` and `mm.page_io`. The
shrink work, which Linux runs on another processor, runs here as soon as a refusal has queued it.

Source: mm/page_io.c: swap_writeout, swap_read_folio; mm/zswap.c (v7.2, v7.3).
"""

import contextlib
from collections.abc import Iterator
from errno import EBUSY, EEXIST, EIO, ENOMEM
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.mm import page_io, zswap7, zswap_cgroup, zswap_pools, zswap_tables
from zbudlab.mm.state import State
from zbudlab.swap.device import SlotContent, SwapCachePage
from zbudlab.swap.folios import FolioZswap
from zbudlab.swap.journal import Journal
from zbudlab.swap.settings import USUAL, ZswapSettings
from zbudlab.swap.swapping import Stores, Swap

POOL = 0  #: zswap's only pool, as a machine keeps its compressor


class TodaysSwap(Swap):
    """Swap areas with today's zswap in front of one device.

    settings, stepwise, parts: as for `Swap`. folios: zswap, whose world this object is.
    """

    def __init__(
        self, state: State, settings: ZswapSettings = USUAL, *, stepwise: bool = True, **parts: Any
    ) -> None:
        super().__init__(state, settings, stepwise=stepwise, **parts)
        zswap_tables.make_lists(state)
        state.zswaps["enabled"] = settings.enabled
        if settings.enabled:
            zswap_pools.zswap_pool_use(state.mem, POOL)
        self.folios = FolioZswap(state, self, parts.get("journal"))
        self.peeking = False

    def compiled_can_swap(self) -> bool:
        """Return False: writeback, and cgroups at their limit, need Python."""
        return False

    # --- store ---------------------------------------------------------------------------------

    def _write_out(
        self, batch: Stores, pages: NDArray | None, groups: NDArray[np.int64] | None
    ) -> None:
        """Swap out pages that were compressed."""
        data, count = batch.data, len(batch.slots)
        raw = data if pages is None or not self.state.page_bytes else np.ascontiguousarray(pages)
        charged = np.full(count, layout.ROOT_CGROUP, np.int64) if groups is None else groups
        start = 0
        while start < count:
            start = self._write_some(batch, raw, charged, start)

    def _write_some(
        self, batch: Stores, raw: NDArray[np.uint8], groups: NDArray[np.int64], start: int
    ) -> int:
        """Write pages out until Python has acted once. Return the index of the next page."""
        slots, data, lengths, _, answers, *_ = batch
        given = [each[start:] for each in (slots, groups, data, raw, lengths, answers)]
        self._reach("store", int(slots[start]))
        stop = start + int(self.do(page_io.swap_writeout_pages, self.state.mem, *given))
        if stop < len(slots) and answers[stop] == zswap7.AT_LIMIT:
            one = slice(stop, stop + 1)
            self.busy, outer = int(slots[stop]), self.busy
            answers[stop] = self.folios.store(
                slots[one], int(groups[stop]), data[one], raw[one], lengths[one]
            )
            self.busy = outer
        end = min(stop + 1, len(slots))
        for which in (start + np.flatnonzero(answers[start:end])).tolist():
            self._refused(batch, which, int(groups[which]))
        if self.state.zswaps["shrink_work"][0]:
            self.folios.shrink_worker()
        self.run_work()
        return end

    def _refused(self, batch: Stores, which: int, cgroup: int) -> None:
        """Write a page that zswap refused to the device, unless its cgroup keeps it in memory."""
        if not zswap_cgroup.mem_cgroup_zswap_writeback_enabled(self.state.mem, cgroup):
            batch.errors[which] = -EBUSY
        elif self.device.write(int(batch.slots[which]), batch.contents[which]):
            batch.errors[which] = -EIO

    # --- load ----------------------------------------------------------------------------------

    def _find(self, slot: int) -> tuple[str, SlotContent | None]:
        """Return where the page of a slot is, and its content; None = zeros."""
        if slot not in self.cache.pages and self._is_zeros(slot):
            return "zeros", None if self.state.page_bytes else int(self.state.swap_marks[slot])
        return super()._find(slot)

    def _is_zeros(self, slot: int) -> bool:
        """Return whether a slot is marked as a page of zeros."""
        return bool(self.state.swap_slots["frontswap"][slot] == layout.SWAP_ZEROS)

    def _zswap_load(self, slot: int) -> SlotContent | None:
        """Return the content of a slot's page and drop its entry; None = zswap does not have it."""
        number = int(self.state.swap_slots["entry"][slot])
        if not number:
            return None
        self._reach("load", slot)
        if self.peeking:
            return self.folios.decompressed(number, counted=False)
        return self.folios.load(slot)

    def load_batch(self, slots: ArrayLike, out: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Do the same as `Swap.load_batch`, one page after another."""
        each = zip(np.asarray(slots, np.int64).tolist(), out, strict=True)
        return np.array([self._load_row(slot, row) for slot, row in each], np.int64)

    @contextlib.contextmanager
    def _unseen(self) -> Iterator[None]:
        """Return a context in which reads are not counted or logged, and drop nothing."""
        do = self.folios.do
        self.folios.do, self.peeking = Journal().do, True
        try:
            with super()._unseen():
                yield
        finally:
            self.folios.do, self.peeking = do, False

    def swapped_in(self, process: int) -> None:
        """Note that a page of a process was read from the device, which zswap's shrinker counts."""
        self.folios.swapped_in(int(self.state.processes["cgroup"][process]))

    # --- the world around zswap ----------------------------------------------------------------

    def prepare(self, slot: int) -> int:
        """Allocate a page of the swap cache. Return 0, -EEXIST or -ENOMEM."""
        self._reach("cache", slot)
        answer = self.cache.prepare(slot, busy=slot == self.busy, used=self.used(slot))
        failed = {SwapCachePage.NEW: 0, SwapCachePage.EXIST: -EEXIST, SwapCachePage.FAIL: -ENOMEM}
        return failed[answer]

    def content(self, number: int, where: NDArray[np.int64]) -> SlotContent:
        """Return the page of an entry. Raises DamagedData."""
        return self.compression.page(number, where)

    def written_back(self, slot: int, page: SlotContent) -> None:
        """Write a page of the swap cache to the device, where it stays if that fails."""
        self._reach("write", slot)
        self.cache.written(slot, page, self.swap_writepage(slot, page))

    # --- slots ---------------------------------------------------------------------------------

    def _discard(self, freed: NDArray[np.int64]) -> None:
        """Drop what zswap and the device hold for slots that were freed."""
        self.do(page_io.swap_discard, self.state.mem, freed)
        super()._discard(freed)

    def _invalidate_area(self, type: int) -> None:
        """Drop what zswap holds for a swap area."""
        area = self.state.swap_info[type]
        slots = np.arange(area["start"], area["start"] + area["nr_slots"])
        self.do(page_io.swap_discard, self.state.mem, slots)


def swap_for(state: State, settings: ZswapSettings = USUAL, **parts: Any) -> Swap:
    """Return swap whose zswap follows the rules of the settings. parts: as for `Swap`."""
    kind = TodaysSwap if settings.rules.own_lru else Swap
    return kind(state, settings, **parts)
