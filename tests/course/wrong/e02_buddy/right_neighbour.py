"""Takes the block to the right for the buddy."""

LOSES = ("buddy",)


def buddy_of(pfn, order):
    return pfn + (1 << order)
