"""Blocks, CMA, zbud, checks and replaced functions.

Also tests `machine/core.py`, `machine/errors.py` and `machine/operations.py`.
"""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.machine.machines import (
    FRAMES,
    LOW,
    PER_PROCESS,
    assert_intact,
    filled,
    frame_of,
    free_pages,
    low_objects,
    scattered,
    small,
    take_all,
)
from zbudlab import layout
from zbudlab.machine.errors import Inconsistent, MachineError


@pytest.fixture
def pressed():
    return filled()


class TestBlocks:
    def test_compaction_makes_large_blocks_and_keeps_bytes(self):
        machine, wrote = scattered()
        before = len(take_all(machine, 9))
        machine, wrote = scattered()
        assert machine.compact() != "skipped"
        taken = take_all(machine, 9)
        assert len(taken) >= before + 2
        assert not [pfn for pfn in taken if pfn % 512]
        assert_intact(machine, wrote)
        machine.check()

    def test_an_allocation_may_compact_by_itself(self):
        machine, wrote = scattered()
        taken = take_all(machine, 9)
        with pytest.raises(MachineError, match="a block of order 9"):
            machine.alloc_pages(9, direct=False)
        assert machine.alloc_pages(9, "movable") not in taken
        assert machine.paging.events["compact_stall"] > 0
        assert_intact(machine, wrote)

    def test_a_pinned_page_is_in_the_way(self):
        machine, wrote = scattered()
        (process,) = wrote
        pfn, page = min((frame_of(machine, process, page), page) for page in range(LOW))
        machine.pin(pfn)
        machine.compact()
        assert frame_of(machine, process, page) == pfn
        assert machine.paging.events["pgmigrate_success"] > 0
        machine.unpin(pfn)
        machine.rescan()
        machine.compact()
        assert frame_of(machine, process, page) != pfn
        assert_intact(machine, wrote)

    def test_blocks_are_aligned_and_apart(self):
        machine = small()
        taken = [(machine.alloc_pages(order), order) for order in (0, 3, 5, 0, 8, 1)]
        frames = [pfn + i for pfn, order in taken for i in range(1 << order)]
        assert all(pfn % (1 << order) == 0 for pfn, order in taken)
        assert len(set(frames)) == len(frames)
        free = free_pages(machine)
        for pfn, _ in taken:
            machine.free_pages(pfn)
        assert free_pages(machine) == free + len(frames) == FRAMES
        machine.check()

    @pytest.mark.parametrize("order", [-1, 11])
    def test_refuses_an_order_out_of_range(self, order):
        with pytest.raises(MachineError, match=f"order must be 0 to 10, not {order}"):
            small().alloc_pages(order)

    def test_refuses_what_is_not_the_users_to_free(self):
        machine = small()
        process = machine.create_process(1)
        machine.touch(process, [0])
        own = machine.alloc_pages()
        machine.free_pages(own)
        for pfn, why in (
            (own, "not in use"),
            (FRAMES, f"only 0 to {FRAMES - 1}"),
            (-1, "no page frame -1"),
            (frame_of(machine, process, 0), "belongs to a process"),
        ):
            with pytest.raises(MachineError, match=why):
                machine.free_pages(pfn)
        machine.check()

    def test_refuses_to_let_go_of_what_is_not_held(self):
        machine, wrote = scattered()
        (process,) = wrote
        pfn = frame_of(machine, process, 0)
        machine.pin(pfn)
        machine.unpin(pfn)
        with pytest.raises(MachineError, match=f"page frame {pfn} is not pinned"):
            machine.unpin(pfn)
        machine.check()
        assert_intact(machine, wrote)

    def test_refuses_an_unknown_kind_of_memory(self):
        with pytest.raises(MachineError, match="unmovable, reclaimable, movable, not 'purple'"):
            small().alloc_pages(0, "purple")

    @pytest.mark.parametrize("movable", [False, True])
    def test_zbud_pages_move_only_where_they_may(self, movable):
        machine, handles = low_objects(200, zbud_movable=movable)
        where = [machine.zbud_map(handle) for handle in handles]
        for handle in handles:
            machine.zbud_unmap(handle)
        machine.compact()
        assert ([machine.zbud_map(handle) for handle in handles] != where) == movable
        machine.check()


