"""Steps of zbud's users and of migration: what runs under one lock, or one atomic operation.

A step is a function of `zbudlab.mm`, or the part of one that the kernel runs without dropping a
lock. It moves its actor's `pc` on, and answers 0, BLOCKED or a fault (FAULT_*).

Source: mm/zbud.c, mm/compaction.c, mm/migrate.c (v3.12.9) with the hunks of the series (v2).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    BLOCKED,
    EAGAIN,
    FAULT_CONTENT,
    FAULT_EMPTIED,
    FAULT_FROM_ZERO,
    FAULT_LOCK,
    FAULT_STALE_HEADER,
    FAULT_TWO_LISTS,
    LRU,
    MERGE_ISOLATE,
    MERGE_UNMAP,
    MIGRATE_MOVABLE,
    MIGRATEPAGES,
    PG_LOCKED,
)
from zbudlab.mm.list_head import init_list_head, list_add, list_del
from zbudlab.mm.migrate import freed_while_isolated, lock_both, unlock_both
from zbudlab.mm.page import page_count, page_zpool
from zbudlab.mm.page_alloc import alloc_pages, put_single_page
from zbudlab.mm.zbud import (
    zbud_free,
    zbud_isolate_page,
    zbud_putback_page,
    zbud_unmap_locked,
    zbud_unmap_lookup,
)
from zbudlab.mm.zbud_header import handle_pfn, header_row, is_empty
from zbudlab.mm.zbud_migrate import expected_references, zbud_migrate_page
from zbudlab.mm.zbud_zpool import zbud_map_bytes, zbud_read_word

# The steps of a user: what it does next.
USER_MAP = 0
USER_READ = 1
USER_UNMAP = 2
USER_UNMAP_LOCKED = 3
USER_END = 4

# The steps of a compaction.
COMPACT_LOOK = 0
COMPACT_GET = 1
COMPACT_ALLOCATE = 2
COMPACT_COUNT = 3
COMPACT_LOCK = 4
COMPACT_MIGRATE = 5
COMPACT_UNLOCK = 6
COMPACT_PUT_FIRST = 7
COMPACT_PUT_SECOND = 8

DONE = -1
FREED_MEANWHILE = 1  #: `failed` of a compaction whose page was freed meanwhile


@kernel
def finish(actor):
    """End an actor; nothing that it knew matters any more."""
    actor.pc = DONE
    actor.pfn = 0
    actor.new = 0
    actor.handle = 0
    actor.address = 0
    actor.word = 0
    actor.failed = 0
    actor.entry = 0
    actor.tries = 0


# --- mapping an object -------------------------------------------------------------------------


@kernel
def map_object(mem, actor):
    """Map the actor's handle. The address stays 0 if the handle is gone."""
    actor.address = max(zbud_map_bytes(mem, actor.pool, np.int64(actor.handle)), 0)


@kernel
def unmap_locked(mem, actor):
    """End the mapping, with the page that was looked up before the lock."""
    found = np.int64(actor.pfn)
    actor.pfn = 0
    if handle_pfn(mem.pools[actor.pool], mem.nodes, np.int64(actor.handle)) != found:
        return FAULT_STALE_HEADER
    zbud_unmap_locked(mem, actor.pool, np.int64(actor.handle), found)
    actor.handle = 0
    return 0


@kernel
def unmap(mem, actor):
    """Look the actor's handle up; merged, also end the mapping and skip the next step."""
    actor.address = 0
    actor.pfn = zbud_unmap_lookup(mem, actor.pool, np.int64(actor.handle))
    actor.pc += 1
    if actor.merge & MERGE_UNMAP:
        actor.pc += 1
        return unmap_locked(mem, actor)
    return 0


# --- a user of a handle ------------------------------------------------------------------------


@kernel
def user_unmap(mem, actor):
    """Run a half of unmap, or both, and end with the last."""
    if actor.pc == USER_UNMAP:
        fault = unmap(mem, actor)
    else:
        fault = unmap_locked(mem, actor)
        actor.pc = USER_END
    if actor.pc == USER_END:
        finish(actor)
    return fault


@kernel(inline=False)
def user_step(mem, actor):
    """Map a handle, read its content, unmap it."""
    if actor.pc == USER_MAP:
        map_object(mem, actor)
        actor.pc = USER_READ
        if actor.address == 0:
            finish(actor)
    elif actor.pc == USER_READ:
        if zbud_read_word(mem, actor.pool, np.int64(actor.address)) != actor.word:
            return FAULT_CONTENT
        actor.pc = USER_UNMAP
    else:
        return user_unmap(mem, actor)
    return 0


@kernel(inline=False)
def free_step(mem, actor):
    """Free a handle."""
    zbud_free(mem, actor.pool, np.int64(actor.handle))
    finish(actor)
    return 0


# --- compaction of one page --------------------------------------------------------------------


@kernel
def isolation_list(mem, actor):
    """Return the head of a compaction's list of isolated pages."""
    return mem.zones[0].list_heads + MIGRATEPAGES + actor.head


