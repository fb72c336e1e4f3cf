"""Page migration: moving the content of a page in use to another frame.

Pages to be moved are isolated first: each gets a reference and joins the list MIGRATEPAGES. Then
`migrate_pages` gives each a target. A page may move only if its owner and its isolation hold all
references, because any other holder may be using its address. Otherwise the answer is -EAGAIN, the
target is freed, and the page is tried again in a later pass.

What moving means depends on the owner: for a user page, its page table entry is changed to the new
frame; the page of a pool is moved by its allocator (`zpool_migrate`).

Limits: user pages are unmapped and mapped in one step, as nothing runs in between.

Source: mm/migrate.c (v3.12.9), with the hunks of patch 5 of the series.
"""

import numpy as np

from zbudlab.jit import kernel, prefetch_row
from zbudlab.layout import (
    EAGAIN,
    ENOMEM,
    LRU,
    MIGRATE_MOVABLE,
    MR_CMA,
    PAGE_SIZE,
    PG_ACTIVE,
    PG_DIRTY,
    PG_REFERENCED,
    PG_SWAPCACHE,
)
from zbudlab.mm.compaction_scan import compaction_alloc, migratepages
from zbudlab.mm.list_head import list_del, list_empty
from zbudlab.mm.lru import putback_lru_page
from zbudlab.mm.page import (
    copy_highpage,
    page_count,
    page_mapped,
    page_zpool,
    reset_page_mapcount,
    set_flag,
    trylock_page,
    unlock_page,
)
from zbudlab.mm.page_alloc import alloc_pages, put_single_page
from zbudlab.mm.zpool import (
    zpool_isolate_page,
    zpool_migrate_page,
    zpool_prefetch_header,
    zpool_prefetch_neighbours,
    zpool_putback_page,
)

PASSES = 10  #: rounds over the pages that answered -EAGAIN before migrate_pages gives up
MOVED_FLAGS = PG_REFERENCED | PG_ACTIVE | PG_SWAPCACHE | PG_DIRTY

# --- one page ----------------------------------------------------------------------------------


@kernel
def owner_references(page):
    """Return the references of a user page's owner: one per mapping, and the swap cache's."""
    return np.int64(page.mapcount) + 1 + (page.page_flags & PG_SWAPCACHE != 0)


@kernel
def migrate_page(mem, new, old):
    """Move user page `old` to the fresh frame `new`: content, flags, owner and mapping.

    Return 0, or -EAGAIN if there is any other reference.
    """
    page = mem.pages[old]
    target = mem.pages[new]
    references = owner_references(page)
    if page_count(page) != 1 + references:
        return -EAGAIN
    copy_highpage(mem.frames, new, old)
    set_flag(target, page.page_flags & MOVED_FLAGS)
    target.mapcount = page.mapcount
    target.private = page.private
    target.mapping = page.mapping
    target.index = page.index
    target.refcount += references
    page.refcount -= references
    reset_page_mapcount(page)
    if page_mapped(target):
        mem.ptes[target.index].value = new
    return 0


@kernel
def freed_while_isolated(page):
    """Return whether all owners of an isolated page have left it, so that only its frame remains.

    This is never so on one processor, where nothing runs between isolation and this test.
    Source: mm/migrate.c, unmap_and_move (v3.12.9).
    """
    return page_count(page) == 1


@kernel
def lock_both(pages, new, old):
    """Lock a page and its target. Return False if the page is locked already."""
    if not trylock_page(pages[old]):
        return False
    trylock_page(pages[new])
    return True


@kernel
def unlock_both(pages, new, old):
    """Undo `lock_both`."""
    unlock_page(pages[new])
    unlock_page(pages[old])


@kernel
def move_to_new_page(mem, new, old):
    """Move a page of any owner to the fresh frame `new`. Return 0 or -EAGAIN."""
    if not lock_both(mem.pages, new, old):
        return -EAGAIN
    if page_zpool(mem.pages[old]):
        failed = zpool_migrate_page(mem, new, old)
    else:
        failed = migrate_page(mem, new, old)
    unlock_both(mem.pages, new, old)
    return failed


@kernel
def putback_movable_page(mem, pfn):
    """Drop the isolation's reference to a page. A user page returns to its LRU list first."""
    if page_zpool(mem.pages[pfn]):
        zpool_putback_page(mem, pfn)
    else:
        putback_lru_page(mem, pfn)


