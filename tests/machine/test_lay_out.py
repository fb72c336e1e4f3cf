"""Free lists that `Machine.lay_out` refuses."""

import numpy as np
import pytest

from zbudlab.layout import MAX_ORDER, MIGRATE_MOVABLE, MIGRATE_TYPES
from zbudlab.machine import Machine
from zbudlab.machine.errors import MachineError


def test_free_lists_that_cannot_be_are_refused():
    free, pageblocks = np.zeros((MIGRATE_TYPES, MAX_ORDER), int), np.zeros(MIGRATE_TYPES, int)
    pageblocks[MIGRATE_MOVABLE] = 8
    machine = Machine(frames=4096)
    with pytest.raises(MachineError, match="6 types by 11 orders"):
        machine.lay_out(free[:2], pageblocks)
    with pytest.raises(MachineError, match=r"8 pageblocks .* 8192 frames"):
        Machine(frames=8192).lay_out(free, pageblocks)
    free[MIGRATE_MOVABLE, 10] = 5
    with pytest.raises(MachineError, match="no 4096 frames can hold"):
        machine.lay_out(free, pageblocks)
    machine.alloc_pages()
    with pytest.raises(MachineError, match="before memory is used"):
        machine.lay_out(free, pageblocks)
