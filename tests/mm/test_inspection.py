"""Frames at a glance: the compiled pass over all frames says what the records say."""

import numpy as np
import pytest

from zbudlab import jit, layout
from zbudlab.machine import Machine
from zbudlab.mm import inspection, zpool_reader
from zbudlab.mm.lru import isolate_lru_page

FRAMES = 4096


def expected(machine):
    """What each frame is, from the records, a frame at a time: (kind, order, words)."""
    state = machine.state
    frames = [None] * FRAMES
    pool = state.pools[0]
    for pfn, page in enumerate(state.pages[:FRAMES]):
        in_cma = {"cma"} if state.blocks[pfn >> 9]["migratetype"] == layout.MIGRATE_CMA else set()
        if page["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE:
            kind = layout.FRAME_FREE_CMA if in_cma else layout.FRAME_FREE
            for free in range(pfn, pfn + (1 << int(page["order"]))):
                frames[free] = (kind, int(page["order"]), set())
        elif frames[pfn] is None and page["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE:
            header = state.rows[pfn << int(pool["row_shift"])]
            buddies = int(header["first_chunks"] > 0) + int(header["last_chunks"] > 0)
            own = buddies if pool["variant"] == layout.ZBUD_SERIES else 1
            pinned = {"pinned"} if page["refcount"] != own else set()
            frames[pfn] = (layout.FRAME_POOL_PART + buddies - 1, None, in_cma | pinned)
        elif frames[pfn] is None:
            owned = page["mapcount"] + 1 + (page["page_flags"] & layout.PG_SWAPCACHE != 0)
            anon = page["mapping"] > 0
            pinned = {"pinned"} if anon and page["refcount"] != owned else set()
            frames[pfn] = (
                layout.FRAME_ANON if anon else layout.FRAME_KERNEL,
                None,
                in_cma | pinned,
            )
    return frames


def decoded(cells):
    """The same from the bytes of the frames."""
    frames = []
    for cell in cells.tolist():
        kind = cell & layout.FRAME_KIND_MASK
        if kind in (layout.FRAME_FREE, layout.FRAME_FREE_CMA):
            frames.append((kind, cell >> layout.FRAME_ORDER_SHIFT, set()))
            continue
        flags = {"pinned": layout.FRAME_PINNED, "cma": layout.FRAME_IN_CMA}
        frames.append((kind, None, {name for name, flag in flags.items() if cell & flag}))
    return frames


def pressed(**settings):
    """A machine with frames of every kind, some of them pinned."""
    machine = Machine(frames=FRAMES, max_pool_percent=40, cma_pages=1024, **settings)
    process = machine.create_process(5000)
    machine.touch(process, range(5000), write=True)
    machine.reclaim(300)
    machine.alloc_pages(3)
    anon = np.flatnonzero(machine.state.pages["mapping"][:FRAMES])
    for pfn in anon[[0, -1]].tolist():
        machine.pin(pfn)
    zbud = np.flatnonzero(machine.state.pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE)
    machine.pin(int(zbud[0]))
    return machine


@pytest.fixture(params=[{}, {"zbud": "plain"}, {"page_bytes": False}], ids=str)
def machine(request):
    return pressed(**request.param)


class TestFrameCells:
    def test_say_what_the_records_say(self, machine):
        cells = inspection.frame_cells(machine.state)
        frames = expected(machine)
        assert decoded(cells) == frames
        assert (inspection.frame_kinds(machine.state) == [kind for kind, _, _ in frames]).all()
        assert {kind for kind, _, _ in frames} >= {0, 2, 4, 5}
        assert sum("pinned" in words for *_, words in frames) == 3

    def test_are_the_same_uncompiled(self):
        machine = pressed()
        compiled = inspection.frame_cells(machine.state)
        with jit.uncompiled(["inspection.used_frame", "inspection.free_frame"]):
            assert (inspection.frame_cells(machine.state) == compiled).all()

    def test_pages_taken_aside_are_isolated(self):
        machine = pressed()
        state = machine.state
        pfn = int(np.flatnonzero(state.pages["mapping"][:FRAMES])[5])
        assert isolate_lru_page(state.zone, state.pages, pfn)
        head = int(state.zone["list_heads"]) + layout.MIGRATEPAGES
        state.pages["next"][[head, pfn], 0] = pfn, head
        cells = inspection.frame_cells(state)
        assert np.flatnonzero(cells & layout.FRAME_ISOLATED).tolist() == [pfn]

    def test_free_frames_of_an_isolated_pageblock_are_isolated(self):
        machine = Machine(frames=FRAMES, cma_pages=1024)
        machine.state.blocks["migratetype"][7] = layout.MIGRATE_ISOLATE
        cells = inspection.frame_cells(machine.state)
        assert np.flatnonzero(cells & layout.FRAME_ISOLATED).tolist() == list(range(3584, 4096))
        assert (cells[3584:] & layout.FRAME_KIND_MASK == layout.FRAME_FREE).all()

    def test_parts_of_chosen_frames(self):
        machine = pressed()
        cells = inspection.frame_cells(machine.state) & layout.FRAME_KIND_MASK
        zbud = np.flatnonzero(np.isin(cells, layout.POOL_KINDS))[:5]
        anon = np.flatnonzero(cells == layout.FRAME_ANON)[:2]
        parts = zpool_reader.page_parts(machine.state, np.concatenate([anon, zbud]))
        assert not parts[:2].any()
        for pfn, found in zip(zbud.tolist(), parts[2:].tolist(), strict=True):
            header = machine.state.rows[pfn << 6]
            first, last = int(header["first_chunks"]), int(header["last_chunks"])
            free = 63 - first - last
            ends = [layout.PART_HEADER, *[layout.PART_FIRST] * first]
            assert found == [*ends, *[layout.PART_FREE] * free, *[layout.PART_LAST] * last]
