"""Pool 0 of the engine as z3fold, under the names of its twin's operations."""

import numpy as np

from zbudlab import layout
from zbudlab.layout import BUDDY, LRU, MIGRATE_MOVABLE, MIGRATE_UNMOVABLE, WORK, ZPOOL_Z3FOLD
from zbudlab.mm import bootmem, migrate, page_alloc, z3fold_compact, zpool
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State

FRAMES = 64


class Z3foldEngine:
    """The operations of pool 0."""

    def __init__(self, page_bytes, frames=FRAMES):
        self.state = State(frames, pageblock_order=4, page_bytes=page_bytes, pools=2)
        bootmem.free_pages_memory(self.state.mem, 0, frames)
        self.state.create_pool(0, 0, ZPOOL_Z3FOLD)
        self.pool = self.state.pools[0]
        self.isolated = -1

    def call(self, function, *arguments):
        return int(function(self.state.mem, 0, *arguments))

    def malloc(self, size):
        self.state.reserve_objects(1)
        return self.call(zpool.zpool_malloc, size, MIGRATE_UNMOVABLE)

    def free(self, handle):
        return self.call(zpool.zpool_free, handle)

    def map(self, handle):
        return self.call(zpool.zpool_map_handle, handle)

    def unmap(self, handle):
        return self.call(zpool.zpool_unmap_handle, handle)

    def address(self, handle):
        return self.call(zpool.zpool_object_address, handle)

    def compact_work(self):
        return self.call(z3fold_compact.z3fold_compact_work)

    def release_work(self):
        return self.call(z3fold_compact.z3fold_release_work)

    def pages_nr(self):
        return self.call(zpool.zpool_get_total_pages)

    # --- moving and reclaim --------------------------------------------------------------------

    def isolate(self, pfn):
        done = bool(zpool.zpool_isolate_page(self.state.mem, pfn))
        self.isolated = pfn if done else self.isolated
        return done

    def migrate(self):
        mem, old, self.isolated = self.state.mem, self.isolated, -1
        new = int(page_alloc.alloc_pages(mem, 0, MIGRATE_MOVABLE))
        if new < 0:
            zpool.zpool_putback_page(mem, old)
            return new
        failed = int(migrate.move_to_new_page(mem, new, old))
        if failed:
            zpool.zpool_putback_page(mem, old)
            page_alloc.put_page(mem, new)
        else:
            page_alloc.put_page(mem, old)
            zpool.zpool_putback_page(mem, new)
        return failed

    def putback(self):
        zpool.zpool_putback_page(self.state.mem, self.isolated)
        self.isolated = -1

    def reclaim(self, keep):
        handles = np.zeros(zpool.MOST_HANDLES, np.int64)
        pfn = self.call(zpool.zpool_shrink_begin, handles)
        if pfn < 0:
            return pfn
        for handle in handles[handles > 0].tolist():
            if handle in keep:
                break
            self.free(handle)
        return self.call(zpool.zpool_shrink_end, pfn)

    # --- what it holds -------------------------------------------------------------------------

    def frames(self, link, which=0):
        """Frames of the pages on a list."""
        records = self.state.z3folds
        members = list_members(records, link, int(self.pool["z3fold_heads"]) + which)
        return records["pfn"][members].tolist()

    def lists(self):
        """Frames on each list by free chunks that has any."""
        found = {free: self.frames(BUDDY, free) for free in range(layout.Z3FOLD_NO_LIST + 1)}
        return {free: members for free, members in found.items() if members}

    def lru(self):
        return self.frames(LRU)

    def work(self):
        return self.frames(WORK)

    def bytes_of(self, handle, length):
        return zpool.object_bytes(self.state.mem, 0, self.address(handle), length)
