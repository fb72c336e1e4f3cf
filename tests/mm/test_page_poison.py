"""Free frames hold poison in checked runs, and a write to one is found out."""

import pytest

from zbudlab import layout
from zbudlab.machine import Inconsistent, Machine


@pytest.fixture
def machine():
    return Machine(frames=256, checked=True)


def test_a_freed_frame_holds_poison(machine):
    process = machine.create_process(1)
    machine.write(process, 0, b"\x07" * layout.PAGE_SIZE)
    pfn = int(machine.state.ptes["value"][0])
    assert (machine.state.frames[pfn] == 7).all()
    machine.exit(process)
    assert (machine.state.frames[pfn] == layout.PAGE_POISON).all()


def test_a_block_that_was_used_is_poisoned_as_a_whole(machine):
    pfn = machine.alloc_pages(3)
    machine.state.frames[pfn : pfn + 8] = 1
    machine.free_pages(pfn)
    assert (machine.state.frames[pfn : pfn + 8] == layout.PAGE_POISON).all()


def test_a_write_to_a_free_frame_is_found_out(machine):
    pfn = machine.alloc_pages(0)
    machine.free_pages(pfn)
    machine.state.frames[pfn, 4000] = 0
    with pytest.raises(Inconsistent, match=f"page frame {pfn} was written to"):
        machine.create_process(1)


def test_unchecked_runs_leave_frames_alone():
    machine = Machine(frames=256)
    pfn = machine.alloc_pages(0)
    machine.state.frames[pfn] = 5
    machine.free_pages(pfn)
    assert (machine.state.frames[pfn] == 5).all()
