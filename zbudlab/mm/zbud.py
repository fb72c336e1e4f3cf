"""zbud: at most two compressed objects ("buddies") in a page, one from each end.

A page is 64 chunks of 64 bytes. Chunk 0 holds the header, in the page itself, so that a copy of
the page is a copy of its header. The first buddy starts right behind it, the last one ends with
the page. Two a page is little, but freeing any two objects of a page always frees a page, which
is what reclaim wants; and a new object goes into the smallest hole that fits.

Two variants share this geometry:

* plain (v3.11): a handle is the address of the buddy, so the page can never move; while a page
  is being evicted it is on no list (`under_reclaim`).
* series ("mm: migrate zbud pages"): a handle is a number in the pool's radix tree; the page is
  reference counted, one per handle, one per mapping and one for whoever isolates it. Then
  `zbud_migrate_page` can copy it and swap the tree's slots, unless the count says that somebody
  still looks.

Addresses are in chunks: pfn * 64 + chunk. Operations take the page allocator's arrays (zones,
pages, blocks), zbud's (pools, rows, nodes), then the pool's number. Reclaim comes in two halves, `zbud_reclaim_begin` and
`zbud_reclaim_end`, cut where the kernel drops the pool's lock to call the owner.

Source: mm/zbud.c (v3.11), and the series' patches 1 to 5 (v2, 11 Sep 2013).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from zbudlab.jit import copy_row, kernel
from zbudlab.layout import (
    BUDDIED,
    BUDDY,
    CHUNK_SHIFT,
    CHUNK_SIZE,
    EAGAIN,
    EFAULT,
    EINVAL,
    ENOENT,
    ENOSPC,
    FIRST,
    LAST,
    LRU,
    LRU_LIST,
    NCHUNKS,
    NCHUNKS_ORDER,
    NR_POOL_LISTS,
    ZBUD_MAX_SIZE,
    ZBUD_SERIES,
    ZHDR_CHUNKS,
)
from zbudlab.mm.list_head import (
    init_list_head,
    list_add,
    list_del,
    list_empty,
    list_length,
    list_move,
    list_replace,
)
from zbudlab.mm.page import get_page, page_count, page_zbud, set_page_zbud
from zbudlab.mm.page_alloc import alloc_pages, put_page
from zbudlab.mm.radix_tree import (
    radix_tree_delete,
    radix_tree_insert,
    radix_tree_deref_slot,
    radix_tree_lookup,
    radix_tree_lookup_slot,
    radix_tree_replace_slot,
)

# --- geometry ----------------------------------------------------------------------------------


@kernel
def size_to_chunks(size):
    """How many chunks an object of `size` bytes takes."""
    return (size + CHUNK_SIZE - 1) >> CHUNK_SHIFT


@kernel
def num_free_chunks(header):
    """Chunks of the page that neither buddy uses."""
    return NCHUNKS - ZHDR_CHUNKS - np.int64(header.first_chunks) - np.int64(header.last_chunks)


@kernel
def header_row(pool, pfn):
    """The row of memory that holds the header of page `pfn`."""
    return pfn << pool.row_shift


@kernel
def row_pfn(pool, row):
    """The page frame whose header is in `row`."""
    return row >> pool.row_shift


@kernel
def buddy_address(pfn, header, buddy):
    """Where a buddy's bytes start, as a chunk address (plain: this is its handle)."""
    if buddy == FIRST:
        return (pfn << NCHUNKS_ORDER) + ZHDR_CHUNKS
    return (pfn << NCHUNKS_ORDER) + NCHUNKS - np.int64(header.last_chunks)


@kernel
def is_empty(header):
    """Whether the page holds no buddy."""
    return header.first_chunks == 0 and header.last_chunks == 0


# --- lists -------------------------------------------------------------------------------------


@kernel
def pool_list(pool, number):
    """The row that is the head of one of the pool's lists: BUDDIED, 1 .. 63 free chunks, LRU_LIST."""
    return pool.list_heads + number


@kernel
def home_list(header):
    """The list a page belongs on: BUDDIED when both buddies are there, else its free chunks."""
    if header.first_chunks and header.last_chunks:
        return BUDDIED
    return num_free_chunks(header)


