"""Requests for pages of a CMA area against a naive twin; the bitmap of `mm/cma.py`."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.mm import cma


def area_of(base, pages, order):
    area = np.zeros(1, layout.cma_area)
    area[0] = base, pages, order
    return area, np.zeros(pages >> order, np.uint8)


class Twin:
    """The pages of an area that are held: runs are found by looking at every page."""

    def __init__(self, base, pages, order):
        self.base, self.pages, self.step = base, pages, 1 << order
        self.held = set()

    def covered(self, pfn, count):
        first = (pfn - self.base) // self.step * self.step
        last = -(-(pfn - self.base + count) // self.step) * self.step
        return {self.base + page for page in range(first, last)}

    def find(self, start, count, align):
        for pfn in range(start, self.base + self.pages):
            wanted = self.covered(pfn, count)
            if (pfn - self.base) % self.step or (align and pfn % (1 << align)):
                continue
            if max(wanted) < self.base + self.pages and not wanted & self.held:
                return pfn
        return -layout.ENOMEM


@pytest.mark.parametrize(("base", "pages", "order"), [
    (1024, 96, 0), (1024, 96, 2), (1024 + 8, 96, 0), (1024 + 8, 64, 3), (40, 64, 1),
])  # fmt: skip
def test_runs_are_those_of_the_naive_twin(base, pages, order):
    rng = np.random.Generator(np.random.PCG64(base + pages + order))
    area, bitmap = area_of(base, pages, order)
    twin, held = Twin(base, pages, order), []
    refused = 0
    for _ in range(400):
        if held and rng.random() < 0.45:
            pfn, count = held.pop(int(rng.integers(len(held))))
            cma.cma_mark(area, bitmap, pfn, count, 0)
            twin.held -= twin.covered(pfn, count)
        count, align = int(rng.integers(1, 20)), int(rng.integers(0, 6))
        start = base + int(rng.integers(0, 3)) * twin.step
        wanted = twin.find(start, count, align)
        assert cma.cma_reserve(area, bitmap, start, count, align) == wanted
        if wanted >= 0:
            twin.held |= twin.covered(wanted, count)
            held.append((wanted, count))
        refused += wanted < 0
        assert sorted(twin.held) == (base + np.flatnonzero(bitmap.repeat(twin.step))).tolist()
    assert 0 < refused < 400


@pytest.mark.parametrize("count", [0, -1, 65, 1 << 40])
def test_requests_for_nothing_or_more_than_the_area_are_refused(count):
    area, bitmap = area_of(1024, 64, 0)
    assert cma.cma_reserve(area, bitmap, 1024, count, 0) == -layout.ENOMEM
    assert not bitmap.any()


def test_a_part_of_a_bit_counts_as_one():
    area, bitmap = area_of(1024, 64, 4)
    assert cma.cma_reserve(area, bitmap, 1024, 17, 0) == 1024
    assert cma.cma_reserve(area, bitmap, 1024, 1, 0) == 1024 + 32
    assert bitmap.tolist() == [1, 1, 1, 0]
    assert cma.cma_reserve(area, bitmap, 1024, 17, 0) == -layout.ENOMEM


@pytest.mark.parametrize(("order", "align"), [(o, a) for o in (0, 3) for a in (0, 2, 5)])
def test_after_a_busy_run_the_next_aligned_one_is_tried(order, align):
    area, bitmap = area_of(1024, 512, order)
    first = cma.cma_reserve(area, bitmap, 1024, 8, align)
    cma.cma_mark(area, bitmap, first, 8, 0)
    again = cma.cma_reserve(area, bitmap, cma.after_busy(area, first, align), 8, align)
    assert again - first == 1 << max(order, align)
