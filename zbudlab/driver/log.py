"""Operations of a log in compiled code, one after another, from arrays.

An operation that needs the host, by its name, its arguments or the state of the machine, changes
nothing here: the host runs it and goes on with the next. So the driver needs to know only the
common operations.
"""

import numpy as np

from zbudlab.driver.faults import faults_run
from zbudlab.jit import kernel
from zbudlab.layout import (
    ACCESS_LENGTHS,
    ACCESS_TOUCH,
    ENOENT,
    ENOMEM,
    LAB_POOL,
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_RESERVE,
    MIGRATE_UNMOVABLE,
    PAGE_SIZE,
    PHASE_FAULTS,
    RUN_ALLOC_PAGES,
    RUN_FREE_PAGES,
    RUN_TOUCH,
    RUN_WRITE_LENGTHS,
    RUN_ZBUD_ALLOC,
    RUN_ZBUD_FREE,
    RUN_ZBUD_MAP,
    RUN_ZBUD_UNMAP,
    STOP_DIFFERS,
    STOP_DONE,
    STOP_MEMORY,
    STOP_OPERATION,
    TOO_LONG,
)
from zbudlab.mm.page import page_count
from zbudlab.mm.page_alloc import alloc_pages, put_page
from zbudlab.mm.radix_tree import radix_tree_preload
from zbudlab.mm.zbud import zbud_alloc, zbud_free, zbud_handle_exists, zbud_map, zbud_unmap


@kernel
def leave_to_host(now):
    """Stop: the host runs the operation. The answer returned means nothing."""
    now["stop"] = STOP_OPERATION
    return np.int64(0)


# --- blocks ------------------------------------------------------------------------------------


@kernel
def alloc_block(mem, now, order, migratetype, direct):
    """Allocate a block; the host compacts and reclaims for it, and makes allocations fail."""
    valid = 0 <= order < MAX_ORDER and 0 <= migratetype < MIGRATE_RESERVE and 0 <= direct <= 1
    if not valid or mem.zones[0].fail_page_alloc > 0:
        return leave_to_host(now)
    pfn = np.int64(alloc_pages(mem, order, migratetype))
    if pfn < 0 and direct:
        return leave_to_host(now)
    return pfn


@kernel
def free_block(mem, now, pfn):
    """Drop a reference to a block in use that belongs to no process and no pool."""
    if pfn < 0 or pfn >= mem.zones[0].spanned_pages:
        return leave_to_host(now)
    page = mem.pages[pfn]
    if page_count(page) < 1 or page.mapping != 0 or page.mapcount != -1:
        return leave_to_host(now)
    return np.int64(put_page(mem, pfn))


# --- objects -----------------------------------------------------------------------------------


@kernel
def alloc_object(mem, now, size):
    """Allocate an object in the user's pool."""
    if mem.zones[0].fail_page_alloc > 0 or not radix_tree_preload(mem.nodes, 1):
        return leave_to_host(now)
    migratetype = MIGRATE_MOVABLE if mem.zones[0].zpool_movable else MIGRATE_UNMOVABLE
    return np.int64(zbud_alloc(mem, LAB_POOL, size, migratetype))


@kernel
def on_object(mem, code, handle):
    """Free, map or unmap an object of the user's pool."""
    if not zbud_handle_exists(mem, LAB_POOL, handle):
        return np.int64(-ENOENT)
    if code == RUN_ZBUD_FREE:
        return np.int64(zbud_free(mem, LAB_POOL, handle))
    if code == RUN_ZBUD_MAP:
        return np.int64(zbud_map(mem, LAB_POOL, handle))
    return np.int64(zbud_unmap(mem, LAB_POOL, handle))


# --- pages of processes ------------------------------------------------------------------------


@kernel
def is_process(mem, process):
    """Return whether there is a process of that number."""
    return 0 <= process < mem.processes.shape[0] and mem.processes[process].nr_pages > 0


@kernel
def take_places(mem, log, start, count):
    """Write the places of the pages that a touch names to `log.places`. Return whether all exist.

    start, count: where its arguments begin, and how many there are.
    """
    process = log.arguments[start]
    if not is_process(mem, process) or log.arguments[start + 1] not in (0, 1):
        return False
    first = np.int64(mem.processes[process].start)
    size = np.int64(mem.processes[process].nr_pages)
    for i in range(count - 2):
        page = log.arguments[start + 2 + i]
        if page < 0 or page >= size:
            return False
        log.places[i] = first + page
    return True


