"""zpool: one interface to the allocators that keep compressed objects.

zswap, migration, compaction and the views ask for objects and pages here and do not know which
allocator answers: the `kind` of a pool decides. Operations take `mem`, then the number of the
pool. A handle names an object for as long as it exists; its bytes stay where they are while it is
mapped. Addresses count bytes: pfn << PAGE_SHIFT | offset. An object that reaches the end of its
frame goes on at the start of another one (`zpool_next_frame`).

To add an allocator, give it a ZPOOL_ number and a mark for its pages in `zbudlab.layout`, a branch
in each function here, a reader in `zbudlab.mm.zpool_reader`, a check in `zbudlab.mm.inspection` and
a page for the inspector in `zbudlab.view.details`.

Source: mm/zpool.c, include/linux/zpool.h (v6.1). Isolation, migration and putback of a page are
struct movable_operations of include/linux/migrate.h (v6.1).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.jit import door, kernel
from zbudlab.layout import (
    EAGAIN,
    EINVAL,
    ENOENT,
    PAGE_SHIFT,
    PAGE_SIZE,
    ZBUD_SERIES,
    ZPOOL_Z3FOLD,
    ZPOOL_ZBUD,
    ZPOOL_ZSMALLOC,
)
from zbudlab.mm import (
    z3fold,
    z3fold_migrate,
    z3fold_page,
    z3fold_pool,
    z3fold_zpool,
    zsmalloc,
    zsmalloc_class,
    zsmalloc_migrate,
    zsmalloc_zpool,
)
from zbudlab.mm.mem import Memory
from zbudlab.mm.radix_tree import radix_tree_preload
from zbudlab.mm.zbud import (
    zbud_alloc,
    zbud_create_pool,
    zbud_free,
    zbud_isolate_page,
    zbud_putback_page,
    zbud_reclaim_begin,
    zbud_reclaim_end,
    zbud_unmap,
)
from zbudlab.mm.zbud_migrate import zbud_migrate_page
from zbudlab.mm.zbud_zpool import (
    zbud_map_bytes,
    zbud_object_address,
    zbud_page_is_full,
    zbud_page_references,
    zbud_prefetch_header,
    zbud_prefetch_neighbours,
    zbud_read_word,
    zbud_write_word,
)

MOST_HANDLES = 4  #: objects that `zpool_shrink_begin` can offer for eviction at once

# What zbud does not need is behind doors, and is compiled for a machine that has such a pool.
zs_create_pool = door(zsmalloc_class.zs_create_pool, ZPOOL_ZSMALLOC, None)
zs_malloc = door(zsmalloc.zs_malloc, ZPOOL_ZSMALLOC)
zs_free = door(zsmalloc.zs_free, ZPOOL_ZSMALLOC)
zs_map_object = door(zsmalloc_zpool.zs_map_object, ZPOOL_ZSMALLOC)
zs_unmap_object = door(zsmalloc_zpool.zs_unmap_object, ZPOOL_ZSMALLOC)
zs_object_address = door(zsmalloc_zpool.zs_object_address, ZPOOL_ZSMALLOC)
zs_next_frame = door(zsmalloc_zpool.zs_next_frame, ZPOOL_ZSMALLOC)
zs_page_is_full = door(zsmalloc_zpool.zs_page_is_full, ZPOOL_ZSMALLOC, bool)
zs_page_references = door(zsmalloc_zpool.zs_page_references, ZPOOL_ZSMALLOC)
zs_page_isolate = door(zsmalloc_migrate.zs_page_isolate, ZPOOL_ZSMALLOC, bool)
zs_page_putback = door(zsmalloc_migrate.zs_page_putback, ZPOOL_ZSMALLOC, None)
zs_page_migrate = door(zsmalloc_migrate.zs_page_migrate, ZPOOL_ZSMALLOC)

z3fold_create_pool = door(z3fold_pool.z3fold_create_pool, ZPOOL_Z3FOLD, None)
z3fold_alloc = door(z3fold.z3fold_alloc, ZPOOL_Z3FOLD)
z3fold_free = door(z3fold.z3fold_free, ZPOOL_Z3FOLD)
z3fold_map = door(z3fold.z3fold_map, ZPOOL_Z3FOLD)
z3fold_unmap = door(z3fold.z3fold_unmap, ZPOOL_Z3FOLD)
z3fold_reclaim_begin = door(z3fold.z3fold_reclaim_begin, ZPOOL_Z3FOLD)
z3fold_reclaim_end = door(z3fold.z3fold_reclaim_end, ZPOOL_Z3FOLD)
z3fold_object_address = door(z3fold_page.z3fold_object_address, ZPOOL_Z3FOLD)
z3fold_write_word = door(z3fold_zpool.z3fold_write_word, ZPOOL_Z3FOLD, None)
z3fold_read_word = door(z3fold_zpool.z3fold_read_word, ZPOOL_Z3FOLD)
z3fold_page_is_full = door(z3fold_zpool.z3fold_page_is_full, ZPOOL_Z3FOLD, bool)
z3fold_page_references = door(z3fold_zpool.z3fold_page_references, ZPOOL_Z3FOLD)
z3fold_run_work = door(z3fold_zpool.z3fold_run_work, ZPOOL_Z3FOLD, None)
z3fold_page_isolate = door(z3fold_migrate.z3fold_page_isolate, ZPOOL_Z3FOLD, bool)
z3fold_page_putback = door(z3fold_migrate.z3fold_page_putback, ZPOOL_Z3FOLD, None)
z3fold_page_migrate = door(z3fold_migrate.z3fold_page_migrate, ZPOOL_Z3FOLD)

# --- pools -------------------------------------------------------------------------------------


@kernel(inline=False)
def zpool_create_pool(mem, number):
    """Start pool `number`, whose kind is set, without a page. Return 0, -EINVAL for other kinds."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        zbud_create_pool(mem, number)
        return 0
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        zs_create_pool(mem, number)
        return 0
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        z3fold_create_pool(mem, number)
        return 0
    return -EINVAL


