"""e06_migrate: what a move must preserve: counts, content, handles, lists; and -EAGAIN."""

from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Exercise, Rule, Setting, number
from zbudlab.course.exercises import (
    GOLDEN_CHANGED,
    goldens,
    kernels_answer,
    under_pressure,
    why_golden,
)
from zbudlab.course.grader_side import Moved
from zbudlab.layout import EAGAIN, ZBUD_MAX_SIZE

KIND = "zbud-series"
ALL = ("expected_references", "move_handle", "zbud_migrate_page")

RULES = (
    Rule(
        "moved-is-new",
        "In this variant a page that moved counts as used just now: it goes first on the pool's "
        "LRU list, and first on the list of its free chunks (or of pages with both buddies).",
        changes=("zbud_migrate_page",),
        tells={
            "lists": {
                "title": "puts the new page first on both lists, and takes the old one off",
                "hints": (
                    "The old page leaves its lists; where does a page go that was just used?",
                ),
                "why": "a page is on two lists, by the links LRU and BUDDY; by this rule moving is "
                "a use of it, so that it goes first on both",
            },
            "golden": GOLDEN_CHANGED,
        },
    ),
)

#: Pages with one object, two objects, and one that lost its first; with content.
ALONE = ("alloc 1000", "write 1 5")
BOTH = (*ALONE, "alloc 1500", "write 2 9")
LAST_ONLY = (*BOTH, "free 1")
MIDDLE = ("alloc 3000", "alloc 3000", "alloc 500", "write 3 7", "alloc 3000")


def _case(before: tuple[str, ...], move: int = 0, **more: Any) -> Case:
    return {"before": list(before), "move": move, **more}


def random_before(random: np.random.Generator, length: int, maps: float = 0.0) -> list[str]:
    """Return allocations, each written to, with frees and mappings of existing objects."""
    operations: list[str] = []
    live: list[int] = []
    given = 0
    for _ in range(length):
        draw = random.random()
        if live and draw < 0.25:
            operations.append(f"free {live.pop(int(random.integers(len(live))))}")
        elif live and draw < 0.25 + maps:
            operations.append(f"map {live[int(random.integers(len(live)))]}")
        else:
            given += 1
            live.append(given)
            size = int(random.integers(1, ZBUD_MAX_SIZE + 1))
            operations += [f"alloc {size}", f"write {given} {int(random.integers(256))}"]
    return operations


def _drawn(random: np.random.Generator, maps: float, **more: Any) -> list[Case]:
    before = [random_before(random, length, maps) for length in (6, 12, 24)]
    return [_case(tuple(b), move, **more) for b in before for move in range(3)]


# --- the parts ---------------------------------------------------------------------------------


def shown_counts(setting: Setting) -> list[Case]:
    return [_case(b) for b in (ALONE, BOTH, LAST_ONLY, (*BOTH, "map 1"))]