@kernel
def list_corrupted(pages, pfn):
    """Return whether the page is not where its links say (lib/list_debug.c, __list_del_entry)."""
    prev = pages[pfn].prev[LRU]
    return prev == pfn or pages[prev].next[LRU] != pfn


@kernel
def compact_get(mem, actor):
    """Take the isolation's reference and put the page on the compaction's list."""
    pfn = np.int64(actor.pfn)
    references = page_count(mem.pages[pfn])
    if not zbud_isolate_page(mem, pfn):
        finish(actor)
        return 0
    if references == 0:
        return FAULT_FROM_ZERO
    list_add(mem.pages, LRU, pfn, isolation_list(mem, actor))
    actor.pc = COMPACT_ALLOCATE
    return 0


@kernel
def compact_look(mem, actor):
    """Check whether the page belongs to a pool."""
    if not page_zpool(mem.pages[actor.pfn]):
        finish(actor)
        return 0
    actor.pc = COMPACT_GET
    if actor.merge & MERGE_ISOLATE:
        return compact_get(mem, actor)
    return 0


@kernel
def compact_migrate(mem, actor):
    """Move the page under the pool's lock.

    An actor that does not count hides the references of others meanwhile, so that the test for
    them finds none: a migration that forgot the test.
    """
    old = np.int64(actor.pfn)
    page = mem.pages[old]
    if page.page_flags & PG_LOCKED == 0:
        return FAULT_LOCK
    header = mem.rows[header_row(mem.pools[actor.pool], old)]
    emptied = is_empty(header)
    hidden = page_count(page) - expected_references(header) if actor.uncounted else 0
    page.refcount -= hidden
    actor.failed = zbud_migrate_page(mem, np.int64(actor.new), old)
    page.refcount += hidden
    if emptied and not actor.failed:
        return FAULT_EMPTIED
    actor.pc = COMPACT_UNLOCK
    return 0


@kernel
def put_target(mem, actor):
    """Drop the first reference of the target: it becomes a page of the pool, or is free again."""
    if actor.failed:
        put_single_page(mem, np.int64(actor.new))
    else:
        zbud_putback_page(mem, np.int64(actor.new))


@kernel
def put_isolated(mem, actor):
    """Take the page off the compaction's list and drop the isolation's reference."""
    pfn = np.int64(actor.pfn)
    if list_corrupted(mem.pages, pfn):
        return FAULT_TWO_LISTS
    list_del(mem.pages, LRU, pfn)
    init_list_head(mem.pages, LRU, pfn)
    if actor.failed:
        zbud_putback_page(mem, pfn)
    else:
        put_single_page(mem, pfn)
    return 0


@kernel
def try_again(actor):
    """Start another pass over a page that could not move. Return False after the last one."""
    actor.tries += 1
    if actor.tries >= actor.passes:
        return False
    actor.pc = COMPACT_ALLOCATE
    actor.new = 0
    actor.failed = 0
    return True


@kernel
def compact_put(mem, actor):
    """Drop the references of the page and of its target, each in a step.

    A page that cannot move now stays isolated until the last pass (migrate_pages).
    """
    first = actor.pc == COMPACT_PUT_FIRST
    stays = actor.failed < 0
    fault = 0
    if first == stays:
        put_target(mem, actor)
        if stays and try_again(actor):
            return 0
    else:
        fault = put_isolated(mem, actor)
    actor.pc = COMPACT_PUT_SECOND
    if not first:
        finish(actor)
    return fault


@kernel
def compact_lock(mem, actor):
    """Lock the page and its target; if the page is locked, wait or give up for this pass."""
    if lock_both(mem.pages, np.int64(actor.new), np.int64(actor.pfn)):
        actor.pc = COMPACT_MIGRATE
        return 0
    if actor.wait:
        return BLOCKED
    actor.failed = -EAGAIN
    actor.pc = COMPACT_PUT_FIRST
    return 0


@kernel(inline=False)
def compact_step(mem, actor):
    """Isolate a page, allocate its target, move it, and drop what was held."""
    pc = np.int64(actor.pc)
    pfn = np.int64(actor.pfn)
    if pc == COMPACT_LOOK:
        return compact_look(mem, actor)
    if pc == COMPACT_GET:
        return compact_get(mem, actor)
    if pc == COMPACT_ALLOCATE:
        actor.new = alloc_pages(mem, 0, MIGRATE_MOVABLE)
        actor.pc = COMPACT_COUNT
    elif pc == COMPACT_COUNT:
        actor.failed = FREED_MEANWHILE if freed_while_isolated(mem.pages[pfn]) else 0
        actor.pc = COMPACT_PUT_FIRST if actor.failed else COMPACT_LOCK
    elif pc == COMPACT_LOCK:
        return compact_lock(mem, actor)
    elif pc == COMPACT_MIGRATE:
        return compact_migrate(mem, actor)
    elif pc == COMPACT_UNLOCK:
        unlock_both(mem.pages, np.int64(actor.new), pfn)
        actor.pc = COMPACT_PUT_FIRST
    else:
        return compact_put(mem, actor)
    return 0
