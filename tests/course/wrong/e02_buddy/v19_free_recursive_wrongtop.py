"""Merges up to order 6, whatever the largest order is."""

LOSES = ("merge",)


def free_block(free_blocks, pfn, order):
    other = pfn ^ (1 << order)
    if other in free_blocks[order] and order < 6:
        free_blocks[order].remove(other)
        free_block(free_blocks, min(pfn, other), order + 1)
    else:
        free_blocks[order].add(pfn)
