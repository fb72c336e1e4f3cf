"""Calls of hosts without Python do what `machine.operations` does in several."""

import random

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.driver import calls
from zbudlab.driver.work import new_work
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError

FRAMES, PAGES, PROCESSES = 512, 160, 6


def machine(movable):
    return Machine(frames=FRAMES, page_bytes=False, zbud_movable=movable, log=False)


class Called:
    """A machine whose processes end and whose blocks come through `driver.calls`, uncompiled."""

    def __init__(self, movable):
        self.machine = machine(movable)
        self.slots = np.zeros(PAGES, np.int64)
        paging = self.machine.paging
        paging._begin()
        self.work = paging._work

    def exit(self, process):
        state = self.machine.state
        start = int(state.processes[process]["start"])
        calls.exit_process.py_func(state.mem, self.work, process, self.slots)
        state.free_range(start, PAGES)
        self.machine.paging.notes.forget(start, PAGES)

    def alloc(self, order, kind):
        paging = self.machine.paging
        paging._begin()
        arrays = self.machine.moves, self.machine.control
        try:
            return calls.alloc_pages_slowpath.py_func(
                self.machine.state.mem, paging._work, *arrays, order, kind
            )
        finally:
            paging._settle()


def natively_contiguous(machine, count):
    """Return the first frame that a machine takes from CMA, or a negative errno."""
    try:
        return machine.cma_alloc(count, align=8)
    except MachineError as error:
        return -error.errno


def natively(made, order, kind):
    try:
        return made.alloc_pages(order, ("unmovable", "reclaimable", "movable")[kind])
    except MachineError as error:
        return -error.errno


def digest(made):
    return made.digest()


def new_process(draw, *machines):
    """Start a process on each machine and write its pages. Return its number, which is the same."""
    numbers = {each.create_process(PAGES) for each in machines}
    assert len(numbers) == 1
    process = numbers.pop()
    lengths = np.array([draw.randrange(300, 3500) for _ in range(PAGES)], np.int32)
    for each in machines:
        each.write(process, 0, lengths)
    return process


@pytest.mark.parametrize("seed", range(4))
def test_the_same_script_leaves_the_same_memory(seed):
    draw = random.Random(seed)
    native, called = machine(bool(seed % 2)), Called(bool(seed % 2))
    both = native, called.machine
    alive, blocks, failed = [], [], 0
    for _ in range(120):
        what = draw.random()
        if what < 0.5:
            if len(alive) == PROCESSES:
                gone = alive.pop(draw.randrange(PROCESSES))
                native.exit(gone)
                called.exit(gone)
            alive.append(new_process(draw, *both))
        elif what < 0.9 or not blocks:
            order, kind = draw.choice((0, 0, 3, 6)), draw.choice((0, 2))
            got = natively(native, order, kind)
            assert called.alloc(order, kind) == got
            failed += got < 0
            if got >= 0:
                blocks.append(got)
        else:
            block = blocks.pop(draw.randrange(len(blocks)))
            for each in both:
                each.free_pages(block)
        assert digest(native) == digest(called.machine)
    called.machine.check()
    assert native.paging.events["pswpout"] > 0


def test_a_process_gets_the_entries_that_are_asked_for():
    made = machine(True)
    number = made.create_process(PAGES)
    made.exit(number)
    calls.create_process.py_func(made.state.mem, number, 0, PAGES)
    made.touch(number, range(PAGES))
    assert made.state.processes[number]["rss"] == PAGES
    made.check()


def test_the_driver_has_its_position_in_one_record():
    assert new_work().now.dtype == layout.progress


CMA, COUNT = 1024, 256


@pytest.mark.parametrize("movable", [False, True])
def test_ranges_of_cma_are_those_of_the_machine(movable):
    """Pages in the area move away, or a pinned one keeps a range busy; all else is the same."""
    both = [
        Machine(frames=4096, cma_pages=CMA, page_bytes=False, zbud_movable=movable, log=False)
        for _ in range(2)
    ]
    native, called = both
    for each in both:
        first, second = each.create_process(1500), each.create_process(2100)
        each.touch(first, list(range(1500)))
        each.touch(second, list(range(2100)))
    start, end = native.cma_area
    pinned = int(start + np.flatnonzero(native.state.pages["refcount"][start:end] > 0)[5])
    for each in both:
        each.pin(pinned)
        each.exit(first)  # room for what has to move
    arrays = called.state.mem, called.cma, called.cma_bitmap, called.moves, called.control
    got = []
    for _ in range(4):
        pfn = int(calls.cma_alloc.py_func(*arrays, COUNT, 8))
        assert natively_contiguous(native, COUNT) == pfn
        got.append(pfn)
        assert native.digest() == called.digest()
        assert np.array_equal(native.cma_bitmap, called.cma_bitmap)
    assert all(not pfn <= pinned < pfn + COUNT for pfn in got)
    assert got[0] >= start
    assert got[-1] < 0
    assert calls.cma_release.py_func(*arrays[:3], got[0], COUNT) == 0
    native.cma_release(got[0], COUNT)
    assert native.digest() == called.digest()
    assert np.array_equal(native.cma_bitmap, called.cma_bitmap)
