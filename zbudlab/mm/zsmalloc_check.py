"""Invariants of a zsmalloc pool between operations.

Every zspage is on the list of its class and group, its pages lead back to it, its free objects are
one stack, and the handle of each other object leads to that object.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    LRU,
    OBJ_TAG_BITS,
    PAGE_SHIFT,
    ZS_EMPTY,
    ZS_GROUPS,
    ZS_MAX_CHAIN,
    ZS_MIN_ALLOC_SIZE,
    ZS_SIZE_CLASS_DELTA,
    ZS_SIZE_CLASSES,
)
from zbudlab.mm.list_head import list_length
from zbudlab.mm.mem import Memory
from zbudlab.mm.page import page_zsmalloc
from zbudlab.mm.zsmalloc_class import get_fullness_group
from zbudlab.mm.zsmalloc_object import handle_in_word, location_to_obj

FAULTS = (
    "",
    "a list of size class {where} is not linked both ways",
    "page frame {where} is in a zspage but is not a page of its pool",
    "the zspage of page frame {where} is on a list that does not match its objects",
    "the free objects of the zspage of page frame {where} are not one stack",
    "a handle of the zspage of page frame {where} leads elsewhere",
    "size class {where} has a wrong count of objects",
    "pool {where} has a wrong page count",
    "page frame {where} has no reference",
    "the zspage of page frame {where} is empty, and no work is queued to free it",
    "size class {where} contradicts itself or the class that has its objects",
    "pool {where} does not have its size classes or its lists",
    "page frame {where} is twice in the chain of its zspage",
)


@kernel
def fault_in_record(mem, first, which):
    """Return what is wrong with the record of class `which`, as an index into FAULTS; 0 = nothing.

    first: place of the pool's classes. A class whose places another one has keeps its description.
    """
    size_class = mem.size_classes[first + which]
    used = size_class.used
    if used < which or used >= ZS_SIZE_CLASSES or mem.size_classes[first + used].used != used:
        return 10
    if size_class.object_size != ZS_MIN_ALLOC_SIZE + used * ZS_SIZE_CLASS_DELTA:
        return 10
    pages = size_class.pages_per_zspage
    if pages < 1 or pages > ZS_MAX_CHAIN:
        return 10
    if size_class.objs_per_zspage != (pages << PAGE_SHIFT) // size_class.object_size:
        return 10
    if size_class.list_heads != mem.size_classes[first].list_heads + which * ZS_GROUPS:
        return 10
    return 6 if used != which and (size_class.obj_allocated or size_class.obj_used) else 0


@kernel
def misplaced(mem, pool):
    """Return whether the pool's classes or its lists would be outside their tables."""
    first = pool.size_classes
    if first < 0 or first % ZS_SIZE_CLASSES or first + ZS_SIZE_CLASSES > mem.size_classes.shape[0]:
        return True
    heads = mem.size_classes[first].list_heads
    return heads < 1 or heads > mem.zspages.shape[0] - ZS_SIZE_CLASSES * ZS_GROUPS


@kernel
def fault_in_pages(mem, number, zs, size_class):
    """Return a fault of the pages of a zspage: (index into FAULTS, frame), or (0, 0)."""
    for at in range(size_class.pages_per_zspage):
        pfn = np.int64(mem.zspages[zs].chain[at])
        if pfn >= mem.zones[0].spanned_pages:
            return 2, pfn
        page = mem.pages[pfn]
        if not page_zsmalloc(page) or page.private != number or page.index != zs:
            return 2, pfn
        for before in range(at):
            if mem.zspages[zs].chain[before] == pfn:
                return 12, pfn
        if page.refcount < 1:
            return 8, pfn
    return 0, 0


