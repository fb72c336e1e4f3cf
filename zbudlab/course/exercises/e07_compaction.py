"""e07_compaction: isolation, two scanners, putback, and the end of a run."""

from collections.abc import Callable
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises import (
    GOLDEN_CHANGED,
    called,
    goldens,
    kernels_answer,
    under_pressure,
    why_golden,
)

KIND = "compact"
BLOCK_ORDER = 4  #: a pageblock is 16 frames
ALL = (
    "isolate_movable_page",
    "isolate_migratepages_range",
    "isolate_freepages_block",
    "putback_movable_page",
    "compact_finished",
)

RULES = (
    Rule(
        "eight-at-a-time",
        "In this variant the migrate scanner isolates at most 8 pages in a round, not "
        "COMPACT_CLUSTER_MAX.",
        changes=("isolate_migratepages_range",),
        tells={"golden": GOLDEN_CHANGED},
    ),
)


def _trace(*operations: str, zone: str = f"zone 128 {BLOCK_ORDER}") -> Case:
    start = ("every 1", "parts all", zone, "boot")
    return {"kind": KIND, "trace": [*start, *operations]}


#: Pageblocks with more pages than a scanner isolates in one round.
LARGE = _trace(
    "anon 200", *(f"freeanon {pfn}" for pfn in range(60, 200)), "compact -1", zone="zone 256 6"
)


def _shown(*traces: tuple[str, ...]) -> Callable[[Setting], list[Case]]:
    return lambda setting: [_trace(*trace) for trace in traces]


def _runs(setting: Setting) -> list[Case]:
    return [*RUNS(setting), LARGE]


HOLES = ("anon 40", *(f"freeanon {pfn}" for pfn in range(0, 40, 2)))
FULL = ("anon 112", *(f"freeanon {pfn}" for pfn in range(0, 112, 2)))
ZBUD = ("zalloc 2500", "zalloc 2500", "zalloc 1000")


def _called(state: str, start: int, end: int, *before: str, wmark: int = 0) -> Case:
    """Return a call of `isolate_freepages_block`, whose caller has already made its check."""
    zone = ("parts all", f"zone 128 {BLOCK_ORDER}", "boot", *before, f"wmark {wmark}")
    scan = ["compaction_scan.isolate_freepages_block", "mem", "control", start, end]
    see = ["state", "control", "isolated"]
    return called(f"isolate_freepages_block, {state}", "compact", zone, scan, see=see)


CALLS = (
    _called("all free", 0, 64),
    _called("with a few frames in use", 0, 32, *HOLES),
    _called("to the middle of a free block", 8, 20, "anon 6"),
    _called("with pageblocks for unmovable pages", 0, 64, *HOLES, "claim 16 unmovable"),
    _called("in a pageblock for unmovable pages", 16, 32, *HOLES, "claim 16 unmovable"),
    _called("where the watermark forbids it", 0, 64, *HOLES, wmark=128),
    _called("with nothing free", 0, 16, "anon 16"),
)


def _targets(setting: Setting) -> list[Case]:
    return [*_runs(setting), *CALLS]


def _ends(setting: Setting) -> list[Case]:
    return [*RUNS(setting), *WATERMARKS(setting)]


def random_trace(random: np.random.Generator, length: int) -> Case:
    """Return user and zbud pages, some freed, pinned or mapped, and runs of compaction."""
    operations = [f"anon {int(random.integers(40, 116))}"]
    handles = 0
    for _ in range(length):
        draw = random.random()
        if draw < 0.5:
            operations.append(f"freeanon {int(random.integers(128))}")
        elif draw < 0.65:
            handles += 1
            operations.append(f"zalloc {int(random.integers(500, 4000))}")
        elif draw < 0.75:
            operations.append(f"zfree {int(random.integers(1, handles + 2))}")
        elif draw < 0.85:
            operations.append(f"pin {int(random.integers(128))}")
        elif draw < 0.9:
            operations.append(f"zmap {int(random.integers(1, handles + 2))}")
        else:
            order = int(random.integers(-1, 5))
            operations += [*["rescan"][: int(random.integers(2))], f"compact {order}"]
    return _trace(*operations, "rescan", "compact -1")


def drawn(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, length) for length in (12, 40)]


shown_goldens = goldens(
    KIND, "ch1_anon", "ch3_zbud_not_movable", "ch4_pinned_retry", "ch5_mapped_then_freed"
)


