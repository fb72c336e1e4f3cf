"""Pool 0 of the engine as zsmalloc, under the names of its twin's operations."""

import numpy as np

from zbudlab import layout
from zbudlab.layout import LRU, MIGRATE_MOVABLE, PG_LOCKED, ZPOOL_ZSMALLOC
from zbudlab.mm import bootmem, migrate, zpool, zsmalloc, zsmalloc_class, zsmalloc_compact
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State

FRAMES = 64


class ZsmallocEngine:
    """The operations of pool 0."""

    def __init__(self, rules, page_bytes, frames=FRAMES):
        self.state = State(frames, pageblock_order=4, page_bytes=page_bytes, pools=2)
        bootmem.free_pages_memory(self.state.mem, 0, frames)
        self.state.create_pool(0, 0, ZPOOL_ZSMALLOC, rules)
        self.pool = self.state.pools[0]
        self.locked = None

    def call(self, function, *arguments):
        return function(self.state.mem, 0, *arguments)

    def malloc(self, size):
        self.state.reserve_objects(1)
        return self.call(zpool.zpool_malloc, size, MIGRATE_MOVABLE)

    def free(self, handle):
        return self.call(zpool.zpool_free, handle)

    def map(self, handle):
        return self.call(zpool.zpool_map_handle, handle)

    def unmap(self, handle):
        return self.call(zpool.zpool_unmap_handle, handle)

    def migrate(self, pfn):
        return migrate.migrate_pool_page(self.state.mem, pfn)

    def compact(self):
        return self.call(zsmalloc_compact.zs_compact)

    def count(self):
        return self.call(zsmalloc_class.zs_shrinker_count)

    def deferred(self):
        return self.call(zsmalloc.async_free_zspage)

    def pages_nr(self):
        return self.call(zpool.zpool_get_total_pages)

    def lock(self, pfn):
        if self.locked is not None:
            self.state.pages["page_flags"][self.locked] &= ~PG_LOCKED & 0xFFFF
        if pfn is not None:
            self.state.pages["page_flags"][pfn] |= PG_LOCKED
        self.locked = pfn

    def bytes_of(self, handle, length):
        address = int(self.call(zpool.zpool_object_address, handle))
        return zpool.object_bytes(self.state.mem, 0, address, length)

    def write(self, handle, content):
        """Write an object byte by byte, from its first frame into the next."""
        address = int(self.call(zpool.zpool_object_address, handle))
        pfn, start = divmod(address, layout.PAGE_SIZE)
        here = layout.PAGE_SIZE - start
        self.state.frames[pfn, start : start + len(content)] = content[:here]
        if len(content) > here:
            following = self.call(zpool.zpool_next_frame, pfn)
            self.state.frames[following, : len(content) - here] = content[here:]

    # --- what it holds -------------------------------------------------------------------------

    def classes(self):
        first = int(self.pool["size_classes"])
        return self.state.size_classes[first : first + layout.ZS_SIZE_CLASSES]

    def lists(self):
        """Frames of the zspages on each list that has any, by size of the class and group."""
        found = {}
        for number, each in enumerate(self.classes()):
            if each["used"] != number:
                continue
            for group in range(layout.ZS_GROUPS):
                members = list_members(self.state.zspages, LRU, int(each["list_heads"]) + group)
                if members:
                    frames = [self.frames_of(zs) for zs in members]
                    found[int(each["object_size"]), group] = frames
        return found

    def frames_of(self, zs):
        zspage = self.state.zspages[zs]
        pages = int(self.state.size_classes["pages_per_zspage"][zspage["size_class"]])
        return zspage["chain"][:pages].tolist()

    def place(self, handle):
        """Frame and index of a handle's object."""
        place = int(self.state.handles[handle])
        return place >> layout.OBJ_INDEX_BITS, place & layout.OBJ_INDEX_MASK

    def pages(self):
        """Frames with the mark of zsmalloc."""
        marked = self.state.pages["mapcount"] == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE
        return np.flatnonzero(marked).tolist()
