"""zswap on a machine without page bytes: a batch of stores, with writeback, in one call.

With page bytes, a page that zswap writes back must be decompressed and written to a device in
ordinary Python, so stores stop where the pool is full. A mark needs neither: the device is an
array of marks. So the pieces that `zbudlab.swap.swapping` calls one by one run here in one call.

Limits: profiles without the rule `swap_cache_keeps_writeback`, a device that works, an empty swap
cache. In other cases the caller uses the pieces.

Source: mm/zswap.c: zswap_frontswap_store, zswap_writeback_entry; mm/zbud.c: zbud_reclaim_page
(v3.12.9).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EAGAIN,
    EEXIST,
    ENOMEM,
    REFUSED_FULL,
    REFUSED_RECLAIM,
    ZSWAP_RECLAIM_RETRIES,
)
from zbudlab.mm.swapfile import swap_count
from zbudlab.mm.zpool import zpool_shrink_begin, zpool_shrink_end, zpool_shrink_gave_up
from zbudlab.mm.zswap import (
    RECLAIM,
    zswap_store_begin,
    zswap_store_end,
    zswap_store_refused,
    zswap_writeback_begin,
    zswap_writeback_end,
    zswap_writeback_fail,
)
from zbudlab.mm.zswap_entry import first_word, slot_pool


@kernel(inline=False)
def writeback_mark(mem, pool, handle, busy):
    """Write an object's mark to the device. Return 0 if its handle was freed, or a negative errno.

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
    mem.marks[slot] = mem.entries[number].word
    return zswap_writeback_end(mem, number, 0, 1)


@kernel(inline=False)
def evict_marks(mem, pool, handles, busy):
    """Write back the objects of the handles in order, until one stays."""
    for handle in handles:
        if handle and writeback_mark(mem, pool, handle, busy) != 0:
            return


@kernel(inline=False)
def reclaim_marks(mem, pool, handles, busy):
    """Shrink the pool with zswap as its owner (`zpool_shrink`). Return 0, -EINVAL or -EAGAIN."""
    for attempt in range(ZSWAP_RECLAIM_RETRIES):
        pfn = zpool_shrink_begin(mem, pool, handles)
        if pfn < 0:
            return zpool_shrink_gave_up(mem, pool, attempt, pfn)
        evict_marks(mem, pool, handles, busy)
        if zpool_shrink_end(mem, pool, pfn) == 0:
            return 0
    return -EAGAIN


@kernel(inline=False)
def store_mark(mem, slot, data, which, length, handles):
    """Store one page, after reclaim if the pool is full. Return 0 or a negative errno."""
    answer = zswap_store_begin(mem, slot)
    if answer == RECLAIM:
        pool = slot_pool(mem, slot)
        answer = reclaim_marks(mem, pool, handles, slot)
        if answer:
            mem.zswaps[0].reject_reclaim_fail += 1
            mem.slots[slot].refusal = REFUSED_RECLAIM
            answer = -ENOMEM
        elif mem.zswaps[0].refuse_after_reclaim:
            mem.slots[slot].refusal = REFUSED_FULL
            answer = -ENOMEM
    if answer:
        zswap_store_refused(mem, slot)
        return answer
    return zswap_store_end(mem, slot, data, which, length)


@kernel(inline=False)
def zswap_store_marks(mem, batch, data, lengths, answers, handles):
    """Store a batch of marks. Return how many went to the device.

    Those that zswap refuses and those that it writes back go to the device, `mem.marks`. batch:
    int64 (n,), slots. data: uint8 (n, 8), marks. lengths: int32 (n,). answers: int64 (n,), gets
    zswap's answers. handles: int64 (zpool.MOST_HANDLES,), scratch.
    """
    zswap = mem.zswaps[0]
    written = -zswap.written_back_pages
    for i in range(batch.shape[0]):
        slot = batch[i]
        length = np.int64(lengths[i])
        answers[i] = store_mark(mem, slot, data, i, length, handles)
        if answers[i]:
            mem.marks[slot] = first_word(data, i)
            written += 1
    return written + zswap.written_back_pages
