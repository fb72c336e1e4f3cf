"""Finds its answer first and returns it once."""

LOSES = ()


def compact_finished(mem, control):
    """COMPACT_COMPLETE, COMPACT_PARTIAL or COMPACT_CONTINUE."""
    zone, cc = mem.zones[0], control[0]
    if cc.free_pfn <= cc.migrate_pfn:
        zone.compact_blockskip_flush = 1
        return COMPACT_COMPLETE
    there = False
    if cc.order != WHOLE_ZONE:
        mark = zone.watermark[WMARK_LOW] + (1 << cc.order)
        there = zone_watermark_ok(mem, cc.order, mark, 0)
        there = there and block_available(zone, mem.pages, cc.order, cc.migratetype)
    return COMPACT_PARTIAL if there else COMPACT_CONTINUE


def isolate_migratepages_range(mem, control, start, end):
    """Isolate pages in [start, end); where the scanner stopped."""
    zone, cc = mem.zones[0], control[0]
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
