"""zswap: pages on their way to swap, compressed and kept in zbud for as long as there is room.

A page that is swapped out is stored under its swap slot; a load gets it back without a read from
the device. When the pool has its share of memory, zbud empties its least recently used page and
asks zswap to write back what was in it: decompress, write to the swap device, forget the copy.

Compression, the swap cache and the device are the caller's: each operation is cut where the
kernel holds no lock, into `_begin` and `_end`. The frontswap bit of a slot says that zswap took
what was stored there last; it belongs to frontswap, which stands between swap and zswap.

Profiles: 3.12, whose two losses are counted (`lost_stale`, `lost_write`); 3.12-fixed without
them; 6.1: same-filled pages need no zbud, a full pool refuses until it is below a threshold.

Source: mm/zswap.c (v3.12.9, with the series' hunks; v6.1), mm/frontswap.c.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EAGAIN,
    EFAULT,
    EINVAL,
    ENODEV,
    ENOMEM,
    ENOSPC,
    EPERM,
    MIGRATE_MOVABLE,
    MIGRATE_UNMOVABLE,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm.zpool import (
    zpool_evictable,
    zpool_get_total_pages,
    zpool_malloc,
    zpool_malloc_support_movable,
    zpool_map_handle,
    zpool_unmap_handle,
)
from zbudlab.mm.zswap_entry import (
    first_word,
    header_size,
    read_swp_entry,
    slot_pool,
    slot_swp_entry,
    swp_entry_slot,
    write_compressed,
    write_swp_entry,
    zswap_entry_cache_alloc,
    zswap_entry_cache_free,
    zswap_entry_put,
    zswap_free_entry,
    zswap_rb_erase,
)

RECLAIM = 1  #: what a store answers when the pool is full: reclaim, then go on

# --- invalidate --------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_invalidate_page(mem, slot):
    """Forget what is stored for a slot, if anything is."""
    number = np.int64(mem.slots[slot].entry)
    if number:
        mem.slots[slot].entry = 0
        zswap_entry_put(mem, number, 1)


@kernel(inline=False)
def frontswap_invalidate_page(mem, slot):
    """Tell zswap that a slot's content is of no use any more, if it took it."""
    if mem.slots[slot].frontswap:
        mem.slots[slot].frontswap = 0
        zswap_invalidate_page(mem, slot)


@kernel(inline=False)
def zswap_invalidate_area(mem, type):
    """Forget everything of a swap area. 3.12 leaves the pool's last size in the counters."""
    area = mem.areas[type]
    zswap = mem.zswaps[0]
    pool_pages = zswap.pool_pages
    for slot in range(area.start, area.start + area.nr_slots):
        number = np.int64(mem.slots[slot].entry)
        mem.slots[slot].entry = 0
        mem.slots[slot].frontswap = 0
        if number:
            zswap_free_entry(mem, number)
    if zswap.stale_size_after_swapoff:
        zswap.pool_pages = pool_pages


# --- store -------------------------------------------------------------------------------------


@kernel
def zswap_is_full(zswap):
    """Whether the pool is larger than its share of memory."""
    return zswap.totalram_pages * zswap.max_pool_percent // 100 < zswap.pool_pages


@kernel
def zswap_can_accept(zswap):
    """Whether a pool that had been full is small enough again (6.1)."""
    share = zswap.totalram_pages * zswap.accept_threshold_percent // 100
    return share * zswap.max_pool_percent // 100 > zswap.pool_pages


@kernel(inline=False)
def zswap_store_begin(mem, slot):
    """Whether a page may come: 0; RECLAIM, when the pool is full; -ENODEV or -ENOMEM.

    After a reclaim that went well 3.12 goes on without another look, 6.1 refuses all the same.
    6.1's frontswap first drops what the slot had before.
    """
    zswap = mem.zswaps[0]
    if zswap.invalidate_before_store:
        frontswap_invalidate_page(mem, slot)
    if slot_pool(mem, slot) < 0:
        return -ENODEV
    if zswap_is_full(zswap):
        zswap.pool_limit_hit += 1
        zswap.pool_reached_full = 1
        return RECLAIM
    if zswap.accept_threshold and zswap.pool_reached_full:
        if not zswap_can_accept(zswap):
            return -ENOMEM
        zswap.pool_reached_full = 0
    return 0


@kernel(inline=False)
def zswap_store_refused(mem, slot):
    """After a refusal: the slot's content is not with zswap.

    3.12 forgets that it may still hold an older page of that slot, which a later writeback then
    puts over the newer one on the device; 3.12-fixed drops it.
    """
    mem.slots[slot].frontswap = 0
    if mem.zswaps[0].drop_stale_on_refusal:
        zswap_invalidate_page(mem, slot)


