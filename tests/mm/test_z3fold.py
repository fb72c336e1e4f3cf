"""z3fold, with page bytes and without, against its twin.

Also tests `mm/z3fold_page.py`, `mm/z3fold_pool.py`, `mm/z3fold_compact.py`,
`mm/z3fold_migrate.py`, `mm/z3fold_tables.py` and `mm/z3fold_zpool.py`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mm.z3fold_engine import FRAMES, Z3foldEngine
from tests.naive import Buddy
from tests.naive_z3fold import NaiveZ3fold
from zbudlab import jit, layout
from zbudlab.layout import EINVAL, ENOENT, ENOMEM, ENOSPC
from zbudlab.mm import page_alloc_check, z3fold_check, zpool

OPERATIONS = 100_000
LOOKS = 500  #: operations between two looks at everything


def content(stamp, size):
    return ((stamp * 31 + np.arange(size) * 7) % 251).astype(np.uint8)


class Pair:
    """The engine's pool and the twin's, which must do the same, and what the owner stored."""

    def __init__(self, seed, page_bytes):
        self.random = np.random.Generator(np.random.PCG64(seed))
        self.engine = Z3foldEngine(page_bytes)
        self.twin = NaiveZ3fold(Buddy(FRAMES, 4))
        self.live = {}  # size and stamp by handle
        self.mapped = []
        self.stamp = 0

    def both(self, name, *arguments):
        got = getattr(self.engine, name)(*arguments)
        assert got == getattr(self.twin, name)(*arguments), name
        return got

    def handle(self):
        """A live handle, drawn."""
        return list(self.live)[int(self.random.integers(len(self.live)))]

    # --- operations ----------------------------------------------------------------------------

    def malloc(self):
        top = int(self.random.choice([60, 700, 1500, 4100]))
        handle = self.both("malloc", int(self.random.integers(-1, top)))
        if handle > 0:
            self.stamp += 1
            size = self.engine_size(handle)
            self.live[handle] = size, self.stamp
            if self.engine.state.page_bytes:
                self.engine.bytes_of(handle, size)[:] = content(self.stamp, size)

    def engine_size(self, handle):
        """The bytes of an object's chunks, of which the owner uses all."""
        page, place = self.twin.where[handle]
        return 64 * page.objects[place] or layout.PAGE_SIZE

    def malloc_without_memory(self):
        self.refuse(1)
        self.malloc()
        self.refuse(0)

    def refuse(self, failures):
        self.engine.state.zone["fail_page_alloc"] = failures
        self.twin.buddy.failures = failures

    def free(self):
        handle = self.handle()
        self.live.pop(handle)
        self.both("free", handle)
        self.mapped = [each for each in self.mapped if each != handle]

    def map(self):
        handle = self.handle()
        assert self.both("map", handle) == self.engine.address(handle)
        self.mapped.append(handle)

    def unmap(self):
        if self.mapped:
            at = int(self.random.integers(len(self.mapped)))
            assert self.both("unmap", self.mapped.pop(at)) == 0

    def gone(self):
        handle = int(self.random.integers(-2, 500))
        if handle not in self.live:
            assert self.engine.map(handle) == -1
            assert self.engine.unmap(handle) == -ENOENT
            assert self.both("free", handle) == -ENOENT

    def work(self):
        self.both("compact_work")

    def release(self):
        self.both("release_work")

    def isolate(self):
        if self.twin.isolated is None:
            page, _ = self.twin.where[self.handle()]
            self.both("isolate", page.frame)

    def end_isolation(self):
        if self.twin.isolated is not None:
            self.both("putback" if self.random.integers(3) == 0 else "migrate")

    def migrate_without_memory(self):
        if self.twin.isolated is not None:
            self.refuse(1)
            assert self.both("migrate") == -ENOMEM
            self.refuse(0)

    def migrate_pinned(self):
        if self.twin.isolated is not None and self.twin.isolated.objects:
            frame = self.twin.isolated.frame
            self.engine.state.pages["refcount"][frame] += 1
            self.twin.buddy.references[frame] += 1
            assert self.both("migrate") == -layout.EAGAIN
            self.engine.state.pages["refcount"][frame] -= 1
            self.twin.buddy.references[frame] -= 1

    def reclaim(self):
        keep = [self.handle() for _ in range(int(self.random.integers(3)))]
        self.both("reclaim", keep)
        gone = set(self.live) - set(self.twin.where)
        self.live = {handle: self.live[handle] for handle in self.live if handle not in gone}
        self.mapped = [each for each in self.mapped if each not in gone]

    #: Operations and how often each comes.
    WEIGHTS = (
        ("malloc", 40),
        ("free", 36),
        ("map", 3),
        ("unmap", 4),
        ("gone", 1),
        ("work", 6),
        ("release", 4),
        ("isolate", 3),
        ("end_isolation", 4),
        ("reclaim", 2),
        ("malloc_without_memory", 1),
        ("migrate_without_memory", 1),
        ("migrate_pinned", 1),
    )

    def play(self, operations):
        names, weights = zip(*self.WEIGHTS, strict=True)
        shares = np.array(weights) / sum(weights)
        for number, which in enumerate(self.random.choice(len(names), operations, p=shares)):
            self.act(names[which])
            if number % LOOKS == 0:
                self.look()
        self.look()

    def act(self, name):
        """Do an operation, if it is possible."""
        if self.live or name in ("malloc", "work", "release"):
            getattr(self, name)()

    # --- what must hold ------------------------------------------------------------------------

    def look(self):
        engine, twin = self.engine, self.twin
        mem = engine.state.mem
        assert page_alloc_check.first_fault(mem) == (0, 0)
        assert z3fold_check.first_fault(mem, 0) == (0, 0)
        lists = {
            free: [page.frame for page in members]
            for free, members in twin.lists.items()
            if members
        }
        assert engine.lists() == lists
        assert engine.lru() == [page.frame for page in twin.lru]
        assert engine.work() == [page.frame for page in twin.work]
        assert engine.pages_nr() == twin.pages_nr()
        assert engine.state.zone["nr_free_pages"] == twin.buddy.free_pages()
        for handle, (size, stamp) in self.live.items():
            assert engine.address(handle) == twin.address(handle)
            if engine.state.page_bytes:
                assert np.array_equal(engine.bytes_of(handle, size), content(stamp, size))


