"""zswap's entries: what it knows about a stored page, and the header it writes in front of objects.

An entry is in the tree of its swap type and counts its users: the tree is one, each load or
writeback in progress is another. The last put frees the entry, so an entry can leave the tree and
still be read. If the pool can shrink, a stored object starts with its swap entry, eight bytes from
which writeback learns which page the object is.

Limits: the kernel has a red-black tree by offset; here the slot's record names its entry, with the
same visible result. Entries come from an array that `State.reserve_entries` extends.

Source: mm/zswap.c (v3.12.9), include/linux/swapops.h.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    PAGE_SHIFT,
    PAGE_SIZE,
    SWP_TYPE_SHIFT,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm.zpool import (
    zpool_evictable,
    zpool_free,
    zpool_get_total_pages,
    zpool_next_frame,
    zpool_read_word,
    zpool_write_word,
)

# --- swap entries ------------------------------------------------------------------------------


@kernel
def swp_entry(type, offset):
    """Return the swap entry of slot `offset` of area `type`."""
    return (type << SWP_TYPE_SHIFT) | offset


@kernel
def swp_type(entry):
    """Return the area of a swap entry."""
    return entry >> SWP_TYPE_SHIFT


@kernel
def swp_offset(entry):
    """Return the slot within its area of a swap entry."""
    return entry & ((1 << SWP_TYPE_SHIFT) - 1)


@kernel
def slot_swp_entry(mem, slot):
    """Return the swap entry of a slot, given its index in the table of all slots."""
    type = np.int64(mem.slots[slot].type)
    return swp_entry(type, slot - mem.areas[type].start)


@kernel
def swp_entry_slot(areas, entry):
    """Return the index in the table of all slots of a swap entry's slot."""
    return areas[swp_type(entry)].start + swp_offset(entry)


@kernel
def slot_pool(mem, slot):
    """Return the pool that zswap has for the slot's area; -1 = none."""
    return mem.areas[mem.slots[slot].type].pool


# --- stored objects ----------------------------------------------------------------------------


@kernel
def header_size(mem, pool):
    """Return the bytes that zswap puts in front of an object: its swap entry, or nothing."""
    return ZSWAP_HEADER_SIZE if zpool_evictable(mem, pool) else 0


@kernel
def write_swp_entry(mem, pool, address, entry):
    """Write the swap entry in front of an object; the allocator keeps it if pages have no bytes."""
    if mem.frames.shape[1] == PAGE_SIZE:
        pfn = address >> PAGE_SHIFT
        start = address & (PAGE_SIZE - 1)
        for i in range(ZSWAP_HEADER_SIZE):
            mem.frames[pfn, start + i] = (entry >> (8 * i)) & 0xFF
    else:
        zpool_write_word(mem, pool, address, entry)


@kernel
def read_swp_entry(mem, pool, address):
    """Return the swap entry in front of an object. It outlives the object until overwritten."""
    if mem.frames.shape[1] != PAGE_SIZE:
        return zpool_read_word(mem, pool, address)
    pfn = address >> PAGE_SHIFT
    start = address & (PAGE_SIZE - 1)
    entry = np.int64(0)
    for i in range(ZSWAP_HEADER_SIZE):
        entry |= np.int64(mem.frames[pfn, start + i]) << (8 * i)
    return entry


@kernel
def write_compressed(mem, pool, address, data, which, length):
    """Copy row `which` of `data` to `address`, where pages have bytes.

    What does not fit in the frame goes to the start of the frame in which the object goes on.
    """
    if mem.frames.shape[1] != PAGE_SIZE:
        return
    pfn = address >> PAGE_SHIFT
    start = address & (PAGE_SIZE - 1)
    here = min(length, PAGE_SIZE - start)
    for i in range(here):
        mem.frames[pfn, start + i] = data[which, i]
    if here < length:
        pfn = zpool_next_frame(mem, pool, pfn)
        for i in range(here, length):
            mem.frames[pfn, i - here] = data[which, i]


@kernel
def first_word(data, which):
    """Return the first eight bytes of a row: a same-filled page's word, or the content's tag."""
    word = np.int64(0)
    for i in range(8):
        word |= np.int64(data[which, i]) << (8 * i)
    return word


# --- entries -----------------------------------------------------------------------------------


@kernel
def zswap_entry_cache_alloc(zswap, entries):
    """Allocate an entry with one user. Return its number; 0 = no memory."""
    if zswap.fail_entry_alloc > 0:
        zswap.fail_entry_alloc -= 1
        return 0
    number = zswap.free_entry
    if number:
        zswap.free_entry = entries[number].next_free
    elif zswap.never_used < entries.shape[0]:
        number = zswap.never_used
        zswap.never_used += 1
    else:
        return 0
    zswap.nr_entries += 1
    entries[number].refcount = 1
    entries[number].handle = 0
    return number


@kernel
def zswap_entry_cache_free(zswap, entries, number):
    """Free an entry."""
    entries[number].next_free = zswap.free_entry
    entries[number].refcount = 0
    zswap.free_entry = number
    zswap.nr_entries -= 1


@kernel
def zswap_rb_erase(mem, number):
    """Take an entry out of the tree, if it is there."""
    slot = mem.entries[number].slot
    if mem.slots[slot].entry == number:
        mem.slots[slot].entry = 0


@kernel
def zswap_entry_find_get(mem, slot):
    """Return the entry of a slot with one more user, or 0: a lookup under the tree's lock."""
    number = np.int64(mem.slots[slot].entry)
    if number:
        mem.entries[number].refcount += 1
    return number


@kernel(inline=False)
def zswap_free_entry(mem, number):
    """Free an entry without users, and its object.

    As in the kernel, the pool's size is read before a page under reclaim leaves the pool.
    """
    zswap = mem.zswaps[0]
    entry = mem.entries[number]
    pool = slot_pool(mem, entry.slot)
    if entry.handle:
        zpool_free(mem, pool, entry.handle)
        zswap.compressed_bytes -= np.int64(entry.length)
    else:
        zswap.same_filled_pages -= 1
    zswap_entry_cache_free(zswap, mem.entries, number)
    zswap.stored_pages -= 1
    zswap.pool_pages = zpool_get_total_pages(mem, pool)


@kernel(inline=False)
def zswap_entry_put(mem, number, users):
    """Drop `users` users of an entry. Return whether that freed it."""
    mem.entries[number].refcount -= users
    if mem.entries[number].refcount > 0:
        return False
    zswap_rb_erase(mem, number)
    zswap_free_entry(mem, number)
    return True
