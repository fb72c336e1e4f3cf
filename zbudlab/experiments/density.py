"""Density: how many pages zbud needs for compressed pages, compared with the fewest possible."""

from typing import Annotated, Any

import numpy as np

from zbudlab.analysis import packing
from zbudlab.content import corpus
from zbudlab.content.compressors import compress_pages, compressor
from zbudlab.experiments.parameters import COMPRESSOR
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice, Whole
from zbudlab.layout import ZBUD_MAX_SIZE, ZSWAP_HEADER_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.core import LAB_POOL
from zbudlab.sweep.description import described

ROUNDS = 8  #: how often half of the objects are freed and stored again


def compressed(content: str, using: str, pages: int, seed: int) -> np.ndarray:
    """Return the compressed lengths of pages of a recipe, bytes, int64.

    Same-filled pages, and pages that do not get shorter, are left out.
    """
    made = corpus.pages(content, pages, seed)
    lengths = compress_pages(compressor(using), made, np.empty_like(made)).astype(np.int64)
    same = (made.view(np.uint64) == made.view(np.uint64)[:, :1]).all(axis=1)
    return lengths[(lengths > 0) & ~same]


def _churn(machine: Machine, stored: list[int], rng: np.random.Generator) -> tuple[int, int]:
    """Store objects, then free and store half of them again, ROUNDS times.

    Return the pages of the pool before and after.
    """
    pool = machine.state.pools[LAB_POOL : LAB_POOL + 1]["pages_nr"]
    handles = [machine.zbud_alloc(size) for size in stored]
    filled = int(pool[0])
    for _ in range(ROUNDS):
        freed = rng.permutation(len(stored))[: len(stored) // 2].tolist()
        for place in freed:
            machine.zbud_free(handles[place])
        for place in rng.permutation(freed).tolist():
            handles[place] = machine.zbud_alloc(stored[place])
    return filled, int(pool[0])


@described(
    {
        "stored": ("pages", "pages that zbud takes"),
        "refused": ("pages", "pages that are too long for zbud when compressed"),
        "mean_length": ("bytes", "mean compressed length of the pages taken"),
        "zbud_pages": ("frames", "frames of the pool, objects stored as they come"),
        "churned_pages": ("frames", "the same after objects were freed and stored again"),
        "fewest_pages": ("frames", "frames of the best possible pairing of objects"),
        "zsmalloc_pages": ("frames", "frames that zsmalloc needs, without holes"),
    }
)
@checked()
def density(
    content: Annotated[str, Choice(tuple(corpus.RECIPES)), "recipe of the pages"],
    using: Annotated[str, COMPRESSOR, "compressor"],
    *,
    pages: Annotated[int, Whole(1, 1 << 20), "pages to compress"] = 4096,
    seed: int,
) -> dict[str, Any]:
    """Count the frames that zbud needs for the pages of a recipe, as zswap 6.1 stores them.

    Same-filled pages and those that do not compress need no frame in any allocator.
    churned_pages: frames after half of the objects, drawn at random, were freed and stored again
    in another order, eight times.
    """
    lengths = compressed(content, using, pages, seed)
    sizes = lengths + ZSWAP_HEADER_SIZE
    stored = sizes[sizes <= ZBUD_MAX_SIZE].tolist()
    machine = Machine(frames=max(2 * pages, 1024), page_bytes=False, zswap=False, log=False)
    filled, churned = _churn(machine, stored, np.random.Generator(np.random.PCG64(seed)))
    return {
        "stored": len(stored),
        "refused": len(lengths) - len(stored),
        "mean_length": float(np.mean(stored)) - ZSWAP_HEADER_SIZE if stored else 0.0,
        "zbud_pages": filled,
        "churned_pages": churned,
        "fewest_pages": packing.fewest_pages(stored),
        "zsmalloc_pages": packing.zsmalloc_pages(n - ZSWAP_HEADER_SIZE for n in stored),
    }
