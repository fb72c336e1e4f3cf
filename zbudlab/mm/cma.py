"""Contiguous memory: ranges of frames lent to movable pages until a driver needs them.

A CMA area is a range of pageblocks reserved at boot. Movable pages may use it. When a range is
wanted, `alloc_contig_range` isolates its pageblocks, moves all pages out and takes the free
blocks. A single page that cannot move makes it fail. That is why zbud pages are welcome there once
they can move, and a danger if they can be pinned.

Drivers call `cma_alloc` for a number of pages. A bitmap of the area says which pages such requests
hold. The first aligned run of clear bits is set, then `alloc_contig_range` empties its frames. If a
page there cannot move, the bits are cleared and the next run is tried; if no run is left, the
request fails with the last error, -ENOMEM if none was tried. The kernel drops the lock of the
bitmap before it moves pages, so here `cma_reserve` ends there.

Limits: ranges inside CMA areas only (-EINVAL elsewhere). `reclaim_clean_pages_from_list` does
nothing, because there are no clean file pages.

Source: mm/page_alloc.c: alloc_contig_range, free_contig_range (v3.12.9); mm/cma.c: cma_alloc,
cma_release, cma_clear_bitmap, cma_bitmap_aligned_mask, cma_bitmap_aligned_offset,
cma_bitmap_pages_to_bits (v4.19 and v6.6, the same rules); lib/bitmap.c:
bitmap_find_next_zero_area_off (v6.6). In v3.12 all this is dma_alloc_from_contiguous in
drivers/base/dma-contiguous.c, with one bit a page and alignment relative to the start of the area.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EAGAIN,
    EBUSY,
    EINVAL,
    ENOMEM,
    MAX_ORDER,
    MAX_ORDER_NR_PAGES,
    MIGRATE_CMA,
    MIGRATE_MOVABLE,
    MR_CMA,
)
from zbudlab.mm.compaction import init_compact_control
from zbudlab.mm.compaction_scan import isolate_migratepages_range
from zbudlab.mm.migrate import migrate_pages, putback_movable_pages
from zbudlab.mm.page import page_buddy
from zbudlab.mm.page_alloc import get_pageblock_migratetype, isolate_free_page, put_single_page
from zbudlab.mm.page_isolation import (
    start_isolate_page_range,
    test_pages_isolated,
    undo_isolate_page_range,
)

ROUNDS = 5  #: of migrate_pages over the pages isolated at a time


@kernel
def align_down(pfn):
    """Return the start of the largest block that can contain `pfn`; merging never crosses it."""
    return pfn & ~(MAX_ORDER_NR_PAGES - 1)


@kernel
def align_up(pfn):
    """Return the end of the largest block that can contain `pfn - 1`."""
    return align_down(pfn + MAX_ORDER_NR_PAGES - 1)


@kernel(inline=False)
def is_cma_range(mem, start, end):
    """Return whether [start, end) is a range of the zone and entirely in CMA pageblocks."""
    zone = mem.zones[0]
    if not 0 <= start < end <= zone.spanned_pages:
        return False
    for pfn in range(align_down(start), end, 1 << zone.pageblock_order):
        if get_pageblock_migratetype(zone, mem.blocks, pfn) != MIGRATE_CMA:
            return False
    return True


@kernel(inline=False)
def migrate_isolated(mem, moves, control):
    """Move the isolated pages in up to ROUNDS rounds. Return 0, -EBUSY, or the last -ENOMEM."""
    failed = 0
    for _ in range(ROUNDS):
        failed = migrate_pages(mem, moves, control)
        if failed == 0:
            return 0
    return failed if failed < 0 else -EBUSY


@kernel(inline=False)
def migrate_range(mem, moves, control, start, end):
    """Move all pages out of the isolated range [start, end). Return 0, -EBUSY or -ENOMEM.

    Source: __alloc_contig_migrate_range.
    """
    pfn = start
    while pfn < end:
        control[0].nr_migratepages = 0
        pfn = isolate_migratepages_range(mem, control, pfn, end)
        failed = migrate_isolated(mem, moves, control)
        if failed:
            control[0].failed += control[0].nr_migratepages
            reason = -ENOMEM if failed == -ENOMEM else -EAGAIN
            putback_movable_pages(mem, moves, control, reason)
            return failed
    return 0


@kernel
def free_block_at(pages, pfn):
    """Return the start of the free block that contains `pfn`, or -1 if it is not free."""
    for order in range(MAX_ORDER):
        start = pfn & ~((1 << order) - 1)
        if page_buddy(pages[start]):
            return start
    return -1


@kernel(inline=False)
def isolate_freepages_range(mem, control, start, end):
    """Take the free blocks from `start` up to `end`. Return where the last one ends."""
    pfn = start
    while pfn < end:
        control[0].free_scanned += 1
        taken = isolate_free_page(mem, pfn, np.int64(mem.pages[pfn].order))
        control[0].isolated += taken
        pfn += taken
    return pfn


@kernel(inline=False)
def free_contig_range(mem, start, end):
    """Free the frames [start, end) one by one, upward."""
    for pfn in range(start, end):
        put_single_page(mem, pfn)


@kernel
def take_range(mem, control, start, end):
    """Take [start, end) out of the free blocks that contain it, and free the rest of them.

    Return 0, or -EBUSY if the range is not entirely free.
    """
    outer_start = free_block_at(mem.pages, start)
    if outer_start < 0 or not test_pages_isolated(mem.pages, outer_start, end):
        return -EBUSY
    outer_end = isolate_freepages_range(mem, control, outer_start, end)
    free_contig_range(mem, outer_start, start)
    free_contig_range(mem, end, outer_end)
    return 0


@kernel(inline=False)
def alloc_contig_range(mem, moves, control, start, end):
    """Take the frames [start, end), moving their pages away. Each gets one reference.

    Return 0; -EBUSY if a page could not be moved; -ENOMEM if there was no frame to move it to;
    -EINVAL if this is not a range of a CMA area. moves, control: as for `compact_zone_order`.
    """
    init_compact_control(control, MR_CMA, -1, MIGRATE_MOVABLE, 1, 1)
    if not is_cma_range(mem, start, end):
        return -EINVAL
    low = align_down(start)
    high = align_up(end)
    start_isolate_page_range(mem, low, high)
    failed = migrate_range(mem, moves, control, start, end)
    if failed == 0:
        failed = take_range(mem, control, start, end)
    undo_isolate_page_range(mem, low, high, MIGRATE_CMA)
    return failed


# --- the bitmap of an area -----------------------------------------------------------------------


@kernel
def cma_bits(area, count):
    """Return how many bits represent `count` pages, rounded up."""
    order = area[0].order_per_bit
    return (count + (1 << order) - 1) >> order


@kernel
def next_aligned_bit(area, bit, align):
    """Return the first bit from `bit` on whose page frame is a multiple of 2^align."""
    cma = area[0]
    if align <= cma.order_per_bit:
        return bit
    step = 1 << (align - cma.order_per_bit)
    offset = (cma.base_pfn & ((1 << align) - 1)) >> cma.order_per_bit
    return (bit + offset + step - 1) // step * step - offset


@kernel
def last_set_bit(bitmap, first, last):
    """Return the last bit of [first, last) that is set, -1 if all are clear."""
    bit = last - 1
    while bit >= first and bitmap[bit] == 0:
        bit -= 1
    return bit if bit >= first else -1


@kernel(inline=False)
def cma_find(area, bitmap, start, count, align):
    """Return the first bit from `start` on of an aligned run for `count` pages; -1 = none."""
    bits = cma_bits(area, count)
    bit = next_aligned_bit(area, start, align)
    while bit + bits <= bitmap.shape[0]:
        taken = last_set_bit(bitmap, bit, bit + bits)
        if taken < 0:
            return bit
        bit = next_aligned_bit(area, taken + 1, align)
    return -1


@kernel(inline=False)
def cma_mark(area, bitmap, pfn, count, taken):
    """Set or clear the bits of `count` pages from frame `pfn` on. taken: 1 or 0."""
    first = (pfn - area[0].base_pfn) >> area[0].order_per_bit
    for bit in range(first, first + cma_bits(area, count)):
        bitmap[bit] = taken


@kernel(inline=False)
def cma_reserve(area, bitmap, start, count, align):
    """Set the bits of the first run for `count` pages. Return its frame; -ENOMEM = none.

    area: one layout.cma_area. bitmap: uint8, a byte for each bit. start: the frame to search from.
    align: the order of the alignment, of page frames.
    """
    cma = area[0]
    if count < 1 or count > cma.nr_pages:
        return -ENOMEM
    bit = cma_find(area, bitmap, (start - cma.base_pfn) >> cma.order_per_bit, count, align)
    if bit < 0:
        return -ENOMEM
    pfn = cma.base_pfn + (bit << cma.order_per_bit)
    cma_mark(area, bitmap, pfn, count, 1)
    return pfn


@kernel
def after_busy(area, pfn, align):
    """Return the frame to search from after the run at `pfn` proved busy: the next aligned one."""
    return pfn + (1 << max(align, area[0].order_per_bit))
