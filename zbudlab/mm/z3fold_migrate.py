"""Moving a z3fold page to another frame.

The page's objects keep their places in it; their handles get the new frame. Afterwards the page is
first on the LRU list and has compaction work queued, which uses up the isolation's reference.

In 6.1 the mark "claimed", which isolation sets, moves with the page, and nothing removes it. So a
page moves only once, takes no more objects, is not reclaimed, and goes with its last object.

Source: mm/z3fold.c, z3fold_page_isolate, z3fold_page_migrate and z3fold_page_putback (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDY,
    EAGAIN,
    EBUSY,
    LRU,
    OBJ_INDEX_BITS,
    OBJ_INDEX_MASK,
    WORK,
    Z3FOLD_BUDDIES,
    Z3FOLD_CLAIMED,
    Z3FOLD_ISOLATED,
    Z3FOLD_NEEDS_COMPACTING,
    Z3FOLD_PAGE_HEADLESS,
    Z3FOLD_STALE,
)
from zbudlab.mm.list_head import list_add_tail
from zbudlab.mm.page import copy_highpage, get_page, page_count, set_page_z3fold
from zbudlab.mm.page_alloc import put_single_page
from zbudlab.mm.z3fold_page import add_to_lru, add_to_unbuddied, z3fold_unlink
from zbudlab.mm.z3fold_pool import z3fold_put

STAYS = Z3FOLD_PAGE_HEADLESS | Z3FOLD_NEEDS_COMPACTING | Z3FOLD_STALE | Z3FOLD_CLAIMED


@kernel(inline=False)
def z3fold_page_isolate(mem, pfn):
    """Claim a page and hold it, off all lists, so that it can be moved. Return success.

    A page stays that has no header, waits for work, was released, is claimed, has mappings as far
    as their count shows, or has foreign objects.
    """
    record = np.int64(mem.pages[pfn].index)
    header = mem.z3folds[record]
    if record == 0 or header.page_state & STAYS:
        return False
    if header.mapped_count or header.foreign_handles:
        return False
    header.page_state |= Z3FOLD_CLAIMED | Z3FOLD_ISOLATED
    z3fold_unlink(mem, BUDDY, record)
    z3fold_unlink(mem, LRU, record)
    header.refcount += 1
    get_page(mem.pages[pfn])
    return True


@kernel
def move_header(mem, record, new):
    """Give a page its new frame, in its record and in the places of its handles."""
    header = mem.z3folds[record]
    header.pfn = new
    for buddy in range(Z3FOLD_BUDDIES):
        handle = header.handles[buddy]
        if handle:
            index = mem.handles[handle] & OBJ_INDEX_MASK
            mem.handles[handle] = np.int64(new) << OBJ_INDEX_BITS | index


@kernel(inline=False)
def z3fold_page_migrate(mem, new, old):
    """Move page `old`, which is isolated, to the fresh frame `new`.

    Return 0; -EBUSY if the page was mapped meanwhile; -EAGAIN if there is another reference or
    work is queued.
    """
    page = mem.pages[old]
    record = np.int64(page.index)
    header = mem.z3folds[record]
    if page_count(page) != 2:
        return -EAGAIN
    if header.mapped_count or header.foreign_handles:
        header.page_state &= ~Z3FOLD_CLAIMED & 0xFF
        return -EBUSY
    if header.page_state & Z3FOLD_NEEDS_COMPACTING:
        return -EAGAIN
    copy_highpage(mem.frames, new, old)
    move_header(mem, record, new)
    target = mem.pages[new]
    set_page_z3fold(target)
    target.private = page.private
    target.index = record
    page.index = 0
    header.page_state &= ~Z3FOLD_ISOLATED & 0xFF
    header.page_state |= Z3FOLD_NEEDS_COMPACTING
    header.listed = 1
    pool = mem.pools[page.private]
    add_to_lru(mem, pool, record)
    list_add_tail(mem.z3folds, WORK, record, pool.z3fold_heads)
    get_page(target)
    page.refcount -= 1
    return 0


@kernel(inline=False)
def z3fold_page_putback(mem, pfn):
    """End the isolation of a page, or drop the first reference of a page that was moved.

    A page whose objects were freed while it was isolated is released.
    """
    record = np.int64(mem.pages[pfn].index)
    header = mem.z3folds[record]
    if record and header.page_state & Z3FOLD_ISOLATED:
        number = np.int64(mem.pages[pfn].private)
        header.page_state &= ~Z3FOLD_ISOLATED & 0xFF
        if not z3fold_put(mem, number, record):
            add_to_lru(mem, mem.pools[number], record)
            add_to_unbuddied(mem, mem.pools[number], record)
            header.page_state &= ~Z3FOLD_CLAIMED & 0xFF
    put_single_page(mem, pfn)
