"""Invariants of a z3fold pool between operations.

Every page is where its objects and flags put it, has a reference for each object and for queued
work, and the handles of its objects lead to them.
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDY,
    LRU,
    NCHUNKS,
    OBJ_INDEX_BITS,
    OBJ_INDEX_MASK,
    WORK,
    Z3FOLD_CLAIMED,
    Z3FOLD_COUNT_MASK,
    Z3FOLD_FIRST,
    Z3FOLD_FOREIGN,
    Z3FOLD_HDR_CHUNKS,
    Z3FOLD_HEADLESS,
    Z3FOLD_ISOLATED,
    Z3FOLD_LAST,
    Z3FOLD_MIDDLE,
    Z3FOLD_NEEDS_COMPACTING,
    Z3FOLD_NO_LIST,
    Z3FOLD_NR_LISTS,
    Z3FOLD_PAGE_HEADLESS,
    Z3FOLD_STALE,
    Z3FOLD_STALE_LIST,
)
from zbudlab.mm.list_head import list_length
from zbudlab.mm.mem import Memory
from zbudlab.mm.page import page_z3fold
from zbudlab.mm.z3fold_page import count_objects, z3fold_num_free_chunks

FAULTS = (
    "",
    "list {where} of a pool of z3fold is not linked both ways",
    "page frame {where} has a record of z3fold but is not a page of its pool",
    "objects of page frame {where} overlap or reach into its header",
    "page frame {where} is on a list of z3fold that does not match its free chunks",
    "page frame {where} has other references than objects and queued work",
    "a handle of page frame {where} leads elsewhere",
    "page frame {where} counts its foreign objects or its mappings wrong",
    "pool {where} of z3fold has a wrong page count",
    "pool {where} of z3fold has other pages waiting for work than are marked so",
    "page frame {where} has no reference",
    "page frame {where} has a flag of z3fold that does not exist",
    "pool {where} of z3fold does not have its lists or its records",
    "page frame {where} is on a list of z3fold by one of its two links only",
)


@kernel
def objects_overlap(header):
    """Return whether objects of a page overlap, or reach beyond it or into its header."""
    start = np.int64(header.start_middle)
    middle = np.int64(header.chunks[Z3FOLD_MIDDLE])
    if header.chunks[Z3FOLD_HEADLESS]:
        return True
    first_end = Z3FOLD_HDR_CHUNKS + np.int64(header.chunks[Z3FOLD_FIRST])
    last_start = NCHUNKS - np.int64(header.chunks[Z3FOLD_LAST])
    if middle:
        return start < first_end or start + middle > last_start
    return first_end > last_start


@kernel
def fault_in_handles(mem, header):
    """Return what is wrong with the handles of a page, as an index into FAULTS; 0 = nothing."""
    foreign = np.int64(0)
    headless = header.page_state & Z3FOLD_PAGE_HEADLESS != 0
    for buddy in range(Z3FOLD_LAST + 1):
        handle = header.handles[buddy]
        there = headless if buddy == Z3FOLD_HEADLESS else header.chunks[buddy] != 0
        if there != (handle != 0):
            return 6
        if not there:
            continue
        if handle < 0 or handle >= mem.handles.shape[0]:
            return 6
        place = mem.handles[handle]
        index = place & OBJ_INDEX_MASK
        if place >> OBJ_INDEX_BITS != header.pfn or index & ~Z3FOLD_FOREIGN != buddy:
            return 6
        foreign += index & Z3FOLD_FOREIGN != 0
    if foreign != header.foreign_handles:
        return 7
    seen = 0 if headless else np.int64(header.mappings) & Z3FOLD_COUNT_MASK
    return 0 if seen == header.mapped_count else 7


@kernel
def fault_in_references(header):
    """Return whether a page has other references than it should."""
    flags = np.int64(header.page_state)
    wanted = np.int64(flags & Z3FOLD_NEEDS_COMPACTING != 0) + (flags & Z3FOLD_ISOLATED != 0)
    if flags & Z3FOLD_PAGE_HEADLESS:
        wanted += 1
    else:
        wanted += count_objects(header)
    return header.refcount != wanted


@kernel
def fault_in_z3fold_page(mem, number, record):
    """Return what is wrong with a page of the pool, as an index into FAULTS; 0 = nothing."""
    header = mem.z3folds[record]
    if header.pfn >= mem.zones[0].spanned_pages:
        return 2
    page = mem.pages[header.pfn]
    if not page_z3fold(page) or page.private != number or page.index != record:
        return 2
    if page.refcount < 1:
        return 10
    for link in range(WORK + 1):
        if (header.next[link] == record) != (header.prev[link] == record):
            return 13
    if header.page_state >= Z3FOLD_ISOLATED << 1 or header.listed > 1:
        return 11
    if objects_overlap(header):
        return 3
    if fault_in_references(header):
        return 5
    return 0 if header.page_state & Z3FOLD_STALE else fault_in_handles(mem, header)


@kernel
def should_be_listed(header):
    """Return whether a page that waits for nothing is on a list by free chunks."""
    out = Z3FOLD_PAGE_HEADLESS | Z3FOLD_STALE | Z3FOLD_CLAIMED | Z3FOLD_NEEDS_COMPACTING
    return header.page_state & out == 0 and count_objects(header) < Z3FOLD_LAST


@kernel
def fault_in_lists(mem, pool):
    """Return a fault of the lists by free chunks: (index into FAULTS, where), or (0, 0).

    A page that waits for work is still where it was before the free.
    """
    most = mem.z3folds.shape[0]
    for which in range(Z3FOLD_NO_LIST + 1):
        head = pool.z3fold_heads + which
        if list_length(mem.z3folds, BUDDY, head, most) < 0:
            return 1, which
        record = np.int64(mem.z3folds[head].next[BUDDY])
        while record != head:
            header = mem.z3folds[record]
            waits = header.page_state & Z3FOLD_NEEDS_COMPACTING
            if not waits and z3fold_num_free_chunks(header) != which:
                return 4, np.int64(header.pfn)
            record = np.int64(header.next[BUDDY])
    return 0, 0


@kernel(inline=False)
def fault_in_records(mem, number):
    """Return a fault of the pool's pages: (index into FAULTS, where), or (0, 0)."""
    pages = np.int64(0)
    waiting = np.int64(0)
    stale = np.int64(0)
    isolated = np.int64(0)
    for record in range(1, mem.arenas[0].unused_z3fold):
        header = mem.z3folds[record]
        if header.owner != number + 1:
            continue
        code = fault_in_z3fold_page(mem, number, record)
        if code == 0 and should_be_listed(header) and header.next[BUDDY] == record:
            code = 4
        if code:
            return code, np.int64(header.pfn)
        stale += header.page_state & Z3FOLD_STALE != 0
        pages += header.page_state & Z3FOLD_STALE == 0
        waiting += header.page_state & Z3FOLD_NEEDS_COMPACTING != 0
        isolated += header.page_state & Z3FOLD_ISOLATED != 0
    heads = mem.pools[number].z3fold_heads
    most = mem.z3folds.shape[0]
    on_lru = list_length(mem.z3folds, LRU, heads, most)
    if pages != mem.pools[number].pages_nr or on_lru != pages - isolated:
        return 8, number
    released = list_length(mem.z3folds, BUDDY, heads + Z3FOLD_STALE_LIST, most)
    if list_length(mem.z3folds, WORK, heads, most) != waiting or released != stale:
        return 9, number
    return 0, 0


@kernel
def misplaced(mem, pool):
    """Return whether the pool's lists or its records would be outside their table."""
    records = mem.z3folds.shape[0]
    heads = pool.z3fold_heads
    return heads < 1 or heads > records - Z3FOLD_NR_LISTS or mem.arenas[0].unused_z3fold > records


@kernel(inline=False)
def first_fault(mem, number):
    """Return the first broken invariant of pool `number`: (index into FAULTS, where), or (0, 0)."""
    if misplaced(mem, mem.pools[number]):
        return 12, number
    code, where = fault_in_lists(mem, mem.pools[number])
    if code:
        return code, where
    return fault_in_records(mem, number)


def faults(mem: Memory, number: int) -> Iterator[tuple[Any, tuple[int, int]]]:
    """Yield what is wrong with a pool: (module, (code, where))."""
    yield sys.modules[__name__], first_fault(mem, number)
