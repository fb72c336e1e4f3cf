"""zsmalloc by the rules of all kernels, with page bytes and without, against its twin.

Also tests `mm/zsmalloc_class.py`, `mm/zsmalloc_object.py`, `mm/zsmalloc_compact.py`,
`mm/zsmalloc_migrate.py`, `mm/zsmalloc_tables.py`, `mm/zsmalloc_zpool.py` and `mm/growth.py`.
"""

import dataclasses

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.mm.zsmalloc_engine import FRAMES, ZsmallocEngine
from tests.naive import Buddy
from tests.naive_zsmalloc import NaiveZsmalloc, size_classes
from zbudlab import jit, layout
from zbudlab.layout import EAGAIN, EBUSY, PAGE_SIZE
from zbudlab.mm import page_alloc, page_alloc_check, zpool, zsmalloc_check
from zbudlab.profiles import ZSMALLOC, zsmalloc_rules

CHAINS = [("6.1", None), *(("7.3", chain) for chain in range(4, 17))]
sizes = st.integers(-1, PAGE_SIZE + 2) | st.sampled_from(
    [24, 25, 104, 500, 1000, 1352, 2040, 3256, 3257, 3624, 3625, 4088, 4089, 4096]
)


def content(stamp, size):
    return ((stamp * 31 + np.arange(size) * 7) % 251).astype(np.uint8)


class Pools(RuleBasedStateMachine):
    """The engine's pool and the twin's do the same, and no object loses its bytes."""

    of_kernel = ZSMALLOC["6.1"]

    @initialize(page_bytes=st.booleans())
    def create(self, page_bytes):
        self.engine = ZsmallocEngine(self.of_kernel, page_bytes)
        self.twin = NaiveZsmalloc(Buddy(FRAMES, 4), self.of_kernel)
        self.live = {}  # size and stamp by handle
        self.mapped = []
        self.pins = []
        self.stamp = 0

    def both(self, name, *arguments):
        got = getattr(self.engine, name)(*arguments)
        assert got == getattr(self.twin, name)(*arguments)
        return got

    def a_frame(self, data):
        frames = [pfn for zspage in self.twin.zspages() for pfn in zspage.frames]
        return data.draw(st.sampled_from(sorted(frames)), "frame")

    @rule(size=sizes)
    def malloc(self, size):
        handle = self.both("malloc", size)
        if handle > 0:
            self.stamp += 1
            self.live[handle] = size, self.stamp
            if self.engine.state.page_bytes:
                self.engine.write(handle, content(self.stamp, size))

    @rule(size=sizes, several=st.integers(5, 40))
    def malloc_many(self, size, several):
        for _ in range(several):
            self.malloc(size)

    @rule(size=sizes, failures=st.integers(1, 2))
    def malloc_without_memory(self, size, failures):
        self.refuse(failures)
        self.malloc(size)
        self.refuse(0)

    def refuse(self, failures):
        self.engine.state.zone["fail_page_alloc"] = failures
        self.twin.buddy.failures = failures

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def free(self, data):
        handle = data.draw(st.sampled_from(sorted(self.live)), "handle")
        if handle not in self.mapped:
            del self.live[handle]
            self.both("free", handle)

    @precondition(lambda self: self.live)
    @rule(data=st.data(), kept=st.integers(2, 5))
    def free_most(self, data, kept):
        for number, handle in enumerate(data.draw(st.permutations(sorted(self.live)))):
            if number % kept and handle not in self.mapped:
                del self.live[handle]
                self.both("free", handle)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def map(self, data):
        handle = data.draw(st.sampled_from(sorted(self.live)), "handle")
        assert self.both("map", handle) >= 0
        self.mapped.append(handle)

    @precondition(lambda self: self.mapped)
    @rule(data=st.data())
    def unmap(self, data):
        handle = self.mapped.pop(data.draw(st.integers(0, len(self.mapped) - 1), "mapping"))
        assert self.both("unmap", handle) == 0

    @rule(handle=st.integers(-2, 300))
    def use_a_handle_that_is_gone(self, handle):
        if handle not in self.live:
            assert self.both("map", handle) == -1
            assert self.both("unmap", handle) == -layout.ENOENT
            assert self.both("free", handle) == -layout.ENOENT

    @rule()
    def compact(self):
        assert self.both("count") >= self.both("compact") - self.twin.queued * FRAMES

    @precondition(lambda self: self.twin.zspages())
    @rule(data=st.data(), memory=st.integers(0, 5))
    def migrate(self, data, memory):
        pfn = self.a_frame(data)
        self.refuse(int(memory == 0))
        self.both("migrate", pfn)
        self.refuse(0)

    @rule()
    def migrate_all(self):
        for pfn in [pfn for zspage in self.twin.zspages() for pfn in zspage.frames]:
            self.both("migrate", pfn)

    @precondition(lambda self: self.twin.zspages())
    @rule(data=st.data())
    def lock(self, data):
        self.twin.locked = self.a_frame(data)
        self.engine.lock(self.twin.locked)

    @rule()
    def unlock(self):
        self.twin.locked = None
        self.engine.lock(None)

    @rule()
    def deferred(self):
        self.both("deferred")

    @precondition(lambda self: self.twin.zspages())
    @rule(data=st.data())
    def pin(self, data):
        pfn = self.a_frame(data)
        self.engine.state.pages["refcount"][pfn] += 1
        self.twin.buddy.references[pfn] += 1
        self.pins.append(pfn)

    @precondition(lambda self: self.pins)
    @rule(data=st.data())
    def unpin(self, data):
        pfn = self.pins.pop(data.draw(st.integers(0, len(self.pins) - 1), "pin"))
        freed = page_alloc.put_page(self.engine.state.mem, pfn)
        assert freed == self.twin.buddy.put_page(pfn)

    @invariant()
    def holds_together(self):
        state = self.engine.state
        assert page_alloc_check.first_fault(state.mem) == (0, 0)
        assert zsmalloc_check.first_fault(state.mem, 0) == (0, 0)

    @invariant()
    def holds_the_same(self):
        engine, twin = self.engine, self.twin
        lists = {
            (size_class.size, group): [zspage.frames for zspage in members]
            for (size_class, group), members in twin.lists.items()
            if members
        }
        assert engine.lists() == lists
        assert engine.pages_nr() == twin.pages_nr()
        assert engine.count() == twin.count()
        assert engine.state.zone["nr_free_pages"] == twin.buddy.free_pages()
        for handle in self.live:
            assert engine.place(handle) == (twin.frame(handle), twin.places[handle][1])

    @invariant()
    def keeps_every_byte(self):
        if self.engine.state.page_bytes:
            for handle, (size, stamp) in self.live.items():
                assert np.array_equal(self.engine.bytes_of(handle, size), content(stamp, size))


