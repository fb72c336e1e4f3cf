"""The loops that are timed: the engine's own operations, many times, without Python between.

Each is the twin of a loop in benchmarks/reference/reference.c and answers with the same sum.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, ZBUD_SERIES
from zbudlab.mm.migrate import migrate_zbud_page
from zbudlab.mm.page import copy_highpages
from zbudlab.mm.radix_tree import radix_tree_delete, radix_tree_insert, radix_tree_lookup
from zbudlab.mm.zbud import zbud_alloc, zbud_free
from zbudlab.mm.zbud_header import handle_pfn


@kernel(inline=False)
def copy_pages(frames, new, old):
    """Copy page frame old[i] over new[i] for every i; the first byte of the last copy."""
    copy_highpages(frames, new, old)
    return np.int64(np.int8(frames[new[new.shape[0] - 1], 0]))


@kernel(inline=False)
def radix_insert(nodes, roots, keys):
    """Insert every key with the item key + 1; the sum of the errnos."""
    failed = 0
    for i in range(keys.shape[0]):
        failed += radix_tree_insert(nodes, roots[0], keys[i], keys[i] + 1)
    return failed


@kernel(inline=False)
def radix_lookup(nodes, roots, keys):
    """Look up every key; the sum of the items."""
    total = 0
    for i in range(keys.shape[0]):
        total += radix_tree_lookup(nodes, roots[0], keys[i])
    return total


@kernel(inline=False)
def radix_delete(nodes, roots, keys):
    """Delete every key; the sum of the items."""
    total = 0
    for i in range(keys.shape[0]):
        total += radix_tree_delete(nodes, roots[0], keys[i])
    return total


@kernel(inline=False)
def churn(zones, pages, blocks, pools, rows, nodes, handles, slots, sizes):
    """Free what slot slots[i] holds, if anything, and store sizes[i] bytes there, for every i.

    The sum of the new handles and of the pool's pages at the end.
    """
    migratetype = MIGRATE_UNMOVABLE
    if pools[0].variant == ZBUD_SERIES:
        migratetype = MIGRATE_MOVABLE
    total = 0
    for i in range(slots.shape[0]):
        slot = slots[i]
        if handles[slot]:
            zbud_free(zones, pages, blocks, pools, rows, nodes, 0, handles[slot])
        size = np.int64(sizes[i])
        handles[slot] = zbud_alloc(zones, pages, blocks, pools, rows, nodes, 0, size, migratetype)
        total += handles[slot]
    return total + pools[0].pages_nr


@kernel(inline=False)
def migrate(zones, pages, blocks, pools, rows, nodes, frames, handles, slots):
    """Migrate the page of every handle handles[slots[i]]; the sum of old pages and errnos."""
    total = 0
    for i in range(slots.shape[0]):
        pfn = handle_pfn(pools[0], nodes, handles[slots[i]])
        total += pfn
        total += migrate_zbud_page(zones, pages, blocks, pools, rows, nodes, frames, pfn)
    return total
