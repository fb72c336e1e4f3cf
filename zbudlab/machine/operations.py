"""The work of a machine for each operation in its log.

An operation is a name and integers. They were checked before (`machine.checks`), and are trusted
here. The result is an integer, too, and may be a negative errno. A log is rerun by calling these
functions again.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable

import numpy as np

from zbudlab.layout import (
    ACCESS_FETCH,
    ACCESS_LENGTHS,
    ACCESS_STORE,
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
    PAGE_SIZE,
)
from zbudlab.machine import freelists
from zbudlab.machine.checks import FAULTS, PINS
from zbudlab.machine.core import LAB_POOL, SWAP_TYPE, Core
from zbudlab.mm import (
    cma,
    compaction,
    memory,
    page_alloc,
    zbud,
    zsmalloc_compact,
    zswap_cgroup,
)

MAX_RECLAIM_RETRIES = 16  #: of a request for CMA that finds no frame to move a page to

OPERATIONS: dict[str, Callable[..., int]] = {}


def operation(function: Callable[..., int]) -> Callable[..., int]:
    """Make a function the operation of its name."""
    OPERATIONS[function.__name__] = function
    return function


# --- processes ---------------------------------------------------------------------------------


@operation
def create_process(machine: Core, pages: int) -> int:
    """Start a process. Return its number."""
    owner = machine.state.new_process(pages)
    if not machine.config.page_bytes:
        machine.state.lengths[run_of_pages(machine, owner, 0, pages)] = zero_page_length(machine)
    return owner


def zero_page_length(machine: Core) -> int:
    """Return the compressed length in bytes of a page that was only touched; 0 = same-filled."""
    zswap = machine.state.zswaps[0]
    if zswap["same_filled_pages_enabled"] or zswap["zeromap"]:
        return 0
    return len(machine.compressor.compress(bytes(PAGE_SIZE)))


def places(machine: Core, process: int, pages: np.ndarray) -> np.ndarray:
    """Return the places of pages of a process in the table of page table entries."""
    return pages + machine.state.processes["start"].item(process)


def run_of_pages(machine: Core, process: int, first: int, count: int) -> np.ndarray:
    """Return the places of `count` pages from page `first` on, int64 (count,)."""
    return places(machine, process, np.arange(first, first + count))


def touch_pages(machine: Core, process: int, write: int, pages: np.ndarray) -> int:
    """Access pages, int64 (n,), in order. Return their number."""
    machine.paging.access(process, places(machine, process, pages), write)
    return len(pages)


@operation
def touch(machine: Core, process: int, write: int, *pages: int) -> int:
    """Access pages in order. Return their number."""
    return touch_pages(machine, process, write, np.array(pages, np.int64))


def write_pages(machine: Core, process: int, first: int, content: np.ndarray) -> int:
    """Write pages, uint8 (n, 4096), from page `first` of a process on. Return their number."""
    at = run_of_pages(machine, process, first, len(content))
    machine.paging.access(process, at, 1, ACCESS_STORE, content=content)
    return len(content)


@operation
def write(machine: Core, process: int, first: int, *numbers: int) -> int:
    """Write pages whose content the log has, by number. Return how many."""
    assert machine.log is not None  # the pages' content is kept there
    content = b"".join(machine.log.contents[number] or b"" for number in numbers)
    pages = np.frombuffer(content, np.uint8).reshape(-1, PAGE_SIZE)
    return write_pages(machine, process, first, pages)


def write_page_marks(machine: Core, process: int, first: int, lengths: np.ndarray) -> int:
    """Write pages of which only the lengths are known, int32 (n,). Return their number."""
    at = run_of_pages(machine, process, first, len(lengths))
    machine.paging.access(process, at, 1, ACCESS_LENGTHS, lengths=lengths)
    return len(lengths)


@operation
def write_lengths(machine: Core, process: int, first: int, *lengths: int) -> int:
    """Write pages of which only the compressed lengths are known. Return how many."""
    return write_page_marks(machine, process, first, np.array(lengths, np.int32))


def read_pages(machine: Core, process: int, first: int, out: np.ndarray) -> int:
    """Read len(out) pages from page `first` of a process on. Return their number."""
    at = run_of_pages(machine, process, first, len(out))
    machine.paging.access(process, at, 0, ACCESS_FETCH, content=out)
    return len(out)


@operation
def read(machine: Core, process: int, first: int, count: int) -> int:
    """Access pages for reading. Return their number."""
    return read_pages(machine, process, first, np.empty((count, PAGE_SIZE), np.uint8))


@operation
def exit(machine: Core, process: int) -> int:
    """End a process. Return how many swap slots it had."""
    state = machine.state
    start, nr_pages = (int(state.processes[process][name]) for name in ("start", "nr_pages"))
    slots = np.empty(nr_pages, np.int64)
    count = machine.do(memory.exit_mmap, state.mem, process, slots)
    machine.swap.swap_free(slots[:count])
    state.free_range(start, nr_pages)
    machine.paging.notes.forget(start, nr_pages)
    return count


@operation
def reclaim(machine: Core, pages: int) -> int:
    """Reclaim pages. Return how many were freed."""
    return machine.paging.try_to_free_pages(pages)


# --- page frames -------------------------------------------------------------------------------


@operation
def alloc_pages(machine: Core, order: int, migratetype: int, direct: int) -> int:
    """Allocate a block, and with `direct` compact or reclaim for it, first lightly, then fully.

    Return its first frame, or -ENOMEM.
    Source: mm/page_alloc.c, __alloc_pages_slowpath (v3.12).
    """
    state = machine.state
    pfn = machine.do(page_alloc.alloc_pages, state.mem, order, migratetype)
    for synchronous in (0, 1):
        if pfn >= 0 or not direct:
            break
        if order:
            compact(machine, order, migratetype, synchronous)
        else:
            machine.paging.try_to_free_pages(1)
        pfn = machine.do(page_alloc.alloc_pages, state.mem, order, migratetype)
    return pfn


@operation
def free_pages(machine: Core, pfn: int) -> int:
    """Drop a reference to a block. Return 1 if it was the last one."""
    return machine.do(page_alloc.put_page, machine.state.mem, pfn)


@operation
def pin(machine: Core, pfn: int) -> int:
    """Take a reference to a frame. Return 0."""
    machine.pins[pfn] += 1
    machine.state.pages[pfn]["refcount"] += 1
    return 0


@operation
def pin_as(machine: Core, pfn: int, kind: int) -> int:
    """Take a reference to a frame for a reason, a number in `checks.PINS`. Return 0."""
    machine.pin_kinds[pfn, kind] += 1
    return pin(machine, pfn)


@operation
def unpin(machine: Core, pfn: int) -> int:
    """Drop a reference that `pin` or `pin_as` took. Return 1 if it was the last one."""
    kinds = [kind for kind in range(len(PINS)) if machine.pin_kinds[pfn, kind]]
    if kinds and machine.pins[pfn] <= sum(machine.pin_kinds[pfn, kind] for kind in kinds):
        machine.pin_kinds[pfn, kinds[-1]] -= 1
    machine.pins[pfn] -= 1
    return free_pages(machine, pfn)


# --- compaction and CMA ------------------------------------------------------------------------


def _moving(machine: Core, function: Callable[..., int], *arguments: int) -> int:
    """Run a function that moves pages, and log what became of each page."""
    mem = machine.state.mem
    result = machine.do(function, mem, machine.moves, machine.control, *arguments)
    control = machine.control[0]
    if machine.log is not None:
        for old, new, rc in machine.moves[: int(control["nr_moves"])].tolist():
            machine.journal.note("migrate.unmap_and_move", [old, new], rc)
    machine.paging.count_moves(machine.moves, control)
    machine.swap.run_work()
    return result


@operation
def compact(machine: Core, order: int, migratetype: int, sync: int) -> int:
    """Compact the zone. Return layout.COMPACT_*."""
    result = _moving(machine, compaction.compact_zone_order, order, migratetype, sync)
    machine.paging.events["compact_stall" if order >= 0 else "compact_zone"] += 1
    return result


@operation
def rescan(machine: Core) -> int:
    """Forget the hints of compaction. Return 0."""
    machine.do(compaction.rescan, machine.state.mem)
    return 0


@operation
def alloc_contig_range(machine: Core, start: int, end: int) -> int:
    """Allocate a range of the CMA area. Return 0 or a negative errno."""
    return _moving(machine, cma.alloc_contig_range, start, end)


@operation
def free_contig_range(machine: Core, start: int, end: int) -> int:
    """Free a range of the CMA area. Return 0."""
    machine.do(cma.free_contig_range, machine.state.mem, start, end)
    return 0


@operation
def cma_alloc(machine: Core, count: int, align: int) -> int:
    """Allocate pages of the CMA area. Return the first frame or a negative errno.

    Source: mm/cma.c, cma_alloc (v6.6).
    """
    area, bitmap = machine.cma, machine.cma_bitmap
    start, failed = machine.cma_area[0], -errno.ENOMEM
    while (pfn := cma.cma_reserve(area, bitmap, start, count, align)) >= 0:
        failed = _emptied(machine, pfn, count)
        if not failed:
            return pfn
        cma.cma_mark(area, bitmap, pfn, count, 0)
        if failed != -errno.EBUSY:
            break
        start = cma.after_busy(area, pfn, align)
    return failed


def _emptied(machine: Core, pfn: int, count: int) -> int:
    """Run `alloc_contig_range`, and retry after reclaim while no target frame is free.

    The kernel's migration reclaims while it allocates targets. Here migration is one compiled
    function and cannot, so reclaim comes after it. What it frees may be in the range itself.

    Source: mm/page_alloc.c, MAX_RECLAIM_RETRIES (v6.6).
    """
    failed = _moving(machine, cma.alloc_contig_range, pfn, pfn + count)
    for _ in range(MAX_RECLAIM_RETRIES):
        if failed != -errno.ENOMEM or not machine.paging.try_to_free_pages(count):
            break
        failed = _moving(machine, cma.alloc_contig_range, pfn, pfn + count)
    return failed


@operation
def cma_release(machine: Core, pfn: int, count: int) -> int:
    """Free pages that `cma_alloc` allocated. Return 0.

    Source: mm/cma.c, cma_release (v6.6).
    """
    free_contig_range(machine, pfn, pfn + count)
    cma.cma_mark(machine.cma, machine.cma_bitmap, pfn, count, 0)
    return 0


@operation
def lay_out(machine: Core, seed: int, *counts: int) -> int:
    """Lay out free lists: `counts` by type and order, then pageblocks by type. Draw positions."""
    free = np.array(counts[:-MIGRATE_TYPES], np.int64).reshape(MIGRATE_TYPES, MAX_ORDER)
    pageblocks = np.array(counts[-MIGRATE_TYPES:], np.int64)
    wanted = freelists.Counts(free, pageblocks, machine.config.pageblock_order)
    for draw in (freelists.draw_layout, freelists.draw_anywhere):
        with contextlib.suppress(freelists.Unplaceable):
            drawn = draw(wanted, np.random.Generator(np.random.PCG64(seed)))
            freelists.arrange(machine.state, drawn)
            return 0
    return -errno.EINVAL


# --- settings ----------------------------------------------------------------------------------


@operation
def set_max_pool_percent(machine: Core, percent: int) -> int:
    """Set the limit of zswap's pool. Return 0."""
    machine.state.zswaps[0]["max_pool_percent"] = percent
    return 0