class TestCMA:
    def machine(self):
        machine, wrote = filled(
            frames=4096, cma_pages=1024, processes=15, pageblock_order=9, recipe="text"
        )
        return machine, wrote, machine.cma_area

    def test_is_taken_from_movable_pages_and_given_back(self):
        machine, wrote, (start, end) = self.machine()
        in_area = machine.state.pages["refcount"][start:end] > 0
        assert in_area.sum() > 100
        for process in list(wrote)[::2]:
            machine.exit(process)
            del wrote[process]
        free = free_pages(machine)
        machine.alloc_contig_range(start, end)
        present = machine.state.ptes[machine.state.ptes["state"] == layout.PTE_PRESENT]["value"]
        assert not ((present >= start) & (present < end)).any()
        assert_intact(machine, wrote)
        machine.check()
        machine.free_contig_range(start, end)
        machine.check()
        assert free_pages(machine) > free - 1024

    def test_a_pinned_page_keeps_it_and_all_is_put_back(self):
        machine, wrote, (start, end) = self.machine()
        for process in list(wrote)[::2]:
            machine.exit(process)
            del wrote[process]
        used = np.flatnonzero(machine.state.pages["mapping"][start:end])
        machine.pin(start + int(used[0]))
        with pytest.raises(MachineError, match=f"frames {start} to {end - 1}") as refused:
            machine.alloc_contig_range(start, end)
        assert refused.value.errno == errno.EBUSY
        machine.unpin(start + int(used[0]))
        machine.check()
        assert_intact(machine, wrote)
        machine.alloc_contig_range(start, end)

    @pytest.mark.parametrize(("start", "end"), [(0, 1024), (3072, 4097), (3500, 3400), (-1, 4)])
    def test_only_ranges_of_the_area_can_be_asked_for(self, start, end):
        machine = small(frames=4096, cma_pages=1024)
        with pytest.raises(MachineError, match="the CMA area is 3072 to 4095") as refused:
            machine.alloc_contig_range(start, end)
        assert refused.value.errno == errno.EINVAL

    def test_only_what_was_taken_can_be_given_back(self):
        machine, wrote, (start, end) = self.machine()
        used = start + np.flatnonzero(machine.state.pages["mapping"][start:end])
        runs = ((start, end), (used[0], used[0] + 1), (start, start), (0, 8), (end - 1, end + 1))
        for first, last in runs:
            with pytest.raises(MachineError, match="not taken from the CMA area"):
                machine.free_contig_range(int(first), int(last))
        machine.check()
        assert_intact(machine, wrote)


@pytest.mark.parametrize("variant", ["plain", "series"])
class TestZbud:
    def test_two_objects_share_a_page_and_keep_their_bytes(self, variant):
        machine = small(zbud=variant)
        memory = machine.state.frames.reshape(-1)
        objects = {}
        for size in (100, 2000, 1500, 3968, 1):
            handle = machine.zbud_alloc(size)
            objects[handle] = np.arange(size, dtype=np.uint8)
            address = machine.zbud_map(handle)
            memory[address : address + size] = objects[handle]
            machine.zbud_unmap(handle)
        machine.compact()
        for handle, content in objects.items():
            address = machine.zbud_map(handle)
            assert np.array_equal(memory[address : address + len(content)], content)
            machine.zbud_unmap(handle)
        assert machine.state.pools["pages_nr"].sum() == 3
        for handle in objects:
            machine.zbud_free(handle)
        assert free_pages(machine) == FRAMES
        machine.check()

    @pytest.mark.parametrize(("size", "code"), [(0, "EINVAL"), (-5, "EINVAL"), (3969, "ENOSPC")])
    def test_refuses_a_size_that_cannot_be(self, variant, size, code):
        with pytest.raises(MachineError, match=f"cannot store {size} bytes.*1 to 3968") as refused:
            small(zbud=variant).zbud_alloc(size)
        assert refused.value.errno == getattr(errno, code)

    @pytest.mark.parametrize("operation", ["zbud_free", "zbud_map", "zbud_unmap"])
    def test_refuses_a_handle_that_is_none(self, variant, operation):
        machine = small(zbud=variant)
        machine.zbud_alloc(3000)
        gone = machine.zbud_alloc(3000)
        machine.zbud_free(gone)
        for handle in (0, -1, gone, gone + 999, 1 << 40):
            with pytest.raises(MachineError, match=f"{operation}: there is no handle") as refused:
                getattr(machine, operation)(handle)
            assert refused.value.errno == errno.ENOENT
        machine.check()


