"""The check of z3fold finds pools that were broken on purpose."""

import numpy as np
import pytest

from tests.mm.single_faults import OTHERS_HOLD, UNREAD_OF_PAGES, misjudged, names_of, of_others
from tests.mm.z3fold_engine import Z3foldEngine
from zbudlab import layout
from zbudlab.layout import BUDDY, LRU
from zbudlab.mm import inspection, z3fold_check, z3fold_page


@pytest.fixture
def engine():
    """Three objects in one page, one in another, one without a header, and queued work."""
    made = Z3foldEngine(True)
    for size in (1000, 1000, 500, 1900, 4000, 1900):
        made.malloc(size)
    made.free(6)
    assert z3fold_check.first_fault(made.state.mem, 0) == (0, 0)
    return made


def page(engine, handle):
    """The record and the frame of a handle's page."""
    pfn = engine.address(handle) >> layout.PAGE_SHIFT
    return engine.state.z3folds[int(engine.state.pages["index"][pfn])], pfn


def settle(engine):
    engine.compact_work()
    assert z3fold_check.first_fault(engine.state.mem, 0) == (0, 0)


def unlink_one_way(engine):
    settle(engine)
    record, _ = page(engine, 4)
    record["prev"][BUDDY] = record["next"][LRU]
    return layout.Z3FOLD_NCHUNKS - 30


def give_a_page_away(engine):
    _, pfn = page(engine, 4)
    engine.state.pages["mapcount"][pfn] = -1
    return pfn


def leave_memory(engine):
    record, _ = page(engine, 4)
    record["pfn"] = 1 << 31
    return 1 << 31


def overlap(engine):
    record, pfn = page(engine, 3)
    record["start_middle"] -= 1
    return pfn


def reach_into_the_header(engine):
    record, pfn = page(engine, 4)
    record["chunks"][layout.Z3FOLD_LAST] = 60
    return pfn


def change_a_size(engine):
    settle(engine)
    record, pfn = page(engine, 4)
    record["chunks"][layout.Z3FOLD_FIRST] -= 1
    return pfn


def leave_a_page_out(engine):
    settle(engine)
    record, pfn = page(engine, 4)
    before, behind = int(record["prev"][BUDDY]), int(record["next"][BUDDY])
    engine.state.z3folds["next"][before, BUDDY] = behind
    engine.state.z3folds["prev"][behind, BUDDY] = before
    own = int(engine.state.pages["index"][pfn])
    record["next"][BUDDY] = record["prev"][BUDDY] = own
    return pfn


def hold_one_more(engine):
    record, pfn = page(engine, 1)
    record["refcount"] += 1
    return pfn


def move_a_handle(engine):
    engine.state.handles[3] += 1
    return page(engine, 1)[1]


def lose_a_handle(engine):
    record, pfn = page(engine, 5)
    record["handles"][layout.Z3FOLD_HEADLESS] = 0
    return pfn


def count_a_foreign_object(engine):
    record, pfn = page(engine, 1)
    record["foreign_handles"] += 1
    return pfn


def count_a_mapping(engine):
    record, pfn = page(engine, 1)
    record["mapped_count"] += 1
    return pfn


def miscount_pages(engine):
    engine.pool["pages_nr"] += 1
    return 0


def forget_the_work(engine):
    head = int(engine.pool["z3fold_heads"])
    links = engine.state.z3folds
    links["next"][head, layout.WORK] = links["prev"][head, layout.WORK] = head
    return 0


def drop_a_reference(engine):
    _, pfn = page(engine, 1)
    engine.state.pages["refcount"][pfn] = 0
    return pfn


def raise_an_unknown_flag(engine):
    record, pfn = page(engine, 1)
    record["page_state"] |= 128
    return pfn


def lose_the_lists(engine):
    engine.pool["z3fold_heads"] = 0
    return 0


def link_one_side(engine):
    record, pfn = page(engine, 1)
    record["prev"][layout.WORK] = 0
    return pfn


BREAKS = [
    (link_one_side, 13),
    (raise_an_unknown_flag, 11),
    (lose_the_lists, 12),
    (unlink_one_way, 1),
    (give_a_page_away, 2),
    (leave_memory, 2),
    (overlap, 3),
    (reach_into_the_header, 3),
    (change_a_size, 4),
    (leave_a_page_out, 4),
    (hold_one_more, 5),
    (move_a_handle, 6),
    (lose_a_handle, 6),
    (count_a_foreign_object, 7),
    (count_a_mapping, 7),
    (miscount_pages, 8),
    (forget_the_work, 9),
    (drop_a_reference, 10),
]


@pytest.mark.parametrize(("damage", "code"), BREAKS)
def test_first_fault_finds(engine, damage, code):
    where = damage(engine)
    assert z3fold_check.first_fault(engine.state.mem, 0) == (code, where)
    assert inspection.first_fault(engine.state) is not None


def test_each_fault_can_be_found():
    assert {code for _, code in BREAKS} == set(range(1, len(z3fold_check.FAULTS)))


