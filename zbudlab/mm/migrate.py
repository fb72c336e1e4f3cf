"""Page migration: moving the content of a page in use to another frame.

Source: mm/migrate.c (v3.12.9), with the hunks of the series' patch 5.
"""

from zbudlab.jit import kernel
from zbudlab.layout import MIGRATE_MOVABLE
from zbudlab.mm.page import get_page, trylock_page, unlock_page
from zbudlab.mm.page_alloc import alloc_pages, put_page
from zbudlab.mm.zbud import zbud_migrate_page


@kernel(inline=False)
def migrate_zbud_page(zones, pages, blocks, pools, rows, nodes, frames, pfn):
    """Isolate a zbud page, move it to a new movable frame, put it back; 0, -ENOMEM or -EAGAIN."""
    get_page(pages[pfn])
    new = alloc_pages(zones, pages, blocks, 0, MIGRATE_MOVABLE)
    if new < 0:
        put_page(zones, pages, blocks, pfn)
        return new
    trylock_page(pages[pfn])
    trylock_page(pages[new])
    failed = zbud_migrate_page(zones, pages, blocks, pools, rows, nodes, frames, new, pfn)
    unlock_page(pages[new])
    unlock_page(pages[pfn])
    put_page(zones, pages, blocks, pfn)
    put_page(zones, pages, blocks, new)
    return failed
