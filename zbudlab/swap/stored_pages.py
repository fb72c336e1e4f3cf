"""A batch of pages stored in zswap with their bytes, in one call, writeback included.

The compressor is a C function (`jit.call_codec`). Pages for the swap device are noted in order, and
Python writes them there: the device is a Python dictionary.

Limits: pools of zbud, profiles without the rule `swap_cache_keeps_writeback`, a device that works,
an empty swap cache. In other cases the caller uses the pieces.

Source: mm/zswap.c: zswap_frontswap_store, zswap_writeback_entry; mm/zbud.c: zbud_reclaim_page
(v3.12.9).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.jit import call_codec, kernel
from zbudlab.layout import (
    EAGAIN,
    EEXIST,
    EIO,
    ENOMEM,
    PAGE_SIZE,
    REFUSED_FULL,
    REFUSED_RECLAIM,
    ZSWAP_RECLAIM_RETRIES,
)
from zbudlab.mm.swapfile import swap_count
from zbudlab.mm.zpool import (
    MOST_HANDLES,
    zpool_shrink_begin,
    zpool_shrink_end,
    zpool_shrink_gave_up,
)
from zbudlab.mm.zswap import (
    RECLAIM,
    zswap_store_begin,
    zswap_store_end,
    zswap_store_refused,
    zswap_writeback_begin,
    zswap_writeback_end,
    zswap_writeback_fail,
    zswap_writeback_map,
    zswap_writeback_unmap,
)
from zbudlab.mm.zswap_entry import slot_pool

MOST_WRITTEN = ZSWAP_RECLAIM_RETRIES * MOST_HANDLES  #: pages that one store can write back
WRITTEN_BACK = -1  #: `sources` of a page that was written back


class Writes(NamedTuple):
    """The pages that go to the device, in order.

    used: int64 (1,), rows in use. slots: int64 (n,). sources: int64 (n,), the page's number in the
    batch, or WRITTEN_BACK: its bytes are then in the same row of `pages`, uint8 (n, 4096). handles,
    where: scratch.
    """

    used: NDArray[np.int64]
    slots: NDArray[np.int64]
    sources: NDArray[np.int64]
    pages: NDArray[np.uint8]
    handles: NDArray[np.int64]
    where: NDArray[np.int64]


def new_writes(batch: int) -> Writes:
    """Return room for the writes of a batch of `batch` pages."""
    room = batch * (MOST_WRITTEN + 1)
    return Writes(
        used=np.zeros(1, np.int64),
        slots=np.zeros(room, np.int64),
        sources=np.zeros(room, np.int64),
        pages=np.zeros((room, PAGE_SIZE), np.uint8),
        handles=np.zeros(MOST_HANDLES, np.int64),
        where=np.zeros(2, np.int64),
    )


@kernel
def put_down(writes, slot, source):
    """Note that a page goes to the device."""
    at = writes.used[0]
    writes.slots[at] = slot
    writes.sources[at] = source
    writes.used[0] = at + 1


@kernel
def decompress_entry(mem, number, writes, memory, codec):
    """Decompress a mapped entry into the next row of `pages`. Return 0 or -EIO."""
    row = writes.used[0]
    address = writes.where[0]
    if address < 0:
        word = np.int64(mem.entries[number].word)
        for byte in range(PAGE_SIZE):
            writes.pages[row, byte] = (word >> (8 * (byte & 7))) & 0xFF
        return 0
    made = call_codec(codec, memory, address, writes.where[1], writes.pages, row, PAGE_SIZE)
    return 0 if made == PAGE_SIZE else -EIO


@kernel(inline=False)
def writeback_page(mem, pool, handle, busy, writes, memory, codec):
    """Note an object's page for the device. Return 0 if its handle was freed, or an errno.

    busy: the slot that is being stored, whose page is in memory.
    """
    number = zswap_writeback_begin(mem, pool, handle)
    if number == 0:
        return 0
    slot = np.int64(mem.entries[number].slot)
    if slot == busy:
        return zswap_writeback_fail(mem, number, -EEXIST)
    if swap_count(mem.slots, slot) == 0:
        return zswap_writeback_fail(mem, number, -ENOMEM)
    error = np.int64(zswap_writeback_map(mem, number, writes.where))
    if error == 0:
        error = np.int64(decompress_entry(mem, number, writes, memory, codec))
        zswap_writeback_unmap(mem, number)
    if error:
        return zswap_writeback_fail(mem, number, error)
    put_down(writes, slot, WRITTEN_BACK)
    return zswap_writeback_end(mem, number, 0, 1)


@kernel
def evict_pages(mem, pool, busy, writes, memory, codec):
    """Write back the objects of the handles in order, until one stays."""
    for handle in writes.handles:
        if handle and writeback_page(mem, pool, handle, busy, writes, memory, codec) != 0:
            return


@kernel(inline=False)
def reclaim_pages(mem, pool, busy, writes, memory, codec):
    """Shrink the pool with zswap as its owner (`zpool_shrink`). Return 0, -EINVAL or -EAGAIN."""
    for attempt in range(ZSWAP_RECLAIM_RETRIES):
        pfn = zpool_shrink_begin(mem, pool, writes.handles)
        if pfn < 0:
            return zpool_shrink_gave_up(mem, pool, attempt, pfn)
        evict_pages(mem, pool, busy, writes, memory, codec)
        if zpool_shrink_end(mem, pool, pfn) == 0:
            return 0
    return -EAGAIN


@kernel
def make_room(mem, slot, writes, memory, codec):
    """Reclaim for a store that found the pool full. Return 0, or -ENOMEM for a refusal."""
    if reclaim_pages(mem, slot_pool(mem, slot), slot, writes, memory, codec):
        mem.zswaps[0].reject_reclaim_fail += 1
        mem.slots[slot].refusal = REFUSED_RECLAIM
        return -ENOMEM
    if mem.zswaps[0].refuse_after_reclaim:
        mem.slots[slot].refusal = REFUSED_FULL
        return -ENOMEM
    return 0


@kernel
def put_down_refused(batch, answers, first, end, writes):
    """Note the pages from `first` up to `end` that zswap refused."""
    for i in range(first, end):
        if answers[i]:
            put_down(writes, batch[i], i)


@kernel(inline=False)
def zswap_store_pages(mem, batch, data, lengths, answers, writes, memory, codec):
    """Store a batch of pages. Return how many pages go to the device.

    batch, data, lengths, answers: as in `zswap_store_batch`. writes: a `Writes` for the batch.
    memory: uint8 (bytes,), all frames. codec: the address of the decompressor. Refused pages are
    noted when a store that reclaimed ends, as the pieces write them.
    """
    first = 0
    writes.used[0] = 0
    for i in range(batch.shape[0]):
        slot = batch[i]
        answer = np.int64(zswap_store_begin(mem, slot))
        reclaimed = answer == RECLAIM
        if reclaimed:
            answer = np.int64(make_room(mem, slot, writes, memory, codec))
        if answer:
            zswap_store_refused(mem, slot)
        else:
            answer = np.int64(zswap_store_end(mem, slot, data, i, np.int64(lengths[i])))
        answers[i] = answer
        if reclaimed:
            put_down_refused(batch, answers, first, i + 1, writes)
            first = i + 1
    put_down_refused(batch, answers, first, batch.shape[0], writes)
    return writes.used[0]
