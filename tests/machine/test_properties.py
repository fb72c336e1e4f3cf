"""Machines against their obvious twin: whatever a user does, in any order, small cases first."""

import errno
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.rounds import contents, pick
from tests.twin import Pair
from zbudlab import layout
from zbudlab.machine import Machine, MachineConfig, MachineError

numbers = st.integers(0, 1 << 20)
counts = st.integers(1, 80)

SMALL = MachineConfig(frames=256, pageblock_order=4, log=False, threads=1)
CONFIGS = {
    "series": SMALL,
    "plain": replace(SMALL, frames=300, zbud="plain"),
    "larger blocks": replace(SMALL, frames=480, pageblock_order=6),
    "6.1": replace(SMALL, profile="6.1"),
    "6.1, plain": replace(SMALL, profile="6.1", zbud="plain"),
    "6.1, z3fold": replace(SMALL, profile="6.1", zpool="z3fold"),
    "6.1, zsmalloc": replace(SMALL, profile="6.1", zpool="zsmalloc"),
    "7.3": replace(SMALL, profile="7.3", max_pool_percent=12),
    "no zswap": replace(SMALL, zswap=False),
    "little swap": replace(SMALL, swap_pages=200),
    "CMA": replace(SMALL, frames=2048, cma_pages=1024, min_free=600),
}


