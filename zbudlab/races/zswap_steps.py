"""Steps of zswap: load, store, invalidate and writeback, cut at the tree's and the pool's lock.

The lock of the tree protects entries and their users, that of the pool the objects; zswap holds
neither while it compresses, decompresses or writes to the device. A slot's page in the swap cache
keeps loads, stores and writebacks of the slot apart, and the slot is not freed before that page is
gone.

Source: mm/zswap.c (v3.12.9, with the series' hunks); mm/swap_state.c.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BLOCKED,
    EEXIST,
    ENOENT,
    FAULT_CONTENT,
    FAULT_ENTRY,
    MIGRATE_MOVABLE,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm.zbud import zbud_alloc
from zbudlab.mm.zswap import frontswap_invalidate_page, insert_entry
from zbudlab.mm.zswap_entry import (
    read_swp_entry,
    slot_swp_entry,
    write_swp_entry,
    zswap_entry_cache_alloc,
    zswap_entry_cache_free,
    zswap_entry_find_get,
    zswap_entry_put,
)
from zbudlab.races.steps import finish, map_object, unmap, unmap_locked

STORED_LENGTH = 800  #: bytes, compressed, of a page that a store brings

# Load.
LOAD_CACHE = 0
LOAD_FIND = 1
LOAD_MAP = 2  #: the first of the steps of `read_entry_step`
LOAD_PUT = 6

# Store.
STORE_ALLOCATE = 0
STORE_MAP = 1
STORE_WRITE = 2
STORE_UNMAP = 3
STORE_UNMAP_LOCKED = 4
STORE_INSERT = 5


# --- parts that several actors share -----------------------------------------------------------


@kernel
def read_object(mem, actor, slot):
    """Read the object that is mapped. Return a fault if it belongs to another slot."""
    if read_swp_entry(mem, actor.pool, np.int64(actor.address)) != slot_swp_entry(mem, slot):
        return FAULT_CONTENT
    return 0


@kernel
def entry_is_gone(mem, actor):
    """Return whether the actor's entry has no user although the actor is one."""
    return mem.entries[actor.entry].refcount <= 0


@kernel
def map_entry_step(mem, actor):
    """Map the object of the actor's entry."""
    if entry_is_gone(mem, actor):
        return FAULT_ENTRY
    actor.handle = mem.entries[actor.entry].handle
    map_object(mem, actor)
    actor.pc += 1
    return 0


@kernel
def read_entry_step(mem, actor, stage):
    """Read the page of the actor's entry: map it, decompress it, unmap it in two halves.

    stage: which of these four steps, from 0.
    """
    if stage == 0:
        return map_entry_step(mem, actor)
    if stage == 2:
        return unmap(mem, actor)
    actor.pc += 1
    if stage == 1:
        return read_object(mem, actor, np.int64(actor.slot))
    return unmap_locked(mem, actor)


# --- load --------------------------------------------------------------------------------------


@kernel
def add_to_swap_cache(mem, slots, slot):
    """Add a page for the slot to the swap cache. Return 0, -EEXIST, or -ENOENT for a free slot."""
    if slots[slot].cached:
        return -EEXIST
    if mem.slots[slot].swap_map == 0:
        return -ENOENT
    slots[slot].cached = 1
    return 0


@kernel
def load_find(mem, actor, slots):
    """Find the slot's entry and become a user of it; without one the device has the page."""
    slot = np.int64(actor.slot)
    actor.entry = zswap_entry_find_get(mem, slot) if mem.slots[slot].frontswap else 0
    actor.pc = LOAD_MAP
    if actor.entry == 0:
        slots[slot].cached = 0
        finish(actor)


@kernel
def load_put(mem, actor, slots):
    """Stop using the entry. The process takes the page out of the swap cache."""
    if entry_is_gone(mem, actor):
        return FAULT_ENTRY
    zswap_entry_put(mem, np.int64(actor.entry), 1)
    slots[actor.slot].cached = 0
    finish(actor)
    return 0


@kernel(inline=False)
def load_step(mem, actor, slots):
    """Read a page from zswap into the swap cache. Source: zswap_frontswap_load."""
    pc = np.int64(actor.pc)
    if pc == LOAD_CACHE:
        actor.pc = LOAD_FIND
        if add_to_swap_cache(mem, slots, np.int64(actor.slot)):
            finish(actor)
    elif pc == LOAD_FIND:
        load_find(mem, actor, slots)
    elif pc < LOAD_PUT:
        return read_entry_step(mem, actor, pc - LOAD_MAP)
    else:
        return load_put(mem, actor, slots)
    return 0


# --- store and invalidate ----------------------------------------------------------------------


@kernel
def store_allocate(mem, actor, slots):
    """Allocate an entry and an object for the page; without memory the page is refused.

    The page is in the swap cache meanwhile. If a load or writeback has the slot's page there, the
    store waits for its lock.
    """
    if slots[actor.slot].cached:
        return BLOCKED
    number = zswap_entry_cache_alloc(mem.zswaps[0], mem.entries)
    size = STORED_LENGTH + ZSWAP_HEADER_SIZE
    handle = zbud_alloc(mem, actor.pool, size, MIGRATE_MOVABLE)
    if handle < 0:
        zswap_entry_cache_free(mem.zswaps[0], mem.entries, number)
        finish(actor)
        return 0
    entry = mem.entries[number]
    entry.slot = actor.slot
    entry.length = STORED_LENGTH
    entry.word = actor.word
    entry.handle = handle
    mem.zswaps[0].compressed_bytes += STORED_LENGTH
    slots[actor.slot].cached = 1
    actor.entry = number
    actor.handle = handle
    actor.pc = STORE_MAP
    return 0


@kernel
def store_insert(mem, actor, slots):
    """Enter the entry in the tree; from now on the slot has the newer page."""
    slot = np.int64(actor.slot)
    insert_entry(mem, slot, np.int64(actor.entry))
    mem.slots[slot].frontswap = 1
    slots[slot].newest = actor.word
    slots[slot].cached = 0
    finish(actor)


@kernel(inline=False)
def store_step(mem, actor, slots):
    """Store a newer page in a slot. Source: zswap_frontswap_store."""
    pc = np.int64(actor.pc)
    if pc == STORE_ALLOCATE:
        return store_allocate(mem, actor, slots)
    elif pc == STORE_MAP:
        map_object(mem, actor)
        actor.pc = STORE_WRITE
    elif pc == STORE_WRITE:
        entry = slot_swp_entry(mem, np.int64(actor.slot))
        write_swp_entry(mem, actor.pool, np.int64(actor.address), entry)
        actor.pc = STORE_UNMAP
    elif pc == STORE_UNMAP:
        return unmap(mem, actor)
    elif pc == STORE_UNMAP_LOCKED:
        actor.pc = STORE_INSERT
        return unmap_locked(mem, actor)
    else:
        store_insert(mem, actor, slots)
    return 0


@kernel(inline=False)
def invalidate_step(mem, actor, slots):
    """Free a slot, so that zswap drops its page. A page in the swap cache keeps the slot.

    Source: mm/swapfile.c, swap_entry_free; zswap_frontswap_invalidate_page.
    """
    if slots[actor.slot].cached:
        return BLOCKED
    mem.slots[actor.slot].swap_map = 0
    frontswap_invalidate_page(mem, np.int64(actor.slot))
    finish(actor)
    return 0
