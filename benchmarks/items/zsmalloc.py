"""zsmalloc: objects stored and freed at random, pages migrated, and the pool compacted."""

from collections.abc import Callable
from dataclasses import astuple

import numpy as np

from benchmarks import zsmalloc_drivers
from benchmarks.item import KERNEL, Case, Setup, Step, item
from benchmarks.machines import SEED, frames_for, touch
from benchmarks.reference import Library, Reference
from zbudlab import layout
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.state import State
from zbudlab.profiles import ZSMALLOC, ZsmallocRules

GOALS: dict[str, dict[str, float]] = {"must": {KERNEL: 0.95}, "aim": {KERNEL: 1.1}}


def machine(frames: int, live: int, rules: ZsmallocRules) -> State:
    """Make a machine with one pool of zsmalloc and all frames free except 0."""
    state = State(frames)
    touch(state.frames)
    free_pages_memory(state.mem, 1, frames)
    state.create_pool(0, 0, layout.ZPOOL_ZSMALLOC, rules)
    state.reserve_objects(live + 1)
    for table in (state.zspages, state.objects, state.handles):
        table.view(np.uint8)[-1] = 0
    return state


class Objects:
    """Objects in slots: what all sides get, and the handles of each side."""

    def __init__(self, live: int, operations: int) -> None:
        self.live = live
        self.draw = np.random.default_rng(SEED)
        self.every = np.arange(live, dtype=np.int32)
        self.slots = np.zeros(operations, np.int32)
        self.sizes = np.zeros(operations, np.int32)
        self.first = self._sizes(live)

    def _sizes(self, count: int) -> np.ndarray:
        drawn = np.exp(self.draw.normal(np.log(1150), 0.7, count))
        return np.clip(drawn, 1, layout.PAGE_SIZE).astype(np.int32)

    def prepare(self) -> None:
        """Draw the next round."""
        self.slots[:] = self.draw.integers(0, self.live, len(self.slots))
        self.sizes[:] = self._sizes(len(self.sizes))

    def filled(self, store: Callable[..., int]) -> np.ndarray:
        """Store an object in every slot; return the handles."""
        handles = np.zeros(self.live, np.int64)
        store(handles, self.every, self.first)
        return handles


def c_side(frames: int, rules: ZsmallocRules) -> Library:
    """Return a machine of C with a pool."""
    library = Reference(frames, source="zsmalloc.c")
    library.create_pool(np.array(astuple(rules), np.int64))
    return library


def churn(setup: Setup, live: int, version: str) -> Case:
    """Free a random object and store one of random size; both count as one operation each."""
    rules, frames = ZSMALLOC[version], frames_for(live)
    state = machine(frames, live, rules)
    objects = Objects(live, 5 * 10**4 if live < 10**5 else 25 * 10**4)
    ours = objects.filled(lambda *given: zsmalloc_drivers.churn(state.mem, *given))
    step = Step(
        f"zsmalloc churn, {version}, {live:,} live",
        2 * len(objects.slots),
        lambda: zsmalloc_drivers.churn(state.mem, ours, objects.slots, objects.sizes),
        **GOALS,
    )
    if setup.with_c:
        c = c_side(frames, rules)
        theirs = objects.filled(lambda h, slots, sizes: c.churn(h, slots, sizes, len(slots)))
        step.theirs[KERNEL] = lambda: c.churn(
            theirs, objects.slots, objects.sizes, len(objects.slots)
        )
    return Case(objects.prepare, [step], passes=2 if setup.short or live >= 10**5 else 10)


@item("zsmalloc-10k")
def churn_10k(setup: Setup) -> Case:
    """Measure a pool that fits the caches, by the rules of 7.3."""
    return churn(setup, 10**4, "7.3")


@item("zsmalloc-10k-6.1")
def churn_10k_old(setup: Setup) -> Case:
    """Measure the same by the rules of 6.1."""
    return churn(setup, 10**4, "6.1")


@item("zsmalloc-1m")
def churn_1m(setup: Setup) -> Case:
    """Measure a pool that fits no cache."""
    return churn(setup, 10**5 if setup.short else 10**6, "7.3")


@item("zsmalloc-migration")
def migration(setup: Setup, live: int = 10**4) -> Case:
    """Migrate the pages of random objects."""
    rules, frames = ZSMALLOC["7.3"], 2 * frames_for(live)
    state = machine(frames, live, rules)
    objects = Objects(live, 10**4)
    ours = objects.filled(lambda *given: zsmalloc_drivers.churn(state.mem, *given))
    step = Step(
        f"zsmalloc page migration, {live:,} live",
        len(objects.slots),
        lambda: zsmalloc_drivers.migrate(state.mem, ours, objects.slots),
        **GOALS,
    )
    if setup.with_c:
        c = c_side(frames, rules)
        theirs = objects.filled(lambda h, slots, sizes: c.churn(h, slots, sizes, len(slots)))
        step.theirs[KERNEL] = lambda: c.migrate(theirs, objects.slots, len(objects.slots))
    return Case(objects.prepare, [step], passes=2 if setup.short else 10)


def compaction(setup: Setup, version: str, live: int = 10**4) -> Case:
    """Free random objects, compact the pool, and store as many again."""
    rules, frames = ZSMALLOC[version], frames_for(live)
    state = machine(frames, live, rules)
    objects = Objects(live, live)
    mem = state.mem
    ours = objects.filled(lambda *given: zsmalloc_drivers.churn(mem, *given))
    every, sizes = objects.every, objects.first
    steps = [
        Step("", live, lambda: zsmalloc_drivers.release(mem, ours, objects.slots)),
        Step("", live, lambda: zsmalloc_drivers.compact(mem, ours), **GOALS),
        Step("", live, lambda: zsmalloc_drivers.churn(mem, ours, every, sizes)),
    ]
    names = ("frees before it", "compaction", "churn after it")
    for step, name in zip(steps, names, strict=True):
        step.name = f"zsmalloc, {version}, {live:,} objects: {name}"
    if setup.with_c:
        c = c_side(frames, rules)
        theirs = objects.filled(lambda h, slots, sizes: c.churn(h, slots, sizes, len(slots)))
        steps[0].theirs[KERNEL] = lambda: c.release(theirs, objects.slots, len(objects.slots))
        steps[1].theirs[KERNEL] = lambda: c.compact(theirs, live)
        steps[2].theirs[KERNEL] = lambda: c.churn(theirs, every, sizes, live)
    return Case(objects.prepare, steps, passes=2 if setup.short else 10)


@item("zsmalloc-compaction")
def compaction_new(setup: Setup) -> Case:
    """Measure compaction by the rules of 7.3."""
    return compaction(setup, "7.3")


@item("zsmalloc-compaction-6.1")
def compaction_old(setup: Setup) -> Case:
    """Measure compaction by the rules of 6.1."""
    return compaction(setup, "6.1")