def drawn_counts(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _drawn(random, 0.3)


def shown_handles(setting: Setting) -> list[Case]:
    pairs = ((ALONE, 1), (BOTH, 1), (BOTH, 2), (ALONE, 0), ((*ALONE, "alloc 3500"), 1))
    cases = [_case(before, handle=handle, see="references") for before, handle in pairs]
    return [*cases, _case(BOTH, handle=2, see="references", stray=2)]


def drawn_handles(setting: Setting, random: np.random.Generator) -> list[Case]:
    cases = _drawn(random, 0.2, see="references")
    return [case | {"handle": int(random.integers(0, 4))} for case in cases]


def why_handle(case: Case, got: Any, expected: Any) -> str:
    if case["handle"] == 0:
        return "handle 0 means that there is no such buddy: nothing to do, no error"
    if expected["answer"]:
        return "the tree says that this handle's page is another: answer -EINVAL, change nothing"
    return "a handle holds one reference of its page, which goes along to the new one"


# --- the whole ---------------------------------------------------------------------------------


def shown_again(setting: Setting) -> list[Case]:
    held = ((*ALONE, "map 1"), (*BOTH, "map 2"), (*BOTH, "isolate 0"), (*BOTH, "map 1", "unmap 1"))
    return [_case(b, see="untouched") for b in held]


def drawn_again(setting: Setting, random: np.random.Generator) -> list[Case]:
    return _drawn(random, 0.4, see="untouched")


def why_again(case: Case, got: Any, expected: Any) -> str:
    if not expected["answer"]:
        return "there is no other reference: the page is to be moved"
    if got["answer"] != -EAGAIN:
        return "another holder has a reference and may be reading at the old place: -EAGAIN"
    return "find out first whether the page may move, and only then change anything"


#: The tree has another page for the second handle, which moving answers.
STRAYED = _case(BOTH, see="answer", stray=2)


def shown_moves(see: str) -> Any:
    def cases(setting: Setting) -> list[Case]:
        before = (ALONE, BOTH, LAST_ONLY)
        shown = [*(_case(b, see=see) for b in before), _case(MIDDLE, 1, see=see)]
        shown.append(_case(BOTH, see=see, pool=1))
        return [*shown, STRAYED] if see == "references" else shown

    return cases


def drawn_moves(see: str) -> Any:
    def cases(setting: Setting, random: np.random.Generator) -> list[Case]:
        return _drawn(random, 0.0, see=see)

    return cases


# --- traces and a machine ----------------------------------------------------------------------


shown_goldens = goldens(
    KIND, "h06_migrate_while_mapped", "h08_migrate_freed_but_mapped", "h11_migrate_nomem"
)


def drawn_traces(setting: Setting, random: np.random.Generator) -> list[Case]:
    """Return traces with moves, mappings, and too few frames."""
    found = []
    for length in (8, 30):
        trace = ["every 1"]
        for operation in random_before(random, length, 0.1):
            trace.append(operation)
            if random.random() < 0.4:
                trace.append(f"migrate {int(random.integers(5))}")
        found.append({"kind": KIND, "trace": trace})
    return found


# --- numbers -----------------------------------------------------------------------------------


def mappings_question(setting: Setting) -> list[Case]:
    """Return the references to an isolated page with both buddies, mapped a number of times."""
    names = ("first", "last")
    counts = {name: number("e06_migrate", name, setting.student, 1, 20) for name in names}
    return [{"name": "references_when_mapped", **counts}]


def mappings_answer(setting: Setting, case: Case) -> int:
    return 3 + case["first"] + case["last"]


EXERCISE = Exercise(
    name="e06_migrate",
    title="Migration: moving a zbud page",
    minutes=90,
    needs=("e01_pages", "e03_radix", "e04_zbud"),
    references={
        "expected_references": "zbud_migrate.expected_references",
        "move_handle": "zbud_migrate.move_handle",
        "zbud_migrate_page": "zbud_migrate.zbud_migrate_page",
        "references_when_mapped": None,
    },
    rules=RULES,
    abilities=(
        Ability(
            "count",
            "counts the references that a page may have if it is to move",
            2,
            "e06_migrate.count",
            ("expected_references",),
            shown_counts,
            drawn_counts,
            hints=(
                "Which references exist while the page is not mapped? The isolation's, and?",
                "A buddy is there if its handle is not 0. Mappings are what you wait for to end.",
            ),
            why="one for the isolation, one for each handle, and none for mappings",
            shrinks=("before",),
        ),
        Ability(
            "handle",
            "points a handle at the new page",
            4,
            "e06_migrate.handle",
            ("move_handle",),
            shown_handles,
            drawn_handles,
            hints=(
                "The tree holds pfn + 1. Look at the slot before you replace what is in it.",
                "The reference goes along: one more for the new page, one less for the old.",
            ),
            why=why_handle,
            shrinks=("before",),
            outside=Moved,
        ),
        Ability(
            "again",
            "says -EAGAIN, and changes nothing, while there is another reference to the page",
            4,
            "e06_migrate.moved",
            ("zbud_migrate_page",),
            shown_again,
            drawn_again,
            hints=("page_count(mem.pages[old]) says how many references there are.",),
            why=why_again,
            shrinks=("before",),
            outside=Moved,
        ),
        Ability(
            "copy",
            "makes the new frame a zbud page with the same content",
            3,
            "e06_migrate.moved",
            ("zbud_migrate_page",),
            shown_moves("content"),
            drawn_moves("content"),
            hints=(
                "The header is in the page, so copy_highpage copies it too. What is not in the "
                "page? Its struct page: the mark set_page_zbud, and which pool in `private`.",
            ),
            why="the new frame must be a zbud page of the same pool, with the old one's bytes",
            shrinks=("before",),
            outside=Moved,
        ),
        Ability(
            "handles",
            "moves both handles with their references",
            3,
            "e06_migrate.moved",
            ("zbud_migrate_page",),
            shown_moves("references"),
            drawn_moves("references"),
            hints=("Which header still holds the handles when you move them?",),
            why="every handle of the page must lead to the new one and hold a reference there",
            shrinks=("before",),
            outside=Moved,
        ),
        Ability(
            "lists",
            "puts the new page in the old one's place on both lists",
            3,
            "e06_migrate.moved",
            ("zbud_migrate_page",),
            shown_moves("lists"),
            drawn_moves("lists"),
            hints=("list_replace(mem.rows, link, old_row, new_row), for each of the two links.",),
            why="a page is on two lists, by the links LRU and BUDDY; moving is no use of it",
            shrinks=("before",),
            outside=Moved,
        ),
        Ability(
            "golden",
            "does all that the kernel's code did",
            4,
            "traces.replay",
            ALL,
            shown_goldens,
            drawn_traces,
            expected=kernels_answer,
            why=why_golden,
            shrinks=("trace",),
        ),
        under_pressure(ALL),
        Ability(
            "mapped",
            "counts the references to a page that is mapped",
            2,
            "basic.value",
            ("references_when_mapped",),
            mappings_question,
            expected=mappings_answer,
            hints=("Each mapping holds one, besides those that migration expects.",),
        ),
    ),
)
