"""Gives out a larger block without splitting it."""

LOSES = ("take", "golden")


def rmqueue_smallest(zone, pages, order, migratetype):
    for current in range(order, MAX_ORDER):
        head = free_list(zone, current, migratetype)
        if not list_empty(pages, LRU, head):
            pfn = int(pages[head].next[LRU])
            del_page_from_free_list(zone, pages, pfn, current)
            return pfn
    return -1
