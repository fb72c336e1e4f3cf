"""struct page: what the kernel knows about one page frame.

Page frames are numbered from 0 (the pfn). A page lives as long as it has references; a reader that
needs a page for longer than a moment takes one with `get_page`. The number of references later
tells migration whether a page may be moved.

Source: include/linux/mm.h, include/linux/mm_types.h (v3.12); PageZbud: patch 3 of the series.
"""

import numpy as np

from zbudlab.jit import copy_row, kernel, prefetch_row
from zbudlab.layout import (
    PAGE_BUDDY_MAPCOUNT_VALUE,
    PAGE_SHIFT,
    PAGE_Z3FOLD_MAPCOUNT_VALUE,
    PAGE_ZBUD_MAPCOUNT_VALUE,
    PAGE_ZPOOL_FIRST,
    PAGE_ZPOOL_LAST,
    PAGE_ZSMALLOC_MAPCOUNT_VALUE,
    PG_LOCKED,
    PG_LRU,
)

UNMAPPED = -1  #: mapcount of a page that no process maps


@kernel
def page_address(pfn):
    """Return the byte address at which the simulated machine maps page frame `pfn`."""
    return pfn << PAGE_SHIFT


@kernel
def address_pfn(address):
    """Return the page frame that contains the byte at `address`."""
    return address >> PAGE_SHIFT


@kernel
def page_count(page):
    """Return the number of references to a page; 0 = free."""
    return np.int64(page.refcount)


@kernel
def get_page(page):
    """Take another reference on a page in use."""
    page.refcount += 1


@kernel
def put_page_testzero(page):
    """Drop a reference. Return whether it was the last, so that the caller must free the page."""
    page.refcount -= 1
    return page.refcount == 0


@kernel
def page_buddy(page):
    """Return whether the page is the first of a free block."""
    return page.mapcount == PAGE_BUDDY_MAPCOUNT_VALUE


@kernel
def page_zbud(page):
    """Return whether the page belongs to a zbud pool (PageZbud of the series)."""
    return page.mapcount == PAGE_ZBUD_MAPCOUNT_VALUE


@kernel
def page_zsmalloc(page):
    """Return whether the page belongs to a zsmalloc pool."""
    return page.mapcount == PAGE_ZSMALLOC_MAPCOUNT_VALUE


@kernel
def set_page_zsmalloc(page):
    """Mark a page as a zsmalloc page."""
    page.mapcount = PAGE_ZSMALLOC_MAPCOUNT_VALUE


@kernel
def page_z3fold(page):
    """Return whether the page belongs to a z3fold pool."""
    return page.mapcount == PAGE_Z3FOLD_MAPCOUNT_VALUE


@kernel
def set_page_z3fold(page):
    """Mark a page as a z3fold page."""
    page.mapcount = PAGE_Z3FOLD_MAPCOUNT_VALUE


@kernel
def page_zpool(page):
    """Return whether the page belongs to a pool of any allocator behind zpool."""
    return PAGE_ZPOOL_FIRST <= page.mapcount <= PAGE_ZPOOL_LAST


@kernel
def set_page_zbud(page):
    """Mark a page as a zbud page."""
    page.mapcount = PAGE_ZBUD_MAPCOUNT_VALUE


@kernel
def reset_page_mapcount(page):
    """Mark a page as unmapped and of no special kind."""
    page.mapcount = UNMAPPED


@kernel
def page_mapped(page):
    """Return whether a process maps the page."""
    return page.mapcount >= 0


@kernel
def page_lru(page):
    """Return whether the page is on one of the zone's LRU lists."""
    return page.page_flags & PG_LRU != 0


@kernel
def copy_highpage(frames, new, old):
    """Copy frame `old` to frame `new`; without page bytes, copy only its header row."""
    copy_row(frames, new, old)


@kernel(inline=False)
def copy_highpages(frames, new, old):
    """Copy frames old[i] to frames new[i], in order; both are integer arrays of equal length."""
    for i in range(new.shape[0]):
        if i + 1 < new.shape[0]:
            prefetch_row(frames, old[i + 1])
        copy_highpage(frames, new[i], old[i])


@kernel
def set_flag(page, flag):
    """Set bits of the page's flag word."""
    page.page_flags |= flag


@kernel
def clear_flag(page, flag):
    """Clear bits of the page's flag word."""
    page.page_flags &= ~flag & 0xFFFF


@kernel
def trylock_page(page):
    """Lock the page. Return False if another holder has locked it."""
    if page.page_flags & PG_LOCKED:
        return False
    set_flag(page, PG_LOCKED)
    return True


@kernel
def unlock_page(page):
    """Unlock the page."""
    clear_flag(page, PG_LOCKED)
