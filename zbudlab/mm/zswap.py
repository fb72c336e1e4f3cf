"""zswap: pages on their way to swap, compressed and kept in zbud for as long as there is room.

A page that is swapped out is stored under its swap slot; a load gets it back without a read from
the device. When the pool has its share of memory, zbud empties its least recently used page and
asks zswap to write back what was in it: decompress, write to the swap device, forget the copy.

Compression, the swap cache and the device are the caller's: each operation is cut where the
kernel holds no lock, into `_begin` and `_end`. The frontswap bit of a slot says that zswap took
what was stored there last; it belongs to frontswap, which stands between swap and zswap.

Profiles: 3.12, whose two losses are counted (`lost_stale`, `lost_write`); 3.12-fixed without
them; 6.1: same-filled pages need no zbud, a full pool refuses until it is below a threshold.

Operations take what they are about, then the arrays of the `machine`, which are many: zbud's
(zones .. nodes), then zswaps, areas, slots, entries, frames.

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
    ZBUD_SERIES,
    ZSWAP_3_12,
    ZSWAP_3_12_FIXED,
    ZSWAP_6_1,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm.zbud import zbud_alloc, zbud_map, zbud_unmap
from zbudlab.mm.zswap_entry import (
    AREAS,
    ENTRIES,
    POOLS,
    SLOTS,
    ZBUD,
    ZSWAPS,
    first_word,
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
def zswap_invalidate_page(slot, *machine):
    """Forget what is stored for a slot, if anything is."""
    slots = machine[SLOTS]
    number = np.int64(slots[slot].entry)
    if number:
        slots[slot].entry = 0
        zswap_entry_put(number, 1, *machine)


@kernel(inline=False)
def frontswap_invalidate_page(slot, *machine):
    """Tell zswap that a slot's content is of no use any more, if it took it."""
    slots = machine[SLOTS]
    if slots[slot].frontswap:
        slots[slot].frontswap = 0
        zswap_invalidate_page(slot, *machine)


@kernel(inline=False)
def zswap_invalidate_area(type, *machine):
    """Forget everything of a swap area. 3.12 leaves the pool's last size in the counters."""
    areas, slots = machine[AREAS], machine[SLOTS]
    area = areas[type]
    zswap = machine[ZSWAPS][0]
    pool_pages = zswap.pool_pages
    for slot in range(area.start, area.start + area.nr_slots):
        number = np.int64(slots[slot].entry)
        slots[slot].entry = 0
        slots[slot].frontswap = 0
        if number:
            zswap_free_entry(number, *machine)
    if zswap.profile != ZSWAP_6_1:
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
def zswap_store_begin(slot, *machine):
    """Whether a page may come: 0; RECLAIM, when the pool is full; -ENODEV or -ENOMEM.

    After a reclaim that went well 3.12 goes on without another look, 6.1 refuses all the same.
    6.1's frontswap first drops what the slot had before.
    """
    areas, slots = machine[AREAS], machine[SLOTS]
    zswap = machine[ZSWAPS][0]
    if zswap.profile == ZSWAP_6_1:
        frontswap_invalidate_page(slot, *machine)
    if slot_pool(areas, slots, slot) < 0:
        return -ENODEV
    if zswap_is_full(zswap):
        zswap.pool_limit_hit += 1
        zswap.pool_reached_full = 1
        return RECLAIM
    if zswap.profile == ZSWAP_6_1 and zswap.pool_reached_full:
        if not zswap_can_accept(zswap):
            return -ENOMEM
        zswap.pool_reached_full = 0
    return 0


@kernel(inline=False)
def zswap_store_refused(slot, *machine):
    """After a refusal: the slot's content is not with zswap.

    3.12 forgets that it may still hold an older page of that slot, which a later writeback then
    puts over the newer one on the device; 3.12-fixed drops it.
    """
    zswaps, slots = machine[ZSWAPS], machine[SLOTS]
    slots[slot].frontswap = 0
    if zswaps[0].profile == ZSWAP_3_12_FIXED:
        zswap_invalidate_page(slot, *machine)


@kernel
def count_refusal(zswap, error):
    """Count a page that zbud did not take: too long, or no memory."""
    if error == -ENOSPC:
        zswap.reject_compress_poor += 1
    else:
        zswap.reject_alloc_fail += 1


@kernel
def gfp_migratetype(zone, pool):
    """Where pages for zbud come from: with the series they can move, and do not disturb."""
    if pool.variant == ZBUD_SERIES and zone.zbud_movable:
        return MIGRATE_MOVABLE
    return MIGRATE_UNMOVABLE


