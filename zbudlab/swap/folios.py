"""Today's zswap as its callers see it: folios stored and loaded, cgroups and the pool shrunk.

The pieces are kernels of `mm.zswap7`. What happens between them belongs to the world around zswap:
the swap cache, the decompressor, and the swap device.

Source: mm/zswap.c (v7.2, v7.3).
"""

from collections.abc import Generator
from errno import EAGAIN, EEXIST, ENOENT
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from zbudlab.content.compressors import DamagedData
from zbudlab.jit import open_doors
from zbudlab.layout import DOOR_FREE_SCAN, ROOT_CGROUP
from zbudlab.mm import zswap7, zswap_cgroup, zswap_lru, zswap_pools, zswap_tables
from zbudlab.mm.state import State
from zbudlab.profiles import RULES, Profile
from zbudlab.swap.device import SlotContent
from zbudlab.swap.journal import Journal

MAX_RECLAIM_RETRIES = 16  #: failures after which the shrink work ends
SHRINK_STOP = -1  #: what the shrinker answers when it wrote nothing, or should not go on

T = TypeVar("T")
Steps = Generator[None, None, T]  #: work that pauses where another processor could come in


def finished(steps: Steps[T]) -> T:
    """Run such work to its end, and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


class World(Protocol):
    """The services that zswap needs from the rest of the kernel."""

    def prepare(self, slot: int) -> int:
        """Allocate a page of the swap cache. Return 0, -EEXIST (it is there already) or -ENOMEM."""

    def content(self, number: int, where: NDArray[np.int64]) -> SlotContent:
        """Return the page of an entry. Raises DamagedData. where: address and length, int64 (2,)"""

    def written_back(self, slot: int, page: SlotContent) -> None:
        """Write a page of the swap cache to the device."""


class Walk(NamedTuple):
    """The result of a walk.

    written: pages. left: entries that it could still have looked at. stopped: a page in the swap
    cache ended it.
    """

    written: int
    left: int
    stopped: bool = False


def boot(state: State, rules: Profile) -> None:
    """Give a machine today's zswap, switched on, with the root cgroup and without a pool."""
    for rule in RULES:
        state.zswaps[rule] = getattr(rules, rule)
    state.zswaps["enabled"] = 1
    if rules.free_scan_stride:
        open_doors(DOOR_FREE_SCAN)
    zswap_tables.make_lists(state)


