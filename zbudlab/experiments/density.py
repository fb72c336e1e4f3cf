"""Density: how many pages zbud needs for compressed pages, beside the fewest that could do."""

from typing import Any

import numpy as np

from zbudlab.analysis import packing
from zbudlab.content import corpus
from zbudlab.content.compressors import compress_pages, compressor
from zbudlab.layout import ZBUD_MAX_SIZE, ZSWAP_HEADER_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL


def compressed(content: str, using: str, pages: int, seed: int) -> np.ndarray:
    """Lengths of that many pages of a recipe, bytes; those that do not fit in a page left out."""
    made = corpus.pages(content, pages, seed)
    lengths = compress_pages(compressor(using), made, np.empty_like(made)).astype(np.int64)
    same = (made.view(np.uint64) == made.view(np.uint64)[:, :1]).all(axis=1)
    return lengths[(lengths > 0) & ~same]


def density(content: str, using: str, *, pages: int = 4096, seed: int) -> dict[str, Any]:
    """Pages of zbud for the pages of a recipe that it takes, as zswap 6.1 would store them.

    using: a compressor. Same-filled pages and those that do not compress take no place anywhere.
    zbud_pages: as they come. churned_pages: after half of them, drawn at random, were freed and
    stored again in another order, eight times. fewest_pages: the best pairing there is.
    zsmalloc_pages: as zsmalloc packs the same pages, with no holes.
    """
    lengths = compressed(content, using, pages, seed)
    sizes = lengths + ZSWAP_HEADER_SIZE
    stored = sizes[sizes <= ZBUD_MAX_SIZE].tolist()
    machine = Machine(frames=2 * pages, page_bytes=False, zswap=False, log=False)
    pool = machine.state.pools[LAB_POOL : LAB_POOL + 1]["pages_nr"]
    handles = [machine.zbud_alloc(size) for size in stored]
    filled = int(pool[0])
    rng = np.random.Generator(np.random.PCG64(seed))
    for _ in range(8):
        out = rng.permutation(len(stored))[: len(stored) // 2].tolist()
        for place in out:
            machine.zbud_free(handles[place])
        for place in rng.permutation(out).tolist():
            handles[place] = machine.zbud_alloc(stored[place])
    return {
        "stored": len(stored),
        "refused": len(lengths) - len(stored),
        "mean_length": float(np.mean(stored)) - ZSWAP_HEADER_SIZE if stored else 0.0,
        "zbud_pages": filled,
        "churned_pages": int(pool[0]),
        "fewest_pages": packing.fewest_pages(stored),
        "zsmalloc_pages": packing.zsmalloc_pages(n - ZSWAP_HEADER_SIZE for n in stored),
    }