@kernel
def write_object(slot, handle, data, which, length, *machine):
    """Write the swap entry and the compressed page behind a handle."""
    _, _, _, pools, rows, _, _, areas, slots, _, frames = machine
    pool = slot_pool(areas, slots, slot)
    address = zbud_map(*machine[:ZBUD], pool, handle)
    write_swp_entry(pools[pool], rows, frames, address, slot_swp_entry(areas, slots, slot))
    write_compressed(frames, address, data, which, length)
    zbud_unmap(*machine[:ZBUD], pool, handle)


@kernel(inline=False)
def store_object(entry, data, which, length, *machine):
    """Put an entry's compressed page into zbud: 0, -EINVAL (there is none), -ENOSPC or -ENOMEM."""
    zones, _, _, pools, _, _, zswaps, areas, slots, _, _ = machine
    zswap = zswaps[0]
    if length < 0:
        return -EINVAL
    entry.length = length
    entry.word = first_word(data, which)
    if length == 0 and zswap.same_filled_pages_enabled:
        zswap.same_filled_pages += 1
        return 0
    slot = np.int64(entry.slot)
    pool = slot_pool(areas, slots, slot)
    size = length + ZSWAP_HEADER_SIZE
    migratetype = gfp_migratetype(zones[0], pools[pool])
    handle = zbud_alloc(*machine[:ZBUD], pool, size, migratetype)
    if handle < 0:
        count_refusal(zswap, handle)
        return handle
    write_object(slot, handle, data, which, length, *machine)
    entry.handle = handle
    zswap.compressed_bytes += length
    return 0


@kernel(inline=False)
def store_entry(slot, data, which, length, *machine):
    """Make an entry for a compressed page and put it into the tree: 0 or a negative errno."""
    pools, areas, slots, entries = machine[POOLS], machine[AREAS], machine[SLOTS], machine[ENTRIES]
    zswap = machine[ZSWAPS][0]
    number = zswap_entry_cache_alloc(zswap, entries)
    if number == 0:
        zswap.reject_kmemcache_fail += 1
        return -ENOMEM
    entries[number].slot = slot
    failed = store_object(entries[number], data, which, length, *machine)
    if failed:
        zswap_entry_cache_free(zswap, entries, number)
        return failed
    if slots[slot].entry:
        zswap.duplicate_entry += 1
        zswap_invalidate_page(slot, *machine)
    slots[slot].entry = number
    zswap.stored_pages += 1
    zswap.pool_pages = pools[slot_pool(areas, slots, slot)].pages_nr
    return 0


@kernel(inline=False)
def zswap_store_end(slot, data, which, length, *machine):
    """Store a compressed page that `zswap_store_begin` let in: 0 or why it was refused.

    data: uint8 (n, 4096), the page in row `which`; length: bytes, -1 = the compressor failed,
    0 = same-filled (6.1; the word stands in the row). Without page bytes: (n, 8), tags.
    """
    slots = machine[SLOTS]
    failed = store_entry(slot, data, which, length, *machine)
    if failed:
        zswap_store_refused(slot, *machine)
        return failed
    slots[slot].frontswap = 1
    return 0


@kernel(inline=False)
def zswap_store_batch(batch, data, lengths, answers, start, *machine):
    """Store pages from number `start` on; the number of the first one that needs reclaim, or n.

    batch: int64 (n,) slots; data: uint8 (n, 4096) or (n, 8); lengths: int32 (n,); answers:
    int64 (n,), gets what each store answered. Of the page that needs reclaim the first half is
    done (it has answered RECLAIM).
    """
    for i in range(start, batch.shape[0]):
        slot = batch[i]
        answers[i] = zswap_store_begin(slot, *machine)
        if answers[i] == RECLAIM:
            return i
        if answers[i]:
            zswap_store_refused(slot, *machine)
            continue
        answers[i] = zswap_store_end(slot, data, i, np.int64(lengths[i]), *machine)
    return batch.shape[0]


# --- load --------------------------------------------------------------------------------------


@kernel
def map_entry(number, where, *machine):
    """Make an entry's object stay at its place: where[0] gets its chunk address, [1] its length.

    A same-filled page has no object: address 0.
    """
    areas, slots, entries = machine[AREAS], machine[SLOTS], machine[ENTRIES]
    entry = entries[number]
    where[0] = 0
    where[1] = entry.length
    if entry.handle:
        pool = slot_pool(areas, slots, entry.slot)
        where[0] = zbud_map(*machine[:ZBUD], pool, entry.handle)


@kernel
def unmap_entry(number, *machine):
    """End what `map_entry` began."""
    areas, slots, entries = machine[AREAS], machine[SLOTS], machine[ENTRIES]
    entry = entries[number]
    if entry.handle:
        pool = slot_pool(areas, slots, entry.slot)
        zbud_unmap(*machine[:ZBUD], pool, entry.handle)


