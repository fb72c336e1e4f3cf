"""zbud, both variants, with page bytes and without, against its twins.

Also tests `mm/zbud_header.py` and `mm/zbud_migrate.py`.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.mm.zbud_engine import FRAMES, POLICIES, Engine
from tests.naive import Buddy, RadixTree
from tests.naive_zbud import ZbudPlain, ZbudSeries
from zbudlab import layout
from zbudlab.layout import LRU, ZBUD_PLAIN, ZBUD_SERIES
from zbudlab.mm import page_alloc, page_alloc_check, radix_tree, zbud_check

sizes = st.integers(-1, layout.PAGE_SIZE) | st.sampled_from(
    [1, 64, 65, 1984, 1985, 2016, 2017, 3904, 3905, 3968, 3969]
)


def twin_headers(twin):
    return [
        (
            *page.chunks,
            *page.handles,
            *(
                count if handle else 0
                for count, handle in zip(page.map_counts, page.handles, strict=True)
            ),
            twin.buddy.references[page.pfn],
        )
        for page in twin.lru
    ]


class Pools(RuleBasedStateMachine):
    """The engine's pool and the twin's do the same, and no object loses its bytes."""

    variant = ZBUD_PLAIN
    twin_type = ZbudPlain

    @initialize(page_bytes=st.booleans())
    def create(self, page_bytes):
        self.engine = Engine(self.variant, page_bytes)
        self.twin = self.twin_type(Buddy(FRAMES, 4))
        self.live = {}  # what the owner wrote, by handle
        self.mapped = []  # handles, once a mapping
        self.victims = []  # being reclaimed: page and its handles
        self.stamp = 0

    def both(self, name, *arguments):
        got = getattr(self.engine, name)(*arguments)
        assert got == getattr(self.twin, name)(*arguments)
        return got

    def reserve(self, refused):
        self.engine.state.zone["fail_page_alloc"] = int(refused)
        self.twin.buddy.failures = int(refused)

    def a_live_handle(self, data):
        return data.draw(st.sampled_from(sorted(self.live)), "handle")

    def a_page(self, data):
        return data.draw(st.sampled_from([page.pfn for page in self.twin.lru]), "frame")

    @rule(size=sizes)
    def alloc(self, size):
        handle = self.both("alloc", size)
        if handle > 0:
            self.stamp += 1
            self.write(handle, self.stamp)

    @rule(several=st.lists(st.integers(1, layout.ZBUD_MAX_SIZE), min_size=4, max_size=20))
    def alloc_many(self, several):
        for size in several:
            self.alloc(size)

    @rule(size=sizes)
    def alloc_without_memory(self, size):
        self.reserve(True)
        self.alloc(size)
        self.reserve(False)

    def write(self, handle, word):
        address = self.both("map", handle)
        self.engine.payload(address)[0] = word
        self.both("unmap", handle)
        self.live[handle] = word

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def free(self, data):
        handle = self.a_live_handle(data)
        del self.live[handle]
        self.both("free", handle)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def free_half(self, data):
        for handle in data.draw(st.permutations(sorted(self.live)))[::2]:
            del self.live[handle]
            self.both("free", handle)

    def begin(self):
        pfn, handles = self.both("reclaim_begin")
        if pfn >= 0:
            self.victims.append((pfn, handles))

    @rule()
    def reclaim_begin(self):
        self.begin()

    @precondition(lambda self: self.victims)
    @rule(data=st.data(), evicted=st.integers(0, 2))
    def reclaim_end(self, data, evicted):
        pfn, handles = self.victims.pop(data.draw(st.integers(0, len(self.victims) - 1), "victim"))
        for handle in handles[:evicted]:
            if self.live.pop(handle, None):
                self.both("free", handle)
        self.both("reclaim_end", pfn)

    @rule(retries=st.integers(0, 4), policy=st.sampled_from(sorted(POLICIES)))
    def reclaim(self, retries, policy):
        answers = []

        def evict(side):
            offered = []

            def one(handle):
                offered.append(handle)
                if handle not in live[side]:
                    return 0
                if not POLICIES[policy](len(offered)):
                    return -layout.EAGAIN
                live[side].remove(handle)
                return side.free(handle)

            answers.append(offered)
            return one

        live = {side: set(self.live) for side in (self.engine, self.twin)}
        rcs = [side.reclaim(retries, evict(side)) for side in (self.engine, self.twin)]
        assert rcs[0] == rcs[1]
        assert answers[0] == answers[1]
        self.live = {handle: self.live[handle] for handle in live[self.twin]}

    @invariant()
    def holds_together(self):
        state = self.engine.state
        assert page_alloc_check.first_fault(state.mem) == (0, 0)
        if not self.twin.victims:  # plain takes a victim off all lists
            assert zbud_check.first_fault(state.mem, 0) == (0, 0)

    @invariant()
    def holds_the_same(self):
        engine, twin = self.engine, self.twin
        assert engine.pool["pages_nr"] == twin.pages_nr
        assert engine.lists() == [[page.pfn for page in pages] for pages in twin.lists]
        assert engine.frames_on(layout.LRU_LIST, LRU) == [page.pfn for page in twin.lru]
        assert engine.state.zone["nr_free_pages"] == twin.buddy.free_pages()
        self.headers_agree()

    def headers_agree(self):
        chunks = [header[:2] for header in self.engine.headers()]
        assert chunks == [tuple(page.chunks) for page in self.twin.lru]

    @invariant()
    def keeps_every_byte(self):
        for handle, word in self.live.items():
            page, side = self.twin.buddies[handle]
            assert self.engine.payload(page.address(side))[0] == word
            assert self.engine.exists(handle)


class SeriesPools(Pools):
    """The series has mappings, pins, migration and a tree of handles besides."""

    variant = ZBUD_SERIES
    twin_type = ZbudSeries

    @initialize()
    def nobody_pins(self):
        self.pins = []

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def map(self, data):
        handle = self.a_live_handle(data)
        assert self.both("map", handle) > 0
        self.mapped.append(handle)

    @precondition(lambda self: self.mapped)
    @rule(data=st.data())
    def unmap(self, data):
        handle = self.mapped.pop(data.draw(st.integers(0, len(self.mapped) - 1), "mapping"))
        self.both("unmap", handle)

    @rule(handle=st.integers(-1, 200))
    def use_a_handle_that_is_gone(self, handle):
        if handle not in self.twin.buddies:
            assert self.both("map", handle) == 0
            assert self.both("unmap", handle) == -layout.ENOENT
            assert self.both("free", handle) == -layout.ENOENT
            assert not self.engine.exists(handle)

    @precondition(lambda self: self.twin.lru)
    @rule(data=st.data(), memory=st.integers(0, 5))
    def migrate(self, data, memory):
        pfn = self.a_page(data)
        self.reserve(memory == 0)
        self.both("migrate", pfn)
        self.reserve(False)

    @precondition(lambda self: self.twin.lru)
    @rule()
    def migrate_all(self):
        for pfn in [page.pfn for page in self.twin.lru]:
            self.both("migrate", pfn)

    @precondition(lambda self: self.twin.lru)
    @rule(data=st.data())
    def isolate(self, data):
        pfn = self.a_page(data)
        self.engine.state.pages["refcount"][pfn] += 1
        self.twin.buddy.references[pfn] += 1
        self.pins.append(pfn)

    @precondition(lambda self: self.pins)
    @rule(data=st.data())
    def putback(self, data):
        pfn = self.pins.pop(data.draw(st.integers(0, len(self.pins) - 1), "pin"))
        freed = page_alloc.put_page(self.engine.state.mem, pfn)
        assert freed == self.twin.buddy.put_page(pfn)

    def headers_agree(self):
        assert self.engine.headers() == twin_headers(self.twin)

    @invariant()
    def tree_is_the_handles(self):
        tree = RadixTree()
        tree.items = {handle: page.pfn + 1 for handle, (page, _) in self.twin.buddies.items()}
        nodes, pool = self.engine.state.nodes, self.engine.pool
        assert radix_tree.first_fault(nodes, pool) == (0, 0)
        assert (pool["items"], pool["height"]) == (len(tree.items), tree.height())
        assert nodes[0]["count"] == tree.nodes()
        for handle, item in tree.items.items():
            assert radix_tree.radix_tree_lookup(nodes, pool, handle) == item


machine_settings = settings(
    max_examples=60, stateful_step_count=100, derandomize=True, deadline=None
)
TestPlainPools = Pools.TestCase
TestPlainPools.settings = machine_settings
TestSeriesPools = SeriesPools.TestCase
TestSeriesPools.settings = machine_settings
