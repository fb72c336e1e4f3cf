"""Counting pages for objects of given sizes, against trying everything."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zbudlab import Machine, packing
from zbudlab.operations import LAB_POOL

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
    assert packing.zsmalloc_class(1352) == 1360
    assert packing.pages_per_zspage(1360) == 1
    assert packing.zsmalloc_pages([1352] * 6) == 2
    # 3072 of a class: four objects lie in three pages, nothing left over.
    assert packing.pages_per_zspage(3072) == 3
    assert packing.zsmalloc_pages([3064] * 5) == 6


@pytest.mark.parametrize("size", [0, 3969, -5])
def test_zbud_sizes_are_held_to(size):
    with pytest.raises(ValueError, match=f"not {size}"):
        packing.fewest_pages([size])


@pytest.mark.parametrize("size", [0, 4097])
def test_zsmalloc_sizes_are_held_to(size):
    with pytest.raises(ValueError, match=f"not {size}"):
        packing.zsmalloc_pages([size])
