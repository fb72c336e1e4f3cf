"""zsmalloc: objects of one size class, packed without gaps into chains of up to 16 pages.

A zspage is a chain of pages with equal places for objects (`zsmalloc_class`). Zspages of a class
are on lists by how full they are. An object comes from the first zspage of the fullest group that
has room, so that the emptier ones become empty and can be freed. Nothing in a page refers to its
address: objects are found by handles (`zsmalloc_object`), so pages can move (`zsmalloc_migrate`),
and so can objects, which is how zsmalloc's own compaction empties zspages (`zsmalloc_compact`).

What differs between kernels is a rule of the pool (`zbudlab.profiles.ZsmallocRules`).

Source: mm/zsmalloc.c (v6.1, v6.12, v7.3).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EINVAL,
    ENOENT,
    ENOMEM,
    ENOSPC,
    LRU,
    PG_LOCKED,
    ZS_EMPTY,
    ZS_FULL,
    ZS_MAX_ALLOC_SIZE,
    ZS_SIZE_CLASSES,
)
from zbudlab.mm.list_head import list_add, list_del, list_empty
from zbudlab.mm.page import set_page_zsmalloc
from zbudlab.mm.page_alloc import alloc_pages, put_single_page
from zbudlab.mm.zsmalloc_class import find_size_class, get_fullness_group
from zbudlab.mm.zsmalloc_object import (
    cache_alloc_handle,
    cache_free_handle,
    get_zspage,
    handle_to_obj,
    init_zspage,
    obj_free,
    obj_index,
    obj_malloc,
    obj_pfn,
)

# --- lists -------------------------------------------------------------------------------------


@kernel
def insert_zspage(mem, pool, zs, group):
    """Put a zspage on the list of a group: in front, or as the second (`emptier_goes_second`)."""
    zspage = mem.zspages[zs]
    zspage.group = group
    head = mem.size_classes[zspage.size_class].list_heads + group
    if pool.emptier_goes_second and not list_empty(mem.zspages, LRU, head):
        first = np.int64(mem.zspages[head].next[LRU])
        if zspage.inuse < mem.zspages[first].inuse:
            head = first
    list_add(mem.zspages, LRU, zs, head)


@kernel
def remove_zspage(mem, zs):
    """Take a zspage off its list."""
    list_del(mem.zspages, LRU, zs)


@kernel
def first_zspage(mem, size_class, group):
    """Return the first zspage of a group; 0 = the group is empty."""
    head = size_class.list_heads + group
    if list_empty(mem.zspages, LRU, head):
        return 0
    return np.int64(mem.zspages[head].next[LRU])


@kernel
def fix_fullness_group(mem, pool, zs):
    """Move a zspage to the list of its group, if it is on another one. Return the group."""
    zspage = mem.zspages[zs]
    group = get_fullness_group(pool, mem.size_classes[zspage.size_class], np.int64(zspage.inuse))
    if group != zspage.group:
        remove_zspage(mem, zs)
        insert_zspage(mem, pool, zs, group)
    return group


# --- zspages -----------------------------------------------------------------------------------


@kernel
def alloc_run(mem, count):
    """Allocate a run of `count` words for the objects of a zspage. Return the first; 0 = none."""
    arena = mem.arenas[0]
    first = arena.free_objects[count]
    if first:
        arena.free_objects[count] = np.int64(mem.objects[first])
    elif arena.unused_object + count <= mem.objects.shape[0]:
        first = arena.unused_object
        arena.unused_object += count
    return first


@kernel
def free_run(mem, first, count):
    """Free a run of words."""
    arena = mem.arenas[0]
    mem.objects[first] = arena.free_objects[count]
    arena.free_objects[count] = first


@kernel
def cache_alloc_zspage(mem, which):
    """Allocate the record of a zspage of class `which`, with its words; 0 = no memory."""
    arena = mem.arenas[0]
    zs = arena.free_zspage
    if zs == 0 and arena.unused_zspage >= mem.zspages.shape[0]:
        return 0
    first = alloc_run(mem, mem.size_classes[which].objs_per_zspage)
    if first == 0:
        return 0
    if zs:
        arena.free_zspage = np.int64(mem.zspages[zs].next[LRU])
    else:
        zs = arena.unused_zspage
        arena.unused_zspage += 1
    arena.nr_zspages += 1
    mem.zspages[zs].first_object = first
    mem.zspages[zs].size_class = which
    mem.zspages[zs].inuse = 0
    mem.zspages[zs].readers = 0
    return zs


@kernel
def cache_free_zspage(mem, zs):
    """Free the record of a zspage, and its words."""
    arena = mem.arenas[0]
    zspage = mem.zspages[zs]
    count = mem.size_classes[zspage.size_class].objs_per_zspage
    free_run(mem, np.int64(zspage.first_object), count)
    zspage.next[LRU] = arena.free_zspage
    arena.free_zspage = zs
    arena.nr_zspages -= 1


@kernel
def alloc_frames(mem, zs, count, migratetype):
    """Give a zspage `count` frames, one after another. Return whether there were enough."""
    chain = mem.zspages[zs].chain
    for at in range(count):
        pfn = alloc_pages(mem, 0, migratetype)
        if pfn < 0:
            for taken in range(at - 1, -1, -1):
                put_single_page(mem, np.int64(chain[taken]))
            return False
        chain[at] = pfn
    return True


@kernel(inline=False)
def alloc_zspage(mem, number, which, migratetype):
    """Allocate a zspage of class `which` for pool `number`. Return its number; 0 = no memory."""
    size_class = mem.size_classes[which]
    zs = cache_alloc_zspage(mem, which)
    if zs == 0:
        return 0
    pages = size_class.pages_per_zspage
    if not alloc_frames(mem, zs, pages, migratetype):
        cache_free_zspage(mem, zs)
        return 0
    for at in range(pages):
        page = mem.pages[mem.zspages[zs].chain[at]]
        set_page_zsmalloc(page)
        page.private = number
        page.index = zs
    init_zspage(mem, zs, size_class)
    size_class.obj_allocated += size_class.objs_per_zspage
    mem.pools[number].pages_nr += pages
    return zs


@kernel
def zspage_is_locked(mem, zs, size_class):
    """Return whether any page of a zspage is locked, as during a move."""
    for at in range(size_class.pages_per_zspage):
        if mem.pages[mem.zspages[zs].chain[at]].page_flags & PG_LOCKED:
            return True
    return False


@kernel(inline=False)
def free_zspage_pages(mem, number, zs):
    """Free an empty zspage that is on no list: its pages, the first page first."""
    size_class = mem.size_classes[mem.zspages[zs].size_class]
    pages = size_class.pages_per_zspage
    for at in range(pages):
        pfn = np.int64(mem.zspages[zs].chain[at])
        mem.pages[pfn].index = 0
        put_single_page(mem, pfn)
    size_class.obj_allocated -= size_class.objs_per_zspage
    mem.pools[number].pages_nr -= pages
    cache_free_zspage(mem, zs)


@kernel
def free_zspage(mem, number, zs):
    """Free an empty zspage now, or leave it to the deferred work if one of its pages is locked."""
    if zspage_is_locked(mem, zs, mem.size_classes[mem.zspages[zs].size_class]):
        mem.pools[number].free_work = 1
        return
    remove_zspage(mem, zs)
    free_zspage_pages(mem, number, zs)


@kernel(inline=False)
def async_free_zspage(mem, number):
    """Run the deferred work of pool `number`, if it is queued. Return whether it was.

    It frees the empty zspages, the largest class first. In Linux it waits for locked pages; here
    they stay for the next run.
    Source: mm/zsmalloc.c, async_free_zspage (v6.1).
    """
    pool = mem.pools[number]
    if pool.free_work == 0:
        return False
    pool.free_work = 0
    for which in range(pool.size_classes + ZS_SIZE_CLASSES - 1, pool.size_classes - 1, -1):
        if mem.size_classes[which].used != which - pool.size_classes:
            continue
        head = mem.size_classes[which].list_heads + ZS_EMPTY
        zs = np.int64(mem.zspages[head].next[LRU])
        while zs != head:
            following = np.int64(mem.zspages[zs].next[LRU])
            free_zspage(mem, number, zs)
            zs = following
    return True


# --- objects -----------------------------------------------------------------------------------


@kernel
def find_get_zspage(mem, size_class):
    """Return the first zspage of the fullest group with room, waiting ones last; 0 = none."""
    for group in range(ZS_FULL - 1, ZS_EMPTY - 1, -1):
        zs = first_zspage(mem, size_class, group)
        if zs:
            return zs
    return 0


@kernel
def new_object(mem, number, which, handle, migratetype):
    """Find an object of class `which` for a handle, in a new zspage if needed. Return success."""
    pool = mem.pools[number]
    size_class = mem.size_classes[which]
    zs = find_get_zspage(mem, size_class)
    if zs:
        obj_malloc(mem, zs, size_class, handle)
        fix_fullness_group(mem, pool, zs)
    else:
        zs = alloc_zspage(mem, number, which, migratetype)
        if zs == 0:
            return False
        obj_malloc(mem, zs, size_class, handle)
        insert_zspage(mem, pool, zs, get_fullness_group(pool, size_class, 1))
    size_class.obj_used += 1
    return True


@kernel(inline=False)
def zs_malloc(mem, number, size, migratetype):
    """Allocate `size` bytes. Return a handle, or -EINVAL, -ENOSPC (too large) or -ENOMEM.

    migratetype: where new pages may come from.
    Source: mm/zsmalloc.c, zs_malloc (v6.1, v6.12).
    """
    pool = mem.pools[number]
    if size <= 0:
        return -EINVAL
    if size > ZS_MAX_ALLOC_SIZE:
        return -ENOSPC if pool.too_long_is_enospc else -EINVAL
    handle = cache_alloc_handle(mem)
    if handle == 0:
        return -ENOMEM
    if not new_object(mem, number, find_size_class(mem, pool, size), handle, migratetype):
        cache_free_handle(mem, handle)
        return -ENOMEM
    return handle


@kernel(inline=False)
def zs_free(mem, number, handle):
    """Free a handle and its object. Return 0, or -ENOENT if the handle is gone.

    Source: mm/zsmalloc.c, zs_free (v6.1).
    """
    place = handle_to_obj(mem, number, handle)
    if place < 0:
        return -ENOENT
    zs = get_zspage(mem, obj_pfn(place))
    obj_free(mem, zs, obj_index(place))
    mem.size_classes[mem.zspages[zs].size_class].obj_used -= 1
    if fix_fullness_group(mem, mem.pools[number], zs) == ZS_EMPTY:
        free_zspage(mem, number, zs)
    cache_free_handle(mem, handle)
    return 0
