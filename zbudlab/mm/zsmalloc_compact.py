"""zsmalloc's own compaction: objects move from emptier zspages to fuller ones.

It needs no free page and no help from the objects' owner, as handles lead to objects wherever they
are. A zspage that becomes empty is freed. Memory compaction moves pages and keeps their number;
this compaction reduces it.

Source: mm/zsmalloc.c, zs_compact and the functions that it calls (v6.1, v6.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    PAGE_SHIFT,
    PAGE_SIZE,
    ZS_ALMOST_EMPTY,
    ZS_EMPTY,
    ZS_FULL,
    ZS_SIZE_CLASSES,
)
from zbudlab.mm.zsmalloc import first_zspage, free_zspage, insert_zspage, remove_zspage
from zbudlab.mm.zsmalloc_class import get_fullness_group, zs_can_compact
from zbudlab.mm.zsmalloc_object import handle_in_word, obj_free, obj_malloc

# --- objects -----------------------------------------------------------------------------------


@kernel(inline=False)
def zs_object_copy(mem, size_class, new_zs, new, old_zs, old):
    """Copy object `old` of one zspage to object `new` of another, across the edges of pages."""
    if mem.frames.shape[1] != PAGE_SIZE:
        return
    size = size_class.object_size
    source = mem.zspages[old_zs].chain
    target = mem.zspages[new_zs].chain
    done = np.int64(0)
    while done < size:
        at = old * size + done
        to = new * size + done
        here = at & (PAGE_SIZE - 1)
        there = to & (PAGE_SIZE - 1)
        count = min(size - done, PAGE_SIZE - max(here, there))
        bytes_read = mem.frames[source[at >> PAGE_SHIFT]]
        bytes_written = mem.frames[target[to >> PAGE_SHIFT]]
        for i in range(count):
            bytes_written[there + i] = bytes_read[here + i]
        done += count


@kernel(inline=False)
def migrate_zspage(mem, source, target, size_class):
    """Move the objects of zspage `source`, lowest number first, to `target` until it is full.

    Return whether `source` has none left.
    """
    first = np.int64(mem.zspages[source].first_object)
    for index in range(size_class.objs_per_zspage):
        handle = handle_in_word(np.int64(mem.objects[first + index]))
        if handle == 0:
            continue
        if mem.zspages[target].inuse == size_class.objs_per_zspage:
            return False
        new = np.int64(mem.zspages[target].freeobj)
        zs_object_copy(mem, size_class, target, new, source, index)
        obj_malloc(mem, target, size_class, handle)
        obj_free(mem, source, index)
    return True


# --- zspages -----------------------------------------------------------------------------------


@kernel
def isolate_source(mem, size_class):
    """Take the first zspage of the emptiest group off its list; 0 = there is none."""
    for group in range(ZS_ALMOST_EMPTY, ZS_FULL):
        zs = first_zspage(mem, size_class, group)
        if zs:
            remove_zspage(mem, zs)
            return zs
    return 0


@kernel
def isolate_target(mem, size_class):
    """Take the first zspage of the fullest group with room off its list; 0 = there is none."""
    for group in range(ZS_FULL - 1, ZS_EMPTY, -1):
        zs = first_zspage(mem, size_class, group)
        if zs:
            remove_zspage(mem, zs)
            return zs
    return 0


@kernel(inline=False)
def putback_zspage(mem, pool, zs):
    """Put an isolated zspage on the list of its group. Return the group."""
    zspage = mem.zspages[zs]
    size_class = mem.size_classes[zspage.size_class]
    group = get_fullness_group(pool, size_class, np.int64(zspage.inuse))
    insert_zspage(mem, pool, zs, group)
    return group


@kernel
def putback_source(mem, number, zs):
    """Put a source back, and free it if it is empty. Return the pages that this freed."""
    pages = mem.size_classes[mem.zspages[zs].size_class].pages_per_zspage
    if putback_zspage(mem, mem.pools[number], zs) != ZS_EMPTY:
        return 0
    free_zspage(mem, number, zs)
    return pages


# --- a class -----------------------------------------------------------------------------------


@kernel(inline=False)
def empty_source(mem, number, source, size_class):
    """Move all objects of a source to the fullest zspages (6.1). Return whether it is empty."""
    pool = mem.pools[number]
    while True:
        target = isolate_target(mem, size_class)
        if target == 0:
            return False
        empty = migrate_zspage(mem, source, target, size_class)
        putback_zspage(mem, pool, target)
        if empty:
            return True


@kernel
def compact_source_first(mem, number, size_class):
    """Compact a class as 6.1 does, one source after the other. Return the pages freed.

    A source is taken off its list before the gain is computed. If there is none, the source goes
    back, and with fewer objects than the next one it becomes the second: a compaction without
    gain changes the order of the list.
    """
    freed = np.int64(0)
    while True:
        source = isolate_source(mem, size_class)
        if source == 0:
            return freed
        readable = mem.zspages[source].readers == 0
        if not (readable and zs_can_compact(size_class)):
            putback_zspage(mem, mem.pools[number], source)
            return freed
        empty = empty_source(mem, number, source, size_class)
        freed += putback_source(mem, number, source)
        if not empty:
            return freed


@kernel
def compact_destination_first(mem, number, size_class):
    """Compact a class as 6.12 does, one destination after the other. Return the pages freed."""
    pool = mem.pools[number]
    freed = np.int64(0)
    target = np.int64(0)
    while zs_can_compact(size_class):
        if target == 0:
            target = isolate_target(mem, size_class)
        if target == 0:
            break
        source = isolate_source(mem, size_class)
        if source == 0:
            break
        if mem.zspages[source].readers:
            putback_zspage(mem, pool, source)
            break
        migrate_zspage(mem, source, target, size_class)
        freed += putback_source(mem, number, source)
        if mem.zspages[target].inuse == size_class.objs_per_zspage:
            putback_zspage(mem, pool, target)
            target = 0
    if target:
        putback_zspage(mem, pool, target)
    return freed


@kernel(inline=False)
def zs_compact(mem, number):
    """Compact pool `number`, its largest class first. Return the pages freed.

    A zspage that is being read cannot be a source; a class whose next source it would be is
    skipped. In 6.1 compaction would wait for the reader.
    Source: mm/zsmalloc.c, zs_compact (v6.1, v6.12).
    """
    pool = mem.pools[number]
    freed = np.int64(0)
    for which in range(pool.size_classes + ZS_SIZE_CLASSES - 1, pool.size_classes - 1, -1):
        size_class = mem.size_classes[which]
        if size_class.used != which - pool.size_classes:
            continue
        if pool.destination_first:
            freed += compact_destination_first(mem, number, size_class)
        else:
            freed += compact_source_first(mem, number, size_class)
    return freed