class TestZbudMigration:
    def test_a_mapped_object_stays(self):
        machine, (mapped, free) = low_objects(2)
        address, before = machine.zbud_map(mapped), machine.zbud_map(free)
        machine.zbud_unmap(free)
        machine.compact()
        assert machine.zbud_map(mapped) == address
        assert machine.zbud_map(free) != before
        machine.check()


DAMAGE = {
    "page_alloc": lambda s: s.zones["nr_free_pages"].__iadd__(1),
    "lru": lambda s: s.zones["nr_inactive_anon"].__iadd__(1),
    "memory": lambda s: s.processes["rss"].__iadd__(1),
    "zbud": lambda s: s.pools["pages_nr"].__iadd__(1),
    "radix_tree": lambda s: s.nodes["count"][1:].__iadd__(1),
    "zswap": lambda s: s.zswaps["stored_pages"].__iadd__(1),
}


class TestCheck:
    @pytest.mark.parametrize("where", DAMAGE)
    def test_finds_damage_and_names_the_mechanism(self, pressed, where):
        machine, _ = pressed
        machine.check()
        DAMAGE[where](machine.state)
        with pytest.raises(Inconsistent, match=f"^{where}"):
            machine.check()

    def test_finds_a_page_table_entry_that_leads_elsewhere(self, pressed):
        machine, _ = pressed
        entries = machine.state.ptes
        present = np.flatnonzero(entries["state"] == layout.PTE_PRESENT)
        entries["value"][present[0]] = entries["value"][present[1]]
        with pytest.raises(Inconsistent, match=f"entry {present[0]} names a frame"):
            machine.check()

    def test_finds_a_lost_reference_of_a_zbud_page(self, pressed):
        machine, _ = pressed
        in_zbud = machine.state.pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE
        pfn = np.flatnonzero(in_zbud)[0]
        machine.state.pages["refcount"][pfn] -= 1
        with pytest.raises(Inconsistent, match=str(pfn)):
            machine.check()

    def test_a_checked_machine_looks_after_every_operation(self):
        machine = small(checked=True)
        process = machine.create_process(4)
        machine.state.zones["nr_free_pages"] -= 1
        with pytest.raises(Inconsistent):
            machine.touch(process, [0])


class TestDeterminism:
    def test_the_same_operations_give_the_same_machine(self, pressed):
        again, _ = filled()
        assert pressed[0].digest() == again.digest()

    def test_log_and_threads_change_nothing(self, pressed):
        assert filled(log=False, threads=3)[0].digest() == pressed[0].digest()

    def test_another_byte_is_another_machine(self, pressed):
        machine, wrote = pressed
        before = machine.digest()
        process = max(wrote)
        machine.state.frames[frame_of(machine, process, PER_PROCESS - 1), 7] ^= 1
        assert machine.digest() != before


def test_without_the_compiler_it_is_said_what_to_do():
    script = "from zbudlab import Machine; Machine(frames=64)"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "NotCompiled: NUMBA_DISABLE_JIT=1 switches off the compiler" in ended.stderr
