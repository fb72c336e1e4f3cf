"""A batch of pages stored in zswap with their bytes, or loaded, in one call.

The compressor is a C function (`jit.call_codec`). Each page is compressed when its turn comes, as
in the kernel, so that its compressed bytes are still in the processor's caches when they are
stored.

Writeback is included for pools of zbud, profiles without the rule `swap_cache_keeps_writeback`, a
device that works and an empty swap cache. Pages for the swap device are then noted in order, and
Python writes them there: the device is a Python dictionary. In other cases the call ends where a
page needs reclaim.

Source: mm/zswap.c: zswap_frontswap_store, zswap_frontswap_load, zswap_is_page_same_filled,
zswap_writeback_entry; mm/zbud.c: zbud_reclaim_page (v3.12.9, v6.1).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.jit import call_codec, kernel
from zbudlab.layout import (
    EAGAIN,
    EEXIST,
    EIO,
    ENOMEM,
    PAGE_SIZE,
    REFUSED_FULL,
    REFUSED_RECLAIM,
    ZSWAP_RECLAIM_RETRIES,
)
from zbudlab.mm.crypto import crypto_compress_page
from zbudlab.mm.swapfile import swap_count
from zbudlab.mm.zpool import (
    MOST_HANDLES,
    zpool_shrink_begin,
    zpool_shrink_end,
    zpool_shrink_gave_up,
)
from zbudlab.mm.zswap import (
    RECLAIM,
    zswap_load_begin,
    zswap_load_end,
    zswap_store_begin,
    zswap_store_end,
    zswap_store_refused,
    zswap_writeback_begin,
    zswap_writeback_end,
    zswap_writeback_fail,
    zswap_writeback_map,
    zswap_writeback_unmap,
)
from zbudlab.mm.zswap_entry import slot_pool

MOST_WRITTEN = ZSWAP_RECLAIM_RETRIES * MOST_HANDLES  #: pages that one store can write back
WRITTEN_BACK = -1  #: `sources` of a page that was written back


WORD = 8  #: bytes that a same-filled page repeats


class Raw(NamedTuple):
    """A batch of pages to compress and store.

    slots: int64 (n,). pages: uint8 (n, 4096), and words, the same as int64 (n, 512). data: uint8
    (1, 4096), gets the compressed page; spare: uint8 (m,), room for a longer one. lengths: int32
    (n,), gets the compressed lengths as `zswap_store_end` takes them. answers: int64 (n,), gets
    the results. codec: the address of the compressor. too_long: the length of pages that do not
    fit in a page (rule `one_page_of_room`).
    """

    slots: NDArray[np.int64]
    pages: NDArray[np.uint8]
    words: NDArray[np.int64]
    data: NDArray[np.uint8]
    spare: NDArray[np.uint8]
    lengths: NDArray[np.int32]
    answers: NDArray[np.int64]
    codec: int
    too_long: int


class Writes(NamedTuple):
    """The pages that go to the device, in order.

    used: int64 (1,), rows in use. slots: int64 (n,). sources: int64 (n,), the page's number in the
    batch, or WRITTEN_BACK: its bytes are then in the same row of `pages`, uint8 (n, 4096). handles,
    where: scratch.
    """

    used: NDArray[np.int64]
    slots: NDArray[np.int64]
    sources: NDArray[np.int64]
    pages: NDArray[np.uint8]
    handles: NDArray[np.int64]
    where: NDArray[np.int64]


def new_writes(batch: int) -> Writes:
    """Return room for the writes of a batch of `batch` pages."""
    room = batch * (MOST_WRITTEN + 1)
    return Writes(
        used=np.zeros(1, np.int64),
        slots=np.zeros(room, np.int64),
        sources=np.zeros(room, np.int64),
        pages=np.zeros((room, PAGE_SIZE), np.uint8),
        handles=np.zeros(MOST_HANDLES, np.int64),
        where=np.zeros(2, np.int64),
    )


@kernel
def put_down(writes, slot, source):
    """Note that a page goes to the device."""
    at = writes.used[0]
    writes.slots[at] = slot
    writes.sources[at] = source
    writes.used[0] = at + 1


@kernel
def same_filled(words, page):
    """Return whether a page repeats one word."""
    same = 1
    while same < words.shape[1] and words[page, same] == words[page, 0]:
        same += 1
    return same == words.shape[1]


@kernel(inline=False)
def compress_page(mem, raw, i):
    """Compress a page of the batch. Return its length, 0 if it is same-filled (`zswap_store_end`).

    The first word of `data` is what the entry keeps, so nothing of the page before stays there.
    """
    for byte in range(WORD):
        raw.data[0, byte] = 0
    if mem.zswaps[0].same_filled_pages_enabled and same_filled(raw.words, i):
        for byte in range(WORD):
            raw.data[0, byte] = raw.pages[i, byte]
        return 0
    made = np.int64(crypto_compress_page(raw.codec, raw.pages, i, raw.data, 0, raw.spare))
    return made if made > 0 else raw.too_long


@kernel
def decompress_entry(mem, number, where, memory, codec, pages, row):
    """Decompress a mapped entry into a row of `pages`. Return 0 or -EIO.

    where: int64 (2,), as `zswap_load_begin` fills it. memory: uint8 (bytes,), all frames.
    """
    address, length = where[0], where[1]
    if address < 0:
        word = np.int64(mem.entries[number].word)
        for byte in range(PAGE_SIZE):
            pages[row, byte] = (word >> (8 * (byte & 7))) & 0xFF
        return 0
    if length > PAGE_SIZE or address + length > memory.shape[0]:
        return -EIO
    made = call_codec(codec, memory, address, length, pages, row, PAGE_SIZE)
    return 0 if made == PAGE_SIZE else -EIO


@kernel(inline=False)
def writeback_page(mem, pool, handle, busy, writes, memory, codec):
    """Note an object's page for the device. Return 0 if its handle was freed, or an errno.

    busy: the slot that is being stored, whose page is in memory.
    """
    number = zswap_writeback_begin(mem, pool, handle)
    if number == 0:
        return 0
    slot = np.int64(mem.entries[number].slot)
    if slot == busy:
        return zswap_writeback_fail(mem, number, -EEXIST)
    if swap_count(mem.slots, slot) == 0:
        return zswap_writeback_fail(mem, number, -ENOMEM)
    error = np.int64(zswap_writeback_map(mem, number, writes.where))
    if error == 0:
        row = writes.used[0]
        given = (writes.where, memory, codec, writes.pages, row)
        error = np.int64(decompress_entry(mem, number, *given))
        zswap_writeback_unmap(mem, number)
    if error:
        return zswap_writeback_fail(mem, number, error)
    put_down(writes, slot, WRITTEN_BACK)
    return zswap_writeback_end(mem, number, 0, 1)


@kernel
def evict_pages(mem, pool, busy, writes, memory, codec):
    """Write back the objects of the handles in order, until one stays."""
    for handle in writes.handles:
        if handle and writeback_page(mem, pool, handle, busy, writes, memory, codec) != 0:
            return


@kernel(inline=False)
def reclaim_pages(mem, pool, busy, writes, memory, codec):
    """Shrink the pool with zswap as its owner (`zpool_shrink`). Return 0, -EINVAL or -EAGAIN."""
    for attempt in range(ZSWAP_RECLAIM_RETRIES):
        pfn = zpool_shrink_begin(mem, pool, writes.handles)
        if pfn < 0:
            return zpool_shrink_gave_up(mem, pool, attempt, pfn)
        evict_pages(mem, pool, busy, writes, memory, codec)
        if zpool_shrink_end(mem, pool, pfn) == 0:
            return 0
    return -EAGAIN


@kernel
def make_room(mem, slot, writes, memory, codec):
    """Reclaim for a store that found the pool full. Return 0, or -ENOMEM for a refusal."""
    if reclaim_pages(mem, slot_pool(mem, slot), slot, writes, memory, codec):
        mem.zswaps[0].reject_reclaim_fail += 1
        mem.slots[slot].refusal = REFUSED_RECLAIM
        return -ENOMEM
    if mem.zswaps[0].refuse_after_reclaim:
        mem.slots[slot].refusal = REFUSED_FULL
        return -ENOMEM
    return 0


@kernel
def put_down_refused(batch, answers, first, end, writes):
    """Note the pages from `first` up to `end` that zswap refused."""
    for i in range(first, end):
        if answers[i]:
            put_down(writes, batch[i], i)


@kernel(inline=False)
def zswap_store_pages(mem, raw, writes, memory, codec):
    """Compress and store a batch of pages. Return how many pages go to the device.

    raw: a `Raw`. writes: a `Writes` for the batch. memory: uint8 (bytes,), all frames. codec: the
    address of the decompressor. Refused pages are noted when a store that reclaimed ends, as the
    pieces write them.
    """
    first = 0
    writes.used[0] = 0
    for i in range(raw.slots.shape[0]):
        slot = raw.slots[i]
        raw.lengths[i] = compress_page(mem, raw, i)
        answer = np.int64(zswap_store_begin(mem, slot))
        reclaimed = answer == RECLAIM
        if reclaimed:
            answer = np.int64(make_room(mem, slot, writes, memory, codec))
        if answer:
            zswap_store_refused(mem, slot)
        else:
            answer = np.int64(zswap_store_end(mem, slot, raw.data, 0, np.int64(raw.lengths[i])))
        raw.answers[i] = answer
        if reclaimed:
            put_down_refused(raw.slots, raw.answers, first, i + 1, writes)
            first = i + 1
    put_down_refused(raw.slots, raw.answers, first, raw.slots.shape[0], writes)
    return writes.used[0]


@kernel(inline=False)
def zswap_store_some(mem, raw, start):
    """Compress and store pages from index `start` on, as far as `zswap_store_batch` goes.

    Return the index of the first page that needs reclaim, or n. Its compressed bytes are in `data`.
    """
    for i in range(start, raw.slots.shape[0]):
        slot = raw.slots[i]
        raw.lengths[i] = compress_page(mem, raw, i)
        answer = np.int64(zswap_store_begin(mem, slot))
        raw.answers[i] = answer
        if answer == RECLAIM:
            return i
        if answer:
            zswap_store_refused(mem, slot)
            continue
        length = np.int64(raw.lengths[i])
        raw.answers[i] = zswap_store_end(mem, slot, raw.data, 0, length)
    return raw.slots.shape[0]


@kernel(inline=False)
def zswap_load_pages(mem, batch, where, memory, codec, out, answers):
    """Load a batch of pages, of pools whose objects do not cross frames.

    batch: int64 (n,), slots. where: int64 (2,), scratch. memory: uint8 (bytes,), all frames. codec:
    the address of the decompressor. out: uint8 (n, 4096), row i gets a page. answers: int64 (n,),
    gets 0, -EIO for damaged data, or -EPERM if the device has the page.
    """
    for i in range(batch.shape[0]):
        number = np.int64(zswap_load_begin(mem, batch[i], where))
        if number < 0:
            answers[i] = number
            continue
        answers[i] = decompress_entry(mem, number, where, memory, codec, out, i)
        zswap_load_end(mem, number)
