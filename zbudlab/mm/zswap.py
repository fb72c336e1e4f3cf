"""zswap: a cache of compressed pages in front of the swap device.

A page that is swapped out is stored under its swap slot; a load then needs no read from the device.
When the pool has its share of memory, zpool shrinks it: it chooses a page of the pool and asks
zswap to write back the objects in it, that is, to decompress each, write it to the swap device and
drop the copy.

Compression, the swap cache and the device belong to the caller, so each operation is cut where the
kernel holds no lock, into `_begin` and `_end`. The frontswap bit of a slot says that zswap accepted
the page that was stored there last; it belongs to frontswap, the layer between swap and zswap.

What differs between kernel versions is a rule of the profile (`zbudlab.profiles`), a field of
`mem.zswaps[0]`. Pages that rules of 3.12 lose are counted in `lost_stale` and `lost_write`.

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
    REFUSED_COMPRESSOR,
    REFUSED_ENTRY,
    REFUSED_FRAME,
    REFUSED_LENGTH,
    REFUSED_NO_POOL,
    REFUSED_NODE,
    REFUSED_THRESHOLD,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm.zpool import (
    zpool_evictable,
    zpool_get_total_pages,
    zpool_lacks_records,
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
    zswap_entry_find_get,
    zswap_entry_put,
    zswap_free_entry,
    zswap_rb_erase,
)

RECLAIM = 1  #: what a store answers when the pool is full: reclaim, then go on

# --- invalidate --------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_invalidate_page(mem, slot):
    """Drop what is stored for a slot, if anything is."""
    number = np.int64(mem.slots[slot].entry)
    if number:
        mem.slots[slot].entry = 0
        zswap_entry_put(mem, number, 1)


@kernel(inline=False)
def frontswap_invalidate_page(mem, slot):
    """Tell zswap that a slot's content is no longer needed, if zswap accepted it."""
    if mem.slots[slot].frontswap:
        mem.slots[slot].frontswap = 0
        zswap_invalidate_page(mem, slot)


@kernel(inline=False)
def zswap_invalidate_area(mem, type):
    """Drop everything that zswap holds for a swap area.

    Source: mm/zswap.c, zswap_frontswap_invalidate_area (v3.12.9, v6.1).
    """
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
    """Return whether the pool is larger than its share of memory."""
    return zswap.totalram_pages * zswap.max_pool_percent // 100 < zswap.pool_pages


@kernel
def zswap_can_accept(zswap):
    """Return whether a pool that was full is below the threshold (rule `accept_threshold`)."""
    share = zswap.totalram_pages * zswap.accept_threshold_percent // 100
    return share * zswap.max_pool_percent // 100 > zswap.pool_pages


@kernel(inline=False)
def zswap_store_begin(mem, slot):
    """Decide whether a page may be stored in a slot.

    Return 0, RECLAIM if the pool is full, -ENODEV if the area has no pool, or -ENOMEM. After
    RECLAIM the caller shrinks the pool. Under the rule `refuse_after_reclaim` it then refuses the
    page; otherwise it goes on with `zswap_store_end`, without checking the limit again.
    Source: mm/zswap.c, zswap_frontswap_store (v3.12.9, v6.1).
    """
    zswap = mem.zswaps[0]
    mem.slots[slot].refusal = 0
    if zswap.invalidate_before_store:
        frontswap_invalidate_page(mem, slot)
    if slot_pool(mem, slot) < 0:
        mem.slots[slot].refusal = REFUSED_NO_POOL
        return -ENODEV
    if zswap_is_full(zswap):
        zswap.pool_limit_hit += 1
        zswap.pool_reached_full = 1
        return RECLAIM
    if zswap.accept_threshold and zswap.pool_reached_full:
        if not zswap_can_accept(zswap):
            mem.slots[slot].refusal = REFUSED_THRESHOLD
            return -ENOMEM
        zswap.pool_reached_full = 0
    return 0


