"""Collects the targets before it puts them on the list; goes to the next pageblock by itself."""

LOSES = ()


def isolate_freepages_block(mem, control, start, end):
    """Take the free blocks that start in [start, end) as targets; how many frames."""
    zone, cc = mem.zones[0], control[0]
    total = 0
    pfn = start
    while pfn < end:
        cc.free_scanned += 1
        taken = 0
        if page_buddy(mem.pages[pfn]):
            if not suitable_migration_target(mem, pfn):
                break
            taken = isolate_free_page(mem, pfn, int(mem.pages[pfn].order))
            for more in range(taken):
                list_add(mem.pages, LRU, pfn + more, freepages(zone))
        total += taken
        pfn += max(taken, 1)
    if pfn == end and total == 0:
        skip_for_targets(zone, mem.blocks, cc, start)
    cc.isolated += total
    return total


def next_block():
    """The first frame of the next pageblock."""
    pfn = number("e07_compaction", "pfn", STUDENT, 1000, 9999)
    order = number("e07_compaction", "order", STUDENT, 4, 9)
    return pfn - pfn % (1 << order) + (1 << order)
