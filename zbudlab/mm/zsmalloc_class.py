"""Size classes of zsmalloc: how large the places of objects are, and how many a zspage has.

A class has places of one size. A zspage of it is a chain of pages that are used as one stretch of
memory, so that an object may start in one page and end in the next. The number of pages is the one
that leaves little at the end of the stretch. Classes whose zspages would have equally many pages
and objects share one class, the largest.

Source: mm/zsmalloc.c, zs_create_pool and the functions that it calls (v6.1, v6.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    LRU,
    PAGE_SIZE,
    ZS_EMPTY,
    ZS_FULL,
    ZS_GROUPS,
    ZS_HANDLE_SIZE,
    ZS_MIN_ALLOC_SIZE,
    ZS_SIZE_CLASS_DELTA,
    ZS_SIZE_CLASSES,
)
from zbudlab.mm.list_head import init_list_head

# --- sizes -------------------------------------------------------------------------------------


@kernel
def get_size_class_index(size):
    """Return the number of the smallest class for `size` bytes, the word in front included."""
    number = 0
    if size > ZS_MIN_ALLOC_SIZE:
        number = (size - ZS_MIN_ALLOC_SIZE + ZS_SIZE_CLASS_DELTA - 1) // ZS_SIZE_CLASS_DELTA
    return min(number, ZS_SIZE_CLASSES - 1)


@kernel
def find_size_class(mem, pool, size):
    """Return the place in `size_classes` of the class that serves requests of `size` bytes."""
    number = get_size_class_index(size + ZS_HANDLE_SIZE)
    return pool.size_classes + mem.size_classes[pool.size_classes + number].used


@kernel
def waste_of_chain(pool, pages, size):
    """Return the waste by which a chain of `pages` pages is judged; the smallest wins.

    It is the number of unused bytes, or without the rule `least_waste` the percentage that is not
    used, rounded up.
    """
    total = pages * PAGE_SIZE
    unused = total % size
    if pool.least_waste:
        return unused
    return 100 - (total - unused) * 100 // total


@kernel(inline=False)
def calculate_zspage_chain_size(pool, size):
    """Return the pages of a zspage with places of `size` bytes; of equal chains the shortest."""
    best = 1
    for pages in range(2, pool.chain_size + 1):
        if waste_of_chain(pool, pages, size) < waste_of_chain(pool, best, size):
            best = pages
    return best


@kernel
def is_huge(size_class):
    """Return whether the class has one object in one page, whose word is kept outside."""
    return size_class.pages_per_zspage == 1 and size_class.objs_per_zspage == 1


# --- groups ------------------------------------------------------------------------------------


@kernel
def get_fullness_group(pool, size_class, inuse):
    """Return the fullness group of a zspage with `inuse` objects."""
    objects = size_class.objs_per_zspage
    if inuse == 0:
        return ZS_EMPTY
    if inuse == objects:
        return ZS_FULL
    if pool.groups_of_ten_percent:
        percent = np.uint64(100 * inuse) // np.uint64(objects)
        return np.int64(percent // np.uint64(10)) + 1
    return 1 if inuse <= 3 * objects // 4 else 2


@kernel
def zs_can_compact(size_class):
    """Return how many pages compaction could free in a class."""
    spare = size_class.obj_allocated - size_class.obj_used
    return spare // size_class.objs_per_zspage * size_class.pages_per_zspage


@kernel(inline=False)
def zs_shrinker_count(mem, number):
    """Return how many pages compaction could free in pool `number`.

    Source: mm/zsmalloc.c, zs_shrinker_count (v6.1).
    """
    first = mem.pools[number].size_classes
    pages = np.int64(0)
    for which in range(first, first + ZS_SIZE_CLASSES):
        if mem.size_classes[which].used == which - first:
            pages += zs_can_compact(mem.size_classes[which])
    return pages


# --- a pool's classes --------------------------------------------------------------------------


@kernel
def init_size_class(mem, pool, number, used):
    """Describe class `number` of a pool. Return the class whose places it uses.

    used: the class above that was kept last, or ZS_SIZE_CLASSES if there is none.
    """
    size = ZS_MIN_ALLOC_SIZE + number * ZS_SIZE_CLASS_DELTA
    pages = calculate_zspage_chain_size(pool, size)
    objects = pages * PAGE_SIZE // size
    size_class = mem.size_classes[pool.size_classes + number]
    if used < ZS_SIZE_CLASSES:
        above = mem.size_classes[pool.size_classes + used]
        if above.pages_per_zspage == pages and above.objs_per_zspage == objects:
            number = used
            size = above.object_size
    size_class.used = number
    size_class.object_size = size
    size_class.pages_per_zspage = pages
    size_class.objs_per_zspage = objects
    size_class.obj_allocated = 0
    size_class.obj_used = 0
    for group in range(ZS_GROUPS):
        init_list_head(mem.zspages, LRU, size_class.list_heads + group)
    return number


@kernel(inline=False)
def zs_create_pool(mem, number):
    """Start pool `number`, which has its rules and list heads, without a page.

    Source: mm/zsmalloc.c, zs_create_pool (v6.1).
    """
    pool = mem.pools[number]
    pool.created = 1
    used = ZS_SIZE_CLASSES
    for each in range(ZS_SIZE_CLASSES - 1, -1, -1):
        used = init_size_class(mem, pool, each, used)
