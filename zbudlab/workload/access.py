"""Access patterns: which pages of a region are used next.

A pattern's `next_pages(count)` draws the pages of one step, int64 (count,), numbered from 0 within
the region. All randomness comes from the generator that the pattern was given.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PageNumbers = NDArray[np.int64]


class Pattern(Protocol):
    """Draws the pages of each step."""

    def next_pages(self, count: int) -> PageNumbers:
        """Return the pages used in the next step, in order, int64 (count,)."""


class Sequential:
    """Pages in order, starting over after the last one."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.position = 0

    def next_pages(self, count: int) -> PageNumbers:
        drawn = (self.position + np.arange(count)) % self.pages
        self.position = (self.position + count) % self.pages
        return drawn


class Random:
    """Any page, all equally likely."""

    def __init__(self, pages: int, rng: np.random.Generator) -> None:
        self.pages = pages
        self.rng = rng

    def next_pages(self, count: int) -> PageNumbers:
        return self.rng.integers(self.pages, size=count)


class Zipf:
    """The page of rank r in proportion to 1 / r^skew. Ranks are drawn once."""

    def __init__(self, pages: int, rng: np.random.Generator, skew: float) -> None:
        weights = np.arange(1, pages + 1, dtype=np.float64) ** -skew
        self.bounds = np.cumsum(weights) / weights.sum()
        self.page = rng.permutation(pages)
        self.rng = rng

    def next_pages(self, count: int) -> PageNumbers:
        ranks = np.searchsorted(self.bounds, self.rng.random(count), side="right")
        return self.page[np.minimum(ranks, len(self.page) - 1)]


class WorkingSet:
    """Any page of a window that moves by a share of the region after each step."""

    def __init__(
        self, pages: int, rng: np.random.Generator, working_set: float, shift: float
    ) -> None:
        self.pages = pages
        self.rng = rng
        self.window = max(round(working_set * pages), 1)
        self.shift = shift * pages
        self.start = float(rng.integers(pages))

    def next_pages(self, count: int) -> PageNumbers:
        drawn = (int(self.start) + self.rng.integers(self.window, size=count)) % self.pages
        self.start = (self.start + self.shift) % self.pages
        return drawn