@operation
def set_zbud_movable(machine: Core, movable: int) -> int:
    """Set whether pages of zbud may move. Return 0."""
    machine.state.zone["zpool_movable"] = movable
    return 0


@operation
def inject(machine: Core, fault: int, count: int) -> int:
    """Make allocations or writes fail. Return 0."""
    name = FAULTS[fault]
    if name == "page":
        machine.state.zone["fail_page_alloc"] = count
    elif name == "zswap_entry":
        machine.state.zswaps[0]["fail_entry_alloc"] = count
    elif name == "tree_node":
        machine.state.nodes_limited = count > 0
    elif name == "slot_tree":
        machine.state.zswaps[0]["fail_tree_alloc"] = count
    else:
        machine.swap.device.fail = count
    return 0


# --- cgroups -----------------------------------------------------------------------------------


@operation
def create_cgroup(machine: Core, parent: int) -> int:
    """Create a cgroup below another one. Return its number."""
    number = int(np.flatnonzero(machine.state.cgroups["created"] == 0)[0])
    machine.do(zswap_cgroup.mem_cgroup_create, machine.state.mem, number, parent)
    return number


@operation
def attach(machine: Core, process: int, cgroup: int) -> int:
    """Put a process into a cgroup, which is charged for its pages in zswap. Return 0."""
    machine.state.processes[process]["cgroup"] = cgroup
    return 0


