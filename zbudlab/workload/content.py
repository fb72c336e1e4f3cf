"""What stands in the pages of a workload.

A content is named in one of these ways:

- a recipe of `content.corpus` ("text", "binary", "zero", "same", "random", "half", "mixed"): the
  compressed size of every page is known, as the pages are the same everywhere;
- "file:PATH", a file or a folder, PATH beginning at the workload's own folder;
- "process:PID", a live process of one's own ("process:self" is this one), on Linux. What was read
  stays the same while this Python runs; a log saved of it leaves the bytes out unless told;
- a mixture of these by weight: {text = 5, zero = 1}.

A content has a limited number of pages that differ (DISTINCT); a process begins at a place of its
own in them and starts over at the end.
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
from zbudlab.swap.compression import compressed_lengths, same_filled
from zbudlab.workload.checks import FILE, PROCESS, Content, weights_of

DISTINCT = 1024
GOLDEN = 0.6180339887498949


class Pages:
    """Pages that differ, uint8 (n, 4096), and what they compress to.

    private: they are of a live process.
    """

    def __init__(self, pages: NDArray[np.uint8], *, private: bool = False) -> None:
        self.pages = pages
        self.private = private
        self._lengths: dict[tuple[str, Profile], NDArray[np.int32]] = {}

    def __len__(self) -> int:
        return len(self.pages)

    def for_machine(self, machine: Machine, numbers: NDArray[np.int64]) -> NDArray:
        """What `machine.write` takes for these pages: bytes, or lengths where it has no bytes."""
        if machine.log is not None and self.private:
            machine.log.private = True
        if machine.config.page_bytes:
            return self.pages[numbers]
        return self.lengths(machine.compressor, rules=machine.swap.rules)[numbers]

    def lengths(self, using: Compressor, *, rules: Profile) -> NDArray[np.int32]:
        """Compressed length of each page as zswap takes it, kept by name; 0 = same-filled (6.1)."""
        key = (using.name, rules)
        if key not in self._lengths:
            inner = using.inner if isinstance(using, Recording) else using
            scratch = np.empty_like(self.pages)
            found = compressed_lengths(inner, self.pages, scratch, 1, rules=rules)
            if rules.same_filled:
                found[same_filled(self.pages)] = 0
            self._lengths[key] = found
        return self._lengths[key]


def content(named: Content, seed: int, folder: Path) -> Pages:
    """The pages of a content; WorkloadError for one that there is not, SourceError for files."""
    return _mixture(tuple(weights_of(named).items()), seed, folder)


@lru_cache(maxsize=32)
def _mixture(weights: tuple[tuple[str, float], ...], seed: int, folder: Path) -> Pages:
    """Shares as the weights have them, spread evenly over the pages."""
    bounds = np.cumsum([weight for _, weight in weights])
    spread = np.arange(DISTINCT) * GOLDEN % 1  # so any stretch has all of them
    kinds = np.searchsorted(bounds / bounds[-1], spread, side="right")
    made = np.empty((DISTINCT, PAGE_SIZE), np.uint8)
    for number, (kind, _) in enumerate(weights):
        (here,) = np.nonzero(kinds == number)
        if len(here):
            made[here] = _pages(kind, len(here), seed, folder)
    return Pages(made, private=any(kind.startswith(PROCESS) for kind, _ in weights))


def _pages(kind: str, count: int, seed: int, folder: Path) -> NDArray[np.uint8]:
    """That many pages of one kind, uint8 (count, 4096); files shorter than that start over."""
    if kind in corpus.RECIPES:
        return corpus.pages(kind, count, seed)
    if kind.startswith(FILE):
        found = read_content([folder / kind[len(FILE) :]], count)
    else:
        found = read_process(kind[len(PROCESS) :], count)
    return np.resize(found.pages, (count, PAGE_SIZE))
