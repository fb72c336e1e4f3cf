"""Objects of many sizes put into zbud: what density and holes are studied on."""

from collections.abc import Iterable

import numpy as np

from zbudlab.layout import ZBUD_MAX_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL


def sizes(count: int, mean: int, spread: int, seed: int = 0) -> list[int]:
    """Sizes in bytes around a mean, normally distributed, cut to what zbud takes."""
    random = np.random.Generator(np.random.PCG64(seed))
    return np.clip(random.normal(mean, spread, count), 1, ZBUD_MAX_SIZE).astype(int).tolist()


def stored(objects: Iterable[int], frames: int = 4096) -> Machine:
    """A machine that holds an object of each size in a zbud pool, in that order."""
    machine = Machine(frames=frames, page_bytes=False, log=False)
    for size in objects:
        machine.zbud_alloc(size)
    return machine


def pool_pages(machine: Machine) -> int:
    """Pages of that pool."""
    return int(machine.state.pools[LAB_POOL]["pages_nr"])
