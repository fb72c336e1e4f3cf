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
