"""The two scanners of compaction, and the hints they leave.

The migrate scanner moves up from the bottom of the zone and isolates pages that can move: user
pages on an LRU list and, with the series, zbud pages. The free scanner moves down from the top,
one pageblock at a time, and takes whole free blocks as targets. Isolated pages wait on
MIGRATEPAGES, targets on FREEPAGES; both lists are threaded through the struct pages.

A pageblock in which a scanner found nothing is marked `skip`, so that later runs pass over it.
While a run has found nothing at all, the zone remembers how far it came
(`compact_cached_migrate_pfn`, `compact_cached_free_pfn`). alloc_contig_range uses the migrate
scanner without hints (`ignore_skip_hint`).

Limits: no locks to give up, no deferral, no huge pages, no balloon pages.

Source: mm/compaction.c (v3.12.9), with the hunk of patch 5 of the series.
"""

import numpy as np

from zbudlab.jit import door, kernel
from zbudlab.layout import (
    COMPACT_CLUSTER_MAX,
    DOOR_FREE_SCAN,
    ENOMEM,
    FREEPAGES,
    LRU,
    MIGRATE_CMA,
    MIGRATE_ISOLATE,
    MIGRATE_MOVABLE,
    MIGRATE_RESERVE,
    MIGRATEPAGES,
)
from zbudlab.mm.list_head import list_add, list_del, list_empty
from zbudlab.mm.lru import isolate_lru_page
from zbudlab.mm.page import page_buddy, page_zpool
from zbudlab.mm.page_alloc import (
    get_pageblock_migratetype,
    isolate_free_page,
    pageblock_nr,
    put_single_page,
)
from zbudlab.mm.zpool import zpool_isolate_page

TAKEN_SHIFT = 16  # of the pages taken in what `take_with_stride` returns


@kernel
def next_pageblock(zone, pfn):
    """Return the first frame after the pageblock of `pfn`."""
    return ((pfn >> zone.pageblock_order) + 1) << zone.pageblock_order


@kernel
def migratepages(zone):
    """Return the head of the list of pages to move."""
    return zone.list_heads + MIGRATEPAGES


@kernel
def freepages(zone):
    """Return the head of the list of targets."""
    return zone.list_heads + FREEPAGES


# --- hints -------------------------------------------------------------------------------------


@kernel
def isolation_suitable(zone, blocks, cc, pfn):
    """Return whether no hint says to skip the pageblock."""
    return cc.ignore_skip_hint != 0 or blocks[pageblock_nr(zone, pfn)].skip == 0


@kernel
def skip_for_migration(zone, blocks, cc, pfn):
    """Leave a hint that there is nothing to move from `pfn` to the end of its pageblock."""
    if cc.ignore_skip_hint:
        return
    blocks[pageblock_nr(zone, pfn)].skip = 1
    if not cc.finished_update_migrate and pfn > zone.compact_cached_migrate_pfn:
        zone.compact_cached_migrate_pfn = pfn


@kernel
def skip_for_targets(zone, blocks, cc, pfn):
    """Leave a hint that there is nothing free from `pfn` to the end of its pageblock."""
    blocks[pageblock_nr(zone, pfn)].skip = 1
    if not cc.finished_update_free and pfn < zone.compact_cached_free_pfn:
        zone.compact_cached_free_pfn = pfn


@kernel
def is_movable_type(migratetype):
    """Return whether pageblocks of that type hold movable pages (migrate_async_suitable)."""
    return migratetype in (MIGRATE_MOVABLE, MIGRATE_CMA)


# --- migrate scanner ---------------------------------------------------------------------------


@kernel
def isolate_movable_page(mem, cc, pfn):
    """Take a reference on a page and put it first on MIGRATEPAGES, if its kind can move.

    A zbud page is on no LRU list of the zone, so the reference alone isolates it. Unlike a user
    page it does not stop the cached position from advancing: the series put its hunk before that
    line.
    """
    zone = mem.zones[0]
    if page_zpool(mem.pages[pfn]):
        if not zone.zpool_movable or not zpool_isolate_page(mem, pfn):
            return
    elif isolate_lru_page(zone, mem.pages, pfn):
        cc.finished_update_migrate = 1
    else:
        return
    list_add(mem.pages, LRU, pfn, migratepages(zone))
    cc.nr_migratepages += 1
    cc.isolated += 1


@kernel
def refused_to_async(zone, blocks, cc, pfn):
    """Return whether an asynchronous run skips this pageblock.

    It never skips the first one of the zone: Linux remembers the last pageblock it refused,
    starting with 0.
    """
    if cc.sync or pfn >> zone.pageblock_order == 0:
        return False
    return not is_movable_type(get_pageblock_migratetype(zone, blocks, pfn))


@kernel(inline=False)
def isolate_migratepages_range(mem, control, start, end):
    """Isolate up to COMPACT_CLUSTER_MAX movable pages of [start, end). Return where it stopped.

    Frames inside a free block are examined one by one, because the block may be allocated at any
    time.
    """
    zone = mem.zones[0]
    cc = control[0]
    pfn = start
    while pfn < end and cc.nr_migratepages < COMPACT_CLUSTER_MAX:
        cc.migrate_scanned += 1
        if not isolation_suitable(zone, mem.blocks, cc, pfn):
            pfn = next_pageblock(zone, pfn)
            continue
        if not page_buddy(mem.pages[pfn]):
            if refused_to_async(zone, mem.blocks, cc, pfn):
                cc.finished_update_migrate = 1
                pfn = next_pageblock(zone, pfn)
                continue
            isolate_movable_page(mem, cc, pfn)
        pfn += 1
    if pfn == end and cc.nr_migratepages == 0:
        skip_for_migration(zone, mem.blocks, cc, start)
    return pfn