def test_pages_that_wait_are_no_fault(engine):
    engine.free(1)
    engine.free(2)
    engine.free(3)
    assert z3fold_check.first_fault(engine.state.mem, 0) == (0, 0)
    assert engine.isolate(engine.address(4) >> layout.PAGE_SHIFT) is False
    engine.compact_work()
    assert engine.isolate(engine.address(4) >> layout.PAGE_SHIFT)
    assert z3fold_check.first_fault(engine.state.mem, 0) == (0, 0)


# --- each field broken by itself ------------------------------------------------------------------

ARRAYS = {
    "pages": layout.page,
    "z3folds": layout.z3fold_header,
    "handles": np.dtype(np.int64),
    "pools": layout.zbud_pool,
}
WORDS = "what zswap wrote in front of an object is not the allocator's"


def still_fits(damage, _before):
    """Whether objects neither overlap nor vanish, and the page is on the list for its free chunks.

    The sizes that the owner asked for are nowhere else, and an object may be anywhere in its gap.
    """
    record = damage.state.z3folds[damage.record : damage.record + 1].view(np.recarray)[0]
    if damage.field == "chunks":
        there = record.chunks[layout.Z3FOLD_FIRST :] != 0
        if (there != (record.handles[layout.Z3FOLD_FIRST :] != 0)).any():
            return False
    if z3fold_check.objects_overlap.py_func(record):
        return False
    if record.page_state & layout.Z3FOLD_NEEDS_COMPACTING:
        return True  # still on the list where it was
    free = int(z3fold_page.z3fold_num_free_chunks.py_func(record))
    lists = list_of(damage.state, damage.record)
    return lists is None or lists == free


def list_of(state, record):
    """The list by free chunks that a page is on."""
    heads = int(state.pools["z3fold_heads"][0])
    for free in range(layout.Z3FOLD_NO_LIST + 1):
        if record in inspection.list_members(state.z3folds, BUDDY, heads + free):
            return free
    return None


def beyond_two_bits(damage, _before):
    """Whether mapped_count has nothing of the bit; a page without a header counts nothing there."""
    state = damage.state.z3folds["page_state"][damage.record]
    return bool(damage.bit > 1 or state & layout.Z3FOLD_PAGE_HEADLESS)


#: What a check cannot see, with the reason, and of which damage that is true.
UNSEEN = (
    UNREAD_OF_PAGES
    | of_others("pages_nr", "z3fold_heads")
    | {
        "pages.refcount": (OTHERS_HOLD, lambda damage, before: damage.value() > before),
        "z3folds.listed": (
            "a page may have no processor, so that a free queues no work",
            lambda damage, before: damage.bit == 0,
        ),
        "z3folds.mappings": (
            "mapped_count has two bits of it",
            beyond_two_bits,
        ),
        "z3folds.page_state": (
            "6.1 marks mapped middle objects without a count, and claims pages for a while",
            lambda damage, before: (
                None
                if 1 << damage.bit in (layout.Z3FOLD_MIDDLE_MAPPED, layout.Z3FOLD_CLAIMED)
                else False
            ),
        ),
        "z3folds.start_middle": ("an object may be anywhere in its gap", still_fits),
        "z3folds.chunks": ("sizes are nowhere else", still_fits),
        "z3folds.words": WORDS,
    }
)


@pytest.fixture(scope="module")
def filled():
    """Pages with one, two and three objects, one without a header, one that waits for work."""
    made = Z3foldEngine(True)
    handles = [made.malloc(size) for size in (1000, 1000, 500, 1900, 4000, 3000, 1900)]
    made.map(handles[5])
    made.compact_work()
    made.free(handles[6])
    return made


def records_of(engine, array):
    """The records of a pool in an array."""
    frames = engine.lru()
    records = engine.state.pages["index"][frames].tolist()
    handles = engine.state.z3folds["handles"][records]
    return {
        "pages": frames,
        "z3folds": records,
        "handles": handles[handles > 0].tolist(),
        "pools": [0],
    }[array]


@pytest.mark.parametrize("name", names_of(ARRAYS))
def test_each_bit_of_each_field_is_found(filled, name):
    records = records_of(filled, name.partition(".")[0])
    assert misjudged(filled, z3fold_check.faults, name, records, UNSEEN) == []


@pytest.mark.parametrize("name", ["z3folds.next", "z3folds.prev"])
def test_each_link_of_each_list_head_is_found(filled, name):
    heads = int(filled.pool["z3fold_heads"])
    records = range(heads, heads + layout.Z3FOLD_NR_LISTS)
    unlinked = (
        "the LRU list and the list of work start at the first head",
        lambda damage, before: damage.at[0] != BUDDY and damage.record != heads,
    )
    assert misjudged(filled, z3fold_check.faults, name, records, {name: unlinked}) == []


def test_each_reason_is_about_a_field():
    assert set(UNSEEN) <= set(names_of(ARRAYS))
