"""One pool of an allocator without zswap: store objects, free some, see where they are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.layout import (
    CHUNK_SIZE,
    MIGRATE_MOVABLE,
    PAGE_SHIFT,
    PAGE_SIZE,
    ZBUD_PLAIN,
    ZPOOL_Z3FOLD,
    ZPOOL_ZBUD,
    ZPOOL_ZSMALLOC,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm import zpool, zpool_reader, zsmalloc_compact
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.profiles import ZsmallocRules, zsmalloc_rules

#: Allocators: kind, rules of zsmalloc, bytes that zswap puts in front of an object.
ALLOCATORS: dict[str, tuple[int, ZsmallocRules | None, int]] = {
    "zbud": (ZPOOL_ZBUD, None, ZSWAP_HEADER_SIZE),
    "z3fold": (ZPOOL_Z3FOLD, None, ZSWAP_HEADER_SIZE),
    "zsmalloc_6_1": (ZPOOL_ZSMALLOC, zsmalloc_rules("6.1"), 0),
    "zsmalloc_7_3": (ZPOOL_ZSMALLOC, zsmalloc_rules("7.3"), 0),
    "zsmalloc_7_3_chain_4": (ZPOOL_ZSMALLOC, zsmalloc_rules("7.3", 4), 0),
}
FREED_TOGETHER = 64  #: z3fold's queued work runs after this many frees
#: Chunks of a page's header, by kind of allocator.
HEADERS = {ZPOOL_ZBUD: layout.ZHDR_CHUNKS, ZPOOL_Z3FOLD: layout.Z3FOLD_HDR_CHUNKS}
HEADER = -1  #: instead of the number of an object: the page's header


class Piece(NamedTuple):
    """The content of a page from byte `start` to `end`: (a part of) an object, or HEADER.

    number: the object's, in the order of storing, from 0.
    """

    start: int
    end: int
    number: int


#: The pieces of a page in order of their start, and the pages of a zspage; zbud and z3fold have
#: one.
Group = list[list[Piece]]


class Pool:
    """A pool of one allocator that keeps objects of given sizes.

    name: of ALLOCATORS. objects: the most that it will keep.
    """

    def __init__(self, name: str, objects: int) -> None:
        kind, rules, self.header = ALLOCATORS[name]
        self.kind = kind
        frames = max(objects + layout.ZS_SIZE_CLASSES * layout.ZS_MAX_CHAIN, 1024)
        self.state = State(frames, page_bytes=False)
        free_all_bootmem(self.state.mem, frames, [])
        self.state.create_pool(0, ZBUD_PLAIN, kind, rules)
        self.state.reserve_objects(objects)
        self.handles: list[int] = []
        self.sizes: list[int] = []

    @property
    def pages(self) -> int:
        """Frames of the pool."""
        return int(self.state.pools["pages_nr"][0])

    def store(self, lengths: NDArray[np.int64]) -> None:
        """Store objects in order."""
        mem, self.sizes = self.state.mem, (lengths + self.header).tolist()
        self.handles = [zpool.zpool_malloc(mem, 0, size, MIGRATE_MOVABLE) for size in self.sizes]
        zpool.zpool_run_work(mem)

    def free(self, which: NDArray[np.int64]) -> None:
        """Free objects, given by their numbers."""
        for count, place in enumerate(which.tolist(), 1):
            zpool.zpool_free(self.state.mem, 0, self.handles[place])
            self.handles[place] = 0
            if count % FREED_TOGETHER == 0:
                zpool.zpool_run_work(self.state.mem)
        zpool.zpool_run_work(self.state.mem)

    def compact(self) -> None:
        """Run zsmalloc's shrinker, if this is zsmalloc."""
        if self.kind == ZPOOL_ZSMALLOC:
            zsmalloc_compact.zs_compact(self.state.mem, 0)

    # --- where the objects are -------------------------------------------------------------------

    def contents(self) -> list[Group]:
        """Return the pool's pages with their pieces, grouped by zspage, the oldest object first."""
        found: dict[int, list[Piece]] = {}
        for number, handle in enumerate(self.handles):
            if handle > 0:
                for pfn, piece in self._pieces(number, handle):
                    found.setdefault(pfn, []).append(piece)
        groups = [
            [[*self._header(), *sorted(found.get(pfn, []))] for pfn in chain]
            for chain in self._chains()
        ]
        return sorted(groups, key=_oldest)

    def _pieces(self, number: int, handle: int) -> list[tuple[int, Piece]]:
        """Return the frames that an object is in, with its piece in each."""
        mem, left = self.state.mem, self.sizes[number]
        address = int(zpool.zpool_object_address(mem, 0, handle))
        pfn, start = address >> PAGE_SHIFT, address & (PAGE_SIZE - 1)
        parts = []
        while left > 0:
            end = min(start + left, PAGE_SIZE)
            parts.append((pfn, Piece(start, end, number)))
            left -= end - start
            pfn, start = int(zpool.zpool_next_frame(mem, 0, pfn)) if left else -1, 0
        return parts

    def _header(self) -> list[Piece]:
        return [Piece(0, HEADERS[self.kind] * CHUNK_SIZE, HEADER)] if self.kind in HEADERS else []

    def _chains(self) -> list[list[int]]:
        """Return the frames of the pool, those of a zspage together and in its order."""
        pages = self.state.pages
        frames = np.flatnonzero(zpool_reader.pool_pages(pages))
        if self.kind != ZPOOL_ZSMALLOC:
            return [[pfn] for pfn in frames.tolist()]
        chains = []
        for zspage in np.unique(pages["index"][frames]).tolist():
            record = self.state.zspages[zspage]
            count = int(self.state.size_classes["pages_per_zspage"][record["size_class"]])
            chains.append(record["chain"][:count].tolist())
        return chains


def _oldest(group: Group) -> int:
    """Return the smallest number of an object in a group, by which groups are ordered."""
    numbers = [piece.number for page in group for piece in page if piece.number != HEADER]
    return min(numbers, default=1 << 30)
