"""Remedies for a refused request, tried on simulated zones with the same free lists."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from zbudlab.host.reasons.crowd import GROUPED, MIXED, Counts, Crowd
from zbudlab.host.reasons.decide import ZoneDecision
from zbudlab.host.simulate import MachineCounts, machine_counts
from zbudlab.host.zones import Zone, suitable_blocks
from zbudlab.machine.freelists import Unplaceable

LAYOUTS = 20
MOST_FRAMES = 1 << 16  #: of a simulated zone; larger ones are drawn smaller, in proportion
ANON, FILE = ("active_anon", "inactive_anon"), ("active_file", "inactive_file")
KEPT = ("dirty", "writeback", "mapped", "shmem")  #: pages of files that are not dropped


@dataclass
class Remedy:
    """One thing to try.

    what: the remedy in words. command: the command for a real machine. blocks: free blocks of the
    order afterwards, one per layout. met: number of layouts in which the request is met. layouts:
    number of layouts drawn.
    """

    what: str
    command: str
    blocks: list[int]
    met: int
    layouts: int

    def __str__(self) -> str:
        low, middle, high = (int(value) for value in np.percentile(self.blocks, [0, 50, 100]))
        return (
            f"{self.what}: met in {self.met} of {self.layouts} layouts (blocks that fit: median "
            f"{middle}, {low} to {high}); {self.command}"
        )


def _share(zone: Zone, totals: dict[str, int], names: tuple[str, ...], of_all: float) -> int:
    """Return a zone's count or, if it is not known, its share of the count for all memory."""
    found = sum(zone.counts.get(name, 0) for name in names)
    return found or int(sum(totals.get(name, 0) for name in names) * of_all)


def min_free_kbytes(zones: list[Zone], page_size: int) -> int:
    """Return the sysctl vm.min_free_kbytes that gives these watermarks, 0 if they are not known.

    The zones above Normal have watermarks beyond it.

    Source: mm/page_alloc.c, __setup_per_zone_wmarks (v3.12; v6.6).
    """
    low = [zone.counts for zone in zones if zone.name not in ("HighMem", "Movable", "Device")]
    pages = sum(counts.get("min", 0) - counts.get("boost", 0) for counts in low)
    return max(pages * page_size // 1024, 0)


def zone_counts(
    found: ZoneDecision, zones: list[Zone], totals: dict[str, int], page_size: int
) -> Counts | None:
    """Return a zone as it is drawn, None if its size is not known.

    Anonymous pages and pages of files can be moved; all others belong to the kernel.
    """
    zone = found.zone
    if not zone.nr_pageblocks:
        return None
    counts = machine_counts(replace(zone, free=found.usable, by_type={}))
    memory = sum(other.size for other in zones) or 1
    share = zone.size / memory
    anon, file = (_share(zone, totals, names, share) for names in (ANON, FILE))
    kept = sum(max(zone.counts.get(name, 0), int(totals.get(name, 0) * share)) for name in KEPT)
    smaller = max(counts.frames / MOST_FRAMES, 1.0)
    drawn = _scaled(counts, anon + file, max(file - kept, 0), found, smaller)
    return drawn._replace(min_free=min_free_kbytes(zones, page_size))


def _scaled(
    counts: MachineCounts, movable: int, cache: int, found: ZoneDecision, smaller: float
) -> Counts:
    """Return counts divided by a factor, rounded to whole blocks of the largest order."""
    together = 1 << max(10 - counts.pageblock_order, 0)
    pageblocks = np.zeros_like(counts.pageblocks)
    whole = int(counts.pageblocks.sum() / smaller) // together * together
    pageblocks[2] = max(whole, together)
    free = (counts.free / smaller).astype(np.int64)
    frames = int(pageblocks.sum()) << counts.pageblock_order
    used = frames - int((free << np.arange(free.shape[1])).sum())
    movable = min(int(movable / smaller), used)
    return Counts(
        free,
        pageblocks,
        counts.pageblock_order,
        movable,
        min(int(cache / smaller), movable),
        int(found.mark / smaller),
    )


def tries(counts: Counts, order: int) -> list[tuple[str, str, Callable[[Crowd], None]]]:
    """Return what can be tried on a zone: in words, as a command, and on a drawn zone."""
    keep = max(4 * counts.low, 4 << order)
    more = f"{4 * counts.min_free}" if counts.min_free else "(4 times the present value)"

    def raised(crowd: Crowd) -> None:
        free = int(crowd.state.zone["nr_free_pages"])
        crowd.drop(max(keep - free, 0))
        crowd.compact()

    def dropped(crowd: Crowd) -> None:
        crowd.drop(counts.cache)

    def both(crowd: Crowd) -> None:
        dropped(crowd)
        crowd.compact()

    return [
        ("compaction", "echo 1 > /proc/sys/vm/compact_memory", Crowd.compact),
        ("dropping caches", "echo 1 > /proc/sys/vm/drop_caches", dropped),
        ("dropping caches, then compaction", "both commands, in this order", both),
        (
            "four times the minimum kept free, and compaction",
            f"sysctl vm.min_free_kbytes={more}",
            raised,
        ),
    ]


def _draw(counts: Counts, seed: int) -> Crowd | None:
    try:
        return Crowd(counts, seed, GROUPED if seed % 2 else MIXED)
    except Unplaceable:
        return None


def _barred(found: ZoneDecision, order: int) -> int:
    """Return the blocks that fit but that this request may not use."""
    return suitable_blocks(found.zone.free, order) - suitable_blocks(found.usable, order)


def remedies(
    found: ZoneDecision, counts: Counts, order: int, *, layouts: int = LAYOUTS
) -> list[Remedy]:
    """Try each remedy on that many layouts; in half of them the kernel's pages are grouped.

    The request is met if a block fits and more pages than the watermark remain free. Blocks that
    this request may not use are left out of the zone.
    """
    tried = []
    for what, command, act in tries(counts, order):
        blocks, met = [], 0
        for seed in range(layouts):
            if (crowd := _draw(counts, seed)) is None:
                continue
            act(crowd)
            fits = suitable_blocks(crowd.free, order)
            left = int(crowd.state.zone["nr_free_pages"]) - (1 << order)
            blocks.append(fits)
            met += fits > 0 and left > counts.low
        if blocks:
            tried.append(Remedy(what, command, blocks, met, len(blocks)))
    return tried + _without_drawing(found, order, layouts)


def _without_drawing(found: ZoneDecision, order: int, layouts: int) -> list[Remedy]:
    """Return the remedies whose effect the counts alone show."""

    def sure(what: str, command: str, blocks: int) -> Remedy:
        return Remedy(what, command, [blocks] * layouts, layouts, layouts)

    remedies = []
    if (smaller := _largest_met(found, order)) >= 0:
        what = f"a request of order {smaller} instead"
        command = "in the driver: a smaller buffer, vmalloc, or a scatter list"
        remedies.append(sure(what, command, suitable_blocks(found.usable, smaller)))
    if found.cma and (barred := _barred(found, order)):
        what = "no CMA area in this zone, so that its blocks are for all"
        command = "boot with a smaller cma=, or place it elsewhere: cma=SIZE@START"
        remedies.append(sure(what, command, barred))
    return remedies


def _largest_met(found: ZoneDecision, order: int) -> int:
    """Return the largest order below the requested one that would be met, -1 if none would."""
    for below in range(order - 1, -1, -1):
        left = found.usable_free - (1 << below)
        if suitable_blocks(found.usable, below) and left > found.mark + found.reserve:
            return below
    return -1
