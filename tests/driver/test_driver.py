"""The driver does what paging does in steps: the same memory, counters and notes, whatever happens.

Also tests `driver/faults.py`, `driver/reclaim.py`, `layout/driver.py`,
`machine/driven.py` and `swap/stored_pages.py`.
"""

import numpy as np
import pytest

from tests.driver.rounds_both_ways import Stepwise, left, played
from zbudlab.content import corpus
from zbudlab.layout import STOP_ROOM
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError

ROUNDS = range(12)
OPERATIONS = 10**5


@pytest.mark.slow
def test_a_hundred_thousand_random_operations_leave_the_same_machine():
    total = 0
    for number in ROUNDS:
        driven = played(number, Machine)
        stepwise = played(number, Stepwise)
        assert left(driven.machine) == left(stepwise.machine), f"round {number}"
        total += driven.done().total()
    assert total >= OPERATIONS


def pressed(kind, **settings):
    machine = kind(frames=256, log=False, threads=1, **settings)
    process = machine.create_process(1500)
    return machine, process


@pytest.mark.parametrize("page_bytes", [False, True])
def test_memory_that_is_full_is_the_same_error(page_bytes):
    found = []
    for kind in (Machine, Stepwise):
        machine, process = pressed(kind, page_bytes=page_bytes, swap_pages=300)
        with pytest.raises(MachineError) as refused:
            machine.touch(process, range(1500), write=True)
        found.append((str(refused.value), left(machine)))
    assert found[0] == found[1]


@pytest.mark.parametrize("profile", ["3.12", "3.12-fixed"])
@pytest.mark.parametrize("percent", [5, 20])
def test_bytes_written_back_are_the_same(profile, percent):
    found = []
    for kind in (Machine, Stepwise):
        machine, process = pressed(kind, profile=profile, max_pool_percent=percent)
        for seed in range(2):
            machine.write(process, 500 * seed, corpus.pages("mixed", 500, seed))
        machine.touch(process, range(0, 1000, 3), write=True)
        machine.check()
        found.append(left(machine))
    assert found[0] == found[1]
    assert found[0]["counters"]["written_back_pages"] > 100


def test_tables_grow_at_the_same_moments():
    for count in range(400, 1100, 130):
        found = []
        for kind in (Machine, Stepwise):
            machine, process = pressed(kind, page_bytes=False)
            machine.write(process, 0, np.full(count, 700))
            found.append({k: v.shape for k, v in machine.state.mem._asdict().items()})
        assert found[0] == found[1]


def test_the_host_makes_room_when_the_driver_asks(monkeypatch):
    machine, process = pressed(Machine, page_bytes=False)
    asked = []
    original = machine.paging._help
    monkeypatch.setattr(machine.paging, "_help", lambda stop: asked.append(stop) or original(stop))
    machine.write(process, 0, np.full(1100, 700))
    assert STOP_ROOM in asked
    assert machine.swap.counters()["stored_pages"] > 64


def test_an_unknown_stop_is_refused():
    machine, _ = pressed(Machine, page_bytes=False)
    with pytest.raises(MachineError, match="unknown reason 99"):
        machine.paging._help(99)