@kernel(inline=False)
def zswap_store_refused(mem, slot):
    """Note that zswap does not have the slot's content.

    Without the rule `drop_stale_on_refusal`, an older page of the slot may stay in zswap, and a
    later writeback then writes it over the newer page on the device.
    """
    mem.slots[slot].frontswap = 0
    if mem.zswaps[0].drop_stale_on_refusal:
        zswap_invalidate_page(mem, slot)


@kernel
def count_refusal(mem, slot, error):
    """Count a page that the allocator refused, and note why: too long, or no memory."""
    if error == -ENOSPC:
        mem.zswaps[0].reject_compress_poor += 1
        mem.slots[slot].refusal = REFUSED_LENGTH
        return
    mem.zswaps[0].reject_alloc_fail += 1
    lacking = zpool_lacks_records(mem, slot_pool(mem, slot))
    mem.slots[slot].refusal = REFUSED_NODE if lacking else REFUSED_FRAME


@kernel
def gfp_migratetype(mem, pool):
    """Return where the pool's pages come from: movable memory if they can move."""
    if mem.zones[0].zpool_movable and zpool_malloc_support_movable(mem, pool):
        return MIGRATE_MOVABLE
    return MIGRATE_UNMOVABLE


@kernel
def write_object(mem, slot, handle, data, which, length):
    """Write the swap entry, if the pool can shrink, and the compressed page to an object."""
    pool = slot_pool(mem, slot)
    address = zpool_map_handle(mem, pool, handle)
    if zpool_evictable(mem, pool):
        write_swp_entry(mem, pool, address, slot_swp_entry(mem, slot))
        address += ZSWAP_HEADER_SIZE
    write_compressed(mem, pool, address, data, which, length)
    zpool_unmap_handle(mem, pool, handle)


@kernel(inline=False)
def store_object(mem, entry, data, which, length):
    """Allocate and write an object for an entry's compressed page.

    Return 0, -EINVAL if the compressor failed (length < 0), -ENOSPC or -ENOMEM.
    """
    zswap = mem.zswaps[0]
    slot = np.int64(entry.slot)
    if length < 0:
        mem.slots[slot].refusal = REFUSED_COMPRESSOR
        return -EINVAL
    entry.length = length
    entry.word = first_word(data, which)
    if length == 0 and zswap.same_filled_pages_enabled:
        zswap.same_filled_pages += 1
        return 0
    pool = slot_pool(mem, slot)
    size = length + header_size(mem, pool)
    handle = zpool_malloc(mem, pool, size, gfp_migratetype(mem, pool))
    if handle < 0:
        count_refusal(mem, slot, handle)
        return handle
    write_object(mem, slot, handle, data, which, length)
    entry.handle = handle
    zswap.compressed_bytes += length
    return 0


@kernel(inline=False)
def insert_entry(mem, slot, number):
    """Insert an entry in the tree, in place of an older one: what store does under its lock.

    Source: mm/zswap.c, zswap_rb_insert and its caller (v3.12.9).
    """
    zswap = mem.zswaps[0]
    if mem.slots[slot].entry:
        zswap.duplicate_entry += 1
        zswap_invalidate_page(mem, slot)
    mem.slots[slot].entry = number
    zswap.stored_pages += 1
    zswap.pool_pages = zpool_get_total_pages(mem, slot_pool(mem, slot))


@kernel(inline=False)
def store_entry(mem, slot, data, which, length):
    """Insert an entry for a compressed page in the tree. Return 0 or a negative errno."""
    zswap = mem.zswaps[0]
    number = zswap_entry_cache_alloc(zswap, mem.entries)
    if number == 0:
        zswap.reject_kmemcache_fail += 1
        mem.slots[slot].refusal = REFUSED_ENTRY
        return -ENOMEM
    mem.entries[number].slot = slot
    failed = store_object(mem, mem.entries[number], data, which, length)
    if failed:
        zswap_entry_cache_free(zswap, mem.entries, number)
        return failed
    insert_entry(mem, slot, number)
    return 0


@kernel(inline=False)
def zswap_store_end(mem, slot, data, which, length):
    """Store a compressed page that `zswap_store_begin` accepted. Return 0 or a negative errno.

    data: uint8 (n, 4096), the page in row `which`. length: bytes; -1 = the compressor failed; 0 =
    the page is same-filled and the row starts with its word. Without page bytes: data (n, 8),
    tags.
    """
    failed = store_entry(mem, slot, data, which, length)
    if failed:
        zswap_store_refused(mem, slot)
        return failed
    mem.slots[slot].frontswap = 1
    return 0


