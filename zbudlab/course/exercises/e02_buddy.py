"""e02_buddy: buddies, splitting and merging, first on sets and then on struct pages."""

from zbudlab.course.contract import Ability, Exercise, Rule
from zbudlab.course.exercises import (
    GOLDEN_CHANGED,
    kernels_answer,
    why_golden,
)
from zbudlab.course.exercises.e02_cases import (
    drawn_buddies,
    drawn_gives,
    drawn_merges,
    drawn_pairs,
    drawn_runs,
    drawn_splits,
    drawn_takes,
    pieces_answer,
    pieces_question,
    shown_buddies,
    shown_gives,
    shown_goldens,
    shown_merges,
    shown_pairs,
    shown_runs,
    shown_splits,
    shown_takes,
    waste_answer,
    waste_question,
    why_buddy,
    why_pair,
)

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
    """Allocate the lowest block of the smallest sufficient order, split to size; -1 if none."""
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
