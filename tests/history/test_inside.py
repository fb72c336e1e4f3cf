"""An operation can be stopped after each of its parts."""

import pytest

from zbudlab.mm.inspection import first_fault, list_members


@pytest.fixture(scope="module")
def moving(past):
    """A compaction stepped into, and the part with which the first zbud page's move begins."""
    inside = past.inside(past.find("migration", 0))
    stages = [part.stage for part in inside.parts]
    return inside, stages.index("count references")


class TestInside:
    MOVE = (
        "target", "lock", "count references", "copy", "replace first handle",
        "replace last handle", "lists", "lists", "clear header", "unlock", "put", "put",
    )  # fmt: skip

    def test_a_zbud_page_moves_part_by_part(self, moving):
        inside, first = moving
        stages = tuple(part.stage for part in inside.parts)
        assert stages[0] == "isolate"
        assert stages[first - 2 : first + 10] == self.MOVE

    def test_each_part_is_exact(self, past, moving):
        inside, first = moving
        numbers = inside.parts[first - 1].numbers
        old, new = numbers["old"], numbers["new"]
        shift = int(past.machine.state.pools[0]["row_shift"])

        def state(part):
            return inside.machine_at(first + part).state

        locked = state(0)
        assert locked.pages["page_flags"][[old, new]].tolist() == [65, 65]
        header = locked.rows[old << shift].copy()
        assert not (locked.frames[old] == locked.frames[new]).all()
        copied = state(2)
        assert (copied.frames[old] == copied.frames[new]).all()
        for part, name in ((3, "first_handle"), (4, "last_handle")):
            if header[name]:
                moved = state(part)
                slots = moved.nodes["slots"]
                assert new + 1 in slots
                explained = inside.explain(first + part)
                assert f"slot of handle {header[name]} pointed to page {old}" in explained.sentence
        lists = [
            list_members(state(p).rows, 0, int(state(p).pools[0]["list_heads"]) + 64)
            for p in (5, 6)
        ]
        assert [row if row != old << shift else new << shift for row in lists[0]] == lists[1]
        assert state(7).rows["first_chunks"][old << shift] == 0
        assert state(9).pages["refcount"][old] == 0

    def test_stepping_inside_leaves_no_trace(self, past, moving):
        inside, first = moving
        after = past.machine_at(inside.stop).digest()
        for part in (first, 1, first + 3):
            inside.machine_at(part)
            assert past.machine_at(inside.stop).digest() == after
        assert first_fault(past.machine.state) is None

    def test_small_operations_have_parts_too(self, past):
        inside = past.inside(len(past))
        assert "merge" in [part.stage for part in inside.parts]
        merge = [part.stage for part in inside.parts].index("merge") + 1
        assert "is free too" in inside.explain(merge).sentence
        alloc = past.inside(len(past) - 1)
        assert "split" in [part.stage for part in alloc.parts] or len(alloc) == 2

    def test_refuses_parts_that_are_not_there(self, past):
        inside = past.inside(len(past))
        with pytest.raises(IndexError, match=f"no part 99: operation {len(past)} has"):
            inside.machine_at(99)
