"""Pages of z3fold: up to three objects between two ends, the lists of pages, and handles.

A page has 64 chunks of 64 bytes; two are the header. The first object starts after the header,
the last one ends with the page, the middle one is somewhere between. Linux keeps the header in the
page; here it is a record of `mem.z3folds`, whose number the struct page has as its `index`.

A handle is a number; `mem.handles` has the place of its object: the frame, which of the page's
objects it is, and whether it came from another page.

Source: mm/z3fold.c (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDY,
    CHUNK_SHIFT,
    LRU,
    NCHUNKS,
    OBJ_INDEX_BITS,
    OBJ_INDEX_MASK,
    PAGE_SHIFT,
    PAGE_SIZE,
    Z3FOLD_BUDDY_MASK,
    Z3FOLD_FIRST,
    Z3FOLD_HDR_CHUNKS,
    Z3FOLD_HEADLESS,
    Z3FOLD_LAST,
    Z3FOLD_MIDDLE,
    Z3FOLD_NCHUNKS,
    Z3FOLD_NO_LIST,
)
from zbudlab.mm.list_head import init_list_head, list_add, list_del
from zbudlab.mm.page import page_z3fold

# --- lists -------------------------------------------------------------------------------------


@kernel
def z3fold_unlink(mem, link, record):
    """Take a page off its list, if it is on one (list_del_init)."""
    list_del(mem.z3folds, link, record)
    init_list_head(mem.z3folds, link, record)


@kernel
def add_to_lru(mem, pool, record):
    """Put a page at the front of the pool's LRU list, where it may be already."""
    z3fold_unlink(mem, LRU, record)
    list_add(mem.z3folds, LRU, record, pool.z3fold_heads)


# --- free chunks -------------------------------------------------------------------------------


@kernel
def z3fold_num_free_chunks(header):
    """Return the largest number of chunks that a new object of a page can have.

    With a middle object, it is the larger of the gaps before and after it, and a gap
    next to another object does not count. Otherwise it is all that the other two leave.
    """
    first = np.int64(header.chunks[Z3FOLD_FIRST])
    middle = np.int64(header.chunks[Z3FOLD_MIDDLE])
    last = np.int64(header.chunks[Z3FOLD_LAST])
    if middle == 0:
        return Z3FOLD_NCHUNKS - first - last
    start = np.int64(header.start_middle)
    before = 0 if first else start - Z3FOLD_HDR_CHUNKS
    behind = 0 if last else NCHUNKS - start - middle
    return max(before, behind)


@kernel
def count_objects(header):
    """Return the number of objects of a page that has a header."""
    count = np.int64(0)
    for buddy in range(Z3FOLD_FIRST, Z3FOLD_LAST + 1):
        count += header.chunks[buddy] != 0
    return count


@kernel
def get_free_buddy(header, chunks):
    """Return which object of a page a new one becomes; the page has room for it.

    Without a middle object: the first that is missing of first, last and middle. With one: the
    first if it fits in front of it, else the last.
    """
    no_first = header.chunks[Z3FOLD_FIRST] == 0
    if header.chunks[Z3FOLD_MIDDLE]:
        room = np.int64(header.start_middle) - Z3FOLD_HDR_CHUNKS
        return Z3FOLD_FIRST if no_first and chunks <= room else Z3FOLD_LAST
    if no_first:
        return Z3FOLD_FIRST
    return Z3FOLD_MIDDLE if header.chunks[Z3FOLD_LAST] else Z3FOLD_LAST


@kernel
def add_to_unbuddied(mem, pool, record):
    """Put a page first on the list of its free chunks, unless it has three objects.

    An empty page, whose reclaim met queued work, would go on list 62, and 6.1 has lists 0 to 61:
    it writes past its array. Here there is one more list, and the pool counts such writes.
    """
    header = mem.z3folds[record]
    if count_objects(header) == Z3FOLD_LAST:
        return
    free = z3fold_num_free_chunks(header)
    pool.z3fold_overruns += free == Z3FOLD_NO_LIST
    list_add(mem.z3folds, BUDDY, record, pool.z3fold_heads + free)
    header.listed = 1


