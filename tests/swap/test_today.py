"""Swap with today's zswap: what is stored where, what is refused, what is written back.

Also tests `mm/page_io.py`.
"""

from errno import EIO, ENOMEM, ENOSPC

import numpy as np
import pytest

from tests.swap.lab import make_pages
from zbudlab import layout
from zbudlab.content.compressors import DamagedData, compressor
from zbudlab.mm import bootmem, inspection
from zbudlab.mm.state import State
from zbudlab.profiles import OWN_LRU, PROFILES
from zbudlab.swap.device import SwapWriteError
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap
from zbudlab.swap.today import TodaysSwap, swap_for

KINDS = (layout.ZPOOL_ZSMALLOC, layout.ZPOOL_ZBUD, layout.ZPOOL_Z3FOLD)
ZEROS = np.zeros(layout.PAGE_SIZE, np.uint8)
NOISE = np.frombuffer(np.random.default_rng(3).bytes(layout.PAGE_SIZE), np.uint8)
TEXT = np.resize(np.arange(64, dtype=np.uint8), layout.PAGE_SIZE)


def lab(profile="7.3", kind=layout.ZPOOL_ZSMALLOC, frames=512, slots=400, **settings):
    """Swap without a machine, with one area."""
    state = State(frames)
    bootmem.free_all_bootmem(state.mem, frames, [])
    given = ZswapSettings(profile, kind=kind, **settings)
    swap = swap_for(state, given, compressor=compressor("lz4"))
    swap.swapon(0, slots)
    return swap


def stored(swap, *pages):
    slots = swap.get_swap_pages(len(pages))
    errors = swap.store_batch(slots, np.stack(pages))
    return slots.tolist(), errors.tolist()


def loaded(swap, slot):
    page = np.full(layout.PAGE_SIZE, 7, np.uint8)
    return swap.load(slot, page), page


def test_the_rules_choose_the_kind_of_swap():
    for name in PROFILES:
        found = swap_for(State(64, pools=1), ZswapSettings(name, enabled=False))
        assert (type(found) is TodaysSwap) == (name in OWN_LRU)
        assert isinstance(found, Swap)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("profile", OWN_LRU)
def test_a_full_pool_writes_back_and_every_page_is_intact(profile, kind):
    swap = lab(profile, kind, max_pool_percent=6)
    pages = make_pages(300)
    slots, errors = stored(swap, *pages)
    assert not any(errors)
    assert inspection.first_fault(swap.state) is None
    counts = swap.counters()
    zeros = int((~pages.any(axis=1)).sum())
    assert counts["written_back_pages"] > 0
    assert counts["stored_pages"] + len(swap.device.pages) + zeros == len(pages)
    for slot, page in zip(slots, pages, strict=True):
        assert swap.peek(slot) == page.tobytes()
        where, found = loaded(swap, slot)
        assert np.array_equal(found, page)
        assert (where == "zeros") == (not page.any())
    assert swap.counters()["stored_pages"] == 0  # every load took its entry out
    swap.swap_free(slots)
    assert inspection.first_fault(swap.state) is None
    swap.swapoff(0)
    assert swap.state.zone["nr_free_pages"] == len(swap.state.frames)
    assert not swap.device.pages


def test_peeking_leaves_the_entry_and_loading_takes_it():
    swap = lab()
    (slot,), _ = stored(swap, TEXT)
    assert swap.peek(slot) == TEXT.tobytes()
    assert swap.counters()["stored_pages"] == 1
    assert loaded(swap, slot)[0] == "zswap"
    assert swap.counters()["stored_pages"] == 0
    assert loaded(swap, slot)[0] == "device"  # the swap cache had the only copy


def test_a_page_that_does_not_compress_is_kept_as_it_is():
    swap = lab()
    (slot,), errors = stored(swap, NOISE)
    counts = swap.counters()
    assert errors == [0]
    assert (counts["stored_incompressible_pages"], counts["compressed_bytes"]) == (1, 4096)
    assert swap.peek(slot) == NOISE.tobytes()
    assert loaded(swap, slot)[0] == "zswap"


def test_zeros_take_no_object_and_what_was_stored_before_goes():
    swap = lab()
    (slot,), _ = stored(swap, TEXT)
    swap.store(slot, ZEROS)
    assert swap.counters()["stored_pages"] == 0
    assert loaded(swap, slot)[0] == "zeros"
    assert swap.device.writes == 0
    swap.store(slot, TEXT)
    assert loaded(swap, slot)[0] == "zswap"
    swap.swap_free(slot)
    assert swap.state.swap_slots["frontswap"][slot] == 0


def test_a_refused_page_goes_to_the_device_and_the_older_copy_is_dropped():
    swap = lab()
    (slot,), _ = stored(swap, TEXT)
    swap.state.zswaps["max_pool_percent"] = 0
    assert swap.store(slot, NOISE) == -ENOMEM
    assert swap.counters()["stored_pages"] == 0
    assert swap.state.swap_slots["refusal"][slot] == layout.REFUSED_LIMIT
    assert swap.peek(slot) == NOISE.tobytes()


