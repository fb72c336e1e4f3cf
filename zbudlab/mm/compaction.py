"""Memory compaction: moving pages together to form large free blocks.

A run alternates between two steps: isolate up to 32 movable pages at the migrate scanner, and move
them to targets from the free scanner. It ends when a block of the wanted order is free or the
scanners meet. The scanners and their hints are in `compaction_scan`, the moving in `migrate`.

A flaw of 3.12, kept here: if the scanners meet *during* the moving (no target is left), the run
ends as COMPACT_PARTIAL, and only COMPACT_COMPLETE sets the flush mark. `reset_isolation_suitable`
waits for that mark, so all hints stay, and later runs over the whole zone start from the old
positions and do little. `rescan` always clears the hints; the kernel has no such call.

Limits: one zone, no deferral after failures, no contention.

Source: mm/compaction.c (v3.12.9), with the hunks of patch 5 of the series.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    COMPACT_COMPLETE,
    COMPACT_CONTINUE,
    COMPACT_PARTIAL,
    COMPACT_SKIPPED,
    EAGAIN,
    ENOMEM,
    LRU,
    MAX_ORDER,
    MR_COMPACTION,
    WMARK_LOW,
)
from zbudlab.mm.compaction_scan import (
    freepages,
    isolate_migratepages_range,
    migratepages,
    next_pageblock,
    release_freepages,
)
from zbudlab.mm.list_head import list_empty
from zbudlab.mm.migrate import migrate_pages, putback_movable_pages
from zbudlab.mm.page_alloc import free_list, zone_watermark_ok
from zbudlab.mm.vmstat import fragmentation_index

WHOLE_ZONE = -1  #: the order that /proc/sys/vm/compact_memory asks for
EXTFRAG_THRESHOLD = (
    500  #: sysctl_extfrag_threshold: up to this index, memory is short rather than scattered
)


@kernel(inline=False)
def init_compact_control(control, reason, order, migratetype, sync, ignore_skip_hint):
    """Start a run: set all counters to 0 and both scanners to no position."""
    cc = control[0]
    cc.reason = reason
    cc.order = order
    cc.migratetype = migratetype
    cc.sync = sync
    cc.ignore_skip_hint = ignore_skip_hint
    cc.finished_update_migrate = 0
    cc.finished_update_free = 0
    cc.migrate_pfn = 0
    cc.free_pfn = 0
    cc.nr_migratepages = 0
    cc.migrate_scanned = 0
    cc.free_scanned = 0
    cc.isolated = 0
    cc.migrated = 0
    cc.failed = 0
    cc.nr_moves = 0


# --- hints -------------------------------------------------------------------------------------


@kernel(inline=False)
def rescan(mem):
    """Clear all hints, so that the next run scans everything (__reset_isolation_suitable)."""
    zone = mem.zones[0]
    zone.compact_cached_migrate_pfn = 0
    zone.compact_cached_free_pfn = zone.spanned_pages
    zone.compact_blockskip_flush = 0
    for block in range(mem.blocks.shape[0]):
        mem.blocks[block].skip = 0


@kernel(inline=False)
def reset_isolation_suitable(mem):
    """Clear the hints if a run has completed, as kswapd does before it sleeps. Return 1 if so."""
    if not mem.zones[0].compact_blockskip_flush:
        return 0
    rescan(mem)
    return 1


# --- whether to start, whether to go on --------------------------------------------------------


@kernel(inline=False)
def compaction_suitable(mem, order):
    """Return COMPACT_SKIPPED (cannot help), _PARTIAL (not needed) or _CONTINUE (worth trying).

    Migration needs some free pages for a while, hence twice the size of the block.
    """
    if order == WHOLE_ZONE:
        return COMPACT_CONTINUE
    zone = mem.zones[0]
    watermark = zone.watermark[WMARK_LOW] + (2 << order)
    if not zone_watermark_ok(mem, 0, watermark, 0):
        return COMPACT_SKIPPED
    index = fragmentation_index(zone, order)
    if 0 <= index <= EXTFRAG_THRESHOLD:
        return COMPACT_SKIPPED
    if index == -1000 and zone_watermark_ok(mem, order, watermark, 0):
        return COMPACT_PARTIAL
    return COMPACT_CONTINUE


@kernel
def block_available(zone, pages, order, migratetype):
    """Return whether a free block of that type exists, or a whole pageblock that could become one.

    3.12 tests whether the wanted block is as large as a pageblock, not whether the found one is.
    """
    for larger in range(order, MAX_ORDER):
        if not list_empty(pages, LRU, free_list(zone, larger, migratetype)):
            return True
        if order >= zone.pageblock_order and zone.nr_free[larger] > 0:
            return True
    return False


@kernel(inline=False)
def compact_finished(mem, control):
    """Return COMPACT_COMPLETE (scanners met), _PARTIAL (block available) or _CONTINUE."""
    zone = mem.zones[0]
    cc = control[0]
    if cc.free_pfn <= cc.migrate_pfn:
        zone.compact_blockskip_flush = 1
        return COMPACT_COMPLETE
    if cc.order == WHOLE_ZONE:
        return COMPACT_CONTINUE
    if not zone_watermark_ok(mem, cc.order, zone.watermark[WMARK_LOW] + (1 << cc.order), 0):
        return COMPACT_CONTINUE
    if block_available(zone, mem.pages, cc.order, cc.migratetype):
        return COMPACT_PARTIAL
    return COMPACT_CONTINUE


# --- a run -------------------------------------------------------------------------------------


@kernel
def start_scanners(zone, cc):
    """Place both scanners where the last run found its first pages, or at the zone's ends."""
    cc.migrate_pfn = zone.compact_cached_migrate_pfn
    cc.free_pfn = zone.compact_cached_free_pfn
    if cc.free_pfn < 0 or cc.free_pfn > zone.spanned_pages:
        cc.free_pfn = zone.spanned_pages >> zone.pageblock_order << zone.pageblock_order
        zone.compact_cached_free_pfn = cc.free_pfn
    if cc.migrate_pfn < 0 or cc.migrate_pfn > zone.spanned_pages:
        cc.migrate_pfn = 0
        zone.compact_cached_migrate_pfn = 0


