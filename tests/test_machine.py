"""What a machine promises: bytes come back, refusals say why, checks find damage."""

import contextlib
import errno
import json
import sys
from collections import namedtuple

import numpy as np
import psutil
import pytest

from zbudlab import layout
from zbudlab.content import compressors, corpus
from zbudlab.content.compressors import MissingLibrary, UnknownCompressor
from zbudlab.machine import SWAP_TYPE, Machine
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.errors import ConfigError, Inconsistent, MachineError

FRAMES = 1024
PER_PROCESS = 250
BUILT_IN = ("lz4", "lzo", "zstd", "deflate", "none")


def small(**settings):
    return Machine(**({"frames": FRAMES, "min_free": 16, "threads": 1} | settings))


def filled(recipe="mixed", processes=6, **settings):
    """A machine with processes of more pages than frames; what each process wrote, by number."""
    machine = small(**settings)
    wrote = {}
    for seed in range(processes):
        process = machine.create_process(PER_PROCESS)
        wrote[process] = corpus.pages(recipe, PER_PROCESS, seed)
        machine.write(process, 0, wrote[process])
    return machine, wrote


def assert_intact(machine, wrote):
    for process, pages in wrote.items():
        assert np.array_equal(machine.read(process, 0, len(pages)), pages)


def free_pages(machine):
    return int(machine.state.zone["nr_free_pages"])


@pytest.fixture
def pressed():
    return filled()


class TestMemory:
    @pytest.mark.parametrize("name", [n for n in BUILT_IN if compressors.available()[n]])
    @pytest.mark.parametrize("profile", ["3.12-fixed", "3.12", "6.1"])
    def test_gives_back_what_was_written(self, name, profile):
        machine, wrote = filled(compressor=name, profile=profile)
        assert machine.state.processes["swapents"].sum() > FRAMES // 3
        assert_intact(machine, wrote)
        machine.check()

    @pytest.mark.parametrize(
        "settings",
        [{"zbud": "plain"}, {"zbud_movable": False}, {"zswap": False}, {"pageblock_order": 4},
         {"frames": 1000}, {"max_pool_percent": 0}, {"max_pool_percent": 100}],
        ids=str,
    )  # fmt: skip
    def test_gives_back_what_was_written_on_any_machine(self, settings):
        machine, wrote = filled(**settings)
        assert_intact(machine, wrote)
        machine.check()

    def test_keeps_the_last_of_two_writes_wherever_the_first_went(self, pressed):
        machine, wrote = pressed
        for process in wrote:
            wrote[process] = corpus.pages("text", PER_PROCESS, seed=process + 50)
            machine.write(process, 0, wrote[process])
        assert_intact(machine, wrote)

    def test_pages_never_written_are_zero(self):
        machine = small()
        process = machine.create_process(3)
        machine.touch(process, [1])
        assert not machine.read(process, 0, 3).any()
        assert machine.peek(process, 2) == bytes(layout.PAGE_SIZE)

    def test_takes_bytes_too(self):
        machine = small()
        process = machine.create_process(2)
        machine.write(process, 0, b"a" * layout.PAGE_SIZE + b"b" * layout.PAGE_SIZE)
        assert machine.peek(process, 1) == b"b" * layout.PAGE_SIZE

    def test_a_peek_moves_nothing_and_counts_nothing(self, pressed):
        machine, wrote = pressed
        before = machine.digest(), machine.swap.counters(), dict(machine.paging.events)
        entries = len(machine.log)
        for process, pages in wrote.items():
            for page in range(PER_PROCESS):
                assert machine.peek(process, page) == pages[page].tobytes()
        assert (machine.digest(), machine.swap.counters(), dict(machine.paging.events)) == before
        assert len(machine.log) == entries

    def test_counts_faults_and_major_faults(self):
        machine = small()
        process = machine.create_process(10)
        machine.touch(process, range(10))
        assert machine.paging.events["pgmajfault"] == 0
        assert machine.reclaim(10) >= 10
        assert machine.state.processes[process]["swapents"] == 10
        machine.touch(process, range(4))
        assert machine.paging.events["pgmajfault"] == 4
        assert machine.state.processes[process]["rss"] == 4

    def test_the_end_of_all_processes_frees_everything(self):
        machine = small()
        free, slots = free_pages(machine), machine.swap.free_slots()
        for _ in range(3):
            processes = [machine.create_process(PER_PROCESS) for _ in range(6)]
            for process in processes:
                machine.write(process, 0, corpus.pages("text", PER_PROCESS, process))
            for process in processes:
                machine.exit(process)
            assert (free_pages(machine), machine.swap.free_slots()) == (free, slots)
            assert machine.swap.counters()["stored_pages"] == 0
            assert not machine.swap.device.pages

    def test_zswap_stays_below_its_limit_until_that_is_lowered(self, pressed):
        machine, wrote = pressed
        pool = machine.state.pools[SWAP_TYPE]
        assert 0 < pool["pages_nr"] <= FRAMES * 20 // 100 + 1
        stored = machine.swap.counters()["stored_pages"]
        assert pool["pages_nr"] <= stored <= 2 * pool["pages_nr"]
        machine.set_max_pool_percent(0)
        assert_intact(machine, wrote)
        assert pool["pages_nr"] <= stored

    @pytest.mark.parametrize("swap_pages", [0, 64])
    def test_says_when_memory_and_swap_are_full(self, swap_pages):
        machine = small(swap_pages=swap_pages)
        process = machine.create_process(2 * FRAMES)
        with pytest.raises(MachineError, match=f"of {FRAMES} frames are free, 0 swap slots") as e:
            machine.touch(process, range(2 * FRAMES))
        assert e.value.errno == errno.ENOMEM
        machine.check()
        machine.exit(process)
        other = machine.create_process(100)
        machine.touch(other, range(100))

    def test_works_without_page_bytes_on_lengths(self):
        machine = small(page_bytes=False)
        process = machine.create_process(2 * FRAMES)
        machine.write(process, 0, [1000] * (2 * FRAMES))
        assert machine.swap.counters()["stored_pages"] > 0
        machine.check()
        with pytest.raises(MachineError, match="no page bytes"):
            machine.read(process, 0, 1)


