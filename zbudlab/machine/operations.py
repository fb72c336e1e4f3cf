"""What a machine does for each entry of its log: an operation is a name and whole numbers.

Arguments were checked by `Machine` before they came here, and are trusted; a result is a whole
number too, negative errnos included. A log replays by running these again.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable

import numpy as np

from zbudlab.layout import MAX_ORDER, MIGRATE_MOVABLE, MIGRATE_TYPES, MIGRATE_UNMOVABLE, PAGE_SIZE
from zbudlab.machine import freelists
from zbudlab.machine.checks import FAULTS
from zbudlab.machine.core import LAB_POOL, Core
from zbudlab.mm import cma, compaction, memory, page_alloc, zbud

OPERATIONS: dict[str, Callable[..., int]] = {}


def operation(function: Callable[..., int]) -> Callable[..., int]:
    """Make a function the meaning of log entries of its name."""
    OPERATIONS[function.__name__] = function
    return function


# --- processes ---------------------------------------------------------------------------------


@operation
def create_process(machine: Core, pages: int) -> int:
    owner = machine.state.new_process(pages)
    if not machine.config.page_bytes:
        machine.state.lengths[run_of_pages(machine, owner, 0, pages)] = zero_page_length(machine)
    return owner


def zero_page_length(machine: Core) -> int:
    """What a page that was touched and never written compresses to, bytes; 0 = same-filled."""
    if machine.state.zswaps["same_filled_pages_enabled"][0]:
        return 0
    return len(machine.compressor.compress(bytes(PAGE_SIZE)))


def places(machine: Core, process: int, pages: np.ndarray) -> np.ndarray:
    """Return the places of a process's pages in the table of page table entries."""
    return pages + int(machine.state.processes[process]["start"])


def run_of_pages(machine: Core, process: int, first: int, count: int) -> np.ndarray:
    """The places of `count` pages from `first` on."""
    return places(machine, process, np.arange(first, first + count))


@operation
def touch(machine: Core, process: int, write: int, *pages: int) -> int:
    at = places(machine, process, np.array(pages, np.int64))
    for _ in machine.paging.fault_in(process, at, write):
        pass
    return len(pages)


def write_pages(machine: Core, process: int, first: int, content: np.ndarray) -> int:
    """Write pages, uint8 (n, 4096), from page `first` of a process on; their number."""
    at = run_of_pages(machine, process, first, len(content))
    state = machine.state
    for start, end in machine.paging.fault_in(process, at, 1):
        state.frames[state.ptes["value"][at[start:end]]] = content[start:end]
    return len(content)


@operation
def write(machine: Core, process: int, first: int, *numbers: int) -> int:
    assert machine.log is not None  # the pages' content is kept there
    content = b"".join(machine.log.contents[number] or b"" for number in numbers)
    pages = np.frombuffer(content, np.uint8).reshape(-1, PAGE_SIZE)
    return write_pages(machine, process, first, pages)


def write_marks(machine: Core, process: int, first: int, lengths: np.ndarray) -> int:
    """Write pages of which only the compressed lengths are known; their number."""
    at = run_of_pages(machine, process, first, len(lengths))
    state = machine.state
    for start, end in machine.paging.fault_in(process, at, 1):
        written = at[start:end]
        state.lengths[written] = lengths[start:end]
        state.marks[state.ptes["value"][written]] = written + 1
    return len(lengths)


@operation
def write_lengths(machine: Core, process: int, first: int, *lengths: int) -> int:
    return write_marks(machine, process, first, np.array(lengths, np.int32))


def read_pages(machine: Core, process: int, first: int, out: np.ndarray) -> int:
    """Read len(out) pages from page `first` of a process on; their number."""
    at = run_of_pages(machine, process, first, len(out))
    state = machine.state
    for start, end in machine.paging.fault_in(process, at, 0):
        out[start:end] = state.frames[state.ptes["value"][at[start:end]]]
    return len(out)


@operation
def read(machine: Core, process: int, first: int, count: int) -> int:
    return read_pages(machine, process, first, np.empty((count, PAGE_SIZE), np.uint8))


