"""The tables of today's zswap: lists of entries, and cgroups.

They are empty on a machine whose zswap has no lists (rule `own_lru`).
"""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.mm.growth import grown
from zbudlab.mm.zswap_cgroup import mem_cgroup_create


def make_tables(state: Any) -> None:
    """Give a machine the tables, empty. state: a `zbudlab.mm.state.State`."""
    state.lrus = np.zeros(0, layout.zswap_lru)
    state.cgroups = np.zeros(0, layout.cgroup)
    state.pools["next_pool"] = -1
    state.zswaps["current_pool"] = -1
    state.zswaps["next_shrink"] = -1


def make_lists(state: Any) -> None:
    """Give a machine lists for its entries, and the root of the cgroups."""
    state.lrus = np.zeros(layout.MAX_CGROUPS + len(state.zswap_entries), layout.zswap_lru)
    state.cgroups = np.zeros(layout.MAX_CGROUPS, layout.cgroup)
    mem_cgroup_create(state.mem, layout.ROOT_CGROUP, -1)


def reserve(state: Any) -> None:
    """Grow the lists, if the machine has any, to the length of the table of entries."""
    needed = layout.MAX_CGROUPS + len(state.zswap_entries)
    if 0 < len(state.lrus) < needed:
        state.lrus = grown(state.lrus, needed)
