"""A z3fold pool and its pages: fresh ones, those with room for an object, released ones.

A page has a reference for each object, for queued work, and while it is isolated or reclaimed. The
last one to go releases it: the page leaves the pool's count at once, and the release work frees its
frame later.

Source: mm/z3fold.c (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDY,
    LRU,
    WORK,
    Z3FOLD_BUDDIES,
    Z3FOLD_CLAIMED,
    Z3FOLD_NCHUNKS,
    Z3FOLD_NEEDS_COMPACTING,
    Z3FOLD_NR_LISTS,
    Z3FOLD_STALE,
    Z3FOLD_STALE_LIST,
)
from zbudlab.mm.list_head import init_list_head, list_add, list_empty
from zbudlab.mm.page import set_page_z3fold
from zbudlab.mm.page_alloc import alloc_pages, put_single_page
from zbudlab.mm.z3fold_page import z3fold_unlink


@kernel(inline=False)
def z3fold_create_pool(mem, number):
    """Start pool `number`, whose list heads are set, without a page."""
    pool = mem.pools[number]
    pool.created = 1
    for head in range(pool.z3fold_heads, pool.z3fold_heads + Z3FOLD_NR_LISTS):
        for link in (LRU, BUDDY, WORK):
            init_list_head(mem.z3folds, link, head)


@kernel
def alloc_header(mem):
    """Allocate the record of a page, with no object and on no list. Return it; 0 = no memory."""
    arena = mem.arenas[0]
    record = arena.free_z3fold
    if record:
        arena.free_z3fold = np.int64(mem.z3folds[record].next[LRU])
    elif arena.unused_z3fold < mem.z3folds.shape[0]:
        record = arena.unused_z3fold
        arena.unused_z3fold += 1
    else:
        return 0
    arena.nr_z3folds += 1
    header = mem.z3folds[record]
    for link in (LRU, BUDDY, WORK):
        init_list_head(mem.z3folds, link, record)
    for buddy in range(Z3FOLD_BUDDIES):
        header.chunks[buddy] = 0
        header.handles[buddy] = 0
    header.page_state = header.listed = header.start_middle = 0
    header.mapped_count = header.foreign_handles = 0
    header.mappings = 0
    return record


@kernel
def free_header(mem, record):
    """Free the record of a page."""
    arena = mem.arenas[0]
    mem.z3folds[record].owner = 0
    mem.z3folds[record].next[LRU] = arena.free_z3fold
    arena.free_z3fold = record
    arena.nr_z3folds -= 1


@kernel
def init_z3fold_page(mem, number, migratetype):
    """Make a fresh frame a page of the pool, with one reference. Return its record; 0 = none."""
    record = alloc_header(mem)
    if record == 0:
        return 0
    pfn = alloc_pages(mem, 0, migratetype)
    if pfn < 0:
        free_header(mem, record)
        return 0
    header = mem.z3folds[record]
    header.pfn = pfn
    header.owner = number + 1
    header.refcount = 1
    set_page_z3fold(mem.pages[pfn])
    mem.pages[pfn].private = number
    mem.pages[pfn].index = record
    mem.pools[number].pages_nr += 1
    return record


@kernel
def free_z3fold_page(mem, record):
    """Free the frame of a page that has left the pool, and its record."""
    pfn = np.int64(mem.z3folds[record].pfn)
    free_header(mem, record)
    mem.pages[pfn].index = 0
    put_single_page(mem, pfn)


@kernel(inline=False)
def release_z3fold_page(mem, number, record):
    """Take a page without references out of the pool. The release work frees its frame."""
    header = mem.z3folds[record]
    z3fold_unlink(mem, BUDDY, record)
    z3fold_unlink(mem, LRU, record)
    header.page_state = (header.page_state | Z3FOLD_STALE) & (~Z3FOLD_NEEDS_COMPACTING & 0xFF)
    mem.pools[number].pages_nr -= 1
    list_add(mem.z3folds, BUDDY, record, mem.pools[number].z3fold_heads + Z3FOLD_STALE_LIST)


@kernel
def z3fold_put(mem, number, record):
    """Drop a reference to a page. Return whether that released it."""
    mem.z3folds[record].refcount -= 1
    if mem.z3folds[record].refcount:
        return False
    release_z3fold_page(mem, number, record)
    return True


@kernel(inline=False)
def find_unbuddied(mem, number, chunks):
    """Return the record of a page with room, off its list and with one more reference; 0 = none.

    The lists are searched from just enough free chunks upwards, each from its front. A page that
    waits for work or is claimed is dropped from its list.
    """
    pool = mem.pools[number]
    free = chunks
    while free < Z3FOLD_NCHUNKS:
        head = pool.z3fold_heads + free
        if list_empty(mem.z3folds, BUDDY, head):
            free += 1
            continue
        record = np.int64(mem.z3folds[head].next[BUDDY])
        header = mem.z3folds[record]
        z3fold_unlink(mem, BUDDY, record)
        header.listed = 0
        if header.page_state & (Z3FOLD_NEEDS_COMPACTING | Z3FOLD_CLAIMED) == 0:
            header.refcount += 1
            return record
    return 0
