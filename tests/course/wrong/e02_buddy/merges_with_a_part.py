"""Takes a buddy for free when only its first part is."""

LOSES = ("merge",)


def free_block(free_blocks, pfn, order):
    while order < len(free_blocks) - 1:
        buddy = pfn ^ (1 << order)
        found = [k for k in range(order + 1) if buddy in free_blocks[k]]
        if not found:
            break
        free_blocks[found[0]].remove(buddy)
        pfn &= ~(1 << order)
        order += 1
    free_blocks[order].add(pfn)
