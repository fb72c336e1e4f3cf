"""Invariants of zswap between operations.

Each entry in a tree names the tree's slot, has no user except the tree, and leads to an object in
a pool. If the pool can shrink, the object starts with the slot's swap entry. The counters agree
with the trees.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.mm.zpool import zpool_evictable, zpool_object_address
from zbudlab.mm.zswap_entry import read_swp_entry, slot_pool, slot_swp_entry

FAULTS = (
    "",
    "swap slot {where}: its zswap entry belongs to another slot or is unused",
    "swap slot {where}: its zswap entry has users between operations",
    "swap slot {where}: its zswap entry's handle leads to no page of the pool",
    "swap slot {where}: its stored object starts with another slot's swap entry",
    "swap slot {where} is free but has its frontswap bit set",
    "zswap counts {where} stored pages, but its trees hold another number",
    "zswap counts {where} same-filled pages, but its trees hold another number",
    "zswap counts {where} compressed bytes, but its entries add up to another number",
    "zswap counts {where} entries in use, but its trees hold another number",
)


@kernel
def fault_in_object(mem, slot, handle):
    """Return the broken invariant of a stored object as an index into FAULTS; 0 = none."""
    pool = slot_pool(mem, slot)
    address = zpool_object_address(mem, pool, handle)
    if address < 0:
        return 3
    if not zpool_evictable(mem, pool):
        return 0
    return 0 if read_swp_entry(mem, pool, address) == slot_swp_entry(mem, slot) else 4


@kernel
def fault_in_slot(mem, slot):
    """Return the broken invariant of a slot's entry as an index into FAULTS; 0 = none."""
    number = mem.slots[slot].entry
    if mem.slots[slot].frontswap and mem.slots[slot].swap_map == 0:
        return 5
    if number == 0:
        return 0
    if number >= mem.entries.shape[0]:
        return 1
    entry = mem.entries[number]
    if entry.slot != slot:
        return 1
    if entry.refcount != 1:
        return 2
    if entry.handle == 0:
        return 0
    return fault_in_object(mem, slot, entry.handle)


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant of zswap: (index into FAULTS, where), or (0, 0).

    Valid between operations, while no page is being loaded or written back.
    """
    zswap = mem.zswaps[0]
    stored = 0
    same_filled = 0
    compressed = np.int64(0)
    for slot in range(mem.slots.shape[0]):
        fault = fault_in_slot(mem, slot)
        if fault:
            return fault, slot
        number = np.int64(mem.slots[slot].entry)
        if number:
            stored += 1
            if mem.entries[number].handle:
                compressed += np.int64(mem.entries[number].length)
            else:
                same_filled += 1
    if stored != zswap.stored_pages:
        return 6, zswap.stored_pages
    if same_filled != zswap.same_filled_pages:
        return 7, zswap.same_filled_pages
    if compressed != zswap.compressed_bytes:
        return 8, zswap.compressed_bytes
    if stored != zswap.nr_entries:
        return 9, zswap.nr_entries
    return 0, 0
