"""Memory of processes: page table entries, faults, and exit.

A process has a range of page table entries in one table (`ptes`). An entry is empty, or names a
page frame or a swap slot. The page knows its entry (`index`: the reverse mapping), so that reclaim
and migration can change it. Touching an empty entry is a fault that supplies a zeroed page.
Touching a swapped entry reads the page back: `do_swap_page_begin` allocates a frame, the content
comes from outside compiled code, and `do_swap_page_end` maps it.

Limits: private anonymous pages only, with one mapping each. A swap slot is freed as soon as its
page is read back, as the kernel does when swap runs short (vm_swap_full).

Source: mm/memory.c, mm/rmap.c, mm/mmap.c: exit_mmap (v3.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EAGAIN,
    EFAULT,
    MIGRATE_MOVABLE,
    PG_DIRTY,
    PG_SWAPCACHE,
    PTE_NONE,
    PTE_PRESENT,
    PTE_SWAP,
    WMARK_LOW,
    WMARK_MIN,
)
from zbudlab.mm.lru import lru_cache_add, lru_cache_del
from zbudlab.mm.page import clear_flag, page_lru, reset_page_mapcount, set_flag
from zbudlab.mm.page_alloc import alloc_pages, put_single_page, zone_watermark_ok

#: `handle_mm_faults` stops before a fault that compiled code cannot finish.
NEED_SWAP_IN = -EFAULT
NEED_RECLAIM = -EAGAIN


@kernel
def page_add_anon_rmap(mem, pfn, place, owner):
    """Record that a page is mapped at a place of the table, for a process."""
    page = mem.pages[pfn]
    page.mapcount = 0
    page.mapping = owner + 1
    page.index = place
    entry = mem.ptes[place]
    entry.value = pfn
    entry.state = PTE_PRESENT
    entry.accessed = 1


@kernel
def page_remove_rmap(page):
    """Record that the page is not mapped any more."""
    reset_page_mapcount(page)
    page.mapping = 0


@kernel
def touch_pte(pages, entry, write):
    """Set the accessed and dirty bits, as hardware does when a present page is used."""
    entry.accessed = 1
    if write:
        entry.dirty = 1
        set_flag(pages[entry.value], PG_DIRTY)


@kernel
def new_page(mem, place, owner):
    """Map a movable frame at an entry, first on the active list. Return it, or -ENOMEM."""
    pfn = alloc_pages(mem, 0, MIGRATE_MOVABLE)
    if pfn < 0:
        return pfn
    page_add_anon_rmap(mem, pfn, place, owner)
    lru_cache_add(mem.zones[0], mem.pages, pfn, True)
    mem.processes[owner].rss += 1
    return pfn


@kernel
def do_anonymous_page(mem, place, owner):
    """Map a zeroed page at an empty entry. Return its frame, or -ENOMEM."""
    pfn = new_page(mem, place, owner)
    if pfn >= 0:
        mem.ptes[place].dirty = 0
        mem.frames[pfn, :] = 0
    return pfn


@kernel(inline=False)
def handle_mm_faults(mem, owner, places, start, write):
    """Touch the entries places[start:] in order. Return how many from the beginning are done.

    places: int64 (n,), places in the table. Stops early where a page must be read from swap or
    free memory is at the low watermark, so that the caller can handle it.
    """
    zone = mem.zones[0]
    for i in range(start, places.shape[0]):
        place = places[i]
        entry = mem.ptes[place]
        if entry.state == PTE_SWAP:
            return i
        if entry.state == PTE_NONE:
            if not zone_watermark_ok(mem, 0, zone.watermark[WMARK_LOW], 1):
                return i
            if do_anonymous_page(mem, place, owner) < 0:
                return i
        touch_pte(mem.pages, entry, write)
    return places.shape[0]


@kernel(inline=False)
def handle_mm_fault(mem, owner, place, write):
    """Touch one entry, down to the min watermark. Return the frame, or a NEED_* code."""
    entry = mem.ptes[place]
    if entry.state == PTE_SWAP:
        return NEED_SWAP_IN
    if entry.state == PTE_NONE:
        if not zone_watermark_ok(mem, 0, mem.zones[0].watermark[WMARK_MIN], 1):
            return NEED_RECLAIM
        if do_anonymous_page(mem, place, owner) < 0:
            return NEED_RECLAIM
    touch_pte(mem.pages, entry, write)
    return np.int64(entry.value)


@kernel(inline=False)
def do_swap_page_begin(mem):
    """Allocate a movable frame for a swapped page. Return it unmapped, or NEED_RECLAIM."""
    if not zone_watermark_ok(mem, 0, mem.zones[0].watermark[WMARK_MIN], 1):
        return NEED_RECLAIM
    pfn = alloc_pages(mem, 0, MIGRATE_MOVABLE)
    return pfn if pfn >= 0 else NEED_RECLAIM


@kernel(inline=False)
def do_swap_page_end(mem, owner, place, pfn, write):
    """Map the frame that now holds the swapped page. Return the slot it had."""
    slot = np.int64(mem.ptes[place].value)
    page_add_anon_rmap(mem, pfn, place, owner)
    mem.ptes[place].dirty = 0
    lru_cache_add(mem.zones[0], mem.pages, pfn, True)
    touch_pte(mem.pages, mem.ptes[place], write)
    mem.processes[owner].rss += 1
    mem.processes[owner].swapents -= 1
    return slot


@kernel(inline=False)
def exit_mmap(mem, owner, slots):
    """End a process: free its pages and clear its entries. Return the number of swap slots it had.

    slots: int64, room for every page of the process; receives those slots, for the caller to free.
    """
    process = mem.processes[owner]
    count = 0
    for place in range(process.start, process.start + process.nr_pages):
        entry = mem.ptes[place]
        if entry.state == PTE_SWAP:
            slots[count] = entry.value
            count += 1
        elif entry.state == PTE_PRESENT:
            pfn = np.int64(entry.value)
            page_remove_rmap(mem.pages[pfn])
            if page_lru(mem.pages[pfn]):
                lru_cache_del(mem.zones[0], mem.pages, pfn)
            put_single_page(mem, pfn)
        entry.state = PTE_NONE
        entry.value = 0
        entry.dirty = 0
        entry.accessed = 0
    process.nr_pages = 0
    process.rss = 0
    process.swapents = 0
    return count


@kernel
def try_to_unmap(mem, pfn, slot):
    """Point the page's entry at a swap slot, so that the page can be written out."""
    page = mem.pages[pfn]
    entry = mem.ptes[page.index]
    owner = np.int64(page.mapping) - 1
    entry.value = slot
    entry.state = PTE_SWAP
    entry.accessed = 0
    page.mapcount = -1
    page.private = slot
    set_flag(page, PG_SWAPCACHE)
    mem.processes[owner].rss -= 1
    mem.processes[owner].swapents += 1


