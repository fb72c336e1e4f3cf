"""The valid values of settings: one table for machines, workloads, sliders and commands.

MACHINE has the fields of `MachineConfig`, PRESSURE those of `workload.pressure.Pressure`, MAIN_JOB
those of `mainjob.job.JobPlan`, and the other tables those of the parts of a workload (see
`workload.language`). Sliders and options of the command line take their bounds from here, too.
"""

from typing import Any

from zbudlab.io.values import INT64_MAX, Choice, Kind, Number, Truth, Whole, taken
from zbudlab.layout import (
    MAX_ORDER,
    MIGRATE_NAMES,
    MIGRATE_RESERVE,
    ZBUD_PLAIN,
    ZBUD_SERIES,
    ZPOOL_Z3FOLD,
    ZPOOL_ZBUD,
    ZPOOL_ZSMALLOC,
)
from zbudlab.profiles import ALLOCATORS, PROFILES

MAX_FRAMES = 1 << 24  #: 64 GiB: the largest machine that was run
MAX_SLOTS = 1 << 30  #: of a swap device
MANY = 1_000_000  #: steps or processes of a workload
ZBUD_VARIANTS = {"plain": ZBUD_PLAIN, "series": ZBUD_SERIES}
ZPOOLS = dict(zip(ALLOCATORS, (ZPOOL_ZBUD, ZPOOL_Z3FOLD, ZPOOL_ZSMALLOC), strict=True))

FRAMES = Whole(64, MAX_FRAMES)
ORDER = Whole(0, MAX_ORDER - 1)
PERCENT = Whole(0, 100)
SEED = Whole(0, INT64_MAX)
SHARE = Number(0, 1)
STEPS = Whole(1, MANY)
COUNT = Whole(0, MANY)
MIGRATETYPE = Choice(MIGRATE_NAMES[:MIGRATE_RESERVE])

MACHINE: dict[str, Kind] = {
    "frames": FRAMES,
    "pageblock_order": Whole(4, MAX_ORDER - 1),
    "page_bytes": Truth(),
    "cma_pages": Whole(0, MAX_FRAMES),
    "cma_start": Whole(0, MAX_FRAMES, optional=True),
    "cma_order_per_bit": ORDER,
    "zbud": Choice(tuple(ZBUD_VARIANTS)),
    "zbud_movable": Truth(optional=True),
    "zpool": Choice(ALLOCATORS, optional=True),
    "thought_experiment": Truth(),
    "zswap": Truth(),
    "max_pool_percent": PERCENT,
    "accept_threshold_percent": PERCENT,
    "profile": Choice(PROFILES),
    "swap_pages": Whole(0, MAX_SLOTS, optional=True),
    "min_free": Whole(0, MAX_FRAMES, optional=True),
    "seed": SEED,
    "checked": Truth(),
    "log": Truth(),
    "keyframes": Truth(),
    "keyframe_seconds": Number(0, 3600),
    "threads": Whole(1, 1024, optional=True),
}

PRESSURE: dict[str, Kind] = {
    "frames": Whole(1024, MAX_FRAMES),
    "working_set": Whole(0, 300),
    "max_pool_percent": PERCENT,
    "profile": Choice(PROFILES),
    "zpool": Choice(ALLOCATORS, optional=True),
    "thought_experiment": Truth(),
    "movable": Truth(),
    "unmovable": Whole(0, 50),
    "cma": Whole(0, 50),
    "exits": PERCENT,
    "order": ORDER,
    "seed": SEED,
}

#: The machines that the main job compares, by their short names: without zswap, with pages of the
#: pool that cannot move, with ones that can, and with zsmalloc and zswap as today.
MACHINES = ("none", "unmovable", "movable", "today")
MAIN_JOB: dict[str, Kind] = {"pressure": Number(0.1, 8), "exits": SHARE, "order": ORDER}

REGION: dict[str, Kind] = {
    "access": Choice(("sequential", "random", "zipf", "working set")),
    "write": SHARE,
    "skew": Number(0, 10),
    "working_set": SHARE,
    "shift": SHARE,
}

PROCESS: dict[str, Kind] = {
    "life": COUNT,
    "at_once": COUNT,
    "turn": STEPS,
    "ends": Choice(("random", "oldest", "newest")),
}

ALLOCATION: dict[str, Kind] = {
    "order": ORDER,
    "migratetype": MIGRATETYPE,
    "every": STEPS,
    "keep": COUNT,
    "direct": Truth(),
}

MAX_ALIGN = 24  #: order of the alignment of a request of `cma_alloc`
CMA_REQUEST: dict[str, Kind] = {
    "every": STEPS,
    "keep": COUNT,
    "by": Choice(("ranges", "cma_alloc")),
    "align": Whole(0, MAX_ALIGN),
}

PHASE: dict[str, Kind] = {"steps": STEPS}


def span(kind: Any) -> str:
    """Format the bounds of a kind of number for a help text: "0 to 100"."""
    return f"{kind.low:g} to {kind.high:g}" if kind.high < 1e6 else f"{kind.low:g} to {kind.high}"


def over(kind: Any, step: int = 1, high: int | None = None) -> tuple[int, ...]:
    """Return slider values in steps: all valid ones, or those up to `high`.

    Raises ValueError if `high` is invalid for the kind.
    """
    last = kind.high if high is None else taken(kind, "the end of a slider", high, ValueError)
    return tuple(range(kind.low, last + 1, step))
