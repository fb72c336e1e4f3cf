"""Takes the last block of a list in the place of the first."""

LOSES = ("take", "golden")


def rmqueue_smallest(zone, pages, order, migratetype):
    for current in range(order, MAX_ORDER):
        head = free_list(zone, current, migratetype)
        if not list_empty(pages, LRU, head):
            pfn = int(pages[head].prev[LRU])
            del_page_from_free_list(zone, pages, pfn, current)
            expand(zone, pages, pfn, order, current, migratetype)
            return pfn
    return -1