@kernel
def remap(mem, pfn):
    """Undo `try_to_unmap`, because the page could not be written out."""
    page = mem.pages[pfn]
    owner = np.int64(page.mapping) - 1
    clear_flag(page, PG_SWAPCACHE)
    page.private = 0
    page_add_anon_rmap(mem, pfn, np.int64(page.index), owner)
    mem.processes[owner].rss += 1
    mem.processes[owner].swapents -= 1


FAULTS = (
    "",
    "page table entry {where} names a frame that does not name it back",
    "process {where} counts its present pages wrong",
    "process {where} counts its swapped pages wrong",
    "page table entry {where} outside any process is not empty",
)


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant of page tables: (index into FAULTS, where), or (0, 0)."""
    for owner in range(mem.processes.shape[0]):
        process = mem.processes[owner]
        present = 0
        swapped = 0
        for place in range(process.start, process.start + process.nr_pages):
            entry = mem.ptes[place]
            if entry.state == PTE_PRESENT:
                page = mem.pages[entry.value]
                present += 1
                if page.index != place or page.mapping != owner + 1 or page.mapcount != 0:
                    return 1, place
            elif entry.state == PTE_SWAP:
                swapped += 1
        if present != process.rss:
            return 2, owner
        if swapped != process.swapents:
            return 3, owner
    return 0, 0
