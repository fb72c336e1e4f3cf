"""zswap of today's kernels: whole folios, its own lists, and no frontswap in front of it.

It keeps what it stored until a load, which takes the only copy out, or until its own lists say
that it is time to write it back (`zswap_lru`). The allocator is no longer asked for pages to empty.
A page that does not compress is kept as it is, so that pages are written back in the order in which
they came. A store that is refused drops the older copy of its slots: writing that back
later would destroy the newer page on the device.

As in `zswap`, operations are cut where the kernel drops its locks to decompress, to allocate in
the swap cache, or to write; `zbudlab.swap.folios` puts the pieces together.

Source: mm/zswap.c (v7.2, v7.3).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EINVAL,
    EIO,
    ENODEV,
    ENOMEM,
    ENOSPC,
    PAGE_SIZE,
    REFUSED_CGROUP,
    REFUSED_COMPRESSOR,
    REFUSED_DISABLED,
    REFUSED_ENTRY,
    REFUSED_FRAME,
    REFUSED_LENGTH,
    REFUSED_LIMIT,
    REFUSED_NODE,
    REFUSED_THRESHOLD,
    REFUSED_TREE,
)
from zbudlab.mm.zpool import (
    zpool_free,
    zpool_lacks_records,
    zpool_malloc,
    zpool_map_handle,
    zpool_unmap_handle,
)
from zbudlab.mm.zswap import gfp_migratetype
from zbudlab.mm.zswap_cgroup import (
    mem_cgroup_zswap_writeback_enabled,
    obj_cgroup_charge_zswap,
    obj_cgroup_may_zswap,
)
from zbudlab.mm.zswap_entry import (
    first_word,
    write_compressed,
    zswap_entry_cache_alloc,
    zswap_entry_cache_free,
)
from zbudlab.mm.zswap_lru import lru_of, zswap_lru_add, zswap_lru_del
from zbudlab.mm.zswap_pools import (
    zswap_check_limits,
    zswap_max_pages,
    zswap_pool_get,
    zswap_pool_put,
    zswap_total_pages,
)

AT_LIMIT = 1  #: what a store answers when its cgroup is at its limit: shrink that once, then go on
NO_ROOM = -2  #: length of a page for which the compressor did not have enough room

# --- entries -----------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_entry_free(mem, number):
    """Free an entry that is in no tree, and its object."""
    zswap = mem.zswaps[0]
    length = np.int64(mem.entries[number].length)
    pool = np.int64(mem.lrus[lru_of(number)].pool)
    zswap_lru_del(mem, number)
    zpool_free(mem, pool, mem.entries[number].handle)
    zswap_pool_put(mem, pool)
    obj_cgroup_charge_zswap(mem, np.int64(mem.lrus[lru_of(number)].cgroup), length, -1)
    if length == PAGE_SIZE:
        zswap.stored_incompressible_pages -= 1
    zswap_entry_cache_free(zswap, mem.entries, number)
    zswap.stored_pages -= 1
    zswap.compressed_bytes -= length
    zswap.pool_pages = zswap_total_pages(mem)


@kernel(inline=False)
def zswap_invalidate(mem, slot):
    """Drop what is stored for a slot. Return whether there was anything."""
    number = np.int64(mem.slots[slot].entry)
    if number == 0:
        return False
    mem.slots[slot].entry = 0
    zswap_entry_free(mem, number)
    return True


# --- store -------------------------------------------------------------------------------------


@kernel
def compression_error(length):
    """Return the errno for a page that the compressor did not make shorter; 0 = it did."""
    if 0 < length < PAGE_SIZE:
        return 0
    if length == NO_ROOM or length > PAGE_SIZE:
        return -ENOSPC
    return -EINVAL


@kernel
def refuse_compression(mem, slot, error):
    """Count a page that is refused because it does not compress. Return `error`."""
    if error == -ENOSPC:
        mem.zswaps[0].reject_compress_poor += 1
        mem.slots[slot].refusal = REFUSED_LENGTH
    else:
        mem.zswaps[0].reject_compress_fail += 1
        mem.slots[slot].refusal = REFUSED_COMPRESSOR
    return error


@kernel(inline=False)
def store_in_pool(mem, number, data, which, length):
    """Allocate and write an entry's object in the current pool. Return 0 or a negative errno.

    data: uint8 (n, 4096), the bytes in row `which`; without page bytes (n, 8), tags.
    """
    zswap = mem.zswaps[0]
    pool = np.int64(zswap.current_pool)
    slot = np.int64(mem.entries[number].slot)
    handle = zpool_malloc(mem, pool, length, gfp_migratetype(mem, pool))
    if handle == -ENOSPC:
        return refuse_compression(mem, slot, handle)
    if handle < 0:
        zswap.reject_alloc_fail += 1
        lacking = zpool_lacks_records(mem, pool)
        mem.slots[slot].refusal = REFUSED_NODE if lacking else REFUSED_FRAME
        return handle
    address = zpool_map_handle(mem, pool, handle)
    write_compressed(mem, pool, address, data, which, length)
    zpool_unmap_handle(mem, pool, handle)
    entry = mem.entries[number]
    entry.handle = handle
    entry.length = length
    entry.word = first_word(data, which)
    mem.lrus[lru_of(number)].pool = pool
    return 0


@kernel(inline=False)
def zswap_compress(mem, number, data, raw, which, length):
    """Put a page into the pool: compressed, or as it is if it does not compress.

    raw: the pages themselves, in rows as in `data`. Return 0 or a negative errno.
    """
    slot = np.int64(mem.entries[number].slot)
    cgroup = np.int64(mem.lrus[lru_of(number)].cgroup)
    error = compression_error(length)
    if error == 0:
        return store_in_pool(mem, number, data, which, length)
    if mem.zswaps[0].keep_incompressible and mem_cgroup_zswap_writeback_enabled(mem, cgroup):
        return store_in_pool(mem, number, raw, which, PAGE_SIZE)
    return refuse_compression(mem, slot, error)


@kernel(inline=False)
def insert_in_tree(mem, number):
    """Insert an entry in the tree; an older one of its slot is freed. Return 0 or -ENOMEM."""
    zswap = mem.zswaps[0]
    entry = mem.entries[number]
    slot = np.int64(entry.slot)
    pool = np.int64(mem.lrus[lru_of(number)].pool)
    if zswap.fail_tree_alloc > 0:
        zswap.fail_tree_alloc -= 1
        zswap.reject_alloc_fail += 1
        mem.slots[slot].refusal = REFUSED_TREE
        zpool_free(mem, pool, entry.handle)
        return -ENOMEM
    zswap_invalidate(mem, slot)
    mem.slots[slot].entry = number
    length = np.int64(entry.length)
    zswap_pool_get(mem, pool)
    obj_cgroup_charge_zswap(mem, np.int64(mem.lrus[lru_of(number)].cgroup), length, 1)
    zswap.stored_pages += 1
    zswap.compressed_bytes += length
    if length == PAGE_SIZE:
        zswap.stored_incompressible_pages += 1
    zswap_lru_add(mem, number)
    return 0


@kernel(inline=False)
def zswap_store_page(mem, slot, cgroup, data, raw, which, length):
    """Store one page of a folio. Return 0 or a negative errno."""
    zswap = mem.zswaps[0]
    mem.slots[slot].refusal = 0
    number = zswap_entry_cache_alloc(zswap, mem.entries)
    if number == 0:
        zswap.reject_kmemcache_fail += 1
        mem.slots[slot].refusal = REFUSED_ENTRY
        return -ENOMEM
    mem.entries[number].slot = slot
    mem.lrus[lru_of(number)].cgroup = cgroup
    failed = zswap_compress(mem, number, data, raw, which, length)
    if failed == 0:
        failed = insert_in_tree(mem, number)
    if failed:
        zswap_entry_cache_free(zswap, mem.entries, number)
    zswap.pool_pages = zswap_total_pages(mem)
    return failed


@kernel(inline=False)
def zswap_folio_begin(mem, cgroup):
    """Decide whether a folio of a cgroup may be stored: 0, AT_LIMIT, or -ENODEV (switched off).

    After AT_LIMIT the caller shrinks that cgroup once. If that wrote anything, the store goes on
    without asking again; otherwise the folio is refused.
    """
    if not mem.zswaps[0].enabled:
        return -ENODEV
    return 0 if obj_cgroup_may_zswap(mem, cgroup) else AT_LIMIT


@kernel(inline=False)
def zswap_folio_refused(mem, batch, reason):
    """Drop what zswap has for the slots of a refused folio, and ask for the shrink work if full.

    reason: layout.REFUSED_*, for slots without a reason; 0 = all have one.
    """
    zswap = mem.zswaps[0]
    if zswap.enabled and zswap.pool_reached_full:
        zswap.shrink_work = 1
    for slot in batch:
        zswap_invalidate(mem, slot)
        if reason:
            mem.slots[slot].refusal = reason


@kernel(inline=False)
def zswap_store_folio(mem, batch, cgroup, data, raw, lengths):
    """Store a folio, all of it or nothing, if the pools are not full. Return 0 or an errno.

    batch: its slots, int64 (n,). cgroup: charged for it. data, raw: compressed and as they are,
    uint8 (n, 4096); without page bytes (n, 8), tags. lengths: compressed, int32 (n,); 0 or -1 =
    the compressor failed; NO_ROOM or more than a page = it did not have enough room.
    """
    zswap = mem.zswaps[0]
    if zswap_check_limits(mem):
        full = zswap_total_pages(mem) >= zswap_max_pages(zswap)
        zswap_folio_refused(mem, batch, REFUSED_LIMIT if full else REFUSED_THRESHOLD)
        return -ENOMEM
    for i in range(batch.shape[0]):
        failed = zswap_store_page(mem, batch[i], cgroup, data, raw, i, np.int64(lengths[i]))
        if failed:
            reason = np.int64(mem.slots[batch[i]].refusal)
            zswap_folio_refused(mem, batch, reason)
            return failed
    return 0


@kernel(inline=False)
def zswap_folio_not_stored(mem, batch, answer):
    """Refuse a folio that did not get as far as the pools. Return the errno.

    answer: from `zswap_folio_begin` if zswap is switched off, or from the shrink after AT_LIMIT.
    """
    zswap_folio_refused(mem, batch, REFUSED_DISABLED if answer == -ENODEV else REFUSED_CGROUP)
    return answer


# --- load and writeback ------------------------------------------------------------------------


@kernel(inline=False)
def zswap_decompress_begin(mem, number, where):
    """Map an entry's object. where: int64 (2,), gets its byte address and its length."""
    pool = np.int64(mem.lrus[lru_of(number)].pool)
    where[0] = zpool_map_handle(mem, pool, mem.entries[number].handle)
    where[1] = mem.entries[number].length