class Machines(RuleBasedStateMachine):
    """Rules are what a user can do; numbers choose among what is there."""

    config = CONFIGS["series"]

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(Machine(self.config))

    @initialize(pages=st.integers(0, 500), key=numbers)
    def first_process(self, pages: int, key: int) -> None:
        if self.config.cma_pages:  # little is left below the area, so that it gets used
            for order in (9, 8):
                self.pair.alloc_pages(order, "unmovable", direct=False)
        process = self.pair.create_process(500)
        self.pair.write(process, 0, contents(self.pair, key, pages))

    # --- processes -------------------------------------------------------------------------------

    def pages_of(self, which: int, first: int, count: int) -> tuple[int, int, int]:
        process = pick(self.pair.sizes, which)
        size = self.pair.sizes[process]
        first %= size
        return process, first, min(count, size - first)

    @rule(pages=st.integers(1, 300))
    def create_process(self, pages: int) -> None:
        self.pair.create_process(pages)

    @precondition(lambda self: self.pair.sizes)
    @rule(which=numbers, first=numbers, count=counts, key=numbers)
    def write(self, which: int, first: int, count: int, key: int) -> None:
        process, first, count = self.pages_of(which, first, count)
        self.pair.write(process, first, contents(self.pair, key, count))

    @precondition(lambda self: self.pair.sizes)
    @rule(which=numbers, pages=st.lists(numbers, max_size=40), write=st.booleans())
    def touch(self, which: int, pages: list[int], write: bool) -> None:
        process = pick(self.pair.sizes, which)
        size = self.pair.sizes[process]
        self.pair.touch(process, [page % size for page in pages], write=write)

    @precondition(lambda self: self.pair.sizes)
    @rule(which=numbers, first=numbers, count=counts)
    def read(self, which: int, first: int, count: int) -> None:
        self.pair.read(*self.pages_of(which, first, count))

    @precondition(lambda self: self.pair.sizes)
    @rule(which=numbers, page=numbers)
    def peek(self, which: int, page: int) -> None:
        process, page, _ = self.pages_of(which, page, 1)
        self.pair.peek(process, page)

    @precondition(lambda self: len(self.pair.sizes) > 1)
    @rule(which=numbers)
    def exit(self, which: int) -> None:
        self.pair.exit(pick(self.pair.sizes, which))

    @rule(pages=st.integers(1, 200))
    def reclaim(self, pages: int) -> None:
        self.pair.reclaim(pages)

    # --- frames ----------------------------------------------------------------------------------

    @rule(
        order=st.integers(0, 5),
        migratetype=st.sampled_from(["unmovable", "reclaimable", "movable"]),
        direct=st.booleans(),
    )
    def alloc_pages(self, order: int, migratetype: str, direct: bool) -> None:
        self.pair.alloc_pages(order, migratetype, direct=direct)

    @rule(which=numbers)
    def free_pages(self, which: int) -> None:
        lent = {pfn for start, end in self.pair.ranges for pfn in range(start, end)}
        if (pfn := pick([pfn for pfn in self.pair.blocks if pfn not in lent], which)) is not None:
            self.pair.free_pages(pfn)

    @rule(pfn=numbers)
    def pin(self, pfn: int) -> None:
        self.pair.pin(pfn % self.config.frames)

    @precondition(lambda self: self.pair.pins)
    @rule(which=numbers)
    def unpin(self, which: int) -> None:
        self.pair.unpin(pick(self.pair.pins, which))

    @rule(order=st.integers(-1, 10), sync=st.booleans())
    def compact(self, order: int, sync: bool) -> None:
        self.pair.compact(order, sync=sync)

    @rule(count=st.integers(1, 30), size=st.integers(1, layout.ZBUD_MAX_SIZE), key=numbers)
    def scatter_and_compact(self, count: int, size: int, key: int) -> None:
        """Leave a hole between each two of a process's pages and objects, then close them."""
        pair = self.pair
        stays, goes = pair.create_process(count), pair.create_process(count)
        for page, content in enumerate(contents(pair, key, count)):
            pair.touch(goes, [page], write=True)
            pair.write(stays, page, [content])
            pair.zbud_alloc(size)
        pair.exit(goes)
        pair.machine.rescan()
        pair.compact(-1, sync=True)

    @rule()
    def rescan(self) -> None:
        self.pair.machine.rescan()

    @rule(start=numbers, length=st.integers(1, 300))
    def alloc_contig_range(self, start: int, length: int) -> None:
        if self.config.cma_pages:
            first, last = self.pair.machine.cma_area
            start = first + start % (last - first)
            self.pair.alloc_contig_range(start, min(start + length, last))
        else:
            with pytest.raises(MachineError) as refused:
                self.pair.machine.alloc_contig_range(0, length)
            assert refused.value.errno == errno.EINVAL

    @precondition(lambda self: self.pair.ranges)
    @rule(which=numbers)
    def free_contig_range(self, which: int) -> None:
        self.pair.free_contig_range(which % len(self.pair.ranges))

    # --- settings --------------------------------------------------------------------------------

    @rule(percent=st.integers(0, 100))
    def set_max_pool_percent(self, percent: int) -> None:
        self.pair.machine.set_max_pool_percent(percent)

    @precondition(lambda self: self.config.zbud == "series")
    @rule(movable=st.booleans())
    def set_zbud_movable(self, movable: bool) -> None:
        self.pair.machine.set_zbud_movable(movable)

    # --- zbud ------------------------------------------------------------------------------------

    @rule(size=st.integers(1, layout.ZBUD_MAX_SIZE))
    def zbud_alloc(self, size: int) -> None:
        self.pair.zbud_alloc(size)

    @rule(which=numbers)
    def zbud_free(self, which: int) -> None:
        owned = [handle for handle, known in self.pair.handles.items() if known.owned]
        if (handle := pick(owned, which)) is not None:
            self.pair.zbud_free(handle)

    @precondition(lambda self: self.pair.handles)
    @rule(which=numbers)
    def zbud_map(self, which: int) -> None:
        self.pair.zbud_map(pick(self.pair.handles, which))

    @rule(which=numbers)
    def zbud_unmap(self, which: int) -> None:
        mapped = [handle for handle, known in self.pair.handles.items() if known.maps]
        if (handle := pick(mapped, which)) is not None:
            self.pair.zbud_unmap(handle)

    # --- proof -----------------------------------------------------------------------------------

    @invariant()
    def check(self) -> None:
        self.pair.check()

    def teardown(self) -> None:
        self.pair.verify()


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_whatever_a_user_does_the_machine_does_as_its_twin(name):
    machines = type("Machines", (Machines,), {"config": CONFIGS[name]})
    checked = settings(
        max_examples=22,
        stateful_step_count=50,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machines, settings=checked)
