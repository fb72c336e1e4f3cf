"""The steps of a decision in words, each with its numbers and its place in Linux."""

from dataclasses import dataclass, field

from zbudlab.host.reasons.decide import (
    CMA_ONLY,
    EMPTY,
    HIGH_ATOMIC_ONLY,
    MET,
    RESERVE,
    SCATTERED,
    UNKNOWN,
    WATERMARK,
    ZoneDecision,
)
from zbudlab.host.reasons.gfp import Gfp
from zbudlab.host.reasons.request import CMA, Request
from zbudlab.host.reasons.rules import Rules
from zbudlab.io.values import human

THRESHOLD = 0.5  #: of the fragmentation index: above, the kernel compacts (extfrag_threshold)

BUSY = (
    "pages in the CMA area could not be moved away: pinned by a driver, under writeback, or with "
    "buffers in use"
)
NO_ADDRESSES = (
    "no range of kernel addresses is free for vmalloc, however much memory is: a 32-bit kernel "
    "takes a larger vmalloc= at boot"
)
#: The reason in one sentence, by verdict.
REASONS = {
    WATERMARK: "memory is short",
    RESERVE: "memory is short for this request: what is free is reserved for requests that can "
    "use no other zone",
    SCATTERED: "memory is scattered: enough is free, but in blocks that are too small",
    CMA_ONLY: "the blocks that are large enough belong to CMA, which only movable requests may use",
    HIGH_ATOMIC_ONLY: "the blocks that are large enough are reserved for requests that cannot wait",
    UNKNOWN: "enough pages are free, but the report does not have the free lists, so that the size "
    "of the blocks is not known",
    EMPTY: "the zones that this request may use have no memory",
    MET: "nothing in this report refuses the request: memory was freed before the report was "
    "printed, or a limit outside it applies (cpuset, memory policy, memory cgroup)",
}


@dataclass
class Decision:
    """One step: a sentence, its numbers by name, and the function and file in Linux."""

    sentence: str
    place: str
    numbers: dict[str, float] = field(default_factory=dict)


def request_step(request: Request, gfp: Gfp, page_size: int) -> Decision:
    """Say what was asked."""
    size = human(page_size << request.order)
    waits = "may reclaim and compact" if gfp.can_wait else "cannot wait for memory"
    return Decision(
        f"The request: {size} in one block (order {request.order}), {gfp.text}: "
        f"{gfp.migratetype.lower()}, {waits}.",
        "include/linux/gfp.h, gfp_migratetype",
        {"order": request.order, "bytes": page_size << request.order},
    )


def address_step(size: int) -> Decision:
    """Say which range of addresses was wanted."""
    return Decision(
        f"The request: {human(size)} of kernel addresses, before any page was allocated.",
        "mm/vmalloc.c, __get_vm_area_node",
        {"bytes": size},
    )


def zones_step(highest: str, gfp: Gfp, decisions: list[ZoneDecision]) -> Decision:
    """Say which zones the request may use."""
    names = ", ".join(str(found.zone) for found in decisions) or "none in this report"
    instead = "" if highest == gfp.highest_zone else f" (there is no zone {gfp.highest_zone} here)"
    return Decision(
        f"Zones it may use, from {highest} down{instead}: {names}.",
        "include/linux/gfp.h, gfp_zone",
    )


def watermark_step(found: ZoneDecision, order: int) -> Decision:
    """Say whether enough pages would remain free in a zone."""
    parts = ("CMA", found.cma), ("HighAtomic", found.high_atomic)
    barred = [f"{pages} of {name}" for name, pages in parts if pages]
    less = ""
    if barred:
        less = f", {found.usable_free} without {' and '.join(barred)}"
    counts = found.zone.counts
    marks = "/".join(str(counts.get(name, "?")) for name in ("min", "low", "high"))
    needed = found.mark + found.reserve
    enough = found.usable_free - ((1 << order) - 1) > needed
    return Decision(
        f"{found.zone}: {found.free} pages are free{less}; {needed} must "
        f"remain (watermarks {marks}, {found.mark} for this request, reserve {found.reserve}): "
        f"{'enough' if enough else 'too few'}.",
        "mm/page_alloc.c, __zone_watermark_ok",
        {"free": found.free, "usable": found.usable_free, "mark": found.mark,
         "reserve": found.reserve},
    )  # fmt: skip


def blocks_step(found: ZoneDecision, order: int) -> Decision:
    """Say which blocks the request may take in a zone."""
    fits = sum(count for at, count in enumerate(found.usable) if at >= order)
    total = sum(count for at, count in enumerate(found.zone.free) if at >= order)
    largest = f"the largest is of order {found.largest}" if found.largest >= 0 else "none is free"
    barred = f"; {total - fits} more are of types it may not use" if total > fits else ""
    return Decision(
        f"{found.zone}: {fits} free blocks of order {order} or more that it may use, {largest}"
        f"{barred}.",
        "mm/page_alloc.c, __rmqueue_smallest and fallbacks",
        {"blocks": fits, "barred": total - fits, "largest": found.largest},
    )


