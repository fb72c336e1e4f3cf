"""Zones with given free lists: blocks counted by order and type, positions drawn at random.

/proc/buddyinfo and /proc/pagetypeinfo say how many free blocks there are, not where. This module
draws a zone with these counts, every position equally likely, from the caller's generator.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.jit import kernel
from zbudlab.layout import (
    FRAME_KERNEL,
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
)
from zbudlab.mm.bootmem import free_area_init
from zbudlab.mm.inspection import frame_kinds
from zbudlab.mm.page_alloc import free_one_page, prep_new_page, set_pageblock_range
from zbudlab.mm.state import State

TYPES = np.arange(MIGRATE_TYPES)
TOP = MAX_ORDER - 1  #: the largest order
NONE = np.zeros(0, np.int64)


class Counts(NamedTuple):
    """A zone by its counts.

    free: free blocks by migrate type and order, int64 (MIGRATE_TYPES, MAX_ORDER). pageblocks: by
    migrate type, int64 (MIGRATE_TYPES,). pageblock_order: of the zone.
    """

    free: NDArray[np.int64]
    pageblocks: NDArray[np.int64]
    pageblock_order: int

    @property
    def frames(self) -> int:
        """Page frames of the zone."""
        return int(self.pageblocks.sum()) << self.pageblock_order


class Layout(NamedTuple):
    """A zone by its free blocks.

    starts, orders, types: of each free block, int64 (n,), in the order of their release.
    pageblocks: the type of each pageblock, int64 (m,). pageblock_order: of the zone.
    """

    starts: NDArray[np.int64]
    orders: NDArray[np.int64]
    types: NDArray[np.int64]
    pageblocks: NDArray[np.int64]
    pageblock_order: int


class Unplaceable(ValueError):
    """No zone has these counts."""


class Blocks(NamedTuple):
    """Free blocks of one order: their numbers (start >> order) and migrate types, int64 (n,)."""

    order: int
    numbers: NDArray[np.int64]
    types: NDArray[np.int64]


def _halves(
    blocks: NDArray[np.int64], alone: NDArray[np.int64], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split blocks without a free page into halves: `count` halves to be free, and the others.

    At most one half of a block is free, as two free buddies would be one larger block. alone: a
    half whose buddy is past the end of the zone, or none.
    """
    whole = len(blocks)
    if count > whole + len(alone):
        raise Unplaceable(f"{count} free blocks do not fit into {whole + len(alone)} places")
    halves = np.stack([2 * blocks, 2 * blocks + 1], axis=1)
    chosen = rng.permutation(whole + len(alone))[:count]
    sides = rng.integers(2, size=count)
    paired = chosen < whole
    free = np.empty(count, np.int64)
    free[paired] = halves[chosen[paired], sides[paired]]
    free[~paired] = alone
    return free, np.setdiff1d(np.append(halves, alone), free)


def draw_layout(counts: Counts, rng: np.random.Generator) -> Layout:
    """Draw a zone with these counts whose free blocks are in pageblocks of their types.

    Raises Unplaceable if no zone has these counts.
    """
    large, others = _large_blocks(counts, rng)
    pageblocks = _pageblock_types(counts, large, others, rng)
    placed = list(large)
    for migratetype in range(MIGRATE_TYPES):
        own = others[pageblocks[others] == migratetype]
        placed += _small_blocks(counts, migratetype, own, rng)
    return _released(placed, pageblocks, counts.pageblock_order, rng)


def _large_blocks(
    counts: Counts, rng: np.random.Generator
) -> tuple[list[Blocks], NDArray[np.int64]]:
    """Place the free blocks of a pageblock's size and above; return the pageblocks left over."""
    numbers = rng.permutation(counts.frames >> TOP)
    types = np.repeat(TYPES, counts.free[:, TOP])
    if len(types) > len(numbers):
        raise Unplaceable(f"{len(types)} free blocks do not fit into {len(numbers)} places")
    placed, others = [Blocks(TOP, numbers[: len(types)], types)], numbers[len(types) :]
    for order in range(TOP - 1, counts.pageblock_order - 1, -1):
        types = np.repeat(TYPES, counts.free[:, order])
        blocks = counts.frames >> order
        alone = np.arange(blocks - blocks % 2, blocks)
        free, others = _halves(others, alone, len(types), rng)
        placed.append(Blocks(order, free, types))
    return placed, others


