"""Page reclaim: which pages leave memory when it runs short.

User pages age on two lists. New ones start on the active list. Its oldest pages move to the
inactive list when that becomes short. The oldest inactive page is reclaimed, unless it was used
again, which makes it active. A reclaimed page is unmapped to a swap slot, written out by the
caller (compressed into zswap, or to the swap device), and freed.

`shrink_inactive_list` is split where the writing happens: `shrink_begin` isolates and unmaps
pages; `shrink_end` frees them or, where writing failed, maps them again.

Limits: one zone, anonymous pages only. The ratio of the lists is the kernel's for this size of
machine (inactive_ratio).

Source: mm/vmscan.c (v3.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import LRU, PG_ACTIVE, PG_SWAPCACHE
from zbudlab.mm.list_head import list_empty
from zbudlab.mm.lru import (
    isolate_lru_page,
    lru_cache_add,
    lru_cache_del,
    lru_head,
    putback_lru_page,
)
from zbudlab.mm.memory import page_remove_rmap, remap, try_to_unmap
from zbudlab.mm.page import clear_flag, page_count, set_flag
from zbudlab.mm.page_alloc import put_single_page

SWAP_CLUSTER_MAX = 32  #: pages reclaimed at a time
GIGABYTE_PAGES = 1 << 18


@kernel
def inactive_ratio(zone):
    """Return how many active pages to allow per inactive one: about sqrt(10 * gigabytes)."""
    gigabytes = zone.spanned_pages // GIGABYTE_PAGES
    return np.int64(np.sqrt(10.0 * gigabytes)) if gigabytes else 1


@kernel
def inactive_anon_is_low(zone):
    """Return whether the inactive list needs more pages."""
    return zone.nr_inactive_anon * inactive_ratio(zone) < zone.nr_active_anon


@kernel
def shrink_active_list(mem, nr_pages):
    """Move the oldest active pages to the inactive list and clear their accessed bits."""
    zone = mem.zones[0]
    head = lru_head(zone, True)
    for _ in range(nr_pages):
        if list_empty(mem.pages, LRU, head):
            return
        pfn = np.int64(mem.pages[head].prev[LRU])
        mem.ptes[mem.pages[pfn].index].accessed = 0
        lru_cache_del(zone, mem.pages, pfn)
        lru_cache_add(zone, mem.pages, pfn, False)


@kernel
def reclaimable(page):
    """Return whether only its page table entry and its isolation hold the page."""
    return page_count(page) == 2


@kernel(inline=False)
def shrink_begin(mem, victims, nr_scan):
    """Isolate up to victims.shape[0] of the `nr_scan` oldest inactive pages. Return how many.

    victims: int64, receives the page frames. Pages used since they became inactive turn active;
    pages with another reference are put back.
    """
    zone = mem.zones[0]
    if inactive_anon_is_low(zone):
        shrink_active_list(mem, nr_scan)
    head = lru_head(zone, False)
    count = 0
    for _ in range(nr_scan):
        if count == victims.shape[0] or list_empty(mem.pages, LRU, head):
            break
        pfn = np.int64(mem.pages[head].prev[LRU])
        page = mem.pages[pfn]
        isolate_lru_page(zone, mem.pages, pfn)
        if mem.ptes[page.index].accessed:
            mem.ptes[page.index].accessed = 0
            set_flag(page, PG_ACTIVE)
            putback_lru_page(mem, pfn)
        elif reclaimable(page):
            victims[count] = pfn
            count += 1
        else:
            putback_lru_page(mem, pfn)
    return count


@kernel(inline=False)
def add_to_swap(mem, victims, slots):
    """Unmap isolated pages to their swap slots; both int64 (n,)."""
    for i in range(victims.shape[0]):
        try_to_unmap(mem, victims[i], slots[i])


@kernel(inline=False)
def shrink_end(mem, victims, errors):
    """Free pages whose error is 0 and map the others again. Return how many were freed."""
    freed = 0
    for i in range(victims.shape[0]):
        pfn = victims[i]
        page = mem.pages[pfn]
        if errors[i] == 0:
            clear_flag(page, PG_SWAPCACHE)
            page.private = 0
            page_remove_rmap(page)
            put_single_page(mem, pfn)
            put_single_page(mem, pfn)
            freed += 1
        else:
            if page.page_flags & PG_SWAPCACHE:
                remap(mem, pfn)
            putback_lru_page(mem, pfn)
    return freed
