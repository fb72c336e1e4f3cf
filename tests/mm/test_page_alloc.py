"""The page allocator against its twin, and its check against allocators broken on purpose.

Also tests `mm/bootmem.py` and `mm/page_alloc_check.py`.
"""

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.naive import Buddy
from zbudlab import layout
from zbudlab.mm import bootmem, page_alloc, page_alloc_check
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State

TYPES = (layout.MIGRATE_UNMOVABLE, layout.MIGRATE_RECLAIMABLE, layout.MIGRATE_MOVABLE)
#: frames, pageblock order, CMA areas
ZONES = [
    (256, 4, []),
    (1000, 4, []),
    (700, 9, []),
    (4096, 9, []),
    (2048, 4, [(1024, 2048)]),
    (3072, 9, [(1024, 2048)]),
]
LOW = 40
MOST_BLOCKS = 400  #: in use at a time


def zone_of(frames, pageblock_order, areas):
    state = State(frames, pageblock_order=pageblock_order, page_bytes=False)
    bootmem.free_all_bootmem(state.mem, frames, areas)
    state.zones["watermark"] = (LOW // 2, LOW, 2 * LOW)
    return state


def free_lists(state):
    """First frames by (order, type), list order; empty lists left out."""
    lists = {}
    for order in range(layout.MAX_ORDER):
        for migratetype in range(layout.MIGRATE_TYPES):
            head = page_alloc.free_list(state.zone, order, migratetype)
            if members := list_members(state.pages, layout.LRU, head):
                lists[order, migratetype] = members
    return lists


class Zones(RuleBasedStateMachine):
    """The engine's zone and the twin's do the same."""

    @initialize(zone=st.sampled_from(ZONES))
    def boot(self, zone):
        self.state = zone_of(*zone)
        self.twin = Buddy(*zone)

    def a_block(self, data):
        return data.draw(st.sampled_from(sorted(self.twin.references)), "block")

    def get_block(self, order, migratetype):
        got = page_alloc.alloc_pages(self.state.mem, order, migratetype)
        assert got == self.twin.alloc(order, migratetype)
        return got

    @rule(order=st.integers(0, layout.MAX_ORDER), migratetype=st.sampled_from(TYPES))
    def alloc(self, order, migratetype):
        self.get_block(order, migratetype)

    @rule(
        order=st.integers(0, 9),
        migratetype=st.sampled_from(TYPES),
        left=st.sampled_from([0, 9, 90]),
    )
    def fill(self, order, migratetype, left):
        """Blocks of one kind until few pages are left, as stealing begins where memory ends."""
        while self.twin.free_pages() > left and len(self.twin.references) < MOST_BLOCKS:
            if self.get_block(order, migratetype) < 0:
                return

    @precondition(lambda self: self.twin.references)
    @rule(data=st.data())
    def put(self, data):
        pfn = self.a_block(data)
        assert page_alloc.put_page(self.state.mem, pfn) == self.twin.put_page(pfn)

    @precondition(lambda self: self.twin.references)
    @rule(step=st.integers(1, 4), offset=st.integers(0, 3))
    def put_many(self, step, offset):
        for pfn in sorted(self.twin.references)[offset::step]:
            assert page_alloc.put_page(self.state.mem, pfn) == self.twin.put_page(pfn)

    @precondition(lambda self: self.twin.references)
    @rule(data=st.data(), order=st.integers(0, 6))
    def put_around(self, data, order):
        """All blocks of one aligned range, so that holes of every size come to be."""
        start = self.a_block(data) >> order << order
        for pfn in sorted(self.twin.references):
            if start <= pfn < start + (1 << order):
                assert page_alloc.put_page(self.state.mem, pfn) == self.twin.put_page(pfn)

    @precondition(lambda self: self.twin.references)
    @rule(data=st.data())
    def get(self, data):
        pfn = self.a_block(data)
        self.state.pages["refcount"][pfn] += 1
        self.twin.references[pfn] += 1

    @rule(times=st.integers(0, 3))
    def fail(self, times):
        self.state.zone["fail_page_alloc"] = times
        self.twin.failures = times

    @rule(data=st.data(), migratetype=st.sampled_from(TYPES))
    def claim(self, data, migratetype):
        pfn = data.draw(st.integers(0, self.twin.frames - 1), "frame")
        if self.twin.type_of(pfn) == layout.MIGRATE_CMA:
            return
        moved = page_alloc.move_freepages_block(self.state.mem, pfn, migratetype)
        assert moved == self.twin.claim(pfn, migratetype)
        page_alloc.set_pageblock_range(self.state.zone, self.state.blocks, pfn, 1, migratetype)
        self.twin.set_types(pfn, 1, migratetype)

    @precondition(lambda self: self.twin.free)
    @rule(data=st.data())
    def isolate(self, data):
        pfn = data.draw(st.sampled_from(sorted(self.twin.free)), "free block")
        order = self.twin.free[pfn][0]
        got = page_alloc.isolate_free_page(self.state.mem, pfn, order)
        assert got == self.twin.isolate(pfn, LOW)

    @rule(order=st.integers(0, 10), mark=st.integers(0, 1200), use_cma=st.booleans())
    def watermark(self, order, mark, use_cma):
        got = page_alloc.zone_watermark_ok(self.state.mem, order, mark, int(use_cma))
        assert got == self.twin.watermark_ok(order, mark, use_cma)

    @invariant()
    def holds_together(self):
        assert page_alloc_check.first_fault(self.state.mem) == (0, 0)

    @invariant()
    def holds_the_same(self):
        state, twin = self.state, self.twin
        assert free_lists(state) == {key: list_ for key, list_ in twin.lists.items() if list_}
        assert state.blocks["migratetype"][: len(twin.types)].tolist() == twin.types
        assert state.zone["nr_free"].tolist() == twin.nr_free()
        assert state.zone["nr_free_pages"] == twin.free_pages()
        assert state.zone["nr_free_cma"] == twin.free_pages(layout.MIGRATE_CMA)
        blocks = np.array(list(twin.references), np.int64)
        assert state.pages["refcount"][blocks].tolist() == list(twin.references.values())
        assert state.pages["order"][blocks].tolist() == [twin.orders[pfn] for pfn in blocks]


TestZones = Zones.TestCase
TestZones.settings = settings(
    max_examples=80, stateful_step_count=100, derandomize=True, deadline=None
)


def test_every_frame_can_be_had_once_and_all_merge_again():
    state = zone_of(2048, 9, [])
    got = [page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE) for _ in range(2048)]
    assert sorted(got) == list(range(2048))
    assert page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE) == -layout.ENOMEM
    for pfn in np.random.default_rng(7).permutation(got):
        assert page_alloc.put_page(state.mem, pfn) == 1
    assert state.zone["nr_free"].tolist() == [0] * 10 + [2]


