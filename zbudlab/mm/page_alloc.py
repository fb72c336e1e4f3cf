"""The buddy allocator: page frames in blocks of 2^order.

A block of order k starts at a multiple of 2^k; its buddy is one XOR away (pfn ^ 2^k). Freeing
merges a block with its buddy for as long as the buddy is entirely free; allocating splits. Free
blocks are on one list per order and migrate type, threaded through their struct pages, so the
lists need no memory. Memory is divided into pageblocks, each with a migrate type, to separate what
can move from what cannot. A request is served from the lists of its own type first. Only then does
it steal from others, the largest block first, and takes over a pageblock if it gets most of it.

Limits: one zone from frame 0 on, no per-CPU lists. Watermarks are checked by the caller
(`zone_watermark_ok`).

Source: mm/page_alloc.c (v3.12.9); boot: mm/nobootmem.c.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    ENOMEM,
    LRU,
    MAX_ORDER,
    MIGRATE_CMA,
    MIGRATE_ISOLATE,
    MIGRATE_MOVABLE,
    MIGRATE_RECLAIMABLE,
    MIGRATE_RESERVE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
    PAGE_BUDDY_MAPCOUNT_VALUE,
    PG_HEAD,
    WMARK_LOW,
)
from zbudlab.mm.list_head import list_add, list_add_tail, list_del, list_empty, list_move
from zbudlab.mm.page import page_buddy, put_page_testzero, reset_page_mapcount

#: Types whose lists are tried, in order, when a type's own lists are empty; RESERVE ends each. Only
#: movable pages may use CMA, which must be able to move them away again.
FALLBACKS = (
    (MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE, MIGRATE_RESERVE, MIGRATE_RESERVE),
    (MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RESERVE, MIGRATE_RESERVE),
    (MIGRATE_CMA, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE, MIGRATE_RESERVE),
)


@kernel
def free_list(zone, order, migratetype):
    """Return the head of the list of free blocks of that order and type."""
    return zone.list_heads + order * MIGRATE_TYPES + migratetype


@kernel
def pageblock_nr(zone, pfn):
    """Return the number of the pageblock that contains page frame `pfn`."""
    return pfn >> zone.pageblock_order


@kernel
def get_pageblock_migratetype(zone, blocks, pfn):
    """Return the migrate type of the pageblock of `pfn`."""
    return np.int64(blocks[pageblock_nr(zone, pfn)].migratetype)


@kernel
def is_free_block(pages, pfn, order):
    """Return whether a free block of exactly that order starts at `pfn` (page_is_buddy)."""
    page = pages[pfn]
    return page_buddy(page) and page.order == order


@kernel
def mod_zone_freepage_state(zone, nr_pages, migratetype):
    """Count pages as freed or, if negative, as taken; CMA pages are also counted separately."""
    zone.nr_free_pages += nr_pages
    if migratetype == MIGRATE_CMA:
        zone.nr_free_cma += nr_pages


@kernel
def _mark_free(zone, pages, pfn, order, migratetype):
    page = pages[pfn]
    page.mapcount = PAGE_BUDDY_MAPCOUNT_VALUE
    page.order = order
    page.migratetype = migratetype
    zone.nr_free[order] += 1


@kernel
def del_page_from_free_list(zone, pages, pfn, order):
    """Remove a free block from the list it is on."""
    list_del(pages, LRU, pfn)
    reset_page_mapcount(pages[pfn])
    zone.nr_free[order] -= 1


@kernel
def likely_to_merge_soon(pages, pfn, order):
    """Return whether the buddy of the block's parent is free, so that one more free merges twice.

    Such a block goes to the tail of its list: it is not allocated again soon, and may become part
    of a larger block in the meantime.
    """
    if order >= MAX_ORDER - 2:
        return False
    parent = pfn & ~(1 << order)
    return is_free_block(pages, parent ^ (1 << (order + 1)), order + 1)


@kernel
def free_one_page(mem, pfn, order):
    """Free a block, merging it with free buddies of any type (__free_one_page)."""
    zone = mem.zones[0]
    migratetype = get_pageblock_migratetype(zone, mem.blocks, pfn)
    if migratetype != MIGRATE_ISOLATE:
        mod_zone_freepage_state(zone, 1 << order, migratetype)
    while order < MAX_ORDER - 1 and is_free_block(mem.pages, pfn ^ (1 << order), order):
        buddy = pfn ^ (1 << order)
        del_page_from_free_list(zone, mem.pages, buddy, order)
        pfn = pfn & buddy
        order += 1
    _mark_free(zone, mem.pages, pfn, order, migratetype)
    if likely_to_merge_soon(mem.pages, pfn, order):
        list_add_tail(mem.pages, LRU, pfn, free_list(zone, order, migratetype))
    else:
        list_add(mem.pages, LRU, pfn, free_list(zone, order, migratetype))


@kernel
def expand(zone, pages, pfn, low, high, migratetype):
    """Split a taken block of order `high` down to `low`; the upper halves become free."""
    order = high
    while order > low:
        order -= 1
        upper = pfn + (1 << order)
        _mark_free(zone, pages, upper, order, migratetype)
        list_add(pages, LRU, upper, free_list(zone, order, migratetype))


@kernel
def rmqueue_smallest(zone, pages, order, migratetype):
    """Take the first block of the smallest sufficient order, split to size; -1 if none."""
    for current in range(order, MAX_ORDER):
        head = free_list(zone, current, migratetype)
        if not list_empty(pages, LRU, head):
            pfn = np.int64(pages[head].next[LRU])
            del_page_from_free_list(zone, pages, pfn, current)
            expand(zone, pages, pfn, order, current, migratetype)
            return pfn
    return -1


@kernel(inline=False)
def move_freepages_block(mem, pfn, migratetype):
    """Move the free blocks of `pfn`'s pageblock to the lists of `migratetype`.

    Return the number of pages moved. Frames are visited upward and each goes to the head of its
    list, so they end up in descending order. A pageblock that extends past the zone is left alone.
    """
    zone = mem.zones[0]
    pageblock_nr_pages = 1 << zone.pageblock_order
    start = pfn & ~(pageblock_nr_pages - 1)
    end = start + pageblock_nr_pages
    if end > zone.spanned_pages:
        return 0
    moved = 0
    at = start
    while at < end:
        page = mem.pages[at]
        if not page_buddy(page):
            at += 1
            continue
        order = np.int64(page.order)
        list_move(mem.pages, LRU, at, free_list(zone, order, migratetype))
        page.migratetype = migratetype
        at += 1 << order
        moved += 1 << order
    return moved


@kernel
def set_pageblock_range(zone, blocks, pfn, nr_pages, migratetype):
    """Give every pageblock that starts within the range the same type."""
    pageblock_nr_pages = 1 << zone.pageblock_order
    for at in range(pfn, pfn + nr_pages, pageblock_nr_pages):
        blocks[pageblock_nr(zone, at)].migratetype = migratetype


@kernel
def try_to_steal_freepages(mem, pfn, order, start_migratetype):
    """Take over the pageblock of a block found on another type's list, if enough of it is free.

    A large block is taken over whole. For a medium one, or for reclaimable pages (slabs come in
    large numbers), the free pages around it are moved as well, and half a pageblock is enough to
    take it over.
    """
    zone = mem.zones[0]
    if order >= zone.pageblock_order:
        set_pageblock_range(zone, mem.blocks, pfn, 1 << order, start_migratetype)
    elif order >= zone.pageblock_order // 2 or start_migratetype == MIGRATE_RECLAIMABLE:
        moved = move_freepages_block(mem, pfn, start_migratetype)
        if moved >= 1 << (zone.pageblock_order - 1):
            mem.blocks[pageblock_nr(zone, pfn)].migratetype = start_migratetype


@kernel(inline=False)
def rmqueue_fallback(mem, order, start_migratetype):
    """Take a block from the lists of other types, the largest first; -1 if none.

    Large blocks come first so that types mix in as few pageblocks as possible.
    """
    zone = mem.zones[0]
    for current in range(MAX_ORDER - 1, order - 1, -1):
        for migratetype in FALLBACKS[start_migratetype]:
            if migratetype == MIGRATE_RESERVE:
                break
            head = free_list(zone, current, migratetype)
            if not list_empty(mem.pages, LRU, head):
                pfn = np.int64(mem.pages[head].next[LRU])
                new_type = migratetype
                if migratetype != MIGRATE_CMA:
                    new_type = start_migratetype
                    try_to_steal_freepages(mem, pfn, current, start_migratetype)
                del_page_from_free_list(zone, mem.pages, pfn, current)
                expand(zone, mem.pages, pfn, order, current, new_type)
                return pfn
    return -1


@kernel
def prep_new_page(pages, pfn, order, migratetype):
    """Prepare a block for its user: one reference, no owner, its order recorded."""
    page = pages[pfn]
    page.refcount = 1
    reset_page_mapcount(page)
    page.page_flags = PG_HEAD
    page.order = order
    page.migratetype = migratetype
    page.private = 0
    page.mapping = 0
    page.index = 0


@kernel
def should_fail_alloc_page(zone):
    """Return whether to fail this allocation (fault injection, lib/fault-inject.c)."""
    if zone.fail_page_alloc > 0:
        zone.fail_page_alloc -= 1
        return True
    return False


@kernel
def alloc_pages(mem, order, migratetype):
    """Allocate a block of 2^order pages. Return its first frame, with one reference, or -ENOMEM."""
    zone = mem.zones[0]
    if order >= MAX_ORDER or should_fail_alloc_page(zone):
        return -ENOMEM
    pfn = rmqueue_smallest(zone, mem.pages, order, migratetype)
    if pfn < 0:
        pfn = rmqueue_fallback(mem, order, migratetype)
    if pfn < 0:
        pfn = rmqueue_smallest(zone, mem.pages, order, MIGRATE_RESERVE)
    if pfn < 0:
        return -ENOMEM
    mod_zone_freepage_state(zone, -(1 << order), get_pageblock_migratetype(zone, mem.blocks, pfn))
    prep_new_page(mem.pages, pfn, order, migratetype)
    return pfn


@kernel(rewritten=True)
def free_pages(mem, pfn, order):
    """Free the block that starts at `pfn`; its reference count must be 0 already."""
    page = mem.pages[pfn]
    page.page_flags = 0
    page.mapping = 0
    reset_page_mapcount(page)
    free_one_page(mem, pfn, order)


@kernel
def put_pages(mem, pfn, order):
    """Drop a reference to a block of known order, like `put_page` but without reading its record.

    Source: mm/page_alloc.c, __free_pages (v3.12).
    """
    if put_page_testzero(mem.pages[pfn]):
        free_pages(mem, pfn, order)
        return 1
    return 0


@kernel
def put_single_page(mem, pfn):
    """Drop a reference to a single page. Source: mm/swap.c, __put_single_page (v3.12)."""
    return put_pages(mem, pfn, 0)


@kernel
def put_page(mem, pfn):
    """Drop a reference; the last one frees the block. Return 1 if it did.

    Source: mm/swap.c, put_page (v3.12).
    """
    order = np.int64(mem.pages[pfn].order)
    if order == 0:
        return put_single_page(mem, pfn)
    return put_pages(mem, pfn, order)


@kernel(inline=False)
def zone_watermark_ok(mem, order, mark, use_cma):
    """Return whether a block of `order` is available and more than `mark` pages stay free.

    Smaller orders do not count for a larger request, and the mark halves with each order. use_cma:
    1 if the request may use CMA pages, which then count.
    """
    zone = mem.zones[0]
    free = zone.nr_free_pages - ((1 << order) - 1)
    cma = 0 if use_cma else zone.nr_free_cma
    if free - cma <= mark:
        return False
    for smaller in range(order):
        free -= zone.nr_free[smaller] << smaller
        mark >>= 1
        if free <= mark:
            return False
    return True


@kernel
def isolate_free_page(mem, pfn, order):
    """Take a free block off its list unless the low watermark forbids it. Return its pages.

    They become pages of order 0 with one reference each. Taking most of a pageblock makes it
    movable. Pages in isolated pageblocks are not counted as free, so the watermark does not apply
    to them.

    Source: __isolate_free_page, split_free_page.
    """
    zone = mem.zones[0]
    migratetype = get_pageblock_migratetype(zone, mem.blocks, pfn)
    if migratetype != MIGRATE_ISOLATE:
        if not zone_watermark_ok(mem, 0, zone.watermark[WMARK_LOW] + (1 << order), 0):
            return 0
        mod_zone_freepage_state(zone, -(1 << order), migratetype)
    del_page_from_free_list(zone, mem.pages, pfn, order)
    if order >= zone.pageblock_order - 1:
        for at in range(pfn, pfn + (1 << order) - 1, 1 << zone.pageblock_order):
            if get_pageblock_migratetype(zone, mem.blocks, at) not in (
                MIGRATE_CMA,
                MIGRATE_ISOLATE,
            ):
                mem.blocks[pageblock_nr(zone, at)].migratetype = MIGRATE_MOVABLE
    for at in range(pfn, pfn + (1 << order)):
        prep_new_page(mem.pages, at, 0, MIGRATE_MOVABLE)
    return 1 << order