@kernel
def count_refusal(zswap, error):
    """Count a page that zbud did not take: too long, or no memory."""
    if error == -ENOSPC:
        zswap.reject_compress_poor += 1
    else:
        zswap.reject_alloc_fail += 1


@kernel
def gfp_migratetype(mem, pool):
    """Where pages for zbud come from: with the series they can move, and do not disturb."""
    if mem.zones[0].zpool_movable and zpool_malloc_support_movable(mem, pool):
        return MIGRATE_MOVABLE
    return MIGRATE_UNMOVABLE


@kernel
def write_object(mem, slot, handle, data, which, length):
    """Write the swap entry and the compressed page behind a handle."""
    pool = slot_pool(mem, slot)
    address = zpool_map_handle(mem, pool, handle)
    if zpool_evictable(mem, pool):
        write_swp_entry(mem, pool, address, slot_swp_entry(mem, slot))
        address += ZSWAP_HEADER_SIZE
    write_compressed(mem, pool, address, data, which, length)
    zpool_unmap_handle(mem, pool, handle)


@kernel(inline=False)
def store_object(mem, entry, data, which, length):
    """Put an entry's compressed page into zbud: 0, -EINVAL (there is none), -ENOSPC or -ENOMEM."""
    zswap = mem.zswaps[0]
    if length < 0:
        return -EINVAL
    entry.length = length
    entry.word = first_word(data, which)
    if length == 0 and zswap.same_filled_pages_enabled:
        zswap.same_filled_pages += 1
        return 0
    slot = np.int64(entry.slot)
    pool = slot_pool(mem, slot)
    size = length + header_size(mem, pool)
    handle = zpool_malloc(mem, pool, size, gfp_migratetype(mem, pool))
    if handle < 0:
        count_refusal(zswap, handle)
        return handle
    write_object(mem, slot, handle, data, which, length)
    entry.handle = handle
    zswap.compressed_bytes += length
    return 0


@kernel(inline=False)
def store_entry(mem, slot, data, which, length):
    """Make an entry for a compressed page and put it into the tree: 0 or a negative errno."""
    zswap = mem.zswaps[0]
    number = zswap_entry_cache_alloc(zswap, mem.entries)
    if number == 0:
        zswap.reject_kmemcache_fail += 1
        return -ENOMEM
    mem.entries[number].slot = slot
    failed = store_object(mem, mem.entries[number], data, which, length)
    if failed:
        zswap_entry_cache_free(zswap, mem.entries, number)
        return failed
    if mem.slots[slot].entry:
        zswap.duplicate_entry += 1
        zswap_invalidate_page(mem, slot)
    mem.slots[slot].entry = number
    zswap.stored_pages += 1
    zswap.pool_pages = zpool_get_total_pages(mem, slot_pool(mem, slot))
    return 0


@kernel(inline=False)
def zswap_store_end(mem, slot, data, which, length):
    """Store a compressed page that `zswap_store_begin` let in: 0 or why it was refused.

    data: uint8 (n, 4096), the page in row `which`; length: bytes, -1 = the compressor failed,
    0 = same-filled (6.1; the word stands in the row). Without page bytes: (n, 8), tags.
    """
    failed = store_entry(mem, slot, data, which, length)
    if failed:
        zswap_store_refused(mem, slot)
        return failed
    mem.slots[slot].frontswap = 1
    return 0


@kernel(inline=False)
def zswap_store_batch(mem, batch, data, lengths, answers, start):
    """Store pages from number `start` on; the number of the first one that needs reclaim, or n.

    batch: int64 (n,) slots; data: uint8 (n, 4096) or (n, 8); lengths: int32 (n,); answers:
    int64 (n,), gets what each store answered. Of the page that needs reclaim the first half is
    done (it has answered RECLAIM).
    """
    for i in range(start, batch.shape[0]):
        slot = batch[i]
        answers[i] = zswap_store_begin(mem, slot)
        if answers[i] == RECLAIM:
            return i
        if answers[i]:
            zswap_store_refused(mem, slot)
            continue
        answers[i] = zswap_store_end(mem, slot, data, i, np.int64(lengths[i]))
    return batch.shape[0]


# --- load --------------------------------------------------------------------------------------


@kernel
def map_entry(mem, number, where):
    """Map an entry's object: where[0] gets the address of the compressed page, [1] its length.

    The address is in bytes; -1 = the page is same-filled and has no object.
    """
    entry = mem.entries[number]
    where[0] = -1
    where[1] = entry.length
    if entry.handle:
        pool = slot_pool(mem, entry.slot)
        where[0] = zpool_map_handle(mem, pool, entry.handle) + header_size(mem, pool)


