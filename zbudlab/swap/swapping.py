"""Swap: a page goes to zswap, or to the swap device if zswap refuses it, and comes back.

What the kernel does between its locks, in ordinary Python over the compiled pieces of
`mm.swapfile`, `mm.zswap` and `mm.zpool`: compressing, reclaiming from a full pool, reading. No page
is lost, except in profile "3.12", which shows how that kernel lost some.

Without page bytes the content of a page is a tag, an integer, and its compressed length is given.

Source: mm/page_io.c, mm/frontswap.c, mm/zswap.c: zswap_frontswap_store, zswap_frontswap_load
(v3.12.9, v6.1).
"""

import contextlib
from collections.abc import Iterator
from errno import EIO, ENOMEM, EPERM
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.content.compressors import DamagedData
from zbudlab.mm import zpool, zswap, zswap_marks
from zbudlab.mm.state import State
from zbudlab.swap import stored_pages
from zbudlab.swap.areas import BATCH
from zbudlab.swap.device import MarkDevice, SlotContent, SwapDevice, SwapWriteError
from zbudlab.swap.journal import Journal
from zbudlab.swap.settings import USUAL, ZswapSettings
from zbudlab.swap.writeback import Writeback

COUNTERS = (
    "pool_limit_hit",
    "written_back_pages",
    "reject_reclaim_fail",
    "reject_compress_poor",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "reject_compress_fail",
    "decompress_fail",
    "duplicate_entry",
    "stored_pages",
    "stored_incompressible_pages",
    "pool_pages",
    "same_filled_pages",
    "compressed_bytes",
    "lost_stale",
    "lost_write",
)


class Stores(NamedTuple):
    """A batch of pages on their way out.

    slots: int64 (n,). data, lengths: compressed, for `zswap.zswap_store_batch`. contents: what the
    device gets of each page. answers: zswap's, int64 (n,). errors: 0 or -EIO, int64 (n,). raw: the
    pages if compiled code compresses them one by one; `data` then has the row of the last one.
    """

    slots: NDArray[np.int64]
    data: NDArray[np.uint8]
    lengths: NDArray[np.int32]
    contents: Any
    answers: NDArray[np.int64]
    errors: NDArray[np.int64]
    raw: stored_pages.Raw | None = None