def _pageblock_types(
    counts: Counts, large: list[Blocks], others: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return each pageblock's type: that of the large free block on it, or one drawn at random."""
    left = counts.pageblocks.copy()
    pageblocks = np.empty(counts.frames >> counts.pageblock_order, np.int64)
    for order, numbers, types in large:
        shift = order - counts.pageblock_order
        left -= np.bincount(types, minlength=MIGRATE_TYPES) << shift
        for part in range(1 << shift):
            pageblocks[(numbers << shift) + part] = types
    if left.min() < 0:
        raise Unplaceable("more pageblocks of a type are free than there are")
    pageblocks[others] = rng.permutation(np.repeat(TYPES, left))
    return pageblocks


def _small_blocks(
    counts: Counts, migratetype: int, pageblocks: NDArray[np.int64], rng: np.random.Generator
) -> list[Blocks]:
    """Place the free blocks of one type that are smaller than a pageblock, in its pageblocks."""
    placed, others = [], pageblocks
    for order in range(counts.pageblock_order - 1, -1, -1):
        free, others = _halves(others, NONE, int(counts.free[migratetype, order]), rng)
        placed.append(Blocks(order, free, np.full(len(free), migratetype)))
    return placed


def _released(
    placed: list[Blocks],
    pageblocks: NDArray[np.int64],
    pageblock_order: int,
    rng: np.random.Generator,
) -> Layout:
    """Return the layout of these blocks, released in random order."""
    orders = np.concatenate([np.full(len(numbers), order) for order, numbers, _ in placed])
    starts = np.concatenate([numbers << order for order, numbers, _ in placed])
    types = np.concatenate([types for _, _, types in placed])
    turn = rng.permutation(len(starts))
    return Layout(starts[turn], orders[turn], types[turn], pageblocks, pageblock_order)


def draw_anywhere(counts: Counts, rng: np.random.Generator) -> Layout:
    """Draw a zone with these counts whose free blocks are in pageblocks of any type.

    Kernels have such zones: what is taken from a pageblock of another type, and is too little to
    claim the pageblock, stays on the other list. Raises Unplaceable if no zone has these counts.
    """
    pooled = counts._replace(
        free=np.zeros_like(counts.free), pageblocks=np.zeros_like(counts.pageblocks)
    )
    pooled.free[MIGRATE_MOVABLE] = counts.free.sum(axis=0)
    pooled.pageblocks[MIGRATE_MOVABLE] = counts.pageblocks.sum()
    layout = draw_layout(pooled, rng)
    for order in range(MAX_ORDER):
        layout.types[layout.orders == order] = np.repeat(TYPES, counts.free[:, order])
    return layout._replace(pageblocks=np.repeat(TYPES, counts.pageblocks))


@kernel(inline=False)
def release_blocks(mem, starts, orders, types):
    """Give blocks to the page allocator, in that order, each on the list of its type."""
    for i in range(starts.shape[0]):
        set_pageblock_range(mem.zones[0], mem.blocks, starts[i], 1 << orders[i], types[i])
        free_one_page(mem, starts[i], orders[i])


@kernel(inline=False)
def occupy_frames(mem, kinds, pageblocks):
    """Set the types of the pageblocks, and make every frame that is not free the kernel's."""
    zone = mem.zones[0]
    for block in range(pageblocks.shape[0]):
        start = block << zone.pageblock_order
        set_pageblock_range(zone, mem.blocks, start, 1, pageblocks[block])
    for pfn in range(kinds.shape[0]):
        if kinds[pfn] == FRAME_KERNEL:
            prep_new_page(mem.pages, pfn, 0, MIGRATE_UNMOVABLE)


def arrange(state: State, layout: Layout) -> None:
    """Make the free lists of an unused zone those of a layout; all other frames are the kernel's.

    Raises ValueError if the layout belongs to another zone.
    """
    zone = state.zone
    order, frames = int(zone["pageblock_order"]), int(zone["spanned_pages"])
    if layout.pageblock_order != order or len(layout.pageblocks) << order != frames:
        raise ValueError(
            f"a layout of {len(layout.pageblocks)} pageblocks of order {layout.pageblock_order} "
            f"does not fit a zone of {frames} frames and pageblock order {order}"
        )
    zone["nr_free"] = zone["nr_free_pages"] = zone["nr_free_cma"] = 0
    state.pages[:] = np.zeros(1, state.pages.dtype)
    free_area_init(state.mem)
    release_blocks(state.mem, *layout[:3])
    occupy_frames(state.mem, frame_kinds(state), layout.pageblocks)
