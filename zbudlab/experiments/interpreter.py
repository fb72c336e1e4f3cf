"""Run scripts in compiled code: one call for many machines, each with its own script.

The driver (`zbudlab.driver.log`) also runs operations from arrays. This remains a second path,
because a script names what an earlier row of it allocated, which a log of frames and handles
cannot, and because many machines run in one call without a host, so a sweep need not compile
swapping. `tests/experiments/test_interpreter.py` holds the two equal, byte by byte.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.experiments.script import (
    ALLOC_PAGES,
    ASK,
    CREATE_PROCESS,
    EXIT,
    FREE,
    FREE_PAGES,
    MOVABLE,
    PIN,
    RESCAN,
    TOUCH,
    UNPIN,
    ZBUD_ALLOC,
    ZBUD_FREE,
    ZBUD_MAP,
    ZBUD_UNMAP,
)
from zbudlab.jit import copy_row, kernel
from zbudlab.layout import EINVAL, ENOENT, ENOMEM, MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, ZBUD_PLAIN
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm.compaction import compact_zone_order, rescan
from zbudlab.mm.memory import exit_mmap, handle_mm_fault
from zbudlab.mm.page import get_page, page_count
from zbudlab.mm.page_alloc import alloc_pages, put_page
from zbudlab.mm.radix_tree import radix_tree_preload
from zbudlab.mm.zbud import zbud_alloc, zbud_free, zbud_handle_exists, zbud_map, zbud_unmap


class Room(NamedTuple):
    """Arrays that operations need while they run.

    moves, control: for compaction. taken: int64 (frames,), blocks held for a moment. born: int64
    (1,), the number of processes created so far.
    """

    moves: NDArray
    control: NDArray
    taken: NDArray[np.int64]
    born: NDArray[np.int64]


@kernel
def _create_process(mem, room, pages):
    """Create a process, its page table entries after those of the one before; return its number."""
    number = room.born[0]
    start = np.int64(0)
    if number:
        start = mem.processes[number - 1].start + mem.processes[number - 1].nr_pages
    process = mem.processes[number]
    process.start = start
    process.nr_pages = pages
    room.born[0] = number + 1
    return number


@kernel
def _zbud_alloc(mem, size):
    """Allocate an object in the lab pool; return its handle, or a negative errno."""
    if not radix_tree_preload(mem.nodes, 1):
        return -ENOMEM
    migratetype = MIGRATE_MOVABLE if mem.zones[0].zpool_movable else MIGRATE_UNMOVABLE
    return zbud_alloc(mem, LAB_POOL, size, migratetype)


@kernel
def _ask(mem, taken, order):
    """Return how many blocks of an order are available: allocate all, then free them again."""
    count = 0
    while True:
        pfn = alloc_pages(mem, order, MIGRATE_MOVABLE)
        if pfn < 0:
            break
        taken[count] = pfn
        count += 1
    for i in range(count):
        put_page(mem, taken[i])
    return count


@kernel
def _pin(mem, pfn):
    """Take a reference to a frame in use; return the frame, or -EINVAL if it is not in use."""
    if pfn >= mem.zones[0].spanned_pages or page_count(mem.pages[pfn]) <= 0:
        return -EINVAL
    get_page(mem.pages[pfn])
    return pfn


@kernel
def _zbud_map(mem, handle):
    """Map an object of the lab pool; return its handle, or -ENOENT if it is gone."""
    if handle <= 0 or not zbud_handle_exists(mem, LAB_POOL, handle):
        return -ENOENT
    zbud_map(mem, LAB_POOL, handle)
    return handle


@kernel
def _give_back(mem, operation, done):
    """Undo an earlier row, whose result was `done`: free, unpin or unmap."""
    if done < 0 or (done == 0 and operation in (ZBUD_FREE, ZBUD_UNMAP)):
        return np.int64(-EINVAL)
    if operation in (FREE_PAGES, UNPIN):
        put_page(mem, done)
        return np.int64(0)
    if operation == ZBUD_FREE:
        return np.int64(zbud_free(mem, LAB_POOL, done))
    zbud_unmap(mem, LAB_POOL, done)
    return np.int64(0)


@kernel
def _on_processes(mem, room, operation, a, b):
    """Do an operation on processes; `a` is the process, or the pages of a new one."""
    if operation == CREATE_PROCESS:
        return _create_process(mem, room, a)
    if operation == TOUCH:
        place = mem.processes[a].start + b
        return np.int64(handle_mm_fault(mem, a, place, 1))
    exit_mmap(mem, a, room.taken)
    return np.int64(0)


@kernel
def _on_zone(mem, room, operation, a, b):
    """Do an operation on the zone as a whole."""
    if operation == ASK:
        return np.int64(_ask(mem, room.taken, a))
    if operation == FREE:
        return np.int64(mem.zones[0].nr_free_pages)
    if operation == RESCAN:
        rescan(mem)
        return np.int64(0)
    if operation == MOVABLE:
        if mem.pools[LAB_POOL].variant == ZBUD_PLAIN and a:
            return np.int64(-EINVAL)
        mem.zones[0].zpool_movable = a
        return np.int64(0)
    compact_zone_order(mem, room.moves, room.control, a, MIGRATE_MOVABLE, b)
    return np.int64(room.control[0]["migrated"])  # this form works uncompiled, too


@kernel
def _do(mem, room, operation, a, b):
    """Run any operation that names no earlier row; return its result."""
    if operation == ALLOC_PAGES:
        return np.int64(alloc_pages(mem, a, b))
    if operation == ZBUD_ALLOC:
        return np.int64(_zbud_alloc(mem, a))
    if operation == PIN:
        return np.int64(_pin(mem, a))
    if operation in (CREATE_PROCESS, TOUCH, EXIT):
        return np.int64(_on_processes(mem, room, operation, a, b))
    return _on_zone(mem, room, operation, a, b)


@kernel(inline=False)
def run_rows(mem, room, scripts, first, row, last, results):
    """Run the rows from `row` up to `last` (not included) of a script that starts at row `first`.

    The machine continues from its present state. room.born must be the number of its processes.
    """
    while row < last:
        operation, a, b = scripts[row, 0], scripts[row, 1], scripts[row, 2]
        if operation in (FREE_PAGES, ZBUD_FREE, UNPIN, ZBUD_UNMAP):
            results[row] = _give_back(mem, operation, results[first + a])
        elif operation == ZBUD_MAP:
            results[row] = _zbud_map(mem, results[first + a])
        else:
            results[row] = _do(mem, room, operation, a, b)
        row += 1


@kernel(inline=False)
def run_scripts(mem, room, image, scripts, ends, results):
    """Run each script on its own machine.

    image: uint8 (2, bytes), the arrays of the live machine and those of a booted one. scripts:
    int64 (all rows, 3). ends: the row after the last one of each script. results: int64 (all
    rows,), written.
    """
    first = 0
    for machine in range(ends.shape[0]):
        copy_row(image, 0, 1)
        room.born[0] = 0
        run_rows(mem, room, scripts, first, first, ends[machine], results)
        first = ends[machine]
