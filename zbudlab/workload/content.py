"""The content of a workload's pages.

A content is named in one of these ways:

- a recipe of `zbudlab.content.corpus` ("text", "binary", "zero", "same", "random", "half",
  "mixed"): its pages, and so their compressed sizes, are the same everywhere;
- "file:PATH", a file or a folder; PATH is relative to the workload's own folder;
- "process:PID", a live process of the same user ("process:self" is this one), on Linux. Its pages
  are read once and then stay the same until Python exits; a saved log has them only on request;
- a mixture of these by weight: {text = 5, zero = 1}.

A content has DISTINCT different pages. Each process starts at a random one of them and goes on from
the first after the last.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zbudlab.content import corpus
from zbudlab.content.compressors import Compressor
from zbudlab.content.sources import read_content, read_process
from zbudlab.layout import PAGE_SIZE
from zbudlab.machine import Machine
from zbudlab.machine.oplog import Recording
from zbudlab.profiles import Profile
from zbudlab.swap.compression import compressed_lengths, without_object
from zbudlab.workload.checks import FILE, PROCESS, ContentSpec, weights_of

DISTINCT = 1024
GOLDEN = 0.6180339887498949


class ContentPages:
    """Different pages, uint8 (n, 4096), and their compressed lengths.

    private: whether they are pages of a live process.
    """

    def __init__(self, pages: NDArray[np.uint8], *, private: bool = False) -> None:
        self.pages = pages
        self.private = private
        self._lengths: dict[tuple[str, Profile], NDArray[np.int32]] = {}

    def __len__(self) -> int:
        return len(self.pages)

    def for_machine(self, machine: Machine, numbers: NDArray[np.int64]) -> NDArray:
        """Return pages as `machine.write` takes them: bytes, or lengths if it has no bytes."""
        if machine.log is not None and self.private:
            machine.log.private = True
        if machine.config.page_bytes:
            return self.pages[numbers]
        return self.lengths(machine.compressor, rules=machine.swap.rules)[numbers]

    def lengths(self, using: Compressor, *, rules: Profile) -> NDArray[np.int32]:
        """Return the compressed length of each page, int32 (n,).

        0 = same-filled or zeros, where the rules know that. Lengths are computed once for each
        compressor and rules.
        """
        key = (using.name, rules)
        if key not in self._lengths:
            inner = using.inner if isinstance(using, Recording) else using
            scratch = np.empty_like(self.pages)
            found = compressed_lengths(inner, self.pages, scratch, 1, rules=rules)
            found[without_object(self.pages, rules=rules)] = 0
            self._lengths[key] = found
        return self._lengths[key]


def content(named: ContentSpec, seed: int, folder: Path) -> ContentPages:
    """Return the pages of a content.

    WorkloadError for an unknown content, SourceError for files or processes that cannot be read.
    """
    return _mixture(tuple(weights_of(named).items()), seed, folder)


@lru_cache(maxsize=32)
def _mixture(weights: tuple[tuple[str, float], ...], seed: int, folder: Path) -> ContentPages:
    """Return pages in proportion to their weights, spread evenly."""
    bounds = np.cumsum([weight for _, weight in weights])
    spread = np.arange(DISTINCT) * GOLDEN % 1  # so any stretch has all kinds
    kinds = np.searchsorted(bounds / bounds[-1], spread, side="right")
    made = np.empty((DISTINCT, PAGE_SIZE), np.uint8)
    for number, (kind, _) in enumerate(weights):
        (here,) = np.nonzero(kinds == number)
        if len(here):
            made[here] = _pages(kind, len(here), seed, folder)
    return ContentPages(made, private=any(kind.startswith(PROCESS) for kind, _ in weights))


def _pages(kind: str, count: int, seed: int, folder: Path) -> NDArray[np.uint8]:
    """Return pages of one kind, uint8 (count, 4096); shorter files are repeated."""
    if kind in corpus.RECIPES:
        return corpus.pages(kind, count, seed)
    if kind.startswith(FILE):
        found = read_content([folder / kind[len(FILE) :]], count)
    else:
        found = read_process(kind[len(PROCESS) :], count)
    return np.resize(found.pages, (count, PAGE_SIZE))
