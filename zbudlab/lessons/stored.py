"""Objects of many sizes stored in zbud, for the notebook about density and holes."""

from collections.abc import Iterable

import numpy as np

from zbudlab.layout import ZBUD_MAX_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL


def sizes(count: int, mean: int, spread: int, seed: int = 0) -> list[int]:
    """Draw sizes in bytes from a normal distribution, limited to what zbud accepts."""
    random = np.random.Generator(np.random.PCG64(seed))
    return np.clip(random.normal(mean, spread, count), 1, ZBUD_MAX_SIZE).astype(int).tolist()


def stored(objects: Iterable[int], frames: int = 4096) -> Machine:
    """Return a machine with an object of each size in its lab pool, stored in that order."""
    machine = Machine(frames=frames, page_bytes=False, log=False)
    for size in objects:
        machine.zbud_alloc(size)
    return machine


def pool_pages(machine: Machine) -> int:
    """Return the number of pages of that pool."""
    return int(machine.state.pools[LAB_POOL]["pages_nr"])
