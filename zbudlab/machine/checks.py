"""The checks of a machine: one for each operation, made before it is logged and run.

A check has the name and the parameters of its operation in `machine.operations`, and raises
MachineError where the operation must not run. The checks get whole numbers of 64 bits, from a
user or from a log file, and nothing else reaches compiled code: `numbers` ensures that.
"""

import errno
import inspect
from array import array
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.io.values import INT64_MAX, INT64_MIN, fault_of, is_whole, plain, shown
from zbudlab.machine.core import Core
from zbudlab.machine.errors import MachineError, invalid
from zbudlab.machine.settings import MAX_ALIGN, MAX_FRAMES, ORDER, PERCENT, SEED
from zbudlab.profiles import OWN_LRU

#: What can be made to fail: page frames, zswap's entries, nodes of radix trees, writes to swap.
FAULTS = ("page", "zswap_entry", "tree_node", "swap_write", "slot_tree")
#: Why a page is held, so that it cannot move: a driver's pin, buffers in use, or file I/O.
PINS = ("pin", "buffers", "file")
MAX_ERRNO = 133  #: EHWPOISON, the last one of Linux
LENGTHS = (-1, layout.TOO_LONG)  #: least and greatest compressed length; -1 = refused
FEW = 16  #: pages that Python checks one by one

#: The names of the faults in which a replayed schedule can end (`zbudlab.races`).
RACE_FAULTS: dict[int, str] = {}

CHECKS: dict[str, Callable[..., None]] = {}
_PARAMETERS: dict[str, tuple[list[str], str]] = {}  # of operations: names, and that of the rest


