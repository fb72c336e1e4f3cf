"""zsmalloc and z3fold under zswap of a whole machine: proofs, views, snapshots and logs.

Also tests `mm/zsmalloc_zpool.py` and `mm/z3fold_zpool.py` through the seam.
"""

import numpy as np
import pytest

from tests.mm.pressed import PAGES, contents, pool_pages, pressed
from zbudlab.analysis import blockers, ownership
from zbudlab.history import History
from zbudlab.machine import ConfigError, Machine
from zbudlab.mm import inspection
from zbudlab.traces.logs import LogReplay

BOTH = pytest.mark.parametrize("zpool", ["zsmalloc", "z3fold"])


@BOTH
def test_zswap_stores_loads_and_frees(zpool):
    made, process = pressed(zpool, checked=True)
    counters = made.swap.counters()
    assert counters["stored_pages"] > 50
    assert int(made.state.pools["pages_nr"][0]) == len(pool_pages(made)) > 20
    if zpool == "zsmalloc":  # z3fold frees pages later than zswap counts them
        assert counters["pool_pages"] == len(pool_pages(made))
    assert (counters["written_back_pages"] > 0) == (zpool == "z3fold")
    assert np.array_equal(made.read(process, 0, PAGES), contents())
    made.exit(process)
    made.check()


@BOTH
def test_compaction_moves_its_pages(zpool):
    made, process = pressed(zpool, pageblock_order=4)
    made.touch(process, range(0, 600, 3))
    before = set(pool_pages(made).tolist())
    made.compact()
    moved = {int(move["old"]) for move in made.moves[: int(made.control["nr_moves"][0])]}
    assert moved & before
    made.check()
    assert np.array_equal(made.read(process, 0, PAGES), contents())


@BOTH
def test_each_page_is_proved(zpool):
    made, process = pressed(zpool, page_bytes=False)
    proof = ownership.prove(made.state, process)
    assert proof.proved == PAGES
    handle = int(proof.handles[proof.handles > 0][0])
    made.state.handles[handle] ^= 1
    assert ownership.prove(made.state, process).proved < PAGES


@BOTH
def test_a_pinned_page_is_seen(zpool):
    made, _ = pressed(zpool)
    pfn = int(pool_pages(made)[0])
    assert not blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]
    made.pin(pfn)
    assert blockers.pinned_frames(made.state, inspection.frame_kinds(made.state))[pfn]


@BOTH
def test_snapshots_and_logs_have_it_too(tmp_path, zpool):
    made, process = pressed(zpool)
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


@BOTH
def test_a_kernel_without_it_is_refused(zpool):
    with pytest.raises(ConfigError, match=rf"zswap of 3\.12-fixed has no {zpool}: it has zbud\."):
        Machine(frames=64, zpool=zpool)