@kernel
def zpool_get_total_pages(mem, number):
    """Return the number of pages in the pool. Every allocator counts them in `pages_nr`."""
    return np.int64(mem.pools[number].pages_nr)


@kernel
def zpool_evictable(mem, number):
    """Return whether the pool can shrink; then its owner puts a header in front of objects.

    Source: mm/zpool.c, zpool_evictable; mm/zswap.c, zswap_frontswap_store: hlen (v6.1).
    """
    return mem.pools[number].kind != ZPOOL_ZSMALLOC


@kernel
def zpool_malloc_support_movable(mem, number):
    """Return whether the pool's pages may come from movable memory, because they can move."""
    pool = mem.pools[number]
    if pool.kind == ZPOOL_ZBUD:
        return pool.variant == ZBUD_SERIES
    return pool.kind == ZPOOL_ZSMALLOC


# --- objects -----------------------------------------------------------------------------------


@kernel
def zpool_malloc(mem, number, size, migratetype):
    """Allocate `size` bytes. Return a handle, or -EINVAL, -ENOSPC (too large) or -ENOMEM.

    migratetype: where a new page may come from.
    """
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_alloc(mem, number, size, migratetype)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_malloc(mem, number, size, migratetype)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_alloc(mem, number, size, migratetype)
    return -EINVAL


@kernel
def zpool_lacks_records(mem, number):
    """Return whether the pool's allocator has no room outside frames for another object.

    zbud needs nodes of its tree of handles, the others a handle and the record of a new page.
    """
    kind = mem.pools[number].kind
    if kind == ZPOOL_ZBUD:
        return not radix_tree_preload(mem.nodes, 1)
    arena = mem.arenas[0]
    if arena.free_handle == 0 and arena.unused_handle >= mem.handles.shape[0]:
        return True
    if kind == ZPOOL_Z3FOLD:
        return arena.free_z3fold == 0 and arena.unused_z3fold >= mem.z3folds.shape[0]
    return arena.free_zspage == 0 and arena.unused_zspage >= mem.zspages.shape[0]


@kernel
def zpool_free(mem, number, handle):
    """Free an object. Return 0, or -ENOENT if the handle is gone."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_free(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_free(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_free(mem, number, handle)
    return -ENOENT


@kernel
def zpool_map_handle(mem, number, handle):
    """Map an object: return the address of its first byte, or -1 if the handle is gone."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_map_bytes(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_map_object(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_map(mem, number, handle)
    return -1