def test_a_page_handed_over_knows_nothing_of_its_past():
    state = zone_of(256, 4, [])
    pfn = page_alloc.alloc_pages(state.mem, 2, layout.MIGRATE_MOVABLE)
    used = (0, 0, 1, 0, layout.PG_HEAD | layout.PG_DIRTY, 2, 0, 77, 78, 79)
    state.pages[pfn] = used
    page_alloc.put_page(state.mem, pfn)
    again = page_alloc.alloc_pages(state.mem, 2, layout.MIGRATE_UNMOVABLE)
    page = state.pages[pfn]
    assert again == pfn
    assert [int(page[name]) for name in ("private", "mapping", "index")] == [0, 0, 0]
    assert (page["refcount"], page["mapcount"]) == (1, -1)
    assert page["page_flags"] == layout.PG_HEAD


STEALS = [
    (layout.MIGRATE_UNMOVABLE, {(0, layout.MIGRATE_MOVABLE): [18]}),
    (layout.MIGRATE_RECLAIMABLE, {(0, layout.MIGRATE_RECLAIMABLE): [18]}),
]


@pytest.mark.parametrize(("thief", "left"), STEALS)
def test_reclaimable_pages_take_along_what_lies_around_even_a_small_find(thief, left):
    state = zone_of(256, 4, [])
    for _ in range(256):
        page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
    for pfn in (18, 22):
        page_alloc.put_page(state.mem, pfn)
    assert page_alloc.alloc_pages(state.mem, 0, thief) == 22
    assert free_lists(state) == left


