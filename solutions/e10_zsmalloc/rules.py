"""e10_zsmalloc under other rules: what the package does not contain."""

from zbudlab.course import number
from zbudlab.layout import ZS_ALMOST_EMPTY, ZS_EMPTY, ZS_FULL
from zbudlab.mm.zsmalloc import first_zspage

LAST = 254  #: the largest class
STUDENT = 0


def find_emptiest(mem, size_class):
    """The first zspage of the emptiest group with an object and room; empty ones last."""
    for group in (*range(ZS_ALMOST_EMPTY, ZS_FULL), ZS_EMPTY):
        zs = first_zspage(mem, size_class, group)
        if zs:
            return zs
    return 0


def even_class(size):
    """The smallest class with an even number whose place has room for `size` bytes."""
    return min(-(-max(size - 32, 0) // 32) * 2, LAST)


def pages_with_even_classes():
    """The pages of this many objects, with places that are multiples of 32 bytes."""
    objects = number("e10_zsmalloc", "objects", STUDENT, 100, 999)
    size = 16 * number("e10_zsmalloc", "bytes", STUDENT, 6, 40) - 4
    place = 32 + 16 * even_class(size + 8)
    pages = min(range(1, 9), key=lambda pages: pages * 4096 % place)
    return -(-objects // (pages * 4096 // place)) * pages


FUNCTIONS = {
    "emptiest-first": {"find_get_zspage": find_emptiest},
    "coarse-classes": {
        "get_size_class_index": even_class,
        "pages_for_objects": pages_with_even_classes,
    },
}
