"""Swap: pages go to zswap, and where it refuses or makes room, to the swap device.

What the kernel does between its locks, in ordinary Python over the compiled pieces of
`mm.swapfile`, `mm.zswap` and `mm.zpool`: compressing, reclaiming from a full pool, writing back,
reading. No page that was taken is ever lost, but in profile "3.12", which shows how the kernel
of that time lost some.

Without page bytes a page's content is a tag, a whole number, and compressed lengths are given.

Source: mm/page_io.c, mm/frontswap.c, mm/zswap.c: zswap_frontswap_store, zswap_frontswap_load,
zswap_writeback_entry (v3.12.9, v6.1).
"""

import contextlib
from collections.abc import Callable, Iterator
from errno import EEXIST, EIO, ENODEV, ENOMEM
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.content.compressors import Compressor, DamagedData
from zbudlab.mm import zpool, zswap, zswap_marks
from zbudlab.mm.state import State
from zbudlab.profiles import DEFAULT, RULES, rules_of
from zbudlab.swap.areas import SwapAreas
from zbudlab.swap.compression import Compression
from zbudlab.swap.device import (
    Content,
    MarkDevice,
    SwapCache,
    SwapCachePage,
    SwapDevice,
    SwapWriteError,
)
from zbudlab.swap.journal import Journal

COUNTERS = (
    "pool_limit_hit",
    "written_back_pages",
    "reject_reclaim_fail",
    "reject_compress_poor",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "duplicate_entry",
    "stored_pages",
    "pool_pages",
    "same_filled_pages",
    "compressed_bytes",
    "lost_stale",
    "lost_write",
)


