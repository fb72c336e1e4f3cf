"""`Swap` (swap/swapping.py) against pages kept aside: batches, lengths, refusals, failures."""

from errno import EIO, ENODEV, ENOMEM

import numpy as np
import pytest

from tests.swap.lab import Lab, make_pages
from zbudlab import layout
from zbudlab.content.compressors import DamagedData, compressor
from zbudlab.mm import zswap_check
from zbudlab.swap.device import SwapDevice, SwapWriteError


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
    said = zswap_check.FAULTS[fault].format(where=where)
    assert said == "swap slot 2: its stored object starts with another slot's swap entry"


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
