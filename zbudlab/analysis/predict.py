"""How many huge pages a running kernel will get, from its free lists alone.

The experiment, as it was run on Linux 6.1 with 256 MiB: memory is filled with pages, one pattern
of them is freed, `echo 1 > /proc/sys/vm/compact_memory`, and blocks of order 9 are asked for. The
counts of its free lists before all this are known, the positions of the blocks are not. So a
prediction boots many zones that all have these counts, positions drawn by seed, does the same to
each, and gives the spread. With pages that a kernel had (user pages; zbud pages, which cannot
move) it can be held against what the kernel got; with zbud pages that move, nobody else can say.

All parameters stand below with their reasons. They come from the kernel's rules and from how the
experiment was run, were fixed before the first comparison with its results, and are not to be
changed because of them.

Limits: one zone, the one under pressure; no page cache that could be reclaimed, no per-cpu lists,
no kernel allocations beside those named; rules of 3.12 where `zbudlab.mm` has them.
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

#: Where free blocks are: anywhere in pageblocks of their type, each place as likely, and in any
#: order on their lists. Positions were not recorded, and nothing else is known of them.
#: What is in use before anything is done stays where it is: only 31 pages of it were anonymous
#: memory (nr_anon_pages), the rest are the kernel's and its initial file system's.

#: Pages are written in order, and freed in order. Page tables are made before filling: one page,
#: unmovable, for so many user pages (x86-64: 8 bytes an entry).
PTES_PER_TABLE = PAGE_SIZE // 8

#: zswap keeps an entry of 64 bytes for each page stored (struct zswap_entry of 6.1), from a slab
#: cache that takes one unmovable page at a time; entries of freed pages are too scattered to
#: give one back.
ENTRIES_PER_SLAB = PAGE_SIZE // 64

#: The pages written compress to about 60 %: one pool page for each. Any size over half a page is
#: the same to zbud.
OBJECT_SIZE = PAGE_SIZE * 60 // 100

#: 6.1 asks zpool for zbud pages without __GFP_MOVABLE; the series asks with it.
#: (variant of zbud, migrate type it asks for, whether compaction moves zbud pages)
ZBUD = {
    "zbud, cannot move": (ZBUD_PLAIN, MIGRATE_UNMOVABLE, 0),
    "zbud, movable": (ZBUD_SERIES, MIGRATE_MOVABLE, 1),
}
PLAIN = "plain memory"
KINDS = (PLAIN, *ZBUD)

#: Watermarks by the kernel's formula for the zone's size (MachineConfig.watermarks). A huge page
#: is given while the min watermark holds without it: the last resort of the slow path, which in
#: 6.1 no longer asks for free blocks of the smaller orders.
#: compact_memory of 6.1 looks everywhere, whatever hints say (cc.whole_zone, ignore_skip_hint):
#: `rescan` before it. Each ask that finds nothing compacts for itself, lightly, then in earnest.

# --- a zone with given counts --------------------------------------------------------------------


def boot(layout: Layout) -> State:
    """A zone with that layout; all that is not free is in the kernel's use."""
    order = layout.pageblock_order
    state = State(len(layout.pageblocks) << order, pageblock_order=order, page_bytes=False)
    arrange(state, layout)
    state.zone["watermark"] = MachineConfig(frames=len(state.frames)).watermarks
    return state


# --- the experiment ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Experiment:
    """What is done: pages written, how many of them freed, in what pattern."""

    counts: Counts
    pages: int
    freed: int
    pattern: str  # "firsthalf", "every2"; else at random

    def freed_pages(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Which pages are freed, bool (pages,)."""
        freed = np.zeros(self.pages, bool)
        if self.pattern == "firsthalf":
            freed[: self.freed] = True
        elif self.pattern == "every2":
            freed[::2] = True
        else:
            freed[rng.permutation(self.pages)[: self.freed]] = True
        return freed


@dataclass(frozen=True)
class Prediction:
    """What came of one layout. A huge page is as large as a pageblock."""

    seed: int
    first_ask: int
    second_ask: int  # those of the first ask, and what a second compaction brought
    movable_pageblocks: int  # after filling
    moved: int  # pages, by the first compact_memory


class Zone:
    """One zone on its way through an experiment."""

    def __init__(self, layout: Layout) -> None:
        self.state = boot(layout)
        self.huge_order = layout.pageblock_order
        self.control = np.zeros(1, compact_control)
        self.moves = np.zeros(len(self.state.frames), migration)

    def take(self, order: int, migratetype: int) -> int:
        """A block for good: its first frame, or a negative errno."""
        return int(page_alloc.alloc_pages(self.state.mem, order, migratetype))

    def make_page_tables(self, pages: int) -> None:
        """Have the page tables for that many user pages."""
        for _ in range(-(-pages // PTES_PER_TABLE)):
            self.take(0, MIGRATE_UNMOVABLE)

    def fill_user(self, freed: NDArray[np.bool_]) -> Callable[[], None]:
        """Write the pages; what frees some of them. Those to be freed are a process of their own.

        freed: which, bool (pages,).
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
        """Store the pages, a zbud page and a share of a slab each; what frees some of them."""
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
        """`echo 1 > compact_memory`; the pages moved."""
        compaction.rescan(self.state.mem)
        self._compact(compaction.WHOLE_ZONE, 1)
        return int(self.control[0]["migrated"])

    def _take_huge(self) -> bool:
        low = int(self.state.zone["watermark"][WMARK_MIN]) + (1 << self.huge_order) - 1
        if not page_alloc.zone_watermark_ok(self.state.mem, 0, low, 1):
            return False
        return self.take(self.huge_order, MIGRATE_MOVABLE) >= 0

    def _ask_once(self) -> bool:
        """One huge page, with compaction where there is none at hand; whether it came."""
        if self._take_huge():
            return True
        for sync in (0, 1):
            self._compact(self.huge_order, sync)
            if self._take_huge():
                return True
        return False

    def ask(self) -> int:
        """Take huge pages until none comes; how many."""
        got = 0
        while self._ask_once():
            got += 1
        return got


def predict_one(experiment: Experiment, kind: str, seed: int) -> Prediction:
    """What one layout gives. kind: one of KINDS. Raises Unplaceable."""
    rng = np.random.Generator(np.random.PCG64(seed))
    zone = Zone(draw_layout(experiment.counts, rng))
    freed = experiment.freed_pages(rng)
    zone.make_page_tables(experiment.pages)
    free = zone.fill_user(freed) if kind == PLAIN else zone.fill_zbud(freed, kind)
    movable = vmstat.pageblock_counts(zone.state)[MIGRATE_MOVABLE]
    free()
    moved = zone.compact_memory()
    first = zone.ask()
    zone.compact_memory()
    return Prediction(seed, first, first + zone.ask(), movable, moved)


def predict(
    experiment: Experiment, kind: str, seeds: range | list[int] = SEEDS
) -> list[Prediction]:
    """A prediction for each seed."""
    return [predict_one(experiment, kind, seed) for seed in seeds]


def spread(values: list[int]) -> tuple[float, int, int]:
    """Median, least and most."""
    return float(np.median(values)), min(values), max(values)
