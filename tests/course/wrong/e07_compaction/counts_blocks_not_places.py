"""Counts free blocks alone as scanned."""

LOSES = ("free-scanner", "golden")


def isolate_freepages_block(zones, pages, blocks, control, start, end):
    """Take the free blocks that start in [start, end) as targets; how many frames."""
    zone, cc = zones[0], control[0]
    total = 0
    pfn = start
    while pfn < end:
        taken = 0
        if page_buddy(pages[pfn]):
            cc.free_scanned += 1
            if not suitable_migration_target(zone, pages, blocks, pfn):
                break
            taken = isolate_free_page(zones, pages, blocks, pfn, int(pages[pfn].order))
            for frame in range(pfn, pfn + taken):
                list_add(pages, LRU, frame, freepages(zone))
        total += taken
        pfn += max(taken, 1)
    if pfn == end and total == 0:
        skip_for_targets(zone, blocks, cc, start)
    cc.isolated += total
    return total