# --- a list of pages ---------------------------------------------------------------------------


@kernel
def log_move(moves, cc, old, new, rc):
    """Record what happened to a page."""
    if cc.nr_moves < moves.shape[0]:
        entry = moves[cc.nr_moves]
        entry.old = old
        entry.new = new
        entry.rc = rc
    cc.nr_moves += 1


@kernel
def get_new_page(mem, control):
    """Allocate a target as the caller of migration wants. Return its frame, or -ENOMEM."""
    if control[0].reason == MR_CMA:
        return alloc_pages(mem, 0, MIGRATE_MOVABLE)
    return compaction_alloc(mem, control)


@kernel
def unmap_and_move(mem, moves, control, new, old):
    """Move one page of MIGRATEPAGES. Return 0 with both frames in their new places, or -EAGAIN.

    A page that stays keeps its place on the list, and its target is free again.
    """
    failed = move_to_new_page(mem, new, old)
    if failed:
        put_single_page(mem, new)
        return failed
    list_del(mem.pages, LRU, old)
    put_single_page(mem, old)
    putback_movable_page(mem, new)
    control[0].migrated += 1
    log_move(moves, control[0], old, new, 0)
    return 0


@kernel
def prefetch_list(mem, head):
    """Prefetch what moving the pages of a list reads: their headers, then those next to them.

    Only for memory without page bytes. There all headers of a list fit in the cache; pages with
    bytes have their headers 4 KB apart, where they displace each other.
    """
    pfn = np.int64(mem.pages[head].next[LRU])
    while pfn != head:
        zpool_prefetch_header(mem, pfn)
        pfn = np.int64(mem.pages[pfn].next[LRU])
    pfn = np.int64(mem.pages[head].next[LRU])
    while pfn != head:
        zpool_prefetch_neighbours(mem, pfn)
        pfn = np.int64(mem.pages[pfn].next[LRU])


@kernel(inline=False)
def migrate_pages(mem, moves, control):
    """Move the pages of MIGRATEPAGES. Return how many stayed, or -ENOMEM if targets ran out.

    moves: layout.migration, one entry for each moved page. control: one layout.compact_control,
    which names the caller. Pages that were not moved are still on the list.
    """
    head = migratepages(mem.zones[0])
    with_bytes = mem.frames.shape[1] == PAGE_SIZE
    if not with_bytes:
        prefetch_list(mem, head)
    retry = 1
    for _ in range(PASSES):
        if retry == 0:
            break
        retry = 0
        pfn = np.int64(mem.pages[head].next[LRU])
        while pfn != head:
            following = np.int64(mem.pages[pfn].next[LRU])
            if with_bytes:
                zpool_prefetch_neighbours(mem, following)
                zpool_prefetch_header(mem, np.int64(mem.pages[following].next[LRU]))
            new = get_new_page(mem, control)
            if new < 0:
                return -ENOMEM
            if unmap_and_move(mem, moves, control, new, pfn):
                retry += 1
            pfn = following
    return retry


@kernel(inline=False)
def putback_movable_pages(mem, moves, control, rc):
    """Put the pages of MIGRATEPAGES back; `rc` is recorded as the reason."""
    head = migratepages(mem.zones[0])
    while not list_empty(mem.pages, LRU, head):
        pfn = np.int64(mem.pages[head].next[LRU])
        list_del(mem.pages, LRU, pfn)
        putback_movable_page(mem, pfn)
        log_move(moves, control[0], pfn, -1, rc)
    control[0].nr_migratepages = 0


@kernel(inline=False)
def migrate_pool_page(mem, pfn):
    """Isolate a page of a pool, move it to a new movable frame and put it back.

    Return 0, -ENOMEM if there is no frame, or -EAGAIN if the page cannot move now.
    """
    prefetch_row(mem.frames, pfn)
    if not zpool_isolate_page(mem, pfn):
        return -EAGAIN
    new = alloc_pages(mem, 0, MIGRATE_MOVABLE)
    if new < 0:
        zpool_putback_page(mem, pfn)
        return new
    failed = move_to_new_page(mem, new, pfn)
    if failed:
        zpool_putback_page(mem, pfn)
        put_single_page(mem, new)
    else:
        put_single_page(mem, pfn)
        zpool_putback_page(mem, new)
    return failed
