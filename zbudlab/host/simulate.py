"""A zone of a host in terms of a simulated machine: its orders, types and pageblocks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.host.zones import Zone
from zbudlab.layout import (
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_RECLAIMABLE,
    MIGRATE_RESERVE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
)

#: The kernel's types as the machine's. Blocks of CMA and isolated ones become movable.
TYPES = {
    "Unmovable": MIGRATE_UNMOVABLE,
    "Reclaimable": MIGRATE_RECLAIMABLE,
    "Movable": MIGRATE_MOVABLE,
    "HighAtomic": MIGRATE_RESERVE,
    "Reserve": MIGRATE_RESERVE,
    "CMA": MIGRATE_MOVABLE,
    "Isolate": MIGRATE_MOVABLE,
}
LARGEST = MAX_ORDER - 1
SMALLEST_PAGEBLOCK = 4  #: the least pageblock order of a machine


class MachineCounts(NamedTuple):
    """Free blocks (MIGRATE_TYPES, MAX_ORDER) and pageblocks (MIGRATE_TYPES,) of a machine."""

    free: NDArray[np.int64]
    pageblocks: NDArray[np.int64]
    pageblock_order: int
    notes: list[str]

    @property
    def frames(self) -> int:
        """Page frames of the machine."""
        return int(self.pageblocks.sum()) << self.pageblock_order


def machine_orders(blocks: list[int]) -> list[int]:
    """Return free blocks by the machine's orders; larger ones count as several of its largest."""
    counts = (blocks + [0] * MAX_ORDER)[:MAX_ORDER]
    counts[LARGEST] += sum(n << above for above, n in enumerate(blocks[MAX_ORDER:], 1))
    return counts


def _free(zone: Zone) -> NDArray[np.int64]:
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    for name, blocks in zone.machine_blocks.items():
        free[TYPES.get(name, MIGRATE_MOVABLE)] += machine_orders(blocks)
    return free


def _pageblocks(zone: Zone, order: int) -> NDArray[np.int64]:
    """Return pageblocks by type, rounded to whole blocks of the largest order."""
    pageblocks = np.zeros(MIGRATE_TYPES, np.int64)
    split = zone.pageblock_order - order
    for name, count in (zone.pageblocks or {"Movable": zone.nr_pageblocks}).items():
        kind = TYPES.get(name, MIGRATE_MOVABLE)
        pageblocks[kind] += count << split if split >= 0 else -(-count >> -split)
    together = 1 << (LARGEST - order)
    pageblocks[MIGRATE_UNMOVABLE] += -int(pageblocks.sum()) % together
    return pageblocks


def machine_counts(zone: Zone) -> MachineCounts:
    """Return the counts of a zone of known size for a machine, and what could not be kept."""
    order = min(max(zone.pageblock_order, SMALLEST_PAGEBLOCK), LARGEST)
    notes = []
    if order != zone.pageblock_order:
        notes.append(
            f"{zone}: pageblocks of order {zone.pageblock_order} become pageblocks of order {order}"
        )
    if any(zone.free[MAX_ORDER:]):
        notes.append(
            f"{zone}: free blocks above order {LARGEST} count as several of order {LARGEST}"
        )
    for name, instead in (("CMA", "movable"), ("Isolate", "movable"), ("HighAtomic", "reserved")):
        if any(zone.by_type.get(name, ())) or zone.pageblocks.get(name):
            notes.append(f"{zone}: pageblocks of {name} become {instead} ones")
    return MachineCounts(_free(zone), _pageblocks(zone, order), order, notes)
