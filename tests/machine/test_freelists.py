"""Zones with given free lists, for every size of a pageblock."""

import numpy as np
import pytest

from zbudlab.layout import MAX_ORDER, MIGRATE_MOVABLE, MIGRATE_TYPES, MIGRATE_UNMOVABLE
from zbudlab.machine import Machine, freelists
from zbudlab.machine.errors import MachineError
from zbudlab.mm import vmstat
from zbudlab.mm.state import State

ORDERS = range(4, MAX_ORDER)


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


def nothing_free(pageblock_order=9):
    """Counts of a zone to be filled in."""
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    return freelists.Counts(free, np.zeros(MIGRATE_TYPES, np.int64), pageblock_order)


def some_free(pageblock_order, pageblocks=67):
    """Counts with free blocks of every order, in an odd number of pageblocks."""
    counts = nothing_free(pageblock_order)
    counts.pageblocks[MIGRATE_UNMOVABLE] = 8
    counts.pageblocks[MIGRATE_MOVABLE] = pageblocks - 8
    counts.free[MIGRATE_MOVABLE, :pageblock_order] = 2
    counts.free[MIGRATE_UNMOVABLE, 0] = 3
    counts.free[MIGRATE_MOVABLE, pageblock_order] = 3
    if pageblock_order < MAX_ORDER - 1:
        counts.free[MIGRATE_MOVABLE, pageblock_order + 1] = 1
    return counts


def free_frames(state):
    return np.flatnonzero(state.pages["refcount"][: int(state.zone["spanned_pages"])] == 0)


@pytest.mark.parametrize("pageblock_order", ORDERS)
@pytest.mark.parametrize("seed", range(3))
def test_a_machine_gets_the_counts_whatever_the_size_of_a_pageblock(pageblock_order, seed):
    counts = some_free(pageblock_order)
    machine = Machine(
        frames=counts.frames, page_bytes=False, pageblock_order=pageblock_order, min_free=16
    )
    machine.lay_out(counts.free, counts.pageblocks, seed=seed)
    machine.check()
    assert np.array_equal(vmstat.free_counts(machine.state), counts.free)
    assert vmstat.pageblock_counts(machine.state) == counts.pageblocks.tolist()
    assert machine.state.zone["nr_free_pages"] == (counts.free << np.arange(MAX_ORDER)).sum()
    process = machine.create_process(10)
    machine.touch(process, range(10), write=True)
    machine.check()


@pytest.mark.parametrize("pageblock_order", [10, 9, 8])
def test_free_blocks_are_spread_over_all_pageblocks_of_their_type(pageblock_order):
    counts = nothing_free(pageblock_order)
    counts.pageblocks[[MIGRATE_UNMOVABLE, MIGRATE_MOVABLE]] = 8, 56
    counts.free[MIGRATE_MOVABLE, 3] = 64
    machine = Machine(frames=counts.frames, page_bytes=False, pageblock_order=pageblock_order)
    machine.lay_out(counts.free, counts.pageblocks, seed=3)
    free = free_frames(machine.state)
    assert len(free) == 512
    assert (machine.state.blocks["migratetype"][free >> pageblock_order] == MIGRATE_MOVABLE).all()
    assert free.min() < counts.frames // 16
    assert free.max() > counts.frames - counts.frames // 16


def test_every_position_is_as_likely_in_an_odd_number_of_pageblocks():
    counts = nothing_free()
    counts.pageblocks[MIGRATE_MOVABLE] = 3
    counts.free[MIGRATE_MOVABLE, 9] = 1
    starts = [int(freelists.draw_layout(counts, rng(seed)).starts[0]) >> 9 for seed in range(300)]
    first_pair = starts.count(0) + starts.count(1)
    assert set(starts) == {0, 1, 2}
    assert 110 < first_pair < 190  # a pair, or the pageblock whose buddy is behind the end


def test_layouts_differ_by_seed_alone():
    one, again, other = (freelists.draw_layout(some_free(9), rng(seed)) for seed in (5, 5, 6))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert set(one.starts) != set(other.starts)


