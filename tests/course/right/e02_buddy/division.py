"""Divides and multiplies where others shift."""

LOSES = ()


def buddy_of(pfn, order):
    size = 2**order
    return pfn + size if pfn // size % 2 == 0 else pfn - size


def merged(pfn, order):
    size = 2 ** (order + 1)
    return pfn // size * size


def pages_wasted():
    pages = number("e02_buddy", "pages", STUDENT, 5, 999)
    block = 1
    while block < pages:
        block *= 2
    return block - pages
