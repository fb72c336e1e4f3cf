"""z3fold's work after a free: a page gives up its last object, or joins its free chunks.

A page that is left with one object moves it to another page with room and is released. The object
is "foreign" there: its handle still belongs to the page that it left. A page with a foreign object
is not emptied, not migrated and not reclaimed. In other pages the middle object moves out of the
way.

Source: mm/z3fold.c (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BIG_CHUNK_GAP,
    BUDDY,
    CHUNK_SHIFT,
    NCHUNKS,
    PAGE_SHIFT,
    WORK,
    Z3FOLD_CLAIMED,
    Z3FOLD_COUNT_MASK,
    Z3FOLD_FIRST,
    Z3FOLD_FOREIGN,
    Z3FOLD_HDR_CHUNKS,
    Z3FOLD_LAST,
    Z3FOLD_MIDDLE,
    Z3FOLD_MIDDLE_MAPPED,
    Z3FOLD_NEEDS_COMPACTING,
    Z3FOLD_STALE_LIST,
)
from zbudlab.mm.list_head import list_empty
from zbudlab.mm.z3fold_page import (
    add_to_unbuddied,
    copy_chunks,
    count_objects,
    get_free_buddy,
    offset_of,
    put_object,
    rename_object,
    z3fold_unlink,
)
from zbudlab.mm.z3fold_pool import find_unbuddied, free_z3fold_page, z3fold_put


@kernel(inline=False)
def compact_single_buddy(mem, number, record):
    """Move the only object of a page to another page with room. Return whether there was one.

    The object is foreign there, as its handle stays with the page that it left.
    """
    header = mem.z3folds[record]
    buddy = Z3FOLD_FIRST
    while header.chunks[buddy] == 0:
        buddy += 1
    chunks = np.int64(header.chunks[buddy])
    target = find_unbuddied(mem, number, chunks)
    if target == 0:
        return False
    other = mem.z3folds[target]
    source = np.int64(header.pfn) << PAGE_SHIFT | offset_of(header, buddy)
    place = get_free_buddy(other, chunks)
    put_object(mem, target, place, chunks)
    copy_chunks(mem, np.int64(other.pfn) << PAGE_SHIFT | offset_of(other, place), source, chunks)
    rename_object(mem, record, buddy, target, place, Z3FOLD_FOREIGN)
    other.foreign_handles = (other.foreign_handles + 1) & Z3FOLD_COUNT_MASK
    add_to_unbuddied(mem, mem.pools[number], target)
    header.chunks[buddy] = 0
    return True


@kernel
def better_start(header):
    """Return the chunk at which the middle object of a page should start; 0 = where it is.

    It goes next to the only other object, if at least BIG_CHUNK_GAP chunks are gained.
    """
    first = np.int64(header.chunks[Z3FOLD_FIRST])
    last = np.int64(header.chunks[Z3FOLD_LAST])
    middle = np.int64(header.chunks[Z3FOLD_MIDDLE])
    start = np.int64(header.start_middle)
    if first and not last and start - (first + Z3FOLD_HDR_CHUNKS) >= BIG_CHUNK_GAP:
        return first + Z3FOLD_HDR_CHUNKS
    if last and not first and NCHUNKS - (last + start + middle) >= BIG_CHUNK_GAP:
        return NCHUNKS - last - middle
    return 0


@kernel(inline=False)
def z3fold_compact_page(mem, record):
    """Join the free chunks of a page: a middle object alone becomes the first, or it slides."""
    header = mem.z3folds[record]
    middle = np.int64(header.chunks[Z3FOLD_MIDDLE])
    if middle == 0 or header.page_state & Z3FOLD_MIDDLE_MAPPED:
        return
    alone = count_objects(header) == 1
    start = Z3FOLD_HDR_CHUNKS if alone else better_start(header)
    if start == 0:
        return
    base = np.int64(header.pfn) << PAGE_SHIFT
    target = base | offset_of(header, Z3FOLD_FIRST) if alone else base + (start << CHUNK_SHIFT)
    copy_chunks(mem, target, base | offset_of(header, Z3FOLD_MIDDLE), middle)
    header.start_middle = start
    if alone:
        header.start_middle = 0
        header.chunks[Z3FOLD_FIRST] = middle
        header.chunks[Z3FOLD_MIDDLE] = 0
        rename_object(mem, record, Z3FOLD_MIDDLE, record, Z3FOLD_FIRST, 0)


@kernel(inline=False)
def do_compact_page(mem, number, record):
    """Do the work that a free queued for a page, and drop the work's reference.

    Source: mm/z3fold.c, do_compact_page (v6.1).
    """
    header = mem.z3folds[record]
    header.page_state &= ~Z3FOLD_NEEDS_COMPACTING & 0xFF
    z3fold_unlink(mem, BUDDY, record)
    if z3fold_put(mem, number, record) or header.page_state & Z3FOLD_CLAIMED:
        return
    single = count_objects(header) == 1 and header.foreign_handles == 0
    if single and header.mapped_count == 0 and compact_single_buddy(mem, number, record):
        z3fold_put(mem, number, record)
        return
    z3fold_compact_page(mem, record)
    add_to_unbuddied(mem, mem.pools[number], record)


@kernel(inline=False)
def z3fold_compact_work(mem, number):
    """Run the queued compaction of pages, first in first out. Return the number of pages."""
    head = mem.pools[number].z3fold_heads
    count = 0
    while not list_empty(mem.z3folds, WORK, head):
        record = np.int64(mem.z3folds[head].next[WORK])
        z3fold_unlink(mem, WORK, record)
        do_compact_page(mem, number, record)
        count += 1
    return count


@kernel(inline=False)
def z3fold_release_work(mem, number):
    """Free the frames of released pages, the last one first. Return whether there were any."""
    head = mem.pools[number].z3fold_heads + Z3FOLD_STALE_LIST
    if list_empty(mem.z3folds, BUDDY, head):
        return False
    while not list_empty(mem.z3folds, BUDDY, head):
        record = np.int64(mem.z3folds[head].next[BUDDY])
        z3fold_unlink(mem, BUDDY, record)
        free_z3fold_page(mem, record)
    return True
