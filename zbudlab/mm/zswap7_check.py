"""Invariants of today's zswap between operations.

Each entry in the tree is on the list of the cgroup that is charged for it, and its object is in a
pool on zswap's list. Lists, charges and counters agree with the tree.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import LRU, MAX_CGROUPS, PAGE_SIZE, ROOT_CGROUP
from zbudlab.mm.list_head import list_length
from zbudlab.mm.zpool import zpool_object_address
from zbudlab.mm.zswap_lru import lru_of

FAULTS = (
    "",
    "swap slot {where}: its zswap entry belongs to another slot or is unused",
    "swap slot {where}: its zswap entry's handle leads to no page of its pool",
    "swap slot {where}: its zswap entry has no length of 1 to 4096 bytes",
    "swap slot {where}: its zswap entry names a cgroup that does not exist",
    "swap slot {where}: its zswap entry is not where the links of its list say",
    "cgroup {where}: the links of its list of zswap entries are inconsistent",
    "cgroup {where}: its list holds other entries than the tree, or than it counts",
    "cgroup {where} is charged for other pages than are stored",
    "pool {where} counts other zswap entries than lead to it",
    "zswap's list of pools is inconsistent at pool {where}",
    "zswap counts {where} stored pages, but its tree holds another number",
    "zswap counts {where} incompressible pages, but its tree holds another number",
    "zswap counts {where} compressed bytes, but its entries add up to another number",
    "zswap counts {where} entries in use, but its tree holds another number",
)


@kernel
def fault_in_entry(mem, slot, number):
    """Return the broken invariant of a slot's entry as an index into FAULTS; 0 = none."""
    if number >= mem.entries.shape[0] or mem.entries[number].slot != slot:
        return 1
    lru = mem.lrus[lru_of(number)]
    if lru.pool >= mem.pools.shape[0]:
        return 2
    if zpool_object_address(mem, np.int64(lru.pool), mem.entries[number].handle) < 0:
        return 2
    if not 0 < mem.entries[number].length <= PAGE_SIZE:
        return 3
    if lru.cgroup >= MAX_CGROUPS or not mem.cgroups[lru.cgroup].created:
        return 4
    if max(lru.prev[LRU], lru.next[LRU]) >= mem.lrus.shape[0]:
        return 5
    return 0 if mem.lrus[lru.prev[LRU]].next[LRU] == lru_of(number) else 5


@kernel
def is_below(mem, number, ancestor):
    """Return whether a cgroup is `ancestor` or below it."""
    for _ in range(MAX_CGROUPS):
        if number == ancestor or number < 0:
            break
        number = np.int64(mem.cgroups[number].parent)
    return number == ancestor


@kernel
def fault_in_cgroup(mem, which):
    """Compare a cgroup's list and charges with the tree. Return an index into FAULTS."""
    cgroup = mem.cgroups[which]
    listed = list_length(mem.lrus, LRU, which, mem.lrus.shape[0])
    if listed < 0:
        return 6
    pages = np.int64(0)
    charged = np.int64(0)
    charge = np.int64(0)
    for slot in range(mem.slots.shape[0]):
        number = np.int64(mem.slots[slot].entry)
        if number == 0:
            continue
        owner = np.int64(mem.lrus[lru_of(number)].cgroup)
        pages += owner == which
        if owner != ROOT_CGROUP and is_below(mem, owner, which):
            charged += 1
            charge += np.int64(mem.entries[number].length)
    if listed != pages or listed != cgroup.nr_listed:
        return 7
    return 0 if charged == cgroup.zswapped and charge == cgroup.zswap_bytes else 8


@kernel
def entries_of_pool(mem, pool):
    """Return how many entries in the tree have their object in a pool."""
    found = 0
    for slot in range(mem.slots.shape[0]):
        number = np.int64(mem.slots[slot].entry)
        if number:
            found += mem.lrus[lru_of(number)].pool == pool
    return found


@kernel
def fault_in_pools(mem):
    """Check the list of pools. Return (index into FAULTS, pool), or (0, 0)."""
    at = np.int64(mem.zswaps[0].current_pool)
    for _ in range(mem.pools.shape[0] + 1):
        if at < 0:
            return 0, 0
        if at >= mem.pools.shape[0] or not mem.pools[at].created:
            break
        if entries_of_pool(mem, at) != mem.pools[at].zswap_entries:
            return 9, at
        at = np.int64(mem.pools[at].next_pool)
    return 10, at


@kernel
def fault_in_counters(mem):
    """Compare zswap's counters with the tree. Return (index into FAULTS, counted), or (0, 0)."""
    zswap = mem.zswaps[0]
    stored = 0
    incompressible = 0
    compressed = np.int64(0)
    for slot in range(mem.slots.shape[0]):
        number = np.int64(mem.slots[slot].entry)
        if number:
            stored += 1
            incompressible += mem.entries[number].length == PAGE_SIZE
            compressed += np.int64(mem.entries[number].length)
    if stored != zswap.stored_pages:
        return 11, zswap.stored_pages
    if incompressible != zswap.stored_incompressible_pages:
        return 12, zswap.stored_incompressible_pages
    if compressed != zswap.compressed_bytes:
        return 13, zswap.compressed_bytes
    if stored != zswap.nr_entries:
        return 14, zswap.nr_entries
    return 0, 0


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant of today's zswap: (index into FAULTS, where), or (0, 0)."""
    for slot in range(mem.slots.shape[0]):
        number = np.int64(mem.slots[slot].entry)
        fault = fault_in_entry(mem, slot, number) if number else 0
        if fault:
            return fault, slot
    for which in range(mem.cgroups.shape[0]):
        fault = fault_in_cgroup(mem, which) if mem.cgroups[which].created else 0
        if fault:
            return fault, which
    fault, where = fault_in_pools(mem)
    if fault:
        return fault, where
    return fault_in_counters(mem)
