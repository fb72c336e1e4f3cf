"""Bytes come back from wherever reclaim put them.

Also tests `machine/peek.py`, `mm/memory.py` and `mm/vmscan.py`.
"""

import errno

import pytest

from tests.machine.machines import (
    BUILT_IN,
    FRAMES,
    PER_PROCESS,
    assert_intact,
    filled,
    free_pages,
    small,
)
from zbudlab import layout
from zbudlab.content import compressors, corpus
from zbudlab.machine import SWAP_TYPE
from zbudlab.machine.errors import MachineError


@pytest.fixture
def pressed():
    return filled()


class TestMemory:
    @pytest.mark.parametrize("name", [n for n in BUILT_IN if compressors.available()[n]])
    @pytest.mark.parametrize("profile", ["3.12-fixed", "3.12", "6.1", "7.2", "7.3"])
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