@kernel
def isolate_migratepages(mem, control):
    """Isolate pages of the migrate scanner's pageblock. Return False if the scanners met."""
    cc = control[0]
    end = next_pageblock(mem.zones[0], cc.migrate_pfn)
    if end > cc.free_pfn:
        cc.migrate_pfn = end
        return False
    cc.migrate_pfn = isolate_migratepages_range(mem, control, cc.migrate_pfn, end)
    return True


@kernel(inline=False)
def move_isolated(mem, moves, control):
    """Move the isolated pages and put the rest back. Return False if targets ran out."""
    cc = control[0]
    moved_before = cc.migrated
    failed = migrate_pages(mem, moves, control)
    cc.failed += cc.nr_migratepages - (cc.migrated - moved_before)
    reason = -ENOMEM if failed < 0 else -EAGAIN
    putback_movable_pages(mem, moves, control, reason)
    return failed != -ENOMEM


@kernel(inline=False)
def compact_zone(mem, moves, control):
    """Run compaction as `control` says. Return COMPACT_SKIPPED, _PARTIAL or _COMPLETE."""
    cc = control[0]
    suitable = compaction_suitable(mem, cc.order)
    if suitable != COMPACT_CONTINUE:
        return suitable
    start_scanners(mem.zones[0], cc)
    result = compact_finished(mem, control)
    while result == COMPACT_CONTINUE:
        if isolate_migratepages(mem, control) and not move_isolated(mem, moves, control):
            result = COMPACT_PARTIAL
        else:
            result = compact_finished(mem, control)
    release_freepages(mem)
    return result


@kernel(inline=False)
def compact_zone_order(
    mem,
    moves,
    control,
    order,
    migratetype,
    sync,
):
    """Compact until a block of that order and type is free. Return what `compact_zone` does.

    order: WHOLE_ZONE to run until the scanners meet. moves: layout.migration, one entry for each
    page frame, receives what happened to each isolated page. control: one layout.compact_control,
    receives the last positions of the scanners and the counters. sync: 0 to skip pageblocks of
    other types.
    """
    init_compact_control(control, MR_COMPACTION, order, migratetype, sync, 0)
    return compact_zone(mem, moves, control)


# --- checks ------------------------------------------------------------------------------------

FAULTS = (
    "",
    "the list of pages to move still holds page frame {where}, though no compaction runs",
    "the list of targets still holds page frame {where}, though no compaction runs",
    "the cached position {where} of the migrate scanner is outside the zone",
    "the cached position {where} of the free scanner is outside the zone",
    "the skip mark of pageblock {where} is neither 0 nor 1",
)


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant between two runs: (index into FAULTS, where), or (0, 0)."""
    zone = mem.zones[0]
    if not list_empty(mem.pages, LRU, migratepages(zone)):
        return 1, np.int64(mem.pages[migratepages(zone)].next[LRU])
    if not list_empty(mem.pages, LRU, freepages(zone)):
        return 2, np.int64(mem.pages[freepages(zone)].next[LRU])
    if not -1 <= zone.compact_cached_migrate_pfn <= zone.spanned_pages:
        return 3, zone.compact_cached_migrate_pfn
    if not -1 <= zone.compact_cached_free_pfn <= zone.spanned_pages:
        return 4, zone.compact_cached_free_pfn
    for block in range(mem.blocks.shape[0]):
        if mem.blocks[block].skip > 1:
            return 5, block
    return 0, 0
