"""The buddy allocator: blocks of all orders and types, allocated and freed at random."""

from functools import partial

import numpy as np

from benchmarks import drivers
from benchmarks.item import ALIKE, KERNEL, Case, Setup, Step, item
from benchmarks.machines import SEED, machine
from benchmarks.reference import Alike, Reference
from zbudlab import layout

FRAMES = 1 << 18
LIVE = 700  #: blocks, which take about half of the memory
TYPES = (layout.MIGRATE_UNMOVABLE, layout.MIGRATE_RECLAIMABLE, layout.MIGRATE_MOVABLE)
NODES = 64


def held() -> tuple[np.ndarray, np.ndarray]:
    """Return the caller's blocks, none yet, and their orders."""
    return np.full(LIVE, -1, np.int64), np.zeros(LIVE, np.uint8)


class Blocks:
    """The slots, orders and types that all sides get."""

    def __init__(self, operations: int) -> None:
        self.draw = np.random.default_rng(SEED)
        self.slots = np.zeros(operations, np.int32)
        self.orders = np.zeros(operations, np.uint8)
        self.types = np.zeros(operations, np.uint8)
        self.drawn = (self.slots, self.orders, self.types)

    def prepare(self) -> None:
        """Draw the next round."""
        operations = len(self.slots)
        self.slots[:] = self.draw.integers(0, LIVE, operations)
        self.orders[:] = self.draw.integers(0, layout.MAX_ORDER, operations)
        self.types[:] = self.draw.choice(TYPES, operations)


@item("buddy")
def buddy(setup: Setup) -> Case:
    """Free a random block and allocate one of random order and type; both together count as one."""
    operations = 10**4 if setup.short else 5 * 10**4
    blocks = Blocks(operations)
    state = machine(FRAMES, layout.ZBUD_PLAIN, nodes=NODES, page_bytes=False)
    ours = held()
    step = Step(
        f"buddy churn, orders 0-{layout.MAX_ORDER - 1}, 2^18 frames",
        2 * operations,
        lambda: drivers.buddy_churn(state.mem, *ours, *blocks.drawn),
        must={KERNEL: 1.0},
        aim={KERNEL: 1.2},
    )
    if setup.with_c:
        other = machine(FRAMES, layout.ZBUD_PLAIN, nodes=NODES, page_bytes=False)
        for side, c in ((KERNEL, Reference(FRAMES, in_page=False)), (ALIKE, Alike(other))):
            step.theirs[side] = partial(c.buddy_churn, *held(), *blocks.drawn, operations)
    return Case(blocks.prepare, [step], passes=2 if setup.short else 5)
