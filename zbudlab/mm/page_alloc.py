"""The buddy allocator: page frames in blocks of 2^order.

A block of order k starts at a multiple of 2^k; its buddy is one XOR away (pfn ^ 2^k). Freeing
merges a block with its buddy as long as that one is free as a whole; allocating splits. Free
blocks hang on one list per order and migrate type, threaded through their own struct pages, so
that keeping books costs no memory. Memory is cut into pageblocks, each with a migrate type, to
keep what can move apart from what cannot: a request is served from lists of its own type, and
only then steals from others, the largest block first, taking over pageblocks where it gets most
of one.

Limits: one zone from frame 0 on, no per-cpu lists. Watermarks are the caller's business
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

#: Whose lists are tried when a type's own are empty, in turn; RESERVE ends. Only movable pages may
#: go to CMA, which must be able to get rid of them again.
FALLBACKS = (
    (MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE, MIGRATE_RESERVE, MIGRATE_RESERVE),
    (MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RESERVE, MIGRATE_RESERVE),
    (MIGRATE_CMA, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE, MIGRATE_RESERVE),
)


@kernel
def free_list(zone, order, migratetype):
    """The head of the list of free blocks of that order and type."""
    return zone.list_heads + order * MIGRATE_TYPES + migratetype


@kernel
def pageblock_nr(zone, pfn):
    """The number of the pageblock that holds page frame `pfn`."""
    return pfn >> zone.pageblock_order


@kernel
def get_pageblock_migratetype(zone, blocks, pfn):
    """What the pageblock of `pfn` is for."""
    return np.int64(blocks[pageblock_nr(zone, pfn)].migratetype)


@kernel
def is_free_block(pages, pfn, order):
    """Whether a free block of exactly that order starts at `pfn` (page_is_buddy)."""
    page = pages[pfn]
    return page_buddy(page) and page.order == order


@kernel
def mod_zone_freepage_state(zone, nr_pages, migratetype):
    """Count pages as freed (or, negative, as taken); CMA's have a count of their own as well."""
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
    """Take a free block off its list, whichever that is."""
    list_del(pages, LRU, pfn)
    reset_page_mapcount(pages[pfn])
    zone.nr_free[order] -= 1


@kernel
def likely_to_merge_soon(pages, pfn, order):
    """Whether the buddy of the block's parent is free, so that one more free merges three ways.

    Such a block goes to its list's tail: not handed out again soon, it may become part of a
    larger one meanwhile.
    """
    if order >= MAX_ORDER - 2:
        return False
    parent = pfn & ~(1 << order)
    return is_free_block(pages, parent ^ (1 << (order + 1)), order + 1)


@kernel
def free_one_page(mem, pfn, order):
    """Give a block back; merges with free buddies regardless of type (__free_one_page)."""
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
    """The first block of the smallest order that will do, split to size; -1 = none."""
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
    """Move the free blocks of `pfn`'s pageblock to `migratetype`'s lists.

    Returns the number of pages moved. Frames are visited upward and each goes to its list's
    head, so they end up descending. A pageblock that reaches past the zone is left alone.
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
    """Make every pageblock that starts within the range one of that type."""
    pageblock_nr_pages = 1 << zone.pageblock_order
    for at in range(pfn, pfn + nr_pages, pageblock_nr_pages):
        blocks[pageblock_nr(zone, at)].migratetype = migratetype


@kernel
def try_to_steal_freepages(mem, pfn, order, start_migratetype):
    """Take over the pageblock of a block found on another type's list, if enough of it is free.

    A large find is taken over whole; after a middling one, or for reclaimable pages (slabs come
    in swarms), the free pages around it come along, and half a pageblock makes the block ours.
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
    """A block from another type's lists, the largest there is; -1 = none.

    Large blocks first, so that types mix in as few pageblocks as possible.
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
    """Hand a block over: one reference, owned by nobody yet, its order remembered."""
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
    """Whether this allocation is to fail on request (fault injection, lib/fault-inject.c)."""
    if zone.fail_page_alloc > 0:
        zone.fail_page_alloc -= 1
        return True
    return False


@kernel
def alloc_pages(mem, order, migratetype):
    """The first frame of a block of 2^order pages, one reference held; or -ENOMEM."""
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


@kernel
def free_pages(mem, pfn, order):
    """Give back the block that starts at `pfn`; its reference count must be 0 already."""
    page = mem.pages[pfn]
    page.page_flags = 0
    page.mapping = 0
    reset_page_mapcount(page)
    free_one_page(mem, pfn, order)


@kernel
def put_pages(mem, pfn, order):
    """`put_page` for a block whose order is known: no record need be read to find its buddy.

    Source: mm/page_alloc.c, __free_pages (v3.12).
    """
    if put_page_testzero(mem.pages[pfn]):
        free_pages(mem, pfn, order)
        return 1
    return 0


@kernel
def put_single_page(mem, pfn):
    """`put_page` for a page known to be single. Source: mm/swap.c, __put_single_page (v3.12)."""
    return put_pages(mem, pfn, 0)


@kernel
def put_page(mem, pfn):
    """Drop a reference; the last one gives the block back. Returns 1 if it did.

    Source: mm/swap.c, put_page (v3.12).
    """
    order = np.int64(mem.pages[pfn].order)
    if order == 0:
        return put_single_page(mem, pfn)
    return put_pages(mem, pfn, order)


@kernel(inline=False)
def zone_watermark_ok(mem, order, mark, use_cma):
    """Whether `order` could be had and more than `mark` pages stay free.

    The smaller orders do not count for a larger request, and the mark halves with each.
    use_cma: 1 = the request may go to CMA pages (they count).
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
    """Take a free block off its list as it is, unless the low watermark forbids; the pages got.

    They come as pages of order 0, a reference on each. Taking most of a pageblock makes it
    movable. What stands in isolated pageblocks is no longer counted as free, so the watermark
    does not apply there.

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
