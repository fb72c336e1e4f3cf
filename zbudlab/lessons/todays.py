"""zswap of Linux 6.1 and of today, given the same pages: which of them it keeps."""

from typing import NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.content.compressors import compressor
from zbudlab.machine import Machine
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.today import swap_for

FRAMES, PAGES, LIMIT = 2048, 640, 12  #: page frames, pages swapped out, percent for the pool
RANDOM_EVERY = 4  #: each fourth page does not compress
PARTS = ("oldest quarter", "second", "third", "newest quarter")


def swapped_out(profile: str, pages: int = PAGES, limit: int = LIMIT) -> tuple[Machine, int]:
    """Return a machine with zsmalloc that swapped a program's pages out, oldest first.

    limit: percent of memory that zswap's pool may take.
    """
    machine = Machine(
        frames=FRAMES,
        profile=profile,
        zpool="zsmalloc",
        max_pool_percent=limit,
        threads=1,
        log=False,
    )
    process = machine.create_process(pages)
    text, noise = corpus.pages("text", pages, 0), corpus.pages("random", pages, 0)
    which = np.arange(pages) % RANDOM_EVERY == RANDOM_EVERY - 1
    machine.write(process, 0, np.where(which[:, None], noise, text))
    machine.reclaim(pages)
    return machine, process


def on_device(machine: Machine, process: int) -> list[int]:
    """Return how many pages of each quarter are on the device, the oldest first."""
    count = int(machine.state.processes[process]["nr_pages"])
    places = [machine.explain(process, page).where for page in range(count)]
    quarters = np.array_split(np.array(places) == "swap device", len(PARTS))
    return [int(quarter.sum()) for quarter in quarters]


class Kept(NamedTuple):
    """What zswap has for a swap slot after a store was refused. newest: whether a load is right."""

    profile: str
    older_copy: bool
    newest: bool


def after_refusal(profile: str) -> Kept:
    """Store a page, then store a newer one in its slot while zswap accepts nothing."""
    state = State(64)
    free_all_bootmem(state.mem, 64, [])
    settings = ZswapSettings(profile, kind=layout.ZPOOL_ZSMALLOC)
    swap = swap_for(state, settings, compressor=compressor("lz4"))
    swap.swapon(0, 8)
    slot = swap.get_swap_page()
    older, newer = corpus.pages("text", 2, 0)
    swap.store(slot, older)
    state.zswaps["max_pool_percent"] = 0
    swap.store(slot, newer)
    kept = bool(state.swap_slots["entry"][slot])
    found = np.zeros(layout.PAGE_SIZE, np.uint8)
    swap.load(slot, found)
    return Kept(profile, kept, bool((found == newer).all()))
