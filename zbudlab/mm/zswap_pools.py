"""The pools of today's zswap: one for each compressor that still has pages.

Stores go to the current pool. After a change of compressor the older pools follow it on a list;
each goes with its last entry. All of them together count towards the limit.

Source: mm/zswap.c: zswap_pool_current, zswap_pool_put, zswap_compressor_param_set,
zswap_check_limits (v7.3).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.mm.zpool import zpool_get_total_pages


@kernel
def unlink_pool(mem, number):
    """Take a pool out of zswap's list, if it is on it."""
    zswap = mem.zswaps[0]
    if zswap.current_pool == number:
        zswap.current_pool = mem.pools[number].next_pool
        return
    at = np.int64(zswap.current_pool)
    while at >= 0:
        if mem.pools[at].next_pool == number:
            mem.pools[at].next_pool = mem.pools[number].next_pool
        at = np.int64(mem.pools[at].next_pool)


@kernel
def drop_unused_pool(mem, number):
    """Drop a pool that holds nothing and is not the current one."""
    if number != mem.zswaps[0].current_pool and mem.pools[number].zswap_entries == 0:
        unlink_pool(mem, number)
        mem.pools[number].created = 0


@kernel(inline=False)
def zswap_pool_use(mem, number):
    """Store to pool `number` from now on; the pool used so far goes if it holds nothing."""
    zswap = mem.zswaps[0]
    old = np.int64(zswap.current_pool)
    if old == number:
        return
    unlink_pool(mem, number)
    mem.pools[number].next_pool = zswap.current_pool
    zswap.current_pool = number
    if old >= 0:
        drop_unused_pool(mem, old)


@kernel
def zswap_pool_get(mem, number):
    """Count an entry into its pool."""
    mem.pools[number].zswap_entries += 1


@kernel
def zswap_pool_put(mem, number):
    """Count an entry out of its pool, which may be the end of the pool."""
    mem.pools[number].zswap_entries -= 1
    drop_unused_pool(mem, number)


# --- the limit ---------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_total_pages(mem):
    """Return the pages of all pools."""
    pages = np.int64(0)
    at = np.int64(mem.zswaps[0].current_pool)
    while at >= 0:
        pages += zpool_get_total_pages(mem, at)
        at = np.int64(mem.pools[at].next_pool)
    return pages


@kernel
def zswap_max_pages(zswap):
    """Return the pages that the pools may have."""
    return zswap.totalram_pages * zswap.max_pool_percent // 100


@kernel(inline=False)
def zswap_accept_thr_pages(mem):
    """Return the pages up to which pools that were full take pages again."""
    zswap = mem.zswaps[0]
    return zswap_max_pages(zswap) * zswap.accept_threshold_percent // 100


@kernel
def zswap_check_limits(mem):
    """Return whether the pools are full, or were full and are not yet down to the threshold.

    The check is made before a store, so the store can go over the limit by a whole zspage.
    """
    zswap = mem.zswaps[0]
    pages = zswap_total_pages(mem)
    if pages >= zswap_max_pages(zswap):
        zswap.pool_limit_hit += 1
        zswap.pool_reached_full = 1
    elif zswap.pool_reached_full and pages <= zswap_accept_thr_pages(mem):
        zswap.pool_reached_full = 0
    return zswap.pool_reached_full != 0