@operation
def set_zswap_max(machine: Core, cgroup: int, pages: int) -> int:
    """Set memory.zswap.max of a cgroup; layout.NO_LIMIT = none. Return 0."""
    machine.state.cgroups[cgroup]["zswap_max"] = pages
    return 0


@operation
def set_zswap_writeback(machine: Core, cgroup: int, writeback: int) -> int:
    """Set memory.zswap.writeback of a cgroup. Return 0."""
    machine.state.cgroups[cgroup]["zswap_writeback"] = writeback
    return 0


@operation
def compact_pool(machine: Core) -> int:
    """Move the objects of zsmalloc's pool together. Return how many pages that freed."""
    return int(machine.do(zsmalloc_compact.zs_compact, machine.state.mem, SWAP_TYPE))


# --- zbud, without zswap -----------------------------------------------------------------------


@operation
def zbud_alloc(machine: Core, size: int) -> int:
    """Allocate an object. Return its handle or a negative errno."""
    machine.state.reserve_nodes(1)
    migratetype = MIGRATE_MOVABLE if machine.state.zone["zpool_movable"] else MIGRATE_UNMOVABLE
    return machine.do(zbud.zbud_alloc, machine.state.mem, LAB_POOL, size, migratetype)


def _is_handle(machine: Core, handle: int) -> int:
    """Return whether the user's pool has a handle."""
    return zbud.zbud_handle_exists(machine.state.mem, LAB_POOL, handle)


@operation
def zbud_free(machine: Core, handle: int) -> int:
    """Free an object. Return a negative errno if there is no such handle."""
    if not _is_handle(machine, handle):
        return -errno.ENOENT
    return machine.do(zbud.zbud_free, machine.state.mem, LAB_POOL, handle)


@operation
def zbud_map(machine: Core, handle: int) -> int:
    """Map an object. Return its chunk address or -ENOENT."""
    if not _is_handle(machine, handle):
        return -errno.ENOENT
    return machine.do(zbud.zbud_map, machine.state.mem, LAB_POOL, handle)


@operation
def zbud_unmap(machine: Core, handle: int) -> int:
    """End a mapping. Return a negative errno if there is no such handle."""
    if not _is_handle(machine, handle):
        return -errno.ENOENT
    return machine.do(zbud.zbud_unmap, machine.state.mem, LAB_POOL, handle)