# --- free scanner ------------------------------------------------------------------------------


@kernel
def suitable_migration_target(mem, pfn):
    """Return whether free pages at `pfn` may become targets.

    They may in a pageblock that is entirely free (not under the rule `spares_free_blocks`) or holds
    movable pages; others would be polluted.
    """
    zone = mem.zones[0]
    migratetype = get_pageblock_migratetype(zone, mem.blocks, pfn)
    if migratetype in (MIGRATE_ISOLATE, MIGRATE_RESERVE):
        return False
    if page_buddy(mem.pages[pfn]) and mem.pages[pfn].order >= zone.pageblock_order:
        return not mem.zswaps[0].spares_free_blocks
    return is_movable_type(migratetype)


@kernel
def take_target(mem, pfn):
    """Take a free block that begins at `pfn` as targets.

    Return its pages, 0 if none begins there, -1 if this pageblock may give no targets.
    """
    if not page_buddy(mem.pages[pfn]):
        return 0
    if not suitable_migration_target(mem, pfn):
        return -1
    taken = isolate_free_page(mem, pfn, np.int64(mem.pages[pfn].order))
    for frame in range(pfn, pfn + taken):
        list_add(mem.pages, LRU, frame, freepages(mem.zones[0]))
    return taken


@kernel(inline=False)
def isolate_freepages_block(mem, control, start, end):
    """Take the free blocks that start in [start, end) as targets. Return the pages taken.

    The last block may extend past `end`; then no hint is left, even if nothing was found.
    """
    zone = mem.zones[0]
    cc = control[0]
    total = 0
    pfn = start
    while pfn < end:
        cc.free_scanned += 1
        taken = take_target(mem, pfn)
        if taken < 0:
            break
        total += taken
        pfn += max(taken, 1)
    if pfn == end and total == 0:
        skip_for_targets(zone, mem.blocks, cc, start)
    cc.isolated += total
    return total


@kernel(inline=False)
def take_with_stride(mem, start, end, stride):
    """Run `isolate_freepages_block` at every `stride`-th frame only (rule `free_scan_stride`).

    Return two numbers in one, as doors do: pages taken << TAKEN_SHIFT | frames looked at.
    """
    total = 0
    scanned = 0
    pfn = start
    while pfn < end:
        scanned += 1
        taken = take_target(mem, pfn)
        if taken < 0:
            break
        total += taken
        pfn += max(taken, 1) - 1 + stride
    return np.int64(total << TAKEN_SHIFT | scanned)


scan_with_stride = door(take_with_stride, DOOR_FREE_SCAN)


@kernel
def scan_block(mem, control, start, end, stride):
    """Take the free blocks that start at every `stride`-th frame. Return the pages taken."""
    if stride == 1:
        return isolate_freepages_block(mem, control, start, end)
    cc = control[0]
    found = scan_with_stride(mem, start, end, stride)
    total = found >> TAKEN_SHIFT
    cc.free_scanned += found & ((1 << TAKEN_SHIFT) - 1)
    cc.isolated += total
    if total == 0:
        skip_for_targets(mem.zones[0], mem.blocks, cc, start)
    return total


@kernel
def wider(rules, stride, taken):
    """Return the stride for the next pageblock: 1 after one that gave pages, else twice as much.

    Without the rule `free_scan_stride` it is always 1.
    """
    if taken or not rules.free_scan_stride:
        return 1
    return min(2 * stride, COMPACT_CLUSTER_MAX)


@kernel(inline=False)
def isolate_freepages(mem, control):
    """Take targets for the pages isolated in this round, down to the migrate scanner.

    Afterwards the scanner is at the highest pageblock that supplied targets, or has met the other
    one.
    """
    zone = mem.zones[0]
    cc = control[0]
    pageblock_nr_pages = 1 << zone.pageblock_order
    low_pfn = cc.migrate_pfn + pageblock_nr_pages
    high_pfn = min(low_pfn, cc.free_pfn)
    total = 0
    rules = mem.zswaps[0]
    stride = COMPACT_CLUSTER_MAX if rules.free_scan_stride and not cc.sync else 1
    pfn = cc.free_pfn
    while pfn > low_pfn and total < cc.nr_migratepages:
        if (
            pfn < zone.spanned_pages
            and suitable_migration_target(mem, pfn)
            and isolation_suitable(zone, mem.blocks, cc, pfn)
        ):
            end = min(next_pageblock(zone, pfn), zone.spanned_pages)
            taken = scan_block(mem, control, pfn, end, stride)
            stride = wider(rules, stride, taken)
            total += taken
            if taken:
                cc.finished_update_free = 1
                high_pfn = max(high_pfn, pfn)
        pfn -= pageblock_nr_pages
    cc.free_pfn = high_pfn


@kernel
def compaction_alloc(mem, control):
    """Take a target for one page from FREEPAGES. Return its frame, or -ENOMEM."""
    head = freepages(mem.zones[0])
    if list_empty(mem.pages, LRU, head):
        isolate_freepages(mem, control)
        if list_empty(mem.pages, LRU, head):
            return -ENOMEM
    pfn = np.int64(mem.pages[head].next[LRU])
    list_del(mem.pages, LRU, pfn)
    return pfn


@kernel(inline=False)
def release_freepages(mem):
    """Give unused targets back to the page allocator."""
    head = freepages(mem.zones[0])
    while not list_empty(mem.pages, LRU, head):
        pfn = np.int64(mem.pages[head].next[LRU])
        list_del(mem.pages, LRU, pfn)
        put_single_page(mem, pfn)
