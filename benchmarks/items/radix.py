"""The radix tree: insert, look up and delete keys in random order."""

import numpy as np

from benchmarks import drivers
from benchmarks.item import ALIKE, KERNEL, Case, Setup, Step, item
from benchmarks.machines import SEED, machine
from benchmarks.reference import Alike, Reference
from zbudlab import layout

FRAMES = layout.MAX_ORDER_NR_PAGES  #: only the tree is measured


class Trees:
    """One tree per side, and the orders in which keys are inserted, looked up and deleted."""

    def __init__(self, setup: Setup, size: int) -> None:
        nodes = size // 32 + 64
        self.size = size
        self.keys = {name: np.zeros(size, np.int64) for name in ("insert", "lookup", "delete")}
        self.items = np.zeros(size, np.int64)
        self.state = machine(FRAMES, layout.ZBUD_SERIES, nodes=nodes)
        self.theirs: dict[str, Reference | Alike] = {}
        if setup.with_c:
            other = machine(FRAMES, layout.ZBUD_SERIES, nodes=nodes)
            self.theirs = {KERNEL: Reference(nodes=nodes), ALIKE: Alike(other)}
        self.draw = np.random.default_rng(SEED)

    def prepare(self) -> None:
        """Draw the next orders."""
        for order in self.keys.values():
            order[:] = self.draw.permutation(self.size)

    def step(self, name: str, must: float, aim: float) -> Step:
        """Return one of the three steps, a key at a time."""
        ours, order = getattr(drivers, f"radix_{name}"), self.keys[name]
        made = Step(
            f"radix {name}, {self.size:,} keys",
            self.size,
            lambda: ours(self.state.nodes, self.state.pools, order),
            must={KERNEL: must},
            aim={KERNEL: aim},
        )
        for side, c in self.theirs.items():
            call = getattr(c, f"radix_{name}")
            made.theirs[side] = lambda call=call: call(order, self.size)
        return made

    def batch(self) -> Step:
        """Return the lookup of all keys in one call; C alike descends with them together, too."""
        order, items = self.keys["lookup"], self.items
        made = Step(
            f"radix lookup in a batch, {self.size:,} keys",
            self.size,
            lambda: drivers.radix_lookup_batch(self.state.nodes, self.state.pools, order, items),
        )
        if self.theirs:
            c, alike = self.theirs[KERNEL], self.theirs[ALIKE]
            made.theirs[KERNEL] = lambda: c.radix_lookup(order, self.size)
            made.theirs[ALIKE] = lambda: alike.radix_lookup_batch(order, items, self.size)
        return made


def radix(setup: Setup, size: int) -> Case:
    """Insert `size` dense keys, look up all of them twice, delete them."""
    trees = Trees(setup, size)
    steps = [
        trees.step("insert", 0.9, 0.95),
        trees.step("lookup", 0.95, 1.2),
        trees.batch(),
        trees.step("delete", 0.9, 0.95),
    ]
    passes = max(1, (10**5 if setup.short else 5 * 10**5) // size)
    return Case(trees.prepare, steps, passes)


@item("radix-10k")
def radix_10k(setup: Setup) -> Case:
    """Measure trees that fit the caches of the processor."""
    return radix(setup, 10**4)


@item("radix-1m")
def radix_1m(setup: Setup) -> Case:
    """Measure trees that do not fit them."""
    case = radix(setup, 10**6)
    case.steps[2].must, case.steps[2].aim = {KERNEL: 1.3}, {ALIKE: 1.0}
    return case
