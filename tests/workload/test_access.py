"""Access patterns draw the pages that they promise."""

import numpy as np

from zbudlab.workload import (
    access,
)


class TestAccess:
    rng = np.random.Generator(np.random.PCG64(1))

    def test_sequential_starts_over(self):
        pattern = access.Sequential(5)
        assert pattern.next_pages(3).tolist() == [0, 1, 2]
        assert pattern.next_pages(4).tolist() == [3, 4, 0, 1]

    def test_random_uses_all_alike(self):
        counts = np.bincount(access.Random(10, self.rng).next_pages(10_000), minlength=10)
        assert counts.min() > 800

    def test_zipf_follows_its_law(self):
        counts = np.bincount(access.Zipf(50, self.rng, 1.0).next_pages(100_000), minlength=50)
        ranked = np.sort(counts)[::-1]
        wanted = 1 / np.arange(1, 51)
        assert np.allclose(ranked / 100_000, wanted / wanted.sum(), atol=0.01)
        assert np.argmax(counts) != 0 or np.argsort(-counts)[1] != 1  # not in page order

    def test_a_working_set_moves(self):
        pattern = access.WorkingSet(1000, self.rng, 0.1, 0.05)
        first = set(pattern.next_pages(5000).tolist())
        second = set(pattern.next_pages(5000).tolist())
        assert len(first) == len(second) == 100
        assert len(first & second) == 50
        assert len(access.WorkingSet(7, self.rng, 0, 0).next_pages(3)) == 3
