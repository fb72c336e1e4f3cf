"""Steps of zswap's writeback, cut at the tree's and the pool's lock as in `zswap_steps`.

Source: mm/zswap.c, zswap_writeback_entry (v3.12.9, with the series' hunks); mm/zbud.c,
zbud_reclaim_page.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import FAULT_CONTENT, FAULT_ENTRY, FAULT_OVERWRITTEN
from zbudlab.mm.zbud import zbud_reclaim_begin, zbud_reclaim_end
from zbudlab.mm.zswap import zswap_writeback_end, zswap_writeback_fail
from zbudlab.mm.zswap_entry import read_swp_entry, swp_entry_slot, zswap_entry_find_get
from zbudlab.races.steps import finish, map_object, unmap, unmap_locked
from zbudlab.races.zswap_steps import (
    add_to_swap_cache,
    entry_is_gone,
    read_entry_step,
)

# Writeback.
BACK_BEGIN = 0
BACK_MAP = 1
BACK_READ = 2
BACK_UNMAP = 3
BACK_UNMAP_LOCKED = 4
BACK_FIND = 5
BACK_CACHE = 6
BACK_MAP_ENTRY = 7  #: the first of the steps of `read_entry_step`
BACK_WRITE = 11
BACK_PUT = 12
BACK_END = 13
BUDDIES = 2


@kernel
def next_object(actor):
    """Go on with the next object of the page, or end the reclaim of the page."""
    actor.entry = 0
    actor.slot = 0
    actor.failed = 0
    actor.handle = 0
    actor.address = 0
    while actor.next_handle < BUDDIES:
        actor.handle = actor.handles[actor.next_handle]
        actor.handles[actor.next_handle] = 0
        actor.next_handle += 1
        if actor.handle:
            actor.pc = BACK_MAP
            return
    actor.pc = BACK_END


@kernel
def back_begin(mem, actor):
    """Choose the page to empty."""
    found = zbud_reclaim_begin(mem, actor.pool, actor.handles)
    if found < 0:
        finish(actor)
        return
    actor.new = found
    next_object(actor)


@kernel
def back_read(mem, actor):
    """Read from the object which slot it belongs to."""
    entry = read_swp_entry(mem, actor.pool, np.int64(actor.address))
    if entry < 0 or entry >= mem.slots.shape[0]:
        return FAULT_CONTENT
    actor.slot = swp_entry_slot(mem.areas, entry)
    actor.pc = BACK_UNMAP
    return 0


@kernel
def back_cache(mem, actor, slots):
    """Add a page to the swap cache for the slot, unless it has one or is free."""
    actor.failed = add_to_swap_cache(mem, slots, np.int64(actor.slot))
    actor.pc = BACK_PUT if actor.failed else BACK_MAP_ENTRY


@kernel
def back_write(mem, actor, slots):
    """Write the page to the device, and drop it from the swap cache."""
    if entry_is_gone(mem, actor):
        return FAULT_ENTRY
    slot = slots[actor.slot]
    word = np.int64(mem.entries[actor.entry].word)
    if slot.written == slot.newest and slot.newest != word:
        return FAULT_OVERWRITTEN
    slot.written = word
    slot.cached = 0
    actor.pc = BACK_PUT
    return 0


@kernel
def back_put(mem, actor):
    """End the writeback of the entry. After a failure the other object is left alone."""
    if entry_is_gone(mem, actor):
        return FAULT_ENTRY
    number = np.int64(actor.entry)
    if actor.failed:
        answer = zswap_writeback_fail(mem, number, np.int64(actor.failed))
    else:
        answer = zswap_writeback_end(mem, number, 0, 1)
    if answer:
        actor.handles[0] = 0
        actor.handles[1] = 0
    next_object(actor)
    return 0


@kernel
def back_first_half(mem, actor, slots):
    """Find out which page an object is, and become a user of its entry."""
    pc = np.int64(actor.pc)
    if pc == BACK_BEGIN:
        back_begin(mem, actor)
    elif pc == BACK_MAP:
        map_object(mem, actor)
        actor.pc = BACK_READ
        if actor.address == 0:
            next_object(actor)
    elif pc == BACK_READ:
        return back_read(mem, actor)
    elif pc == BACK_UNMAP:
        return unmap(mem, actor)
    elif pc == BACK_UNMAP_LOCKED:
        actor.pc = BACK_FIND
        return unmap_locked(mem, actor)
    else:
        actor.entry = zswap_entry_find_get(mem, np.int64(actor.slot))
        actor.pc = BACK_CACHE
        if actor.entry == 0:
            next_object(actor)
    return 0


@kernel(inline=False)
def writeback_step(mem, actor, slots):
    """Empty a page of the pool by writing its objects to the device. Source: zbud_reclaim_page."""
    pc = np.int64(actor.pc)
    if pc < BACK_CACHE:
        return back_first_half(mem, actor, slots)
    if pc == BACK_CACHE:
        back_cache(mem, actor, slots)
    elif pc < BACK_WRITE:
        return read_entry_step(mem, actor, pc - BACK_MAP_ENTRY)
    elif pc == BACK_WRITE:
        return back_write(mem, actor, slots)
    elif pc == BACK_PUT:
        return back_put(mem, actor)
    else:
        zbud_reclaim_end(mem, actor.pool, np.int64(actor.new))
        finish(actor)
    return 0
