"""Zones with given free lists: how many blocks of each order and type, positions drawn by chance.

/proc/buddyinfo and /proc/pagetypeinfo say how many free blocks there are, not where. So a zone is
drawn that has these counts, each place as likely, by a generator of the caller's.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.jit import kernel
from zbudlab.layout import (
    FRAME_KERNEL,
    MAX_ORDER,
    MAX_ORDER_NR_PAGES,
    MIGRATE_MOVABLE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
)
from zbudlab.mm.bootmem import free_area_init
from zbudlab.mm.page_alloc import free_one_page, prep_new_page, set_pageblock_range
from zbudlab.mm.snapshot import frame_kinds
from zbudlab.mm.state import State

#: A huge page of x86-64, and as large a pageblock. The largest free block is twice as large.
ORDER = 9
assert ORDER + 2 == MAX_ORDER

TYPES = np.arange(MIGRATE_TYPES)


class Counts(NamedTuple):
    """A zone by its counts: free blocks int (MIGRATE_TYPES, MAX_ORDER), pageblocks by type."""

    free: NDArray[np.int64]
    pageblocks: NDArray[np.int64]

    @property
    def frames(self) -> int:
        """Page frames of the zone."""
        return int(self.pageblocks.sum()) << ORDER


class Layout(NamedTuple):
    """A zone by its free blocks, int64 (n,), in the order of their release; pageblocks' types."""

    starts: NDArray[np.int64]
    orders: NDArray[np.int64]
    types: NDArray[np.int64]
    pageblocks: NDArray[np.int64]


class Unplaceable(ValueError):
    """No zone has these counts."""


def _halves(
    chunks: NDArray[np.int64], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Halves of chunks that have no free block yet: `count` to be free, and all others.

    Never both of a chunk: two free buddies would be one larger block.
    """
    if count > len(chunks):
        raise Unplaceable(f"{count} free blocks do not fit into {len(chunks)} twice as large")
    halves = 2 * chunks[:, None] + np.arange(2)
    free = halves[rng.permutation(len(chunks))[:count], rng.integers(2, size=count)]
    return free, np.setdiff1d(halves, free)


Placed = tuple[int, NDArray[np.int64], NDArray[np.int64]]  # order, free chunks, their types


def draw_layout(counts: Counts, rng: np.random.Generator) -> Layout:
    """A zone with these counts, each free block in pageblocks of its type. Raises Unplaceable."""
    chunks = rng.permutation(counts.frames // MAX_ORDER_NR_PAGES)
    pairs, single = (np.repeat(TYPES, counts.free[:, order]) for order in (ORDER + 1, ORDER))
    top, chunks = chunks[: len(pairs)], chunks[len(pairs) :]
    alone, others = _halves(chunks, len(single), rng)
    left = counts.pageblocks - 2 * counts.free[:, ORDER + 1] - counts.free[:, ORDER]
    if left.min() < 0:
        raise Unplaceable("more pageblocks of a type are free than there are")
    pageblocks = np.empty(counts.frames >> ORDER, np.int64)
    pageblocks[2 * top] = pageblocks[2 * top + 1] = pairs
    pageblocks[alone] = single
    pageblocks[others] = rng.permutation(np.repeat(TYPES, left))
    placed = [(ORDER + 1, top, pairs), (ORDER, alone, single)]
    for migratetype in range(MIGRATE_TYPES):
        own = others[pageblocks[others] == migratetype]
        placed += _placed_inside(own, counts.free[migratetype], migratetype, rng)
    return _released(placed, pageblocks, rng)


def _placed_inside(
    pageblocks: NDArray[np.int64],
    free: NDArray[np.int64],
    migratetype: int,
    rng: np.random.Generator,
) -> list[Placed]:
    """The free blocks smaller than a pageblock of one type, anywhere in these pageblocks."""
    placed, chunks = [], pageblocks
    for order in range(ORDER - 1, -1, -1):
        taken, chunks = _halves(chunks, int(free[order]), rng)
        placed.append((order, taken, np.full(len(taken), migratetype)))
    return placed


def _released(
    placed: list[Placed], pageblocks: NDArray[np.int64], rng: np.random.Generator
) -> Layout:
    """The blocks in random order, as frames."""
    orders = np.concatenate([np.full(len(chunks), order) for order, chunks, _ in placed])
    starts = np.concatenate([chunks << order for order, chunks, _ in placed])
    types = np.concatenate([types for _, _, types in placed])
    turn = rng.permutation(len(starts))
    return Layout(starts[turn], orders[turn], types[turn], pageblocks)


def draw_anywhere(counts: Counts, rng: np.random.Generator) -> Layout:
    """A zone with these counts, whose free blocks need not stand in pageblocks of their type.

    So it is in a kernel: what is taken from another type's pageblock, and is not enough to own
    that, stays on the other list. Raises Unplaceable.
    """
    pooled = Counts(np.zeros_like(counts.free), np.zeros_like(counts.pageblocks))
    pooled.free[MIGRATE_MOVABLE] = counts.free.sum(axis=0)
    pooled.pageblocks[MIGRATE_MOVABLE] = counts.pageblocks.sum()
    layout = draw_layout(pooled, rng)
    for order in range(MAX_ORDER):
        layout.types[layout.orders == order] = np.repeat(TYPES, counts.free[:, order])
    return Layout(*layout[:3], np.repeat(TYPES, counts.pageblocks))


@kernel(inline=False)
def release_blocks(mem, starts, orders, types):
    """Give blocks to the page allocator, in that order, each on the list of its type."""
    for i in range(starts.shape[0]):
        set_pageblock_range(mem.zones[0], mem.blocks, starts[i], 1 << orders[i], types[i])
        free_one_page(mem, starts[i], orders[i])


@kernel(inline=False)
def occupy_frames(mem, kinds, pageblocks):
    """Set the types of the pageblocks, and put frames that are not free into the kernel's use."""
    zone = mem.zones[0]
    for block in range(pageblocks.shape[0]):
        start = block << zone.pageblock_order
        set_pageblock_range(zone, mem.blocks, start, 1, pageblocks[block])
    for pfn in range(kinds.shape[0]):
        if kinds[pfn] == FRAME_KERNEL:
            prep_new_page(mem.pages, pfn, 0, MIGRATE_UNMOVABLE)


def arrange(state: State, layout: Layout) -> None:
    """Make the free lists of a zone that nobody uses yet those of a layout.

    All that is not free is in the kernel's use.
    """
    zone = state.zone
    zone["nr_free"] = zone["nr_free_pages"] = zone["nr_free_cma"] = 0
    state.pages[:] = np.zeros(1, state.pages.dtype)
    free_area_init(state.mem)
    release_blocks(state.mem, *layout[:3])
    occupy_frames(state.mem, frame_kinds(state), layout.pageblocks)
