"""`Swap` against a dictionary: no page is lost, whatever fails."""

from errno import EIO, ENODEV, ENOMEM, ENOSPC

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.content.compressors import DamagedData, compressor
from zbudlab.mm import bootmem, swapfile, zbud_check, zswap_check
from zbudlab.mm.state import State
from zbudlab.profiles import PROFILES
from zbudlab.swap.device import SwapCache, SwapDevice, SwapWriteError
from zbudlab.swap.swapping import Swap

VARIANTS = (layout.ZBUD_PLAIN, layout.ZBUD_SERIES)


class Lab(Swap):
    """Swap on a machine of its own, with one area, that checks itself."""

    def __init__(self, *, frames=512, slots=400, page_bytes=True, areas=1, **settings):
        state = State(frames, page_bytes=page_bytes, pools=areas)
        bootmem.free_all_bootmem(state.mem, frames, [])
        if page_bytes:
            settings.setdefault("compressor", compressor("lz4"))
        super().__init__(state, **settings)
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


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("profile", PROFILES)
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


def test_a_batch_is_its_pages_one_by_one():
    pages = make_pages(200)
    batch, single = (Lab(max_pool_percent=2) for _ in range(2))
    batch.store_batch(batch.get_swap_pages(200), pages)
    for page in pages:
        single.store(single.get_swap_page(), page)
    assert batch.counters() == single.counters()
    assert batch.device.pages == single.device.pages
    for one, other in zip(batch.state.mem, single.state.mem, strict=True):
        assert one.tobytes()[: len(other.tobytes())] == other.tobytes()[: len(one.tobytes())]


def test_without_page_bytes_the_books_are_the_same():
    pages = make_pages(200)
    lz4 = compressor("lz4")
    lengths = [len(lz4.compress(page)) for page in pages]
    real = Lab(max_pool_percent=2)
    real.store_batch(real.get_swap_pages(200), pages)
    books = Lab(max_pool_percent=2, page_bytes=False)
    slots = books.get_swap_pages(200)
    assert not books.store_batch(slots, np.arange(200), lengths).any()
    books.check()
    assert books.counters() == real.counters()
    tag = np.zeros(1, np.int64)
    for number, slot in enumerate(slots.tolist()):
        books.load(slot, tag)
        assert tag[0] == number


def test_the_simulated_header_names_the_slot():
    swap = Lab()
    slot = swap.get_swap_pages(3)[2]
    swap.store(slot, make_pages(2)[1])
    start = 1 * layout.CHUNK_SIZE
    header = swap.state.frames[swap.state.pages["mapcount"][:512] == -127][0][start : start + 8]
    assert header.view(np.int64)[0] == 2
    assert zswap_check.first_fault(swap.state.mem) == (0, 0)
    swap.state.frames[swap.state.pages["mapcount"][:512] == -127, start] = 3
    fault, where = zswap_check.first_fault(swap.state.mem)
    assert (zswap_check.FAULTS[fault].format(where=where)).startswith("swap slot 2: the swap entry")


# --- what 3.12 loses, and 3.12-fixed does not --------------------------------------------------


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


# --- refusals ----------------------------------------------------------------------------------


def test_a_page_that_nobody_takes_stays_in_memory():
    swap = Lab(device=SwapDevice())
    swap.device.fail = EIO
    random = np.frombuffer(np.random.default_rng(1).bytes(2 * 4096), np.uint8).reshape(2, 4096)
    with pytest.raises(SwapWriteError, match="zswap answered -28, the device failed") as raised:
        swap.store(swap.get_swap_page(), random[0])
    assert raised.value.errno == EIO
    pages = np.stack([random[0], make_pages(2)[1], random[1]])
    assert swap.store_batch(swap.get_swap_pages(3), pages).tolist() == [-EIO, 0, -EIO]


def test_without_zswap_the_device_takes_all():
    swap = Lab(enabled=False, compressor=None)
    pages = make_pages(20)
    slots = swap.get_swap_pages(20)
    assert swap.store(slots[0], pages[0]) == -ENODEV
    assert not swap.store_batch(slots, pages).any()
    assert swap.reclaim(0, 8) == -ENODEV
    assert all(swap.load(slot, np.empty(4096, np.uint8)) == "device" for slot in slots.tolist())
    assert all(np.array_equal(swap.read(s), p) for s, p in zip(slots, pages, strict=True))