@kernel
def fault_in_objects(mem, zs, size_class):
    """Return what is wrong with the objects of a zspage, as an index into FAULTS; 0 = nothing."""
    zspage = mem.zspages[zs]
    first = np.int64(zspage.first_object)
    if first < 1 or first + size_class.objs_per_zspage > mem.objects.shape[0]:
        return 4
    free = np.int64(0)
    for index in range(size_class.objs_per_zspage):
        handle = handle_in_word(np.int64(mem.objects[first + index]))
        if handle == 0:
            free += 1
            continue
        pfn = np.int64(zspage.chain[index * size_class.object_size >> PAGE_SHIFT])
        if handle >= mem.handles.shape[0] or mem.handles[handle] != location_to_obj(pfn, index):
            return 5
    if free + np.int64(zspage.inuse) != size_class.objs_per_zspage:
        return 4
    at = np.int64(zspage.freeobj)
    for _ in range(free):
        if at >= size_class.objs_per_zspage or handle_in_word(np.int64(mem.objects[first + at])):
            return 4
        at = np.int64(mem.objects[first + at]) >> OBJ_TAG_BITS
    return 0 if at == size_class.objs_per_zspage else 4  # a ring would never get to the end


@kernel
def fault_in_zspage(mem, number, zs, which, group):
    """Return a fault of a zspage on a list of a class: (index into FAULTS, frame), or (0, 0).

    which: place of the class. group: the list's.
    """
    zspage = mem.zspages[zs]
    pool = mem.pools[number]
    size_class = mem.size_classes[which]
    code, pfn = fault_in_pages(mem, number, zs, size_class)
    if code:
        return code, pfn
    pfn = np.int64(zspage.chain[0])
    inuse = np.int64(zspage.inuse)
    if zspage.size_class != which or zspage.group != group:
        return 3, pfn
    if get_fullness_group(pool, size_class, inuse) != group:
        return 3, pfn
    if group == ZS_EMPTY and not pool.free_work:
        return 9, pfn
    return fault_in_objects(mem, zs, size_class), pfn


@kernel(inline=False)
def fault_in_class(mem, number, which):
    """Return a fault of a size class: (index into FAULTS, where), or (0, its pages)."""
    size_class = mem.size_classes[which]
    most = mem.pools[number].pages_nr
    zspages = np.int64(0)
    inuse = np.int64(0)
    for group in range(ZS_GROUPS):
        head = size_class.list_heads + group
        length = list_length(mem.zspages, LRU, head, most)
        if length < 0:
            return 1, size_class.used
        zspages += length
        zs = np.int64(mem.zspages[head].next[LRU])
        while zs != head:
            code, pfn = fault_in_zspage(mem, number, zs, which, group)
            if code:
                return code, pfn
            inuse += np.int64(mem.zspages[zs].inuse)
            zs = np.int64(mem.zspages[zs].next[LRU])
    allocated = zspages * size_class.objs_per_zspage
    if size_class.obj_allocated != allocated or size_class.obj_used != inuse:
        return 6, size_class.used
    return 0, zspages * size_class.pages_per_zspage


@kernel(inline=False)
def first_fault(mem, number):
    """Return the first broken invariant of pool `number`: (index into FAULTS, where), or (0, 0)."""
    pool = mem.pools[number]
    pages = np.int64(0)
    if misplaced(mem, pool):
        return 11, number
    for which in range(ZS_SIZE_CLASSES):
        code = fault_in_record(mem, pool.size_classes, which)
        if code:
            return code, which
    for which in range(pool.size_classes, pool.size_classes + ZS_SIZE_CLASSES):
        if mem.size_classes[which].used != which - pool.size_classes:
            continue
        code, where = fault_in_class(mem, number, which)
        if code:
            return code, where
        pages += where
    if pages != pool.pages_nr:
        return 7, number
    return 0, 0


def faults(mem: Memory, number: int) -> Iterator[tuple[Any, tuple[int, int]]]:
    """Yield what is wrong with a pool: (module, (code, where))."""
    yield sys.modules[__name__], first_fault(mem, number)
