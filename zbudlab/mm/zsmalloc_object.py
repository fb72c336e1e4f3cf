"""Objects of a zspage: their words, their handles, where they start and where they end.

A handle is a number; `mem.handles` has the place of its object, the page frame in which the object
starts and its number in the zspage. When the object or the page moves, the place changes and the
handle stays the same. The free objects of a zspage are a stack that is linked through their words.

Source: mm/zsmalloc.c (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    OBJ_ALLOCATED_TAG,
    OBJ_INDEX_BITS,
    OBJ_INDEX_MASK,
    OBJ_TAG_BITS,
    PAGE_SHIFT,
    PAGE_SIZE,
    ZS_HANDLE_SIZE,
)
from zbudlab.mm.page import page_zsmalloc
from zbudlab.mm.zsmalloc_class import is_huge

# --- places ------------------------------------------------------------------------------------


@kernel
def location_to_obj(pfn, index):
    """Return the place of the object with number `index` that starts in frame `pfn`."""
    return np.int64(pfn) << OBJ_INDEX_BITS | index


@kernel
def obj_pfn(place):
    """Return the frame in which the object of a place starts."""
    return place >> OBJ_INDEX_BITS


@kernel
def obj_index(place):
    """Return the number of an object in its zspage."""
    return place & OBJ_INDEX_MASK


@kernel
def handle_to_obj(mem, number, handle):
    """Return the place of a handle's object; -1 if pool `number` has no such handle."""
    if handle <= 0 or handle >= mem.arenas[0].unused_handle:
        return -1
    place = mem.handles[handle]
    if place < 0:
        return -1
    page = mem.pages[obj_pfn(place)]
    return place if page_zsmalloc(page) and page.private == number else -1


@kernel
def get_zspage(mem, pfn):
    """Return the zspage of a page of zsmalloc; 0 if it has been freed."""
    return np.int64(mem.pages[pfn].index)


@kernel
def page_of_chain(mem, zs, pfn):
    """Return which page of its zspage frame `pfn` is, from 0."""
    at = 0
    while mem.zspages[zs].chain[at] != pfn:
        at += 1
    return at


@kernel
def start_of_object(mem, zs, size_class, index):
    """Return the byte address at which a zspage's object `index` starts."""
    offset = index * size_class.object_size
    pfn = np.int64(mem.zspages[zs].chain[offset >> PAGE_SHIFT])
    return pfn << PAGE_SHIFT | (offset & (PAGE_SIZE - 1))


@kernel
def content_of_object(mem, zs, size_class, index):
    """Return the byte address at which the user's bytes of an object start."""
    address = start_of_object(mem, zs, size_class, index)
    return address if is_huge(size_class) else address + ZS_HANDLE_SIZE


# --- handles -----------------------------------------------------------------------------------


@kernel
def cache_alloc_handle(mem):
    """Allocate a handle. Return it; 0 = no memory."""
    arena = mem.arenas[0]
    handle = arena.free_handle
    if handle:
        arena.free_handle = -1 - mem.handles[handle]
    elif arena.unused_handle < mem.handles.shape[0]:
        handle = arena.unused_handle
        arena.unused_handle += 1
    else:
        return 0
    arena.nr_handles += 1
    return handle


@kernel
def cache_free_handle(mem, handle):
    """Free a handle."""
    arena = mem.arenas[0]
    mem.handles[handle] = -1 - arena.free_handle
    arena.free_handle = handle
    arena.nr_handles -= 1


# --- objects -----------------------------------------------------------------------------------


@kernel
def init_zspage(mem, zs, size_class):
    """Make all objects of a fresh zspage free, the first on top."""
    zspage = mem.zspages[zs]
    zspage.freeobj = 0
    first = np.int64(zspage.first_object)
    for index in range(size_class.objs_per_zspage):
        mem.objects[first + index] = (index + 1) << OBJ_TAG_BITS


@kernel
def obj_malloc(mem, zs, size_class, handle):
    """Give a handle the free object on top of a zspage's stack. Return its number."""
    zspage = mem.zspages[zs]
    index = np.int64(zspage.freeobj)
    at = np.int64(zspage.first_object) + index
    zspage.freeobj = np.int64(mem.objects[at]) >> OBJ_TAG_BITS
    mem.objects[at] = handle << OBJ_TAG_BITS | OBJ_ALLOCATED_TAG
    zspage.inuse += 1
    pfn = np.int64(zspage.chain[index * size_class.object_size >> PAGE_SHIFT])
    mem.handles[handle] = location_to_obj(pfn, index)
    return index


@kernel
def obj_free(mem, zs, index):
    """Put an object on top of its zspage's stack of free ones."""
    zspage = mem.zspages[zs]
    mem.objects[np.int64(zspage.first_object) + index] = np.int64(zspage.freeobj) << OBJ_TAG_BITS
    zspage.freeobj = index
    zspage.inuse -= 1


@kernel
def handle_in_word(word):
    """Return the handle in the word of an object; 0 if the object is free."""
    return word >> OBJ_TAG_BITS if word & OBJ_ALLOCATED_TAG else 0
