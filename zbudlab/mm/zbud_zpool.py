"""zbud behind `zbudlab.mm.zpool`: addresses in bytes, and questions about pages.

The operations of zbud are in `zbudlab.mm.zbud`; this module adapts the rest.

Source: mm/zbud.c, zbud_zpool_map and the other functions of zbud_zpool_driver (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel, prefetch_row
from zbudlab.layout import (
    BUDDY,
    CHUNK_SHIFT,
    LRU,
    NCHUNKS,
    NCHUNKS_ORDER,
    ZBUD_SERIES,
    ZHDR_CHUNKS,
)
from zbudlab.mm.page import page_zbud
from zbudlab.mm.zbud import zbud_map
from zbudlab.mm.zbud_header import buddy_address, handle_buddy, handle_pfn, header_row
from zbudlab.mm.zbud_migrate import expected_references

# --- objects -----------------------------------------------------------------------------------


@kernel
def zbud_map_bytes(mem, number, handle):
    """Map an object and return the address of its first byte; -1 if the handle is gone."""
    chunk = zbud_map(mem, number, handle)
    return chunk << CHUNK_SHIFT if chunk else -1


@kernel
def zbud_object_address(mem, number, handle):
    """Return the address of an object's first byte without mapping it; -1 = no such object."""
    pool = mem.pools[number]
    pfn = handle_pfn(pool, mem.nodes, handle)
    if pfn < 0 or not page_zbud(mem.pages[pfn]) or mem.pages[pfn].private != number:
        return -1
    if pool.variant != ZBUD_SERIES:
        return handle << CHUNK_SHIFT
    header = mem.rows[header_row(pool, pfn)]
    return buddy_address(pfn, header, handle_buddy(pool, header, handle)) << CHUNK_SHIFT


@kernel
def is_first_buddy(address):
    """Return whether the object at a byte address is the first buddy of its page."""
    return (address >> CHUNK_SHIFT) & (NCHUNKS - 1) == ZHDR_CHUNKS


@kernel
def zbud_write_word(mem, number, address, word):
    """Keep the owner's word for the object at `address` in the header (no page bytes)."""
    pfn = address >> (CHUNK_SHIFT + NCHUNKS_ORDER)
    header = mem.rows[header_row(mem.pools[number], pfn)]
    if is_first_buddy(address):
        header.first_swpentry = word
    else:
        header.last_swpentry = word


@kernel
def zbud_read_word(mem, number, address):
    """Return what `zbud_write_word` kept for the object at `address`."""
    pfn = address >> (CHUNK_SHIFT + NCHUNKS_ORDER)
    header = mem.rows[header_row(mem.pools[number], pfn)]
    if is_first_buddy(address):
        return np.int64(header.first_swpentry)
    return np.int64(header.last_swpentry)


# --- pages -------------------------------------------------------------------------------------


@kernel
def zbud_page_is_full(mem, number, pfn):
    """Return whether the page holds two buddies."""
    header = mem.rows[header_row(mem.pools[number], pfn)]
    return header.first_chunks > 0 and header.last_chunks > 0


@kernel
def zbud_page_references(mem, number, pfn):
    """Return the references that zbud itself has on a page: one per handle; plain: one."""
    pool = mem.pools[number]
    if pool.variant != ZBUD_SERIES:
        return 1
    return expected_references(mem.rows[header_row(pool, pfn)]) - 1


@kernel
def zbud_prefetch_header(mem, pfn):
    """Prefetch the header of a page, which may have any owner; nothing for the head of a list.

    In WebAssembly this is a load, which must not leave the array.
    """
    row = header_row(mem.pools[0], pfn)
    if row < mem.rows.shape[0]:
        prefetch_row(mem.rows, row)


@kernel
def zbud_prefetch_neighbours(mem, pfn):
    """Prefetch the headers next to a page's header on both lists, if it is a zbud page."""
    if page_zbud(mem.pages[pfn]):
        header = mem.rows[header_row(mem.pools[0], pfn)]
        prefetch_row(mem.rows, np.int64(header.next[LRU]))
        prefetch_row(mem.rows, np.int64(header.prev[LRU]))
        prefetch_row(mem.rows, np.int64(header.next[BUDDY]))
        prefetch_row(mem.rows, np.int64(header.prev[BUDDY]))
