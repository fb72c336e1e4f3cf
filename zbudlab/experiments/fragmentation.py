"""Fragmentation: huge pages after each allocator's pool filled memory and was thinned out.

The zone is that of a booted kernel with 256 MiB, as `analysis.predict_pools` has it.
"""

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np

from zbudlab.analysis.predict import PLAIN
from zbudlab.analysis.predict_pools import MISPLACED, SERIES, PoolExperiment, PoolZone
from zbudlab.experiments.pool_pages import Pool
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice, Whole
from zbudlab.layout import (
    HUGETLB_PAGE_ORDER,
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_RECLAIMABLE,
    MIGRATE_TYPES,
    MIGRATE_UNMOVABLE,
    ZBUD_MAX_SIZE,
)
from zbudlab.machine.freelists import Counts
from zbudlab.mm import compaction as compaction_of_zone
from zbudlab.mm import vmstat
from zbudlab.sweep.description import described

#: What fills memory: name in `predict_pools`, kernel, and allocator of `pool_pages` to count with.
POOLS = {
    PLAIN: (PLAIN, "6.1", ""),
    "zbud": ("zbud", "6.1", "zbud"),
    "z3fold": ("z3fold", "6.1", "z3fold"),
    SERIES: (SERIES, "6.1", "zbud"),
    MISPLACED: (MISPLACED, "6.1", "zbud"),
    "zsmalloc 6.1": ("zsmalloc", "6.1", "zsmalloc_6_1"),
    "zsmalloc 7.3": ("zsmalloc", "7.3", "zsmalloc_7_3"),
}
COMPACTIONS = ("whole zone", "one huge page")


class Booted(NamedTuple):
    """Memory of a booted kernel: zone DMA32 of 256 MiB, by the migratetypes of TYPES.

    blocks: free blocks of orders 0 to 10. pageblocks: their number. least: min watermark, pages.
    """

    blocks: tuple[str, ...]
    pageblocks: tuple[int, ...]
    least: int


TYPES = (MIGRATE_UNMOVABLE, MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE)
_OLD = ("0 0 1 0 1 0 0 1 1 1 0", "2 4 6 4 7 5 4 5 5 2 34", "0 0 1 0 0 0 1 0 1 1 0")
_NEW = ("1 0 0 0 0 0 0 0 1 0 0", "4 3 3 4 3 3 3 2 2 1 35", "0 0 1 1 1 0 0 0 1 1 0")
BOOTED = {"6.1": Booted(_OLD, (10, 104, 6), 419), "7.3": Booted(_NEW, (14, 104, 2), 422)}
PROBE = 5040  #: objects that are stored to see how many a page holds


@dataclass(frozen=True)
class Sized(PoolExperiment):
    """An experiment on a zone, with objects of any length. stored_length: bytes."""

    stored_length: int = 0

    @property
    def length(self) -> int:
        """Compressed length of each page, bytes."""
        return self.stored_length


class CountingZone(PoolZone):
    """A zone that counts what is moved.

    moved: pages, by compaction of memory. objects_moved: by zsmalloc's own, within its pool.
    """

    moved = objects_moved = 0

    def shrink(self) -> int:
        """Run zsmalloc's shrinker. Return the pages freed."""
        before = self.state.handles.copy()
        freed = super().shrink()
        self.objects_moved += int(np.count_nonzero(self.state.handles != before))
        return freed

    def _compact(self, order: int, sync: int) -> None:
        super()._compact(order, sync)
        self.moved += int(self.control[0]["migrated"])


def counts_of(kernel: str) -> Counts:
    """Return the free blocks and pageblocks of a booted kernel."""
    booted = BOOTED[kernel]
    free = np.zeros((MIGRATE_TYPES, MAX_ORDER), np.int64)
    number = np.zeros(MIGRATE_TYPES, np.int64)
    for migratetype, row, many in zip(TYPES, booted.blocks, booted.pageblocks, strict=True):
        free[migratetype], number[migratetype] = row.split(), many
    return Counts(free, number, HUGETLB_PAGE_ORDER)


def stored_in(pool: str, length: int, pages: int) -> int:
    """Return how many objects of that length fill that many pages of a pool."""
    if pool == PLAIN:
        return pages
    probe = Pool(POOLS[pool][2], PROBE)
    probe.store(np.full(PROBE, length, np.int64))
    return pages * PROBE // probe.pages