@kernel
def add_to_home_list(pool, rows, row):
    """Put a page first on the list its buddies call for."""
    list_add(rows, BUDDY, row, pool_list(pool, home_list(rows[row])))


@kernel
def find_hole(pool, rows, chunks):
    """The page with the smallest hole of at least `chunks`, newest of its kind; -1 = none."""
    for free_chunks in range(chunks, NCHUNKS):
        head = pool_list(pool, free_chunks)
        if not list_empty(rows, BUDDY, head):
            return np.int64(rows[head].next[BUDDY])
    return -1


# --- handles -----------------------------------------------------------------------------------


@kernel
def encode_handle(pfn, header, buddy):
    """The handle of a buddy that is there (plain)."""
    return buddy_address(pfn, header, buddy)


@kernel
def handle_pfn(pool, nodes, handle):
    """The page that holds the handle's buddy; -1 = no such handle (series only)."""
    if pool.variant == ZBUD_SERIES:
        return radix_tree_lookup(nodes, pool, handle) - 1
    return handle >> NCHUNKS_ORDER


@kernel
def handle_buddy(pool, header, handle):
    """Which buddy of its page a handle means."""
    if pool.variant == ZBUD_SERIES:
        return FIRST if header.first_handle == handle else LAST
    return FIRST if handle & (NCHUNKS - 1) == ZHDR_CHUNKS else LAST


