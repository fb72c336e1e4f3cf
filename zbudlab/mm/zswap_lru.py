"""zswap's own lists of its entries, one for each cgroup, and the walk that chooses what to write.

A new entry goes to the tail with its referenced mark set. The walk starts at the head: an entry
with the mark loses it and goes to the tail, which is its second chance; one without goes to the
tail, too, and is then tried. As a try drops the list's lock, the next walk starts anew.

Source: mm/zswap.c: zswap_lru_add, zswap_lru_del, shrink_memcg_cb; mm/list_lru.c:
__list_lru_walk_one (v7.3).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import LRU, MAX_CGROUPS
from zbudlab.mm.list_head import list_add_tail, list_del


@kernel
def lru_of(number):
    """Return the place in `mem.lrus` of an entry's record."""
    return number + MAX_CGROUPS


@kernel
def zswap_lru_add(mem, number):
    """Put an entry at the tail of its cgroup's list, with its referenced mark."""
    at = lru_of(number)
    cgroup = np.int64(mem.lrus[at].cgroup)
    mem.lrus[at].referenced = 1
    list_add_tail(mem.lrus, LRU, at, cgroup)
    mem.cgroups[cgroup].nr_listed += 1


@kernel
def zswap_lru_del(mem, number):
    """Take an entry off its list."""
    at = lru_of(number)
    list_del(mem.lrus, LRU, at)
    mem.cgroups[mem.lrus[at].cgroup].nr_listed -= 1


@kernel
def list_rotate(mem, at, head):
    """Move an entry's record to the tail of its list."""
    list_del(mem.lrus, LRU, at)
    list_add_tail(mem.lrus, LRU, at, head)


@kernel(inline=False)
def zswap_lru_walk(mem, cgroup, left):
    """Look at entries of a cgroup until one is to be tried. Return it (0 = none) and what is left.

    left: entries that may still be looked at. The following entry is chosen before one is moved:
    so an entry that is alone on its list and loses its mark ends the walk.
    """
    at = np.int64(mem.lrus[cgroup].next[LRU])
    while at != cgroup and left > 0:
        following = np.int64(mem.lrus[at].next[LRU])
        left -= 1
        list_rotate(mem, at, cgroup)
        if not mem.lrus[at].referenced:
            return at - MAX_CGROUPS, left
        mem.lrus[at].referenced = 0
        at = following
    return 0, left
