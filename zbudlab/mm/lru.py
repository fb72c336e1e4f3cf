"""LRU lists of user pages: active and inactive, newest first.

A page on a list has PG_LRU set, and PG_ACTIVE if that list is the active one. Whoever wants to
work on a page takes it off its list with a reference of his own (isolates it) and puts it back
when he is done; while it is off, nobody else can isolate it.

Source: mm/swap.c (lru_cache_add, putback: mm/vmscan.c, isolate_lru_page), v3.12; without the
per-cpu batches.
"""

from zbudlab.jit import kernel
from zbudlab.layout import ACTIVE_ANON, INACTIVE_ANON, LRU, PG_ACTIVE, PG_LRU
from zbudlab.mm.list_head import list_add, list_del
from zbudlab.mm.page import clear_flag, get_page, page_lru, set_flag
from zbudlab.mm.page_alloc import put_page


@kernel
def lru_head(zone, active):
    """The head of the active or the inactive list."""
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
    """Put a page that is on no list first on the active or inactive one."""
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
    """Take a page off its LRU list; it keeps PG_ACTIVE, so that one sees where it was."""
    page = pages[pfn]
    list_del(pages, LRU, pfn)
    clear_flag(page, PG_LRU)
    count_lru(zone, page.page_flags & PG_ACTIVE != 0, -1)


@kernel
def isolate_lru_page(zone, pages, pfn):
    """Take a page off its LRU list, with a reference; False if it is on none."""
    if not page_lru(pages[pfn]):
        return False
    get_page(pages[pfn])
    lru_cache_del(zone, pages, pfn)
    return True


@kernel
def putback_lru_page(zones, pages, blocks, pfn):
    """Put an isolated page first on its list again and drop the isolation's reference."""
    zone = zones[0]
    lru_cache_add(zone, pages, pfn, pages[pfn].page_flags & PG_ACTIVE != 0)
    put_page(zones, pages, blocks, pfn)
