"""Reclaim in compiled code: rounds over the inactive list, and pages written out as marks.

The pieces are what the kernel does between two locks: choosing pages, writing them out, freeing
them. Where the host swaps (`host_swaps`), a round stops for each batch instead.

Source: mm/vmscan.c: try_to_free_pages, shrink_inactive_list (v3.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    ENOSPC,
    STOP_DONE,
    STOP_ROOM,
    STOP_SHRINK,
    ZPOOL_ZBUD,
)
from zbudlab.mm.radix_tree import radix_tree_preload
from zbudlab.mm.swapfile import get_swap_pages, swapcache_free_entries
from zbudlab.mm.vmscan import SWAP_CLUSTER_MAX, add_to_swap, shrink_begin, shrink_end
from zbudlab.mm.zswap_marks import zswap_store_marks

FAILING_ROUNDS = 3  #: consecutive rounds of failed writes after which reclaim gives up
DEF_PRIORITY = 12  #: reclaim scans 1/4096 of a list at first, and all of it in the last round


@kernel
def count_free_slots(mem):
    """Return how many swap slots can be allocated."""
    free = np.int64(mem.caches[0].n_ret)
    for type in range(mem.areas.shape[0]):
        area = mem.areas[type]
        free += np.int64(area.nr_slots) - np.int64(area.inuse_pages)
    return free


@kernel
def discard_marks(mem, freed, count):
    """Drop the marks of slots that were freed from the device."""
    for i in range(count):
        mem.marks[freed[i]] = 0


# --- rounds ------------------------------------------------------------------------------------


@kernel
def reclaim_begin(work, wanted):
    """Begin to reclaim that many pages; `reclaim_run` goes on."""
    now = work.now[0]
    now["wanted"] = wanted
    now["freed"] = 0
    now["priority"] = DEF_PRIORITY + 1
    now["scan"] = 0
    now["failing"] = 0
    now["writing"] = 0
    now["freed_before"] = 0
    now["errors_before"] = now["write_errors"]


@kernel
def next_round(mem, now):
    """Begin the next round of a reclaim, which scans more. Return False after the last round."""
    failed = now["write_errors"] > now["errors_before"] and now["freed"] == now["freed_before"]
    now["failing"] = now["failing"] + 1 if failed else 0
    if now["freed"] >= now["wanted"] or now["failing"] == FAILING_ROUNDS or now["priority"] == 0:
        return False
    now["priority"] -= 1
    zone = mem.zones[0]
    size = np.int64(zone.nr_inactive_anon) + np.int64(zone.nr_active_anon)
    now["scan"] = max(size >> now["priority"], SWAP_CLUSTER_MAX)
    now["freed_before"] = now["freed"]
    now["errors_before"] = now["write_errors"]
    return True


@kernel
def next_batch(mem, now):
    """Return whether reclaim goes on with another batch, in this round or in a later one."""
    while True:
        if now["freed"] < now["wanted"] and now["scan"] > 0 and count_free_slots(mem) > 0:
            return True
        if not next_round(mem, now):
            now["failures"] = 0 if now["freed"] else now["failures"] + 1
            return False


# --- a batch -----------------------------------------------------------------------------------


@kernel
def choose_pages(mem, work, scan):
    """Isolate up to `scan` of the oldest pages, and unmap as many as there are swap slots for."""
    now = work.now[0]
    count = shrink_begin(mem, work.victims, scan)
    now["count"] = count
    got = np.int64(0)
    if count:
        got = get_swap_pages(mem, work.slots[:count])
        if got < count:
            drained = swapcache_free_entries(mem, work.freed, 0)
            discard_marks(mem, work.freed, drained)
            if drained:
                got += get_swap_pages(mem, work.slots[got:count])
        add_to_swap(mem, work.victims[:got], work.slots[:got])
    now["unmapped"] = got
    now["writing"] = 1 if count else 0


@kernel
def has_room(mem, now):
    """Return whether zswap's tables can take the batch; only the host knows for other pools."""
    count = now["unmapped"]
    if now["reserved"]:
        return True
    for number in range(mem.pools.shape[0]):
        if mem.pools[number].kind != ZPOOL_ZBUD:
            return False
    needed = 1 + np.int64(mem.zswaps[0].nr_entries) + count
    return needed <= mem.entries.shape[0] and radix_tree_preload(mem.nodes, count)


@kernel
def take_content(mem, work, unmapped):
    """Collect the marks and compressed lengths of the pages that are written out."""
    for i in range(unmapped):
        pfn = work.victims[i]
        work.lengths[i] = work.page_lengths[np.int64(mem.pages[pfn].index)]
        for byte in range(work.tags.shape[1]):
            work.tags[i, byte] = mem.frames[pfn, byte]


@kernel
def note_refusals(mem, work, unmapped):
    """Note why zswap refused pages."""
    for i in range(unmapped):
        reason = mem.slots[work.slots[i]].refusal
        if reason:
            work.refusals[np.int64(mem.pages[work.victims[i]].index)] = reason


@kernel
def write_pages_out(mem, work):
    """Store the unmapped pages in zswap or on the device, and free them; put the others back."""
    now = work.now[0]
    count = now["count"]
    unmapped = now["unmapped"]
    take_content(mem, work, unmapped)
    slots = work.slots[:unmapped]
    tags = work.tags[:unmapped]
    lengths = work.lengths[:unmapped]
    answers = work.errors[:unmapped]
    now["device_writes"] += zswap_store_marks(mem, slots, tags, lengths, answers, work.handles)
    note_refusals(mem, work, unmapped)
    for i in range(count):
        work.errors[i] = 0 if i < unmapped else -ENOSPC
    freed = shrink_end(mem, work.victims[:count], work.errors[:count])
    now["freed"] += freed
    now["pswpout"] += freed
    now["writing"] = 0
    now["reserved"] = 0


@kernel(inline=False)
def reclaim_run(mem, work):
    """Go on with a reclaim. Return layout.STOP_DONE at its end, else what the host must do.

    STOP_ROOM: make room for `unmapped` pages in zswap's tables and set `reserved`. STOP_SHRINK:
    write out `count` of the oldest pages, and add to `freed` and `write_errors`.
    """
    now = work.now[0]
    while now["writing"] or next_batch(mem, now):
        if not now["writing"]:
            scan = min(now["scan"], SWAP_CLUSTER_MAX)
            now["scan"] -= SWAP_CLUSTER_MAX
            if now["host_swaps"]:
                now["count"] = scan
                return STOP_SHRINK
            choose_pages(mem, work, scan)
        if now["writing"]:
            if not has_room(mem, now):
                return STOP_ROOM
            write_pages_out(mem, work)
    return STOP_DONE
