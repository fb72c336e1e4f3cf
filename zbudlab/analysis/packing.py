"""Count the pages that objects of given sizes need, in zbud and as zsmalloc packs them.

This is arithmetic on sizes in bytes and needs no machine. zbud itself, which takes objects in the
order they come, is `zbudlab.mm.zbud`.
"""

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from zbudlab.layout import CHUNK_SIZE, NCHUNKS, PAGE_SIZE, ZBUD_MAX_SIZE, ZHDR_CHUNKS

USABLE_CHUNKS = NCHUNKS - ZHDR_CHUNKS
ZS_CLASS_DELTA = PAGE_SIZE >> 8  #: bytes from one size class of zsmalloc to the next
ZS_MIN_ALLOC_SIZE = 32
ZS_HANDLE_SIZE = 8  #: bytes that zsmalloc stores with each object
ZS_MAX_PAGES_PER_ZSPAGE = 4


def _chunks(size: int) -> int:
    if not 1 <= size <= ZBUD_MAX_SIZE:
        raise ValueError(f"zbud takes objects of 1 to {ZBUD_MAX_SIZE} bytes, not {size}")
    return -(-size // CHUNK_SIZE)


def fewest_pages(sizes: Iterable[int]) -> int:
    """Return the fewest zbud pages that can hold the objects, at most two in each, in any order.

    No order of allocation does better: the largest remaining object shares a page with the largest
    one that fits next to it. ValueError for a size that zbud refuses.
    """
    chunks = sorted(map(_chunks, sizes))
    pages, smallest, largest = 0, 0, len(chunks) - 1
    while smallest <= largest:
        if smallest < largest and chunks[smallest] + chunks[largest] <= USABLE_CHUNKS:
            smallest += 1
        largest -= 1
        pages += 1
    return pages


class SizeClass(NamedTuple):
    """A size class of zsmalloc: bytes per object, pages joined, and objects in these pages."""

    size: int
    pages: int
    objects: int


def pages_per_zspage(class_size: int) -> int:
    """Return how many pages zsmalloc joins for a size class: 1 to 4, whichever wastes least.

    Source: mm/zsmalloc.c, get_pages_per_zspage (v6.1), in whole percent.
    """

    def used_percent(pages: int) -> int:
        whole = pages * PAGE_SIZE
        return (whole - whole % class_size) * 100 // whole

    return max(range(1, ZS_MAX_PAGES_PER_ZSPAGE + 1), key=used_percent)


@cache
def size_classes() -> tuple[SizeClass, ...]:
    """Return the size class for each of zsmalloc's 255 sizes, smallest first.

    Sizes whose zspages have equally many pages and objects share the class of the largest of them.
    Source: mm/zsmalloc.c, zs_create_pool (v6.1).
    """
    classes: list[SizeClass] = []
    for size in range(PAGE_SIZE, ZS_MIN_ALLOC_SIZE - 1, -ZS_CLASS_DELTA):
        pages = pages_per_zspage(size)
        made = SizeClass(size, pages, pages * PAGE_SIZE // size)
        shared = bool(classes) and classes[-1][1:] == made[1:]
        classes.append(classes[-1] if shared else made)
    return tuple(reversed(classes))


def zsmalloc_class(size: int) -> SizeClass:
    """Return the size class that an object goes to, including the handle stored with it.

    ValueError for a size that zsmalloc refuses. Source: mm/zsmalloc.c, get_size_class_index (v6.1).
    """
    if not 1 <= size <= PAGE_SIZE:
        raise ValueError(f"zsmalloc takes objects of 1 to {PAGE_SIZE} bytes, not {size}")
    over = max(size + ZS_HANDLE_SIZE - ZS_MIN_ALLOC_SIZE, 0)
    return size_classes()[min(-(-over // ZS_CLASS_DELTA), len(size_classes()) - 1)]


def zsmalloc_pages(sizes: Iterable[int], *, large_pool: bool = False) -> int:
    """Return the pages that zsmalloc needs for the objects, with no holes left by frees.

    Objects may cross from one page of a zspage to the next, and each class rounds up to whole
    zspages. A running 6.1 needed exactly this many after each of 4096 stores
    (tests/analysis/test_packing.py); zswap 6.1 puts no header in front of an object there. With few
    objects in each of 255 classes most of the result is rounding. large_pool: leave the rounding
    out, as if the objects were a sample of a pool of any size.
    """
    wanted = Counter(map(zsmalloc_class, sizes))
    if large_pool:
        return math.ceil(sum(count * one.pages / one.objects for one, count in wanted.items()))
    return sum(-(-count // one.objects) * one.pages for one, count in wanted.items())
