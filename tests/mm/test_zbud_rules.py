"""zbud rule by rule, with page bytes and without."""

import numpy as np
import pytest

from tests.mm.zbud_engine import FRAMES, Engine
from tests.naive import Buddy
from tests.naive_zbud import ZbudSeries
from zbudlab import layout
from zbudlab.layout import LRU, NCHUNKS, ZBUD_PLAIN, ZBUD_SERIES
from zbudlab.mm import bootmem, zbud, zbud_check
from zbudlab.mm.state import State


@pytest.mark.parametrize("page_bytes", [True, False])
def test_a_header_travels_with_its_page(page_bytes):
    engine = Engine(ZBUD_SERIES, page_bytes)
    first, last = engine.alloc(1000), engine.alloc(2000)
    old = engine.frames_on(layout.LRU_LIST, LRU)[0]
    for handle, word in ((first, 11), (last, 12)):
        engine.payload(engine.map(handle))[0] = word
        engine.unmap(handle)
    before = engine.headers()
    assert engine.migrate(old) == 0
    new = engine.frames_on(layout.LRU_LIST, LRU)[0]
    assert new != old
    assert engine.headers() == before
    addresses = [engine.map(first), engine.map(last)]
    assert [address // NCHUNKS for address in addresses] == [new, new]
    assert [int(engine.payload(address)[0]) for address in addresses] == [11, 12]
    assert engine.state.pages["refcount"][old] == 0


def test_a_mapped_page_stays():
    engine = Engine(ZBUD_SERIES, True)
    handle = engine.alloc(500)
    address = engine.map(handle)
    pfn = address // NCHUNKS
    assert engine.migrate(pfn) == -layout.EAGAIN
    assert engine.map(handle) == address
    engine.unmap(handle)
    engine.unmap(handle)
    assert engine.migrate(pfn) == 0
    assert engine.map(handle) != address


@pytest.mark.parametrize("variant", [ZBUD_PLAIN, ZBUD_SERIES])
def test_an_empty_pool_has_nothing_to_reclaim(variant):
    engine = Engine(variant, True)
    assert engine.reclaim(3, engine.free) == -layout.EINVAL
    engine.alloc(100)
    assert engine.reclaim(0, engine.free) == -layout.EINVAL
    assert engine.reclaim(3, engine.free) == 0
    assert engine.pool["pages_nr"] == 0


@pytest.mark.parametrize(("retries", "answer"), [(1, -layout.EAGAIN), (2, 0)])
def test_a_pinned_page_is_emptied_and_not_freed(retries, answer):
    """The series: the first try leaves nothing in the pool for the second, which is content."""
    engine, twin = Engine(ZBUD_SERIES, True), ZbudSeries(Buddy(FRAMES, 4))
    for side, references in (
        (engine, engine.state.pages["refcount"]),
        (twin, twin.buddy.references),
    ):
        pfn = side.map(side.alloc(100)) // NCHUNKS
        side.unmap(1)
        references[pfn] += 1
        assert side.reclaim(retries, side.free) == answer
        assert references[pfn] == 1
    assert engine.frames_on(layout.LRU_LIST, LRU) == twin.lru == []


@pytest.mark.parametrize("variant", [ZBUD_PLAIN, ZBUD_SERIES])
def test_without_page_bytes_everything_else_is_the_same(variant):
    """One script of 1500 operations on both machines: same answers, lists, counts."""
    engines = [Engine(variant, page_bytes) for page_bytes in (True, False)]
    random = np.random.default_rng(20130911)
    handles = []
    for turn in range(1500):
        choice = random.integers(10)
        if handles and choice < 4:
            name, argument = "free", handles.pop(random.integers(len(handles)))
        elif variant == ZBUD_SERIES and handles and choice == 4:
            pages = engines[0].frames_on(layout.LRU_LIST, LRU)
            name, argument = "migrate", pages[random.integers(len(pages))]
        else:
            name, argument = "alloc", int(random.integers(1, 4100))
        answers = [getattr(engine, name)(argument) for engine in engines]
        assert answers[0] == answers[1], (turn, name, argument)
        if name == "alloc" and answers[0] > 0:
            handles.append(answers[0])
    with_bytes, without = engines
    assert len(handles) > 20
    assert with_bytes.lists() == without.lists()
    assert with_bytes.headers() == without.headers()
    for name in ("zones", "pages", "blocks", "nodes"):
        assert np.array_equal(getattr(with_bytes.state, name), getattr(without.state, name)), name
    assert without.state.rows.nbytes < with_bytes.state.rows.nbytes / 30


@pytest.mark.parametrize("variants", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_two_pools_do_not_see_each_other(variants):
    state = State(FRAMES, pageblock_order=4, pools=2)
    bootmem.free_pages_memory(state.mem, 0, FRAMES)
    state.reserve_nodes(8)
    for number, variant in enumerate(variants):
        state.create_pool(number, variant)
    first = zbud.zbud_alloc(state.mem, 0, 700, layout.MIGRATE_MOVABLE)
    assert [zbud.zbud_handle_exists(state.mem, number, first) for number in (0, 1)] == [1, 0]
    zbud.zbud_alloc(state.mem, 1, 700, layout.MIGRATE_MOVABLE)
    assert state.pools["pages_nr"].tolist() == [1, 1]
    zbud.zbud_free(state.mem, 0, first)
    assert state.pools["pages_nr"].tolist() == [0, 1]
    assert [zbud_check.first_fault(state.mem, number) for number in (0, 1)] == [(0, 0), (0, 0)]
