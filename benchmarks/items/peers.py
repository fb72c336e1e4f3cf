"""What a user could take instead: dicts, NumPy, pure Python, another buddy allocator."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
import numpy as np

from benchmarks import drivers
from benchmarks.item import Call, Case, Setup, Step, item
from benchmarks.machines import SEED, machine, touch
from tests import naive
from zbudlab import layout
from zbudlab.mm import page_alloc
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State

FRAMES = 1 << 16
LIVE = 5000  #: blocks, which take about half of the memory
LARGEST = 4  #: order
TWIN, PACKAGE = "pure-Python twin", "cocotbext-axi"


@item("peers-lookup")
def lookup(setup: Setup) -> Case:
    """Dense keys in random order: dict, and numba's typed dict in compiled code."""
    size = 10**4 if setup.short else 10**6
    keys = np.random.default_rng(SEED).permutation(size)
    asked, items = keys.tolist(), np.zeros(size, np.int64)
    state = machine(layout.MAX_ORDER_NR_PAGES, layout.ZBUD_SERIES, nodes=size // 32 + 64)
    drivers.radix_insert(state.nodes, state.pools, keys)
    plain = {key: key + 1 for key in asked}

    def by_dict() -> int:
        return sum(plain[key] for key in asked)

    theirs: dict[str, Call] = {"dict": by_dict}
    if not setup.short:  # it takes long to compile
        theirs["numba.typed.Dict"] = by_typed_dict(keys)
    step = Step(
        f"lookup of {size:,} keys in a batch",
        size,
        lambda: drivers.radix_lookup_batch(state.nodes, state.pools, keys, items),
        theirs,
    )
    return Case(lambda: None, [step])


def by_typed_dict(keys: np.ndarray) -> Call:
    """Return a call that looks all keys up in a typed dict of numba, in compiled code."""
    typed = numba.typed.Dict.empty(numba.int64, numba.int64)

    @numba.njit
    def fill(table, keys):  # type: ignore[no-untyped-def]
        for key in keys:
            table[key] = key + 1

    @numba.njit
    def sum_of(table, keys):  # type: ignore[no-untyped-def]
        total = 0
        for key in keys:
            total += table[key]
        return total

    fill(typed, keys)
    return lambda: sum_of(typed, keys)


@item("peers-copy")
def copy(setup: Setup) -> Case:
    """Pages copied between random frames of 64 MiB: NumPy, rows and all at once, and bytearray."""
    span = 1 << 14
    frames = np.zeros((span, layout.PAGE_SIZE), np.uint8)
    touch(frames)
    order = np.random.default_rng(SEED).permutation(span)
    new, old = order[: span // 4].astype(np.uint32), order[-span // 4 :].astype(np.uint32)
    pairs = list(zip(new.tolist(), old.tolist(), strict=True))
    memory = bytearray(frames.nbytes)

    def rows() -> None:
        for to, source in pairs:
            frames[to] = frames[source]

    def at_once() -> None:
        frames[new] = frames[old]

    def twin() -> None:
        for to, source in pairs:
            to, source = to * layout.PAGE_SIZE, source * layout.PAGE_SIZE
            memory[to : to + layout.PAGE_SIZE] = memory[source : source + layout.PAGE_SIZE]

    theirs: dict[str, Call] = {"NumPy, row by row": rows, "NumPy, at once": at_once, TWIN: twin}
    step = Step("page copy", len(new), lambda: drivers.copy_pages(frames, new, old), theirs)
    return Case(lambda: None, [step])


class Churn:
    """Blocks of orders 0 to LARGEST, a random one freed and one allocated, on every side."""

    def __init__(self, operations: int) -> None:
        self.draw = np.random.default_rng(SEED)
        self.slots = np.zeros(operations, np.int32)
        self.orders = np.zeros(operations, np.uint8)
        self.types = np.full(operations, layout.MIGRATE_MOVABLE, np.uint8)
        self.turns: list[tuple[int, int]] = []

    def prepare(self) -> None:
        """Draw the next round."""
        self.slots[:] = self.draw.integers(0, LIVE, len(self.slots))
        self.orders[:] = self.draw.integers(0, LARGEST + 1, len(self.orders))
        self.turns = list(zip(self.slots.tolist(), self.orders.tolist(), strict=True))

    def batch(self) -> Call:
        """Return a call that does all operations in compiled code."""
        state, held = booted(), (np.full(LIVE, -1, np.int64), np.zeros(LIVE, np.uint8))
        return lambda: drivers.buddy_churn(state.mem, *held, self.slots, self.orders, self.types)

    def one_by_one(
        self, alloc: Callable[[int], int], free: Callable[[int], Any], compared: bool = True
    ) -> Call:
        """Return a call that does each operation by a Python call; it sums blocks if compared."""
        held: dict[int, int] = {}

        def call() -> int | None:
            total = 0
            for slot, order in self.turns:
                if slot in held:
                    free(held[slot])
                held[slot] = alloc(order)
                total += held[slot]
            return total if compared else None

        return call


def booted() -> State:
    """Make a machine whose memory is all free."""
    state = State(FRAMES, page_bytes=False)
    free_all_bootmem(state.mem, FRAMES, [])
    return state


@item("peers-buddy")
def buddy(setup: Setup) -> Case:
    """Our buddy allocator in a batch and call by call, others call by call: 2^16 frames."""
    churn = Churn(5000 if setup.short else 10**4)
    movable = layout.MIGRATE_MOVABLE
    twin, state = naive.Buddy(FRAMES, 9), booted()
    batch = Step(
        f"buddy churn, orders 0-{LARGEST}, 2^16 frames, batch",
        2 * len(churn.slots),
        churn.batch(),
        {TWIN: churn.one_by_one(partial(twin.alloc, migratetype=movable), twin.put_page)},
    )
    single = Step(
        "the same, single calls",
        2 * len(churn.slots),
        churn.one_by_one(
            lambda order: page_alloc.alloc_pages(state.mem, order, movable),
            lambda pfn: page_alloc.put_page(state.mem, pfn),
        ),
    )
    _compare_with_package(churn, [batch, single])
    return Case(churn.prepare, [batch, single])


def _compare_with_package(churn: Churn, steps: list[Step]) -> None:
    """Add the buddy allocator of PACKAGE to each step, if it is installed."""
    try:
        from cocotbext.axi.buddy_allocator import BuddyAllocator
    except ImportError:
        print(f"{PACKAGE} is not installed: pip install {PACKAGE}")
        return
    for step in steps:
        other = BuddyAllocator(FRAMES)
        alloc = partial(lambda other, order: other.alloc(1 << order), other)
        step.theirs[PACKAGE] = churn.one_by_one(alloc, other.free, compared=False)
    steps[0].must[PACKAGE] = 20.0