@kernel
def zpool_unmap_handle(mem, number, handle):
    """End a mapping. Return 0, -ENOENT (gone), or -EFAULT if that freed the object for good."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_unmap(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_unmap_object(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_unmap(mem, number, handle)
    return -ENOENT


@kernel
def zpool_object_address(mem, number, handle):
    """Return the address of an object's first byte without mapping it.

    -1 if the handle leads to no page of the pool. For checks, which must not change anything.
    """
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_object_address(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_object_address(mem, number, handle)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_object_address(mem, number, handle)
    return -1


@kernel(inline=False)
def zpool_next_frame(mem, number, pfn):
    """Return the frame in which an object that reaches the end of frame `pfn` goes on; -1 = none.

    zbud's objects never do.
    """
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_next_frame(mem, pfn)
    return -1


@kernel
def zpool_write_word(mem, number, address, word):
    """Keep a word for the object at `address`, on a machine without page bytes."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        zbud_write_word(mem, number, address, word)
    elif mem.pools[number].kind == ZPOOL_Z3FOLD:
        z3fold_write_word(mem, address, word)


@kernel
def zpool_read_word(mem, number, address):
    """Return the word that `zpool_write_word` kept for the object at `address`."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_read_word(mem, number, address)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_read_word(mem, address)
    return 0


def object_bytes(mem: Memory, number: int, address: int, length: int) -> NDArray[np.uint8]:
    """Return `length` bytes of an object from `address` on: a view, or a copy if they cross frames.

    Fewer bytes are returned only if the object is damaged.
    """
    pfn, start = address >> PAGE_SHIFT, address & (PAGE_SIZE - 1)
    here = mem.frames[pfn, start : start + length]
    if len(here) == length:
        return here
    following = zpool_next_frame(mem, number, pfn)
    if following < 0:
        return here
    return np.concatenate([here, mem.frames[following, : length - len(here)]])


@kernel(inline=False)
def zpool_run_work(mem):
    """Run the work that pools have queued, as Linux does soon after an operation.

    Only z3fold queues any; after a free it compacts pages and frees those released.
    """
    for number in range(mem.pools.shape[0]):
        pool = mem.pools[number]
        if pool.kind == ZPOOL_Z3FOLD and pool.created and not pool.z3fold_by_hand:
            z3fold_run_work(mem, number)


# --- shrinking ---------------------------------------------------------------------------------
# Cut in two where the kernel drops the pool's lock to call the owner's evict function.


@kernel(inline=False)
def zpool_shrink_begin(mem, number, handles):
    """Choose a page to empty. Return its frame, or -EINVAL if the pool has none.

    handles: int64 (MOST_HANDLES,), gets the handles to evict in order; 0 = no object.
    """
    for i in range(handles.shape[0]):
        handles[i] = 0
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_reclaim_begin(mem, number, handles)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_reclaim_begin(mem, number, handles)
    return -EINVAL


@kernel(inline=False)
def zpool_shrink_end(mem, number, pfn):
    """Finish after the evictions: return 0 if the page is free now, else -EAGAIN."""
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_reclaim_end(mem, number, pfn)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_reclaim_end(mem, number, pfn)
    return -EAGAIN


@kernel
def zpool_shrink_gave_up(mem, number, attempt, error):
    """Return the answer of a shrink whose attempt `attempt` found no page.

    The series' zbud calls a pool that an earlier attempt has emptied a success.
    """
    pool = mem.pools[number]
    if pool.kind == ZPOOL_ZBUD and pool.variant == ZBUD_SERIES and attempt:
        return 0
    return error


def zpool_shrink(
    begin: Callable[[Any], int],
    evict: Callable[[int], int],
    end: Callable[[int], int],
    gave_up: Callable[[int, int], int],
    handles: NDArray[np.int64],
    retries: int,
) -> int:
    """Empty pages until one is free. Return 0, or -EINVAL or -EAGAIN if none could be freed.

    begin, end, gave_up: the kernels above with `mem` and the pool bound. evict(handle) returns 0
    when the object is gone; the first object that stays ends the attempt, and a page that is
    only partly emptied does not count as success. Ordinary Python, because eviction belongs to the
    owner.

    Source: mm/zpool.c, zpool_shrink; mm/zbud.c, zbud_reclaim_page (v3.12.9, v6.1).
    """
    for attempt in range(retries):
        pfn = begin(handles)
        if pfn < 0:
            return gave_up(attempt, pfn)
        for handle in [int(handle) for handle in handles if handle]:
            if evict(handle):
                break
        if end(pfn) == 0:
            return 0
    return -EAGAIN if retries else -EINVAL


# --- pages -------------------------------------------------------------------------------------
# Of pages that `page_zpool` says belong to a pool; the struct page names the pool.


@kernel
def page_pool(mem, pfn):
    """Return the number of the pool that a page belongs to; 0 if it names no pool."""
    number = np.int64(mem.pages[pfn].private)
    return number if number < mem.pools.shape[0] else 0


@kernel
def zpool_isolate_page(mem, pfn):
    """Hold a page so that it can be moved. Return whether its allocator allows that now."""
    if mem.pools[page_pool(mem, pfn)].kind == ZPOOL_ZBUD:
        return zbud_isolate_page(mem, pfn)
    if mem.pools[page_pool(mem, pfn)].kind == ZPOOL_ZSMALLOC:
        return zs_page_isolate(mem, pfn)
    if mem.pools[page_pool(mem, pfn)].kind == ZPOOL_Z3FOLD:
        return z3fold_page_isolate(mem, pfn)
    return False


@kernel
def zpool_putback_page(mem, pfn):
    """End the isolation of a page, or make a page that was moved usable again."""
    if mem.pools[page_pool(mem, pfn)].kind == ZPOOL_ZBUD:
        zbud_putback_page(mem, pfn)
    elif mem.pools[page_pool(mem, pfn)].kind == ZPOOL_ZSMALLOC:
        zs_page_putback(mem, pfn)
    elif mem.pools[page_pool(mem, pfn)].kind == ZPOOL_Z3FOLD:
        z3fold_page_putback(mem, pfn)


@kernel
def zpool_migrate_page(mem, new, old):
    """Move the isolated page `old` to the fresh frame `new`, with all that leads to its objects.

    Return 0, or -EAGAIN if another holder has a reference, or -EBUSY (zsmalloc and z3fold) if an
    object is being read. After 0 the caller drops the isolation's reference of `old` and puts `new`
    back.
    """
    if mem.pools[page_pool(mem, old)].kind == ZPOOL_ZBUD:
        return zbud_migrate_page(mem, new, old)
    if mem.pools[page_pool(mem, old)].kind == ZPOOL_ZSMALLOC:
        return zs_page_migrate(mem, new, old)
    if mem.pools[page_pool(mem, old)].kind == ZPOOL_Z3FOLD:
        return z3fold_page_migrate(mem, new, old)
    return -EAGAIN


@kernel
def zpool_prefetch_header(mem, pfn):
    """Prefetch the header of a page of any owner."""
    zbud_prefetch_header(mem, pfn)


@kernel
def zpool_prefetch_neighbours(mem, pfn):
    """Prefetch the headers that are next to a page's header on lists, for a page of any owner."""
    zbud_prefetch_neighbours(mem, pfn)


@kernel
def zpool_page_is_full(mem, pfn):
    """Return whether the page has no room for another object."""
    number = page_pool(mem, pfn)
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_page_is_full(mem, number, pfn)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_page_is_full(mem, pfn)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_page_is_full(mem, pfn)
    return True


@kernel
def zpool_page_references(mem, pfn):
    """Return the references to a page that only its allocator holds."""
    number = page_pool(mem, pfn)
    if mem.pools[number].kind == ZPOOL_ZBUD:
        return zbud_page_references(mem, number, pfn)
    if mem.pools[number].kind == ZPOOL_ZSMALLOC:
        return zs_page_references(mem, pfn)
    if mem.pools[number].kind == ZPOOL_Z3FOLD:
        return z3fold_page_references(mem, pfn)
    return 1
