"""Invariants of the page allocator between operations.

Every frame is in one free block or in one block in use. Free blocks are on the list of their order
and type and merged as far as possible. Counters agree with the lists.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import LRU, MAX_ORDER, MIGRATE_CMA, MIGRATE_ISOLATE, MIGRATE_TYPES, PG_HEAD
from zbudlab.mm.list_head import list_length
from zbudlab.mm.page import page_buddy
from zbudlab.mm.page_alloc import free_list, get_pageblock_migratetype, is_free_block

FAULTS = (
    "",
    "the free list that starts at record {where} is not linked both ways",
    "page frame {where} is on a free list of another order or type than its own",
    "page frame {where} is on a free list and has references",
    "the number of free blocks of order {where} is not what its lists hold",
    "the number of free pages is not what the lists hold ({where})",
    "the number of free CMA pages is not what the lists hold ({where})",
    "page frame {where} is neither free nor in use",
    "page frame {where} is inside a free block and in use, or the head of another",
    "the free block at page frame {where} and its buddy are both free, and not merged",
    "page frame {where} is inside a block in use and the head of another",
    "the block at page frame {where} is larger than any, or reaches beyond memory",
)


@kernel
def fault_in_free_block(zone, pages, pfn, order, migratetype):
    """Return what is wrong with a block on the free list of that order and type; 0 = nothing."""
    page = pages[pfn]
    if not is_free_block(pages, pfn, order) or page.migratetype != migratetype:
        return 2
    if pfn & ((1 << order) - 1) or pfn + (1 << order) > zone.spanned_pages:
        return 2
    if page.refcount:
        return 3
    if order < MAX_ORDER - 1 and is_free_block(pages, pfn ^ (1 << order), order):
        return 9
    return 0


@kernel(inline=False)
def fault_in_free_lists(mem):
    """Return the first fault of the free lists and their counters: (code, where)."""
    zone = mem.zones[0]
    free = 0
    cma = 0
    for order in range(MAX_ORDER):
        nr_free = 0
        for migratetype in range(MIGRATE_TYPES):
            head = free_list(zone, order, migratetype)
            if list_length(mem.pages, LRU, head, zone.spanned_pages) < 0:
                return 1, head
            pfn = np.int64(mem.pages[head].next[LRU])
            while pfn != head:
                code = fault_in_free_block(zone, mem.pages, pfn, order, migratetype)
                if code:
                    return code, pfn
                nr_free += 1
                kind = get_pageblock_migratetype(zone, mem.blocks, pfn)
                free += (1 << order) * (kind != MIGRATE_ISOLATE)
                cma += (1 << order) * (kind == MIGRATE_CMA)
                pfn = np.int64(mem.pages[pfn].next[LRU])
        if nr_free != zone.nr_free[order]:
            return 4, order
    if free != zone.nr_free_pages:
        return 5, free
    if cma != zone.nr_free_cma:
        return 6, cma
    return 0, 0


@kernel
def fault_inside(page, free):
    """Return what is wrong with a frame that is inside a block; 0 = nothing.

    free: whether the block is free.
    """
    if free:
        return 8 if page.refcount or page_buddy(page) else 0
    return 10 if page_buddy(page) or page.page_flags & PG_HEAD else 0


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant of the allocator: (index into FAULTS, where), or (0, 0)."""
    spanned = mem.zones[0].spanned_pages
    code, where = fault_in_free_lists(mem)
    if code:
        return code, where
    end = 0  # of the block that contains the frame
    free = False
    for pfn in range(spanned):
        page = mem.pages[pfn]
        if pfn < end:
            code = fault_inside(page, free)
            if code:
                return code, pfn
            continue
        free = page_buddy(page)
        if not free and (page.page_flags & PG_HEAD == 0 or page.refcount < 1):
            return 7, pfn
        end = pfn + (1 << np.int64(page.order))
        if page.order >= MAX_ORDER or end > spanned:
            return 11, pfn
    return 0, 0
