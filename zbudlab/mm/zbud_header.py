"""A zbud page as its header describes it: geometry, its home list, its handles.

Both variants of zbud share this code; `zbud` has the operations.

Source: mm/zbud.c (v3.11), and patch 4 of the series (handles, map counts).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDIED,
    BUDDY,
    CHUNK_SHIFT,
    CHUNK_SIZE,
    FIRST,
    LAST,
    NCHUNKS,
    NCHUNKS_ORDER,
    ZBUD_SERIES,
    ZHDR_CHUNKS,
)
from zbudlab.mm.list_head import list_add, list_empty
from zbudlab.mm.radix_tree import radix_tree_insert, radix_tree_lookup

# --- geometry ----------------------------------------------------------------------------------


@kernel
def size_to_chunks(size):
    """Return the number of chunks that an object of `size` bytes needs."""
    return (size + CHUNK_SIZE - 1) >> CHUNK_SHIFT


@kernel
def num_free_chunks(header):
    """Return the number of chunks that neither buddy uses."""
    return NCHUNKS - ZHDR_CHUNKS - np.int64(header.first_chunks) - np.int64(header.last_chunks)


@kernel
def header_row(pool, pfn):
    """Return the row of memory that holds the header of page `pfn`."""
    return pfn << pool.row_shift


@kernel
def row_pfn(pool, row):
    """Return the page frame whose header is in `row`."""
    return row >> pool.row_shift


@kernel
def buddy_address(pfn, header, buddy):
    """Return the chunk address of a buddy's first byte (plain: this is its handle)."""
    if buddy == FIRST:
        return (pfn << NCHUNKS_ORDER) + ZHDR_CHUNKS
    return (pfn << NCHUNKS_ORDER) + NCHUNKS - np.int64(header.last_chunks)


@kernel
def is_empty(header):
    """Return whether the page holds no buddy."""
    return (header.first_chunks | header.last_chunks) == 0


@kernel
def clear_header(header):
    """Clear everything in a header except its list links."""
    header.first_handle = 0
    header.last_handle = 0
    header.first_map_count = 0
    header.last_map_count = 0
    header.first_chunks = 0
    header.last_chunks = 0
    header.under_reclaim = 0
    header.freed = 0


# --- lists -------------------------------------------------------------------------------------


@kernel
def pool_list(pool, number):
    """Return the row that heads a list of the pool: BUDDIED, 1 .. 63 free chunks, or LRU_LIST."""
    return pool.list_heads + number


@kernel
def home_list(header):
    """Return the list a page belongs on: BUDDIED with two buddies, else its free chunks."""
    half_filled = (header.first_chunks == 0) | (header.last_chunks == 0)
    return num_free_chunks(header) if half_filled else BUDDIED


@kernel
def add_to_home_list(pool, rows, row):
    """Put a page at the front of its home list."""
    list_add(rows, BUDDY, row, pool_list(pool, home_list(rows[row])))


@kernel
def add_unbuddied(pool, rows, row):
    """Put a page that holds one buddy at the front of its home list."""
    list_add(rows, BUDDY, row, pool_list(pool, num_free_chunks(rows[row])))


@kernel
def find_hole(pool, rows, chunks):
    """Return the newest page with the smallest hole of at least `chunks`; -1 = no such page."""
    for free_chunks in range(chunks, NCHUNKS):
        head = pool_list(pool, free_chunks)
        if not list_empty(rows, BUDDY, head):
            return np.int64(rows[head].next[BUDDY])
    return -1


# --- handles -----------------------------------------------------------------------------------


@kernel
def encode_handle(pfn, header, buddy):
    """Return the handle of a buddy (plain)."""
    return buddy_address(pfn, header, buddy)


@kernel
def handle_pfn(pool, nodes, handle):
    """Return the page that holds the handle's buddy; -1 if there is no such handle (series)."""
    if pool.variant == ZBUD_SERIES:
        return radix_tree_lookup(nodes, pool, handle) - 1
    return handle >> NCHUNKS_ORDER


@kernel
def handle_buddy(pool, header, handle):
    """Return which buddy of its page a handle names."""
    if pool.variant == ZBUD_SERIES:
        return FIRST if header.first_handle == handle else LAST
    return FIRST if handle & (NCHUNKS - 1) == ZHDR_CHUNKS else LAST


@kernel
def new_handle(pool, nodes, header, pfn, buddy):
    """Enter a new handle in the tree and in the header. Return it, or the tree's negative errno.

    The kernel searches for the next unused number after the last handle. A counter of 63 bits
    never wraps, so the last handle plus one is always unused. The tree holds pfn + 1, because 0
    means that there is no item.
    """
    handle = pool.last_handle + 1
    failed = radix_tree_insert(nodes, pool, handle, pfn + 1)
    if failed:
        return failed
    pool.last_handle = handle
    if buddy == FIRST:
        header.first_handle = handle
        header.first_map_count = 1
    else:
        header.last_handle = handle
        header.last_map_count = 1
    return handle


@kernel
def keep_until_unmap(header, buddy):
    """Note that a buddy was freed while mapped, so that its page keeps its reference."""
    header.freed |= buddy


@kernel
def kept_until_unmap(header, buddy):
    """Return whether a buddy was freed while mapped (rule `keep_page_until_unmap`)."""
    return header.freed & buddy != 0


@kernel
def change_map_count(header, buddy, change):
    """Change a buddy's map count and return it. The owner's own 1 is included."""
    if buddy == FIRST:
        header.first_map_count += change
        return np.int64(header.first_map_count)
    header.last_map_count += change
    return np.int64(header.last_map_count)
