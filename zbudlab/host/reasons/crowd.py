"""A simulated zone with free blocks drawn by seed and user pages in the frames that are in use.

Which frames hold pages that can be moved or dropped is drawn as well, because a report has only
counts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab.jit import kernel
from zbudlab.layout import (
    FRAME_KERNEL,
    MAX_ORDER,
    MIGRATE_MOVABLE,
    WMARK_LOW,
    compact_control,
    migration,
)
from zbudlab.machine import freelists
from zbudlab.mm import compaction
from zbudlab.mm.inspection import frame_kinds
from zbudlab.mm.lru import lru_cache_add, lru_cache_del
from zbudlab.mm.memory import page_add_anon_rmap, page_remove_rmap
from zbudlab.mm.page_alloc import put_page
from zbudlab.mm.state import State

OWNER = 0  #: the process of all user pages
GROUPED, MIXED = "grouped", "mixed"  #: where the kernel's own pages are


class Counts(NamedTuple):
    """A zone to draw.

    free: blocks by type and order. movable: user pages. cache: those of them that belong to files
    and can be dropped. low: pages that must remain free. min_free: vm.min_free_kbytes of the whole
    machine, 0 if not known.
    """

    free: NDArray[np.int64]
    pageblocks: NDArray[np.int64]
    pageblock_order: int
    movable: int
    cache: int
    low: int
    min_free: int = 0

    @property
    def frames(self) -> int:
        """Page frames of the zone."""
        return int(self.pageblocks.sum()) << self.pageblock_order


@kernel(inline=False)
def add_user_pages(mem, pfns, owner):
    """Make user pages of frames in use, each mapped at its place in `pfns`."""
    for place in range(pfns.shape[0]):
        page_add_anon_rmap(mem, pfns[place], place, owner)
        lru_cache_add(mem.zones[0], mem.pages, pfns[place], False)


@kernel(inline=False)
def drop_user_pages(mem, pfns):
    """Free user pages."""
    for place in range(pfns.shape[0]):
        page_remove_rmap(mem.pages[pfns[place]])
        lru_cache_del(mem.zones[0], mem.pages, pfns[place])
        put_page(mem, pfns[place])


class Crowd:
    """A drawn zone with user pages. Raises freelists.Unplaceable if no zone has these counts.

    state: of an unused machine of that size, where the zone is made; default: a new one.
    """

    def __init__(self, counts: Counts, seed: int, where: str, state: State | None = None) -> None:
        self.rng = np.random.Generator(np.random.PCG64(seed))
        self.state = state or State(
            counts.frames, pageblock_order=counts.pageblock_order, page_bytes=False
        )
        wanted = freelists.Counts(counts.free, counts.pageblocks, counts.pageblock_order)
        freelists.arrange(self.state, freelists.draw_anywhere(wanted, self.rng))
        self.state.zone["watermark"][WMARK_LOW] = counts.low
        pfns = self._choose(counts, where)
        self.state.new_process(max(len(pfns), 1))
        add_user_pages(self.state.mem, pfns, OWNER)

    def _choose(self, counts: Counts, where: str) -> NDArray[np.int64]:
        """Draw the frames of user pages: anywhere, or as far as possible in whole pageblocks."""
        used = np.flatnonzero(frame_kinds(self.state) == FRAME_KERNEL)
        weights = self.rng.random(len(used))
        if where == GROUPED:
            blocks = self.rng.random(int(counts.pageblocks.sum()))
            weights = blocks[used >> counts.pageblock_order]
        chosen = np.argsort(weights, kind="stable")[: counts.movable]
        return np.sort(used[chosen])

    def drop(self, pages: int) -> None:
        """Free that many user pages, chosen at random."""
        there = self.user_frames()
        drop_user_pages(self.state.mem, self.rng.permutation(there)[:pages])

    def user_frames(self) -> NDArray[np.int64]:
        """Return the frames of user pages, which compaction moves."""
        frames = int(self.state.zone["spanned_pages"])
        return np.flatnonzero(self.state.pages["mapping"][:frames] == OWNER + 1)

    def compact(self) -> None:
        """Compact the whole zone, as `echo 1 > /proc/sys/vm/compact_memory` does."""
        control = np.zeros(1, compact_control)
        moves = np.zeros(int(self.state.zone["spanned_pages"]), migration)
        mem = self.state.mem
        compaction.compact_zone_order(
            mem, moves, control, compaction.WHOLE_ZONE, MIGRATE_MOVABLE, 1
        )

    @property
    def free(self) -> list[int]:
        """Free blocks by order."""
        return [int(count) for count in self.state.zone["nr_free"][:MAX_ORDER]]
