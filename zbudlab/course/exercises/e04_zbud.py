"""e04_zbud: chunks, the smallest hole, alloc, free."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises import (
    GOLDEN_CHANGED,
    called,
    goldens,
    in_machine,
    kernels_answer,
    under_pressure,
    why_golden,
)
from zbudlab.layout import CHUNK_SIZE, MIGRATE_MOVABLE, ZBUD_MAX_SIZE

KIND = "zbud-series"
SEEN = ("zswap pool", "pool", "zone", "fault")  #: of a machine, after each operation

RULES = (
    Rule(
        "largest-hole",
        "In this variant a new object goes into the page with the LARGEST hole that fits, not the "
        "smallest; of several such pages into the newest on its list, as before.",
        changes=("find_hole",),
        tells={"golden": GOLDEN_CHANGED},
    ),
)


# --- chunks ------------------------------------------------------------------------------------


def _sizes(sizes: Iterable[int]) -> list[Case]:
    return [{"function": "size_to_chunks", "arguments": [int(size)]} for size in sizes]


def shown_sizes(setting: Setting) -> list[Case]:
    edges = (1, 63, 64, 65, 128, 129, 1000, ZBUD_MAX_SIZE)
    return _sizes(edges)


def drawn_sizes(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _sizes(sorted(random.integers(1, ZBUD_MAX_SIZE + 1, 40)))


def why_chunks(case: Case, got: Any, expected: Any) -> str:
    size = case["arguments"][0]
    if got == size // CHUNK_SIZE:
        return "a chunk that is begun is used: round up, not down"
    return f"{size} bytes take {expected} chunks of {CHUNK_SIZE} bytes, and no byte more"


# --- traces ------------------------------------------------------------------------------------


def _trace(*operations: str) -> Case:
    return {"kind": KIND, "trace": ["every 1", *operations]}


def random_trace(random: np.random.Generator, length: int, frees: float) -> Case:
    """Return allocations of all sizes, with a share of frees of existing handles."""
    operations: list[str] = []
    live: list[int] = []
    given = 0
    for _ in range(length):
        if live and random.random() < frees:
            operations.append(f"free {live.pop(int(random.integers(len(live))))}")
        else:
            operations.append(f"alloc {int(random.integers(1, ZBUD_MAX_SIZE + 1))}")
            given += 1
            live.append(given)
    return _trace(*operations)


#: Calls whose callers take any negative number for an answer, or do not look at memory then.
NO_HOLE = called(
    "find_hole, where no page has room",
    "zbud",
    ("alloc 3000",),
    ["zbud_header.find_hole", "pool", "rows", 60],
    see=["state", "untouched"],
)
REFUSED = called(
    "zbud_alloc, where no frame is free",
    "zbud",
    ("alloc 3000",),
    *(["page_alloc.alloc_pages", "mem", order, MIGRATE_MOVABLE] for order in (6, 5, 4, 3, 2, 1, 0)),
    ["zbud.zbud_alloc", "mem", 0, 2000, MIGRATE_MOVABLE],
    see=["state", "untouched"],
)


def shown_holes(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 64"),
        _trace("alloc 1000", "alloc 64"),
        _trace("alloc 2000", "alloc 3000", "alloc 64"),
        _trace("alloc 3000", "alloc 2000", "alloc 64"),
        _trace("alloc 2000", "alloc 2000", "alloc 1900"),
        _trace("alloc 3000", "alloc 1000"),
        NO_HOLE,
    ]


def shown_allocations(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 100"),
        _trace("alloc 0"),
        _trace(f"alloc {ZBUD_MAX_SIZE + 1}"),
        _trace("alloc 2000", "alloc 1500"),
        _trace("alloc 3000", "alloc 3000", "alloc 500"),
        _trace("alloc 1"),
        _trace(f"alloc {ZBUD_MAX_SIZE}"),
        _trace("limit 1", "alloc 100", "alloc 3900", "alloc 100"),
        in_machine(*_allocated(2000, 1500, 500), see=SEEN),
        in_machine(["inject", 0, 1], *_allocated(2000, 1500)),
        REFUSED,
    ]


def _allocated(*sizes: int) -> list[list[Any]]:
    """Return operations of a machine, whose own pool for them is not the first."""
    return [["zbud_alloc", size] for size in sizes]


def shown_frees(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 100", "free 1"),
        _trace("alloc 2000", "alloc 1500", "free 1", "alloc 1000"),
        _trace("alloc 2000", "alloc 1500", "free 2", "free 1"),
        _trace("alloc 500", "map 1", "free 1", "unmap 1"),
        _trace("alloc 500", "free 1", "free 1"),
        in_machine(*_allocated(2000, 1500, 500), *_freed(2, 1, 1), see=SEEN),
        in_machine(*_allocated(500, 600), *_freed(1), *_allocated(700), *_freed(2, 3), see=SEEN),
    ]


def _freed(*handles: int) -> list[list[Any]]:
    return [["zbud_free", handle] for handle in handles]


def drawn_allocations(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, length, 0.0) for length in (5, 15, 60)]


def drawn_frees(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, length, 0.4) for length in (8, 20, 100)]


shown_goldens = goldens(KIND, "h01_sizes", "h02_first_fit_and_lifo", "h03_slot_choice")


# --- numbers -----------------------------------------------------------------------------------


def pages_question(setting: Setting) -> list[Case]:
    """Return the number of pages for n objects that leave no room for a second one."""
    count = number("e04_zbud", "objects", setting.student, 100, 999)
    return [{"name": "pages_for_objects", "objects": count}]


def pages_answer(setting: Setting, case: Case) -> int:
    return -(-case["objects"] // 2)


EXERCISE = Exercise(
    name="e04_zbud",
    title="zbud: two objects in a page",
    minutes=60,
    needs=("e01_pages", "e03_radix"),
    references={
        "size_to_chunks": "zbud_header.size_to_chunks",
        "find_hole": "zbud_header.find_hole",
        "zbud_alloc": "zbud.zbud_alloc",
        "free_buddy": "zbud.free_buddy",
        "pages_for_objects": None,
    },
    equivalents={"zbud_alloc": ("zbud.place_buddy",), "free_buddy": ("zbud.clear_buddy",)},
    rules=RULES,
    abilities=(
        Ability(
            "chunks",
            "counts the chunks of an object",
            2,
            "basic.call",
            ("size_to_chunks",),
            shown_sizes,
            drawn_sizes,
            hints=("Dividing rounds down. What do you add before?",),
            why=why_chunks,
        ),
        Ability(
            "hole",
            "finds the hole for a new object",
            3,
            "traces.replay",
            ("find_hole",),
            shown_holes,
            drawn_allocations,
            hints=("unbuddied[n] holds the pages with exactly n free chunks.",),
            why="the page to take is the first on the list of the hole that the rule asks for",
            shrinks=("trace",),
        ),
        Ability(
            "alloc",
            "allocates",
            5,
            "traces.replay",
            ("zbud_alloc",),
            shown_allocations,
            drawn_allocations,
            hints=("In which order: check the size, look for a hole, take a page, give a handle.",),
            why="no bytes are -EINVAL, too many -ENOSPC; else a handle is made and given a "
            "reference, and the page goes first on the LRU list and on the list of what is now "
            "free in it",
            shrinks=("trace", "script"),
        ),
        Ability(
            "free",
            "frees",
            5,
            "traces.replay",
            ("free_buddy",),
            shown_frees,
            drawn_frees,
            hints=("A page that is half empty now belongs on another list.",),
            why="the object, its handle and its reference go; the page moves to the list of what "
            "is now free in it, and is itself free with its last reference",
            shrinks=("trace", "script"),
        ),
        Ability(
            "golden",
            "does all that the kernel's code did",
            3,
            "traces.replay",
            ("find_hole", "zbud_alloc", "free_buddy"),
            shown_goldens,
            drawn_frees,
            expected=kernels_answer,
            why=why_golden,
        ),
        under_pressure(("find_hole", "zbud_alloc", "free_buddy")),
        Ability(
            "pages",
            "counts the pages that n objects of half a page take",
            2,
            "basic.value",
            ("pages_for_objects",),
            pages_question,
            expected=pages_answer,
        ),
    ),
)