@kernel
def unmap_entry(mem, number):
    """End what `map_entry` began."""
    entry = mem.entries[number]
    if entry.handle:
        pool = slot_pool(mem, entry.slot)
        zpool_unmap_handle(mem, pool, entry.handle)


@kernel(inline=False)
def zswap_load_begin(mem, slot, where):
    """The entry that holds a slot's page, in use and mapped; -EPERM = it is on the device.

    where: int64 (2,), gets the byte address (-1 = same-filled) and the compressed length.
    """
    number = np.int64(mem.slots[slot].entry)
    if not mem.slots[slot].frontswap or number == 0:
        return -EPERM
    mem.entries[number].refcount += 1
    map_entry(mem, number, where)
    return number


@kernel(inline=False)
def zswap_load_end(mem, number):
    """End a load. The entry stays until its slot is invalidated, if it is still in the tree."""
    unmap_entry(mem, number)
    zswap_entry_put(mem, number, 1)


@kernel(inline=False)
def zswap_load_batch_begin(mem, batch, numbers, where):
    """Begin a load of each slot: numbers[i] gets the answer for batch[i], where[i] its place.

    batch, numbers: int64 (n,); where: int64 (n, 2).
    """
    for i in range(batch.shape[0]):
        numbers[i] = zswap_load_begin(mem, batch[i], where[i])


@kernel(inline=False)
def zswap_load_batch_end(mem, numbers):
    """End the loads that found an entry."""
    for i in range(numbers.shape[0]):
        if numbers[i] > 0:
            zswap_load_end(mem, numbers[i])


# --- writeback ---------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_writeback_begin(mem, pool, handle):
    """The entry, in use, whose slot the object behind a handle names; 0 = nothing to write back.

    It can be another entry than the object's own, when the slot was stored anew meanwhile.
    """
    address = zpool_map_handle(mem, pool, handle)
    if address < 0:
        return 0
    slot = swp_entry_slot(mem.areas, read_swp_entry(mem, pool, address))
    number = np.int64(mem.slots[slot].entry)
    if number:
        mem.entries[number].refcount += 1
    unmapped = zpool_unmap_handle(mem, pool, handle)
    if number and unmapped == -EFAULT:
        zswap_entry_put(mem, number, 1)
        return 0
    return number


@kernel(inline=False)
def zswap_writeback_map(mem, number, where):
    """Map the entry for decompression into the new page of the swap cache (`where` as in a load).

    -ENOMEM if the slot was freed meanwhile; only 6.1 looks.
    """
    gone = mem.slots[mem.entries[number].slot].entry != number
    if gone and mem.zswaps[0].check_tree_before_writeback:
        return -ENOMEM
    map_entry(mem, number, where)
    return 0


@kernel(inline=False)
def zswap_writeback_unmap(mem, number):
    """End the mapping, once the page is decompressed."""
    unmap_entry(mem, number)


@kernel(inline=False)
def zswap_writeback_fail(mem, number, error):
    """Give a writeback up: `error`; in 3.12.9 it is 0 if the entry went with it."""
    freed = zswap_entry_put(mem, number, 1)
    if freed and mem.zswaps[0].fail_freed_as_success:
        return 0
    return error


@kernel
def may_keep_stale(zswap):
    """Return whether a slot's older copy can outlive the refusal of its newer page."""
    return not (zswap.invalidate_before_store or zswap.drop_stale_on_refusal)


@kernel
def count_losses(zswap, slots, slot, error, kept):
    """Count what this writeback destroyed, for those who can see it."""
    if error:
        if not kept:
            zswap.lost_write += 1
    elif may_keep_stale(zswap) and slots[slot].swap_map and not slots[slot].frontswap:
        zswap.lost_stale += 1


@kernel(inline=False)
def zswap_writeback_end(mem, number, error, kept):
    """After the write to the device: 0 if the entry is gone, else a negative errno.

    error: what the device answered, which the kernel ignores and 3.12-fixed does not; kept:
    whether the page whose write failed lives on in the swap cache. -EAGAIN: out of the tree, but
    somebody still reads it.
    """
    zswap = mem.zswaps[0]
    slot = np.int64(mem.entries[number].slot)
    if error and not zswap.ignore_write_error:
        return zswap_writeback_fail(mem, number, error)
    count_losses(zswap, mem.slots, slot, error, kept)
    zswap.written_back_pages += 1
    in_tree = mem.slots[slot].entry == number
    users = 2 if in_tree or not zswap.check_tree_after_writeback else 1
    freed = zswap_entry_put(mem, number, users)
    if freed or zswap.check_tree_after_writeback:
        return 0
    zswap_rb_erase(mem, number)
    return -EAGAIN