class Swap(SwapAreas):
    """Swap areas, zswap before them, one device behind them.

    totalram: pages of which max_pool_percent may go to the pool; default: all page frames. kind:
    the pools' allocator, layout.ZPOOL_*; variant: of zbud. enabled: False = all pages go to the
    device. threads: for compression, None = one a core. journal: gets every step; stepwise: log
    every piece, even where one call could do a whole batch of marks. at: functions of a slot,
    called at a point: "store" (before memory is asked for), "load" (between begin and end),
    "cache" (before writeback asks the swap cache), "write" (before it writes).
    """

    def __init__(
        self,
        state: State,
        *,
        profile: str = DEFAULT,
        compressor: Compressor | None = None,
        totalram: int | None = None,
        max_pool_percent: int = 20,
        accept_threshold_percent: int = 90,
        same_filled_pages: bool = True,
        kind: int = layout.ZPOOL_ZBUD,
        variant: int = layout.ZBUD_SERIES,
        enabled: bool = True,
        synchronous: bool = True,
        threads: int | None = 1,
        cache: SwapCache | None = None,
        device: SwapDevice | None = None,
        journal: Journal | None = None,
        stepwise: bool = True,
    ) -> None:
        rules = rules_of(profile)
        super().__init__(
            state,
            cache if cache is not None else SwapCache(stays=rules.swap_cache_keeps_writeback),
            device if device is not None else SwapDevice(),
            Journal() if journal is None else journal,
            kind=kind,
            variant=variant,
            shared_pool=rules.shared_pool,
            enabled=enabled,
        )
        self.rules = rules
        self.compression = Compression(state, compressor, threads, enabled=enabled, rules=rules)
        self.synchronous = synchronous
        self.stepwise = stepwise
        self.at: dict[str, Callable[[int], None]] = {}
        self.busy = -1  # the slot that a store or load is working on
        settings = {
            "totalram_pages": len(state.frames) if totalram is None else totalram,
            "max_pool_percent": max_pool_percent,
            "accept_threshold_percent": accept_threshold_percent,
            "same_filled_pages_enabled": rules.same_filled and same_filled_pages,
        } | {rule: getattr(rules, rule) for rule in RULES}
        for name, value in settings.items():
            state.zswaps[name] = value

    def counters(self) -> dict[str, int]:
        """zswap's counters, named as in debugfs, and pages written to and read from the device."""
        record = dict(zip(layout.zswap.names or (), self.state.zswaps[0].item(), strict=True))
        counts = {name: record[name] for name in COUNTERS}
        return counts | {"device_writes": self.device.writes, "device_reads": self.device.reads}

    # --- store ---------------------------------------------------------------------------------

    def store(self, slot: int, page: Any = None, length: int | None = None) -> int:
        """Swap a page out; 0 = zswap has it, a negative errno of zswap = the device has it.

        page: uint8 (4096,), or a tag without page bytes; then length is its compressed length
        (-1 = the compressor refused, 0 = same-filled). Raises SwapWriteError, and then the page
        must stay in memory.
        """
        pages = None if page is None else np.asarray(page)[None]
        lengths = None if length is None else [length]
        answers, errors = self._store(np.array([slot], np.int64), pages, lengths)
        if errors[0]:
            raise SwapWriteError(slot, int(answers[0]))
        return int(answers[0])

    def store_batch(
        self, slots: ArrayLike, pages: NDArray | None = None, lengths: ArrayLike | None = None
    ) -> NDArray[np.int64]:
        """Swap pages out, in order: 0 where a page is safe, -EIO where it must stay in memory.

        slots: (n,); pages: uint8 (n, 4096), or tags (n,) without page bytes, then with lengths.
        """
        return self._store(np.ascontiguousarray(slots, np.int64), pages, lengths)[1]

    def _store(
        self, slots: NDArray[np.int64], pages: NDArray | None, lengths: ArrayLike | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What zswap answered for each page, and 0 or -EIO."""
        self.cache.drop_all(slots)
        data, lengths, contents = self.compression.compressed(pages, lengths, len(slots))
        answers = np.zeros(len(slots), np.int64)
        errors = np.zeros(len(slots), np.int64)
        self.state.reserve_entries(len(slots))
        self.state.reserve_objects(len(slots))
        if self._alone:
            all_at_once = (slots, data, lengths, answers, np.zeros(zpool.MOST_HANDLES, np.int64))
            store = zswap_marks.zswap_store_marks
            self.device.writes += self.do(store, self.state.mem, *all_at_once)
            return answers, errors
        start = 0
        while start < len(slots):
            self._reach("store", int(slots[start]))
            batch = (slots, data, lengths, answers, start)
            stop = self.do(zswap.zswap_store_batch, self.state.mem, *batch)
            if stop < len(slots):
                slot, length = int(slots[stop]), int(lengths[stop])
                answers[stop] = self._store_reclaiming(slot, data, stop, length)
                stop += 1
            for i in start + np.flatnonzero(answers[start:stop]):
                if self.device.write(int(slots[i]), contents[i]):
                    errors[i] = -EIO
            start = stop
        return answers, errors

    @property
    def _alone(self) -> bool:
        """Whether compiled code can do all stores of a batch by itself."""
        watched = (
            self.stepwise or self.rules.swap_cache_keeps_writeback or self.at or self.cache.pages
        )
        marks = isinstance(self.device, MarkDevice) and not self.device.fail
        return self.enabled and marks and not watched

    def _store_reclaiming(self, slot: int, data: NDArray, which: int, length: int) -> int:
        """Go on with a store that found the pool full: make room, then store or refuse."""
        outer, self.busy = self.busy, slot
        try:
            type = int(self.state.swap_slots["type"][slot])
            failed = self.reclaim(type, layout.ZSWAP_RECLAIM_RETRIES)
        finally:
            self.busy = outer
        if failed:
            self.state.zswaps["reject_reclaim_fail"] += 1
        if failed or self.rules.refuse_after_reclaim:
            self.do(zswap.zswap_store_refused, self.state.mem, slot)
            return -ENOMEM
        self._reach("store", slot)
        return self.do(zswap.zswap_store_end, self.state.mem, slot, data, which, length)

    # --- load ----------------------------------------------------------------------------------

    def load(self, slot: int, out: NDArray | None = None) -> str:
        """Swap a page in; where it was: "zswap", "device", or "cache": it is in the swap cache.

        out: uint8 (4096,), or int64 (1,) for a tag, gets the content. The slot stays used. Raises
        DamagedData if what zswap holds no longer decompresses.
        """
        outer, self.busy = self.busy, slot
        try:
            source, page = self._find(slot)
        finally:
            self.busy = outer
        if out is not None and page is not None:
            out[:] = np.frombuffer(page, np.uint8) if isinstance(page, bytes) else page
        elif out is not None:
            out[:] = 0
        return source

    def _find(self, slot: int) -> tuple[str, Content | None]:
        if slot in self.cache:
            kept = self.cache[slot]
            return "cache", self.device.read(slot) if kept is None else kept
        page = self._zswap_load(slot)
        if page is not None:
            return "zswap", page
        return "device", self.device.read(slot)

    def _zswap_load(self, slot: int) -> Content | None:
        where = np.zeros(2, np.int64)
        number = self.do(zswap.zswap_load_begin, self.state.mem, slot, where)
        if number < 0:
            return None
        try:
            self._reach("load", slot)
            return self.compression.page(number, where)
        finally:
            self.do(zswap.zswap_load_end, self.state.mem, number)

    def load_batch(self, slots: ArrayLike, out: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Swap pages in, row i of `out`, uint8 (n, 4096), from slot i: 0, or -EIO = it is damaged.

        As `load` one by one; a page that is damaged leaves its row undefined.
        """
        slots = np.ascontiguousarray(slots, np.int64)
        if self.at or self.cache.pages or not self.state.page_bytes:
            each = zip(slots.tolist(), out, strict=True)
            return np.array([self._load_row(slot, row) for slot, row in each], np.int64)
        numbers, where = np.zeros(len(slots), np.int64), np.zeros((len(slots), 2), np.int64)
        self.do(zswap.zswap_load_batch_begin, self.state.mem, slots, numbers, where)
        try:
            errors = self.compression.rows(numbers, where, out)
        finally:
            self.do(zswap.zswap_load_batch_end, self.state.mem, numbers)
        for row in np.flatnonzero(numbers < 0):
            errors[row] = self._load_row(int(slots[row]), out[row])
        return errors

    def _load_row(self, slot: int, out: NDArray[np.uint8]) -> int:
        try:
            self.load(slot, out)
        except DamagedData:
            return -EIO
        return 0

    def peek(self, slot: int) -> bytes:
        """A page's bytes, with nothing counted or logged. Raises DamagedData."""
        with self._unseen():
            page = self._find(slot)[1]
        return bytes(layout.PAGE_SIZE) if page is None or isinstance(page, int) else bytes(page)

    def peek_batch(self, slots: ArrayLike, out: NDArray[np.uint8]) -> NDArray[np.int64]:
        """`load_batch` with nothing counted or logged."""
        with self._unseen():
            return self.load_batch(slots, out)

    @contextlib.contextmanager
    def _unseen(self) -> Iterator[None]:
        """Whatever is read meanwhile is neither counted nor logged, and calls nobody."""
        reads, at, do = self.device.reads, self.at, self.do
        self.at, self.do = {}, Journal().do
        try:
            yield
        finally:
            self.device.reads, self.at, self.do = reads, at, do

    # --- writeback -----------------------------------------------------------------------------

    def reclaim(self, type: int, retries: int) -> int:
        """Empty the least recently used page of an area's pool: 0 or a negative errno."""
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
        return zpool.zpool_shrink(begin, evict, end, gave_up, handles, retries)

    def writeback_entry(self, pool: int, handle: int) -> int:
        """Write what a handle holds to the device: 0 = its handle is free, or an errno."""
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

    def _swap_cache_page(self, slot: int, number: int) -> tuple[int, Content]:
        """A new page of the swap cache with the entry's content; or a negative errno."""
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

    def swap_writepage(self, slot: int, page: Content) -> int:
        """Write a page of the swap cache to the device: 0 or a negative errno."""
        return self.device.write(slot, page)

    def _reach(self, point: str, slot: int) -> None:
        if point in self.at:
            self.at[point](slot)
