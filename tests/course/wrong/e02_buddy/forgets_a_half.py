"""Leaves out the smallest half when it splits."""

LOSES = ("split", "survive")


def alloc_block(free_blocks, order):
    for larger in range(order, len(free_blocks)):
        if free_blocks[larger]:
            pfn = min(free_blocks[larger])
            free_blocks[larger].remove(pfn)
            for half in range(order + 1, larger):
                free_blocks[half].add(pfn + (1 << half))
            return pfn
    return -1