@kernel(inline=False)
def zswap_load_begin(slot, where, *machine):
    """The entry that holds a slot's page, in use and mapped; -EPERM = it is on the device.

    where: int64 (2,), gets the chunk address (0 = same-filled) and the compressed length.
    """
    slots, entries = machine[SLOTS], machine[ENTRIES]
    number = np.int64(slots[slot].entry)
    if not slots[slot].frontswap or number == 0:
        return -EPERM
    entries[number].refcount += 1
    map_entry(number, where, *machine)
    return number


@kernel(inline=False)
def zswap_load_end(number, *machine):
    """End a load. The entry stays until its slot is invalidated, if it is still in the tree."""
    unmap_entry(number, *machine)
    zswap_entry_put(number, 1, *machine)


@kernel(inline=False)
def zswap_load_batch_begin(batch, numbers, where, *machine):
    """Begin a load of each slot: numbers[i] gets the answer for batch[i], where[i] its place.

    batch, numbers: int64 (n,); where: int64 (n, 2).
    """
    for i in range(batch.shape[0]):
        numbers[i] = zswap_load_begin(batch[i], where[i], *machine)


@kernel(inline=False)
def zswap_load_batch_end(numbers, *machine):
    """End the loads that found an entry."""
    for i in range(numbers.shape[0]):
        if numbers[i] > 0:
            zswap_load_end(numbers[i], *machine)


# --- writeback ---------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_writeback_begin(pool, handle, *machine):
    """The entry, in use, whose slot the object behind a handle names; 0 = nothing to write back.

    It can be another entry than the object's own, when the slot was stored anew meanwhile.
    """
    _, _, _, pools, rows, _, _, areas, slots, entries, frames = machine
    address = zbud_map(*machine[:ZBUD], pool, handle)
    if address == 0:
        return 0
    slot = swp_entry_slot(areas, read_swp_entry(pools[pool], rows, frames, address))
    number = np.int64(slots[slot].entry)
    if number:
        entries[number].refcount += 1
    unmapped = zbud_unmap(*machine[:ZBUD], pool, handle)
    if number and unmapped == -EFAULT:
        zswap_entry_put(number, 1, *machine)
        return 0
    return number


@kernel(inline=False)
def zswap_writeback_map(number, where, *machine):
    """Map the entry for decompression into the new page of the swap cache (`where` as in a load).

    -ENOMEM if the slot was freed meanwhile; only 6.1 looks.
    """
    zswaps, slots, entries = machine[ZSWAPS], machine[SLOTS], machine[ENTRIES]
    if zswaps[0].profile == ZSWAP_6_1 and slots[entries[number].slot].entry != number:
        return -ENOMEM
    map_entry(number, where, *machine)
    return 0


@kernel(inline=False)
def zswap_writeback_unmap(number, *machine):
    """End the mapping, once the page is decompressed."""
    unmap_entry(number, *machine)


@kernel(inline=False)
def zswap_writeback_fail(number, error, *machine):
    """Give a writeback up: `error`; in 3.12.9 it is 0 if the entry went with it."""
    zswaps = machine[ZSWAPS]
    freed = zswap_entry_put(number, 1, *machine)
    if freed and zswaps[0].profile != ZSWAP_6_1:
        return 0
    return error


@kernel
def count_losses(zswap, slots, slot, error, kept):
    """Count what this writeback destroyed, for those who can see it."""
    if error:
        if not kept:
            zswap.lost_write += 1
    elif zswap.profile == ZSWAP_3_12 and slots[slot].swap_map and not slots[slot].frontswap:
        zswap.lost_stale += 1


@kernel(inline=False)
def zswap_writeback_end(number, error, kept, *machine):
    """After the write to the device: 0 if the entry is gone, else a negative errno.

    error: what the device answered, which the kernel ignores and 3.12-fixed does not; kept:
    whether the page whose write failed lives on in the swap cache. -EAGAIN: out of the tree, but
    somebody still reads it.
    """
    slots, entries = machine[SLOTS], machine[ENTRIES]
    zswap = machine[ZSWAPS][0]
    slot = np.int64(entries[number].slot)
    if error and zswap.profile == ZSWAP_3_12_FIXED:
        return zswap_writeback_fail(number, error, *machine)
    count_losses(zswap, slots, slot, error, kept)
    zswap.written_back_pages += 1
    in_tree = slots[slot].entry == number
    users = 2 if in_tree or zswap.profile != ZSWAP_6_1 else 1
    freed = zswap_entry_put(number, users, *machine)
    if freed or zswap.profile == ZSWAP_6_1:
        return 0
    zswap_rb_erase(slots, entries, number)
    return -EAGAIN