#: Names of operations, each as often as it should come.
OFTEN = st.sampled_from([name for name, weight in Pair.WEIGHTS for _ in range(weight)])


@pytest.mark.parametrize("page_bytes", [True, False])
def test_engine_and_twin_do_the_same(page_bytes):
    pair = Pair(7, page_bytes)
    pair.play(OPERATIONS // 2)
    pool = pair.engine.pool
    assert pool["z3fold_overruns"] > 0
    assert pool["z3fold_unseen_mappings"] > 0


@settings(max_examples=120, derandomize=True, deadline=None)
@given(seed=st.integers(0, 1 << 32), page_bytes=st.booleans(), names=st.lists(OFTEN, max_size=60))
def test_any_short_script_does_the_same(seed, page_bytes, names):
    pair = Pair(seed, page_bytes)
    for name in names:
        pair.act(name)
        pair.look()


def test_plain_python_does_the_same():
    plain = [name for name in jit.KERNELS if name.startswith("z3fold")]
    for page_bytes in (True, False):
        with jit.uncompiled(plain):
            Pair(3, page_bytes).play(1500)


def test_sizes_that_are_refused():
    engine = Z3foldEngine(False)
    assert [engine.malloc(size) for size in (0, -1, 4097)] == [-EINVAL, -EINVAL, -ENOSPC]
    assert engine.pages_nr() == 0


def test_tables_without_room_are_no_memory():
    engine = Z3foldEngine(False)
    mem = engine.state.mem
    assert int(zpool.zpool_malloc(mem, 0, 100, layout.MIGRATE_UNMOVABLE)) == -ENOMEM
    assert engine.malloc(100) == 1
    engine.state.handles = np.concatenate([engine.state.handles, np.zeros(8, np.int64)])
    engine.state.z3folds = engine.state.z3folds[
        : int(engine.state.arenas["unused_z3fold"][0])
    ].copy()
    assert int(zpool.zpool_malloc(engine.state.mem, 0, 4000, 0)) == -ENOMEM
    assert engine.free(1) == 0


def test_two_pools_keep_their_objects_apart():
    engine = Z3foldEngine(False)
    state = engine.state
    state.create_pool(1, 0, layout.ZPOOL_Z3FOLD)
    first = engine.malloc(1000)
    state.reserve_objects(1)
    other = int(zpool.zpool_malloc(state.mem, 1, 1000, layout.MIGRATE_UNMOVABLE))
    assert state.pools["pages_nr"].tolist() == [1, 1]
    assert int(zpool.zpool_free(state.mem, 0, other)) == -ENOENT
    assert int(zpool.zpool_free(state.mem, 1, other)) == 0
    assert engine.free(first) == 0
    zpool.zpool_run_work(state.mem)
    for number in (0, 1):
        assert z3fold_check.first_fault(state.mem, number) == (0, 0)
    assert state.zone["nr_free_pages"] == FRAMES


def test_a_migrated_page_takes_no_more_objects_and_moves_only_once():
    engine = Z3foldEngine(True)
    handle = engine.malloc(1000)
    assert engine.isolate(engine.address(handle) >> layout.PAGE_SHIFT)
    assert engine.migrate() == 0
    engine.compact_work()
    moved = engine.address(handle) >> layout.PAGE_SHIFT
    other = engine.malloc(1000)
    assert engine.address(other) >> layout.PAGE_SHIFT != moved
    assert not engine.isolate(moved)
    engine.free(other)
    assert engine.reclaim(()) == -layout.EAGAIN
    assert engine.free(handle) == 0
    assert engine.pages_nr() == 0


def test_four_mappings_look_like_none():
    engine = Z3foldEngine(True)
    handle = engine.malloc(1000)
    for _ in range(3):
        engine.map(handle)
        assert not engine.isolate(engine.address(handle) >> layout.PAGE_SHIFT)
    assert engine.pool["z3fold_unseen_mappings"] == 0
    engine.map(handle)
    assert engine.pool["z3fold_unseen_mappings"] == 1
    assert engine.isolate(engine.address(handle) >> layout.PAGE_SHIFT)


def test_freed_records_are_used_again():
    engine = Z3foldEngine(False)
    lengths = None
    for _ in range(50):
        handles = [engine.malloc(1000 + 37 * n) for n in range(40)]
        lengths = lengths or (len(engine.state.z3folds), len(engine.state.handles))
        for handle in handles:
            engine.free(handle)
        zpool.zpool_run_work(engine.state.mem)
    assert (len(engine.state.z3folds), len(engine.state.handles)) == lengths