def filled(pool: str, length: int, pages: int, rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Return a zone whose pool has that many pages, and which objects will be freed.

    The third value is a function that frees them.
    """
    name, kernel, _ = POOLS[pool]
    stored = stored_in(pool, length, pages)
    counts, least = counts_of(kernel), BOOTED[kernel].least
    given = Sized(kernel, name, counts, least, stored, 0, "random", stored_length=length)
    zone = CountingZone(given, rng)
    freed = np.zeros(stored, bool)
    freed[rng.permutation(stored)[: stored // 2]] = True
    zone.make_page_tables(stored)
    return zone, freed, zone.fill_user(freed) if pool == PLAIN else zone.fill(freed)


def free_huge(zone: PoolZone) -> int:
    """Return the free blocks of a huge page's size."""
    blocks = zone.state.zone["nr_free"]
    orders = range(zone.huge_order, MAX_ORDER)
    return sum(int(blocks[order]) << (order - zone.huge_order) for order in orders)


@described(
    {
        "stored": ("pages", "pages stored when memory is full"),
        "pool_pages": ("frames", "frames of the pool when memory is full"),
        "movable_pageblocks": ("blocks", "pageblocks of 120 that are movable when memory is full"),
        "thinned_pages": ("frames", "frames of the pool after half of the pages were freed"),
        "ideal": ("blocks", "huge pages if all free frames were adjacent"),
        "ready": ("blocks", "huge pages free before any compaction"),
        "compacted": ("blocks", "huge pages free after compaction of the whole zone"),
        "first_ask": ("blocks", "huge pages allocated"),
        "moved": ("pages", "pages that compaction moved until then"),
        "second_ask": ("blocks", "huge pages after zsmalloc's shrinker and another compaction"),
        "moved_in_all": ("pages", "pages that compaction moved until then"),
        "shrunk_pages": ("frames", "frames of the pool at the end"),
        "objects_moved": ("objects", "objects that zsmalloc's shrinker moved within its pool"),
    }
)
@checked()
def fragmentation(
    pool: Annotated[str, Choice(tuple(POOLS)), "what fills memory"],
    *,
    length: Annotated[int, Whole(1, ZBUD_MAX_SIZE), "compressed length of each page"] = 2661,
    compaction: Annotated[str, Choice(COMPACTIONS), "what compaction is run for"] = COMPACTIONS[0],
    pages: Annotated[int, Whole(1, 36000), "frames of the pool when memory is full"] = 36000,
    seed: int,
) -> dict[str, Any]:
    """Fill memory with a pool, free half of its pages at random, and ask for huge pages.

    compaction: "whole zone" compacts all memory first, as `echo 1 > compact_memory` does; "one
    huge page" does not, so that each request compacts until it has one. The first requests end
    when one fails; its reclaim runs zsmalloc's shrinker. Then memory is compacted again in the same
    way, without hints of blocks that gave nothing, and requests go on. The seed draws the zone's
    layout, and what is freed.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    zone, freed, free = filled(pool, length, pages, rng)
    whole, held = compaction == COMPACTIONS[0], zone.state.pools["pages_nr"]
    found = {
        "stored": len(freed),
        "pool_pages": int(held[0]),
        "movable_pageblocks": int(vmstat.pageblock_counts(zone.state)[MIGRATE_MOVABLE]),
    }
    free()
    found |= {
        "thinned_pages": int(held[0]),
        "ideal": int(zone.state.zone["nr_free_pages"]) >> zone.huge_order,
        "ready": free_huge(zone),
    }
    found |= _asked(zone, whole=whole)
    return found | {"shrunk_pages": int(held[0]), "objects_moved": zone.objects_moved}


def _asked(zone: CountingZone, *, whole: bool) -> dict[str, int]:
    """Compact and request huge pages twice. Return the results."""
    if whole:
        zone.compact_memory()
    compacted = free_huge(zone)
    first = zone.ask()
    moved = zone.moved
    if whole:
        zone.compact_memory()
    else:
        compaction_of_zone.rescan(zone.state.mem)
    second = first + zone.ask()
    return {
        "compacted": compacted,
        "first_ask": first,
        "moved": moved,
        "second_ask": second,
        "moved_in_all": zone.moved,
    }
