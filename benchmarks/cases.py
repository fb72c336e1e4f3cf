"""What is measured: for each item the inputs, our side and the sides it is compared with.

A case is a list of steps; a step is one table row: its name, how many operations a call does,
our call and the calls of C, each answering with a number that must agree. Steps of a case run in
their order, round after round, on the same state.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import drivers
from benchmarks.reference import Reference, zeroed
from zbudlab import layout
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.radix_tree import init_radix_tree_nodes
from zbudlab.mm.state import State

SEED = 2013


@dataclass
class Step:
    """A row of the table. theirs: calls by what C does differently ("" = nothing)."""

    name: str
    operations: int
    ours: Callable[[], int]
    theirs: dict[str, Callable[[], int]]


@dataclass
class Case:
    """Steps on one state; `prepare` draws the next inputs, unmeasured.

    passes: how often a round goes through the steps; sides that take turns at short intervals
    meet the same weather on a busy machine.
    """

    prepare: Callable[[], None]
    steps: list[Step]
    passes: int = 1


def page_copy(references: bool, short: bool, pages: int = 65536) -> Case:
    """Copies between random frames of 4 KiB, in a batch."""
    span = pages if short else 4 * pages
    frames = zeroed((span, layout.PAGE_SIZE), np.uint8)
    frames[:, 0] = np.arange(span) % 251
    draw = np.random.default_rng(SEED)
    new = np.zeros(pages // 4, np.uint32)
    old = new.copy()

    def prepare() -> None:
        order = draw.permutation(span)
        new[:] = order[: len(new)]
        old[:] = order[-len(old) :]

    theirs: dict[str, Callable[[], int]] = {}
    if references:
        c = Reference()
        theirs[""] = lambda: c.copy_pages(frames, new, old, len(new))
    name = f"page copy, random of {span >> 8} MiB"
    step = Step(name, len(new), lambda: drivers.copy_pages(frames, new, old), theirs)
    return Case(prepare, [step], passes=1 if short else 4)


def radix(references: bool, short: bool, size: int) -> Case:
    """Insert `size` dense keys in random order, look all up in another, delete in a third."""
    nodes = zeroed(size // 32 + 64, layout.radix_tree_node)
    init_radix_tree_nodes(nodes)
    roots = np.zeros(1, layout.radix_tree_root)
    draw = np.random.default_rng(SEED)
    passes = max(1, (10**5 if short else 5 * 10**5) // size)
    keys = {name: np.zeros(size, np.int64) for name in ("insert", "lookup", "delete")}

    def prepare() -> None:
        for order in keys.values():
            order[:] = draw.permutation(size)

    c = Reference(nodes=len(nodes)) if references else None

    def step(name: str) -> Step:
        ours, order = getattr(drivers, f"radix_{name}"), keys[name]
        theirs: dict[str, Callable[[], int]] = {}
        if c:
            theirs[""] = lambda: getattr(c, f"radix_{name}")(order, len(order))
        return Step(
            f"radix {name}, {size:,} keys", len(order), lambda: ours(nodes, roots, order), theirs
        )

    return Case(prepare, [step("insert"), step("lookup"), step("delete")], passes)


def machine(frames: int, variant: int, page_bytes: bool) -> State:
    """Our machine of a benchmark: one zbud pool, all memory free but frame 0."""
    state = State(frames, page_bytes=page_bytes)
    free_pages_memory(*state.buddy, 1, frames)
    state.create_pool(0, variant)
    state.reserve_nodes(frames // 8)
    return state


def frames_for(live: int) -> int:
    """Frames that surely hold that many objects, a whole number of the largest blocks."""
    return -(-live // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES


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


def churn(references: bool, short: bool, live: int, variant: int, page_bytes: bool = True) -> Case:
    """Free a random object and store one of random size, at `live` objects; both count as one."""
    frames = frames_for(live)
    state = machine(frames, variant, page_bytes)
    kinds = {"": page_bytes} if page_bytes else {"": False, "C with headers in the page": True}
    if not references:
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
        passes=2 if short else 10,
    )


def migration(references: bool, short: bool, live: int = 10**4) -> Case:
    """Migrate the zbud pages of random handles."""
    frames = 2 * frames_for(live)
    state = machine(frames, layout.ZBUD_SERIES, True)
    inputs = ZbudInputs(live, 10**4, 1 + references)
    fill = inputs.fill()
    ours, *arrays = next(fill)
    drivers.churn(*state.zbud, ours, *arrays)
    theirs: dict[str, Callable[[], int]] = {}
    if references:
        c = Reference(frames, nodes=len(state.nodes))
        handles = next(fill)[0]
        c.churn_series(handles, *arrays, live)
        theirs[""] = lambda: c.migrate(handles, inputs.slots, len(inputs.slots))
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
        passes=2 if short else 10,
    )


#: Cases by the name that `--only` takes; each is called with (references, short).
CASES: dict[str, Callable[[bool, bool], Case]] = {
    "page-copy": page_copy,
    "radix-10k": lambda references, short: radix(references, short, 10**4),
    "radix-1m": lambda references, short: radix(references, short, 10**6),
    "zbud-plain": lambda references, short: churn(references, short, 10**4, layout.ZBUD_PLAIN),
    "zbud-plain-metadata": lambda references, short: churn(
        references, short, 10**4, layout.ZBUD_PLAIN, page_bytes=False
    ),
    "zbud-series": lambda references, short: churn(references, short, 10**4, layout.ZBUD_SERIES),
    "zbud-migration": migration,
}
