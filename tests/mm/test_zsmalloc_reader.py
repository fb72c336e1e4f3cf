"""What zsmalloc's pages hold, on a whole machine; test_zpool_reader.py tests the rest."""

import itertools

import numpy as np

from tests.mm.pressed import contents, pool_pages, pressed
from zbudlab import layout
from zbudlab.machine import Machine
from zbudlab.mm import zpool, zpool_reader, zsmalloc_reader


def test_a_full_pool_refuses_as_it_cannot_shrink():
    made, _ = pressed("zsmalloc")
    made.set_max_pool_percent(1)
    process = made.create_process(200)
    made.write(process, 0, contents()[:200])
    assert made.swap.counters()["written_back_pages"] == 0
    assert made.swap.counters()["pool_limit_hit"] > 0


def test_objects_cover_their_pages():
    made, _ = pressed("zsmalloc")
    state = made.state
    ends = 0
    for pfn in pool_pages(made).tolist():
        objects = zsmalloc_reader.objects_in(state, pfn)
        for (_, _, end), (_, start, _) in itertools.pairwise(objects):
            assert end <= start
        ends += sum(end <= layout.PAGE_SIZE for _, _, end in objects)
        parts = zpool_reader.page_parts(state, np.array([pfn]))[0]
        used = {
            chunk
            for _, start, end in objects
            for chunk in range(max(start, 0) // 64, -(-min(end, layout.PAGE_SIZE) // 64))
        }
        assert set(np.flatnonzero(parts).tolist()) == used
    assert ends == int(state.arenas["nr_handles"][0])


def test_small_objects_that_share_a_chunk_are_seen():
    made = Machine(frames=64, profile="6.1", zpool="zsmalloc", page_bytes=False)
    made.state.reserve_objects(4)
    for _ in range(4):
        zpool.zpool_malloc(made.state.mem, 0, 20, layout.MIGRATE_MOVABLE)
    pfn = pool_pages(made)
    assert zpool_reader.page_parts(made.state, pfn)[0].tolist() == [layout.PART_LAST] * 2 + [0] * 62
    zpool.zpool_free(made.state.mem, 0, 2)
    parts = [layout.PART_FIRST, layout.PART_LAST]
    assert zpool_reader.page_parts(made.state, pfn)[0, :2].tolist() == parts
    zpool.zpool_free(made.state.mem, 0, 1)
    assert zpool_reader.page_parts(made.state, pfn)[0, :3].tolist() == [0, layout.PART_LAST, 0]
