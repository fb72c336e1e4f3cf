"""Puts a block back as it came."""

LOSES = ("give",)


def free_one_page(mem, pfn, order):
    zone = mem.zones[0]
    migratetype = get_pageblock_migratetype(zone, mem.blocks, pfn)
    if migratetype != MIGRATE_ISOLATE:
        mod_zone_freepage_state(zone, 1 << order, migratetype)
    mark_free(zone, mem.pages, pfn, order, migratetype)
    add = list_add_tail if likely_to_merge_soon(mem.pages, pfn, order) else list_add
    add(mem.pages, LRU, pfn, free_list(zone, order, migratetype))
