"""What a machine says when the only blocks that are large enough belong to CMA."""

import contextlib

import pytest

from zbudlab import Machine
from zbudlab.machine.errors import MachineError


def test_blocks_of_cma_are_named_as_the_reason():
    machine = Machine(frames=8192, cma_pages=4096, zswap=False, page_bytes=False, log=False)
    with contextlib.suppress(MachineError):
        while True:
            machine.alloc_pages(0, "unmovable", direct=False)
    with pytest.raises(MachineError, match=r"all 4 free blocks of order 10 or more are CMA's"):
        machine.alloc_pages(10, "unmovable")
