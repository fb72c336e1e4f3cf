"""Counting pages for objects of given sizes, against trying everything."""

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zbudlab import Machine
from zbudlab.analysis import packing
from zbudlab.machine.core import LAB_POOL

DATA = Path(__file__).parents[1] / "data" / "truth"
SIZES = st.lists(st.integers(1, packing.ZBUD_MAX_SIZE), max_size=9)


def fewest_by_trying(chunks):
    """The fewest pages of all ways to pair objects."""

    @cache
    def best(left):
        if not left:
            return 0
        first, rest = left[0], left[1:]
        alone = best(rest)
        pairs = (
            best(rest[:i] + rest[i + 1 :])
            for i in range(len(rest))
            if first + rest[i] <= packing.USABLE_CHUNKS
        )
        return 1 + min([alone, *pairs])

    return best(tuple(chunks))


@given(SIZES)
def test_no_pairing_needs_fewer_pages(sizes):
    assert packing.fewest_pages(sizes) == fewest_by_trying([-(-size // 64) for size in sizes])


@given(SIZES)
def test_zbud_never_needs_fewer_and_never_twice_as_many(sizes):
    machine = Machine(frames=64, page_bytes=False, log=False)
    for size in sizes:
        machine.zbud_alloc(size)
    pages = int(machine.state.pools[LAB_POOL]["pages_nr"])
    assert packing.fewest_pages(sizes) <= pages <= 2 * packing.fewest_pages(sizes)


def test_zsmalloc_packs_across_pages():
    # 1352 bytes and a handle are 1360: three to a page leave 16 bytes.
    assert packing.zsmalloc_class(1352) == (1360, 1, 3)
    assert packing.zsmalloc_pages([1352] * 6) == 2
    # 3072 of a class: four objects fill three pages, nothing left over.
    assert packing.zsmalloc_class(3064) == (3072, 3, 4)
    assert packing.zsmalloc_pages([3064] * 5) == 6


def test_in_a_large_pool_no_zspage_is_half_empty():
    sizes = [1352, 1352, 3064]
    assert packing.zsmalloc_pages(sizes) == 4
    assert packing.zsmalloc_pages(sizes, large_pool=True) == 2  # 2/3 and 3/4 of a page
    many = packing.zsmalloc_pages(sizes * 1200)
    assert many == packing.zsmalloc_pages(sizes * 1200, large_pool=True) == 1700


def test_sizes_that_pack_alike_share_a_class():
    assert packing.zsmalloc_class(4000) == packing.zsmalloc_class(3600) == (4096, 1, 1)
    assert len(set(packing.size_classes())) < 128 < len(packing.size_classes()) == 255


RECORDED = json.loads(gzip.decompress((DATA / "zsmalloc_runs.json.gz").read_bytes()))


@pytest.mark.parametrize("run", RECORDED, ids=lambda run: run["run"])
def test_a_running_kernels_zsmalloc_took_as_many_pages_after_every_store(run):
    """Pool pages of zswap 6.1 as 2048 pages were stored; length -1 = the page took no place."""
    taken, counts = [], Counter()
    pages = 0
    for length in run["lengths"]:
        if length >= 0:
            one = packing.zsmalloc_class(length)
            pages += one.pages if counts[one] % one.objects == 0 else 0
            counts[one] += 1
        taken.append(pages)
    assert taken == run["pool_pages"]
    assert packing.zsmalloc_pages(length for length in run["lengths"] if length >= 0) == pages


@pytest.mark.parametrize("size", [0, 3969, -5])
def test_zbud_sizes_are_held_to(size):
    with pytest.raises(ValueError, match=f"not {size}"):
        packing.fewest_pages([size])


@pytest.mark.parametrize("size", [0, 4097])
def test_zsmalloc_sizes_are_held_to(size):
    with pytest.raises(ValueError, match=f"not {size}"):
        packing.zsmalloc_pages([size])
