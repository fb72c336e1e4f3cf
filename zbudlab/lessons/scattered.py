"""Memory full of scattered pages, for the notebook about compaction."""

import contextlib
from dataclasses import dataclass

import numpy as np

from zbudlab import layout
from zbudlab.machine import Machine, MachineError
from zbudlab.mm.inspection import frame_kinds

PROCESSES = 16
OBJECT = 1800  #: bytes of a zbud object: two share a page


def scattered(
    zbud: int = 10,
    movable: bool = True,
    freed: int = 50,
    frames: int = 16384,
    cma_pages: int = 0,
    seed: int = 0,
) -> Machine:
    """Return a machine that processes filled side by side; some exited, and zbud uses their frames.

    freed: percent of the processes that exit, chosen at random. zbud: percent of memory that zbud
    then fills; half of its objects are freed again. movable: with the series or without it. frames,
    cma_pages: sizes, frames.
    """
    machine = Machine(
        frames=frames, cma_pages=cma_pages, zbud_movable=movable, page_bytes=False, log=False
    )
    random = np.random.Generator(np.random.PCG64(seed))
    pages = (frames - frames // 64) // PROCESSES
    processes = [machine.create_process(pages) for _ in range(PROCESSES)]
    for page in range(pages):
        for process in processes:
            machine.touch(process, [page], write=True)
    for process in random.permutation(processes)[: PROCESSES * freed // 100].tolist():
        machine.exit(process)
    handles = [machine.zbud_alloc(OBJECT) for _ in range(2 * frames * zbud // 100)]
    for handle in random.permutation(handles)[: len(handles) // 2].tolist():
        machine.zbud_free(handle)
    return machine


@dataclass(frozen=True)
class Blocks:
    """Numbers of order-9 blocks. ready: available now. together: if free pages were adjacent."""

    together: int
    ready: int

    def __str__(self) -> str:
        return f"{self.ready} of {self.together} order-9 blocks"


def blocks(machine: Machine, order: int = 9) -> Blocks:
    """Count the blocks of an order that are available, and that could be."""
    nr_free = machine.state.zone["nr_free"]
    ready = sum(int(nr_free[k]) << (k - order) for k in range(order, layout.MAX_ORDER))
    return Blocks(int(machine.state.zone["nr_free_pages"]) >> order, ready)


def zbud_frames(machine: Machine) -> list[int]:
    """Return the page frames of all zbud pages, ascending."""
    kinds = frame_kinds(machine.state)
    return np.flatnonzero(np.isin(kinds, layout.POOL_KINDS)).tolist()


def pin_some(machine: Machine, count: int, seed: int = 0) -> list[int]:
    """Take a reference to that many random zbud pages, as readers would. Return their frames."""
    random = np.random.Generator(np.random.PCG64(seed))
    frames = random.permutation(zbud_frames(machine))[:count].tolist()
    for pfn in frames:
        machine.pin(pfn)
    return frames


def moves(machine: Machine) -> str:
    """Describe in one line what the last compaction or CMA request did."""
    control = machine.control[0]
    done = machine.moves[: int(control["nr_moves"])]
    moved = int(np.count_nonzero(done["rc"] == 0))
    busy = int(np.count_nonzero(done["rc"] == -layout.EAGAIN))
    return f"{moved} pages moved, {busy} stayed because of extra references (-EAGAIN)"


def fill_with_zbud(machine: Machine) -> int:
    """Store objects in zbud until there is no frame left for it. Return how many were stored."""
    handles = []
    with contextlib.suppress(MachineError):
        while True:
            handles.append(machine.zbud_alloc(OBJECT))
    return len(handles)


def take_cma(machine: Machine) -> str:
    """Request the CMA area, one pageblock at a time. Say how many were allocated."""
    first, last = machine.cma_area
    size = 1 << machine.config.pageblock_order
    taken = 0
    for start in range(first, last, size):
        with contextlib.suppress(MachineError):
            machine.alloc_contig_range(start, start + size)
            taken += 1
    return f"{taken} of {(last - first) // size} pageblocks of the CMA area"


#: How zbud's pages are placed, and whether they can move: as before the series, with the series
#: except its `__GFP_MOVABLE`, and with all of it.
PLACED = ("cannot move", "can move, misplaced", "can move, placed well")


def crowded(placed: str, frames: int = 8192, programs: int = 10, seed: int = 0) -> Machine:
    """Return a machine that zbud filled next to a program, before half of its pages were freed.

    placed: one of PLACED. Pages that are misplaced were requested as unmovable memory.
    programs: percent of memory that a program fills first. ValueError for any other `placed`.
    """
    if placed not in PLACED:
        raise ValueError(f"placed must be one of {', '.join(PLACED)}, not {placed!r}")
    machine = Machine(frames=frames, page_bytes=False, log=False)
    machine.set_zbud_movable(placed == PLACED[2])
    program = machine.create_process(frames * programs // 100)
    machine.touch(program, range(frames * programs // 100), write=True)
    pages = []
    while int(machine.state.zone["nr_free_pages"]) > frames // 32:
        pages.append([machine.zbud_alloc(OBJECT) for _ in range(2)])
    machine.set_zbud_movable(placed != PLACED[0])
    random = np.random.Generator(np.random.PCG64(seed))
    for place in random.permutation(len(pages))[: len(pages) // 2].tolist():
        for handle in pages[place]:
            machine.zbud_free(handle)
    return machine
