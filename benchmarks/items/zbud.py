"""zbud: objects stored and freed at random, and pages migrated."""

from collections.abc import Callable

import numpy as np

from benchmarks import drivers
from benchmarks.item import ALIKE, KERNEL, Call, Case, Setup, Step, item
from benchmarks.machines import SEED, frames_for, machine, nodes_for
from benchmarks.reference import Alike, Library, Reference
from zbudlab import layout

Store = Callable[[np.ndarray, np.ndarray, np.ndarray], int]  #: a loop: handles, slots, sizes


class Objects:
    """Objects in slots: the handles of each side, and the slots and sizes that all sides get."""

    def __init__(self, live: int, operations: int) -> None:
        self.live = live
        self.draw = np.random.default_rng(SEED)
        self.slots = np.zeros(operations, np.int32)
        self.sizes = np.zeros(operations, np.int32)
        self.first = self._sizes(live)

    def _sizes(self, count: int) -> np.ndarray:
        return self.draw.integers(1, layout.ZBUD_MAX_SIZE + 1, count).astype(np.int32)

    def prepare(self) -> None:
        """Draw the next round."""
        self.slots[:] = self.draw.integers(0, self.live, len(self.slots))
        self.sizes[:] = self._sizes(len(self.sizes))

    def filled(self, store: Store) -> np.ndarray:
        """Store an object in every slot; return the handles."""
        handles = np.zeros(self.live, np.int64)
        store(handles, np.arange(self.live, dtype=np.int32), self.first)
        return handles

    def churn(self, store: Store) -> Call:
        """Return a call that does a round on a separate, filled side."""
        handles = self.filled(store)
        return lambda: store(handles, self.slots, self.sizes)


def c_loop(c: Library, name: str) -> Store:
    """Return a loop of C, which gets the length of its inputs as an argument."""
    loop = getattr(c, name)
    return lambda handles, slots, sizes: loop(handles, slots, sizes, len(slots))


def churn(
    setup: Setup, live: int, goals: tuple[float, float], variant: int, page_bytes: bool = True
) -> Case:
    """Free a random object and store one of random size, with `live` objects; both count as one.

    C as in the kernel keeps its headers in the pages; C alike does what we do.
    """
    shape = {"frames": frames_for(live), "nodes": nodes_for(live)}
    state = machine(variant=variant, page_bytes=page_bytes, **shape)
    objects = Objects(live, 5 * 10**4 if live < 10**5 else 25 * 10**4)
    name = "series" if variant == layout.ZBUD_SERIES else "plain"
    where = "in-page" if page_bytes else "metadata-only"
    step = Step(
        f"zbud churn, {name}, {live:,} live, {where}",
        2 * len(objects.slots),
        objects.churn(lambda *arrays: drivers.churn(state.mem, *arrays)),
        must={KERNEL: goals[0]},
        aim={KERNEL: goals[1]},
    )
    if setup.with_c:
        alike = Alike(machine(variant=variant, page_bytes=page_bytes, **shape))
        same = f"churn_{name}" if page_bytes else f"churn_{name}_metadata"
        step.theirs[KERNEL] = objects.churn(c_loop(Reference(**shape), f"churn_{name}"))
        step.theirs[ALIKE] = objects.churn(c_loop(alike, same))
    passes = 2 if setup.short or live >= 10**5 else 10
    return Case(objects.prepare, [step], passes)


@item("zbud-10k")
def plain_10k(setup: Setup) -> Case:
    """Measure a pool that fits the caches; handles are addresses."""
    return churn(setup, 10**4, (0.93, 1.2), layout.ZBUD_PLAIN)


@item("zbud-10k-metadata")
def metadata_10k(setup: Setup) -> Case:
    """Measure the same without page bytes."""
    return churn(setup, 10**4, (1.25, 1.6), layout.ZBUD_PLAIN, page_bytes=False)


@item("zbud-1m")
def plain_1m(setup: Setup) -> Case:
    """Measure a pool that fits no cache."""
    live = 10**5 if setup.short else 10**6
    return churn(setup, live, (0.85, 1.05), layout.ZBUD_PLAIN)


@item("zbud-1m-metadata")
def metadata_1m(setup: Setup) -> Case:
    """Measure the same without page bytes."""
    live = 10**5 if setup.short else 10**6
    return churn(setup, live, (1.0, 1.15), layout.ZBUD_PLAIN, page_bytes=False)


@item("zbud-series")
def series(setup: Setup) -> Case:
    """Measure handles that go through the tree, with pages counted."""
    return churn(setup, 10**4, (0.9, 1.1), layout.ZBUD_SERIES)


@item("zbud-migration")
def migration(setup: Setup, live: int = 10**4) -> Case:
    """Migrate the zbud pages of random handles."""
    shape = {"frames": 2 * frames_for(live), "nodes": nodes_for(live)}
    state = machine(variant=layout.ZBUD_SERIES, **shape)
    objects = Objects(live, 10**4)
    ours = objects.filled(lambda *arrays: drivers.churn(state.mem, *arrays))
    step = Step(
        f"zbud page migration, {live:,} live",
        len(objects.slots),
        lambda: drivers.migrate(state.mem, ours, objects.slots),
        must={KERNEL: 0.9},
        aim={KERNEL: 1.1},
    )
    if setup.with_c:
        other = machine(variant=layout.ZBUD_SERIES, **shape)
        for side, c in ((KERNEL, Reference(**shape)), (ALIKE, Alike(other))):
            handles = objects.filled(c_loop(c, "churn_series"))
            step.theirs[side] = lambda c=c, handles=handles: c.migrate(
                handles, objects.slots, len(objects.slots)
            )
    return Case(objects.prepare, [step], passes=2 if setup.short else 10)
