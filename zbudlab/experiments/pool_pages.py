"""Pool pages: how many frames each allocator takes for the same compressed pages."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.content import corpus
from zbudlab.experiments.density import compressed
from zbudlab.experiments.parameters import COMPRESSOR
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice, Whole
from zbudlab.layout import (
    MIGRATE_MOVABLE,
    ZBUD_MAX_SIZE,
    ZBUD_PLAIN,
    ZPOOL_Z3FOLD,
    ZPOOL_ZBUD,
    ZPOOL_ZSMALLOC,
    ZSWAP_HEADER_SIZE,
)
from zbudlab.mm import zpool, zsmalloc_compact
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.profiles import ZsmallocRules, zsmalloc_rules
from zbudlab.sweep.description import described

DISTINCT = 2048  #: pages that are compressed; longer pools repeat their lengths at random
#: Allocators: kind, rules of zsmalloc, bytes that zswap puts in front of an object.
ALLOCATORS: dict[str, tuple[int, ZsmallocRules | None, int]] = {
    "zbud": (ZPOOL_ZBUD, None, ZSWAP_HEADER_SIZE),
    "z3fold": (ZPOOL_Z3FOLD, None, ZSWAP_HEADER_SIZE),
    "zsmalloc_6_1": (ZPOOL_ZSMALLOC, zsmalloc_rules("6.1"), 0),
    "zsmalloc_7_3": (ZPOOL_ZSMALLOC, zsmalloc_rules("7.3"), 0),
    "zsmalloc_7_3_chain_4": (ZPOOL_ZSMALLOC, zsmalloc_rules("7.3", 4), 0),
}
FREED_TOGETHER = 64  #: z3fold's queued work runs after so many frees


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

    @property
    def pages(self) -> int:
        """Frames of the pool."""
        return int(self.state.pools["pages_nr"][0])

    def store(self, lengths: NDArray[np.int64]) -> None:
        """Store objects in order."""
        mem, sizes = self.state.mem, (lengths + self.header).tolist()
        self.handles = [zpool.zpool_malloc(mem, 0, size, MIGRATE_MOVABLE) for size in sizes]
        zpool.zpool_run_work(mem)

    def free(self, which: NDArray[np.int64]) -> None:
        """Free objects, given by their numbers."""
        for count, place in enumerate(which.tolist(), 1):
            zpool.zpool_free(self.state.mem, 0, self.handles[place])
            if count % FREED_TOGETHER == 0:
                zpool.zpool_run_work(self.state.mem)
        zpool.zpool_run_work(self.state.mem)

    def compact(self) -> None:
        """Run zsmalloc's shrinker, if this is zsmalloc."""
        if self.kind == ZPOOL_ZSMALLOC:
            zsmalloc_compact.zs_compact(self.state.mem, 0)


def drawn(lengths: NDArray[np.int64], objects: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return that many lengths: those given in their order, then others drawn from them."""
    more = lengths[rng.integers(0, len(lengths), max(objects - len(lengths), 0))]
    return np.concatenate([lengths, more])[:objects]


@described(
    {
        "stored": ("pages", "pages stored, the same in every allocator"),
        **{f"{name}_pages": ("frames", f"frames of the pool of {name}") for name in ALLOCATORS},
        **{
            f"{name}_thinned": ("frames", f"the same after pages were freed at random, {name}")
            for name in ALLOCATORS
        },
        **{
            f"{name}_compacted": ("frames", f"the same after the allocator's compaction, {name}")
            for name in ALLOCATORS
        },
    }
)
@checked()
def pool_pages(
    content: Annotated[str, Choice(tuple(corpus.RECIPES)), "recipe of the pages"],
    using: Annotated[str, COMPRESSOR, "compressor"],
    *,
    objects: Annotated[int, Whole(1, 1 << 20), "pages to store"] = 2048,
    seed: int,
) -> dict[str, Any]:
    """Count the frames of a pool for the same compressed pages in each allocator.

    Same-filled pages and those too long for zbud are left out. Then half of the pages, drawn at
    random, are freed, and zsmalloc's shrinker runs.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    lengths = compressed(content, using, DISTINCT, seed)
    lengths = lengths[lengths + ZSWAP_HEADER_SIZE <= ZBUD_MAX_SIZE]
    chosen = drawn(lengths, objects, rng)
    freed = np.sort(rng.permutation(len(chosen))[: len(chosen) // 2])
    found: dict[str, Any] = {"stored": len(chosen)}
    for name in ALLOCATORS:
        pool = Pool(name, len(chosen))
        pool.store(chosen)
        found[f"{name}_pages"] = pool.pages
        pool.free(freed)
        found[f"{name}_thinned"] = pool.pages
        pool.compact()
        found[f"{name}_compacted"] = pool.pages
    return found
