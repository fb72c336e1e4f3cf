"""The check of z3fold finds pools that were broken on purpose."""

import pytest

from tests.mm.planted import Planted
from tests.mm.z3fold_engine import Z3foldEngine
from zbudlab import layout
from zbudlab.layout import BUDDY, LRU
from zbudlab.mm import z3fold_check


@pytest.fixture
def engine():
    """Three objects in one page, one in another, one without a header, and queued work."""
    made = Z3foldEngine(True)
    for size in (1000, 1000, 500, 1900, 4000, 1900):
        made.malloc(size)
    made.free(6)
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


class TestPlanted(Planted):
    check = z3fold_check
    plants = (
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
    )


def test_pages_that_wait_are_no_fault(engine):
    engine.free(1)
    engine.free(2)
    engine.free(3)
    assert z3fold_check.first_fault(engine.state.mem, 0) == (0, 0)
    assert engine.isolate(engine.address(4) >> layout.PAGE_SHIFT) is False
    engine.compact_work()
    assert engine.isolate(engine.address(4) >> layout.PAGE_SHIFT)
    assert z3fold_check.first_fault(engine.state.mem, 0) == (0, 0)