class NewerPools(Pools):
    """The rules of 7.3."""

    of_kernel = ZSMALLOC["7.3"]


class LongPools(Pools):
    """The rules of 6.12, with chains of 16 pages."""

    of_kernel = zsmalloc_rules("6.12", 16)


machine_settings = settings(
    max_examples=30, stateful_step_count=50, derandomize=True, deadline=None
)
TestOldPools = Pools.TestCase
TestOldPools.settings = machine_settings
TestNewerPools = NewerPools.TestCase
TestNewerPools.settings = machine_settings
TestLongPools = LongPools.TestCase
TestLongPools.settings = machine_settings


@pytest.mark.parametrize(("version", "chain"), CHAINS)
def test_classes_are_the_twins(version, chain):
    rules = zsmalloc_rules(version, chain)
    classes = ZsmallocEngine(rules, False, 16).classes()
    twin = size_classes(rules)
    for size, each in zip(twin, reversed(classes), strict=True):
        got = (each["object_size"], each["pages_per_zspage"], each["objs_per_zspage"])
        assert got == (twin[size].size, twin[size].pages, twin[size].objects)
        assert each["objs_per_zspage"] <= layout.ZS_MAX_OBJECTS


KEPT = {("6.1", None): 69, ("7.3", 8): 119, ("7.3", 4): 69, ("7.3", 16): 192}


