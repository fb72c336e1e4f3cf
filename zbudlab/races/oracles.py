"""Conditions that must hold between two steps, and at the end of every schedule."""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    ACTOR_CMA,
    ACTOR_COMPACT,
    BUDDY,
    FAULT_ENTRIES,
    FAULT_GONE,
    FAULT_LEAK,
    FAULT_MOVED,
    FAULT_POOL,
    FAULT_REFERENCES,
    FAULT_TWO_LISTS,
    LRU,
    LRU_LIST,
    MIGRATEPAGES,
    NR_POOL_LISTS,
    PG_ISOLATED,
    PG_LOCKED,
)
from zbudlab.mm.list_head import init_list_head, list_empty
from zbudlab.mm.page import page_buddy, page_zpool
from zbudlab.mm.zbud_check import fault_in_pool
from zbudlab.mm.zbud_header import header_row, is_empty, pool_list
from zbudlab.mm.zbud_migrate import expected_references
from zbudlab.mm.zbud_zpool import zbud_object_address
from zbudlab.mm.zswap_check import first_fault as zswap_fault
from zbudlab.races.steps import COMPACT_ALLOCATE, COMPACT_PUT_SECOND, COMPACT_UNLOCK

COMPACTIONS = 3  #: lists of isolated pages: those of compaction and reclaim
POISON = 0x6B6B6B6B  #: content of a frame that was freed; one never written keeps its zeros


@kernel
def unlink(header):
    """Clear the links of a header that is on no list."""
    header.next[0] = header.next[1] = header.prev[0] = header.prev[1] = 0


@kernel
def scrub_free_page(mem, pfn):
    """Poison the content of a free frame, and clear what its former owners left behind."""
    row = mem.rows[pfn]
    unlink(row)
    row.first_handle = row.last_handle = 0
    if row.first_swpentry != 0 or row.last_swpentry != 0:
        row.first_swpentry = row.last_swpentry = POISON
    row.first_map_count = row.last_map_count = 0
    row.first_chunks = row.last_chunks = row.freed = row.under_reclaim = 0
    page = mem.pages[pfn]
    page.private = page.mapping = page.index = 0
    if not page_buddy(page):
        page.order = page.migratetype = 0
        init_list_head(mem.pages, LRU, pfn)


@kernel
def scrub_zswap(mem):
    """Clear what freed entries kept, and counters that only record history."""
    zswap = mem.zswaps[0]
    zswap.pool_pages = zswap.written_back_pages = zswap.duplicate_entry = 0
    zswap.lost_stale = zswap.lost_write = 0
    for number in range(mem.entries.shape[0]):
        entry = mem.entries[number]
        if entry.refcount == 0:
            entry.slot = entry.length = 0
            entry.handle = entry.word = 0


@kernel
def is_moving(actors, pfn, first, last):
    """Return whether a compaction or a CMA request has the page, and its next step is in a range.

    first, last: of the steps, COMPACT_*.
    """
    for i in range(actors.shape[0]):
        actor = actors[i]
        moves = actor.kind == ACTOR_COMPACT or actor.kind == ACTOR_CMA
        if moves and actor.pfn == pfn and first <= actor.pc <= last:
            return True
    return False


@kernel
def is_isolated(actors, pfn):
    """Return whether a compaction has the page on its list."""
    return is_moving(actors, pfn, COMPACT_ALLOCATE, COMPACT_PUT_SECOND)


@kernel
def just_moved(actors, pfn):
    """Return whether a compaction has moved the page and still holds its lock."""
    return is_moving(actors, pfn, COMPACT_UNLOCK, COMPACT_UNLOCK)


