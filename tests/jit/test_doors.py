"""Kernels behind doors: reached through an address, compiled only when their kind is opened."""

import os
import subprocess
import sys

import numpy as np
import pytest

from zbudlab import jit, layout
from zbudlab.jit import doors
from zbudlab.jit.doors import door, open_doors
from zbudlab.machine import Machine
from zbudlab.mm import zpool
from zbudlab.mm.state import State

KIND = 999  #: of the doors here


@jit.kernel(inline=False)
def twice(mem, number):
    return np.int64(mem.zones[0].spanned_pages) + 2 * number


@jit.kernel(inline=False)
def wrong(mem):
    return 0.5


@jit.kernel(inline=False)
def marked(mem, slot, slots):
    slots[1].newest = slot.written + np.int64(mem.zones[0].spanned_pages)
    return slots[1].newest


RACES = {"records": {"slot": layout.race_slot}, "arrays": {"slots": layout.race_slot}}


@jit.kernel(inline=False)
def thrice(mem, number):
    return 3 * number


through = door(twice, KIND)
locked = door(thrice, KIND + 2)
into = door(marked, KIND, **RACES)
lying = door(wrong, KIND + 1)


@jit.kernel(inline=False)
def caller(mem, number):
    return through(mem, number) + 1


def test_compiled_code_goes_through_an_opened_door():
    mem = State(64).mem
    open_doors(KIND)
    assert caller(mem, 5) == 64 + 10 + 1
    assert through(mem, 5) == 64 + 10


@jit.kernel(inline=False)
def passing(mem, slots):
    return into(mem, slots[0], slots)


def test_records_and_arrays_go_through_a_door():
    mem, slots = State(64).mem, np.zeros(2, layout.race_slot)
    slots["written"] = 3, 4
    open_doors(KIND)
    assert passing(mem, slots) == 64 + 3 == slots[1]["newest"]


def test_a_place_in_the_table_depends_on_the_name_and_is_not_given_twice():
    with pytest.raises(ValueError, match=r"the door of .*twice would be in place"):
        door(twice, KIND)


@jit.kernel(inline=False)
def knocking(mem, number):
    return locked(mem, number) + 1


def test_a_closed_door_ends_no_process():
    with pytest.raises(SystemError, match="without setting an exception"):
        knocking(State(64).mem, 5)


def test_a_door_that_says_another_result_is_refused():
    with pytest.raises(TypeError, match="wrong returns float64, its door int64"):
        open_doors(KIND + 1)


def test_callers_of_a_replaced_kernel_are_found_behind_its_door():
    machine = Machine(frames=128, profile="6.1", zpool="zsmalloc", page_bytes=False, log=False)
    asked = []

    def none(mem, number, size, migratetype):
        asked.append(int(size))
        return -layout.ENOMEM

    with machine.replaced(**{"zsmalloc.zs_malloc": none}):
        answer = zpool.zpool_malloc(machine.state.mem, 0, 77, layout.MIGRATE_MOVABLE)
    assert (asked, answer) == ([77], -layout.ENOMEM)


CLOSED = """
from zbudlab.jit import doors
from zbudlab.jit.memory import CLOSED
from zbudlab.machine import Machine
from zbudlab.mm import z3fold, zsmalloc
machine = Machine(frames=128, log=False, threads=1)
machine.touch(machine.create_process(200), range(200))
opened = (doors.DOORS != CLOSED).any()
print(len(zsmalloc.zs_malloc.overloads), len(z3fold.z3fold_alloc.overloads), opened)
"""


def test_a_machine_with_zbud_compiles_no_other_allocator():
    environment = dict(os.environ)
    printed = subprocess.run(
        [sys.executable, "-c", CLOSED], env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout.split() == ["0", "0", "False"]


def test_without_a_table_a_door_is_the_kernel(monkeypatch):
    monkeypatch.setenv("ZBUDLAB_DOORS", "0")
    assert doors.door(twice, KIND) is twice
