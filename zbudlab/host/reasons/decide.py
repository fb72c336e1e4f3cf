"""The page allocator's decision about a request, zone by zone, in the kernel's order.

Source: mm/page_alloc.c, get_page_from_freelist, __zone_watermark_ok, __rmqueue,
gfp_to_alloc_flags (v3.12, v4.9, v6.6).
"""

from dataclasses import dataclass

from zbudlab.host.reasons.gfp import Gfp
from zbudlab.host.reasons.rules import Rules
from zbudlab.host.zones import ZONE_NAMES, Zone, fragmentation_index, suitable_blocks

MET, WATERMARK, RESERVE, SCATTERED = "met now", "short", "lowmem reserve", "scattered"
CMA_ONLY, HIGH_ATOMIC_ONLY, EMPTY = "CMA only", "HighAtomic only", "empty"
UNKNOWN = "unknown"  #: the report does not have the zone's free list
#: How far a request got in a zone that refuses it: its memory, its watermark, its blocks.
PROGRESS = {EMPTY: 0, WATERMARK: 1, RESERVE: 1}
MOST_PROGRESS = 2
#: Letters of Mem-Info for types that a request may not use.
CMA_LETTER, HIGH_LETTER, ISOLATED_LETTER = "CHI"


@dataclass
class ZoneDecision:
    """The decision of one zone. Sizes are in pages.

    verdict: MET or the reason for the refusal. usable_free: free pages without those that this
    request may not use. mark: pages that must remain. reserve: the part of the mark that the zone
    keeps for requests with no other zone. largest: the largest order with a usable free block, -1
    = none. index: fragmentation index.
    """

    zone: Zone
    verdict: str
    free: int
    cma: int
    high_atomic: int
    usable_free: int
    mark: int
    reserve: int
    usable: list[int]
    largest: int
    index: float


def highest_zone(zones: list[Zone], gfp: Gfp) -> str:
    """Return the zone that the search starts from; Normal for a DMA zone that a kernel lacks.

    A kernel without ZONE_DMA takes memory for devices from Normal, and so does a 32-bit one for
    __GFP_DMA32 (include/linux/gfp.h, OPT_ZONE_DMA and OPT_ZONE_DMA32).
    """
    wanted, there = gfp.highest_zone, {zone.name for zone in zones}
    lower = ZONE_NAMES[: ZONE_NAMES.index(wanted) + 1]
    lacks = not there.intersection(lower) or (wanted == "DMA32" and "HighMem" in there)
    return "Normal" if lacks and wanted not in there and wanted.startswith("DMA") else wanted


def allowed_zones(zones: list[Zone], gfp: Gfp) -> list[Zone]:
    """Return the zones that a request may use, in the order in which the kernel tries them."""
    highest = ZONE_NAMES.index(highest_zone(zones, gfp))
    known = [zone for zone in zones if zone.name in ZONE_NAMES[: highest + 1]]
    return sorted(known, key=lambda zone: (zone.node, -ZONE_NAMES.index(zone.name)))


def deciding(decisions: list[ZoneDecision]) -> ZoneDecision | None:
    """Return the zone where a request got furthest, the largest if several; None if there is none.

    The request would be met if any zone met it, so the last obstacle there is the reason.
    """
    return max(
        (found for found in decisions if found.verdict != EMPTY),
        key=lambda found: (
            PROGRESS.get(found.verdict, MOST_PROGRESS),
            found.zone.size or found.free,
        ),
        default=None,
    )


def _barred(gfp: Gfp, rules: Rules) -> set[str]:
    """Return the letters of the migrate types that a request may not use."""
    barred = {ISOLATED_LETTER}
    if not gfp.movable:
        barred.add(CMA_LETTER)
    if not rules.is_harder(gfp):
        barred.add(HIGH_LETTER)
    return barred


def usable_blocks(zone: Zone, gfp: Gfp, rules: Rules) -> list[int]:
    """Return the free blocks by order that a request may use.

    Where only letters are known, a free list that has an allowed letter, or none because the text
    was cut, counts in full.
    """
    barred = _barred(gfp, rules)
    if zone.by_type:
        blocks = [0] * max(map(len, zone.by_type.values()))
        names = {"CMA": CMA_LETTER, "HighAtomic": HIGH_LETTER, "Isolate": ISOLATED_LETTER}
        for name, counts in zone.by_type.items():
            if names.get(name) not in barred:
                blocks = [a + b for a, b in zip(blocks, counts, strict=False)]
        return blocks
    if not any(zone.letters):
        return list(zone.free)
    return [
        count if not letters or set(letters) - barred else 0
        for count, letters in zip(zone.free, zone.letters, strict=True)
    ]


