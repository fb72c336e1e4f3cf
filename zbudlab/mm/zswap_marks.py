"""zswap on a machine without page bytes: a whole batch of stores, writeback included, in one call.

With bytes, what zswap writes back must be decompressed and written to a device by others, so
stores stop where the pool is full. Marks need nobody else: the device is an array of them, and
the same pieces that `zbudlab.swap.swapping` calls one by one follow each other here.

Limits: the rules of 3.12 (6.1 keeps pages in the swap cache), a device that works, an empty swap
cache. Whoever has something else calls the pieces.

Source: mm/zswap.c: zswap_frontswap_store, zswap_writeback_entry; mm/zbud.c: zbud_reclaim_page
(v3.12.9).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import EAGAIN, EEXIST, ENOMEM, ZBUD_SERIES, ZSWAP_RECLAIM_RETRIES
from zbudlab.mm.swapfile import swap_count
from zbudlab.mm.zbud import zbud_reclaim_begin, zbud_reclaim_end
from zbudlab.mm.zswap import (
    RECLAIM,
    zswap_store_begin,
    zswap_store_end,
    zswap_store_refused,
    zswap_writeback_begin,
    zswap_writeback_end,
    zswap_writeback_fail,
)
from zbudlab.mm.zswap_entry import AREAS, ENTRIES, POOLS, SLOTS, ZBUD, ZSWAPS, first_word, slot_pool


@kernel(inline=False)
def writeback_mark(pool, handle, busy, marks, *machine):
    """Write what a handle holds to the device: 0 = its handle is free, or a negative errno.

    busy: the slot being stored, whose page is in memory.
    """
    slots, entries = machine[SLOTS], machine[ENTRIES]
    number = zswap_writeback_begin(pool, handle, *machine)
    if number == 0:
        return 0
    slot = np.int64(entries[number].slot)
    if slot == busy:
        return zswap_writeback_fail(number, -EEXIST, *machine)
    if swap_count(slots, slot) == 0:
        return zswap_writeback_fail(number, -ENOMEM, *machine)
    marks[slot] = entries[number].word
    return zswap_writeback_end(number, 0, 1, *machine)


@kernel(inline=False)
def evict_marks(pool, handles, busy, marks, *machine):
    """Write back what both handles hold, the second only if the first went."""
    for handle in handles:
        if handle and writeback_mark(pool, handle, busy, marks, *machine) != 0:
            return


@kernel(inline=False)
def reclaim_marks(pool, handles, busy, marks, *machine):
    """`zbud_reclaim_page` with zswap as the owner: 0, or -EINVAL or -EAGAIN where it fails."""
    series = machine[POOLS][pool].variant == ZBUD_SERIES
    for attempt in range(ZSWAP_RECLAIM_RETRIES):
        pfn = zbud_reclaim_begin(*machine[:ZBUD], pool, handles)
        if pfn < 0:
            return 0 if attempt and series else pfn
        evict_marks(pool, handles, busy, marks, *machine)
        if zbud_reclaim_end(*machine[:ZBUD], pool, pfn) == 0:
            return 0
    return -EAGAIN


@kernel(inline=False)
def store_mark(slot, data, which, length, handles, marks, *machine):
    """Store one page, making room for it first where the pool is full: 0 or why not."""
    answer = zswap_store_begin(slot, *machine)
    if answer == RECLAIM:
        pool = slot_pool(machine[AREAS], machine[SLOTS], slot)
        answer = reclaim_marks(pool, handles, slot, marks, *machine)
        if answer:
            machine[ZSWAPS][0].reject_reclaim_fail += 1
            answer = -ENOMEM
    if answer:
        zswap_store_refused(slot, *machine)
        return answer
    return zswap_store_end(slot, data, which, length, *machine)


@kernel(inline=False)
def zswap_store_marks(batch, data, lengths, answers, handles, marks, *machine):
    """Store a batch of marks, those that zswap refused on the device: how many went there in all.

    batch: int64 (n,) slots; data: uint8 (n, 8), the marks; lengths: int32 (n,); answers: int64
    (n,), gets what zswap answered; handles: int64 (2,), scratch; marks: the device, by slot.
    """
    zswap = machine[ZSWAPS][0]
    written = -zswap.written_back_pages
    for i in range(batch.shape[0]):
        slot = batch[i]
        length = np.int64(lengths[i])
        answers[i] = store_mark(slot, data, i, length, handles, marks, *machine)
        if answers[i]:
            marks[slot] = first_word(data, i)
            written += 1
    return written + zswap.written_back_pages