class FolioZswap:
    """Today's zswap of one machine, after `boot`.

    state: the arrays. world: the rest of the kernel. journal: gets every step.
    """

    def __init__(self, state: State, world: World, journal: Journal | None = None) -> None:
        self.state = state
        self.world = world
        self.do = (journal or Journal()).do

    # --- store and load ------------------------------------------------------------------------

    def store(
        self,
        slots: NDArray[np.int64],
        cgroup: int,
        data: NDArray[np.uint8],
        raw: NDArray[np.uint8],
        lengths: NDArray[np.int32],
    ) -> int:
        """Store a folio. Return 0, or a negative errno if zswap keeps no part of it.

        Arguments as for `mm.zswap7.zswap_store_folio`.
        """
        self.state.reserve_entries(len(slots))
        self.state.reserve_objects(len(slots))
        answer = self.do(zswap7.zswap_folio_begin, self.state.mem, cgroup)
        if answer == zswap7.AT_LIMIT:
            answer = self.shrink_memcg(cgroup)
        mem = self.state.mem
        if answer:
            return int(self.do(zswap7.zswap_folio_not_stored, mem, slots, answer))
        given = (slots, cgroup, data, raw, lengths)
        return int(self.do(zswap7.zswap_store_folio, mem, *given))

    def load(self, slot: int) -> SlotContent | None:
        """Load a page and drop its entry. Return its content; None if zswap does not have it.

        Raises DamagedData if it does not decompress; the entry then stays.
        """
        number = int(self.state.swap_slots["entry"][slot])
        if not number:
            return None
        page = self.decompressed(number)
        self.do(zswap7.zswap_load_folio_end, self.state.mem, slot)
        return page

    def decompressed(self, number: int, *, counted: bool = True) -> SlotContent:
        """Return the page of an entry. Raises DamagedData.

        counted: whether zswap counts a page that does not decompress.
        """
        where = np.zeros(2, np.int64)
        self.do(zswap7.zswap_decompress_begin, self.state.mem, number, where)
        failed = True
        try:
            page = self.world.content(number, where)
            failed = False
        finally:
            failed = failed and counted
            self.do(zswap7.zswap_decompress_end, self.state.mem, number, int(failed))
        return page

    def invalidate(self, slot: int) -> None:
        """Drop what zswap has for a slot."""
        self.do(zswap7.zswap_invalidate, self.state.mem, slot)

    # --- writeback -----------------------------------------------------------------------------

    def writeback_entry(self, number: int) -> int:
        """Write an entry's page to the device. Return 0, -EEXIST, -ENOMEM or -EIO.

        Source: mm/zswap.c, zswap_writeback_entry (v7.3).
        """
        slot = int(self.state.zswap_entries["slot"][number])
        error = self.world.prepare(slot)
        if not error:
            check = zswap7.zswap_writeback_folio_check
            error = int(self.do(check, self.state.mem, slot, number))
        page: SlotContent = 0
        if not error:
            try:
                page = self.decompressed(number)
            except DamagedData:
                error = -zswap7.EIO
        self.do(zswap7.zswap_writeback_folio_end, self.state.mem, slot, int(error != 0))
        if not error:
            self.world.written_back(slot, page)
        return error

    def walk(self, cgroup: int, left: int, *, stops: bool = False) -> Steps[Walk]:
        """Look at `left` entries of a cgroup; pause before each try.

        stops: a page that is in the swap cache ends the walk.
        """
        written = 0
        while True:
            number, left = self.do(zswap_lru.zswap_lru_walk, self.state.mem, cgroup, left)
            if not number:
                return Walk(written, left)
            yield
            error = self.writeback_entry(number)
            written += not error
            if error == -EEXIST and stops:
                return Walk(written, left, stopped=True)

    def _shrink_steps(self, cgroup: int) -> Steps[int]:
        """Run `shrink_memcg`, pausing before each try."""
        enabled = zswap_cgroup.mem_cgroup_zswap_writeback_enabled(self.state.mem, cgroup)
        if not (enabled and self.state.cgroups["online"][cgroup]):
            return -ENOENT
        batch = int(self.state.zswaps["writeback_batch"][0])
        done = yield from self.walk(cgroup, batch)
        if done.left == batch:
            return -ENOENT
        return 0 if done.written else -EAGAIN

    def shrink_memcg(self, cgroup: int) -> int:
        """Shrink a cgroup once. Return 0, -EAGAIN (nothing written) or -ENOENT (no candidate)."""
        return finished(self._shrink_steps(cgroup))

    def shrink_work(self) -> Steps[None]:
        """Run the shrink work; pause before each entry that it tries.

        It goes through the cgroups in turn until the pools are at the threshold, and gives up
        after MAX_RECLAIM_RETRIES failures: a batch of which none was written, or all cgroups
        without a candidate.
        Source: mm/zswap.c, shrink_worker (v7.3).
        """
        self.state.zswaps["shrink_work"] = 0
        threshold = zswap_pools.zswap_accept_thr_pages(self.state.mem)
        failures = attempts = 0
        while True:
            cgroup = int(self.do(zswap_cgroup.next_shrink_memcg, self.state.mem))
            if cgroup < ROOT_CGROUP:
                failures += not attempts
                attempts = 0
            else:
                answer = yield from self._shrink_steps(cgroup)
                attempts += answer != -ENOENT
                failures += answer == -EAGAIN
            done = zswap_pools.zswap_total_pages(self.state.mem) <= threshold
            if failures == MAX_RECLAIM_RETRIES or done:
                return

    def shrink_worker(self) -> None:
        """Run the shrink work to its end."""
        finished(self.shrink_work())

    # --- the shrinker --------------------------------------------------------------------------

    def shrinker_scan(self, cgroup: int, count: int) -> tuple[int, int]:
        """Let the shrinker look at `count` entries. Return the pages written, and what is left.

        SHRINK_STOP instead of pages: nothing was written, or a page was in the swap cache.
        """
        enabled = zswap_cgroup.mem_cgroup_zswap_writeback_enabled(self.state.mem, cgroup)
        if not (enabled and self.state.zswaps["shrinker_enabled"][0]):
            return SHRINK_STOP, count
        done = finished(self.walk(cgroup, count, stops=True))
        return SHRINK_STOP if done.stopped or not done.written else done.written, done.left

    def shrinker_count(self, cgroup: int) -> int:
        """Return how many entries of a cgroup the shrinker should look at."""
        return int(self.do(zswap_cgroup.zswap_shrinker_count, self.state.mem, cgroup))

    def swapped_in(self, cgroup: int) -> None:
        """Note that a page of a cgroup was read from the device."""
        self.do(zswap7.count_swapin, self.state.mem, cgroup)

    # --- settings ------------------------------------------------------------------------------

    def new_cgroup(self, number: int, parent: int = ROOT_CGROUP) -> None:
        """Create a cgroup."""
        self.do(zswap_cgroup.mem_cgroup_create, self.state.mem, number, parent)

    def counters(self) -> dict[str, Any]:
        """Return zswap's counters, named as in debugfs, and its limit and flags."""
        zswap = self.state.zswaps[0]
        pages = int(zswap_pools.zswap_total_pages(self.state.mem))
        return {"pool_pages": pages} | {name: int(zswap[name]) for name in COUNTERS}


#: Counters and flags, as fields of layout.zswap, in the order of the recorded traces.
COUNTERS = (
    "stored_pages",
    "stored_incompressible_pages",
    "pool_limit_hit",
    "reject_reclaim_fail",
    "reject_compress_fail",
    "reject_compress_poor",
    "reject_alloc_fail",
    "reject_kmemcache_fail",
    "decompress_fail",
    "written_back_pages",
    "pool_reached_full",
    "shrink_work",
)


class CompressorPools:
    """The pools of today's zswap by compressor, oldest ones last.

    make: starts a pool of that number. known: compressors that the kernel has.
    """

    def __init__(self, state: State, make: Any, known: tuple[str, ...]) -> None:
        self.state = state
        self.make = make
        self.known = known
        self.names: dict[int, str] = {}  # by pool

    def live(self) -> dict[str, int]:
        """Return the pages of each pool that exists, by compressor, current one first."""
        found = {}
        at = int(self.state.zswaps["current_pool"][0])
        while at >= 0:
            found[self.names[at]] = int(self.state.pools["pages_nr"][at])
            at = int(self.state.pools["next_pool"][at])
        return found

    def use(self, name: str) -> int:
        """Compress with `name` from now on. Return 0, or -ENOENT for an unknown compressor."""
        if name not in self.known:
            return -ENOENT
        live = self.live()
        number = next((at for at, each in self.names.items() if each == name), -1)
        if name not in live:
            used = {at for at, each in self.names.items() if each in live}
            number = next(at for at in range(len(self.state.pools)) if at not in used)
            self.names = {at: each for at, each in self.names.items() if at in used}
            self.names[number] = name
            self.state.pools["zswap_entries"][number] = 0
            self.make(number)
        zswap_pools.zswap_pool_use(self.state.mem, number)
        return 0
