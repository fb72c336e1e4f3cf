"""The loops that are timed: operations of the engine, many times, without Python in between.

Each is the twin of a loop in benchmarks/reference/reference.c and returns the same sum.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, MR_COMPACTION, ZBUD_SERIES
from zbudlab.mm.compaction import WHOLE_ZONE, compact_zone, init_compact_control, rescan
from zbudlab.mm.migrate import migrate_pool_page
from zbudlab.mm.page import copy_highpages
from zbudlab.mm.page_alloc import alloc_pages, put_page, put_pages
from zbudlab.mm.radix_tree import (
    radix_tree_delete,
    radix_tree_insert,
    radix_tree_lookup,
    radix_tree_lookup_batch,
)
from zbudlab.mm.zbud import zbud_alloc, zbud_free
from zbudlab.mm.zbud_header import handle_pfn

SINGLE, COMPANION = 2100, 1500  #: bytes of the objects that `scatter` leaves


@kernel(inline=False)
def copy_pages(frames, new, old):
    """Copy page frame old[i] over new[i] for every i; return the first byte of the last copy."""
    copy_highpages(frames, new, old)
    return np.int64(np.int8(frames[new[new.shape[0] - 1], 0]))


@kernel(inline=False)
def radix_insert(nodes, roots, keys):
    """Insert every key with the item key + 1; return the sum of the errnos."""
    failed = 0
    for i in range(keys.shape[0]):
        failed += radix_tree_insert(nodes, roots[0], keys[i], keys[i] + 1)
    return failed


@kernel(inline=False)
def radix_lookup(nodes, roots, keys):
    """Look up every key; return the sum of the items."""
    total = 0
    for i in range(keys.shape[0]):
        total += radix_tree_lookup(nodes, roots[0], keys[i])
    return total


@kernel(inline=False)
def radix_lookup_batch(nodes, roots, keys, items):
    """Look up all keys in one call, with the answers in `items`; return their sum."""
    radix_tree_lookup_batch(nodes, roots[0], keys, items)
    total = 0
    for i in range(items.shape[0]):
        total += items[i]
    return total


@kernel(inline=False)
def radix_delete(nodes, roots, keys):
    """Delete every key; return the sum of the items."""
    total = 0
    for i in range(keys.shape[0]):
        total += radix_tree_delete(nodes, roots[0], keys[i])
    return total


@kernel(inline=False)
def churn(mem, handles, slots, sizes):
    """Free what slot slots[i] holds, if anything, and store sizes[i] bytes there, for every i.

    Return the sum of the new handles and the number of pages of the pool at the end.
    """
    migratetype = MIGRATE_UNMOVABLE
    if mem.pools[0].variant == ZBUD_SERIES:
        migratetype = MIGRATE_MOVABLE
    total = 0
    for i in range(slots.shape[0]):
        slot = slots[i]
        if handles[slot]:
            zbud_free(mem, 0, handles[slot])
        size = np.int64(sizes[i])
        handles[slot] = zbud_alloc(mem, 0, size, migratetype)
        total += handles[slot]
    return total + mem.pools[0].pages_nr


@kernel(inline=False)
def migrate(mem, handles, slots):
    """Migrate the page of every handle handles[slots[i]]; return old pages and errnos, summed."""
    total = 0
    for i in range(slots.shape[0]):
        pfn = handle_pfn(mem.pools[0], mem.nodes, handles[slots[i]])
        total += pfn
        total += migrate_pool_page(mem, pfn)
    return total


@kernel(inline=False)
def buddy_churn(mem, held, held_orders, slots, orders, types):
    """Free the block of slot slots[i], if any, and allocate one there, for every i.

    Return the sum of the new blocks, or errnos. held, held_orders: the caller's blocks by slot.
    """
    total = 0
    for i in range(slots.shape[0]):
        slot = slots[i]
        if held[slot] >= 0:
            put_pages(mem, held[slot], np.int64(held_orders[slot]))
        order, migratetype = np.int64(orders[i]), np.int64(types[i])
        held[slot] = alloc_pages(mem, order, migratetype)
        held_orders[slot] = order
        total += held[slot]
    return total


@kernel(inline=False)
def allocate_all(mem):
    """Allocate single frames until none is free; return their sum."""
    total = 0
    while True:
        pfn = alloc_pages(mem, 0, MIGRATE_MOVABLE)
        if pfn < 0:
            return total
        total += pfn


@kernel(inline=False)
def free_all(mem, order):
    """Free every frame in the order given; return the number of free pages."""
    for i in range(order.shape[0]):
        put_page(mem, order[i])
    return mem.zones[0].nr_free_pages


@kernel(inline=False)
def scatter(mem, handles, order, count):
    """Free all objects, then leave zbud pages in the frames order[:count] and all others free.

    Every page gets an object that fills more than half of it, every second one a companion. Return
    a weighted sum of the page frames of the old objects.
    """
    total = 0
    for i in range(handles.shape[0]):
        if handles[i]:
            total += handle_pfn(mem.pools[0], mem.nodes, handles[i]) * (i & 0xFF)
            zbud_free(mem, 0, handles[i])
    while alloc_pages(mem, 0, MIGRATE_MOVABLE) >= 0:
        pass
    for i in range(count):
        put_page(mem, order[i])
    for i in range(handles.shape[0]):
        size = SINGLE if i < count else COMPANION
        handles[i] = zbud_alloc(mem, 0, size, MIGRATE_MOVABLE)
    for i in range(count, order.shape[0]):
        put_page(mem, order[i])
    return total


@kernel(inline=False)
def compact(mem, moves, control):
    """Compact the whole zone, without hints; return the pages moved."""
    rescan(mem)
    init_compact_control(control, MR_COMPACTION, WHOLE_ZONE, MIGRATE_MOVABLE, 1, 0)
    compact_zone(mem, moves, control)
    return control[0].migrated
