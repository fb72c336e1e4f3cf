"""e02_buddy: buddies, splitting and merging, first on sets and then on struct pages."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises import (
    GOLDEN_CHANGED,
    goldens,
    in_machine,
    kernels_answer,
    why_golden,
)

KIND = "buddy"
TOP = 4  #: the small memory has 2^4 frames, as in the lesson
LONG_TOP, LONG_RUN = 6, 100_000
PAGES = (5, 999)  #: what the question about pages asks for, at least and at most
BLOCKS = (1, 9)  #: and the order that the question about blocks asks for

RULES = (
    Rule(
        "largest-first",
        "In this variant an allocation takes one of the LARGEST free blocks, not one "
        "of the smallest that will do. All else is as before.",
        changes=("alloc_block", "rmqueue_smallest"),
        tells={
            "survive": {
                "why": "each time the lowest block of the order that the rule says, none twice, "
                "and all merged at the end"
            },
            "golden": GOLDEN_CHANGED,
        },
    ),
)


# --- the right functions on sets ---------------------------------------------------------------


def buddy_of(pfn: int, order: int) -> int:
    """Return the first frame of the buddy."""
    return pfn ^ (1 << order)


def merged(pfn: int, order: int) -> int:
    """Return the first frame of the merged block."""
    return pfn & ~(1 << order)


def alloc_block(free_blocks: list[set[int]], order: int) -> int:
    """Take the lowest block of the smallest sufficient order, split to size; -1 if none."""
    for larger in range(order, len(free_blocks)):
        if free_blocks[larger]:
            pfn = min(free_blocks[larger])
            free_blocks[larger].remove(pfn)
            for half in range(order, larger):
                free_blocks[half].add(pfn + (1 << half))
            return pfn
    return -1


def free_block(free_blocks: list[set[int]], pfn: int, order: int) -> None:
    """Free a block, merging it as far as possible."""
    while order < len(free_blocks) - 1 and buddy_of(pfn, order) in free_blocks[order]:
        free_blocks[order].remove(buddy_of(pfn, order))
        pfn, order = merged(pfn, order), order + 1
    free_blocks[order].add(pfn)


# --- arithmetic --------------------------------------------------------------------------------


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
        _held([[] for _ in range(12)], [[pfn, 9] for pfn in (512, 0, 1024, 1536)], 0, 512, 1536, 1024)
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


EXERCISE = Exercise(
    name="e02_buddy",
    title="The buddy allocator: split and merge",
    minutes=90,
    needs=("e01_pages",),
    references={
        "buddy_of": buddy_of,
        "merged": merged,
        "alloc_block": alloc_block,
        "free_block": free_block,
        "expand": "page_alloc.expand",
        "rmqueue_smallest": "page_alloc.rmqueue_smallest",
        "free_one_page": "page_alloc.free_one_page",
        "pages_wasted": None,
        "blocks_left": None,
    },
    rules=RULES,
    abilities=(
        Ability(
            "buddy",
            "finds the buddy",
            1,
            "basic.call",
            ("buddy_of",),
            shown_buddies,
            drawn_buddies,
            hints=("One operator turns a single bit over.",),
            why=why_buddy,
        ),
        Ability(
            "pair",
            "finds where two buddies begin",
            1,
            "basic.call",
            ("merged",),
            shown_pairs,
            drawn_pairs,
            hints=("In the left one that bit is 0. How do you clear a bit?",),
            why=why_pair,
        ),
        Ability(
            "split",
            "splits a block for a request",
            3,
            "e02_buddy.steps",
            ("alloc_block",),
            shown_splits,
            drawn_splits,
            hints=(
                "First find the order to take from; then take, and only then split.",
                "From order k down to 0: the halves that stay free have orders k-1, ..., 1, 0.",
            ),
            why="the block comes from where the rule says, and every half it leaves is free",
            shrinks=("script",),
        ),
        Ability(
            "merge",
            "merges a block that comes back",
            3,
            "e02_buddy.steps",
            ("free_block",),
            shown_merges,
            drawn_merges,
            hints=(
                "After merging, the pair is one block, which has a buddy, too.",
                "The largest order has a buddy by arithmetic, but none in memory.",
            ),
            why="a block merges as long as its buddy is free as a whole, a block of the same order",
            shrinks=("script",),
        ),
        Ability(
            "survive",
            "survives 100,000 operations",
            4,
            "e02_buddy.survive",
            ("alloc_block", "free_block"),
            shown_runs,
            drawn_runs,
            hints=("When everything has come back, one block must be free and no other.",),
            why="each time the lowest block that will do, none twice, and all merged at the end",
        ),
        Ability(
            "expand",
            "splits a block on the kernel's lists",
            2,
            "traces.replay",
            ("expand",),
            shown_takes,
            drawn_takes,
            hints=("The upper half of a block of order k begins 2^(k-1) frames further.",),
            why="the upper halves become free, each on the list of its order and type",
            shrinks=("trace",),
        ),
        Ability(
            "take",
            "takes a block off the kernel's lists",
            3,
            "traces.replay",
            ("rmqueue_smallest",),
            shown_takes,
            drawn_takes,
            hints=("The first on a list is `pages[head].next[LRU]`.",),
            why="the first of the list is taken off it, and split by `expand`",
            shrinks=("trace",),
        ),
        Ability(
            "give",
            "gives a block back to the kernel's lists",
            4,
            "traces.replay",
            ("free_one_page",),
            shown_gives,
            drawn_gives,
            hints=(
                "Count the pages as free once, before you merge.",
                "A buddy that you merge with leaves its list first.",
            ),
            why="merge as far as it goes, then head or tail by likely_to_merge_soon",
            shrinks=("trace",),
        ),
        Ability(
            "golden",
            "does all that the kernel's code did",
            3,
            "traces.replay",
            ("expand", "rmqueue_smallest", "free_one_page"),
            shown_goldens,
            drawn_gives,
            expected=kernels_answer,
            why=why_golden,
        ),
        Ability(
            "waste",
            "knows what lies idle inside a block",
            1,
            "basic.value",
            ("pages_wasted",),
            waste_question,
            expected=waste_answer,
            hints=("Which power of two is the next?",),
        ),
        Ability(
            "pieces",
            "counts what splitting leaves",
            1,
            "basic.value",
            ("blocks_left",),
            pieces_question,
            expected=pieces_answer,
            hints=("Each order that is passed on the way down leaves one half.",),
        ),
    ),
)
