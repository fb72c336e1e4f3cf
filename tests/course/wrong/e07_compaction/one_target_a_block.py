"""Counts a free block as one target, and leaves the others with nobody."""

LOSES = ("free-scanner", "golden", "machine")


def isolate_freepages_block(zones, pages, blocks, control, start, end):
    """Take the free blocks that start in [start, end) as targets; how many frames."""
    zone, cc = zones[0], control[0]
    total = 0
    pfn = start
    while pfn < end:
        cc.free_scanned += 1
        taken = 0
        if page_buddy(pages[pfn]):
            if not suitable_migration_target(zone, pages, blocks, pfn):
                break
            taken = isolate_free_page(zones, pages, blocks, pfn, int(pages[pfn].order))
            for frame in range(pfn, pfn + 1):
                list_add(pages, LRU, frame, freepages(zone))
        total += taken
        pfn += max(taken, 1)
    if pfn == end and total == 0:
        skip_for_targets(zone, blocks, cc, start)
    cc.isolated += total
    return total
