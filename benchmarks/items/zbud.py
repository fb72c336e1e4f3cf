"""zbud: objects stored and freed at random, and pages migrated."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from benchmarks import drivers
from benchmarks.item import KERNEL, Case, Setup, Step, item
from benchmarks.machines import SEED, frames_for, machine
from benchmarks.reference import Reference
from zbudlab import layout


class ZbudInputs:
    """Handles of each side, and the random slots and sizes that all sides get."""

    def __init__(self, live: int, operations: int, sides: int) -> None:
        self.draw = np.random.default_rng(SEED)
        self.live = live
        self.handles = [np.zeros(live, np.int64) for _ in range(sides)]
        self.slots = np.zeros(operations, np.int32)
        self.sizes = np.zeros(operations, np.int32)

    def prepare(self) -> None:
        """Draw the next round."""
        self.slots[:] = self.draw.integers(0, self.live, len(self.slots))
        self.sizes[:] = self.draw.integers(1, layout.ZBUD_MAX_SIZE + 1, len(self.sizes))

    def fill(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For each side its handles, and the slots and sizes that fill every slot once."""
        slots = np.arange(self.live, dtype=np.int32)
        sizes = self.draw.integers(1, layout.ZBUD_MAX_SIZE + 1, self.live).astype(np.int32)
        for handles in self.handles:
            yield handles, slots, sizes


def churn(setup: Setup, live: int, variant: int, page_bytes: bool = True) -> Case:
    """Free a random object and store one of random size, at `live` objects; both count as one."""
    frames = frames_for(live)
    state = machine(frames, variant, page_bytes=page_bytes)
    kinds = {KERNEL: page_bytes} if page_bytes else {"C, metadata-only": False, KERNEL: True}
    if not setup.with_c:
        kinds = {}
    inputs = ZbudInputs(live, 5 * 10**4, 1 + len(kinds))
    fill = inputs.fill()
    ours, *arrays = next(fill)
    drivers.churn(*state.zbud, ours, *arrays)
    theirs: dict[str, Callable[[], int]] = {}
    for (note, in_page), (handles, *arrays) in zip(kinds.items(), fill, strict=False):
        c = Reference(frames, in_page=in_page, nodes=len(state.nodes))
        loop = c.churn_plain if in_page else c.churn_plain_metadata
        if variant == layout.ZBUD_SERIES:
            loop = c.churn_series
        loop(handles, *arrays, live)
        theirs[note] = partial(loop, handles, inputs.slots, inputs.sizes, len(inputs.slots))
    name = "series" if variant == layout.ZBUD_SERIES else "plain"
    where = "in-page" if page_bytes else "metadata-only"
    return Case(
        inputs.prepare,
        [
            Step(
                f"zbud churn, {name}, {live:,} live, {where}",
                2 * len(inputs.slots),
                lambda: drivers.churn(*state.zbud, ours, inputs.slots, inputs.sizes),
                theirs,
            )
        ],
        passes=2 if setup.short else 10,
    )


@item("zbud-migration")
def migration(setup: Setup, live: int = 10**4) -> Case:
    """Migrate the zbud pages of random handles."""
    frames = 2 * frames_for(live)
    state = machine(frames, layout.ZBUD_SERIES)
    inputs = ZbudInputs(live, 10**4, 1 + setup.with_c)
    fill = inputs.fill()
    ours, *arrays = next(fill)
    drivers.churn(*state.zbud, ours, *arrays)
    theirs: dict[str, Callable[[], int]] = {}
    if setup.with_c:
        c = Reference(frames, nodes=len(state.nodes))
        handles = next(fill)[0]
        c.churn_series(handles, *arrays, live)
        theirs[KERNEL] = lambda: c.migrate(handles, inputs.slots, len(inputs.slots))
    return Case(
        inputs.prepare,
        [
            Step(
                f"zbud page migration, {live:,} live",
                len(inputs.slots),
                lambda: drivers.migrate(*state.zbud, state.frames, ours, inputs.slots),
                theirs,
            )
        ],
        passes=2 if setup.short else 10,
    )


@item("zbud-plain")
def plain(setup: Setup) -> Case:
    """Handles are addresses."""
    return churn(setup, 10**4, layout.ZBUD_PLAIN)


@item("zbud-plain-metadata")
def plain_metadata(setup: Setup) -> Case:
    """The same without page bytes."""
    return churn(setup, 10**4, layout.ZBUD_PLAIN, page_bytes=False)


@item("zbud-series")
def series(setup: Setup) -> Case:
    """Handles through the tree, pages counted."""
    return churn(setup, 10**4, layout.ZBUD_SERIES)