def test_a_damaged_page_is_said_to_be_so_and_the_others_are_intact():
    class Stern:
        name = "stern"

        def compress(self, page):
            return bytes(page)[:1000]

        def decompress(self, data):
            if bytes(data) != bytes([data[0]]) * 1000:
                raise DamagedData("stern cannot decompress this")
            return bytes(data) * 4 + bytes(data)[:96]

    swap = Lab(compressor=Stern())
    pages = np.repeat(np.arange(6, dtype=np.uint8), layout.PAGE_SIZE).reshape(6, -1)
    slots = swap.get_swap_pages(6).tolist()
    swap.store_batch(slots, pages)
    pfn = np.flatnonzero(swap.state.pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE)[0]
    swap.state.frames[pfn, layout.CHUNK_SIZE + layout.ZSWAP_HEADER_SIZE + 500] ^= 1
    with pytest.raises(DamagedData):
        swap.read(slots[0])
    swap.check()
    for _ in range(8):
        swap.reclaim(0, 8)
    swap.check()
    assert (
        sum(np.array_equal(swap.read(s), p) for s, p in zip(slots[1:], pages[1:], strict=True)) == 5
    )
    with pytest.raises(DamagedData):
        swap.peek(slots[0])


def test_memory_for_entries_can_fail():
    swap = Lab()
    swap.state.zswaps["fail_entry_alloc"] = 1
    page = make_pages(2)[1]
    slot = swap.get_swap_page()
    assert swap.store(slot, page) == -ENOMEM
    assert swap.counters()["reject_kmemcache_fail"] == 1
    assert swap.store(slot, page) == 0


# --- areas and slots ---------------------------------------------------------------------------


def test_slots_are_given_out_in_turn_and_come_back():
    swap = Lab(slots=4)
    assert [swap.get_swap_page() for _ in range(5)] == [0, 1, 2, 3, -1]
    swap.swap_free([1, 2])
    assert swap.free_slots() == 2
    assert swap.get_swap_pages(5).tolist() == [1, 2]
    swap.check()


def test_6_1_keeps_64_freed_slots_and_their_copies():
    swap = Lab(profile="6.1", slots=100)
    slots = swap.get_swap_pages(65)
    swap.store_batch(slots, np.repeat(make_pages(2)[1:], 65, axis=0))
    swap.swap_free(slots[:64])
    assert swap.counters()["stored_pages"] == 65
    assert not swap.used(int(slots[0]))
    swap.check()
    swap.swap_free(slots[64])
    assert swap.counters()["stored_pages"] == 1
    assert swap.free_slots() == 100
    assert len(swap.get_swap_pages(200)) == 100
    assert swap.counters()["stored_pages"] == 0
    swap.check()


def test_areas_lie_side_by_side_and_each_has_its_pool():
    swap = Lab(areas=3, slots=10)
    assert swap.slot(2, 4) == 24
    assert swap.type_offset(24) == (2, 4)
    swap.use_slot(24)
    swap.store(24, make_pages(2)[1])
    assert swap.state.pools["pages_nr"].tolist() == [0, 0, 1]
    swap.swapoff(1)
    swap.swapon(1, 11)
    assert swap.slot(1, 0) == 30
    swap.check()


def test_an_area_that_cannot_be_is_refused():
    swap = Lab(slots=10)
    with pytest.raises(ValueError, match="swap area 0 is on already"):
        swap.swapon(0, 5)
    with pytest.raises(ValueError, match="types are 0 to 28"):
        swap.swapon(29, 5)
    with pytest.raises(ValueError, match="needs pool 1, there are 1"):
        swap.swapon(1, 5)
    with pytest.raises(ValueError, match=r"one of 3\.12-fixed, 3\.12, 6\.1, not '2\.4'"):
        Lab(profile="2.4")
    with pytest.raises(ValueError, match="needs a compressor"):
        Lab(compressor=None)
