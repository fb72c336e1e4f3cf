"""Many small machines in one compiled call: each runs a script, a row of numbers an operation.

An operation of `Machine` from Python costs some microseconds, the compiled piece under it a
fiftieth of that. Where it is known beforehand what is done to a machine, and no page is swapped,
all of it can be told at once: a script is int64 (n, 3), rows of an operation and two arguments, and
gives int64 (n,), a result for each row. Machines start equal, from one booted image that is copied
over the last one's memory.

Operations and their results are those of `Machine` on the same configuration, to the page frame.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.jit import copy_row, kernel
from zbudlab.layout import EINVAL, ENOMEM, MIGRATE_MOVABLE, MIGRATE_UNMOVABLE
from zbudlab.machine import Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm.compaction import compact_zone_order, rescan
from zbudlab.mm.memory import exit_mmap, handle_mm_fault
from zbudlab.mm.page_alloc import alloc_pages, put_page
from zbudlab.mm.radix_tree import init_radix_tree_nodes, radix_tree_preload
from zbudlab.mm.state import State
from zbudlab.mm.zbud import zbud_alloc, zbud_free

Script = NDArray[np.int64]
Results = NDArray[np.int64]

# What a row does: its arguments -> its result. A negative result is an errno.
ALLOC_PAGES = 0  # order, migrate type -> first frame
FREE_PAGES = 1  # the row that allocated -> 0
ZBUD_ALLOC = 2  # bytes -> handle
ZBUD_FREE = 3  # the row that allocated -> 0
CREATE_PROCESS = 4  # pages -> process, from 0
TOUCH = 5  # process, page -> frame
EXIT = 6  # process -> 0
COMPACT = 7  # order (-1 = the whole zone), whether synchronous -> pages moved
RESCAN = 8  # -> 0
ASK = 9  # order -> blocks to be had, all given back
FREE = 10  # -> free page frames

#: A tree over handles given out in turn has a leaf for 64 of them, and few nodes above.
HANDLES_PER_NODE = 32
SPARE_NODES = 64
ALIGNED = 64  #: bytes: arrays of the image begin at multiples


def rows(operation: int, first: ArrayLike = 0, second: ArrayLike = 0) -> Script:
    """Rows of one operation, as many as its arguments, which are numbers or arrays, are long."""
    columns = np.broadcast_arrays(operation, np.asarray(first), np.asarray(second))
    return np.stack([np.atleast_1d(column) for column in columns], axis=-1).astype(np.int64)


@kernel
def _create_process(processes, number, pages):
    """A process whose page table entries follow those of the one before it; its number."""
    start = np.int64(0)
    if number:
        start = processes[number - 1].start + processes[number - 1].nr_pages
    process = processes[number]
    process.start = start
    process.nr_pages = pages
    return number


@kernel
def _zbud_alloc(mem, size):
    """A handle, or a negative errno."""
    if not radix_tree_preload(mem.nodes, 1):
        return -ENOMEM
    migratetype = MIGRATE_MOVABLE if mem.zones[0].zpool_movable else MIGRATE_UNMOVABLE
    return zbud_alloc(mem, LAB_POOL, size, migratetype)


@kernel
def _ask(mem, taken, order):
    """How many blocks can be had."""
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
def _on_pages(mem, results, taken, operation, a, b):
    """The result of an operation on page frames; `a` of FREE_PAGES is a row of `results`."""
    if operation == ALLOC_PAGES:
        return np.int64(alloc_pages(mem, a, b))
    if operation == FREE_PAGES:
        if results[a] < 0:
            return np.int64(-EINVAL)
        put_page(mem, results[a])
        return np.int64(0)
    if operation == ASK:
        return np.int64(_ask(mem, taken, a))
    return np.int64(mem.zones[0].nr_free_pages)


@kernel
def _on_zbud(mem, results, operation, a):
    """The result of an operation on zbud; `a` of ZBUD_FREE is a row of `results`."""
    if operation == ZBUD_ALLOC:
        return np.int64(_zbud_alloc(mem, a))
    if results[a] <= 0:
        return np.int64(-EINVAL)
    return np.int64(zbud_free(mem, LAB_POOL, results[a]))


@kernel
def _on_processes(mem, taken, operation, a, b):
    """The result of TOUCH or EXIT; `a` is the process."""
    if operation == TOUCH:
        place = mem.processes[a].start + b
        return np.int64(handle_mm_fault(mem, a, place, 1))
    exit_mmap(mem, a, taken)
    return np.int64(0)


@kernel
def _compact(mem, moves, control, order, sync):
    """Pages moved by compaction."""
    compact_zone_order(mem, moves, control, order, MIGRATE_MOVABLE, sync)
    return np.int64(control[0].migrated)


@kernel(inline=False)
def run_scripts(
    mem,
    moves,
    control,
    taken,
    image,
    scripts,
    ends,
    results,
):
    """Run each script on a machine of its own.

    taken: room for every frame; image: uint8 (2, bytes), the arrays of the live machine and those
    of a booted one; scripts: int64 (all rows, 3); ends: where in them each one ends.
    """
    row = 0
    for machine in range(ends.shape[0]):
        copy_row(image, 0, 1)
        born = 0
        first = row
        while row < ends[machine]:
            operation = scripts[row, 0]
            a = scripts[row, 1]
            b = scripts[row, 2]
            if operation in (FREE_PAGES, ZBUD_FREE):
                a += first
            if operation in (ALLOC_PAGES, FREE_PAGES, ASK, FREE):
                results[row] = _on_pages(mem, results, taken, operation, a, b)
            elif operation in (ZBUD_ALLOC, ZBUD_FREE):
                results[row] = _on_zbud(mem, results, operation, a)
            elif operation == CREATE_PROCESS:
                results[row] = _create_process(mem.processes, born, a)
                born += 1
            elif operation in (TOUCH, EXIT):
                results[row] = _on_processes(mem, taken, operation, a, b)
            elif operation == COMPACT:
                results[row] = _compact(mem, moves, control, a, b)
            else:
                rescan(mem)
            row += 1


class Batch:
    """Machines of one configuration, without page bytes, a log, or swapping."""

    def __init__(self, config: MachineConfig) -> None:
        self.config = replace(config, page_bytes=False, log=False)

    def run(self, scripts: Sequence[Script]) -> list[Results]:
        """The results of each script, on a machine of its own. ValueError for what is no script."""
        arguments, results = self.prepared(scripts)
        run_scripts(*arguments)
        return np.split(results, np.cumsum([len(script) for script in scripts])[:-1])

    def prepared(self, scripts: Sequence[Script]) -> tuple[list[Any], Results]:
        """What `run_scripts` takes for these scripts, and where it puts the results."""
        for script in scripts:
            check(script)
        every = np.ascontiguousarray(np.concatenate(scripts), np.int64)
        ends = np.cumsum([len(script) for script in scripts])
        state = Machine(self.config).state
        image, arrays = _image(self._booted(state, every, ends))
        mem = state.mem._replace(**arrays)
        results = np.zeros(len(every), np.int64)
        frames = self.config.frames
        moves, control = np.zeros(frames, layout.migration), np.zeros(1, layout.compact_control)
        taken = np.zeros(frames, np.int64)
        return [mem, moves, control, taken, image, every, ends, results], results

    def _booted(
        self, state: State, every: Script, ends: NDArray[np.int64]
    ) -> dict[str, np.ndarray]:
        """The arrays of a booted machine, with room for what the scripts do."""
        born = every[:, 0] == CREATE_PROCESS
        handles = _most(every[:, 0] == ZBUD_ALLOC, ends)
        nodes = np.zeros(handles // HANDLES_PER_NODE + SPARE_NODES, layout.radix_tree_node)
        init_radix_tree_nodes(nodes)
        return {
            **{name: getattr(state, name) for name in ("zones", "pages", "blocks")},
            "pools": state.pools,
            "rows": state.rows,
            "nodes": nodes,
            "frames": state.frames,
            "ptes": np.zeros(max(_most(np.where(born, every[:, 1], 0), ends), 1), layout.pte),
            "processes": np.zeros(max(_most(born, ends), 1), layout.process),
        }


def _most(values: np.ndarray, ends: NDArray[np.int64]) -> int:
    """The largest sum of `values` over one script."""
    return int(np.add.reduceat(values.astype(np.int64), np.r_[0, ends[:-1]]).max())


def _image(booted: dict[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Two images of a machine, uint8 (2, bytes), and its arrays as views of the first.

    Without page bytes a frame's content is its zbud header: `frames` is a view of `rows`.
    """
    sizes = {n: -(-array.nbytes // ALIGNED) * ALIGNED for n, array in booted.items()}
    sizes["frames"] = 0
    image = np.zeros((2, sum(sizes.values())), np.uint8)
    views: dict[str, np.ndarray] = {}
    start = 0
    for name, array in booted.items():
        if name == "frames":
            views[name] = views["rows"][: len(array)].view(np.uint8).reshape(array.shape)
            continue
        image[:, start : start + array.nbytes] = array.view(np.uint8)
        views[name] = image[0, start : start + array.nbytes].view(array.dtype)
        start += sizes[name]
    return image, views


def check(script: Script) -> None:
    """Raise ValueError, with the row, for what is no script."""
    if script.ndim != 2 or script.shape[1] != 3 or not len(script):
        raise ValueError(f"a script has rows of an operation and two arguments, not {script.shape}")
    operation, first, second = script.T
    place = np.arange(len(script))
    born = operation == CREATE_PROCESS
    sizes = np.append(first[born], 0)
    process = sizes[np.clip(first, 0, len(sizes) - 1)]  # pages of the process that `first` names
    earlier = operation[np.clip(first, 0, len(script) - 1)]

    def below(limit: Any, values: NDArray[np.int64], least: int = 0) -> NDArray[np.bool_]:
        return (values >= least) & (values < limit)

    rules: dict[int, NDArray[np.bool_]] = {
        ALLOC_PAGES: below(layout.MAX_ORDER, first) & below(layout.MIGRATE_RESERVE, second),
        FREE_PAGES: below(place, first) & (earlier == ALLOC_PAGES),
        ZBUD_ALLOC: first > 0,
        ZBUD_FREE: below(place, first) & (earlier == ZBUD_ALLOC),
        CREATE_PROCESS: first > 0,
        TOUCH: below(np.cumsum(born), first) & below(process, second),
        EXIT: below(np.cumsum(born), first),
        COMPACT: below(layout.MAX_ORDER, first, least=-1),
        ASK: below(layout.MAX_ORDER, first),
    }
    good = below(FREE + 1, operation)
    for which, rule in rules.items():
        good &= (operation != which) | rule
    wrong = np.flatnonzero(~good)
    back = script[np.isin(operation, (FREE_PAGES, ZBUD_FREE)), 1]
    if len(wrong):
        raise ValueError(f"row {wrong[0]} of a script cannot be meant: {script[wrong[0]].tolist()}")
    if len(np.unique(back)) < len(back):
        raise ValueError("a script gives something back twice")
