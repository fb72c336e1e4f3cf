"""LRU lists of user pages: active and inactive, newest first.

A page on a list has PG_LRU set, and PG_ACTIVE if it is the active list. To work on a page, the
kernel isolates it: it takes the page off its list and holds a reference. While it is off the list,
nothing else can isolate it. Afterwards it is put back.

Source: mm/swap.c (lru_cache_add, putback: mm/vmscan.c, isolate_lru_page), v3.12, without the
per-CPU batches.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import ACTIVE_ANON, INACTIVE_ANON, LRU, PG_ACTIVE, PG_LRU
from zbudlab.mm.list_head import list_add, list_del
from zbudlab.mm.page import clear_flag, get_page, page_lru, set_flag
from zbudlab.mm.page_alloc import put_single_page


@kernel
def lru_head(zone, active):
    """Return the head of the active or the inactive list."""
    return zone.list_heads + (ACTIVE_ANON if active else INACTIVE_ANON)


@kernel
def count_lru(zone, active, change):
    """Count a page onto a list or, with -1, off it."""
    if active:
        zone.nr_active_anon += change
    else:
        zone.nr_inactive_anon += change


@kernel
def lru_cache_add(zone, pages, pfn, active):
    """Put a page that is on no list at the front of the active or inactive list."""
    page = pages[pfn]
    set_flag(page, PG_LRU)
    if active:
        set_flag(page, PG_ACTIVE)
    else:
        clear_flag(page, PG_ACTIVE)
    list_add(pages, LRU, pfn, lru_head(zone, active))
    count_lru(zone, active, 1)


@kernel
def lru_cache_del(zone, pages, pfn):
    """Take a page off its LRU list. PG_ACTIVE stays and shows which list it was on."""
    page = pages[pfn]
    list_del(pages, LRU, pfn)
    clear_flag(page, PG_LRU)
    count_lru(zone, page.page_flags & PG_ACTIVE != 0, -1)


@kernel
def isolate_lru_page(zone, pages, pfn):
    """Take a page off its LRU list and take a reference. Return False if it is on no list."""
    if not page_lru(pages[pfn]):
        return False
    get_page(pages[pfn])
    lru_cache_del(zone, pages, pfn)
    return True


@kernel
def putback_lru_page(mem, pfn):
    """Put an isolated page at the front of its list and drop the isolation's reference."""
    zone = mem.zones[0]
    lru_cache_add(zone, mem.pages, pfn, mem.pages[pfn].page_flags & PG_ACTIVE != 0)
    put_single_page(mem, pfn)


FAULTS = (
    "",
    "page frame {where}, on an LRU list, is not where its links or its flags say",
    "page frame {where}, on an LRU list, has no reference",
    "more pages up to frame {where} claim to be on an LRU list than are on both",
    "the zone counts the pages of LRU list {where} wrong (0 = inactive, 1 = active)",
)


@kernel
def list_fault(zone, pages, active):
    """Check one list. Return (code, where, length): its first broken invariant and its length."""
    head = np.int64(lru_head(zone, active))
    length = 0
    before = head
    at = np.int64(pages[head].next[LRU])
    while at != head:
        if at >= zone.spanned_pages or length == zone.spanned_pages:
            return 1, before, length
        page = pages[at]
        wanted = PG_LRU | PG_ACTIVE if active else PG_LRU
        if page.prev[LRU] != before or page.page_flags & (PG_LRU | PG_ACTIVE) != wanted:
            return 1, at, length
        if page.refcount < 1:
            return 2, at, length
        length += 1
        before = at
        at = np.int64(page.next[LRU])
    return 0, 0, length


@kernel(inline=False)
def first_fault(mem):
    """Return the first broken invariant of the LRU lists: (index into FAULTS, where), or (0, 0)."""
    zone = mem.zones[0]
    listed = 0
    for active in range(2):
        code, where, length = list_fault(zone, mem.pages, active)
        if code:
            return code, where
        if length != (zone.nr_active_anon if active else zone.nr_inactive_anon):
            return 4, active
        listed += length
    flagged = 0
    for pfn in range(zone.spanned_pages):
        flagged += page_lru(mem.pages[pfn])
        if flagged > listed:
            return 3, pfn
    return 0, 0
