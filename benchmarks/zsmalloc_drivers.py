"""The timed loops of zsmalloc, twins of those in benchmarks/reference/zsmalloc.c."""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE
from zbudlab.mm.migrate import migrate_pool_page
from zbudlab.mm.zsmalloc import zs_free, zs_malloc
from zbudlab.mm.zsmalloc_compact import zs_compact
from zbudlab.mm.zsmalloc_object import obj_pfn


@kernel(inline=False)
def churn(mem, handles, slots, sizes):
    """Free what slot slots[i] holds, if anything, and store sizes[i] bytes there, for every i.

    Return the sum of the new objects' places and the number of pages of the pool at the end.
    """
    total = np.int64(0)
    for i in range(slots.shape[0]):
        slot = slots[i]
        if handles[slot]:
            zs_free(mem, 0, handles[slot])
        handles[slot] = zs_malloc(mem, 0, np.int64(sizes[i]), MIGRATE_MOVABLE)
        total += mem.handles[handles[slot]]
    return total + mem.pools[0].pages_nr


@kernel(inline=False)
def release(mem, handles, slots):
    """Free the objects of slots, once each; return the number of pages of the pool at the end."""
    for i in range(slots.shape[0]):
        slot = slots[i]
        if handles[slot]:
            zs_free(mem, 0, handles[slot])
            handles[slot] = 0
    return mem.pools[0].pages_nr


@kernel(inline=False)
def migrate(mem, handles, slots):
    """Migrate the page in which the object of slot slots[i] starts, for every i.

    Return the sum of the frames left and the errnos.
    """
    total = np.int64(0)
    for i in range(slots.shape[0]):
        pfn = obj_pfn(mem.handles[handles[slots[i]]])
        total += pfn + migrate_pool_page(mem, pfn)
    return total


@kernel(inline=False)
def compact(mem, handles):
    """Compact the pool. Return the pages freed and the sum of the places of all objects."""
    total = zs_compact(mem, 0)
    for slot in range(handles.shape[0]):
        if handles[slot]:
            total += mem.handles[handles[slot]]
    return total
