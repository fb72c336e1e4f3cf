"""Pool pages: how many frames each allocator takes for the same compressed pages."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from zbudlab.analysis.single_pool import ALLOCATORS, Pool
from zbudlab.content import corpus
from zbudlab.experiments.density import compressed
from zbudlab.experiments.parameters import COMPRESSOR
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice, Whole
from zbudlab.layout import ZBUD_MAX_SIZE, ZSWAP_HEADER_SIZE
from zbudlab.sweep.description import described

DISTINCT = 2048  #: pages that are compressed; longer pools repeat their lengths at random


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
