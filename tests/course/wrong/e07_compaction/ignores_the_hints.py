"""Looks into pageblocks that a hint says are not worth a look."""

LOSES = ("migrate-scanner",)


def isolate_migratepages_range(zones, pages, blocks, control, start, end):
    """Isolate pages in [start, end); where the scanner stopped."""
    zone, cc = zones[0], control[0]
    pfn = start
    while pfn < end and cc.nr_migratepages < COMPACT_CLUSTER_MAX:
        cc.migrate_scanned += 1
        if not page_buddy(pages[pfn]):
            if refused_to_async(zone, blocks, cc, pfn):
                cc.finished_update_migrate = 1
                pfn = next_pageblock(zone, pfn)
                continue
            isolate_movable_page(zones, pages, cc, pfn)
        pfn += 1
    if pfn == end and cc.nr_migratepages == 0:
        skip_for_migration(zone, blocks, cc, start)
    return pfn