class Swap(Writeback):
    """Swap areas, with zswap in front of one device.

    settings, compressor, cache, device, journal, at: see `Writeback`. stepwise: whether to do and
    log a batch of marks in pieces where one call could do it.
    """

    #: Whether compiled code may call a C compressor; an engine in WebAssembly cannot.
    calls_c: ClassVar[bool] = True

    def __init__(
        self,
        state: State,
        settings: ZswapSettings = USUAL,
        *,
        stepwise: bool = True,
        **parts: Any,
    ) -> None:
        super().__init__(state, settings, **parts)
        self.stepwise = stepwise
        self._writes = stored_pages.new_writes(0)  # grows with the batches

    def counters(self) -> dict[str, int]:
        """Return zswap's counters, named as in debugfs, and three counters of swap.

        device_writes, device_reads: pages. cached_slots: freed slots that wait in the swap slot
        cache (6.1). zswap keeps their pages, so stored_pages and pool_pages include them, up to
        64 even after the last process has exited.
        """
        record = dict(zip(layout.zswap.names or (), self.state.zswaps[0].item(), strict=True))
        counts = {name: record[name] for name in COUNTERS}
        return counts | {
            "device_writes": self.device.writes,
            "device_reads": self.device.reads,
            "cached_slots": int(self.state.slots_cache[0]["n_ret"]),
        }

    # --- store ---------------------------------------------------------------------------------

    def store(self, slot: int, page: Any = None, length: int | None = None) -> int:
        """Swap a page out. Return 0 if zswap has it, or zswap's errno if the device has it.

        page: uint8 (4096,); without page bytes a tag, with the page's compressed length (-1 = the
        compressor refused, 0 = same-filled). Raises SwapWriteError if neither took the page, which
        must then stay in memory.
        """
        pages = None if page is None else np.asarray(page)[None]
        lengths = None if length is None else [length]
        batch = self._store(np.array([slot], np.int64), pages, lengths)
        if batch.errors[0]:
            raise SwapWriteError(slot, int(batch.answers[0]))
        return int(batch.answers[0])

    def store_batch(
        self,
        slots: ArrayLike,
        pages: NDArray | None = None,
        lengths: ArrayLike | None = None,
        groups: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """Swap pages out, in order. Return for each 0, or an errno if it must stay in memory.

        slots: (n,). pages: uint8 (n, 4096); without page bytes tags (n,), with lengths (n,).
        groups: their cgroups, int64 (n,), where zswap knows any; None = the root. The errnos are
        -EIO (it could not be written) and -EBUSY (its cgroup allows no writeback).
        """
        return self._store(np.ascontiguousarray(slots, np.int64), pages, lengths, groups).errors

    def _store(
        self,
        slots: NDArray[np.int64],
        pages: NDArray | None,
        lengths: ArrayLike | None,
        groups: NDArray[np.int64] | None = None,
    ) -> Stores:
        """Compress pages and swap them out."""
        if self.cache.pages:
            self.cache.drop_all(slots)
        batch = self._in_c(slots, pages, lengths) or self._compressed(slots, pages, lengths)
        self.state.reserve_entries(len(slots))
        self.state.reserve_objects(len(slots))
        self._write_out(batch, pages, groups)
        return batch

    def _in_c(
        self, slots: NDArray[np.int64], pages: NDArray | None, lengths: ArrayLike | None
    ) -> Stores | None:
        """Return a batch of pages that compiled code compresses with a C function, if it can."""
        codec = self._c_function("c_compress")
        if not codec or pages is None or lengths is not None:
            return None
        raw = self.compression.uncompressed(slots, pages, codec)
        if raw is None:
            return None
        errors = np.zeros(len(slots), np.int64)
        return Stores(slots, raw.data, raw.lengths, raw.pages, raw.answers, errors, raw)

    def _compressed(
        self, slots: NDArray[np.int64], pages: NDArray | None, lengths: ArrayLike | None
    ) -> Stores:
        """Compress pages, or take their lengths. Return them as a batch."""
        count = len(slots)
        compressed = self.compression.compressed(pages, lengths, count)
        return Stores(slots, *compressed, np.zeros(count, np.int64), np.zeros(count, np.int64))

    def _write_out(
        self, batch: Stores, pages: NDArray | None, groups: NDArray[np.int64] | None
    ) -> None:
        """Swap out pages that were compressed."""
        count = len(batch.slots)
        if not self.stepwise and self.settings.enabled and self.compiled_can_swap():
            handles = np.zeros(zpool.MOST_HANDLES, np.int64)
            given = (batch.slots, batch.data, batch.lengths, batch.answers, handles)
            self.device.writes += self.do(zswap_marks.zswap_store_marks, self.state.mem, *given)
        elif batch.raw and count <= BATCH and (codec := self._c_decompressor()):
            self._store_with_writeback(batch.raw, codec)
        else:
            self._store_in_pieces(batch)
        self.run_work()

    def compiled_can_swap(self) -> bool:
        """Return whether compiled code can store and load pages by itself, writeback included."""
        watched = self.rules.swap_cache_keeps_writeback or self.at or self.cache.pages
        marks = isinstance(self.device, MarkDevice) and not self.device.fail
        return marks and not watched

    def _c_function(self, name: str) -> int:
        """Return the address of a function of the C compressor; 0 if compiled code cannot call it.

        Folios go through Python under the rule `own_lru`, and so do functions of a point.
        """
        watched = self.at or self.rules.own_lru
        if watched or not (Swap.calls_c and self.settings.enabled and self.state.page_bytes):
            return 0
        return getattr(self.compression.compressor, name, 0)

    def _c_decompressor(self) -> int:
        """Return the address with which compiled code can write pages back; 0 if it cannot."""
        watched = self.stepwise or self.rules.swap_cache_keeps_writeback
        works = type(self.device) is SwapDevice and not self.device.fail and not self.cache.pages
        if watched or not works or self.settings.kind != layout.ZPOOL_ZBUD:
            return 0
        return self._c_function("c_decompress")

    def _store_with_writeback(self, raw: stored_pages.Raw, codec: int) -> None:
        """Store pages in compiled code, which also decompresses those that it writes back."""
        if len(self._writes.slots) < len(raw.slots):
            self._writes = stored_pages.new_writes(len(raw.slots))
        writes, memory = self._writes, self.state.frames.reshape(-1)
        given = (raw, writes, memory, codec)
        count = self.do(stored_pages.zswap_store_pages, self.state.mem, *given)
        for row in range(count):
            source = int(writes.sources[row])
            back = source == stored_pages.WRITTEN_BACK
            page = writes.pages[row] if back else raw.pages[source]
            self.device.write(int(writes.slots[row]), page)

    def _store_some(self, batch: Stores, start: int) -> int:
        """Store pages from index `start` on. Return the index of one that needs reclaim, or n."""
        slots, data, lengths, _, answers, _, raw = batch
        if raw is not None:
            return self.do(stored_pages.zswap_store_some, self.state.mem, raw, start)
        given = (slots, data, lengths, answers, start)
        return self.do(zswap.zswap_store_batch, self.state.mem, *given)

    def _store_in_pieces(self, batch: Stores) -> None:
        """Store pages in compiled code, as far as each call goes: reclaim happens here."""
        slots, data, lengths, contents, answers, errors, raw = batch
        start = 0
        while start < len(slots):
            self._reach("store", int(slots[start]))
            stop = self._store_some(batch, start)
            if stop < len(slots):
                slot, length = int(slots[stop]), int(lengths[stop])
                which = stop if raw is None else 0
                answers[stop] = self._store_reclaiming(slot, data, which, length)
                stop += 1
            for i in (start + answers[start:stop].nonzero()[0]).tolist():
                if self.device.write(int(slots[i]), contents[i]):
                    errors[i] = -EIO
            start = stop

    def _store_reclaiming(self, slot: int, data: NDArray, which: int, length: int) -> int:
        """Continue a store that found the pool full: make room, then store or refuse."""
        outer, self.busy = self.busy, slot
        try:
            type = int(self.state.swap_slots["type"][slot])
            failed = self.reclaim(type, layout.ZSWAP_RECLAIM_RETRIES)
        finally:
            self.busy = outer
        if failed:
            self.state.zswaps["reject_reclaim_fail"] += 1
        if failed or self.rules.refuse_after_reclaim:
            reason = layout.REFUSED_RECLAIM if failed else layout.REFUSED_FULL
            self.state.swap_slots["refusal"][slot] = reason
            self.do(zswap.zswap_store_refused, self.state.mem, slot)
            return -ENOMEM
        self._reach("store", slot)
        return self.do(zswap.zswap_store_end, self.state.mem, slot, data, which, length)

    def swapped_in(self, process: int) -> None:
        """Note that a page of a process was read from the device, if zswap counts that."""

    # --- load ----------------------------------------------------------------------------------

    def load(self, slot: int, out: NDArray | None = None) -> str:
        """Swap a page in. Return where it was: "zswap", "device", "cache" or "zeros".

        "cache" is the swap cache; a page of "zeros" was only marked (rule `zeromap`).
        out: gets the content, uint8 (4096,), or int64 (1,) without page bytes. The slot stays
        allocated. Raises DamagedData if the page in zswap no longer decompresses.
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

    def _find(self, slot: int) -> tuple[str, SlotContent | None]:
        """Return where the page of a slot is, as `load` does, and its content; None = none."""
        if slot in self.cache.pages:
            kept = self.cache[slot]
            return "cache", self.device.read(slot) if kept is None else kept
        page = self._zswap_load(slot)
        if page is not None:
            return "zswap", page
        return "device", self.device.read(slot)

    def _zswap_load(self, slot: int) -> SlotContent | None:
        """Return the content of a slot's page in zswap, or None if zswap does not have it."""
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
        """Swap pages in, in order. Return for each 0, or -EIO if it no longer decompresses.

        slots: (n,). out: uint8 (n, 4096), row i gets the page of slots[i]; the row of a damaged
        page is undefined.
        """
        slots = np.ascontiguousarray(slots, np.int64)
        if self.at or self.cache.pages or not self.state.page_bytes:
            each = zip(slots.tolist(), out, strict=True)
            return np.array([self._load_row(slot, row) for slot, row in each], np.int64)
        codec = self._c_function("c_decompress")
        if codec and self.settings.kind == layout.ZPOOL_ZBUD:
            errors = self._load_in_c(slots, out, codec)
        else:
            errors = self._load_in_pieces(slots, out)
        for row in (errors == -EPERM).nonzero()[0].tolist():
            page = self.device.read(int(slots[row]))
            out[row] = np.frombuffer(page, np.uint8) if isinstance(page, bytes) else 0
            errors[row] = 0
        return errors

    def _load_in_c(
        self, slots: NDArray[np.int64], out: NDArray[np.uint8], codec: int
    ) -> NDArray[np.int64]:
        """Load pages in one call. Return for each 0, -EIO, or -EPERM if the device has it."""
        answers, where = np.zeros(len(slots), np.int64), np.zeros(2, np.int64)
        given = (slots, where, self.state.frames.reshape(-1), codec, out, answers)
        self.do(stored_pages.zswap_load_pages, self.state.mem, *given)
        return answers

    def _load_in_pieces(
        self, slots: NDArray[np.int64], out: NDArray[np.uint8]
    ) -> NDArray[np.int64]:
        """Load pages with any compressor, and return what `_load_in_c` does."""
        numbers, where = np.zeros(len(slots), np.int64), np.zeros((len(slots), 2), np.int64)
        self.do(zswap.zswap_load_batch_begin, self.state.mem, slots, numbers, where)
        try:
            errors = self.compression.rows(numbers, where, out)
        finally:
            self.do(zswap.zswap_load_batch_end, self.state.mem, numbers)
        errors[numbers < 0] = -EPERM
        return errors

    def _load_row(self, slot: int, out: NDArray[np.uint8]) -> int:
        """Swap one page in. Return 0, or -EIO if it no longer decompresses."""
        try:
            self.load(slot, out)
        except DamagedData:
            return -EIO
        return 0

    def peek(self, slot: int) -> bytes:
        """Return a page's bytes without counting or logging anything. Raises DamagedData."""
        with self._unseen():
            page = self._find(slot)[1]
        return bytes(layout.PAGE_SIZE) if page is None or isinstance(page, int) else bytes(page)

    def peek_batch(self, slots: ArrayLike, out: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Run `load_batch` without counting or logging anything."""
        with self._unseen():
            return self.load_batch(slots, out)

    @contextlib.contextmanager
    def _unseen(self) -> Iterator[None]:
        """Return a context in which reads are neither counted nor logged and skip `at`."""
        reads, at, do = self.device.reads, self.at, self.do
        self.at, self.do = {}, Journal().do
        try:
            yield
        finally:
            self.device.reads, self.at, self.do = reads, at, do
