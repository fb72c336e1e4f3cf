"""Swap without a machine, which checks itself, and pages to store in it."""

from dataclasses import fields

import numpy as np

from zbudlab import layout
from zbudlab.content.compressors import compressor
from zbudlab.mm import bootmem, swapfile, zbud_check, zswap_check
from zbudlab.mm.state import State
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap

VARIANTS = (layout.ZBUD_PLAIN, layout.ZBUD_SERIES)


class Lab(Swap):
    """Swap without a machine, with one area, that checks itself."""

    def __init__(self, *, frames=512, slots=400, page_bytes=True, areas=1, **settings):
        state = State(frames, page_bytes=page_bytes, pools=areas)
        bootmem.free_all_bootmem(state.mem, frames, [])
        if page_bytes:
            settings.setdefault("compressor", compressor("lz4"))
        names = {field.name for field in fields(ZswapSettings)}
        chosen = {name: settings.pop(name) for name in names & settings.keys()}
        super().__init__(state, ZswapSettings(**chosen), **settings)
        for area in range(areas):
            self.swapon(area, slots)

    def read(self, slot):
        page = np.full(layout.PAGE_SIZE, 7, np.uint8)
        self.load(slot, page)
        return page

    def check(self):
        assert zswap_check.first_fault(self.state.mem) == (0, 0)
        state = self.state
        assert swapfile.first_fault(state.mem) == (0, 0)
        for number in range(len(state.pools)):
            assert zbud_check.first_fault(state.mem, number) == (0, 0)


def make_pages(count, seed=0):
    """Pages of which a random part is random, some same-filled, some not compressible."""
    random = np.random.Generator(np.random.PCG64(seed))
    pages = np.zeros((count, layout.PAGE_SIZE), np.uint8)
    for page, size in zip(pages, random.integers(0, layout.PAGE_SIZE + 1, count), strict=True):
        page[:size] = random.integers(0, 256, size)
    pages[::10] = pages[::10, :1]
    return pages
