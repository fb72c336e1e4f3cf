"""Invariants of a zbud pool between operations.

Every page of a pool is on its home list and on the LRU, has a reference for each handle and each
mapping, and its handles lead back to it.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDY,
    FIRST,
    LAST,
    LRU,
    LRU_LIST,
    NCHUNKS,
    NCHUNKS_ORDER,
    NR_POOL_LISTS,
    POOL_LISTS_GAP,
    ZBUD_SERIES,
)
from zbudlab.mm import radix_tree
from zbudlab.mm.list_head import list_length
from zbudlab.mm.mem import Memory
from zbudlab.mm.page import page_zbud
from zbudlab.mm.radix_tree import radix_tree_lookup
from zbudlab.mm.zbud_header import (
    header_row,
    home_list,
    is_empty,
    num_free_chunks,
    pool_list,
    row_pfn,
)

FAULTS = (
    "",
    "list {where} of a zbud pool is not linked both ways",
    "page frame {where} is on a list of a zbud pool but is not a page of that pool",
    "page frame {where} has no buddy, or buddies larger than a page",
    "page frame {where} is on a zbud list that does not match its buddies",
    "page frame {where} has fewer references than handles and mappings",
    "a handle of page frame {where} leads to another page",
    "zbud pool {where} has a wrong page count",
    "zbud pool {where} has more or fewer handles than buddies",
    "page frame {where} counts mappings of a buddy that is not there, or none of one that is",
    "zbud pool {where} does not have its lists or its headers",
)


@kernel
def misplaced(mem, pool, number):
    """Return whether the pool's lists or its headers are not where `State` puts them."""
    if pool.row_shift < 0 or pool.row_shift > NCHUNKS_ORDER:
        return True
    headers = np.int64(mem.zones[0].spanned_pages) << pool.row_shift
    heads = headers + POOL_LISTS_GAP + number * NR_POOL_LISTS
    return pool.list_heads != heads or heads + NR_POOL_LISTS > mem.rows.shape[0]


@kernel
def fault_in_handles(mem, pool, header, pfn):
    """Return whether the handles of a page contradict its buddies or lead elsewhere."""
    first = header.first_handle
    last = header.last_handle
    if (first != 0) != (header.first_chunks != 0) or (last != 0) != (header.last_chunks != 0):
        return True
    if first == last or max(first, last) > pool.last_handle:
        return True
    if first and radix_tree_lookup(mem.nodes, pool, first) != pfn + 1:
        return True
    return last != 0 and radix_tree_lookup(mem.nodes, pool, last) != pfn + 1


@kernel
def fault_in_map_counts(header):
    """Return whether a buddy has no count, one that is not there has, or was freed.

    The owner counts as 1. A buddy that was freed while mapped stays until it is unmapped.
    """
    first = np.int64(header.first_chunks != 0)
    last = np.int64(header.last_chunks != 0)
    if np.int64(header.freed) & ~(first * FIRST | last * LAST):
        return True
    if header.first_map_count < 0 or header.last_map_count < 0:
        return True
    return (header.first_map_count > 0) != (first > 0) or (header.last_map_count > 0) != (last > 0)


@kernel
def fault_in_zbud_page(mem, pool, number, pfn):
    """Return what is wrong with a page of the pool, as an index into FAULTS; 0 = nothing."""
    if pfn >= mem.zones[0].spanned_pages:
        return 2
    page = mem.pages[pfn]
    header = mem.rows[header_row(pool, pfn)]
    if not page_zbud(page) or page.private != number:
        return 2
    if is_empty(header) or num_free_chunks(header) < 0:
        return 3
    if pool.variant != ZBUD_SERIES:
        return 0 if page.refcount >= 1 else 5
    if page.refcount < header.first_map_count + header.last_map_count:
        return 5
    if fault_in_handles(mem, pool, header, pfn):
        return 6
    return 9 if fault_in_map_counts(header) else 0


@kernel(inline=False)
def fault_in_pool(mem, number):
    """Return the first broken invariant of a pool: (index into FAULTS, where), or (0, 0)."""
    pool = mem.pools[number]
    if misplaced(mem, pool, number):
        return 10, number
    buddies = 0
    listed = 0
    for which in range(NCHUNKS):
        head = pool_list(pool, which)
        length = list_length(mem.rows, BUDDY, head, pool.pages_nr)
        if length < 0:
            return 1, which
        listed += length
        row = np.int64(mem.rows[head].next[BUDDY])
        while row != head:
            pfn = row_pfn(pool, row)
            code = fault_in_zbud_page(mem, pool, number, pfn)
            if code:
                return code, pfn
            if home_list(mem.rows[row]) != which or mem.rows[row].under_reclaim:
                return 4, pfn
            buddies += np.int64(mem.rows[row].first_chunks != 0)
            buddies += np.int64(mem.rows[row].last_chunks != 0)
            row = np.int64(mem.rows[row].next[BUDDY])
    lru_length = list_length(mem.rows, LRU, pool_list(pool, LRU_LIST), pool.pages_nr)
    if lru_length < 0:
        return 1, LRU_LIST
    if listed != pool.pages_nr or lru_length != pool.pages_nr:
        return 7, number
    if pool.variant == ZBUD_SERIES and buddies != pool.items:
        return 8, number
    return 0, 0


@kernel(inline=False)
def first_fault(mem, number):
    """Return the first broken invariant of pool `number`: (index into FAULTS, where), or (0, 0)."""
    return fault_in_pool(mem, number)


def faults(mem: Memory, number: int) -> Iterator[tuple[Any, tuple[int, int]]]:
    """Yield what is wrong with a pool and the tree of its handles: (module, (code, where))."""
    if mem.pools[number]["variant"] == ZBUD_SERIES:  # first: the pool's check looks up handles
        yield radix_tree, radix_tree.first_fault(mem.nodes, mem.pools[number])
    yield sys.modules[__name__], first_fault(mem, number)
