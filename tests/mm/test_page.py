"""struct page: addresses, references, flags, and what its map count says it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zbudlab import jit, layout
from zbudlab.mm import page
from zbudlab.mm.state import zeros


@pytest.fixture
def one():
    record = np.zeros(1, layout.page)[0]
    page.reset_page_mapcount(record)
    return record


@given(pfn=st.integers(0, 2**32 - 1), offset=st.integers(0, layout.PAGE_SIZE - 1))
def test_every_byte_of_a_page_lies_in_its_frame(pfn, offset):
    address = page.page_address(pfn) + offset
    assert address == pfn * 4096 + offset
    assert page.address_pfn(address) == pfn


def test_the_last_reference_says_so(one):
    one["refcount"] = 1
    page.get_page(one)
    assert page.page_count(one) == 2
    assert not page.put_page_testzero(one)
    assert page.put_page_testzero(one)
    assert page.page_count(one) == 0


KINDS = [
    (-1, (False, False, False)),
    (layout.PAGE_BUDDY_MAPCOUNT_VALUE, (True, False, False)),
    (layout.PAGE_ZBUD_MAPCOUNT_VALUE, (False, True, False)),
    (0, (False, False, True)),
    (3, (False, False, True)),
]


@pytest.mark.parametrize(("mapcount", "kind"), KINDS)
def test_the_map_count_tells_what_a_page_is(one, mapcount, kind):
    one["mapcount"] = mapcount
    assert (page.page_buddy(one), page.page_zbud(one), page.page_mapped(one)) == kind


def test_a_zbud_page_is_marked_and_unmarked(one):
    page.set_page_zbud(one)
    assert page.page_zbud(one)
    page.reset_page_mapcount(one)
    assert not page.page_zbud(one)


FLAGS = [getattr(layout, name) for name in dir(layout) if name.startswith("PG_")]


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_changes_no_other(one, flag):
    others = sum(FLAGS) - flag
    one["page_flags"] = others
    page.set_flag(one, flag)
    assert one["page_flags"] == sum(FLAGS)
    page.clear_flag(one, flag)
    assert one["page_flags"] == others
    page.clear_flag(one, flag)
    assert one["page_flags"] == others


def test_flags_are_distinct_bits_of_the_flag_word():
    assert len(FLAGS) == len(set(FLAGS)) == int(sum(FLAGS)).bit_count()
    assert sum(FLAGS) <= np.iinfo(layout.page["page_flags"]).max


def test_lru_pages_are_those_with_the_flag(one):
    assert not page.page_lru(one)
    page.set_flag(one, layout.PG_LRU)
    assert page.page_lru(one)


def test_a_page_is_locked_once(one):
    page.set_flag(one, layout.PG_DIRTY)
    assert page.trylock_page(one)
    assert not page.trylock_page(one)
    page.unlock_page(one)
    assert one["page_flags"] == layout.PG_DIRTY
    assert page.trylock_page(one)


@pytest.mark.parametrize("size", [layout.PAGE_SIZE, layout.CHUNK_SIZE])
def test_frames_are_copied_in_order(size):
    frames = np.arange(5 * size, dtype=np.uint64).astype(np.uint8).reshape(5, size)
    frames += np.arange(5, dtype=np.uint8)[:, None]
    expected = frames.copy()
    new, old = np.array([4, 2, 3]), np.array([0, 4, 2])
    for to, source in zip(new, old, strict=True):
        expected[to] = expected[source]
    page.copy_highpages(frames, new, old)
    assert (frames == expected).all()
    assert (frames[3] == frames[0]).all()


@pytest.mark.parametrize("offset", [0, 16])
def test_pages_of_a_large_memory_are_copied_whole(offset):
    """There the compiled copy goes past the caches, where the frames are aligned for it."""
    count = jit.LARGE_MEMORY // layout.PAGE_SIZE
    room = zeros(jit.LARGE_MEMORY + layout.PAGE_SIZE, np.uint8)  # handed out as far as touched
    frames = room[offset : offset + jit.LARGE_MEMORY].reshape(count, -1)
    frames[7] = np.random.default_rng(1).integers(0, 256, layout.PAGE_SIZE)
    page.copy_highpages(frames, np.array([count - 2, 3]), np.array([7, count - 2]))
    assert (frames[[count - 2, 3]] == frames[7]).all()
    assert not frames[[count - 3, count - 1, 2, 4, 6, 8]].any()
