"""Lists walked for pictures, sound and broken."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.mm import inspection
from zbudlab.view.list_walk import list_members


def records(*after):
    found = np.zeros(len(after), [("next", "u4", 2)])
    found["next"][:, 1] = after
    return found


@pytest.mark.parametrize(
    ("after", "members"),
    [
        ((0, 7), []),
        ((2, 9, 1, 9), [2, 1]),  # leads out of memory
        ((1, 2, 3, 1), [1, 2, 3]),  # leads to itself
    ],
)
def test_a_broken_list_ends_at_its_break(after, members):
    assert list_members(records(*after), 1, 0) == members


def test_a_sound_list_is_as_compiled_code_has_it():
    machine = Machine(frames=256)
    for size in (1000, 3000, 2500, 3000):
        machine.zbud_alloc(size)
    pool = machine.state.pools[LAB_POOL]
    arguments = machine.state.rows, layout.LRU, int(pool["list_heads"]) + layout.LRU_LIST
    assert len(list_members(*arguments)) == 3
    assert list_members(*arguments) == inspection.list_members(*arguments)