def watermark(zone: Zone, gfp: Gfp, rules: Rules) -> int:
    """Return the pages that must remain free: the min watermark less the part that gfp may use."""
    mark = zone.counts.get("min", 0)
    mark -= mark // 2 if gfp.high else 0
    return mark - (mark // 4 if rules.is_harder(gfp) else 0)


def _reserve(zone: Zone, gfp: Gfp, zones: list[Zone]) -> int:
    """Return the lowmem reserve: pages kept from requests that could have used a higher zone.

    The kernel's list has a number for each zone that it was built with, also for those without
    memory, which a report leaves out. The numbers grow only at zones with memory. So the right one
    is found by counting the higher zones of this node that the request could use; it is the last
    number if that is all of them.

    Source: mm/page_alloc.c, setup_per_zone_lowmem_reserve (v3.12; unchanged up to 6.x).
    """
    names = ZONE_NAMES[: ZONE_NAMES.index(highest_zone(zones, gfp)) + 1]
    above = names[names.index(zone.name) + 1 :]
    there = {
        other.name
        for other in zones
        if other.node == zone.node and (other.size or other.free_pages)
    }
    higher = there.intersection(above)
    steps = sorted({pages for pages in zone.reserve if pages})
    if not higher or not steps:
        return 0
    return steps[-1] if there.issubset(names) else steps[min(len(higher), len(steps)) - 1]


def _left_by_order(blocks: list[int], left: int, mark: int, order: int) -> bool:
    """Return whether enough pages are left in blocks of each order (kernels before 4.4)."""
    for below in range(order):
        left -= blocks[below] << below if below < len(blocks) else 0
        mark >>= 1
        if left <= mark:
            return False
    return True


def decide(zone: Zone, zones: list[Zone], gfp: Gfp, order: int, rules: Rules) -> ZoneDecision:
    """Return what a zone answers to a request."""
    free = zone.counts.get("free", zone.free_pages)
    cma = 0 if gfp.movable else zone.counts.get("free_cma", 0)
    high = zone.reserved_high_atomic if rules.leaves_high_atomic(gfp) else 0
    usable_free = free - cma - high
    mark, reserve = watermark(zone, gfp, rules), _reserve(zone, gfp, zones)
    usable = usable_blocks(zone, gfp, rules)
    largest = max((at for at, count in enumerate(usable) if count), default=-1)
    index = fragmentation_index(zone.free, order)
    decision = ZoneDecision(
        zone, MET, free, cma, high, usable_free, mark, reserve, usable, largest, index
    )
    decision.verdict = _verdict(decision, order, rules)
    return decision


def _verdict(found: ZoneDecision, order: int, rules: Rules) -> str:
    zone = found.zone
    if not zone.size and not found.free:
        return EMPTY
    left = found.usable_free - ((1 << order) - 1)
    if left <= found.mark + found.reserve:
        return _short(found, left, order)
    if not zone.free:
        return UNKNOWN if order else MET
    if not suitable_blocks(found.usable, order):
        return _no_block(zone, order)
    # This check of old kernels counts CMA's pages as free and forgets the lowmem reserve.
    whole = found.free - ((1 << order) - 1)
    if rules.halved_by_order and not _left_by_order(zone.free, whole, found.mark, order):
        return SCATTERED
    return MET


def _short(found: ZoneDecision, left: int, order: int) -> str:
    """Return why too few pages are left: CMA holds the rest, a reserve does, or there are none."""
    if left > found.mark:
        return RESERVE
    if left + found.cma > found.mark + found.reserve and suitable_blocks(found.zone.free, order):
        return CMA_ONLY
    return WATERMARK


def _no_block(zone: Zone, order: int) -> str:
    """Return why no block is large enough: scattered, or of types that are barred."""
    if not suitable_blocks(zone.free, order):
        return SCATTERED
    held = "".join(zone.letters[order:])
    if not held:
        held = "".join("C" for name in zone.by_type if name == "CMA")
    return CMA_ONLY if CMA_LETTER in held else HIGH_ATOMIC_ONLY
