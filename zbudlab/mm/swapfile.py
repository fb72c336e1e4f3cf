"""Swap areas: which slots exist, which are free, and how they become free.

An area is a range of the table of swap slots, so a slot has one number everywhere. `swap_map`
counts the references to a slot. Dropping the last reference frees the slot and notifies zswap. 6.1
first keeps freed slots on a list of 64; when one more comes, it frees the 64 together.

Limits: areas are tried in the order of their types. The kernel's clusters of 256 slots, made for
disks, are left out: a search continues where the last one ended, then from the start.

Source: mm/swapfile.c (v3.12, v6.1), mm/swap_slots.c (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import SWAP_HAS_CACHE, SWAP_MAP_MAX, SWAP_SLOTS_CACHE_SIZE
from zbudlab.mm.zswap import frontswap_invalidate_page

FULL = -1  #: no slot is free


@kernel
def swap_count(slots, slot):
    """Return the number of references to a slot."""
    return np.int64(slots[slot].swap_map) & ~SWAP_HAS_CACHE


@kernel(inline=False)
def swapon(mem, type, start, nr_slots, pool):
    """Make an area of `nr_slots` free slots from `start`; `pool` is zswap's, or -1."""
    area = mem.areas[type]
    area.start = start
    area.nr_slots = nr_slots
    area.cluster_next = 0
    area.inuse_pages = 0
    area.pool = pool
    for slot in range(start, start + nr_slots):
        mem.slots[slot].entry = 0
        mem.slots[slot].swap_map = 0
        mem.slots[slot].frontswap = 0
        mem.slots[slot].type = type


@kernel(inline=False)
def swapoff(mem, type):
    """Remove an area and all its slots; zswap must have been notified before."""
    area = mem.areas[type]
    for slot in range(area.start, area.start + area.nr_slots):
        mem.slots[slot].swap_map = 0
    area.nr_slots = 0
    area.inuse_pages = 0


@kernel
def take_slot(mem, slot):
    """Mark a free slot as used, with one reference."""
    area = mem.areas[mem.slots[slot].type]
    mem.slots[slot].swap_map = 1
    area.inuse_pages += 1
    area.cluster_next = slot - area.start + 1


@kernel
def scan_swap_map(area, slots):
    """Return an area's next free slot, searching from the last one found; FULL if none."""
    if area.inuse_pages >= area.nr_slots:
        return FULL
    for turn in range(2):
        first = 0 if turn else area.cluster_next
        end = area.cluster_next if turn else area.nr_slots
        for offset in range(first, end):
            if slots[area.start + offset].swap_map == 0:
                return area.start + offset
    return FULL


@kernel
def get_swap_page(mem):
    """Allocate a slot. Return its number, or FULL if no area has one."""
    for type in range(mem.areas.shape[0]):
        slot = scan_swap_map(mem.areas[type], mem.slots)
        if slot != FULL:
            take_slot(mem, slot)
            return slot
    return FULL


@kernel(inline=False)
def get_swap_pages(mem, found):
    """Fill `found`, int64, with allocated slots. Return their number."""
    for i in range(found.shape[0]):
        found[i] = get_swap_page(mem)
        if found[i] == FULL:
            return i
    return found.shape[0]


@kernel(inline=False)
def swap_use(mem, slot):
    """Mark one given slot as used, as resuming from hibernation does."""
    if mem.slots[slot].swap_map == 0:
        take_slot(mem, slot)


@kernel
def swap_range_free(mem, slot, freed, count):
    """Free a slot and append it to `freed`. Return the new length."""
    frontswap_invalidate_page(mem, slot)
    mem.slots[slot].swap_map = 0
    mem.areas[mem.slots[slot].type].inuse_pages -= 1
    freed[count] = slot
    return count + 1


@kernel(inline=False)
def swapcache_free_entries(mem, freed, count):
    """Free the slots kept on the list (6.1). Return the new length of `freed`."""
    cache = mem.caches[0]
    for i in range(cache.n_ret):
        count = swap_range_free(mem, cache.slots_ret[i], freed, count)
    cache.n_ret = 0
    return count


@kernel(inline=False)
def swap_free(mem, batch, freed):
    """Drop a reference to each slot of `batch`, int64 (n,). Return how many slots became free.

    freed: int64 (n + 64,), receives them. Slots without a reference are left alone.
    """
    cache = mem.caches[0]
    count = 0
    for i in range(batch.shape[0]):
        slot = batch[i]
        references = swap_count(mem.slots, slot)
        if references != 1:
            mem.slots[slot].swap_map -= references > 1
        elif not mem.zswaps[0].swap_slots_cache:
            count = swap_range_free(mem, slot, freed, count)
        else:
            if cache.n_ret == SWAP_SLOTS_CACHE_SIZE:
                count = swapcache_free_entries(mem, freed, count)
            mem.slots[slot].swap_map = SWAP_HAS_CACHE
            cache.slots_ret[cache.n_ret] = slot
            cache.n_ret += 1
    return count


# --- checks ------------------------------------------------------------------------------------

FAULTS = (
    "",
    "swap area {where} counts its used slots wrong",
    "swap slot {where} is marked as freed, but is not on the list of such slots",
    "swap slot {where} has more references than it can",
)


@kernel
def kept_on_list(cache, slot):
    """Return whether a freed slot is on 6.1's list."""
    found = False
    for i in range(cache.n_ret):
        found = found or cache.slots_ret[i] == slot
    return found


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant of swap areas: (index into FAULTS, where), or (0, 0)."""
    for type in range(mem.areas.shape[0]):
        area = mem.areas[type]
        used = 0
        for slot in range(area.start, area.start + area.nr_slots):
            if swap_count(mem.slots, slot) > SWAP_MAP_MAX:
                return 3, slot
            if mem.slots[slot].swap_map == SWAP_HAS_CACHE and not kept_on_list(mem.caches[0], slot):
                return 2, slot
            used += mem.slots[slot].swap_map != 0
        if used != area.inuse_pages:
            return 1, type
    return 0, 0
