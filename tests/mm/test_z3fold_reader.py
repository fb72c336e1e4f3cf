"""z3fold under zswap of a whole machine: proofs, views, snapshots and logs."""

import numpy as np
import pytest

from zbudlab import layout
from zbudlab.analysis import blockers, ownership
from zbudlab.history import History
from zbudlab.machine import ConfigError, Machine
from zbudlab.mm import inspection, zpool, zpool_reader
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
        frames=FRAMES, profile="6.1", zpool="z3fold", max_pool_percent=30, threads=1, **settings
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
    assert counters["written_back_pages"] > 0
    assert int(made.state.pools["pages_nr"][0]) == len(pool_pages(made)) > 20
    assert np.array_equal(made.read(process, 0, PAGES), contents())
    made.exit(process)
    made.check()


def test_compaction_moves_its_pages():
    made, process = pressed(pageblock_order=4)
    made.touch(process, range(0, 600, 3))
    before = set(pool_pages(made).tolist())
    made.compact()
    moved = {int(move["old"]) for move in made.moves[: int(made.control["nr_moves"][0])]}
    assert moved & before
    made.check()
    assert np.array_equal(made.read(process, 0, PAGES), contents())


def test_its_pages_are_allocated_among_unmovable_ones():
    made, _ = pressed(pageblock_order=4)
    state = made.state
    types = state.blocks["migratetype"][pool_pages(made) >> 4]
    assert not zpool.zpool_malloc_support_movable(state.mem, 0)
    assert np.count_nonzero(types == layout.MIGRATE_UNMOVABLE) > len(types) / 2


@pytest.mark.parametrize("page_bytes", [True, False])
def test_each_page_is_proved(page_bytes):
    made, process = pressed(page_bytes=page_bytes)
    if page_bytes:
        assert np.array_equal(made.read(process, 0, PAGES), contents())
        return
    proof = ownership.prove(made.state, process)
    assert proof.proved == PAGES
    handle = int(proof.handles[proof.handles > 0][0])
    made.state.handles[handle] ^= 1
    assert ownership.prove(made.state, process).proved < PAGES


def test_a_pinned_page_is_seen():
    made, _ = pressed()
    pfn = int(pool_pages(made)[0])
    assert not blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]
    made.pin(pfn)
    assert blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]


def test_parts_of_pages_are_their_objects():
    made, _ = pressed()
    pages = pool_pages(made)
    parts = zpool_reader.page_parts(made.state, pages)
    names = (layout.PART_FIRST, layout.PART_MIDDLE, layout.PART_LAST)
    found = made.state.z3folds[made.state.pages["index"][pages]]
    whole = found["page_state"] & layout.Z3FOLD_PAGE_HEADLESS != 0
    assert np.all(parts[whole] == layout.PART_FIRST)
    assert np.all(parts[~whole, :2] == layout.PART_HEADER)
    for buddy, part in enumerate(names, layout.Z3FOLD_FIRST):
        count = np.count_nonzero(parts[~whole] == part, axis=1)
        assert np.array_equal(count, found["chunks"][~whole, buddy])
    assert np.any(parts == layout.PART_MIDDLE)


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


def test_a_kernel_without_z3fold_is_refused():
    with pytest.raises(ConfigError, match=r"zswap of 3\.12-fixed has no z3fold"):
        Machine(frames=64, zpool="z3fold")
