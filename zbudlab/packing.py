"""How many pages objects of given sizes need: with two buddies a page, and packed as zsmalloc does.

Arithmetic on sizes in bytes; no machine. zbud itself, which takes objects as they come, is
`zbudlab.mm.zbud`.
"""

import math
from collections import Counter
from collections.abc import Iterable

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


def zsmalloc_class(size: int) -> int:
    """The bytes that zsmalloc sets aside for an object, its handle included.

    Source: mm/zsmalloc.c, get_size_class_index (v6.1).
    """
    if not 1 <= size <= PAGE_SIZE:
        raise ValueError(f"zsmalloc takes objects of 1 to {PAGE_SIZE} bytes, not {size}")
    whole = max(size + ZS_HANDLE_SIZE, ZS_MIN_ALLOC_SIZE)
    return min(-(-whole // ZS_CLASS_DELTA) * ZS_CLASS_DELTA, PAGE_SIZE)


def pages_per_zspage(class_size: int) -> int:
    """How many pages zsmalloc joins for a size class: 1 to 4, so that least is left over.

    Source: mm/zsmalloc.c, get_pages_per_zspage (v6.1).
    """
    choices = range(1, ZS_MAX_PAGES_PER_ZSPAGE + 1)
    return min(choices, key=lambda pages: (pages * PAGE_SIZE % class_size) / pages)


def zsmalloc_pages(sizes: Iterable[int]) -> int:
    """The pages that zsmalloc needs for the objects, with no holes left by frees.

    Objects may cross from one page of a zspage to the next; each class rounds up to whole
    zspages.
    """
    total = 0
    for class_size, count in Counter(map(zsmalloc_class, sizes)).items():
        pages = pages_per_zspage(class_size)
        total += math.ceil(count / (pages * PAGE_SIZE // class_size)) * pages
    return total
