"""Isolating pageblocks: their free pages are not allocated, and freed pages stay in them.

This keeps a range empty while it is being emptied. The pageblocks become MIGRATE_ISOLATE. Their
free blocks move to the isolate lists, which serve no allocation, and no longer count as free.

Limits: ranges of CMA pageblocks only. They hold nothing but movable pages by construction, so
isolating never fails.

Source: mm/page_isolation.c (v3.12.9).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_ISOLATE
from zbudlab.mm.page import page_buddy
from zbudlab.mm.page_alloc import (
    get_pageblock_migratetype,
    mod_zone_freepage_state,
    move_freepages_block,
    pageblock_nr,
)


@kernel
def set_migratetype_isolate(mem, pfn):
    """Isolate the pageblock of `pfn`."""
    zone = mem.zones[0]
    migratetype = get_pageblock_migratetype(zone, mem.blocks, pfn)
    mem.blocks[pageblock_nr(zone, pfn)].migratetype = MIGRATE_ISOLATE
    moved = move_freepages_block(mem, pfn, MIGRATE_ISOLATE)
    mod_zone_freepage_state(zone, -moved, migratetype)


@kernel
def unset_migratetype_isolate(mem, pfn, migratetype):
    """Give the isolated pageblock of `pfn` the type `migratetype` again."""
    zone = mem.zones[0]
    moved = move_freepages_block(mem, pfn, migratetype)
    mod_zone_freepage_state(zone, moved, migratetype)
    mem.blocks[pageblock_nr(zone, pfn)].migratetype = migratetype


@kernel(inline=False)
def start_isolate_page_range(mem, start, end):
    """Isolate every pageblock of [start, end), upward."""
    for pfn in range(start, end, 1 << mem.zones[0].pageblock_order):
        set_migratetype_isolate(mem, pfn)


@kernel(inline=False)
def undo_isolate_page_range(mem, start, end, migratetype):
    """Give the isolated pageblocks of [start, end) the type `migratetype`, upward."""
    for pfn in range(start, end, 1 << mem.zones[0].pageblock_order):
        if get_pageblock_migratetype(mem.zones[0], mem.blocks, pfn) == MIGRATE_ISOLATE:
            unset_migratetype_isolate(mem, pfn, migratetype)


@kernel(inline=False)
def test_pages_isolated(pages, start, end):
    """Return whether [start, end) is entirely free; a free block starts at `start`."""
    pfn = start
    while pfn < end:
        if not page_buddy(pages[pfn]):
            return False
        pfn += 1 << np.int64(pages[pfn].order)
    return True