def check(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function the check of the operation of its name."""
    _, *parameters = inspect.signature(function).parameters.values()
    rest = [p.name for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    named = [p.name for p in parameters if p.name not in rest]
    CHECKS[function.__name__] = function
    _PARAMETERS[function.__name__] = named, "".join(rest)
    return function


def numbers(name: str, arguments: Sequence[Any]) -> array:
    """Return the arguments of an operation as int64; MachineError(EINVAL) if they do not fit it."""
    if not isinstance(name, str) or name not in CHECKS:
        raise invalid(f"unknown operation {shown(name)}: there are {', '.join(sorted(CHECKS))}")
    named, rest = _PARAMETERS[name]
    count = len(arguments)
    if count < len(named) or (count > len(named) and not rest):
        wanted = ", ".join([*named, *([f"*{rest}"] if rest else [])]) or "no arguments"
        raise invalid(f"operation {name} takes {wanted}, not {count} numbers")
    for parameter, value in zip(named, arguments, strict=False):
        whole(parameter, value)
    try:
        return array("q", arguments)
    except (TypeError, OverflowError):
        for value in arguments[len(named) :]:
            whole(rest, value)
        raise


def not_broken(machine: Core, name: str) -> None:
    """Refuse an operation on a machine that a replayed processor schedule broke."""
    if fault := machine.state.race_fault:
        raise invalid(
            f"{name} cannot run: a schedule of processors broke this machine "
            f"({RACE_FAULTS.get(fault, f'fault {fault}')}); inspect it, or go back with restore"
        )


def whole(name: str, value: Any, low: int = INT64_MIN, high: int = INT64_MAX) -> int:
    """Return an integer within bounds as an int; MachineError(EINVAL) for anything else."""
    if fault := fault_of(name, value, low, high):
        raise invalid(fault)
    return int(value)


def process_pages(machine: Core, process: Any, first: int = 0, last: int = -1) -> None:
    """Refuse a process that does not exist, and pages `first` to `last` that it does not have."""
    table, process = machine.state.processes, plain(process)
    known = is_whole(process) and 0 <= process < len(table)
    end = table["nr_pages"].item(process) if known else 0
    if not end:
        raise MachineError(errno.ESRCH, f"there is no process {shown(process)}")
    if first <= last and not 0 <= first <= last < end:
        raise MachineError(
            errno.EFAULT,
            f"process {process} has pages 0 to {end - 1}; {first} to {last} were asked for",
        )


def has_pages(machine: Core, process: Any, pages: np.ndarray) -> bool:
    """Return whether a process has all these pages, int64 (n,); False if that takes a closer look.

    As unsigned numbers, negative pages are larger than any other: one comparison is enough. For a
    few pages, Python compares sooner than NumPy begins.
    """
    sizes = machine.state.processes["nr_pages"]
    if type(process) is not int or not 0 <= process < len(sizes) or not pages.size:
        return False
    if len(pages) <= FEW:
        few = pages.tolist()
        return min(few) >= 0 and max(few) < sizes.item(process)
    found: bool = pages.view(np.uint64).max() < sizes.item(process)
    return found


def place(machine: Core, process: Any, page: Any) -> int:
    """Return where a page of a process is in the table of page table entries, or refuse it."""
    table, process, page = machine.state.processes, plain(process), plain(page)
    known = is_whole(process) and 0 <= process < len(table) and is_whole(page)
    if not known or not 0 <= page < table["nr_pages"].item(process):
        process_pages(machine, process)
        page = whole("page", page)
        process_pages(machine, process, page, page)
    return int(table["start"].item(process) + page)


def frame_in_use(machine: Core, pfn: Any) -> None:
    """Refuse a number that is not a page frame in use."""
    frames, pfn = machine.config.frames, plain(pfn)
    if not is_whole(pfn) or not 0 <= pfn < frames:
        raise invalid(f"there is no page frame {shown(pfn)}, only 0 to {frames - 1}")
    if machine.state.pages[pfn]["refcount"] < 1:
        raise invalid(f"page frame {pfn} is not in use")


def migratetype(name: Any) -> int:
    """Return the number of a migrate type that can be allocated."""
    kinds = layout.MIGRATE_NAMES[: layout.MIGRATE_RESERVE]
    if not isinstance(name, str) or name not in kinds:
        raise invalid(f"migratetype must be one of {', '.join(kinds)}, not {shown(name)}")
    return kinds.index(name)


def _kind_and_switch(kind: int, name: str, switch: int) -> None:
    whole("migratetype", kind, 0, layout.MIGRATE_RESERVE - 1)
    whole(name, switch, 0, 1)


# --- processes ---------------------------------------------------------------------------------


@check
def create_process(machine: Core, pages: int) -> None:
    whole("pages", pages, 1, MAX_FRAMES)


@check
def touch(machine: Core, process: int, write: int, *pages: int) -> None:
    whole("write", write, 0, 1)
    process_pages(machine, process, min(pages, default=0), max(pages, default=-1))


@check
def write(machine: Core, process: int, first: int, *contents: int) -> None:
    process_pages(machine, process, first, first + len(contents) - 1)
    known = machine.log.contents if machine.log is not None else []
    for number in contents:
        if not 0 <= number < len(known) or known[number] is None:
            raise invalid(f"the log has no page content {number}")


@check
def write_lengths(machine: Core, process: int, first: int, *lengths: int) -> None:
    process_pages(machine, process, first, first + len(lengths) - 1)
    if machine.config.page_bytes:
        raise invalid("this machine has page bytes: pages are written with their content")
    for extreme in (min(lengths, default=0), max(lengths, default=0)):
        whole("lengths", extreme, *LENGTHS)


@check
def read(machine: Core, process: int, first: int, count: int) -> None:
    page_bytes(machine)
    whole("count", count, 0, MAX_FRAMES)
    process_pages(machine, process, first, first + count - 1)


def page_bytes(machine: Core) -> None:
    """Refuse to read on a machine without page bytes."""
    if not machine.config.page_bytes:
        raise MachineError(errno.ENODATA, "this machine has no page bytes")


@check
def exit(machine: Core, process: int) -> None:
    process_pages(machine, process)


@check
def reclaim(machine: Core, pages: int) -> None:
    whole("pages", pages, 1, MAX_FRAMES)


# --- page frames -------------------------------------------------------------------------------


@check
def alloc_pages(machine: Core, order: int, migratetype: int, direct: int) -> None:
    whole("order", order, ORDER.low, ORDER.high)
    _kind_and_switch(migratetype, "direct", direct)


@check
def free_pages(machine: Core, pfn: int) -> None:
    frame_in_use(machine, pfn)
    page = machine.state.pages[pfn]
    if page["mapping"] or page["mapcount"] != -1:
        raise MachineError(errno.EPERM, f"page frame {pfn} belongs to a process or to zbud")


@check
def pin(machine: Core, pfn: int) -> None:
    frame_in_use(machine, pfn)


@check
def pin_as(machine: Core, pfn: int, kind: int) -> None:
    whole("kind", kind, 0, len(PINS) - 1)
    frame_in_use(machine, pfn)


@check
def unpin(machine: Core, pfn: int) -> None:
    frame_in_use(machine, pfn)
    if not machine.pins[pfn]:
        raise invalid(f"page frame {pfn} is not pinned")


@check
def lay_out(machine: Core, seed: int, *counts: int) -> None:
    whole("seed", seed, SEED.low, SEED.high)
    frames, order = machine.config.frames, machine.config.pageblock_order
    types, orders = layout.MIGRATE_TYPES, layout.MAX_ORDER
    if len(counts) != types * (orders + 1):
        raise invalid(f"free lists are {types} types by {orders} orders, and {types} pageblocks")
    for extreme in (min(counts), max(counts)):
        whole("a count of blocks", extreme, 0, frames)
    free = np.array(counts[:-types]).reshape(types, orders)
    pageblocks = sum(counts[-types:])
    if machine.config.cma_pages or pageblocks << order != frames:
        raise invalid(
            f"{pageblocks} pageblocks of order {order} and no CMA area would make these free "
            f"lists, this machine has {frames} frames and {machine.config.cma_pages} pages of CMA"
        )
    pages = int((free << np.arange(orders)).sum())
    if pages > frames:
        raise invalid(f"{pages} pages in free blocks do not fit into {frames} frames")
    if int(machine.state.zone["nr_free_pages"]) != frames:
        raise MachineError(errno.EBUSY, "free lists are laid out before memory is used")


# --- compaction and CMA ------------------------------------------------------------------------


@check
def compact(machine: Core, order: int, migratetype: int, sync: int) -> None:
    whole("order", order, -1, ORDER.high)
    _kind_and_switch(migratetype, "sync", sync)


@check
def rescan(machine: Core) -> None:
    pass


@check
def alloc_contig_range(machine: Core, start: int, end: int) -> None:
    pass  # the kernel answers -EINVAL for a range outside the CMA area, and the log keeps that


@check
def free_contig_range(machine: Core, start: int, end: int) -> None:
    _taken_from_cma(machine, start, end)
    if _bits(machine, start, end).any():
        raise invalid(f"cma_alloc allocated page frames {start} to {end - 1}: use cma_release")


@check
def cma_alloc(machine: Core, count: int, align: int) -> None:
    whole("count", count, 1)
    whole("align", align, 0, MAX_ALIGN)


@check
def cma_release(machine: Core, pfn: int, count: int) -> None:
    whole("count", count, 1, MAX_FRAMES)
    _taken_from_cma(machine, pfn, pfn + count)
    if not _bits(machine, pfn, pfn + count).all():
        raise invalid(f"cma_alloc did not allocate page frames {pfn} to {pfn + count - 1}")


def _bits(machine: Core, start: int, end: int) -> np.ndarray:
    """Return the bits of a range of the CMA area."""
    first, order = machine.cma_area[0], machine.config.cma_order_per_bit
    return machine.cma_bitmap[start - first >> order : (end - first - 1 >> order) + 1]


def _taken_from_cma(machine: Core, start: int, end: int) -> None:
    """Refuse a range of frames that is not held by a request for the CMA area."""
    first, last = machine.cma_area
    taken = machine.state.pages[max(start, first) : min(end, last)]
    pins = np.array([machine.pins[pfn] for pfn in range(max(start, first), min(end, last))], int)
    held = taken["refcount"] - pins == 1
    held &= (taken["mapcount"] == -1) & (taken["mapping"] == 0) & (taken["order"] == 0)
    if not (start < end and len(taken) == end - start and held.all()):
        raise invalid(f"page frames {start} to {end - 1} were not taken from the CMA area")


# --- settings ----------------------------------------------------------------------------------


@check
def set_max_pool_percent(machine: Core, percent: int) -> None:
    whole("max_pool_percent", percent, PERCENT.low, PERCENT.high)


@check
def set_zbud_movable(machine: Core, movable: int) -> None:
    whole("movable", movable, 0, 1)
    if movable and machine.config.variant != layout.ZBUD_SERIES:
        raise invalid("pages of plain zbud cannot move: use zbud='series'")


@check
def inject(machine: Core, fault: int, count: int) -> None:
    whole("fault", fault, 0, len(FAULTS) - 1)
    if FAULTS[fault] == "swap_write":
        whole("count, the errno of a fault of swap_write,", count, 0, MAX_ERRNO)
    else:
        whole("count", count, 0, MAX_FRAMES)


# --- cgroups -----------------------------------------------------------------------------------


def a_cgroup(machine: Core, number: Any) -> None:
    """Refuse a number that names no cgroup, and any number if zswap has no cgroups."""
    if not machine.swap.rules.own_lru:
        raise MachineError(
            errno.EOPNOTSUPP,
            f"zswap of {machine.config.profile} has no cgroups in the lab: use one of the profiles "
            f"{', '.join(OWN_LRU)}",
        )
    number = plain(number)
    known = is_whole(number) and 0 <= number < layout.MAX_CGROUPS
    if not known or not machine.state.cgroups["created"][number]:
        raise invalid(
            f"there is no cgroup {shown(number)}: create_cgroup makes them, 0 is the root"
        )


@check
def create_cgroup(machine: Core, parent: int) -> None:
    a_cgroup(machine, parent)
    if machine.state.cgroups["created"].all():
        raise MachineError(errno.ENOSPC, f"a machine has at most {layout.MAX_CGROUPS} cgroups")


@check
def attach(machine: Core, process: int, cgroup: int) -> None:
    process_pages(machine, process)
    a_cgroup(machine, cgroup)
    entry = machine.state.processes[process]
    if entry["rss"] or entry["swapents"]:
        raise MachineError(
            errno.EBUSY,
            f"process {process} has pages, which would stay charged to its old cgroup: attach it "
            "before it uses memory",
        )


@check
def set_zswap_max(machine: Core, cgroup: int, pages: int) -> None:
    _below_root(machine, cgroup)
    whole("pages", pages, layout.NO_LIMIT, MAX_FRAMES)


@check
def set_zswap_writeback(machine: Core, cgroup: int, writeback: int) -> None:
    _below_root(machine, cgroup)
    whole("writeback", writeback, 0, 1)


def _below_root(machine: Core, number: int) -> None:
    """Refuse a number that names no cgroup, and the root, which has no such settings."""
    a_cgroup(machine, number)
    if number == layout.ROOT_CGROUP:
        raise invalid("the root cgroup has no limits: create a cgroup below it")


@check
def compact_pool(machine: Core) -> None:
    if machine.config.allocator != "zsmalloc":
        raise MachineError(
            errno.EOPNOTSUPP,
            f"objects of {machine.config.allocator} stay where they are: only zsmalloc moves them",
        )


# --- zbud, without zswap: the kernels check sizes and handles -----------------------------------


@check
def zbud_alloc(machine: Core, size: int) -> None:
    pass


@check
def zbud_free(machine: Core, handle: int) -> None:
    pass


@check
def zbud_map(machine: Core, handle: int) -> None:
    pass


@check
def zbud_unmap(machine: Core, handle: int) -> None:
    pass


# --- content -----------------------------------------------------------------------------------


def page_content(pages: Any) -> np.ndarray:
    """Return whole pages, given as bytes or uint8, as uint8 (n, 4096)."""
    if isinstance(pages, (bytes, bytearray, memoryview)):
        content = np.frombuffer(pages, np.uint8)
    elif isinstance(pages, np.ndarray) and pages.dtype == np.uint8:
        content = np.ascontiguousarray(pages)
    else:
        kind = pages.dtype if isinstance(pages, np.ndarray) else shown(pages)
        raise invalid(f"pages must be bytes or an array of uint8, not {kind}")
    if content.size % layout.PAGE_SIZE:
        raise invalid(f"pages must be whole, of 4096 bytes each: {content.size} bytes are not")
    return content.reshape(-1, layout.PAGE_SIZE)
