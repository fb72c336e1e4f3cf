"""The lessons' machines do what their notebooks say of them."""

import pytest

from zbudlab import Machine
from zbudlab.history import History
from zbudlab.lessons import moving, pressed, scattered


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


class TestPressed:
    def test_every_page_is_somewhere(self):
        machine, process = pressed.pressed("mixed", 900, 20, frames=512)
        where = pressed.used_again(machine, process, 100)
        assert where.memory + where.zswap + where.device == 900
        assert 0 < where.from_device <= where.faults <= 100

    def test_lengths_are_the_compressors(self):
        assert set(pressed.lengths_of("random", 4)) == {4097}
        assert max(pressed.lengths_of("zero", 4)) < 64


class TestMoving:
    def test_each_part_of_a_move_is_told_in_order(self):
        machine = moving.three_pages()
        machine.compact()
        parts = [part for part, _ in moving.parts_of_move(History(machine), 0)]
        assert parts == [
            "target",
            "lock",
            "count references",
            "copy",
            "replace first handle",
            "replace last handle",
            "lists",
            "lists",
            "clear header",
            "unlock",
            "put",
            "put",
        ]

    def test_handles_keep_their_numbers_and_change_their_places(self):
        machine = moving.three_pages()
        before = moving.where(machine)
        operations = len(machine.log)
        machine.compact()
        assert "1: 64," in before
        assert moving.where(machine) != before
        assert moving.where(machine).startswith("zbud pages in frames [125, 126, 127]")
        assert machine.log[operations].name == "compact"

    def test_a_freed_handle_that_is_mapped_once_lets_its_page_move(self):
        machine = moving.three_pages()
        machine.zbud_map(1)
        machine.zbud_free(1)
        machine.compact()
        assert 0 not in scattered.zbud_frames(machine)
