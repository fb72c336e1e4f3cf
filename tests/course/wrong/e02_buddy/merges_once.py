"""Merges with one buddy and stops."""

LOSES = ("merge",)


def free_block(free_blocks, pfn, order):
    if order < len(free_blocks) - 1 and pfn ^ (1 << order) in free_blocks[order]:
        free_blocks[order].remove(pfn ^ (1 << order))
        pfn &= ~(1 << order)
        order += 1
    free_blocks[order].add(pfn)
