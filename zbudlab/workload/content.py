"""What stands in the pages of a workload.

A content is named in one of these ways:

- a recipe of `zbudlab.corpus` ("text", "binary", "zero", "same", "random", "half", "mixed"): the
  compressed size of every page is known, as the pages are the same everywhere;
- a mixture of these by weight: {text = 5, zero = 1};
- "file:PATH", a file or a folder, PATH beginning at the workload's own folder.

A content has a limited number of pages that differ (DISTINCT); a process begins at a place of its
own in them and starts over at the end.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zbudlab import corpus
from zbudlab.compressors import Compressor
from zbudlab.layout import PAGE_SIZE
from zbudlab.machine import Machine
from zbudlab.oplog import Recording
from zbudlab.sources import read_content
from zbudlab.swapping import compressed_lengths, same_filled
from zbudlab.workload.language import WorkloadError

DISTINCT = 1024
FILE = "file:"


class Pages:
    """Pages that differ, uint8 (n, 4096), and what they compress to."""

    def __init__(self, pages: NDArray[np.uint8]) -> None:
        self.pages = pages
        self._lengths: dict[tuple[str, bool], NDArray[np.int32]] = {}

    def __len__(self) -> int:
        return len(self.pages)

    def for_machine(self, machine: Machine, numbers: NDArray[np.int64]) -> NDArray:
        """What `machine.write` takes for these pages: bytes, or lengths where it has no bytes."""
        if machine.config.page_bytes:
            return self.pages[numbers]
        return self.lengths(machine.compressor, modern=machine.swap.modern)[numbers]

    def lengths(self, using: Compressor, *, modern: bool) -> NDArray[np.int32]:
        """Compressed length of each page as zswap takes it, kept by name; 0 = same-filled (6.1)."""
        key = (using.name, modern)
        if key not in self._lengths:
            inner = using.inner if isinstance(using, Recording) else using
            scratch = np.empty_like(self.pages)
            found = compressed_lengths(inner, self.pages, scratch, 1, modern=modern)
            if modern:
                found[same_filled(self.pages)] = 0
            self._lengths[key] = found
        return self._lengths[key]


def content(named: str | Mapping[str, float], seed: int, folder: Path) -> Pages:
    """The pages of a content; WorkloadError for one that there is not, SourceError for files."""
    if isinstance(named, str) and named.startswith(FILE):
        return Pages(read_content([folder / named[len(FILE) :]], DISTINCT).pages)
    weights = {named: 1.0} if isinstance(named, str) else dict(named)
    for recipe, weight in weights.items():
        if recipe not in corpus.RECIPES:
            known = ", ".join(corpus.RECIPES)
            raise WorkloadError(f"no content {recipe!r}: there are {known}, and {FILE}PATH")
        if not isinstance(weight, (int, float)) or weight <= 0:
            raise WorkloadError(f"content {recipe}: its weight must be above 0, not {weight!r}")
    return _recipes(tuple(weights.items()), seed)


@lru_cache(maxsize=32)
def _recipes(weights: tuple[tuple[str, float], ...], seed: int) -> Pages:
    """A mixture: shares as the weights have them, spread evenly over the pages."""
    total = sum(weight for _, weight in weights)
    bounds = np.cumsum([weight / total for _, weight in weights])
    spread = np.arange(DISTINCT) * 0.6180339887498949 % 1  # any stretch has all of them
    kinds = np.minimum(np.searchsorted(bounds, spread, side="right"), len(weights) - 1)
    made = np.empty((DISTINCT, PAGE_SIZE), np.uint8)
    for kind, (recipe, _) in enumerate(weights):
        (here,) = np.nonzero(kinds == kind)
        made[here] = corpus.pages(recipe, len(here), seed)
    return Pages(made)