# --- objects -----------------------------------------------------------------------------------


@kernel
def offset_of(header, buddy):
    """Return where an object starts in its page, bytes."""
    if buddy == Z3FOLD_HEADLESS:
        return 0
    if buddy == Z3FOLD_FIRST:
        return Z3FOLD_HDR_CHUNKS << CHUNK_SHIFT
    if buddy == Z3FOLD_MIDDLE:
        return np.int64(header.start_middle) << CHUNK_SHIFT
    return PAGE_SIZE - (np.int64(header.chunks[Z3FOLD_LAST]) << CHUNK_SHIFT)


@kernel
def handle_to_place(mem, number, handle):
    """Return the place of a handle's object; -1 if pool `number` has no such handle."""
    if handle <= 0 or handle >= mem.arenas[0].unused_handle:
        return -1
    place = mem.handles[handle]
    if place < 0:
        return -1
    page = mem.pages[place >> OBJ_INDEX_BITS]
    return place if page_z3fold(page) and page.private == number else -1


@kernel
def record_of(mem, place):
    """Return the number of the record of the page that a place is in."""
    return np.int64(mem.pages[place >> OBJ_INDEX_BITS].index)


@kernel
def buddy_of(place):
    """Return which of a page's objects is at a place."""
    return place & Z3FOLD_BUDDY_MASK


@kernel
def z3fold_encode_handle(mem, record, buddy, handle, foreign):
    """Make a handle lead to an object of a page. foreign: Z3FOLD_FOREIGN or 0."""
    header = mem.z3folds[record]
    header.handles[buddy] = handle
    mem.handles[handle] = np.int64(header.pfn) << OBJ_INDEX_BITS | foreign | buddy


@kernel
def rename_object(mem, record, buddy, new_record, new_buddy, foreign):
    """Point an object's handle to another place, and move the owner's word there.

    foreign: added to what the place already says about the object.
    """
    header = mem.z3folds[record]
    handle = np.int64(header.handles[buddy])
    foreign |= (mem.handles[handle] & OBJ_INDEX_MASK) & ~Z3FOLD_BUDDY_MASK
    word = header.words[buddy]
    header.handles[buddy] = 0
    z3fold_encode_handle(mem, new_record, new_buddy, handle, foreign)
    mem.z3folds[new_record].words[new_buddy] = word


@kernel
def put_object(mem, record, buddy, chunks):
    """Give an object of a page its chunks. A middle object starts right after the first."""
    header = mem.z3folds[record]
    header.chunks[buddy] = chunks
    if buddy == Z3FOLD_MIDDLE:
        header.start_middle = np.int64(header.chunks[Z3FOLD_FIRST]) + Z3FOLD_HDR_CHUNKS


@kernel(inline=False)
def z3fold_object_address(mem, number, handle):
    """Return the address of an object's first byte without mapping it; -1 = no such object."""
    place = handle_to_place(mem, number, handle)
    if place < 0:
        return -1
    header = mem.z3folds[record_of(mem, place)]
    return np.int64(header.pfn) << PAGE_SHIFT | offset_of(header, buddy_of(place))


@kernel(inline=False)
def copy_chunks(mem, target, source, chunks):
    """Copy chunks from one byte address to another; they may overlap (memmove)."""
    if mem.frames.shape[1] != PAGE_SIZE:
        return
    to, to_start = target >> PAGE_SHIFT, target & (PAGE_SIZE - 1)
    at, at_start = source >> PAGE_SHIFT, source & (PAGE_SIZE - 1)
    length = chunks << CHUNK_SHIFT
    for i in range(length):
        step = i if target < source else length - 1 - i
        mem.frames[to, to_start + step] = mem.frames[at, at_start + step]