@pytest.mark.parametrize(("version", "chain"), KEPT)
def test_as_many_classes_are_kept_as_in_the_kernel(version, chain):
    classes = ZsmallocEngine(zsmalloc_rules(version, chain), False, 16).classes()
    assert len(np.unique(classes["used"])) == KEPT[version, chain]


def test_a_reader_is_answered_by_the_rule():
    for version, answer in (("6.1", EAGAIN), ("6.12", EAGAIN), ("7.2", EBUSY)):
        engine = ZsmallocEngine(ZSMALLOC[version], False)
        handle = engine.malloc(1000)
        engine.map(handle)
        assert engine.migrate(engine.place(handle)[0]) == -answer
        engine.unmap(handle)
        assert engine.migrate(engine.place(handle)[0]) == 0


def test_two_pools_keep_their_objects_apart():
    engine = ZsmallocEngine(ZSMALLOC["6.1"], False)
    state = engine.state
    state.create_pool(1, 0, layout.ZPOOL_ZSMALLOC, ZSMALLOC["7.3"])
    first = engine.malloc(1000)
    state.reserve_objects(1)
    other = int(zpool.zpool_malloc(state.mem, 1, 1000, layout.MIGRATE_MOVABLE))
    assert state.pools["pages_nr"].tolist() == [1, 1]
    assert zpool.zpool_free(state.mem, 0, other) == -layout.ENOENT
    assert zpool.zpool_free(state.mem, 1, other) == 0
    assert engine.free(first) == 0
    for number in (0, 1):
        assert zsmalloc_check.first_fault(state.mem, number) == (0, 0)


def test_freed_words_and_zspages_are_used_again():
    engine = ZsmallocEngine(ZSMALLOC["7.3"], False)
    handles = [engine.malloc(100) for _ in range(300)]
    lengths = {name: len(getattr(engine.state, name)) for name in ("zspages", "objects", "handles")}
    for _ in range(50):
        for handle in handles:
            engine.free(handle)
        handles = [engine.malloc(100) for _ in range(300)]
    assert {name: len(getattr(engine.state, name)) for name in lengths} == lengths


def test_a_table_without_room_is_no_memory():
    engine = ZsmallocEngine(ZSMALLOC["6.1"], False)
    assert engine.call(zpool.zpool_malloc, 100, layout.MIGRATE_MOVABLE) == -layout.ENOMEM
    assert engine.malloc(100) == 1
    assert engine.free(1) == 0


def script(seed, operations=250):
    """Sizes to allocate, and what to do after each."""
    random = np.random.default_rng(seed)
    return list(
        zip(random.integers(1, 4097, operations), random.integers(0, 12, operations), strict=True)
    )


def played(engine, steps):
    """Run a script, and return all answers."""
    handles, answers = [], []
    for number, (size, what) in enumerate(steps):
        handle = int(engine.malloc(int(size)))
        answers.append(handle)
        handles += [handle] * (handle > 0)
        if handles and what < 8:
            answers.append(int(engine.free(handles.pop(number * 7 % len(handles)))))
        if handles and what == 8:
            answers.append(int(engine.migrate(engine.place(handles[0])[0])))
        if what == 9:
            answers.append(int(engine.compact()))
    return answers


@pytest.mark.parametrize("version", ["6.1", "7.3"])
def test_plain_python_does_the_same(version):
    engines = [ZsmallocEngine(ZSMALLOC[version], True) for _ in range(2)]
    answers = played(engines[0], script(3))
    with jit.uncompiled([name for name in jit.KERNELS if name.startswith("zsmalloc")]):
        assert played(engines[1], script(3)) == answers
    assert np.array_equal(engines[0].state.rows, engines[1].state.rows)
    assert np.array_equal(engines[0].state.objects, engines[1].state.objects)


def test_rules_of_a_version_that_is_not_known():
    with pytest.raises(ValueError, match=r"known for 6\.1, 6\.12, 7\.2, 7\.3, not '5\.4'"):
        zsmalloc_rules("5.4")
    with pytest.raises(ValueError, match="4 to 16 pages, not 3"):
        zsmalloc_rules("7.3", 3)
    assert dataclasses.replace(ZSMALLOC["7.3"], chain_size=4) == zsmalloc_rules("7.3", 4)
