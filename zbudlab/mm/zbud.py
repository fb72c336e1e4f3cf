"""zbud: at most two compressed objects ("buddies") in a page, one from each end.

A page is 64 chunks of 64 bytes. Chunk 0 holds the header, in the page itself, so a copy of the
page is also a copy of its header. The first buddy starts right after the header; the last one
ends with the page. Two objects per page are few, but freeing both objects of a page always frees
the page, which is what reclaim needs. A new object goes into the smallest hole that fits.

Two variants share this geometry:

* plain (v3.11): a handle is the address of the buddy, so the page can never move. A page that is
  being evicted is on no list (`under_reclaim`).
* series ("mm: migrate zbud pages"): a handle is a number in the pool's radix tree. The page has a
  reference for each handle, each mapping and each isolation. `zbud_migrate_page` can copy the
  page and replace the tree's slots, unless the count shows another reader.

Addresses count chunks: pfn * 64 + chunk. Operations take the number of the pool. Reclaim has two
halves, `zbud_reclaim_begin` and `zbud_reclaim_end`, cut where the kernel drops the pool's lock to
call the owner.

Source: mm/zbud.c (v3.11), and the series' patches 1 to 5 (v2, 11 Sep 2013).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BUDDIED,
    BUDDY,
    EAGAIN,
    EFAULT,
    EINVAL,
    ENOENT,
    ENOSPC,
    FIRST,
    LAST,
    LRU,
    LRU_LIST,
    NCHUNKS,
    NCHUNKS_ORDER,
    NR_POOL_LISTS,
    PG_ISOLATED,
    ZBUD_MAX_SIZE,
    ZBUD_SERIES,
    ZHDR_CHUNKS,
)
from zbudlab.mm.list_head import init_list_head, list_add, list_del, list_empty
from zbudlab.mm.page import clear_flag, get_page, page_zbud, set_flag, set_page_zbud
from zbudlab.mm.page_alloc import alloc_pages, put_single_page
from zbudlab.mm.radix_tree import radix_tree_delete
from zbudlab.mm.zbud_header import (
    add_to_home_list,
    add_unbuddied,
    buddy_address,
    change_map_count,
    clear_header,
    encode_handle,
    find_hole,
    handle_buddy,
    handle_pfn,
    header_row,
    is_empty,
    keep_until_unmap,
    kept_until_unmap,
    new_handle,
    pool_list,
    row_pfn,
    size_to_chunks,
)

# --- pools -------------------------------------------------------------------------------------


@kernel(inline=False)
def zbud_create_pool(mem, number):
    """Start pool `number`, whose list heads and variant are set, without a page."""
    pool = mem.pools[number]
    pool.created = 1
    for which in range(NR_POOL_LISTS):
        init_list_head(mem.rows, BUDDY, pool_list(pool, which))
        init_list_head(mem.rows, LRU, pool_list(pool, which))


@kernel
def init_zbud_page(mem, pool, number, pfn):
    """Make a fresh frame a page of the pool, without buddies and on no list. Return its row."""
    row = header_row(pool, pfn)
    clear_header(mem.rows[row])
    set_page_zbud(mem.pages[pfn])
    mem.pages[pfn].private = number
    return row


@kernel
def zbud_put_page(mem, pfn):
    """Drop a reference to a zbud page. Return 1 if that freed the frame."""
    return put_single_page(mem, pfn)


@kernel
def place_buddy(pool, rows, row, buddy, chunks, fresh):
    """Give a buddy its chunks, and put its page on its home list and at the front of the LRU.

    A page that is not fresh came from a list of holes, so it held one buddy. That determines the
    home list without reading the header, for which the processor would have to wait.
    """
    header = rows[row]
    if fresh:
        pool.pages_nr += 1
        home = NCHUNKS - ZHDR_CHUNKS - chunks
    else:
        list_del(rows, BUDDY, row)
        list_del(rows, LRU, row)
        home = BUDDIED
    if buddy == FIRST:
        header.first_chunks = chunks
    else:
        header.last_chunks = chunks
    list_add(rows, BUDDY, row, pool_list(pool, home))
    list_add(rows, LRU, row, pool_list(pool, LRU_LIST))


@kernel(rewritten=True)
def zbud_alloc(mem, number, size, migratetype):
    """Allocate `size` bytes. Return a handle, or -EINVAL, -ENOSPC (too large) or -ENOMEM.

    migratetype: where a new page may come from (movable with the series, else unmovable).
    Source: mm/zbud.c, zbud_alloc (v3.11).
    """
    if size <= 0:
        return -EINVAL
    if size > ZBUD_MAX_SIZE:
        return -ENOSPC
    pool = mem.pools[number]
    chunks = size_to_chunks(size)
    row = find_hole(pool, mem.rows, chunks)
    fresh = row < 0
    if fresh:
        pfn = alloc_pages(mem, 0, migratetype)
        if pfn < 0:
            return pfn
        row = init_zbud_page(mem, pool, number, pfn)
    pfn = row_pfn(pool, row)
    header = mem.rows[row]
    buddy = LAST if header.first_chunks else FIRST
    handle = 0
    if pool.variant == ZBUD_SERIES:
        handle = new_handle(pool, mem.nodes, header, pfn, buddy)
        if handle < 0:
            if fresh:
                zbud_put_page(mem, pfn)
            return handle
        if not fresh:
            get_page(mem.pages[pfn])
    place_buddy(pool, mem.rows, row, buddy, chunks, fresh)
    if pool.variant == ZBUD_SERIES:
        return handle
    return encode_handle(pfn, header, buddy)


@kernel
def clear_buddy(pool, nodes, header, buddy):
    """Clear a buddy's chunks and, with the series, delete its handle from the tree."""
    if buddy == FIRST:
        handle = np.int64(header.first_handle)
        header.first_chunks = 0
        header.first_handle = 0
    else:
        handle = np.int64(header.last_handle)
        header.last_chunks = 0
        header.last_handle = 0
    if pool.variant == ZBUD_SERIES:
        header.freed &= ~buddy & 0xFF
        radix_tree_delete(nodes, pool, handle)


