"""The check of zbud finds pools that were broken on purpose."""

import pytest

from tests.mm.planted import Planted
from tests.mm.zbud_engine import Engine
from zbudlab import layout
from zbudlab.layout import LRU, NCHUNKS, ZBUD_PLAIN, ZBUD_SERIES
from zbudlab.mm import radix_tree, zbud_check


@pytest.fixture
def engine():
    """A page with one buddy, then one with two."""
    made = Engine(ZBUD_SERIES, True)
    for size in (3100, 1000, 2500):
        made.alloc(size)
    return made


def newest(engine):
    """The newest page, which has both buddies: its frame and the row of its header."""
    return engine.frames_on(layout.LRU_LIST, LRU)[0], engine.pages(layout.LRU_LIST, LRU)[0]


def unlink_one_way(engine):
    _, row = newest(engine)
    engine.state.rows["prev"][row, LRU] = row
    return layout.LRU_LIST


def give_the_page_away(engine):
    pfn, _ = newest(engine)
    engine.state.pages["mapcount"][pfn] = -1
    return pfn


def overfill(engine):
    pfn, row = newest(engine)
    engine.state.rows["first_chunks"][row] = NCHUNKS
    return pfn


def change_a_size(engine):
    row = engine.pages(layout.LRU_LIST, LRU)[-1]  # has one buddy
    engine.state.rows["first_chunks"][row] += 1
    return engine.frames_on(layout.LRU_LIST, LRU)[-1]


def drop_a_reference(engine):
    pfn, _ = newest(engine)
    engine.state.pages["refcount"][pfn] -= 1
    return pfn


def swap_handles(engine):
    pfn, row = newest(engine)
    handle = engine.state.rows["first_handle"][row]
    radix_tree.radix_tree_replace(engine.state.nodes, engine.pool, handle, pfn + 2)
    return pfn


def miscount_pages(engine):
    engine.pool["pages_nr"] += 1
    return 0


def miscount_handles(engine):
    engine.pool["items"] += 1
    return 0


def forget_a_mapping(engine):
    pfn, row = newest(engine)
    engine.state.rows["last_map_count"][row] = 0
    return pfn


def lose_the_headers(engine):
    engine.pool["row_shift"] -= 1
    return 0


class TestPlanted(Planted):
    check = zbud_check
    plants = (
        (unlink_one_way, 1),
        (give_the_page_away, 2),
        (overfill, 3),
        (change_a_size, 4),
        (drop_a_reference, 5),
        (swap_handles, 6),
        (miscount_pages, 7),
        (miscount_handles, 8),
        (forget_a_mapping, 9),
        (lose_the_headers, 10),
    )


BROKEN_PAGES = [
    ("pages", "private", 1, 2),
    ("rows", "last_chunks", 0, 6),
    ("rows", "last_handle", 0, 6),
    ("rows", "last_handle", 77, 6),
]


@pytest.mark.parametrize(("array", "field", "value", "code"), BROKEN_PAGES)
def test_a_page_that_contradicts_itself_is_found(array, field, value, code):
    engine = Engine(ZBUD_SERIES, True)
    engine.alloc(1000)
    engine.alloc(1000)
    pfn, row = newest(engine)
    getattr(engine.state, array)[field][pfn if array == "pages" else row] = value
    assert zbud_check.first_fault(engine.state.mem, 0) == (code, pfn)


def test_a_plain_page_that_nobody_holds_is_found():
    engine = Engine(ZBUD_PLAIN, True)
    engine.alloc(1000)
    pfn, _ = newest(engine)
    engine.state.pages["refcount"][pfn] = 0
    assert zbud_check.first_fault(engine.state.mem, 0) == (5, pfn)
