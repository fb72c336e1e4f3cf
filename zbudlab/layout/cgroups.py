"""Memory cgroups, and the lists on which today's zswap keeps its entries: record types.

The arrays here are empty where zswap has no lists of its entries (rule `own_lru`).
"""

import numpy as np

ROOT_CGROUP = 0
MAX_CGROUPS = 64  #: cgroups of a machine, the root included
NO_LIMIT = -1  #: `zswap_max` of a cgroup without a limit

cgroup = np.dtype(
    [
        ("created", "i8"),  # 1 = the cgroup exists
        ("parent", "i8"),  # the cgroup above; -1 = this is the root
        ("online", "i8"),  # 0 = it was removed, and what it is charged for is still there
        ("zswap_writeback", "i8"),  # memory.zswap.writeback
        ("zswap_max", "i8"),  # memory.zswap.max, pages; NO_LIMIT = none
        ("zswap_bytes", "i8"),  # memory.zswap.current: charged, those below included, bytes
        ("zswapped", "i8"),  # stored pages that it is charged for
        ("zswap_incomp", "i8"),  # incompressible ones among them
        ("nr_listed", "i8"),  # entries on its list
        ("nr_disk_swapins", "i8"),  # pages read from the device since the shrinker counted
    ],
    align=True,
)

# What today's zswap knows about an entry besides layout.zswap_entry. The first MAX_CGROUPS records
# are the heads of the cgroups' lists, the one to be looked at next first; the record of entry n is
# MAX_CGROUPS + n.
zswap_lru = np.dtype(
    [
        ("next", "u4", (1,)),  # list of its cgroup: places in the array of these records
        ("prev", "u4", (1,)),
        ("cgroup", "u2"),  # charged for it
        ("pool", "u1"),  # holds its object
        ("referenced", "u1"),  # 1 = passed over once before it is written back
    ],
    align=True,
)
assert zswap_lru.itemsize == 12
