"""Writeback loses no page, except where the rules of 3.12 do."""

from errno import EIO, ENOSPC

import numpy as np
import pytest

from tests.swap.lab import VARIANTS, Lab, make_pages
from zbudlab.profiles import OWN_LRU, PROFILES
from zbudlab.swap.device import SwapCache, SwapWriteError


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("profile", [name for name in PROFILES if name not in OWN_LRU])
def test_a_full_pool_writes_back_and_every_page_is_intact(profile, variant):
    swap = Lab(profile=profile, variant=variant, max_pool_percent=2)
    pages = make_pages(300)
    slots = swap.get_swap_pages(len(pages))
    assert not swap.store_batch(slots, pages).any()
    swap.check()
    counts = swap.counters()
    assert counts["written_back_pages"] > 0
    assert counts["stored_pages"] + len(swap.device.pages) == len(pages)
    for slot, page in zip(slots.tolist(), pages, strict=True):
        assert swap.peek(slot) == page.tobytes()
        assert np.array_equal(swap.read(slot), page)
    swap.swap_free(slots)
    swap.check()
    swap.swapoff(0)
    assert swap.counters()["stored_pages"] == 0
    assert swap.state.zone["nr_free_pages"] == len(swap.state.frames)
    assert not swap.device.pages


class Script:
    """Random operations on `Swap`, and a dict that says what each slot must hold."""

    def __init__(self, swap, seed):
        self.swap = swap
        self.random = np.random.Generator(np.random.PCG64(seed))
        self.pages = make_pages(64, seed)
        self.held = {}

    def one(self):
        return list(self.held)[self.random.integers(len(self.held))]

    def store(self, slot):
        page = self.pages[self.random.integers(len(self.pages))]
        try:
            self.swap.store(slot, page)
        except SwapWriteError:
            self.held.pop(slot, None)
            self.swap.swap_free(slot)
        else:
            self.held[slot] = page

    def step(self):
        what = self.random.integers(10)
        if what < 4 or not self.held:
            self.store(self.swap.get_swap_page())
        elif what == 4:
            self.store(self.one())
        elif what == 5:
            self.swap.reclaim(0, 3)
        elif what == 6:
            self.swap.device.fail = EIO * int(self.random.integers(2))
        elif what < 9 and len(self.held) > 20:
            slot = self.one()
            self.swap.swap_free(slot)
            del self.held[slot]
        else:
            slot = self.one()
            assert np.array_equal(self.swap.read(slot), self.held[slot])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("profile", ["3.12-fixed", "6.1"])
def test_random_operations_never_lose_a_page(profile, variant):
    swap = Lab(profile=profile, variant=variant, max_pool_percent=2)
    script = Script(swap, seed=variant)
    for _ in range(1500):
        script.step()
        swap.check()
    for slot, page in script.held.items():
        assert np.array_equal(swap.read(slot), page)
    counts = swap.counters()
    assert counts["written_back_pages"] > 20
    assert counts["lost_stale"] == counts["lost_write"] == 0


def refused_duplicate(profile):
    """A page that compresses, then in the same slot one that does not; then writeback."""
    swap = Lab(profile=profile)
    old, new = make_pages(2)[1], np.frombuffer(np.random.default_rng(1).bytes(4096), np.uint8)
    slot = swap.get_swap_page()
    assert swap.store(slot, old) == 0
    assert swap.store(slot, new) == -ENOSPC
    swap.reclaim(0, 8)
    return swap, np.array_equal(swap.read(slot), new)


def test_a_refused_duplicate_is_overwritten_in_3_12_only():
    swap, intact = refused_duplicate("3.12")
    assert (intact, swap.counters()["lost_stale"]) == (False, 1)
    swap, intact = refused_duplicate("3.12-fixed")
    assert (intact, swap.counters()["lost_stale"]) == (True, 0)


class Forgetful(SwapCache):
    """A swap cache without memory for pages whose write failed."""

    def written(self, slot, page, error):
        return not error


def failed_write(profile):
    swap = Lab(profile=profile, cache=Forgetful())
    page = make_pages(2)[1]
    slot = swap.get_swap_page()
    swap.store(slot, page)
    swap.device.fail = EIO
    answer = swap.reclaim(0, 1)
    return swap, answer, np.array_equal(swap.read(slot), page)


def test_a_failed_write_loses_the_page_in_3_12_only():
    swap, answer, intact = failed_write("3.12")
    assert (answer, intact, swap.counters()["lost_write"]) == (0, False, 1)
    assert swap.counters()["written_back_pages"] == 1
    swap, answer, intact = failed_write("3.12-fixed")
    assert (answer, intact, swap.counters()["lost_write"]) == (-11, True, 0)
    assert swap.counters()["written_back_pages"] == 0
    swap.device.fail = 0
    assert swap.reclaim(0, 1) == 0
