"""Compaction of a zone in which zbud pages are scattered over 40 % of the frames."""

import numpy as np
import psutil

from benchmarks import drivers
from benchmarks.item import ALIKE, KERNEL, Call, Case, Setup, Step, item
from benchmarks.machines import SEED, machine
from benchmarks.reference import Alike, Library, Reference, zeroed
from zbudlab import layout
from zbudlab.mm.state import State

MEMCPY = "memcpy alone"
SHARE = 0.4  #: of the frames hold zbud pages
BARE = 1 << 18  #: frames, at most, in which the same pages are just copied


class ScatteredZone:
    """A zone on every side, in which prepare() scatters the same pages over the same frames."""

    def __init__(self, order: int, page_bytes: bool) -> None:
        self.frames, self.page_bytes = 1 << order, page_bytes
        self.pages = int(SHARE * self.frames)
        self.nodes = 2 * self.pages // layout.RADIX_TREE_MAP_SIZE + 100
        self.order = np.arange(1, self.frames)
        self.draw = np.random.default_rng(SEED)
        self.mode = "in_page" if page_bytes else "metadata"
        self.moves = np.zeros(self.frames, layout.migration)
        self.control = np.zeros(1, layout.compact_control)
        self.scatters: list[Call] = []

    def machine(self) -> State:
        """Make a machine of that size."""
        return machine(
            self.frames, layout.ZBUD_SERIES, nodes=self.nodes, page_bytes=self.page_bytes
        )

    def handles(self) -> np.ndarray:
        """Return an array for the handles of all objects."""
        return np.zeros(self.pages + self.pages // 2, np.int64)

    def prepare(self) -> None:
        """Scatter the pages again; before that every side must have them in the same frames."""
        self.draw.shuffle(self.order)
        places = {scatter() for scatter in self.scatters}
        if len(places) > 1:
            raise SystemExit(
                f"compaction, {self.frames} frames: pages are in different frames: {places}"
            )

    def ours(self) -> Call:
        """Return our call, which records its moves."""
        state, handles = self.machine(), self.handles()
        self.scatters.append(lambda: drivers.scatter(state.mem, handles, self.order, self.pages))
        return lambda: drivers.compact(state.mem, self.moves, self.control)

    def theirs(self, c: Library) -> Call:
        """Return the call of C."""
        scatter, handles = getattr(c, f"scatter_{self.mode}"), self.handles()
        self.scatters.append(lambda: scatter(handles, self.order, len(self.order), self.pages))
        return getattr(c, f"compact_{self.mode}")

    def memcpy(self) -> Call:
        """Return a call that copies as many pages as we moved last, as far apart."""
        span = min(self.frames, BARE)
        c, memory = Library("reference.c"), zeroed((span, layout.PAGE_SIZE), np.uint8)

        def call() -> None:
            moves = self.moves[: self.control[0]["nr_moves"]]
            new, old = ((moves[side] % span).astype(np.uint32) for side in ("new", "old"))
            c.copy_pages(memory, new, old, len(moves))

        return call


def compaction(setup: Setup, order: int, goals: tuple[float, float], page_bytes: bool) -> Case:
    """Compact the whole zone repeatedly; an operation is one of its frames."""
    zone = ScatteredZone(order, page_bytes)
    what = "with page bytes" if page_bytes else "metadata-only"
    step = Step(f"compaction, 2^{order} frames, {what}", zone.frames, zone.ours())
    step.must[KERNEL] = goals[0]
    step.aim[MEMCPY if page_bytes else KERNEL] = goals[1]
    if setup.with_c:
        c = Reference(zone.frames, in_page=page_bytes, nodes=zone.nodes)
        step.theirs[KERNEL] = zone.theirs(c)
        step.theirs[ALIKE] = zone.theirs(Alike(zone.machine()))
    if setup.with_c and page_bytes:
        step.theirs[MEMCPY] = zone.memcpy()
    return Case(zone.prepare, [step])


@item("compaction-2^18")
def compaction_18(setup: Setup) -> Case:
    """Measure a machine of 1 GiB."""
    return compaction(setup, 16 if setup.short else 18, (0.95, 1 / 1.1), page_bytes=True)


@item("compaction-2^20")
def compaction_20(setup: Setup) -> Case:
    """Measure a machine of 4 GiB; smaller if the host has less memory."""
    enough = psutil.virtual_memory().available > 3.5 * (layout.PAGE_SIZE << 20)
    order = 16 if setup.short else 20 if enough else 19
    return compaction(setup, order, (0.95, 1 / 1.1), page_bytes=True)


@item("compaction-metadata-2^18")
def metadata_18(setup: Setup) -> Case:
    """Measure the same without page bytes."""
    return compaction(setup, 16 if setup.short else 18, (0.85, 1.0), page_bytes=False)


@item("compaction-metadata-2^20")
def metadata_20(setup: Setup) -> Case:
    """Measure the same without page bytes."""
    return compaction(setup, 18 if setup.short else 20, (0.85, 1.0), page_bytes=False)