def test_counts_that_no_zone_has_are_refused():
    counts = nothing_free()
    counts.pageblocks[MIGRATE_MOVABLE] = 4
    counts.free[MIGRATE_MOVABLE, 8] = 5
    with pytest.raises(freelists.Unplaceable, match="5 free blocks do not fit into 4"):
        freelists.draw_layout(counts, rng(0))
    counts.free[MIGRATE_MOVABLE, 8:11] = 0, 0, 3
    with pytest.raises(freelists.Unplaceable, match="3 free blocks do not fit into 2"):
        freelists.draw_layout(counts, rng(0))
    counts.free[MIGRATE_MOVABLE, 8:11] = 0, 1, 0
    counts.pageblocks[[MIGRATE_MOVABLE, MIGRATE_UNMOVABLE]] = 0, 4
    with pytest.raises(freelists.Unplaceable, match="more pageblocks of a type are free"):
        freelists.draw_layout(counts, rng(0))


def test_a_layout_of_another_zone_is_refused():
    layout = freelists.draw_layout(some_free(9), rng(0))
    for state in (State(1024, page_bytes=False), State(67 << 9, pageblock_order=8)):
        before = state.pages.tobytes()
        with pytest.raises(ValueError, match="67 pageblocks of order 9 does not fit a zone of"):
            freelists.arrange(state, layout)
        assert state.pages.tobytes() == before


GOOD = some_free(6)


def with_free(value):
    free = GOOD.free.astype(object)
    free[0, 0] = value
    return free.tolist()


@pytest.mark.parametrize(
    ("free", "pageblocks", "seed", "why"),
    [
        (with_free(-1), GOOD.pageblocks, 0, "blocks must be 0 to 4288, not -1"),
        (with_free(5000), GOOD.pageblocks, 0, "blocks must be 0 to 4288, not 5000"),
        (with_free(4200), GOOD.pageblocks, 0, "pages in free blocks do not fit into 4288 frames"),
        (with_free(1 << 70), GOOD.pageblocks, 0, "list of whole numbers, not"),
        (with_free(0.5), GOOD.pageblocks, 0, r"list of whole numbers, not \[0.5, "),
        (with_free(None), GOOD.pageblocks, 0, "list of whole numbers, not"),
        (None, GOOD.pageblocks, 0, "free must be 6 types by 11 orders, not None"),
        (GOOD.free[:5], GOOD.pageblocks, 0, "free must be 6 types by 11 orders"),
        ([[1], [1, 2]], GOOD.pageblocks, 0, r"by 11 orders, not \[\[1\], \[1, 2\]\]"),
        (GOOD.free, GOOD.pageblocks[:5], 0, "6 pageblocks"),
        (GOOD.free, GOOD.pageblocks * 2, 0, "134 pageblocks of order 6"),
        (GOOD.free, "six", 0, "pageblocks must be a range or list of whole numbers, not 'six'"),
        (GOOD.free, GOOD.pageblocks, -1, "seed must be 0 to 9223372036854775807, not -1"),
        (GOOD.free, GOOD.pageblocks, 1.5, "seed must be a whole number, not 1.5"),
    ],
)
def test_counts_that_are_none_are_refused_and_nothing_changes(free, pageblocks, seed, why):
    machine = Machine(frames=GOOD.frames, page_bytes=False, pageblock_order=6)
    before = machine.digest()
    with pytest.raises(MachineError, match=why):
        machine.lay_out(free, pageblocks, seed=seed)
    assert machine.digest() == before
    machine.lay_out(GOOD.free, GOOD.pageblocks)
    machine.check()


def test_a_machine_in_use_is_refused():
    machine = Machine(frames=GOOD.frames, page_bytes=False, pageblock_order=6)
    machine.alloc_pages()
    with pytest.raises(MachineError, match="before memory is used"):
        machine.lay_out(GOOD.free, GOOD.pageblocks)


def test_pages_that_fit_in_no_position_are_refused():
    counts = nothing_free()
    counts.pageblocks[MIGRATE_MOVABLE] = 2
    counts.free[MIGRATE_MOVABLE, 8] = 3
    machine = Machine(frames=1024)
    before = machine.state.pages.tobytes()
    with pytest.raises(MachineError, match="no 1024 frames can hold"):
        machine.lay_out(counts.free, counts.pageblocks)
    assert machine.state.pages.tobytes() == before


def test_pageblocks_of_another_machine_are_refused():
    counts = nothing_free()
    counts.pageblocks[MIGRATE_MOVABLE] = 8
    for settings in ({"frames": 8192}, {"frames": 4096, "cma_pages": 1024}):
        with pytest.raises(MachineError, match=f"this machine has {settings['frames']} frames"):
            Machine(**settings).lay_out(counts.free, counts.pageblocks)