@operation
def exit(machine: Core, process: int) -> int:
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
    return machine.paging.try_to_free_pages(pages)


# --- page frames -------------------------------------------------------------------------------


@operation
def alloc_pages(machine: Core, order: int, migratetype: int, direct: int) -> int:
    """The kernel's slow path: what is there; else compact (or reclaim) lightly, then in earnest.

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
    return machine.do(page_alloc.put_page, machine.state.mem, pfn)


@operation
def pin(machine: Core, pfn: int) -> int:
    machine.pins[pfn] += 1
    machine.state.pages[pfn]["refcount"] += 1
    return 0


@operation
def unpin(machine: Core, pfn: int) -> int:
    machine.pins[pfn] -= 1
    return free_pages(machine, pfn)


# --- compaction and CMA ------------------------------------------------------------------------


def _moving(machine: Core, function: Callable[..., int], *arguments: int) -> int:
    """Run something that moves pages; each page's fate becomes a step in the log."""
    mem = machine.state.mem
    result = machine.do(function, mem, machine.moves, machine.control, *arguments)
    control = machine.control[0]
    if machine.log is not None:
        for old, new, rc in machine.moves[: int(control["nr_moves"])].tolist():
            machine.journal.note("migrate.unmap_and_move", [old, new], rc)
    machine.paging.count_moves(machine.moves, control)
    return result


@operation
def compact(machine: Core, order: int, migratetype: int, sync: int) -> int:
    result = _moving(machine, compaction.compact_zone_order, order, migratetype, sync)
    machine.paging.events["compact_stall" if order >= 0 else "compact_zone"] += 1
    return result


@operation
def rescan(machine: Core) -> int:
    machine.do(compaction.rescan, machine.state.mem)
    return 0


@operation
def alloc_contig_range(machine: Core, start: int, end: int) -> int:
    return _moving(machine, cma.alloc_contig_range, start, end)


@operation
def free_contig_range(machine: Core, start: int, end: int) -> int:
    machine.do(cma.free_contig_range, machine.state.mem, start, end)
    return 0


@operation
def lay_out(machine: Core, seed: int, *counts: int) -> int:
    """Free lists with these counts, by type and order, then pageblocks by type; positions drawn."""
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
    machine.state.zswaps[0]["max_pool_percent"] = percent
    return 0


@operation
def set_zbud_movable(machine: Core, movable: int) -> int:
    machine.state.zone["zpool_movable"] = movable
    return 0


@operation
def inject(machine: Core, fault: int, count: int) -> int:
    name = FAULTS[fault]
    if name == "page":
        machine.state.zone["fail_page_alloc"] = count
    elif name == "zswap_entry":
        machine.state.zswaps[0]["fail_entry_alloc"] = count
    elif name == "tree_node":
        machine.state.nodes_limited = count > 0
    else:
        machine.swap.device.fail = count
    return 0


# --- zbud, without zswap -----------------------------------------------------------------------


@operation
def zbud_alloc(machine: Core, size: int) -> int:
    machine.state.reserve_nodes(1)
    migratetype = MIGRATE_MOVABLE if machine.state.zone["zpool_movable"] else MIGRATE_UNMOVABLE
    return machine.do(zbud.zbud_alloc, machine.state.mem, LAB_POOL, size, migratetype)


def _is_handle(machine: Core, handle: int) -> int:
    return zbud.zbud_handle_exists(machine.state.mem, LAB_POOL, handle)


@operation
def zbud_free(machine: Core, handle: int) -> int:
    if not _is_handle(machine, handle):
        return -errno.ENOENT
    return machine.do(zbud.zbud_free, machine.state.mem, LAB_POOL, handle)


@operation
def zbud_map(machine: Core, handle: int) -> int:
    if not _is_handle(machine, handle):
        return -errno.ENOENT
    return machine.do(zbud.zbud_map, machine.state.mem, LAB_POOL, handle)


@operation
def zbud_unmap(machine: Core, handle: int) -> int:
    if not _is_handle(machine, handle):
        return -errno.ENOENT
    return machine.do(zbud.zbud_unmap, machine.state.mem, LAB_POOL, handle)