LOW = 1500  # pages of a process that lies scattered over the lower frames


def scattered():
    """A machine whose lower frames belong to two processes in turn, one of them gone."""
    machine = small(frames=4096)
    stays, goes = machine.create_process(LOW), machine.create_process(LOW)
    for page in range(LOW):
        machine.touch(stays, [page], write=True)
        machine.touch(goes, [page])
    pages = corpus.pages("binary", LOW)
    machine.write(stays, 0, pages)
    machine.exit(goes)
    return machine, {stays: pages}


def frame_of(machine, process, page):
    entry = machine.state.ptes[int(machine.state.processes[process]["start"]) + page]
    assert entry["state"] == layout.PTE_PRESENT
    return int(entry["value"])


def take_all(machine, order):
    """Blocks of an order until there is none."""
    taken = []
    with contextlib.suppress(MachineError):
        while True:
            taken.append(machine.alloc_pages(order, "movable", direct=False))
    return taken


def low_objects(count, size=3000, **settings):
    """A machine whose lowest frames are zbud pages, the rest free; their handles."""
    machine = small(frames=4096, **settings)
    above = [machine.alloc_pages(10, "movable") for _ in range(3)]
    handles = [machine.zbud_alloc(size) for _ in range(count)]
    for pfn in above:
        machine.free_pages(pfn)
    return machine, handles


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


class TestRefusals:
    def test_name_the_pages_that_there_are(self):
        machine = small()
        process = machine.create_process(10)
        with pytest.raises(MachineError, match="pages 0 to 9; 5 to 12 were asked for") as refused:
            machine.touch(process, range(5, 13))
        assert refused.value.errno == errno.EFAULT
        with pytest.raises(MachineError, match="there is no process 7") as refused:
            machine.exit(7)
        assert refused.value.errno == errno.ESRCH
        machine.exit(process)
        with pytest.raises(MachineError, match=f"there is no process {process}"):
            machine.read(process, 0, 1)

    def test_of_other_values(self):
        machine = small(zbud="plain")
        process = machine.create_process(10)
        for call, why in (
            (lambda: machine.write(process, 0, b"abc"), "3 bytes are no whole number of pages"),
            (lambda: machine.write(process, 0, np.full((1, 4096), 300)), "uint8, not int"),
            (lambda: machine.touch(process, [0.5]), r"range or list of numbers, not \[0.5\]"),
            (lambda: machine.touch(process, "abc"), "range or list of numbers, not 'abc'"),
            (lambda: machine.touch(process, 3), "range or list of numbers, not 3"),
            (lambda: machine.create_process(0), "1 to 16777216, not 0"),
            (lambda: machine.create_process(1.5), "a whole number, not 1.5"),
            (lambda: machine.write(process, [0], b""), r"first must be a whole number, not \[0\]"),
            (lambda: machine.read(process, 0, "1"), "count must be a whole number, not '1'"),
            (lambda: machine.read(True, 0, 1), "there is no process True"),
            (lambda: machine.alloc_pages(1.5), "order must be a whole number, not 1.5"),
            (lambda: machine.compact("9"), "order must be a whole number, not '9'"),
            (lambda: machine.pin(0.5), "there is no page frame 0.5"),
            (lambda: machine.zbud_alloc(1e3), "size must be a whole number, not 1000.0"),
            (lambda: machine.zbud_free("1"), "there is no handle '1'"),
            (lambda: machine.set_max_pool_percent("20"), "a whole number, not '20'"),
            (lambda: machine.reclaim(0), "not 0"),
            (lambda: machine.set_max_pool_percent(101), "0 to 100, not 101"),
            (lambda: machine.set_zbud_movable(True), "plain zbud cannot move"),
            (lambda: machine.compact(11), "-1 to 10, not 11"),
            (lambda: machine.create_process(1 << 40), "1 to 16777216, not"),
            (lambda: machine.pin(5000), "no page frame 5000"),
        ):
            with pytest.raises(MachineError, match=why):
                call()
        machine.check()


