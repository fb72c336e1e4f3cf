"""Does not take the block it gives out off the free ones."""

LOSES = ("split", "survive")


def alloc_block(free_blocks, order):
    for larger in range(order, len(free_blocks)):
        if free_blocks[larger]:
            pfn = min(free_blocks[larger])
            for half in range(order, larger):
                free_blocks[half].add(pfn + (1 << half))
            return pfn
    return -1
