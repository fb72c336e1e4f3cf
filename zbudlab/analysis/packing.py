"""How many pages objects of given sizes need: with two buddies a page, and packed as zsmalloc does.

Arithmetic on sizes in bytes; no machine. zbud itself, which takes objects as they come, is
`zbudlab.mm.zbud`.
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
ZS_HANDLE_SIZE = 8  #: bytes that zsmalloc keeps beside each object
ZS_MAX_PAGES_PER_ZSPAGE = 4


def _chunks(size: int) -> int:
    if not 1 <= size <= ZBUD_MAX_SIZE:
        raise ValueError(f"zbud takes objects of 1 to {ZBUD_MAX_SIZE} bytes, not {size}")
    return -(-size // CHUNK_SIZE)


def fewest_pages(sizes: Iterable[int]) -> int:
    """The fewest zbud pages that can hold the objects, two at most in each, in any order.

    No order of allocation does better: the largest object left takes the largest that fits
    beside it with it. Raises ValueError for a size that zbud refuses.
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
    """A class of zsmalloc: bytes set aside for an object, pages joined, objects they hold."""

    size: int
    pages: int
    objects: int


def pages_per_zspage(class_size: int) -> int:
    """How many pages zsmalloc joins for a size class: 1 to 4, the fewest that use most of them.

    Source: mm/zsmalloc.c, get_pages_per_zspage (v6.1), in whole percent.
    """

    def used_percent(pages: int) -> int:
        whole = pages * PAGE_SIZE
        return (whole - whole % class_size) * 100 // whole

    return max(range(1, ZS_MAX_PAGES_PER_ZSPAGE + 1), key=used_percent)


@cache
def size_classes() -> tuple[SizeClass, ...]:
    """What each of zsmalloc's 255 sizes is served from, smallest first.

    Sizes that join as many pages for as many objects share the class of the largest of them.
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
    """The class that an object comes to lie in, with the handle kept beside it.

    Source: mm/zsmalloc.c, get_size_class_index (v6.1).
    """
    if not 1 <= size <= PAGE_SIZE:
        raise ValueError(f"zsmalloc takes objects of 1 to {PAGE_SIZE} bytes, not {size}")
    over = max(size + ZS_HANDLE_SIZE - ZS_MIN_ALLOC_SIZE, 0)
    return size_classes()[min(-(-over // ZS_CLASS_DELTA), len(size_classes()) - 1)]


def zsmalloc_pages(sizes: Iterable[int], *, large_pool: bool = False) -> int:
    """The pages that zsmalloc needs for the objects, with no holes left by frees.

    Objects may cross from one page of a zspage to the next; each class rounds up to whole
    zspages. A running 6.1 took exactly so many after each of 4096 stores (tests/test_packing.py);
    zswap 6.1 puts no header of its own before an object there. With few objects in each of 255
    classes the rounding is most of what one sees: large_pool leaves it out, as if these were a
    sample of a pool of any size.
    """
    wanted = Counter(map(zsmalloc_class, sizes))
    if large_pool:
        return math.ceil(sum(count * one.pages / one.objects for one, count in wanted.items()))
    return sum(-(-count // one.objects) * one.pages for one, count in wanted.items())
