"""zsmalloc under zswap of a whole machine: proofs, views, snapshots and logs."""

import itertools

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.analysis import blockers, ownership
from zbudlab.history import History
from zbudlab.machine import ConfigError, Machine
from zbudlab.mm import inspection, zpool, zpool_reader, zsmalloc_reader
from zbudlab.traces.logs import LogReplay

FRAMES = 512
PAGES = 650


def contents(seed=1):
    random = np.random.default_rng(seed)
    made = np.zeros((PAGES, layout.PAGE_SIZE), np.uint8)
    for page, size in zip(made, random.integers(0, layout.PAGE_SIZE + 1, PAGES), strict=True):
        page[:size] = random.integers(0, 256, size)
    return made


def pressed(**settings):
    """A machine under pressure, its process and what was written."""
    made = Machine(
        frames=FRAMES, profile="6.1", zpool="zsmalloc", max_pool_percent=30, threads=1, **settings
    )
    process = made.create_process(PAGES)
    if made.config.page_bytes:
        made.write(process, 0, contents())
    else:
        made.write(process, 0, np.random.default_rng(1).integers(20, 4000, PAGES))
    return made, process


def pool_pages(machine):
    return np.flatnonzero(zpool_reader.pool_pages(machine.state.pages[:FRAMES]))


def test_zswap_stores_loads_and_frees():
    made, process = pressed(checked=True)
    counters = made.swap.counters()
    assert counters["stored_pages"] > 50
    assert counters["pool_pages"] == len(pool_pages(made)) > 20
    assert np.array_equal(made.read(process, 0, PAGES), contents())
    made.exit(process)
    made.check()


def test_a_full_pool_refuses_as_it_cannot_shrink():
    made, _ = pressed()
    made.set_max_pool_percent(1)
    process = made.create_process(200)
    made.write(process, 0, contents()[:200])
    assert made.swap.counters()["written_back_pages"] == 0
    assert made.swap.counters()["pool_limit_hit"] > 0


def test_compaction_moves_its_pages():
    made, process = pressed(pageblock_order=4)
    made.touch(process, range(0, 600, 3))
    before = set(pool_pages(made).tolist())
    made.compact()
    moved = {int(move["old"]) for move in made.moves[: int(made.control["nr_moves"][0])]}
    assert moved & before
    made.check()
    assert np.array_equal(made.read(process, 0, PAGES), contents())


def test_each_page_is_proved():
    made, process = pressed(page_bytes=False)
    proof = ownership.prove(made.state, process)
    assert proof.proved == PAGES
    handle = int(proof.handles[proof.handles > 0][0])
    made.state.handles[handle] += 1
    assert ownership.prove(made.state, process).proved < PAGES


def test_a_pinned_page_is_seen():
    made, _ = pressed()
    pfn = int(pool_pages(made)[0])
    assert not blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]
    made.pin(pfn)
    assert blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]


def test_objects_cover_their_pages():
    made, _ = pressed()
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


def test_snapshots_and_logs_have_it_too(tmp_path):
    made, process = pressed()
    snapshot = made.snapshot()
    digest = made.digest()
    made.touch(process, range(0, 300))
    assert made.digest() != digest
    made.restore(snapshot)
    assert made.digest() == digest
    made.check()
    made.save_log(tmp_path / "log")
    replay = LogReplay(tmp_path / "log")
    replay.run()
    assert replay.differs is None
    assert replay.machine.digest() == digest
    history = History(made)
    half = history.machine_at(len(history) // 2).digest()
    assert history.machine_at(len(history)).digest() == digest
    assert history.machine_at(len(history) // 2).digest() == half


def test_a_kernel_without_zsmalloc_is_refused():
    with pytest.raises(ConfigError, match=r"zswap of 3\.12-fixed has no zsmalloc: it has zbud\."):
        Machine(frames=64, zpool="zsmalloc")


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