def index_step(found: ZoneDecision, order: int) -> Decision:
    """Say what the fragmentation index of a zone means for the order."""
    if found.index == -1:
        meaning = "a free block is large enough, of whatever type"
    elif found.index < THRESHOLD:
        meaning = "memory is short rather than scattered: the kernel reclaims"
    else:
        meaning = "memory is scattered rather than short: the kernel compacts"
    return Decision(
        f"{found.zone}: the fragmentation index of order {order} is {found.index:.3f}: {meaning}.",
        "mm/vmstat.c, fragmentation_index",
        {"index": found.index},
    )


#: What the kernel tries for a request with a flag, in the order in which the flags decide.
EFFORT = {
    "__GFP_NOFAIL": "The kernel reclaims and compacts until it succeeds (__GFP_NOFAIL)",
    "__GFP_NORETRY": "The kernel reclaims and compacts once, does not retry and kills no process "
    "(__GFP_NORETRY)",
    "__GFP_RETRY_MAYFAIL": "The kernel reclaims and compacts for as long as that helps, but kills "
    "no process (__GFP_RETRY_MAYFAIL)",
}


def effort_step(order: int, gfp: Gfp, rules: Rules) -> Decision:
    """Say what the kernel may try before it refuses."""
    flag = next((flag for flag in EFFORT if flag in gfp.flags), None)
    if not gfp.can_wait:
        tried = "The request cannot wait, so nothing is reclaimed or compacted for it"
    elif flag is not None:
        tried = EFFORT[flag]
    elif order > rules.costly:
        tried = (
            f"The kernel reclaims and compacts, but gives up early above order {rules.costly} and "
            "kills no process for it"
        )
    elif spared := _spares_processes(gfp):
        tried = f"The kernel reclaims and compacts, but kills no process for {spared}"
    else:
        tried = "The kernel reclaims, compacts and at last kills a process"
    return Decision(f"{tried} (rules of {rules.name}).", "mm/page_alloc.c, __alloc_pages_slowpath")


def _spares_processes(gfp: Gfp) -> str:
    """Return for which requests no process is killed, "" if one may be (__alloc_pages_may_oom)."""
    if "__GFP_FS" not in gfp.flags:
        return "a request that may not use file systems"
    if gfp.highest_zone in ("DMA", "DMA32"):
        return "memory below Normal"
    return "memory of one node only" if "__GFP_THISNODE" in gfp.flags else ""


def cma_steps(request: Request) -> tuple[list[Decision], str, str]:
    """Return the steps of a CMA failure, its reason as a word and in a sentence."""
    steps = [
        Decision(
            f"The request: {request.pages or 'an unknown number of'} contiguous pages of a CMA "
            "area.",
            "mm/cma.c, cma_alloc",
            {"pages": request.pages},
        )
    ]
    largest = max(request.runs, default=0)
    if request.runs:
        steps.append(
            Decision(
                f"The area's bitmap has {sum(request.runs)} of {request.area} pages free in "
                f"{len(request.runs)} runs, the longest {largest}.",
                "mm/cma.c, cma_debug_show_areas",
                {"free": sum(request.runs), "area": request.area, "longest": largest},
            )
        )
    if request.area and request.pages > request.area:
        return (
            steps,
            "larger than the area",
            (f"the request is larger than the area of {request.area} pages"),
        )
    return _cma_reason(request, steps, largest)


def _cma_reason(
    request: Request, steps: list[Decision], largest: int
) -> tuple[list[Decision], str, str]:
    """Return what `cma_steps` returns, for a request that fits into the area."""
    if request.error == -16 or (request.error == -12 and request.busy):
        return [*steps, _busy_step(request)], "CMA busy", BUSY
    if request.error == -12:
        known = f": the longest free run is {largest} pages" if request.runs else ""
        wanted = f"{request.pages} pages" if request.pages else "this length"
        because = f"no run of {wanted} is free in the area's bitmap{known}"
        return steps, "CMA full", because
    return steps, "CMA interrupted", f"the allocation ended with errno {-request.error}"


def _busy_step(request: Request) -> Decision:
    """Say that ranges were tried without success."""
    busy = f" ({request.busy} ranges were reported busy)" if request.busy else ""
    return Decision(
        f"In each range tried a page could not be moved{busy}.",
        "mm/page_alloc.c, alloc_contig_range",
        {"busy": request.busy},
    )


def is_cma(request: Request) -> bool:
    """Return whether a request is a CMA request."""
    return request.kind == CMA
