"""Pool 0 of the engine, under the names of its twin's operations."""

from functools import partial

import numpy as np

from tests.naive_zbud import ZbudPlain, ZbudSeries
from zbudlab import layout
from zbudlab.layout import BUDDY, CHUNK_SIZE, LRU, NCHUNKS
from zbudlab.mm import bootmem, migrate, zbud, zpool
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State

FRAMES = 64


POLICIES = {"ok": lambda turn: True, "fail": lambda turn: False, "odd": lambda turn: turn % 2 == 0}


def pool_of(variant, page_bytes, frames=FRAMES):
    state = State(frames, pageblock_order=4, page_bytes=page_bytes)
    bootmem.free_pages_memory(state.mem, 0, frames)
    state.create_pool(0, variant)
    state.reserve_nodes(frames)
    return state


class Engine:
    """The operations of pool 0, under the names of the twin's."""

    def __init__(self, variant, page_bytes):
        self.state = pool_of(variant, page_bytes)
        self.pool = self.state.pools[0]
        self.variant = variant
        self.migratetype = (ZbudPlain, ZbudSeries)[variant].migratetype
        self.handles = np.zeros(2, np.int64)

    def call(self, function, *arguments):
        return function(self.state.mem, 0, *arguments)

    def alloc(self, size):
        return self.call(zbud.zbud_alloc, size, self.migratetype)

    def free(self, handle):
        return self.call(zbud.zbud_free, handle)

    def map(self, handle):
        return self.call(zbud.zbud_map, handle)

    def unmap(self, handle):
        return self.call(zbud.zbud_unmap, handle)

    def exists(self, handle):
        return self.call(zbud.zbud_handle_exists, handle)

    def reclaim_begin(self):
        self.handles[:] = 0
        pfn = self.call(zbud.zbud_reclaim_begin, self.handles)
        return pfn, self.handles.tolist()

    def reclaim_end(self, pfn):
        return self.call(zbud.zbud_reclaim_end, pfn)

    def reclaim(self, retries, evict):
        begin = partial(self.call, zbud.zbud_reclaim_begin)
        end = partial(self.call, zbud.zbud_reclaim_end)
        gave_up = partial(self.call, zpool.zpool_shrink_gave_up)
        return zpool.zpool_shrink(begin, evict, end, gave_up, self.handles, retries)

    def migrate(self, pfn):
        return migrate.migrate_pool_page(self.state.mem, pfn)

    def payload(self, address):
        """The first bytes of an object, wherever the state keeps them."""
        pfn, chunk = divmod(address, NCHUNKS)
        if self.state.page_bytes:
            return self.state.frames[pfn, chunk * CHUNK_SIZE :][:8].view(np.int64)
        field = "first_swpentry" if chunk == layout.ZHDR_CHUNKS else "last_swpentry"
        return self.state.rows[field][pfn : pfn + 1]

    # --- what it holds -------------------------------------------------------------------------

    def pages(self, which, link):
        head = int(self.pool["list_heads"]) + which
        return list_members(self.state.rows, link, head)

    def frames_on(self, which, link):
        return [row >> int(self.pool["row_shift"]) for row in self.pages(which, link)]

    def lists(self):
        return [self.frames_on(which, BUDDY) for which in range(NCHUNKS)]

    def headers(self):
        """Chunks, handles, map counts and references of the pool's pages, newest first."""
        names = ("chunks", "handle", "map_count")
        rows = self.pages(layout.LRU_LIST, LRU)
        columns = [
            self.state.rows[f"{side}_{name}"][rows].tolist()
            for name in names
            for side in ("first", "last")
        ]
        frames = self.frames_on(layout.LRU_LIST, LRU)
        return list(zip(*columns, self.state.pages["refcount"][frames].tolist(), strict=True))
