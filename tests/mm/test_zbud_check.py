"""The check of zbud finds pools that were broken on purpose."""

import pytest

from tests.mm.single_faults import (
    OF_PAGES,
    OTHERS_HOLD,
    UNREAD_OF_PAGES,
    misjudged,
    names_of,
    of_others,
)
from tests.mm.zbud_engine import Engine
from zbudlab import layout
from zbudlab.layout import LRU, NCHUNKS, ZBUD_PLAIN, ZBUD_SERIES
from zbudlab.mm import radix_tree, zbud_check


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


BREAKS = {
    9: forget_a_mapping,
    1: unlink_one_way,
    2: give_the_page_away,
    3: overfill,
    4: change_a_size,
    5: drop_a_reference,
    6: swap_handles,
    7: miscount_pages,
    8: miscount_handles,
}


@pytest.mark.parametrize("code", range(1, len(zbud_check.FAULTS)))
def test_first_fault_finds(code):
    engine = Engine(ZBUD_SERIES, True)
    for size in (3100, 1000, 2500):  # a page with one buddy, then one with two
        engine.alloc(size)
    assert zbud_check.first_fault(engine.state.mem, 0) == (0, 0)
    where = BREAKS[code](engine)
    assert zbud_check.first_fault(engine.state.mem, 0) == (code, where)


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


# --- each field broken by itself ------------------------------------------------------------------

ARRAYS = {
    "pages": layout.page,
    "rows": layout.zbud_header,
    "nodes": layout.radix_tree_node,
    "pools": layout.zbud_pool,
}
CONTENT = "with page bytes it is not used: the word is in front of the object"


def still_fits(damage, _before):
    """Whether a page has two buddies, as before, and they fit."""
    header = damage.state.rows[damage.record]
    sizes = [int(header[f"{side}_chunks"]) for side in ("first", "last")]
    handles = [int(header[f"{side}_handle"]) for side in ("first", "last")]
    return all(sizes) and all(handles) and sum(sizes) < NCHUNKS


def of_a_buddy(damage, _before):
    """Whether the bit is that of a buddy that is there."""
    header = damage.state.rows[damage.record]
    sides = {layout.FIRST: "first", layout.LAST: "last"}
    return 1 << damage.bit in sides and header[f"{sides[1 << damage.bit]}_chunks"] > 0


#: What a check cannot see, with the reason, and of which damage that is true.
UNSEEN = (
    UNREAD_OF_PAGES
    | of_others(
        "list_heads", "row_shift", "variant", "pages_nr", "height", "rnode", "items", "last_handle"
    )
    | {
        "pages.refcount": (OTHERS_HOLD, lambda damage, before: damage.value() > before),
        "pages.index": OF_PAGES,
        "rows.first_swpentry": CONTENT,
        "rows.last_swpentry": CONTENT,
        "rows.first_map_count": (
            "fewer mappings than references: " + OTHERS_HOLD,
            lambda damage, before: 0 < damage.value() < before,
        ),
        "rows.last_map_count": (
            "fewer mappings than references: " + OTHERS_HOLD,
            lambda damage, before: 0 < damage.value() < before,
        ),
        "rows.first_chunks": ("in a page with two buddies, sizes are nowhere else", still_fits),
        "rows.last_chunks": ("in a page with two buddies, sizes are nowhere else", still_fits),
        "rows.freed": ("a buddy may be freed while it is mapped", of_a_buddy),
        "pools.last_handle": (
            "the next handle may be any number above all others",
            lambda damage, before: damage.value() > before,
        ),
        "pools.variant": (
            "only its bits 1 and above: the variant says which check is run",
            lambda damage, before: None,
        ),
    }
)


@pytest.fixture(scope="module")
def filled():
    """Pages with one buddy and with two, one mapped, and a tree of two levels."""
    engine = Engine(ZBUD_SERIES, True)
    handles = [engine.alloc(size) for size in (3100, 1000, 2500, 700, 700, 3900)]
    for _ in range(70):
        engine.free(engine.alloc(100))
    handles.append(engine.alloc(1500))
    engine.map(handles[1])
    engine.map(handles[1])
    assert engine.pool["height"] == 2
    return engine


def records_of(engine, array):
    """The records of a pool in an array."""
    pages = engine.pages(layout.LRU_LIST, LRU)
    nodes = [int(engine.pool["rnode"])]
    nodes += [int(slot) for slot in engine.state.nodes["slots"][nodes[0]] if slot]
    return {
        "pages": engine.frames_on(layout.LRU_LIST, LRU),
        "rows": pages,
        "nodes": nodes,
        "pools": [0],
    }[array]


@pytest.mark.parametrize("name", names_of(ARRAYS))
def test_each_bit_of_each_field_is_found(filled, name):
    records = records_of(filled, name.partition(".")[0])
    assert misjudged(filled, zbud_check.faults, name, records, UNSEEN) == []


@pytest.mark.parametrize("name", ["rows.next", "rows.prev"])
def test_each_link_of_each_list_head_is_found(filled, name):
    heads = int(filled.pool["list_heads"])
    unlinked = (
        "a list head is on one list",
        lambda damage, before: (damage.at == (LRU,)) != (damage.record - heads == layout.LRU_LIST),
    )
    records = range(heads, heads + layout.NR_POOL_LISTS)
    assert misjudged(filled, zbud_check.faults, name, records, {name: unlinked}) == []


def test_each_reason_is_about_a_field():
    assert set(UNSEEN) <= set(names_of(ARRAYS))
