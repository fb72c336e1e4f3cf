"""Predict how many huge pages a running kernel will allocate, from its free lists alone.

The experiment was run on Linux 6.1 with 256 MiB: memory is filled with pages, some of them are
freed in a pattern, memory is compacted (`echo 1 > /proc/sys/vm/compact_memory`), and blocks of
order 9 are requested. The counts of its free lists before all this are known, the positions of the
blocks are not. So a prediction boots many zones that have these counts, with positions drawn by
seed, does the same to each, and gives the spread. For pages that the kernel had (user pages, and
zbud pages that cannot move) the prediction can be compared with what the kernel allocated. For zbud
pages that move there is no such kernel to compare with.

All parameters are below with their reasons. They come from the kernel's rules and from how the
experiment was run. They were fixed before the first comparison with its results, and must not be
changed because of them.

Limits: one zone, the one under pressure; no page cache to reclaim; no per-cpu lists; no kernel
allocations other than those named; the rules of 3.12 wherever `zbudlab.mm` has them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from zbudlab.layout import (
    MIGRATE_MOVABLE,
    MIGRATE_UNMOVABLE,
    PAGE_SIZE,
    WMARK_MIN,
    ZBUD_PLAIN,
    ZBUD_SERIES,
    compact_control,
    migration,
)
from zbudlab.machine.config import MachineConfig
from zbudlab.machine.freelists import Counts, Layout, Unplaceable, arrange, draw_layout
from zbudlab.mm import compaction, memory, page_alloc, vmstat, zbud
from zbudlab.mm.state import State

# --- parameters: fixed before the first comparison -----------------------------------------------

#: Seeds of the layouts that make a prediction.
SEEDS = range(20)

#: Free blocks are anywhere in pageblocks of their type, all places equally likely, and in any order
#: on their lists. Positions were not recorded, and nothing else is known about them.
#: Pages in use before the experiment stay where they are: only 31 of them were anonymous memory
#: (nr_anon_pages), the others belong to the kernel and its initial file system.

#: Pages are written in order, and freed in order. Page tables are allocated before filling: one
#: unmovable page for this many user pages (x86-64: 8 bytes per entry).
PTES_PER_TABLE = PAGE_SIZE // 8

#: zswap has an entry of 64 bytes for each stored page (struct zswap_entry of 6.1), from a slab
#: cache that allocates one unmovable page at a time. Entries of freed pages are too scattered to
#: free a slab page.
ENTRIES_PER_SLAB = PAGE_SIZE // 64

#: The pages written compress to about 60 %, so each needs a pool page. To zbud all sizes over half
#: a page are the same.
OBJECT_SIZE = PAGE_SIZE * 60 // 100

#: 6.1 allocates zbud pages without __GFP_MOVABLE, the series with it.
#: (variant of zbud, migrate type that it allocates, whether compaction moves zbud pages)
ZBUD = {
    "zbud, cannot move": (ZBUD_PLAIN, MIGRATE_UNMOVABLE, 0),
    "zbud, movable": (ZBUD_SERIES, MIGRATE_MOVABLE, 1),
}
PLAIN = "plain memory"
KINDS = (PLAIN, *ZBUD)

#: Watermarks follow the kernel's formula for the zone's size (MachineConfig.watermarks). A huge
#: page is allocated while the min watermark holds without it: the last resort of the slow path,
#: which in 6.1 no longer requires free blocks of the smaller orders.
#: compact_memory of 6.1 ignores hints (cc.whole_zone, ignore_skip_hint), hence `rescan` before it.
#: A request that finds no huge page compacts first asynchronously, then synchronously.

# --- a zone with given counts --------------------------------------------------------------------


def boot(layout: Layout) -> State:
    """Return a zone with that layout. All pages that are not free belong to the kernel."""
    order = layout.pageblock_order
    state = State(len(layout.pageblocks) << order, pageblock_order=order, page_bytes=False)
    arrange(state, layout)
    state.zone["watermark"] = MachineConfig(frames=len(state.frames)).watermarks
    return state


# --- the experiment ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Experiment:
    """An experiment on a zone.

    counts: its free blocks and pageblocks before. pages: pages written. freed: pages freed
    afterwards. pattern: which ones, "firsthalf" or "every2"; otherwise at random.
    """

    counts: Counts
    pages: int
    freed: int
    pattern: str  # "firsthalf", "every2"; else at random

    def freed_pages(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Return which pages are freed, bool (pages,)."""
        freed = np.zeros(self.pages, bool)
        if self.pattern == "firsthalf":
            freed[: self.freed] = True
        elif self.pattern == "every2":
            freed[::2] = True
        else:
            freed[rng.permutation(self.pages)[: self.freed]] = True
        return freed


@dataclass(frozen=True)
class PredictedRun:
    """The result for one layout. A huge page is as large as a pageblock.

    first_ask: huge pages at the first request. second_ask: these, and the ones after a second
    compaction. movable_pageblocks: after filling. moved: pages, by the first compaction.
    """

    seed: int
    first_ask: int
    second_ask: int  # those of the first ask, and what a second compaction brought
    movable_pageblocks: int  # after filling
    moved: int  # pages, by the first compact_memory