@kernel
def new_handle(pool, nodes, header, pfn, buddy):
    """Give the buddy a handle, in the tree and in the header; or the tree's negative errno.

    The kernel asks for the next hole behind the last handle; a counter of 63 bits never meets
    an older one. The tree holds pfn + 1, as 0 is no item.
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
def change_map_count(header, buddy, change):
    """Count a mapping of the buddy in or out; the count after it (the owner's own 1 included)."""
    if buddy == FIRST:
        header.first_map_count += change
        return np.int64(header.first_map_count)
    header.last_map_count += change
    return np.int64(header.last_map_count)


# --- pools -------------------------------------------------------------------------------------


@kernel(inline=False)
def zbud_create_pool(zones, pages, blocks, pools, rows, nodes, number):
    """Start pool `number`, whose list heads and variant are set, with no page in it."""
    pool = pools[number]
    pool.created = 1
    for which in range(NR_POOL_LISTS):
        init_list_head(rows, BUDDY, pool_list(pool, which))
        init_list_head(rows, LRU, pool_list(pool, which))


@kernel
def init_zbud_page(pool, rows, pages, number, pfn):
    """Make a fresh frame a page of the pool, without buddies and on no list; its row."""
    row = header_row(pool, pfn)
    header = rows[row]
    header.first_handle = 0
    header.last_handle = 0
    header.first_map_count = 0
    header.last_map_count = 0
    header.first_chunks = 0
    header.last_chunks = 0
    header.under_reclaim = 0
    set_page_zbud(pages[pfn])
    pages[pfn].private = number
    return row


@kernel
def zbud_put_page(zones, pages, blocks, pfn):
    """Drop a reference of a zbud page; 1 if that gave it back to the page allocator."""
    return put_page(zones, pages, blocks, pfn)


@kernel
def zbud_alloc(zones, pages, blocks, pools, rows, nodes, number, size, migratetype):
    """A handle for `size` bytes in pool `number`; or -EINVAL, -ENOSPC (too large), -ENOMEM.

    migratetype: where a new page may come from (movable with the series, else unmovable).
    """
    if size <= 0:
        return -EINVAL
    if size > ZBUD_MAX_SIZE:
        return -ENOSPC
    pool = pools[number]
    chunks = size_to_chunks(size)
    row = find_hole(pool, rows, chunks)
    fresh = row < 0
    if fresh:
        pfn = alloc_pages(zones, pages, blocks, 0, migratetype)
        if pfn < 0:
            return pfn
        row = init_zbud_page(pool, rows, pages, number, pfn)
    pfn = row_pfn(pool, row)
    header = rows[row]
    buddy = LAST if header.first_chunks else FIRST
    handle = 0
    if pool.variant == ZBUD_SERIES:
        handle = new_handle(pool, nodes, header, pfn, buddy)
        if handle < 0:
            if fresh:
                zbud_put_page(zones, pages, blocks, pfn)
            return handle
        if not fresh:
            get_page(pages[pfn])
    if fresh:
        pool.pages_nr += 1
    else:
        list_del(rows, BUDDY, row)
        list_del(rows, LRU, row)
    if buddy == FIRST:
        header.first_chunks = chunks
    else:
        header.last_chunks = chunks
    add_to_home_list(pool, rows, row)
    list_add(rows, LRU, row, pool_list(pool, LRU_LIST))
    if pool.variant == ZBUD_SERIES:
        return handle
    return encode_handle(pfn, header, buddy)


@kernel
def clear_buddy(pool, nodes, header, buddy):
    """Forget a buddy: its chunks and, with the series, its handle."""
    if buddy == FIRST:
        handle = np.int64(header.first_handle)
        header.first_chunks = 0
        header.first_handle = 0
    else:
        handle = np.int64(header.last_handle)
        header.last_chunks = 0
        header.last_handle = 0
    if pool.variant == ZBUD_SERIES:
        radix_tree_delete(nodes, pool, handle)


@kernel
def free_buddy(zones, pages, blocks, pools, rows, nodes, number, pfn, buddy):
    """Take a buddy out of its page for good; an empty page leaves the pool."""
    pool = pools[number]
    row = header_row(pool, pfn)
    header = rows[row]
    clear_buddy(pool, nodes, header, buddy)
    if header.under_reclaim:
        return
    list_del(rows, BUDDY, row)
    if is_empty(header):
        list_del(rows, LRU, row)
        pool.pages_nr -= 1
    else:
        add_to_home_list(pool, rows, row)
    if pool.variant == ZBUD_SERIES or is_empty(header):
        zbud_put_page(zones, pages, blocks, pfn)


@kernel
def zbud_free(zones, pages, blocks, pools, rows, nodes, number, handle):
    """Give a handle back; 0, or -ENOENT for one that is gone (series).

    A buddy that is still mapped stays until it is unmapped (series).
    """
    pool = pools[number]
    pfn = handle_pfn(pool, nodes, handle)
    if pfn < 0:
        return -ENOENT
    header = rows[header_row(pool, pfn)]
    buddy = handle_buddy(pool, header, handle)
    if pool.variant == ZBUD_SERIES and change_map_count(header, buddy, -1) > 0:
        zbud_put_page(zones, pages, blocks, pfn)
    else:
        free_buddy(zones, pages, blocks, pools, rows, nodes, number, pfn, buddy)
    return 0


@kernel(inline=False)
def zbud_handle_exists(zones, pages, blocks, pools, rows, nodes, number, handle):
    """Whether pool `number` has a buddy with that handle: for callers who cannot be trusted."""
    pool = pools[number]
    if handle <= 0:
        return False
    if pool.variant != ZBUD_SERIES and handle >> NCHUNKS_ORDER >= zones[0].spanned_pages:
        return False
    pfn = handle_pfn(pool, nodes, handle)
    if pfn < 0 or not page_zbud(pages[pfn]) or pages[pfn].private != number:
        return False
    header = rows[header_row(pool, pfn)]
    if pool.variant == ZBUD_SERIES:
        return True
    if header.first_chunks != 0 and encode_handle(pfn, header, FIRST) == handle:
        return True
    return header.last_chunks != 0 and encode_handle(pfn, header, LAST) == handle


@kernel(inline=False)
def zbud_map(zones, pages, blocks, pools, rows, nodes, number, handle):
    """The chunk address of the handle's bytes, which stay there until unmapped; 0 = gone.

    Plain: the handle itself, and nothing is counted.
    """
    pool = pools[number]
    if pool.variant != ZBUD_SERIES:
        return handle
    pfn = handle_pfn(pool, nodes, handle)
    if pfn < 0:
        return 0
    header = rows[header_row(pool, pfn)]
    buddy = handle_buddy(pool, header, handle)
    get_page(pages[pfn])
    change_map_count(header, buddy, 1)
    return buddy_address(pfn, header, buddy)


@kernel(inline=False)
def zbud_unmap(zones, pages, blocks, pools, rows, nodes, number, handle):
    """End a mapping: 0; -ENOENT if the handle is gone; -EFAULT if this freed it for good."""
    pool = pools[number]
    if pool.variant != ZBUD_SERIES:
        return 0
    pfn = handle_pfn(pool, nodes, handle)
    if pfn < 0:
        return -ENOENT
    header = rows[header_row(pool, pfn)]
    buddy = handle_buddy(pool, header, handle)
    if change_map_count(header, buddy, -1) == 0:
        free_buddy(zones, pages, blocks, pools, rows, nodes, number, pfn, buddy)
        return -EFAULT
    zbud_put_page(zones, pages, blocks, pfn)
    return 0


# --- reclaim -----------------------------------------------------------------------------------


@kernel(inline=False)
def zbud_reclaim_begin(zones, pages, blocks, pools, rows, nodes, number, handles):
    """The least recently used page, made ready to be emptied; -EINVAL = the pool has none.

    handles: int64 (2,), gets the handles of the first and last buddy, 0 where there is none.
    """
    pool = pools[number]
    lru = pool_list(pool, LRU_LIST)
    if list_empty(rows, LRU, lru):
        return -EINVAL
    row = np.int64(rows[lru].prev[LRU])
    pfn = row_pfn(pool, row)
    header = rows[row]
    list_del(rows, LRU, row)
    if pool.variant == ZBUD_SERIES:
        list_add(rows, LRU, row, lru)
        get_page(pages[pfn])
        handles[0] = header.first_handle
        handles[1] = header.last_handle
        return pfn
    list_del(rows, BUDDY, row)
    header.under_reclaim = 1
    handles[0] = encode_handle(pfn, header, FIRST) if header.first_chunks else 0
    handles[1] = encode_handle(pfn, header, LAST) if header.last_chunks else 0
    return pfn


@kernel(inline=False)
def zbud_reclaim_end(zones, pages, blocks, pools, rows, nodes, number, pfn):
    """After its buddies were offered for eviction: 0 if the page is free now, else -EAGAIN."""
    pool = pools[number]
    if pool.variant == ZBUD_SERIES:
        return 0 if zbud_put_page(zones, pages, blocks, pfn) else -EAGAIN
    row = header_row(pool, pfn)
    header = rows[row]
    header.under_reclaim = 0
    if is_empty(header):
        pool.pages_nr -= 1
        zbud_put_page(zones, pages, blocks, pfn)
        return 0
    add_to_home_list(pool, rows, row)
    list_add(rows, LRU, row, pool_list(pool, LRU_LIST))
    return -EAGAIN


def zbud_reclaim_page(
    begin: Callable[[Any], int],
    evict: Callable[[int], int],
    end: Callable[[int], int],
    handles: Any,
    retries: int,
    variant: int,
) -> int:
    """Empty pages, oldest first, until one is free: 0; -EINVAL or -EAGAIN where none could be.

    Ordinary Python, as the eviction callback is its owner's: `begin` and `end` are the two
    halves above with their arrays bound, `evict(handle)` answers 0 when the object is gone. The
    last buddy is offered only when the first one left. A page that got half empty is no success.
    """
    for attempt in range(retries):
        pfn = begin(handles)
        if pfn < 0:
            return 0 if attempt and variant == ZBUD_SERIES else pfn
        for handle in [int(handle) for handle in handles if handle]:
            if evict(handle):
                break
        if end(pfn) == 0:
            return 0
    return -EAGAIN if retries else -EINVAL


# --- migration ---------------------------------------------------------------------------------


@kernel
def expected_references(header):
    """References a page has that only we hold: the isolation, and one per handle."""
    return 1 + (header.first_handle != 0) + (header.last_handle != 0)


@kernel
def move_handle(pool, nodes, pages, handle, new, old):
    """Point a handle at its new page; its reference goes along. -EINVAL if the tree differs."""
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(nodes, pool, handle)
    if slot < 0 or radix_tree_deref_slot(nodes, pool, slot) != old + 1:
        return -EINVAL
    radix_tree_replace_slot(nodes, pool, slot, new + 1)
    get_page(pages[new])
    pages[old].refcount -= 1
    return 0


@kernel
def zbud_migrate_page(zones, pages, blocks, pools, rows, nodes, frames, new, old):
    """Move zbud page `old` to the fresh frame `new`, handles, lists and all; 0.

    -EAGAIN if anybody but its handles and the one who isolated it holds a reference: he may be
    reading its bytes at their old place. The caller then drops his own reference of `old`, which
    frees it, and the first reference of `new`.
    """
    pool = pools[pages[old].private]
    old_row = header_row(pool, old)
    new_row = header_row(pool, new)
    header = rows[old_row]
    if page_count(pages[old]) != expected_references(header):
        return -EAGAIN
    set_page_zbud(pages[new])
    pages[new].mapping = pages[old].mapping
    pages[new].private = pages[old].private
    copy_row(frames, new, old)
    failed = move_handle(pool, nodes, pages, np.int64(header.first_handle), new, old)
    failed |= move_handle(pool, nodes, pages, np.int64(header.last_handle), new, old)
    list_replace(rows, LRU, old_row, new_row)
    list_replace(rows, BUDDY, old_row, new_row)
    header.first_handle = 0
    header.last_handle = 0
    header.first_map_count = 0
    header.last_map_count = 0
    header.first_chunks = 0
    header.last_chunks = 0
    return failed


# --- invariants --------------------------------------------------------------------------------

FAULTS = (
    "",
    "list {where} of a zbud pool is not linked both ways",
    "page frame {where} is on a zbud list and is no zbud page of that pool",
    "the buddies of page frame {where} do not fit a page, or it has none",
    "page frame {where} is not on the zbud list that its buddies call for",
    "page frame {where} has fewer references than handles and mappings",
    "a handle of page frame {where} leads elsewhere",
    "zbud pool {where} counts its pages wrong",
    "zbud pool {where} has not as many handles as buddies",
)


@kernel
def fault_in_zbud_page(pool, rows, nodes, pages, number, pfn):
    """What is wrong with a page of the pool; 0 = nothing."""
    page = pages[pfn]
    header = rows[header_row(pool, pfn)]
    if not page_zbud(page) or page.private != number:
        return 2
    if is_empty(header) or num_free_chunks(header) < 0:
        return 3
    if pool.variant != ZBUD_SERIES:
        return 0 if page.refcount >= 1 else 5
    if page.refcount < header.first_map_count + header.last_map_count:
        return 5
    first = header.first_handle
    last = header.last_handle
    if (first != 0) != (header.first_chunks != 0) or (last != 0) != (header.last_chunks != 0):
        return 6
    if first and radix_tree_lookup(nodes, pool, first) != pfn + 1:
        return 6
    if last and radix_tree_lookup(nodes, pool, last) != pfn + 1:
        return 6
    return 0


@kernel
def fault_in_pool(pools, rows, nodes, pages, number):
    """The first fault of one pool as (code, where)."""
    pool = pools[number]
    buddies = 0
    listed = 0
    for which in range(NCHUNKS):
        head = pool_list(pool, which)
        length = list_length(rows, BUDDY, head, pool.pages_nr)
        if length < 0:
            return 1, which
        listed += length
        row = np.int64(rows[head].next[BUDDY])
        while row != head:
            pfn = row_pfn(pool, row)
            code = fault_in_zbud_page(pool, rows, nodes, pages, number, pfn)
            if code:
                return code, pfn
            if home_list(rows[row]) != which:
                return 4, pfn
            buddies += (rows[row].first_chunks != 0) + (rows[row].last_chunks != 0)
            row = np.int64(rows[row].next[BUDDY])
    lru_length = list_length(rows, LRU, pool_list(pool, LRU_LIST), pool.pages_nr)
    if lru_length < 0:
        return 1, LRU_LIST
    if listed != pool.pages_nr or lru_length != pool.pages_nr:
        return 7, number
    if pool.variant == ZBUD_SERIES and buddies != pool.items:
        return 8, number
    return 0, 0


@kernel(inline=False)
def first_fault(zones, pages, blocks, pools, rows, nodes, number):
    """The first broken invariant of pool `number` as (index into FAULTS, where), or (0, 0)."""
    return fault_in_pool(pools, rows, nodes, pages, number)
