"""Memory cgroups as zswap sees them: what they are charged, their limits, and whose turn it is.

A stored page is charged to its cgroup with its compressed length, and to all cgroups above. Pages
of the root are not charged. A cgroup with memory.zswap.writeback 0, or below one, keeps its
pages in zswap, and those that zswap refuses stay in memory.

Limits: cgroups are never destroyed; an offline one keeps its list, which Linux moves to its parent.

Source: mm/memcontrol.c: obj_cgroup_may_zswap, obj_cgroup_charge_zswap,
mem_cgroup_zswap_writeback_enabled, mem_cgroup_iter (v7.3).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import LRU, NO_LIMIT, PAGE_SIZE, ROOT_CGROUP
from zbudlab.mm.list_head import init_list_head


@kernel(inline=False)
def mem_cgroup_create(mem, number, parent):
    """Create cgroup `number` below cgroup `parent`, online and without limits.

    parent: -1 = it is the root.
    """
    cgroup = mem.cgroups[number]
    cgroup.created = 1
    cgroup.parent = parent
    cgroup.online = 1
    cgroup.zswap_writeback = 1
    cgroup.zswap_max = NO_LIMIT
    cgroup.zswap_bytes = 0
    cgroup.zswapped = 0
    cgroup.zswap_incomp = 0
    cgroup.nr_listed = 0
    cgroup.nr_disk_swapins = 0
    init_list_head(mem.lrus, LRU, number)


# --- charges and limits ------------------------------------------------------------------------


@kernel
def obj_cgroup_charge_zswap(mem, number, length, pages):
    """Charge a page of `length` bytes to a cgroup and those above it; pages = -1 undoes that."""
    if number == ROOT_CGROUP:
        return
    while number >= 0:
        cgroup = mem.cgroups[number]
        cgroup.zswap_bytes += length * pages
        cgroup.zswapped += pages
        if length == PAGE_SIZE:
            cgroup.zswap_incomp += pages
        number = np.int64(cgroup.parent)


@kernel(inline=False)
def obj_cgroup_may_zswap(mem, number):
    """Return whether a cgroup and all above it are below their memory.zswap.max."""
    while number != ROOT_CGROUP:
        cgroup = mem.cgroups[number]
        if cgroup.zswap_max != NO_LIMIT and cgroup.zswap_bytes // PAGE_SIZE >= cgroup.zswap_max:
            return False
        number = np.int64(cgroup.parent)
    return True


@kernel(inline=False)
def mem_cgroup_zswap_writeback_enabled(mem, number):
    """Return whether pages of a cgroup may go to the swap device; with zswap off all may."""
    if not mem.zswaps[0].enabled:
        return True
    while number >= 0:
        cgroup = mem.cgroups[number]
        if not cgroup.zswap_writeback:
            return False
        number = np.int64(cgroup.parent)
    return True


# --- the tree ----------------------------------------------------------------------------------


@kernel
def child_after(mem, parent, after):
    """Return the first child of a cgroup whose number is above `after`; -1 = no such child."""
    for number in range(after + 1, mem.cgroups.shape[0]):
        if mem.cgroups[number].created and mem.cgroups[number].parent == parent:
            return number
    return -1


@kernel
def mem_cgroup_iter(mem, at):
    """Return the cgroup that follows `at` in the tree, parents first; -1 = that was the last.

    at: -1 = start with the root.
    """
    if at < 0:
        return ROOT_CGROUP
    found = child_after(mem, at, -1)
    while found < 0 and at != ROOT_CGROUP:
        parent = np.int64(mem.cgroups[at].parent)
        found = child_after(mem, parent, at)
        at = parent
    return found


@kernel(inline=False)
def next_shrink_memcg(mem):
    """Move the shrink work to the next online cgroup. Return it; -1 = the tree ends here.

    Source: mm/zswap.c, shrink_worker (v7.3).
    """
    at = mem_cgroup_iter(mem, np.int64(mem.zswaps[0].next_shrink))
    while at >= 0 and not mem.cgroups[at].online:
        at = mem_cgroup_iter(mem, at)
    mem.zswaps[0].next_shrink = at
    return at


# --- the shrinker ------------------------------------------------------------------------------


@kernel(inline=False)
def zswap_shrinker_count(mem, number):
    """Return how many pages of a cgroup the shrinker should look at.

    Each page that was read from the device since the last count protects one entry. The rest is
    scaled by what it would free: the better pages compress, the lower the count.
    Source: mm/zswap.c, zswap_shrinker_count (v7.3).
    """
    cgroup = mem.cgroups[number]
    if not mem.zswaps[0].shrinker_enabled:
        return 0
    if not mem_cgroup_zswap_writeback_enabled(mem, number):
        return 0
    if cgroup.zswapped == 0 or cgroup.nr_listed == 0:
        return 0
    protected = min(cgroup.nr_listed, cgroup.nr_disk_swapins)
    cgroup.nr_disk_swapins -= protected
    pages = cgroup.zswap_bytes // PAGE_SIZE
    return (cgroup.nr_listed - protected) * pages // cgroup.zswapped
