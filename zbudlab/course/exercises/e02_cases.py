"""The cases of e02_buddy: shown ones, drawn ones, and questions."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from zbudlab.course.contract import Case, Setting, number
from zbudlab.course.exercises import called, goldens, in_machine
from zbudlab.layout import MIGRATE_MOVABLE

KIND = "buddy"
TOP = 4  #: the small memory has 2^4 frames, as in the lesson
LONG_TOP, LONG_RUN = 6, 100_000
PAGES = (5, 999)  #: least and most that the question about pages asks for
BLOCKS = (1, 9)  #: least and largest order that the question about blocks asks for


def _calls(function: str, blocks: Iterable[tuple[int, int]]) -> list[Case]:
    return [
        {"function": function, "arguments": [int(at) << int(order), int(order)]}
        for at, order in blocks
    ]


SHOWN_BLOCKS = ((0, 0), (1, 0), (3, 2), (4, 2), (1, 3), (5, 10))


def shown_buddies(setting: Setting) -> list[Case]:
    return _calls("buddy_of", SHOWN_BLOCKS)


def drawn_buddies(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _calls("buddy_of", random.integers(0, 11, (30, 2)))


def shown_pairs(setting: Setting) -> list[Case]:
    return _calls("merged", SHOWN_BLOCKS)


def drawn_pairs(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _calls("merged", random.integers(0, 11, (30, 2)))


def why_buddy(case: Case, got: Any, expected: Any) -> str:
    pfn, order = case["arguments"]
    if got == pfn + (1 << order):
        return "the block to the right is the buddy of a left half only"
    return f"buddies of order {order} differ in bit {order} and in no other"


def why_pair(case: Case, got: Any, expected: Any) -> str:
    pfn, order = case["arguments"]
    if got == pfn:
        return "a right half is not where the pair begins"
    return f"a block of order {order + 1} begins at a multiple of {2 << order}"


# --- sixteen frames ----------------------------------------------------------------------------


def _script(*operations: tuple[str, int]) -> Case:
    return {"top": TOP, "script": [list(operation) for operation in operations]}


def _mixed(random: np.random.Generator, length: int, frees: float) -> Case:
    """Return small requests and frees of frames, some of them in use."""
    script: list[tuple[str, int]] = []
    for _ in range(length):
        if random.random() < frees:
            script.append(("free", int(random.integers(1 << TOP))))
        else:
            script.append(("alloc", int(random.integers(3))))
    return _script(*script)


def shown_splits(setting: Setting) -> list[Case]:
    return [
        _script(("alloc", TOP)),
        _script(("alloc", 3)),
        _script(("alloc", 0)),
        _script(("alloc", 1), ("alloc", 0), ("alloc", 2)),
        _script(("alloc", 3), ("alloc", 3), ("alloc", 0)),
        {
            "top": TOP,
            "free": [[9], [2], [4, 12], [], []],
            "held": [[0, 1], [8, 0], [10, 1]],
            "script": [["alloc", 0], ["alloc", 0], ["alloc", 2], ["alloc", 1], ["alloc", 2]],
        },
    ]


def drawn_splits(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [_mixed(random, length, 0.0) for length in (3, 6, 10)]


def _held(free: list[list[int]], held: list[list[int]], *freed: int) -> Case:
    return {"top": TOP, "free": free, "held": held, "script": [["free", pfn] for pfn in freed]}


def shown_merges(setting: Setting) -> list[Case]:
    return [
        _held([[], [], [], [], []], [[0, TOP]], 0),
        _held([[], [], [], [8], []], [[0, 3]], 0),
        _held([[], [], [], [0], []], [[8, 3]], 8),
        _held([[], [], [12], [0], []], [[8, 2]], 8),
        _held([[], [], [], [], []], [[4, 2], [8, 2], [0, 2], [12, 2]], 4, 8),
        _held([[6], [4], [0], [8], []], [[7, 0]], 7),
        _held([[], [4], [], [8], []], [[0, 2], [6, 1]], 0, 6),
        # more blocks of the largest order than one, which do not merge; and a larger memory
        _held([[], [], [], [], [16]], [[0, TOP]], 0) | {"frames": 2 << TOP},
        _held([[] for _ in range(9)], [[0, 7], [128, 7]], 128, 0) | {"top": 8},
        _held(
            [[] for _ in range(12)], [[pfn, 9] for pfn in (512, 0, 1024, 1536)], 0, 512, 1536, 1024
        )
        | {"top": 11},
    ]


def drawn_merges(setting: Setting, random: np.random.Generator) -> list[Case]:
    """Return all sixteen frames in blocks of one order, freed in random order."""
    cases = []
    for order in (2, 1, 0):
        blocks = [[pfn, order] for pfn in range(0, 1 << TOP, 1 << order)]
        freed = [int(pfn) for pfn in random.permutation([pfn for pfn, _ in blocks])]
        cases.append(_held([[], [], [], [], []], blocks, *freed))
    return cases


def _long(seed: int, operations: int) -> Case:
    told = f"{operations} operations on {1 << LONG_TOP} frames, after which all comes back"
    return {"top": LONG_TOP, "operations": operations, "seed": seed, "frees": 0.5, "state": told}


def shown_runs(setting: Setting) -> list[Case]:
    return [_long(1, 100), _long(2, LONG_RUN)]


def drawn_runs(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [_long(int(random.integers(1 << 30)), LONG_RUN // 10)]


# --- struct pages ------------------------------------------------------------------------------


def _trace(*operations: str, frames: int = 64) -> Case:
    start = ("every 1", "parts buddy", f"zone {frames} 4", "boot")
    return {"kind": KIND, "trace": [*start, *operations]}


def random_trace(random: np.random.Generator, length: int, frees: float, top: int = 4) -> Case:
    """Return movable and unmovable requests, and frees of frames, some of them in use."""
    operations = []
    for _ in range(length):
        if random.random() < frees:
            operations.append(f"free {int(random.integers(64))}")
        else:
            kind = "movable" if random.random() < 0.8 else "unmovable"
            operations.append(f"alloc {int(random.integers(top))} {kind}")
    return _trace(*operations)


#: A block that is not there.
NONE_FREE = called(
    "rmqueue_smallest, for an order that no free block has",
    "buddy",
    ("parts buddy", "zone 64 4", "boot"),
    ["page_alloc.rmqueue_smallest", "zone", "pages", 7, MIGRATE_MOVABLE],
    see=["state", "untouched"],
)
#: Pages from an area for CMA come from its largest block, though smaller ones are free.
FROM_CMA = {
    "kind": KIND,
    "trace": [
        *("every 1", "parts buddy", "zone 2048 9", "cma 1024 1024", "boot"),
        *("alloc 10 movable", *["alloc 0 movable"] * 4, "alloc 1 movable"),
    ],
}


def shown_takes(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 6 movable"),
        _trace("alloc 0 movable", "alloc 0 movable", "alloc 2 movable"),
        _trace("alloc 7 movable"),
        _trace("alloc 1 movable", "alloc 1 unmovable", "alloc 0 movable"),
        _trace(*["alloc 0 movable"] * 4, "free 0", "free 2", "alloc 0 movable"),
        _trace("alloc 10 movable", "alloc 0 movable", frames=1024),
        _trace("alloc 0 movable", "alloc 9 movable", frames=1024),
        _trace(*["alloc 9 movable"] * 3, "alloc 8 unmovable", "alloc 9 unmovable", frames=2048),
        NONE_FREE,
        FROM_CMA,
        in_machine(
            *(["create_process", 20], ["touch", 0, 1, *range(20)]),
            *(["alloc_pages", 10, migratetype, 0] for migratetype in range(3)),
        ),
    ]


def drawn_takes(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, length, 0.0) for length in (4, 15)]


def shown_gives(setting: Setting) -> list[Case]:
    return [
        _trace("alloc 6 movable", "free 0"),
        _trace("alloc 0 movable", "free 0"),
        _trace("alloc 2 movable", "alloc 2 movable", "free 0", "free 4"),
        _trace(*["alloc 0 movable"] * 8, "free 0", "free 3", "free 5", "free 2", "free 1"),
        _trace(*["alloc 0 movable"] * 8, "free 6", "free 2", "free 3", "free 0"),
        _trace(*["alloc 1 movable"] * 6, "free 4", "free 0", "free 2", "alloc 1 movable"),
        _trace("alloc 9 movable", "alloc 9 movable", "free 512", "free 0", frames=1024),
        _trace("alloc 10 movable", "alloc 10 movable", "free 0", "free 1024", frames=2048),
        ISOLATED,
    ]


#: Blocks of an area for CMA are isolated while its pages move away; then all comes back.
ISOLATED: Case = {
    "kind": "compact",
    "trace": [
        *("every 1", "parts all", "zone 2048 9", "cma 1024 1024", "boot", "alloc 9 movable"),
        *("alloc 9 movable", "anon 3", "free 0", "alloc_contig 1024 1536", "free_contig 1024 1536"),
    ],
}


def drawn_gives(setting: Setting, random: np.random.Generator) -> list[Case]:
    return [random_trace(random, length, 0.6, 3) for length in (20, 80)]


shown_goldens = goldens(KIND, "b20_invalid")


# --- numbers -----------------------------------------------------------------------------------


def waste_question(setting: Setting) -> list[Case]:
    pages = number("e02_buddy", "pages", setting.student, *PAGES)
    return [{"name": "pages_wasted", "pages": pages}]


def waste_answer(setting: Setting, case: Case) -> int:
    return (1 << (case["pages"] - 1).bit_length()) - case["pages"]


def pieces_question(setting: Setting) -> list[Case]:
    order = number("e02_buddy", "order", setting.student, *BLOCKS)
    return [{"name": "blocks_left", "order": order}]


def pieces_answer(setting: Setting, case: Case) -> int:
    return 10 - case["order"]
