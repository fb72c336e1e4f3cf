"""Gives out the upper half and keeps the lower one free."""

LOSES = ("split", "survive")


def alloc_block(free_blocks, order):
    for larger in range(order, len(free_blocks)):
        if free_blocks[larger]:
            pfn = min(free_blocks[larger])
            free_blocks[larger].remove(pfn)
            for half in range(larger - 1, order - 1, -1):
                free_blocks[half].add(pfn)
                pfn += 1 << half
            return pfn
    return -1
