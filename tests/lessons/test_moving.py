"""A zbud page moves part by part, and handles stay the same."""

from zbudlab.history import History
from zbudlab.lessons import moving, scattered


class TestMoving:
    def test_the_parts_of_a_move_come_in_order(self):
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