@kernel
def scrub_page(mem, actors, pfn):
    """Clear what nothing will read again in a frame and its header.

    The links of a page that has just moved count until its lock is released: it is the old place
    on the lists, which the holder of the lock has taken over.
    """
    page = mem.pages[pfn]
    if page.refcount == 0:
        scrub_free_page(mem, pfn)
        return
    if not is_isolated(actors, pfn):
        init_list_head(mem.pages, LRU, pfn)
    if page_zpool(page) and is_empty(mem.rows[pfn]) and not just_moved(actors, pfn):
        unlink(mem.rows[pfn])


@kernel(inline=False)
def scrub(mem, actors):
    """Make states equal that differ only in data that nothing will read again."""
    scrub_zswap(mem)
    for pfn in range(mem.zones[0].spanned_pages):
        scrub_page(mem, actors, pfn)


@kernel
def address_fault(mem, actor):
    """Return what is wrong with the address that a user of a handle holds."""
    found = zbud_object_address(mem, actor.pool, np.int64(actor.handle))
    if found == actor.address:
        return 0
    return FAULT_GONE if found < 0 else FAULT_MOVED


@kernel
def held_address_fault(mem, actors):
    """Return what is wrong with the first wrong address that an actor holds; 0 = none."""
    for i in range(actors.shape[0]):
        if actors[i].address > 0:
            fault = address_fault(mem, actors[i])
            if fault:
                return fault
    return 0


@kernel
def pool_fault(mem):
    """Return FAULT_POOL if an invariant of a pool is broken; 0 = none."""
    for number in range(mem.pools.shape[0]):
        if mem.pools[number].created:
            code, _ = fault_in_pool(mem, number)
            if code:
                return FAULT_POOL
    return 0


@kernel(inline=False)
def state_fault(mem, actors):
    """Return the first fault that must not exist between two steps; 0 = none."""
    fault = held_address_fault(mem, actors)
    if fault:
        return fault
    return pool_fault(mem)


@kernel(inline=False)
def end_fault(mem, start):
    """Return what is wrong when all have finished: a count of references, a lost frame or lock.

    start: int64 (1,), the frames in use that belong to no pool.
    """
    others = 0
    for pfn in range(mem.zones[0].spanned_pages):
        page = mem.pages[pfn]
        if page.refcount and page_zpool(page):
            header = mem.rows[header_row(mem.pools[page.private], pfn)]
            if page.refcount != expected_references(header) - 1:
                return FAULT_REFERENCES
        others += page.refcount != 0 and not page_zpool(page)
        if page.page_flags & (PG_LOCKED | PG_ISOLATED):
            return FAULT_REFERENCES
    for head in range(COMPACTIONS):
        if not list_empty(mem.pages, LRU, mem.zones[0].list_heads + MIGRATEPAGES + head):
            return FAULT_TWO_LISTS
    if zswap_fault(mem)[0]:
        return FAULT_ENTRIES
    return FAULT_LEAK if others != start[0] else 0


@kernel
def add_to_order(order, number):
    """Return the hash of a sequence after appending a number."""
    return (order ^ np.uint64(number)) * np.uint64(0x9E3779B97F4A7C15)


@kernel(inline=False)
def list_order(mem):
    """Return a hash of all lists of all pools: the handles on their pages, in order."""
    order = np.uint64(1)
    for number in range(mem.pools.shape[0]):
        pool = mem.pools[number]
        for which in range(NR_POOL_LISTS):
            link = LRU if which == LRU_LIST else BUDDY
            head = pool_list(pool, which)
            at = np.int64(mem.rows[head].next[link])
            if pool.created == 0 or at == head:
                continue
            order = add_to_order(order, number * NR_POOL_LISTS + which)
            while at != head:
                order = add_to_order(order, np.int64(mem.rows[at].first_handle))
                order = add_to_order(order, np.int64(mem.rows[at].last_handle))
                at = np.int64(mem.rows[at].next[link])
    return order


@kernel
def is_serial(serial, order):
    """Return whether a serial run ends in that order of the lists, if the order matters."""
    for i in range(serial.shape[0]):
        if serial[i] == order:
            return True
    return serial.shape[0] == 0