RUNS = _shown(
    ("anon 6", "compact -1"),
    (*HOLES, "compact -1", "rescan", "compact -1"),
    ("anon 6", *ZBUD, "compact -1"),
    ("zbud_movable 0", *ZBUD, "anon 4", "compact -1"),
    (*HOLES, "compact 3", "compact 4"),
    (*FULL, "compact 2", "compact 3"),
    ("anon 20", "pin 17", "pin 18", "compact -1", "anon 20", "freeanon 2", "compact 5"),
    (*FULL, "compact 2", "anon 30", "freeanon 3", "compact -1", "compact -1"),
    ("compact -1", "compact -1"),
    # blocks for pages that cannot move: left out by a run that does not wait, and no targets
    ("anon 40", "claim 0 unmovable", "claim 16 unmovable", *["compact -1 movable async"] * 2),
    ("anon 20", "claim 112 unmovable", "alloc 0 unmovable", "claim 96 unmovable", "compact -1"),
    (*FULL, "claim 112 unmovable", "compact 2"),
    # blocks of the order become free meanwhile, but not of the type that is asked for
    ("anon 128", *(f"freeanon {pfn}" for pfn in range(0, 128, 2)), "compact 2 unmovable"),
    # the first frame of a pageblock that is left out is free, and passed over
    (*HOLES, "claim 16 unmovable", "compact -1 movable async"),
    # nothing is isolated before a pageblock that is left out
    ("alloc 4 unmovable", "claim 16 unmovable", "anon 24", "compact -1 movable async"),
    ("alloc 4 unmovable", "anon 24", "claim 16 unmovable", "compact -1 movable async"),
)
#: The same memory with more and more pages to keep free.
WATERMARKS = _shown(
    *((f"wmark {pages}", *FULL, "compact 2") for pages in (20, 48, 56, 60, 64, 66, 68, 69, 70)),
    (*FULL, "wmark 67", "claim 112 unmovable", "compact 3"),
)
STAYING = _shown(
    ("anon 6", "pin 2", "compact -1"),
    (*ZBUD, "zmap 2", "compact -1"),
    ("anon 6", *ZBUD, "pin 2", "zmap 1", "compact -1", "unpin 2", "rescan", "compact -1"),
)


# --- numbers -----------------------------------------------------------------------------------


def block_question(setting: Setting) -> list[Case]:
    """Return the first frame of the next pageblock, for a given frame and order."""
    pfn = number("e07_compaction", "pfn", setting.student, 1000, 9999)
    order = number("e07_compaction", "order", setting.student, 4, 9)
    return [{"name": "next_block", "pfn": pfn, "order": order}]


def block_answer(setting: Setting, case: Case) -> int:
    size = 1 << case["order"]
    return (case["pfn"] // size + 1) * size


def _ability(
    name: str, title: str, points: int, functions: tuple[str, ...], visible: Any, **more: Any
) -> Ability:
    """Return an ability that is tested by traces."""
    return Ability(name, title, points, "traces.replay", functions, visible, drawn, **more)


EXERCISE = Exercise(
    name="e07_compaction",
    title="Compaction: two scanners",
    minutes=75,
    needs=("e02_buddy", "e06_migrate"),
    references={
        "isolate_movable_page": "compaction_scan.isolate_movable_page",
        "isolate_migratepages_range": "compaction_scan.isolate_migratepages_range",
        "isolate_freepages_block": "compaction_scan.isolate_freepages_block",
        "putback_movable_page": "migrate.putback_movable_page",
        "compact_finished": "compaction.compact_finished",
        "next_block": None,
    },
    rules=RULES,
    abilities=(
        _ability(
            "isolate",
            "isolates a page that can move",
            4,
            ("isolate_movable_page",),
            _runs,
            hints=("A zbud page is on no LRU list: a reference is all that isolates it.",),
            why="user pages leave their LRU list, zbud pages only get a reference, others stay",
            shrinks=("trace",),
        ),
        _ability(
            "migrate-scanner",
            "scans for pages to move",
            5,
            ("isolate_migratepages_range",),
            _runs,
            hints=(
                "Every frame you look at counts as scanned, those of free blocks too.",
                "The hint is left only if you came to the end and found nothing.",
            ),
            why="frame by frame from start to end, and no more pages than a round may have",
            shrinks=("trace",),
        ),
        _ability(
            "free-scanner",
            "takes free frames as targets",
            5,
            ("isolate_freepages_block",),
            _targets,
            hints=(
                "A free block has 1 << order frames: all become targets, then go on behind it.",
            ),
            why="every free block that starts in the range, and each of its frames",
            shrinks=("trace",),
        ),
        _ability(
            "putback",
            "puts pages back that did not move",
            3,
            ("putback_movable_page",),
            STAYING,
            hints=("What did isolating this kind of page do? Undo that.",),
            why="a user page goes on its LRU list again, a zbud page only loses the reference",
        ),
        _ability(
            "finished",
            "knows when to stop",
            4,
            ("compact_finished",),
            _ends,
            hints=("Order -1 means: until the scanners meet. Otherwise ask for a free block.",),
            why="complete where the scanners met, partial where the block is there",
        ),
        _ability(
            "golden",
            "does all that the kernel's code did",
            4,
            ALL,
            shown_goldens,
            expected=kernels_answer,
            why=why_golden,
        ),
        under_pressure(ALL),
        Ability(
            "block",
            "finds the next pageblock",
            2,
            "basic.value",
            ("next_block",),
            block_question,
            expected=block_answer,
            hints=("A pageblock of order n has 1 << n frames and starts at a multiple of that.",),
        ),
    ),
)
