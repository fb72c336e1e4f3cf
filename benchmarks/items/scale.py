"""Machines of 2^12 to 2^24 frames without page bytes: nanoseconds per frame against size."""

from functools import partial

import numpy as np
import psutil

from benchmarks import drivers
from benchmarks.item import ITEMS, KERNEL, Case, Setup, Step
from benchmarks.items.compaction import ScatteredZone
from benchmarks.reference import Reference
from zbudlab import layout
from zbudlab.mm.bootmem import free_area_init, free_pages_memory
from zbudlab.mm.radix_tree import init_radix_tree_nodes
from zbudlab.mm.state import State

ORDERS = range(12, 25, 2)
BYTES_A_FRAME = 400  #: of the host, for both machines and the orders in which frames are freed
STEPS = ("compact", "init", "allocate all", "free all in random order")


def boot(state: State) -> int:
    """Restart the page allocator with all frames free except 0; return the free frames."""
    zone = state.zone
    zone["nr_free"] = 0
    zone["nr_free_pages"] = zone["nr_free_cma"] = 0
    free_area_init(state.mem)
    free_pages_memory(state.mem, 1, int(zone["spanned_pages"]))
    return int(zone["nr_free_pages"])


class Sides(ScatteredZone):
    """Our zone and that of C; prepare() boots both and scatters zbud pages over the frames."""

    def __init__(self, order: int, setup: Setup) -> None:
        super().__init__(order, page_bytes=False)
        self.state = self.machine()
        self.held = self.handles()
        self.freed = self.order.copy()
        arguments = (self.held, self.order, self.pages)
        self.scatters = [lambda: drivers.scatter(self.state.mem, *arguments)]
        self.ours = [
            lambda: drivers.compact(self.state.mem, self.moves, self.control),
            partial(boot, self.state),
            lambda: drivers.allocate_all(self.state.mem),
            lambda: drivers.free_all(self.state.mem, self.freed),
        ]
        self.c = None
        if setup.with_c:
            self.c = Reference(self.frames, in_page=False, nodes=self.nodes)
            self.held_there = self.handles()
            self.scatters.append(self.scattered_there)

    def scattered_there(self) -> int:
        """Call scatter_metadata of C."""
        count = len(self.order)
        return self.c.scatter_metadata(self.held_there, self.order, count, self.pages)

    def prepare(self) -> None:
        """Forget all objects, whose pages the last boot freed; then do as ScatteredZone does."""
        self.draw.shuffle(self.freed)
        self.held[:] = 0
        self.state.nodes.view(np.uint8).fill(0)
        init_radix_tree_nodes(self.state.nodes)
        self.state.create_pool(0, layout.ZBUD_SERIES)
        if self.c is not None:
            self.held_there[:] = 0
            self.c.forget()
        boot(self.state)
        super().prepare()

    def theirs(self, name: str):
        """Return the call of C for a step."""
        count = len(self.freed)
        return {
            "compact": self.c.compact_metadata,
            "init": self.c.boot,
            "allocate all": self.c.allocate_all,
            "free all in random order": lambda: self.c.free_all(self.freed, count),
        }[name]


def scale(order: int, setup: Setup) -> Case:
    """Compact, boot, allocate every frame, and free them in random order."""
    sides = Sides(order, setup)
    steps = [
        Step(f"2^{order} frames: {name}", sides.frames, call)
        for name, call in zip(STEPS, sides.ours, strict=True)
    ]
    for step, name in zip(steps, STEPS, strict=True):
        if sides.c is not None:
            step.theirs[KERNEL] = sides.theirs(name)
    return Case(
        sides.prepare, steps, passes=max(1, 1 << (16 - order) if order < 16 else 1), rounds=7
    )


def sized(order: int, setup: Setup) -> Case:
    """Measure a machine of 2^order frames, unless the host has too little memory."""
    room = psutil.virtual_memory().available // BYTES_A_FRAME
    largest = 16 if setup.short else room.bit_length() - 1
    if order > largest:
        return Case(lambda: None, [])
    return scale(order, setup)


for _order in ORDERS:
    ITEMS[f"scale-2^{_order}"] = partial(sized, _order)