@kernel(inline=False)
def zswap_decompress_end(mem, number, failed):
    """End the mapping. Return 0, or -EIO if the decompressor failed, which is counted."""
    pool = np.int64(mem.lrus[lru_of(number)].pool)
    zpool_unmap_handle(mem, pool, mem.entries[number].handle)
    if failed:
        mem.zswaps[0].decompress_fail += 1
        return -EIO
    return 0


@kernel(inline=False)
def zswap_load_folio_end(mem, slot):
    """Finish a load: the swap cache has the only copy now (rule `exclusive_load`)."""
    if mem.zswaps[0].exclusive_load:
        zswap_invalidate(mem, slot)


@kernel(inline=False)
def zswap_writeback_folio_check(mem, slot, number):
    """Return 0, or -ENOMEM if a slot's entry is another one by now.

    The swap cache is asked before: meanwhile the slot may be freed and stored again.
    """
    return 0 if mem.slots[slot].entry == number else -ENOMEM


@kernel(inline=False)
def zswap_writeback_folio_end(mem, slot, failed):
    """Finish a writeback: drop the entry before its page is written, or count the failure."""
    if failed:
        mem.zswaps[0].reject_reclaim_fail += 1
        return
    zswap_invalidate(mem, slot)
    mem.zswaps[0].written_back_pages += 1


@kernel(inline=False)
def count_swapin(mem, cgroup):
    """Count a page of a cgroup that was read from the device, for the shrinker.

    Source: mm/zswap.c, zswap_folio_swapin (v7.3).
    """
    mem.cgroups[cgroup].nr_disk_swapins += 1
