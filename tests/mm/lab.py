"""A machine with page bytes: user pages of one process, and one zbud pool."""

import numpy as np

from zbudlab import layout
from zbudlab.mm import bootmem, compaction, lru, memory, page_alloc
from zbudlab.mm.state import State


class Lab:
    """A machine with page bytes: user pages of one process, and one zbud pool."""

    def __init__(self, frames=256, pageblock_order=4, areas=()):
        self.state = State(frames, pageblock_order=pageblock_order)
        bootmem.free_all_bootmem(self.state.mem, frames, list(areas))
        self.state.create_pool(0, layout.ZBUD_SERIES)
        self.state.new_process(frames)
        self.moves = np.zeros(frames, layout.migration)
        self.control = np.zeros(1, layout.compact_control)

    @property
    def movers(self):
        return self.state.mem, self.moves, self.control

    def user_page(self, place, *, active=False):
        state = self.state
        pfn = page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
        memory.page_add_anon_rmap(state.mem, pfn, place, 0)
        lru.lru_cache_add(state.zone, state.pages, pfn, active)
        state.frames[pfn] = place % 251
        return pfn

    def compact(self, order=-1):
        return compaction.compact_zone_order(*self.movers, order, layout.MIGRATE_MOVABLE, 1)

    def entries(self):
        return self.moves[: self.control[0]["nr_moves"]]

    def faults(self):
        state = self.state
        return lru.first_fault(state.mem), compaction.first_fault(state.mem)

    def holds(self, place):
        """The bytes that the process finds at a place of its table."""
        return set(self.state.frames[self.state.ptes[place]["value"]].tolist())
