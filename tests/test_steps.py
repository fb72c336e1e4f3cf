"""Explanations say what the arrays say: reasons, changed fields, functions, their Linux sources."""

import numpy as np
import pytest

from zbudlab import jit, layout
from zbudlab.content import corpus
from zbudlab.history import History, functions, steps, substeps
from zbudlab.history.changes import Moment, changes
from zbudlab.machine import Machine
from zbudlab.machine.operations import OPERATIONS
from zbudlab.mm.snapshot import first_fault, list_members


@pytest.fixture(scope="module")
def machine():
    """A machine that zbud pages were moved on: the last operation but two is a compaction."""
    machine = Machine(frames=512, pageblock_order=5, max_pool_percent=40, threads=1)
    processes = [machine.create_process(150) for _ in range(5)]
    for seed, process in enumerate(processes):
        machine.write(process, 0, corpus.pages("mixed", 150, seed))
    for process in processes[1:4]:
        machine.exit(process)
    machine.compact()
    machine.free_pages(machine.alloc_pages(3))
    return machine


@pytest.fixture(scope="module")
def past(machine):
    return History(machine)


class TestSentences:
    @pytest.fixture
    def told(self):
        """What the last operation did, once `machine` has done it."""
        machine = Machine(frames=256, pageblock_order=5, max_pool_percent=40, threads=1)
        past = History(machine)
        return machine, lambda: past.explain(len(past)).sentence

    def test_a_first_object_takes_a_fresh_frame(self, told):
        machine, tell = told
        machine.zbud_alloc(17 * 64)
        assert "no list from 17 chunks up holds a page, so zbud takes a fresh frame" in tell()
        machine.zbud_alloc(10 * 64)
        assert "the list of 46 free chunks is the first from 10 up that holds a page" in tell()
        machine.zbud_alloc(54 * 64)
        assert "no list from 54 chunks up" in tell()

    def test_an_object_leaves_and_its_page_changes_lists(self, told):
        machine, tell = told
        first, last = machine.zbud_alloc(640), machine.zbud_alloc(1280)
        machine.zbud_map(last)
        machine.zbud_free(first)
        assert "the other one stays, and the page moves to the list of 43 free chunks" in tell()
        machine.zbud_free(last)
        assert "freed, but still mapped" in tell()
        machine.zbud_unmap(last)
        assert "the frame goes back to the page allocator" in tell()

    def test_faults_say_where_the_page_was(self, told):
        machine, tell = told
        process = machine.create_process(400)
        machine.touch(process, [7], write=True)
        assert "was never touched, so it gets frame" in tell()
        machine.touch(process, [7])
        assert "is in memory" in tell()
        machine.write(process, 0, corpus.pages("text", 300))
        assert "free memory was short" in tell()
        seen = set()
        for page in reversed(range(300)):
            if machine.state.ptes["state"][page] == layout.PTE_SWAP:
                reads = machine.swap.device.reads
                machine.touch(process, [page])
                read = machine.swap.device.reads > reads
                seen.add(read)
                assert ("from the swap device" if read else "zswap decompresses it") in tell()
            if len(seen) == 2:
                break
        assert seen == {True, False}

    def test_blocks_split_and_merge(self, told):
        machine, tell = told
        pfn = machine.alloc_pages(2, "movable")
        assert f"frame {pfn} comes from the block at 0; it is split" in tell()
        machine.pin(pfn)
        assert "(1 -> 2)" in tell()
        machine.free_pages(pfn)
        assert "somebody still holds it" in tell()
        machine.unpin(pfn)
        assert "it merges with them from order 2 to a block of order 8 at 0" in tell()

    def test_a_refusal_says_its_errno(self, told):
        machine, tell = told
        with pytest.raises(OSError, match="99"):
            machine.zbud_free(99)
        assert "There is no handle 99: -ENOENT" in tell()

    def test_every_operation_has_a_teller_and_a_function(self):
        for name in OPERATIONS:
            assert name in steps.TELLERS
            function = steps.FUNCTIONS.get(name, f"operations.{name}")
            source = functions.source_of(function)
            assert f"def {function.rpartition('.')[2]}(" in source.text

    def test_every_stage_is_a_kernel_with_a_teller_and_a_place_in_linux(self):
        for name in substeps.STAGES:
            assert name in jit.KERNELS
            assert name.rpartition(".")[2] in steps.TELLERS
            assert functions.linux_of(name).file.endswith((".c", ".h"))


class TestFunctions:
    def test_linux_names_come_from_the_docstrings(self):
        assert functions.linux_of("zbud.zbud_alloc")[:2] == ("mm/zbud.c", "zbud_alloc")
        assert functions.linux_of("page_alloc.free_one_page").function == "__free_one_page"
        assert functions.linux_of("page_alloc.put_page").file == "mm/swap.c"
        assert functions.linux_of("operations.pin") is None

    def test_source_lines_are_where_they_say(self):
        source = functions.source_of("zbud_migrate.move_handle")
        text = (functions._PACKAGE.parent / source.file).read_text().splitlines(keepends=True)
        assert "".join(text[source.line - 1 :]).startswith(source.text)


class TestChanges:
    def test_every_changed_field_is_told_with_its_values(self, past):
        for stop in (6, 12, len(past) - 1, len(past)):
            before = Moment(past.machine_at(stop - 1))
            after = Moment(past.machine_at(stop))
            found = changes(before, after)
            told = {(c.array, c.record, c.field): (c.before, c.after) for c in found}
            for array in ("zones", "ptes", "swap_slots", "zswap_entries", "processes"):
                for field in after.arrays[array].dtype.names:
                    old, new = before.arrays[array][field], after.arrays[array][field]
                    if new.ndim > 1:
                        continue
                    for record in np.flatnonzero(old[: len(new)] != new[: len(old)]).tolist():
                        pair = (str(old[record]), str(new[record]))
                        if found.total == len(found):
                            assert told[array, record, field] == pair

    def test_nothing_changed_is_nothing_told(self, past):
        moment = Moment(past.machine_at(5))
        assert changes(moment, Moment(past.machine_at(5))).total == 0


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
                assert f"slot of handle {header[name]} led to page {old}" in explained.sentence
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
