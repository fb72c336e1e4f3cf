"""Scattered pages: compaction frees blocks where zbud pages can move."""

import pytest

from zbudlab import Machine
from zbudlab.lessons import scattered


def compacted(**settings):
    machine = scattered.scattered(frames=8192, **settings)
    before = scattered.blocks(machine)
    machine.compact()
    machine.check()
    return before, scattered.blocks(machine)


class TestScattered:
    def test_movable_zbud_gives_its_blocks_back_and_unmovable_does_not(self):
        before, movable = compacted(movable=True)
        assert before.ready == 0
        assert movable.ready >= movable.together - 1
        assert compacted(movable=False)[1].ready <= movable.ready // 3

    def test_a_pinned_page_stays_where_it_is(self):
        machine = scattered.scattered(frames=8192)
        pinned = scattered.pin_some(machine, 5)
        machine.compact()
        assert set(pinned) <= set(scattered.zbud_frames(machine))

    @pytest.mark.parametrize("movable", [False, True])
    def test_only_movable_zbud_fills_the_cma_area_and_leaves_it_when_asked(self, movable):
        machine = Machine(
            frames=4096, cma_pages=1024, zbud_movable=movable, page_bytes=False, log=False
        )
        objects = scattered.fill_with_zbud(machine)
        assert objects == 2 * (4096 if movable else 3072)
        for handle in range(1, 2049):
            machine.zbud_free(handle)
        assert scattered.take_cma(machine) == "2 of 2 pageblocks of the CMA area"
        machine.check()


def test_pages_that_can_move_gain_nothing_where_they_are_misplaced():
    found = {}
    for placed in scattered.PLACED:
        machine = scattered.crowded(placed)
        assert scattered.blocks(machine).ready == 0
        machine.compact()
        moved = int(scattered.moves(machine).split()[0])
        found[placed] = scattered.blocks(machine).ready, moved
    stuck, misplaced, well = found.values()
    assert stuck == (0, 0)
    assert misplaced[0] == 0 < misplaced[1] < well[1]
    assert well[0] >= 5


def test_other_places_are_refused():
    with pytest.raises(ValueError, match="placed must be one of cannot move, can move, misplaced"):
        scattered.crowded("anywhere")