class PredictedZone:
    """One zone during an experiment."""

    def __init__(self, layout: Layout) -> None:
        self.state = boot(layout)
        self.huge_order = layout.pageblock_order
        self.control = np.zeros(1, compact_control)
        self.moves = np.zeros(len(self.state.frames), migration)

    def take(self, order: int, migratetype: int) -> int:
        """Allocate a block that is never freed. Return its first frame, or a negative errno."""
        return int(page_alloc.alloc_pages(self.state.mem, order, migratetype))

    def make_page_tables(self, pages: int) -> None:
        """Allocate the page tables for that many user pages."""
        for _ in range(-(-pages // PTES_PER_TABLE)):
            self.take(0, MIGRATE_UNMOVABLE)

    def fill_user(self, freed: NDArray[np.bool_]) -> Callable[[], None]:
        """Write the pages. Return a function that frees some of them.

        The pages to be freed belong to a separate process. freed: which, bool (pages,). Unplaceable
        if memory is too small.
        """
        state = self.state
        owners = [state.new_process(max(int(count), 1)) for count in (sum(~freed), sum(freed))]
        starts = state.processes["start"][owners]
        places = np.where(freed, starts[1] + np.cumsum(freed), starts[0] + np.cumsum(~freed)) - 1
        bounds = np.flatnonzero(np.diff(freed, prepend=~freed[0], append=~freed[-1]))
        for start, end in pairwise(bounds):
            owner, turn = owners[int(freed[start])], places[start:end]
            done = memory.handle_mm_faults(state.mem, owner, turn, 0, 1)
            if done != len(turn):
                raise Unplaceable(f"memory is full after {start + done} of {len(freed)} pages")

        def free() -> None:
            slots = np.zeros(len(freed), np.int64)
            memory.exit_mmap(state.mem, owners[1], slots)

        return free

    def fill_zbud(self, freed: NDArray[np.bool_], kind: str) -> Callable[[], None]:
        """Store the pages in zbud, with their entries. Return a function that frees some of them.

        Each page takes a zbud page and a share of a slab page. freed: which, bool (pages,).
        Unplaceable if memory is too small.
        """
        state = self.state
        variant, migratetype, movable = ZBUD[kind]
        state.zone["zpool_movable"] = movable
        state.create_pool(0, variant)
        state.reserve_nodes(len(freed))
        handles = []
        for page in range(len(freed)):
            if page % ENTRIES_PER_SLAB == 0:
                self.take(0, MIGRATE_UNMOVABLE)
            handles.append(int(zbud.zbud_alloc(state.mem, 0, OBJECT_SIZE, migratetype)))
        if min(handles) < 0:
            raise Unplaceable(f"memory is full: only {sum(h > 0 for h in handles)} pages stored")

        def free() -> None:
            for page in np.flatnonzero(freed).tolist():
                zbud.zbud_free(state.mem, 0, handles[page])

        return free

    def _compact(self, order: int, sync: int) -> None:
        state = self.state
        compaction.compact_zone_order(
            state.mem, self.moves, self.control, order, MIGRATE_MOVABLE, sync
        )

    def compact_memory(self) -> int:
        """Do what `echo 1 > compact_memory` does. Return the pages moved."""
        compaction.rescan(self.state.mem)
        self._compact(compaction.WHOLE_ZONE, 1)
        return int(self.control[0]["migrated"])

    def _take_huge(self) -> bool:
        """Allocate a huge page if the min watermark allows it, and return whether it was."""
        low = int(self.state.zone["watermark"][WMARK_MIN]) + (1 << self.huge_order) - 1
        if not page_alloc.zone_watermark_ok(self.state.mem, 0, low, 1):
            return False
        return self.take(self.huge_order, MIGRATE_MOVABLE) >= 0

    def _ask_once(self) -> bool:
        """Request a huge page, compacting if none is free. Return whether it was allocated."""
        if self._take_huge():
            return True
        for sync in (0, 1):
            self._compact(self.huge_order, sync)
            if self._take_huge():
                return True
        return False

    def ask(self) -> int:
        """Request huge pages until none can be allocated. Return their number."""
        got = 0
        while self._ask_once():
            got += 1
        return got


def predict_one(experiment: Experiment, kind: str, seed: int) -> PredictedRun:
    """Run the experiment on one layout. kind: one of KINDS. Unplaceable if memory is too small."""
    rng = np.random.Generator(np.random.PCG64(seed))
    zone = PredictedZone(draw_layout(experiment.counts, rng))
    freed = experiment.freed_pages(rng)
    zone.make_page_tables(experiment.pages)
    free = zone.fill_user(freed) if kind == PLAIN else zone.fill_zbud(freed, kind)
    movable = vmstat.pageblock_counts(zone.state)[MIGRATE_MOVABLE]
    free()
    moved = zone.compact_memory()
    first = zone.ask()
    zone.compact_memory()
    return PredictedRun(seed, first, first + zone.ask(), movable, moved)


def predict(
    experiment: Experiment, kind: str, seeds: range | list[int] = SEEDS
) -> list[PredictedRun]:
    """Run the experiment on the layout of each seed."""
    return [predict_one(experiment, kind, seed) for seed in seeds]


def spread(values: list[int]) -> tuple[float, int, int]:
    """Return median, minimum and maximum."""
    return float(np.median(values)), min(values), max(values)
