"""Splits and merges by calling itself."""

LOSES = ()


def alloc_block(free_blocks, order):
    if order >= len(free_blocks):
        return -1
    if free_blocks[order]:
        pfn = sorted(free_blocks[order])[0]
        free_blocks[order] -= {pfn}
        return pfn
    pfn = alloc_block(free_blocks, order + 1)
    if pfn >= 0:
        free_blocks[order].add(pfn + 2**order)
    return pfn


def free_block(free_blocks, pfn, order):
    buddy = pfn ^ 2**order
    if order + 1 == len(free_blocks) or buddy not in free_blocks[order]:
        free_blocks[order].add(pfn)
    else:
        free_blocks[order].discard(buddy)
        free_block(free_blocks, min(pfn, buddy), order + 1)
