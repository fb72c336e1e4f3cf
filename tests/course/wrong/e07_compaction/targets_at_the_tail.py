"""Puts targets last on the list: pages go to the other end of the block."""

LOSES = ("free-scanner",)


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
            for frame in range(pfn, pfn + taken):
                list_add_tail(mem.pages, LRU, frame, freepages(zone))
        total += taken
        pfn += max(taken, 1)
    if pfn == end and total == 0:
        skip_for_targets(zone, mem.blocks, cc, start)
    cc.isolated += total
    return total


from zbudlab.mm.list_head import list_add_tail  # noqa: E402
