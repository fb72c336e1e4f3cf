"""Leaves the last half out of the kernel's lists."""

LOSES = ("expand",)


def expand(zone, pages, pfn, low, high, migratetype):
    for order in range(high - 1, low, -1):
        upper = pfn + (1 << order)
        mark_free(zone, pages, upper, order, migratetype)
        list_add(pages, LRU, upper, free_list(zone, order, migratetype))
