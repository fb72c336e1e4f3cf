"""Operations of `machine.operations`, each in one compiled call, for hosts without Python.

Natively these would be compiled a second time, so machines keep to their operations; random scripts
in `tests/driver/test_calls.py` check that both agree.
"""

import numpy as np

from zbudlab.driver.reclaim import discard_marks, reclaim_begin, reclaim_run
from zbudlab.jit import kernel
from zbudlab.layout import EBUSY, ENOMEM, STOP_DONE
from zbudlab.mm.cma import (
    after_busy,
    alloc_contig_range,
    cma_mark,
    cma_reserve,
    free_contig_range,
)
from zbudlab.mm.compaction import compact_zone_order
from zbudlab.mm.memory import exit_mmap
from zbudlab.mm.page_alloc import alloc_pages
from zbudlab.mm.swapfile import swap_free
from zbudlab.mm.vmscan import SWAP_CLUSTER_MAX


@kernel(inline=False)
def create_process(mem, process, start, size):
    """Start a process with an unused number; its `size` page table entries begin at `start`."""
    record = mem.processes[process]
    record["start"] = start
    record["nr_pages"] = size
    record["rss"] = 0
    record["swapents"] = 0


@kernel(inline=False)
def exit_process(mem, work, process, slots):
    """End a process, and free its pages and swap slots. Return how many slots it had.

    slots: int64, room for every page of the process.
    """
    count = exit_mmap(mem, process, slots)
    first = 0
    while first < count:
        end = min(first + SWAP_CLUSTER_MAX, count)
        discard_marks(mem, work.freed, swap_free(mem, slots[first:end], work.freed))
        first = end
    return np.int64(count)


@kernel(inline=False)
def alloc_pages_slowpath(mem, work, moves, control, order, migratetype):
    """Allocate a block; compact or reclaim for it, first lightly, then fully.

    Return its first frame, or -ENOMEM, also if reclaim needs its host. work.where[0] receives how
    many pages moved.
    Source: mm/page_alloc.c, __alloc_pages_slowpath (v3.12).
    """
    pfn = np.int64(alloc_pages(mem, order, migratetype))
    moved = np.int64(0)
    for synchronous in range(2):
        if pfn >= 0:
            break
        if order:
            compact_zone_order(mem, moves, control, order, migratetype, synchronous)
            moved += np.int64(control[0]["migrated"])
        else:
            reclaim_begin(work, 1)
            if reclaim_run(mem, work) != STOP_DONE:
                return np.int64(-ENOMEM)
        pfn = np.int64(alloc_pages(mem, order, migratetype))
    work.where[0] = moved
    return pfn


@kernel(inline=False)
def cma_alloc(mem, area, bitmap, moves, control, count, align):
    """Allocate `count` pages of the CMA area, aligned to 2^align. Return the first frame.

    A negative errno if that fails. The machine has no swap, so nothing is reclaimed for it. area:
    one layout.cma_area. bitmap: uint8, a byte for each bit.
    Source: mm/cma.c, cma_alloc (v6.6).
    """
    start = np.int64(area[0]["base_pfn"])
    failed = np.int64(-ENOMEM)
    while True:
        pfn = np.int64(cma_reserve(area, bitmap, start, count, align))
        if pfn < 0:
            return failed
        failed = np.int64(alloc_contig_range(mem, moves, control, pfn, pfn + count))
        if failed == 0:
            return pfn
        cma_mark(area, bitmap, pfn, count, 0)
        if failed != -EBUSY:
            return failed
        start = np.int64(after_busy(area, pfn, align))


@kernel(inline=False)
def cma_release(mem, area, bitmap, pfn, count):
    """Free `count` pages that `cma_alloc` allocated at frame `pfn`. Return 0.

    Source: mm/cma.c, cma_release (v6.6).
    """
    free_contig_range(mem, pfn, pfn + count)
    cma_mark(area, bitmap, pfn, count, 0)
    return np.int64(0)