def test_a_block_below_the_largest_order_goes_first_whoever_its_uncle_is():
    state = zone_of(4096, 9, [])
    for _ in range(8):
        page_alloc.alloc_pages(state.mem, 9, layout.MIGRATE_MOVABLE)
    for pfn in (1024, 1536, 2560, 0):
        page_alloc.put_page(state.mem, pfn)
    movable = layout.MIGRATE_MOVABLE
    assert free_lists(state) == {(9, movable): [0, 2560], (10, movable): [1024]}


# --- a check that can fail ---------------------------------------------------------------------


def first_free(state):
    """The first frame of a free block of more than one page, and its order."""
    (order, _), members = next(item for item in free_lists(state).items() if item[0][0] > 0)
    return members[0], order


def unlink_one_way(state):
    pfn, _ = first_free(state)
    head = int(state.pages[pfn]["prev"][layout.LRU])
    state.pages["prev"][pfn] = pfn
    return head


def change_the_order(state):
    pfn, _ = first_free(state)
    state.pages["order"][pfn] += 1
    return pfn


def hold_a_free_block(state):
    pfn, _ = first_free(state)
    state.pages["refcount"][pfn] = 1
    return pfn


def miscount_blocks(state):
    state.zone["nr_free"][7] += 1
    return 7


def miscount_pages(state):
    state.zone["nr_free_pages"] += 1
    return int(state.zone["nr_free_pages"]) - 1


def miscount_cma(state):
    state.zone["nr_free_cma"] -= 1
    return int(state.zone["nr_free_cma"]) + 1


def lose_a_frame(state):
    pfn = page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
    state.pages["page_flags"][pfn] = 0
    return pfn


def use_the_middle_of_a_free_block(state):
    pfn, _ = first_free(state)
    state.pages["refcount"][pfn + 1] = 1
    return pfn + 1


def split_without_need(state):
    pfn, order = first_free(state)
    migratetype = int(state.pages[pfn]["migratetype"])
    page_alloc.del_page_from_free_list(state.zone, state.pages, pfn, order)
    half = 1 << (order - 1)
    for start in (pfn - half, pfn):  # each call frees the upper half of what starts there
        page_alloc.expand(state.zone, state.pages, start, order - 1, order, migratetype)
    return pfn + half


def lengthen_a_block(state):
    pfn = page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
    state.pages["order"][pfn] = 1
    return pfn + 1


def enlarge_a_block_beyond_memory(state):
    pfn = page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
    state.pages["order"][pfn] = layout.MAX_ORDER
    return pfn


BREAKS = {
    1: unlink_one_way,
    2: change_the_order,
    3: hold_a_free_block,
    4: miscount_blocks,
    5: miscount_pages,
    6: miscount_cma,
    7: lose_a_frame,
    8: use_the_middle_of_a_free_block,
    9: split_without_need,
    10: lengthen_a_block,
    11: enlarge_a_block_beyond_memory,
}


@pytest.mark.parametrize("code", range(1, len(page_alloc_check.FAULTS)))
def test_first_fault_finds(code):
    state = zone_of(2048, 9, [(1024, 2048)])
    for order in (3, 0, 1):
        page_alloc.alloc_pages(state.mem, order, layout.MIGRATE_MOVABLE)
    assert page_alloc_check.first_fault(state.mem) == (0, 0)
    where = BREAKS[code](state)
    assert page_alloc_check.first_fault(state.mem) == (code, where)


@pytest.mark.parametrize("field", ["order", "migratetype"])
def test_a_free_block_on_the_wrong_list_is_found(field):
    state = zone_of(1024, 9, [])
    page_alloc.alloc_pages(state.mem, 0, layout.MIGRATE_MOVABLE)
    pfn, _ = first_free(state)
    state.pages[field][pfn] = 0
    assert page_alloc_check.first_fault(state.mem) == (2, pfn)