@kernel
def free_buddy(mem, number, pfn, buddy):
    """Take a buddy out of its page for good. An empty page leaves the pool."""
    pool = mem.pools[number]
    row = header_row(pool, pfn)
    header = mem.rows[row]
    clear_buddy(pool, mem.nodes, header, buddy)
    if header.under_reclaim:
        return
    list_del(mem.rows, BUDDY, row)
    if is_empty(header):
        list_del(mem.rows, LRU, row)
        pool.pages_nr -= 1
    else:
        add_unbuddied(pool, mem.rows, row)
    if pool.variant == ZBUD_SERIES or is_empty(header):
        zbud_put_page(mem, pfn)


@kernel
def drop_while_mapped(mem, header, buddy, pfn):
    """Give up the owner's use of a buddy that is still mapped.

    The series drops the owner's reference of the page at once. With the rule
    `keep_page_until_unmap` the page keeps it until the last unmap.
    """
    if mem.zswaps[0].keep_page_until_unmap:
        keep_until_unmap(header, buddy)
    else:
        zbud_put_page(mem, pfn)


@kernel
def free_after_unmap(mem, number, header, buddy, pfn):
    """Free a buddy whose owner freed it while it was mapped, now that no mapping is left."""
    kept = kept_until_unmap(header, buddy)
    free_buddy(mem, number, pfn, buddy)
    if kept:
        zbud_put_page(mem, pfn)


@kernel(rewritten=True)
def zbud_free(mem, number, handle):
    """Free a handle. Return 0, or -ENOENT if the handle is gone (series).

    A buddy that is still mapped stays until it is unmapped (series).
    Source: mm/zbud.c, zbud_free (v3.11).
    """
    pool = mem.pools[number]
    pfn = handle_pfn(pool, mem.nodes, handle)
    if pfn < 0:
        return -ENOENT
    header = mem.rows[header_row(pool, pfn)]
    buddy = handle_buddy(pool, header, handle)
    if pool.variant == ZBUD_SERIES and change_map_count(header, buddy, -1) > 0:
        drop_while_mapped(mem, header, buddy, pfn)
    else:
        free_buddy(mem, number, pfn, buddy)
    return 0


@kernel(inline=False)
def zbud_handle_exists(mem, number, handle):
    """Return whether pool `number` has a buddy with that handle, for handles from users."""
    pool = mem.pools[number]
    if handle <= 0:
        return False
    if pool.variant != ZBUD_SERIES and handle >> NCHUNKS_ORDER >= mem.zones[0].spanned_pages:
        return False
    pfn = handle_pfn(pool, mem.nodes, handle)
    if pfn < 0 or not page_zbud(mem.pages[pfn]) or mem.pages[pfn].private != number:
        return False
    header = mem.rows[header_row(pool, pfn)]
    if pool.variant == ZBUD_SERIES:
        return True
    if header.first_chunks != 0 and encode_handle(pfn, header, FIRST) == handle:
        return True
    return header.last_chunks != 0 and encode_handle(pfn, header, LAST) == handle


