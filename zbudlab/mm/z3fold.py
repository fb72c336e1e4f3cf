"""z3fold: up to three compressed objects in a page, and a page can give up its last one.

A new object goes into the page with the least room that is enough; `z3fold_page` has the rules
within a page. After a free, work is queued that compacts the page: a page left with one object
gives it to another page and is released, and a middle object that is in the way slides to one
side. An object that changed its page is "foreign" there: its handle still belongs to the page that
it left. A page with a foreign object is not emptied, not migrated and not reclaimed.

An object longer than 3904 bytes has a page without a header.

Work runs when the caller asks for it (`z3fold_compact`), as Linux runs
it later. A released page has left the pool's count; the release work frees its frame.

6.1 has three faults that are kept, as far as they do no harm here: the count of mappings has two
bits, so four look like none (`z3fold_map`); reclaim of a page with queued work lists it past the
end of an array (`add_to_unbuddied`); a migrated page stays claimed (`z3fold_migrate`). The pool
counts the first two: `z3fold_unseen_mappings`, `z3fold_overruns`.

Source: mm/z3fold.c (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDY,
    EAGAIN,
    EINVAL,
    ENOENT,
    ENOMEM,
    ENOSPC,
    LRU,
    PAGE_SHIFT,
    PAGE_SIZE,
    WORK,
    Z3FOLD_CLAIMED,
    Z3FOLD_COUNT_MASK,
    Z3FOLD_FIRST,
    Z3FOLD_FOREIGN,
    Z3FOLD_HEADLESS,
    Z3FOLD_LAST,
    Z3FOLD_MAX_SIZE,
    Z3FOLD_MIDDLE,
    Z3FOLD_MIDDLE_MAPPED,
    Z3FOLD_NEEDS_COMPACTING,
    Z3FOLD_PAGE_HEADLESS,
)
from zbudlab.mm.list_head import list_add_tail, list_empty
from zbudlab.mm.z3fold_compact import do_compact_page
from zbudlab.mm.z3fold_page import (
    add_to_lru,
    add_to_unbuddied,
    buddy_of,
    get_free_buddy,
    handle_to_place,
    offset_of,
    put_object,
    record_of,
    z3fold_encode_handle,
    z3fold_unlink,
)
from zbudlab.mm.z3fold_pool import (
    find_unbuddied,
    free_z3fold_page,
    init_z3fold_page,
    z3fold_put,
)
from zbudlab.mm.zbud_header import size_to_chunks
from zbudlab.mm.zsmalloc_object import cache_alloc_handle, cache_free_handle

# --- objects -----------------------------------------------------------------------------------


@kernel(inline=False)
def z3fold_alloc(mem, number, size, migratetype):
    """Allocate `size` bytes. Return a handle, or -EINVAL, -ENOSPC (too large) or -ENOMEM.

    migratetype: where a new page may come from.
    Source: mm/z3fold.c, z3fold_alloc (v6.1).
    """
    if size <= 0:
        return -EINVAL
    if size > PAGE_SIZE:
        return -ENOSPC
    handle = cache_alloc_handle(mem)
    if handle == 0:
        return -ENOMEM
    chunks = size_to_chunks(size)
    headless = size > Z3FOLD_MAX_SIZE
    record = np.int64(0) if headless else find_unbuddied(mem, number, chunks)
    if record == 0:
        record = init_z3fold_page(mem, number, migratetype)
    if record == 0:
        cache_free_handle(mem, handle)
        return -ENOMEM
    buddy = Z3FOLD_HEADLESS
    if headless:
        mem.z3folds[record].page_state |= Z3FOLD_PAGE_HEADLESS
    else:
        buddy = get_free_buddy(mem.z3folds[record], chunks)
        put_object(mem, record, buddy, chunks)
        add_to_unbuddied(mem, mem.pools[number], record)
    add_to_lru(mem, mem.pools[number], record)
    z3fold_encode_handle(mem, record, buddy, handle, 0)
    return handle


@kernel
def z3fold_clear_buddy(mem, record, place):
    """Take an object out of its page. A claimed page keeps its count of foreign handles."""
    header = mem.z3folds[record]
    buddy = buddy_of(place)
    header.chunks[buddy] = 0
    header.handles[buddy] = 0
    if place & Z3FOLD_FOREIGN and header.page_state & Z3FOLD_CLAIMED == 0:
        header.foreign_handles -= 1


@kernel
def free_headless_page(mem, number, record):
    """Free a page without a header at once."""
    z3fold_unlink(mem, LRU, record)
    mem.pools[number].pages_nr -= 1
    free_z3fold_page(mem, record)


@kernel
def queue_compaction(mem, number, record):
    """Compact a page after a free: later, or at once if it has no processor."""
    header = mem.z3folds[record]
    header.page_state |= Z3FOLD_NEEDS_COMPACTING
    header.refcount += 1
    if header.listed:
        list_add_tail(mem.z3folds, WORK, record, mem.pools[number].z3fold_heads)
    else:
        do_compact_page(mem, number, record)


@kernel(inline=False)
def z3fold_free(mem, number, handle):
    """Free a handle and its object. Return 0, or -ENOENT if the handle is gone.

    If the page has no header and is being reclaimed, only its object goes; reclaim frees the page.
    Source: mm/z3fold.c, z3fold_free (v6.1).
    """
    place = handle_to_place(mem, number, handle)
    if place < 0:
        return -ENOENT
    record = record_of(mem, place)
    header = mem.z3folds[record]
    claimed = header.page_state & Z3FOLD_CLAIMED != 0
    z3fold_clear_buddy(mem, record, place)
    cache_free_handle(mem, handle)
    if header.page_state & Z3FOLD_PAGE_HEADLESS:
        if not claimed:
            free_headless_page(mem, number, record)
        return 0
    if z3fold_put(mem, number, record) or claimed:
        return 0
    if header.page_state & Z3FOLD_NEEDS_COMPACTING == 0:
        queue_compaction(mem, number, record)
    return 0


@kernel(inline=False)
def z3fold_map(mem, number, handle):
    """Map an object. Return the address of its first byte, or -1 if the handle is gone.

    A mapped middle object does not slide, and a page with mappings stays where it is. Their count
    has two bits, so with four of them the page may move: the addresses held are then of a frame
    that has been freed.
    """
    place = handle_to_place(mem, number, handle)
    if place < 0:
        return -1
    header = mem.z3folds[record_of(mem, place)]
    buddy = buddy_of(place)
    header.mappings += 1
    if buddy == Z3FOLD_MIDDLE:
        header.page_state |= Z3FOLD_MIDDLE_MAPPED
    if buddy != Z3FOLD_HEADLESS:
        header.mapped_count = (header.mapped_count + 1) & Z3FOLD_COUNT_MASK
        mem.pools[number].z3fold_unseen_mappings += header.mapped_count == 0
    return np.int64(header.pfn) << PAGE_SHIFT | offset_of(header, buddy)


@kernel(inline=False)
def z3fold_unmap(mem, number, handle):
    """End a mapping. Return 0, or -ENOENT if the handle is gone.

    As in 6.1, nothing stops a caller from ending a mapping that the page does not have: the object
    can have left a page whose four mappings looked like none.
    """
    place = handle_to_place(mem, number, handle)
    if place < 0:
        return -ENOENT
    header = mem.z3folds[record_of(mem, place)]
    buddy = buddy_of(place)
    header.mappings -= 1
    if buddy == Z3FOLD_MIDDLE:
        header.page_state &= ~Z3FOLD_MIDDLE_MAPPED & 0xFF
    if buddy != Z3FOLD_HEADLESS:
        header.mapped_count = (header.mapped_count + Z3FOLD_COUNT_MASK) & Z3FOLD_COUNT_MASK
    return 0


# --- reclaim -----------------------------------------------------------------------------------


@kernel
def reclaimable(mem, pool):
    """Return the record of the oldest page that is neither foreign nor claimed; 0 = none."""
    head = pool.z3fold_heads
    record = np.int64(mem.z3folds[head].prev[LRU])
    while record != head:
        header = mem.z3folds[record]
        if header.foreign_handles == 0 and header.page_state & Z3FOLD_CLAIMED == 0:
            return record
        record = np.int64(header.prev[LRU])
    return 0


@kernel(inline=False)
def z3fold_reclaim_begin(mem, number, handles):
    """Prepare a page for eviction. Return its frame, -EINVAL (no page), or -EAGAIN (none allowed).

    handles: int64 (3,) or longer, gets the handles of the middle, the first and the last object,
    or 0. The LRU list is in the order of the last allocation in a page.
    Source: mm/z3fold.c, z3fold_reclaim_page (v6.1).
    """
    pool = mem.pools[number]
    if list_empty(mem.z3folds, LRU, pool.z3fold_heads):
        return -EINVAL
    record = reclaimable(mem, pool)
    if record == 0:
        return -EAGAIN
    header = mem.z3folds[record]
    header.page_state |= Z3FOLD_CLAIMED
    z3fold_unlink(mem, BUDDY, record)
    z3fold_unlink(mem, LRU, record)
    header.listed = 0
    header.refcount += 1
    handles[0] = header.handles[Z3FOLD_MIDDLE]
    handles[1] = header.handles[Z3FOLD_FIRST]
    handles[2] = header.handles[Z3FOLD_LAST]
    if header.page_state & Z3FOLD_PAGE_HEADLESS:
        handles[0] = header.handles[Z3FOLD_HEADLESS]
    return np.int64(header.pfn)


@kernel(inline=False)
def z3fold_reclaim_end(mem, number, pfn):
    """Finish after the evictions. Return 0 if the page has been released, else -EAGAIN.

    A page whose work is queued is not released even if it is empty: the work does that.
    """
    record = np.int64(mem.pages[pfn].index)
    header = mem.z3folds[record]
    headless = header.page_state & Z3FOLD_PAGE_HEADLESS != 0
    if headless and header.handles[Z3FOLD_HEADLESS] == 0:
        free_headless_page(mem, number, record)
        return 0
    if headless:
        header.refcount -= 1
    elif z3fold_put(mem, number, record):
        return 0
    add_to_lru(mem, mem.pools[number], record)
    header.page_state &= ~Z3FOLD_CLAIMED & 0xFF
    if not headless:
        add_to_unbuddied(mem, mem.pools[number], record)
    return -EAGAIN
