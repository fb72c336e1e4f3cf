"""Splits from the small end, and searches with next()."""

LOSES = ()


def expand(zone, pages, pfn, low, high, migratetype):
    order = low
    while order < high:
        mark_free(zone, pages, pfn + 2**order, order, migratetype)
        list_add(pages, LRU, pfn + 2**order, free_list(zone, order, migratetype))
        order += 1


def rmqueue_smallest(zone, pages, order, migratetype):
    heads = ((k, free_list(zone, k, migratetype)) for k in range(order, MAX_ORDER))
    found = next(((k, h) for k, h in heads if not list_empty(pages, LRU, h)), None)
    if found is None:
        return -1
    pfn = int(pages[found[1]].next[LRU])
    del_page_from_free_list(zone, pages, pfn, found[0])
    expand(zone, pages, pfn, order, found[0], migratetype)
    return pfn
