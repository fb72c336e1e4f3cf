"""Puts every block at the head of its list."""

LOSES = ("give",)


def free_one_page(zones, pages, blocks, pfn, order):
    zone = zones[0]
    migratetype = get_pageblock_migratetype(zone, blocks, pfn)
    if migratetype != MIGRATE_ISOLATE:
        mod_zone_freepage_state(zone, 1 << order, migratetype)
    while order < MAX_ORDER - 1 and is_free_block(pages, pfn ^ (1 << order), order):
        del_page_from_free_list(zone, pages, pfn ^ (1 << order), order)
        pfn &= ~(1 << order)
        order += 1
    mark_free(zone, pages, pfn, order, migratetype)
    list_add(pages, LRU, pfn, free_list(zone, order, migratetype))
