"""Pools without zswap: where their objects are, in every allocator.

Also tests `experiments/pool_pages.py` and `lessons/zspages.py`.
"""

import numpy as np
import pytest

from zbudlab.analysis import packing
from zbudlab.analysis.single_pool import ALLOCATORS, HEADER, Pool
from zbudlab.experiments import pool_pages
from zbudlab.layout import PAGE_SIZE
from zbudlab.lessons import zspages


@pytest.fixture(scope="module")
def lengths():
    return np.random.default_rng(1).integers(100, 3900, 300)


@pytest.mark.parametrize("name", ALLOCATORS)
class TestContents:
    def test_every_object_is_there_as_a_whole_and_nothing_overlaps(self, name, lengths):
        pool = Pool(name, len(lengths))
        pool.store(lengths)
        pool.free(np.arange(0, len(lengths), 3))
        groups = pool.contents()
        assert zspages.pages_of(groups) == pool.pages
        found = np.zeros(len(lengths), int)
        for page in [page for group in groups for page in group]:
            assert all(0 <= piece.start < piece.end <= PAGE_SIZE for piece in page)
            edges = [edge for piece in page for edge in piece[:2]]
            assert edges == sorted(edges)
            for piece in page:
                if piece.number != HEADER:
                    found[piece.number] += piece.end - piece.start
        stays = np.arange(len(lengths)) % 3 != 0
        assert np.array_equal(found, np.where(stays, lengths + pool.header, 0))

    def test_only_zsmalloc_joins_pages_and_has_no_header(self, name, lengths):
        pool = Pool(name, len(lengths))
        pool.store(lengths)
        groups = pool.contents()
        zsmalloc = name.startswith("zsmalloc")
        assert any(len(group) > 1 for group in groups) is zsmalloc
        headers = [page[0].number == HEADER for group in groups for page in group if page]
        assert all(headers) is not zsmalloc


def test_compaction_of_a_pool_keeps_the_objects_and_frees_pages(lengths):
    pool = Pool("zsmalloc_7_3", len(lengths))
    pool.store(lengths)
    pool.free(np.arange(0, len(lengths), 2))
    before = pool.pages
    pool.compact()
    numbers = {piece.number for group in pool.contents() for page in group for piece in page}
    assert pool.pages < before
    assert numbers == set(range(1, len(lengths), 2))


class TestLesson:
    def test_an_object_goes_to_the_class_that_the_lesson_names(self):
        for length in (20, 100, 1300, 1528, 1529, 2500, 3300, 3700, 4096):
            for chain in zspages.CHAINS:
                found = zspages.class_of(length, chain)
                group = zspages.zspage(length, chain)
                numbers = {piece.number for page in group for piece in page}
                assert (len(group), len(numbers)) == (found.pages, found.places)
                assert found.size >= length
                assert 0 <= found.tail < found.size

    def test_chains_of_four_differ_from_the_arithmetic_of_6_1_in_few_classes(self):
        ours = [tuple(each) for each in zspages.classes(4)]
        older = [tuple(each) for each in packing.size_classes()]
        assert 0 < sum(a != b for a, b in zip(ours, older, strict=True)) < 12

    def test_waste_is_the_rest_of_the_zspage(self):
        for length in (700, 1300, 2500, 3500):
            found, waste = zspages.class_of(length), zspages.waste_of(length)
            used = found.places * (length + waste.inside + waste.outside)
            assert used == pytest.approx(found.pages * PAGE_SIZE)

    def test_pools_of_recorded_lengths_have_the_kernels_ratios(self):
        """As in findings/ratio.md, from the counters of running kernels."""
        found = {name: round(ratio, 2) for name, ratio in zspages.recorded_ratios().items()}
        assert found == {
            "half, lz4": 0.84,
            "binary, zstd": 0.95,
            "mixed, zstd": 1.03,
            "mixed, lz4": 1.15,
            "text, lz4": 1.27,
            "text, zstd": 1.32,
        }

    def test_a_blend_goes_from_one_content_to_the_other(self):
        assert np.array_equal(zspages.blended(0), zspages.recorded("half", "lz4"))
        assert np.array_equal(zspages.blended(100), zspages.recorded("text", "zstd"))
        ratios = [zspages.needs(zspages.blended(text)).ratio for text in (0, 50, 100)]
        assert ratios == sorted(ratios)
        with pytest.raises(ValueError, match="no lengths of music by lz4"):
            zspages.recorded("music", "lz4")

    def test_a_longer_chain_pays_only_in_a_large_pool(self):
        small, large = zspages.chain_pages((500, 20000))
        assert small[1] < small[2]
        assert large[1] > large[2]

    def test_moments_of_a_thinned_pool(self):
        moments = zspages.thinned()
        pages = [zspages.pages_of(groups) for groups in moments.values()]
        assert pages[0] > pages[1] > pages[2]

    def test_rivals_store_the_same(self):
        for groups in zspages.rivals(1000, 9).values():
            numbers = {p.number for group in groups for page in group for p in page}
            assert numbers - {HEADER} == set(range(9))


def test_the_experiment_counts_the_pages_of_the_same_pools():
    row = pool_pages.pool_pages("text", "lz4", objects=64, seed=0)
    assert row["zsmalloc_7_3_compacted"] <= row["zsmalloc_7_3_thinned"]
    assert row["zbud_pages"] >= row["stored"] / 2
