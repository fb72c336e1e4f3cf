"""Show on the engine the two ways in which zswap of 3.12 loses a page's newest content.

* A store is refused for a slot that zswap already has a page for: the newer page goes to the swap
  device, and the older one stays in zswap. When the older one is written back, it overwrites the
  newer one.
* Writeback frees its entry even if the device did not take the page.

Profile "3.12" does so and counts it. Profile "3.12-fixed" drops the older page first, and keeps the
entry of a page that could not be written.

Source: mm/zswap.c, zswap_frontswap_store and zswap_writeback_entry (v3.12.9).
"""

from errno import EIO
from typing import NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.content.compressors import compressor
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.swap.device import SlotContent, SwapCache
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap

FRAMES = 64
RETRIES = 8


class Loss(NamedTuple):
    """The outcome of reading a page back after a store that may lose it.

    what: how the page could be lost. newest_content: whether the newest content was read. counted:
    the profile's counter of lost pages.
    """

    what: str
    profile: str
    newest_content: bool
    counted: int


class LosingCache(SwapCache):
    """A swap cache that does not keep a page whose write failed."""

    def written(self, slot: int, page: SlotContent, error: int) -> bool:
        return not error


def _swap(profile: str) -> Swap:
    state = State(FRAMES)
    free_all_bootmem(state.mem, FRAMES, [])
    swap = Swap(state, ZswapSettings(profile), compressor=compressor("lz4"), cache=LosingCache())
    swap.swapon(0, 8)
    return swap


def _page(recipe: str) -> np.ndarray:
    return np.frombuffer(corpus.page(recipe, 0), np.uint8)


def _reads(swap: Swap, slot: int, page: np.ndarray) -> bool:
    """Return whether a load of the slot gives that page."""
    found = np.zeros(layout.PAGE_SIZE, np.uint8)
    swap.load(slot, found)
    return bool((found == page).all())


def refused_duplicate(profile: str) -> Loss:
    """Store a page that does not compress in a slot that is stored already, then empty zswap."""
    swap = _swap(profile)
    slot = swap.get_swap_page()
    newest = _page("random")
    swap.store(slot, _page("text"))
    swap.store(slot, newest)
    swap.reclaim(0, RETRIES)
    counted = swap.counters()["lost_stale"]
    return Loss("refused duplicate", profile, _reads(swap, slot, newest), counted)


def failed_write(profile: str) -> Loss:
    """Let zswap write a page back while the swap device fails."""
    swap = _swap(profile)
    slot = swap.get_swap_page()
    page = _page("text")
    swap.store(slot, page)
    swap.device.fail = EIO
    swap.reclaim(0, RETRIES)
    counted = swap.counters()["lost_write"]
    return Loss("failed write", profile, _reads(swap, slot, page), counted)


def table() -> str:
    """Format both losses under both profiles."""
    rows = [f"{'':20}{'profile':12}{'read back':18}counted as lost"]
    for show in (refused_duplicate, failed_write):
        for profile in ("3.12", "3.12-fixed"):
            loss = show(profile)
            content = "the newest page" if loss.newest_content else "not that page"
            rows.append(f"{loss.what:20}{profile:12}{content:18}{loss.counted}")
    return "\n".join(rows)
