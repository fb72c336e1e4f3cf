"""Machines under pressure whose zswap has one of the newer allocators."""

import numpy as np

from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm import zpool_reader

FRAMES = 512
PAGES = 650


def contents(seed=1):
    random = np.random.default_rng(seed)
    made = np.zeros((PAGES, layout.PAGE_SIZE), np.uint8)
    for page, size in zip(made, random.integers(0, layout.PAGE_SIZE + 1, PAGES), strict=True):
        page[:size] = random.integers(0, 256, size)
    return made


def pressed(zpool, **settings):
    """A machine under pressure, its process and what was written."""
    made = Machine(
        frames=FRAMES, profile="6.1", zpool=zpool, max_pool_percent=30, threads=1, **settings
    )
    process = made.create_process(PAGES)
    if made.config.page_bytes:
        made.write(process, 0, contents())
    else:
        made.write(process, 0, np.random.default_rng(1).integers(20, 4000, PAGES))
    return made, process


def pool_pages(machine):
    return np.flatnonzero(zpool_reader.pool_pages(machine.state.pages[:FRAMES]))
