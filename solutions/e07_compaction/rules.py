"""e07_compaction under other rules: what the package does not contain."""

from zbudlab.mm.compaction_scan import (
    isolate_movable_page,
    isolation_suitable,
    next_pageblock,
    refused_to_async,
    skip_for_migration,
)
from zbudlab.mm.page import page_buddy

AT_A_TIME = 8


def eight_at_a_time(mem, control, start, end):
    """Isolate pages in [start, end); where the scanner stopped."""
    zone, cc = mem.zones[0], control[0]
    pfn = start
    while pfn < end and cc.nr_migratepages < AT_A_TIME:
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


FUNCTIONS = {"eight-at-a-time": {"isolate_migratepages_range": eight_at_a_time}}