class TestConfig:
    @pytest.mark.parametrize(
        ("settings", "why"),
        [
            ({"frames": 63}, "frames must be 64 to 16777216, not 63"),
            ({"frames": 1 << 25}, "not 33554432"),
            ({"frames": "many"}, "whole number, not 'many'"),
            ({"max_pool_percent": -1}, "0 to 100, not -1"),
            ({"max_pool_percent": True}, "whole number, not True"),
            ({"pageblock_order": 11}, "4 to 10, not 11"),
            ({"cma_pages": 1000, "frames": 4096}, "whole blocks of 1024 pages"),
            ({"cma_pages": 8192, "frames": 4096}, "0 to 4096, not 8192"),
            ({"zbud": "z3fold"}, "plain, series, not 'z3fold'"),
            ({"zbud": "plain", "zbud_movable": True}, "cannot move"),
            ({"profile": "2.6"}, "3.12-fixed, 3.12, 6.1, not '2.6'"),
            ({"seed": -1}, "not -1"),
            ({"threads": 0}, "1 to 1024, not 0"),
            ({"page_bytes": "no"}, "True or False, not 'no'"),
            ({"frame": 4096}, "no setting frame: there are frames, "),
            ({"compressor": 5}, "5 is no compressor"),
        ],
    )
    def test_says_which_value_cannot_be(self, settings, why):
        with pytest.raises(ConfigError, match=why):
            Machine(**settings)

    def test_numbers_of_numpy_are_numbers(self):
        config = MachineConfig(frames=np.int64(4096), seed=np.uint8(7))
        assert config == MachineConfig(frames=4096, seed=7)
        assert json.dumps(config.as_dict()) == json.dumps(
            MachineConfig(frames=4096, seed=7).as_dict()
        )
        assert Machine(config).alloc_pages(np.int8(3)) >= 0

    def test_an_unknown_compressor_is_told_the_known_ones(self):
        with pytest.raises(UnknownCompressor, match="'rar'; there are lz4"):
            Machine(frames=64, compressor="rar")

    def test_an_absent_library_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "zstandard", None)
        with pytest.raises(MissingLibrary, match="pip install zstandard"):
            Machine(frames=64, compressor="zstd")

    def test_a_machine_too_large_for_the_host_is_refused(self, monkeypatch):
        memory = namedtuple("memory", "available")
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(32 << 20))
        with pytest.raises(MachineError, match=r"needs 64 MiB.*has 32 MiB free: ask") as e:
            Machine(frames=16384)
        assert e.value.errno == errno.ENOMEM
        Machine(frames=16384, page_bytes=False)

    def test_survives_a_journey_through_plain_values(self):
        config = MachineConfig(frames=4096, compressor="zstd", zbud_movable=False)
        assert MachineConfig.from_dict(config.as_dict()) == config
        with pytest.raises(ConfigError, match="colour"):
            MachineConfig.from_dict({"colour": "red"})


class TestReplaced:
    def test_a_function_of_mine_runs_and_leaves(self):
        machine = small()
        asked = []

        def mine(mem, number, size, migratetype):
            asked.append(size)
            return -errno.ENOSPC

        with machine.replaced(zbud_alloc=mine), pytest.raises(MachineError):
            machine.zbud_alloc(77)
        assert asked == [77]
        assert machine.zbud_alloc(77) > 0
        assert asked == [77]

    def test_everything_is_restored_after_an_error(self):
        machine = small()
        with pytest.raises(ZeroDivisionError), machine.replaced(zbud_alloc=lambda *a: 1 // 0):
            machine.zbud_alloc(77)
        assert machine.zbud_alloc(77) > 0
        machine.check()

    def test_an_unknown_function_is_refused(self):
        with pytest.raises(ValueError, match="zbud_alok"), small().replaced(zbud_alok=print):
            pass

    def test_check_catches_a_migration_that_forgets_the_second_handle(self):
        from zbudlab.mm import zbud_migrate as theirs

        def forgetful(mem, new, old):
            pool = mem.pools[mem.pages[old].private]
            header = mem.rows[theirs.header_row(pool, old)]
            theirs.set_page_zbud(mem.pages[new])
            mem.pages[new].private = mem.pages[old].private
            mem.frames[new] = mem.frames[old]
            theirs.move_handle(mem, pool, int(header.first_handle), new, old)
            for link in (layout.LRU, layout.BUDDY):
                theirs.list_replace(
                    mem.rows, link, theirs.header_row(pool, old), theirs.header_row(pool, new)
                )
            return 0

        machine, _ = low_objects(100, size=1500)
        machine.check()
        with machine.replaced(zbud_migrate_page=forgetful):
            machine.compact()
        assert machine.paging.events["pgmigrate_success"] > 0
        with pytest.raises(Inconsistent, match="zbud"):
            machine.check()
