"""The radix tree: inserting, looking up, deleting, in random order of the keys."""

import numpy as np

from benchmarks import drivers
from benchmarks.item import KERNEL, Case, Setup, Step, item
from benchmarks.machines import SEED
from benchmarks.reference import Reference, zeroed
from zbudlab import layout
from zbudlab.mm.radix_tree import init_radix_tree_nodes


def radix(setup: Setup, size: int) -> Case:
    """Insert `size` dense keys in random order, look all up in another, delete in a third."""
    nodes = zeroed(size // 32 + 64, layout.radix_tree_node)
    init_radix_tree_nodes(nodes)
    roots = np.zeros(1, layout.radix_tree_root)
    draw = np.random.default_rng(SEED)
    keys = {name: np.zeros(size, np.int64) for name in ("insert", "lookup", "delete")}

    def prepare() -> None:
        for order in keys.values():
            order[:] = draw.permutation(size)

    c = Reference(nodes=len(nodes)) if setup.with_c else None

    def step(name: str) -> Step:
        ours, order = getattr(drivers, f"radix_{name}"), keys[name]
        made = Step(f"radix {name}, {size:,} keys", size, lambda: ours(nodes, roots, order))
        if c:
            made.theirs[KERNEL] = lambda: getattr(c, f"radix_{name}")(order, len(order))
        return made

    passes = max(1, (10**5 if setup.short else 5 * 10**5) // size)
    return Case(prepare, [step("insert"), step("lookup"), step("delete")], passes)


@item("radix-10k")
def radix_10k(setup: Setup) -> Case:
    """A tree that fits the processor's caches."""
    return radix(setup, 10**4)


@item("radix-1m")
def radix_1m(setup: Setup) -> Case:
    """A tree that doesn't."""
    return radix(setup, 10**6)
