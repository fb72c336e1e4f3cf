"""Puts every half on the lists of type 0."""

LOSES = ("expand",)


def expand(zone, pages, pfn, low, high, migratetype):
    for order in range(high - 1, low - 1, -1):
        upper = pfn + (1 << order)
        mark_free(zone, pages, upper, order, 0)
        list_add(pages, LRU, upper, free_list(zone, order, 0))
