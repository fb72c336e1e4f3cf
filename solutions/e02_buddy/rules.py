"""e02_buddy under other rules: what the package does not contain."""

from zbudlab.layout import LRU, MAX_ORDER
from zbudlab.mm.list_head import list_empty
from zbudlab.mm.page_alloc import del_page_from_free_list, expand, free_list


def alloc_largest_block(free_blocks, order):
    """The lowest of the largest free blocks, split to size; -1 = none that will do."""
    for larger in range(len(free_blocks) - 1, order - 1, -1):
        if free_blocks[larger]:
            pfn = min(free_blocks[larger])
            free_blocks[larger].remove(pfn)
            for half in range(order, larger):
                free_blocks[half].add(pfn + (1 << half))
            return pfn
    return -1


def rmqueue_largest(zone, pages, order, migratetype):
    """The first block of the largest order there is, split to size; -1 = none that will do."""
    for current in range(MAX_ORDER - 1, order - 1, -1):
        head = free_list(zone, current, migratetype)
        if not list_empty(pages, LRU, head):
            pfn = int(pages[head].next[LRU])
            del_page_from_free_list(zone, pages, pfn, current)
            expand(zone, pages, pfn, order, current, migratetype)
            return pfn
    return -1


FUNCTIONS = {
    "largest-first": {"alloc_block": alloc_largest_block, "rmqueue_smallest": rmqueue_largest}
}