@kernel(inline=False)
def zbud_map(mem, number, handle):
    """Map a handle. Return the chunk address of its bytes, or 0 if the handle is gone.

    The bytes stay there until the handle is unmapped. Plain: return the handle and count nothing.
    """
    pool = mem.pools[number]
    if pool.variant != ZBUD_SERIES:
        return handle
    pfn = handle_pfn(pool, mem.nodes, handle)
    if pfn < 0:
        return 0
    header = mem.rows[header_row(pool, pfn)]
    buddy = handle_buddy(pool, header, handle)
    get_page(mem.pages[pfn])
    change_map_count(header, buddy, 1)
    return buddy_address(pfn, header, buddy)


@kernel
def zbud_unmap_lookup(mem, number, handle):
    """Return the page of a mapped handle, or -1: what the series' unmap does before it locks."""
    return handle_pfn(mem.pools[number], mem.nodes, handle)


@kernel(inline=False)
def zbud_unmap_locked(mem, number, handle, pfn):
    """End a mapping of a handle whose page is `pfn`; what unmap does under the pool's lock."""
    pool = mem.pools[number]
    if pfn < 0:
        return -ENOENT
    header = mem.rows[header_row(pool, pfn)]
    buddy = handle_buddy(pool, header, handle)
    if change_map_count(header, buddy, -1) == 0:
        free_after_unmap(mem, number, header, buddy, pfn)
        return -EFAULT
    zbud_put_page(mem, pfn)
    return 0


@kernel(inline=False)
def zbud_unmap(mem, number, handle):
    """End a mapping. Return 0, -ENOENT if the handle is gone, or -EFAULT if this freed it for good.

    As in the series, nothing stops a caller from ending a mapping that was never made. Then the
    owner's count goes, and the object with it. The series looks the handle up before it takes the
    pool's lock (`zbud_unmap_lookup`).
    """
    if mem.pools[number].variant != ZBUD_SERIES:
        return 0
    return zbud_unmap_locked(mem, number, handle, zbud_unmap_lookup(mem, number, handle))


@kernel
def zbud_isolate_page(mem, pfn):
    """Take the isolation's reference of a page. Return False if the profile's rules forbid it.

    The series takes the reference without any check.
    """
    page = mem.pages[pfn]
    rules = mem.zswaps[0]
    if rules.isolate_under_lock and not page_zbud(page):
        return False
    if rules.mark_isolated:
        if page.page_flags & PG_ISOLATED:
            return False
        set_flag(page, PG_ISOLATED)
    get_page(page)
    return True


@kernel
def zbud_putback_page(mem, pfn):
    """End the isolation of a page. Return 1 if that freed the frame."""
    clear_flag(mem.pages[pfn], PG_ISOLATED)
    return zbud_put_page(mem, pfn)


# --- reclaim -----------------------------------------------------------------------------------


@kernel(inline=False)
def zbud_reclaim_begin(mem, number, handles):
    """Prepare the least recently used page for eviction. Return its frame, or -EINVAL if empty.

    handles: int64 (2,) or longer, gets the handles of the first and the last buddy, or 0.
    Source: mm/zbud.c, zbud_reclaim_page (v3.11).
    """
    pool = mem.pools[number]
    lru = pool_list(pool, LRU_LIST)
    if list_empty(mem.rows, LRU, lru):
        return -EINVAL
    row = np.int64(mem.rows[lru].prev[LRU])
    pfn = row_pfn(pool, row)
    header = mem.rows[row]
    list_del(mem.rows, LRU, row)
    if pool.variant == ZBUD_SERIES:
        list_add(mem.rows, LRU, row, lru)
        get_page(mem.pages[pfn])
        handles[0] = header.first_handle
        handles[1] = header.last_handle
        return pfn
    list_del(mem.rows, BUDDY, row)
    header.under_reclaim = 1
    handles[0] = encode_handle(pfn, header, FIRST) if header.first_chunks else 0
    handles[1] = encode_handle(pfn, header, LAST) if header.last_chunks else 0
    return pfn


@kernel(inline=False)
def zbud_reclaim_end(mem, number, pfn):
    """Finish after the evictions. Return 0 if the page is free now, else -EAGAIN."""
    pool = mem.pools[number]
    if pool.variant == ZBUD_SERIES:
        return 0 if zbud_put_page(mem, pfn) else -EAGAIN
    row = header_row(pool, pfn)
    header = mem.rows[row]
    header.under_reclaim = 0
    if is_empty(header):
        pool.pages_nr -= 1
        zbud_put_page(mem, pfn)
        return 0
    add_to_home_list(pool, mem.rows, row)
    list_add(mem.rows, LRU, row, pool_list(pool, LRU_LIST))
    return -EAGAIN