def full(swap, cgroup=0):
    """Fill swap until zswap refuses a page. Return the slots."""
    slots = swap.get_swap_pages(200)
    pages = np.stack([np.roll(NOISE, i) for i in range(len(slots))])
    errors = swap.store_batch(slots, pages, groups=np.full(len(slots), cgroup))
    return slots, errors


@pytest.mark.parametrize(("profile", "written"), [("7.2", 0), ("7.3", 13)])
def test_the_shrink_work_runs_after_a_refusal_and_passes_over_marks_first(profile, written):
    """7.2 takes 16 marks off and gives up; 7.3 takes off all 51, and writes what is left of 32."""
    swap = lab(profile, max_pool_percent=10, accept_threshold_percent=90)  # 51 pages, then 45
    slots = swap.get_swap_pages(52)
    swap.store_batch(slots, np.stack([np.roll(NOISE, i) for i in range(52)]))
    counts = swap.counters()
    assert (counts["pool_limit_hit"], int(swap.state.zswaps["shrink_work"][0])) == (1, 0)
    assert (counts["stored_pages"], counts["written_back_pages"]) == (51 - written, written)
    assert swap.device.writes == 1 + written


def test_a_cgroup_without_writeback_keeps_its_refused_pages_in_memory():
    swap = lab(max_pool_percent=10)
    swap.folios.new_cgroup(1)
    swap.state.cgroups["zswap_writeback"][1] = 0
    slots, errors = full(swap, 1)
    assert set(errors.tolist()) == {-layout.EBUSY}  # what does not compress is refused here, too
    assert not swap.device.writes
    assert swap.counters()["reject_compress_fail"] == len(slots)
    (slot,) = swap.get_swap_pages(1)
    assert not swap.store_batch([slot], TEXT[None], groups=np.array([1])).any()


def test_a_cgroup_at_its_limit_writes_its_own_pages_back():
    swap = lab()
    for cgroup in (1, 2):
        swap.folios.new_cgroup(cgroup)
    swap.state.cgroups["zswap_max"][1] = 10
    _, errors = full(swap, 1)
    assert not errors.any()
    other, _ = full(swap, 2)
    assert swap.state.cgroups["zswapped"][1] <= 10
    assert swap.counters()["pool_limit_hit"] > 0 or swap.state.cgroups["zswapped"][2] == len(other)
    assert swap.counters()["written_back_pages"] > 0
    assert inspection.first_fault(swap.state) is None


def test_the_limit_0_of_a_cgroup_keeps_it_out_of_zswap():
    swap = lab()
    swap.folios.new_cgroup(1)
    swap.state.cgroups["zswap_max"][1] = 0
    (slot,) = swap.get_swap_pages(1)
    assert not swap.store_batch([slot], TEXT[None], groups=np.array([1])).any()
    assert swap.state.swap_slots["refusal"][slot] == layout.REFUSED_CGROUP
    assert loaded(swap, slot)[0] == "device"


def test_a_device_that_fails_loses_nothing():
    swap = lab(max_pool_percent=50)
    slots, _ = stored(swap, *make_pages(60))
    swap.device.fail = ENOSPC
    swap.state.zswaps["max_pool_percent"] = 0
    (extra,) = swap.get_swap_pages(1)
    with pytest.raises(SwapWriteError):
        swap.store(extra, TEXT)
    for slot, page in zip(slots, make_pages(60), strict=True):
        assert swap.peek(slot) == page.tobytes()
    assert swap.cache.pages  # written back in vain, and kept there
    assert inspection.first_fault(swap.state) is None


def test_a_page_that_no_longer_decompresses_stays():
    swap = lab()
    (slot,), _ = stored(swap, TEXT)
    address = int(swap.state.swap_slots["entry"][slot])
    swap.compression.compressor = compressor("zstd")
    for read in (swap.peek, lambda slot: swap.load(slot)):
        with pytest.raises(DamagedData):
            read(slot)
    assert swap.load_batch([slot], np.zeros((1, 4096), np.uint8)).tolist() == [-EIO]
    assert swap.counters()["decompress_fail"] == 2  # peeking counts nothing
    assert swap.state.swap_slots["entry"][slot] == address


def test_without_zswap_zeros_are_marked_and_the_rest_goes_to_the_device():
    swap = lab(enabled=False)
    slots, errors = stored(swap, ZEROS, TEXT)
    assert errors == [0, 0]
    assert [loaded(swap, slot)[0] for slot in slots] == ["zeros", "device"]
    assert swap.state.swap_slots["refusal"][slots[1]] == layout.REFUSED_DISABLED


def test_pages_read_from_the_device_count_for_the_shrinker():
    swap = lab(enabled=False)
    swap.swapped_in(0)
    assert swap.state.cgroups["nr_disk_swapins"][0] == 1