@kernel
def take_lengths(mem, log, start, count):
    """Copy a write's places and lengths to those of `log`. Return whether it is valid.

    start, count: where its arguments begin, and how many there are.
    """
    process = log.arguments[start]
    if not is_process(mem, process) or mem.frames.shape[1] == PAGE_SIZE:
        return False
    page = log.arguments[start + 1]
    if page < 0 or page + count - 2 > np.int64(mem.processes[process].nr_pages):
        return False
    first = np.int64(mem.processes[process].start) + page
    for i in range(count - 2):
        length = log.arguments[start + 2 + i]
        if length < -1 or length > TOO_LONG:
            return False
        log.places[i] = first + i
        log.lengths[i] = length
    return True


@kernel
def begin_access(mem, work, log, code, start, count):
    """Prepare the pages that an operation accesses. Return whether the driver can do it."""
    if code == RUN_TOUCH:
        valid = take_places(mem, log, start, count)
    else:
        valid = take_lengths(mem, log, start, count)
    now = work.now[0]
    now["place"] = 0
    now["phase"] = PHASE_FAULTS
    now["running"] = 1 if valid else 0
    return valid


@kernel
def access_pages(mem, work, log, code, start, count):
    """Run or continue an operation that accesses pages. Return how many pages, or -ENOMEM."""
    now = work.now[0]
    if now["host_swaps"]:
        return leave_to_host(now)
    if not now["running"] and not begin_access(mem, work, log, code, start, count):
        return leave_to_host(now)
    pages = count - 2
    now["owner"] = log.arguments[start]
    now["write"] = log.arguments[start + 1] if code == RUN_TOUCH else 1
    now["access"] = ACCESS_TOUCH if code == RUN_TOUCH else ACCESS_LENGTHS
    stop = faults_run(mem, work, log.places[:pages], log.lengths[:pages], log.content)
    if stop == STOP_MEMORY:
        return np.int64(-ENOMEM)
    now["stop"] = stop
    return pages


# --- the log -----------------------------------------------------------------------------------


@kernel
def run_operation(mem, work, log, code, start, count):
    """Run an operation. Return its answer, which counts if `stop` is layout.STOP_DONE."""
    now = work.now[0]
    given = log.arguments
    if code == RUN_ALLOC_PAGES and count == 3:
        return alloc_block(mem, now, given[start], given[start + 1], given[start + 2])
    if code in (RUN_TOUCH, RUN_WRITE_LENGTHS) and 2 <= count <= 2 + log.places.shape[0]:
        return access_pages(mem, work, log, code, start, count)
    if count != 1:
        return leave_to_host(now)
    if code == RUN_FREE_PAGES:
        return free_block(mem, now, given[start])
    if code == RUN_ZBUD_ALLOC:
        return alloc_object(mem, now, given[start])
    if code in (RUN_ZBUD_FREE, RUN_ZBUD_MAP, RUN_ZBUD_UNMAP):
        return on_object(mem, code, given[start])
    return leave_to_host(now)


@kernel(inline=False)
def operations_run(mem, work, log, end):
    """Run operations of a log up to operation `end`, from `operation` of `work.now` on.

    log: a `driver.work.Operations`. Return layout.STOP_DONE, or why it stopped: STOP_OPERATION:
    the host runs the next operation and counts it in `operation`. STOP_DIFFERS: the last operation
    counted returned `answer`, which differs from the log. Others: see `faults_run`.
    """
    now = work.now[0]
    while now["operation"] < end:
        at = now["operation"]
        now["stop"] = STOP_DONE
        answer = run_operation(mem, work, log, log.codes[at], log.starts[at], log.counts[at])
        if now["stop"] != STOP_DONE:
            return now["stop"]
        now["running"] = 0
        now["operation"] = at + 1
        if answer != log.answers[at]:
            now["answer"] = answer
            return np.int64(STOP_DIFFERS)
    return np.int64(STOP_DONE)