@kernel(inline=False)
def zswap_store_batch(mem, batch, data, lengths, answers, start):
    """Store pages from index `start` on. Return the index of the first that needs reclaim, or n.

    batch: int64 (n,), slots. data: uint8 (n, 4096) or (n, 8). lengths: int32 (n,). answers: int64
    (n,), gets the result of each store. The page that needs reclaim has its first half done and
    RECLAIM as its answer.
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
    """End the mapping that `map_entry` began."""
    entry = mem.entries[number]
    if entry.handle:
        pool = slot_pool(mem, entry.slot)
        zpool_unmap_handle(mem, pool, entry.handle)


@kernel(inline=False)
def zswap_load_begin(mem, slot, where):
    """Find and map the entry of a slot. Return its number, or -EPERM if the device has the page.

    The entry gets a user. where: int64 (2,), gets the byte address (-1 = same-filled) and the
    length.
    Source: mm/zswap.c, zswap_frontswap_load (v3.12.9, v6.1).
    """
    number = zswap_entry_find_get(mem, slot) if mem.slots[slot].frontswap else 0
    if number == 0:
        return -EPERM
    map_entry(mem, number, where)
    return number


@kernel(inline=False)
def zswap_load_end(mem, number):
    """End a load. An entry still in the tree stays until its slot is invalidated."""
    unmap_entry(mem, number)
    zswap_entry_put(mem, number, 1)


@kernel(inline=False)
def zswap_load_batch_begin(mem, batch, numbers, where):
    """Begin a load of each slot: numbers[i] and where[i] get the results for batch[i].

    batch, numbers: int64 (n,). where: int64 (n, 2).
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
    """Return the entry of the slot that an object's header names, with one more user; 0 = none.

    It may differ from the object's entry, if the slot was stored again meanwhile. Return 0 as
    well if the handle is gone.
    Source: mm/zswap.c, zswap_writeback_entry (v3.12.9, v6.1).
    """
    address = zpool_map_handle(mem, pool, handle)
    if address < 0:
        return 0
    slot = swp_entry_slot(mem.areas, read_swp_entry(mem, pool, address))
    number = zswap_entry_find_get(mem, slot)
    unmapped = zpool_unmap_handle(mem, pool, handle)
    if number and unmapped == -EFAULT:
        zswap_entry_put(mem, number, 1)
        return 0
    return number


@kernel(inline=False)
def zswap_writeback_map(mem, number, where):
    """Map the entry for decompression into the new page of the swap cache (`where` as in a load).

    Return 0. Under the rule `check_tree_before_writeback`, return -ENOMEM if the slot was freed
    meanwhile.
    """
    gone = mem.slots[mem.entries[number].slot].entry != number
    if gone and mem.zswaps[0].check_tree_before_writeback:
        return -ENOMEM
    map_entry(mem, number, where)
    return 0


@kernel(inline=False)
def zswap_writeback_unmap(mem, number):
    """End the mapping after decompression."""
    unmap_entry(mem, number)


@kernel(inline=False)
def zswap_writeback_fail(mem, number, error):
    """Give up a writeback. Return `error`.

    Under the rule `fail_freed_as_success`, return 0 if the entry was freed.
    """
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
    """Count a page that this writeback destroyed. The kernel has no such counter."""
    if error:
        if not kept:
            zswap.lost_write += 1
    elif may_keep_stale(zswap) and slots[slot].swap_map and not slots[slot].frontswap:
        zswap.lost_stale += 1


@kernel(inline=False)
def zswap_writeback_end(mem, number, error, kept):
    """Finish after the write to the device. Return 0 if the entry is gone, else a negative errno.

    error: the device's answer, ignored under the rule `ignore_write_error`. kept: whether a page
    whose write failed stays in the swap cache. -EAGAIN: the entry left the tree, but a reader
    still uses it.
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
