"""Numbers about free memory: how fragmented it is, and the files of /proc that show it.

* `fragmentation_index`: whether a failed allocation of that order failed for lack of memory
  (towards 0) or because free memory is in blocks that are too small (towards 1000). Compaction
  is worth trying above 500.
* `unusable_free_index`: the share of free memory in blocks too small for that order.

Both are in thousandths.

Source: mm/vmstat.c (v3.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import LRU, MAX_ORDER, MIGRATE_TYPES
from zbudlab.mm.list_head import list_length
from zbudlab.mm.page_alloc import free_list
from zbudlab.mm.state import State

#: The names of the types in /proc/pagetypeinfo.
MIGRATETYPE_NAMES = ("Unmovable", "Reclaimable", "Movable", "Reserve", "CMA", "Isolate")


@kernel
def free_pages_in_blocks(zone):
    """Count the pages in all free blocks, including isolated pageblocks."""
    free = 0
    for order in range(MAX_ORDER):
        free += zone.nr_free[order] << order
    return free


@kernel
def free_blocks_suitable(zone, order):
    """Count the blocks of that order that larger free blocks contain."""
    suitable = 0
    for larger in range(order, MAX_ORDER):
        suitable += zone.nr_free[larger] << (larger - order)
    return suitable


@kernel
def fragmentation_index(zone, order):
    """Return the index in thousandths; -1000 if such a block is free, 0 if nothing is free.

    Other values below 0 mean that all free memory together is less than one block.
    """
    blocks = 0
    for any_order in range(MAX_ORDER):
        blocks += zone.nr_free[any_order]
    if blocks == 0:
        return 0
    if free_blocks_suitable(zone, order) > 0:
        return -1000
    return 1000 - (1000 + free_pages_in_blocks(zone) * 1000 // (1 << order)) // blocks


@kernel
def unusable_free_index(zone, order):
    """Return the share of free pages in smaller blocks, in thousandths; 1000 if none is free."""
    free = free_pages_in_blocks(zone)
    if free == 0:
        return 1000
    return (free - (free_blocks_suitable(zone, order) << order)) * 1000 // free


@kernel(inline=False)
def extfrag_indices(mem, indices):
    """Return both indices of every order, int64 (2, MAX_ORDER), fragmentation first."""
    for order in range(MAX_ORDER):
        indices[0, order] = fragmentation_index(mem.zones[0], order)
        indices[1, order] = unusable_free_index(mem.zones[0], order)


# --- files -------------------------------------------------------------------------------------


def _zone_line(numbers: list[int], width: int) -> str:
    return "Node 0, zone   Normal " + "".join(f"{number:{width}d} " for number in numbers)


def buddyinfo(state: State) -> str:
    """Return the text of /proc/buddyinfo: free blocks by order."""
    return _zone_line([int(blocks) for blocks in state.zone["nr_free"]], 6) + "\n"


def free_counts(state: State) -> list[list[int]]:
    """Return the free blocks by migrate type, then order."""
    return [
        [
            list_length(
                state.pages, LRU, free_list(state.zone, order, migratetype), len(state.pages)
            )
            for order in range(MAX_ORDER)
        ]
        for migratetype in range(MIGRATE_TYPES)
    ]


def pageblock_counts(state: State) -> list[int]:
    """Return the pageblocks of the zone by migrate type."""
    pageblock_nr_pages = 1 << int(state.zone["pageblock_order"])
    inside = -(-int(state.zone["spanned_pages"]) // pageblock_nr_pages)
    types = state.blocks["migratetype"][:inside]
    return [int(count) for count in np.bincount(types, minlength=MIGRATE_TYPES)]


def pagetypeinfo(state: State) -> str:
    """Return the text of /proc/pagetypeinfo: free blocks by type and order, and pageblocks."""
    order = int(state.zone["pageblock_order"])
    heading = f"{'Free pages count per migrate type at order':43} "
    lines = [
        f"Page block order: {order}",
        f"Pages per block:  {1 << order}",
        "",
        heading + "".join(f"{number:6d} " for number in range(MAX_ORDER)),
    ]
    for name, counts in zip(MIGRATETYPE_NAMES, free_counts(state), strict=True):
        row = "".join(f"{count:6d} " for count in counts)
        lines.append(f"Node    0, zone   Normal, type {name:>12} " + row)
    names = "".join(f"{name:>12} " for name in MIGRATETYPE_NAMES)
    lines += ["", f"{'Number of blocks type ':23}" + names, _zone_line(pageblock_counts(state), 12)]
    return "\n".join(lines) + "\n"


def _thousandths(index: int) -> str:
    """Format an index as the kernel does, with C's division: -500 becomes `0.-500`."""
    whole, rest = divmod(abs(index), 1000)
    sign = -1 if index < 0 else 1
    return f"{sign * whole}.{sign * rest:03d} "


def extfrag(state: State) -> dict[str, str]:
    """Return the texts of extfrag_index and unusable_index in /sys/kernel/debug/extfrag."""
    indices = np.zeros((2, MAX_ORDER), np.int64)
    extfrag_indices(state.mem, indices)
    return {
        name: _zone_line([], 0) + "".join(_thousandths(int(index)) for index in row) + "\n"
        for name, row in zip(("extfrag_index", "unusable_index"), indices, strict=True)
    }
