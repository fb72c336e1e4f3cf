"""e09_races: guards that keep migration right in every schedule, judged by the explorer."""

from math import comb
from typing import Any

import numpy as np

from zbudlab.course.contract import Ability, Case, Drawn, Exercise, Rule, Setting, number
from zbudlab.course.exercises import pressed
from zbudlab.course.grader_side import Explored
from zbudlab.layout import ZBUD_MAX_SIZE

PROBE = "e09_races.explored"
MAPPED = ("drop_while_mapped", "free_after_unmap")
ISOLATED = ("zbud_isolate_page", "zbud_putback_page")
EMPTIED = ("must_stay",)
ALL = (*MAPPED, *ISOLATED, *EMPTIED)
USER, FREE, COMPACTION = "user", "free", "compaction"
ISOLATE, BOTH = ("isolate",), ("isolate", "unmap")

RULES = (
    Rule(
        "second-waits",
        "In this variant the second processor of the last question can only begin when the first "
        "has done at least one step.",
        changes=("schedules_of_two",),
    ),
)


def _case(
    *actors: tuple[str, int], merge: tuple[str, ...] = BOTH, sizes: Any = (1000, 900)
) -> Case:
    words = [7 + 4 * number for number in range(len(sizes))]
    listed = [list(actor) for actor in actors]
    names = ", ".join(f"{kind} {handle}" if handle else kind for kind, handle in actors)
    state = f"objects of {' and '.join(map(str, sizes))} bytes, and the actors {names}"
    return {
        "state": state,
        "sizes": list(sizes),
        "words": words,
        "actors": listed,
        "merge": list(merge),
    }


def _drawn(*cases: Case) -> Drawn:
    """Return cases with other sizes and contents, and perhaps the other object."""

    def cases_of(setting: Setting, random: np.random.Generator) -> list[Case]:
        return [_changed(case, random) for case in cases]

    return cases_of


def _changed(case: Case, random: np.random.Generator) -> Case:
    count = len(case["sizes"])
    largest = ZBUD_MAX_SIZE // count
    sizes = [int(size) for size in random.integers(64, largest, count)]
    swap = count == 2 and random.random() < 0.5
    actors = [(kind, 3 - handle if swap and handle else handle) for kind, handle in case["actors"]]
    words = [int(word) for word in random.integers(1, 1 << 30, count)]
    changed = _case(*actors, merge=tuple(case["merge"]), sizes=sizes)
    return changed | {"words": words, "functions": case["functions"]}


MAPPED_CASES = (
    _case((USER, 1), (FREE, 1), (COMPACTION, 0)),
    _case((USER, 1), (FREE, 1), (COMPACTION, 0), sizes=(1000,)),
)
UNMAP_CASES = (_case((USER, 1), (FREE, 1), (COMPACTION, 0), merge=ISOLATE, sizes=(1000,)),)
FREED_CASES = (
    _case((FREE, 1), (COMPACTION, 0), merge=(), sizes=(1000,)),
    _case((FREE, 1), (FREE, 2), (COMPACTION, 0), merge=()),
)
LIST_CASES = (
    _case((USER, 1), (COMPACTION, 0)),
    _case((COMPACTION, 0), (COMPACTION, 0), merge=ISOLATE),
)
EMPTY_CASES = (
    _case((FREE, 1), (COMPACTION, 0), merge=ISOLATE),
    _case((FREE, 1), (COMPACTION, 0), merge=ISOLATE, sizes=(1000,)),
    _case((FREE, 1), (FREE, 2), (COMPACTION, 0), merge=ISOLATE),
)
MOVE_CASES = (
    _case((COMPACTION, 0)),
    _case((FREE, 2), (COMPACTION, 0)),
    _case((USER, 2), (COMPACTION, 0)),
)


def why_schedules(case: Case, got: Any, expected: Any) -> str:
    """Return what a schedule of the case broke, or which end is missing."""
    if got is None:
        return "no schedule may stop in your code"
    if got["faults"]:
        return f"some schedule ends in: {', '.join(got['faults'])}"
    if len(got["ends"]) < len(expected["ends"]):
        return "nothing breaks, but a move is refused that the references allow"
    return "nothing breaks, but the machine ends otherwise than it should"


def _ability(
    name: str, title: str, points: int, functions: tuple[str, ...], cases: Any, *hints: str
) -> Ability:
    tried = [case | {"functions": list(functions)} for case in cases]
    return Ability(
        name,
        title,
        points,
        PROBE,
        functions,
        lambda setting: list(tried),
        _drawn(*tried),
        hints=hints,
        why=why_schedules,
        outside=Explored,
    )


def _pressed(seed: int) -> Case:
    """Return a machine under pressure with the mended rules."""
    case = pressed(70, seed)
    return case | {"config": case["config"] | {"profile": "v2-mended"}}


# --- numbers -----------------------------------------------------------------------------------


def schedules_question(setting: Setting) -> list[Case]:
    """Return how many steps each of two processors has."""
    names = ("first", "second")
    counts = {name: number("e09_races", name, setting.student, 3, 9) for name in names}
    return [{"name": "schedules_of_two", **counts}]


def schedules_answer(setting: Setting, case: Case) -> int:
    first = case["first"] - (setting.rule in RULES)
    return comb(first + case["second"], case["second"])


EXERCISE = Exercise(
    name="e09_races",
    title="Races: a move that no schedule can break",
    minutes=60,
    needs=("e01_pages", "e06_migrate"),
    references={
        "drop_while_mapped": "zbud.drop_while_mapped",
        "free_after_unmap": "zbud.free_after_unmap",
        "zbud_isolate_page": "zbud.zbud_isolate_page",
        "zbud_putback_page": "zbud.zbud_putback_page",
        "must_stay": "zbud_migrate.must_stay",
        "schedules_of_two": None,
    },
    rules=RULES,
    abilities=(
        _ability(
            *("mapped", "keeps a page in place while an address in it is held", 5),
            *(MAPPED, MAPPED_CASES),
            "Which references does migration expect? Whose reference must not be among them?",
            "The page keeps the reference of the freed object; its last unmap drops it, too.",
        ),
        _ability(
            *("unmap", "needs no lock around the lookup of unmap", 2, MAPPED, UNMAP_CASES),
            "If the page cannot move while it is mapped, the lookup cannot become stale.",
        ),
        _ability(
            *("reference", "takes no reference from a page that is being freed", 4),
            *(ISOLATED, FREED_CASES),
            "When isolation takes its reference, is the page still zbud's?",
        ),
        _ability(
            *("lists", "lets only one compaction have a page", 4, ISOLATED, LIST_CASES),
            "Isolation needs a mark, and putback takes it away.",
        ),
        _ability(
            *("emptied", "leaves a page alone that lost its last object", 4),
            *(EMPTIED, EMPTY_CASES),
            "A page without objects has exactly the isolation's reference.",
        ),
        _ability(
            *("moves", "refuses no move that the references allow", 3, ALL, MOVE_CASES),
            "Refuse a page for what is true of it now, not for what could become of it.",
        ),
        Ability(
            "machine",
            "keeps a machine under pressure going, and loses no page",
            2,
            "machines.script",
            ALL,
            lambda setting: [_pressed(7)],
            lambda setting, random: [_pressed(int(random.integers(1 << 30)))],
            why="no page may be lost: go through the script up to there by hand",
            shrinks=("script",),
        ),
        Ability(
            "schedules",
            "counts the schedules of two processors",
            2,
            "basic.value",
            ("schedules_of_two",),
            schedules_question,
            expected=schedules_answer,
            hints=("A schedule is a choice: which of all steps are the first processor's?",),
        ),
    ),
)
