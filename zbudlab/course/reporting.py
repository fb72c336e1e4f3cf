"""The findings of a check as HTML with pictures: in a notebook, and on a student's page."""

from collections.abc import Iterable
from html import escape
from typing import Any

from zbudlab.course.contract import Ability, Exercise
from zbudlab.course.probes import NOT_WRITTEN
from zbudlab.course.reasons import Difference, Failure
from zbudlab.view.feedback.report import Mistake, Shown, end_card, mistake_card, part, report

DONE = "Your code does everything that the visible checks ask for. Others are drawn at hand-in."
PART = "This is right. You have passed {} of {} checks of this exercise."
NOTEBOOKS = "../../notebooks"  #: from the folder of an exercise
#: The notebook after an exercise, and how its link is named.
NEXT = {
    "e01_pages": ("Next: 02 Buddy allocator", "02_buddy_allocator"),
    "e02_buddy": ("Next: 03 Radix tree", "03_radix_tree"),
    "e03_radix": ("Next: 04 zbud", "04_zbud"),
    "e04_zbud": ("Next: 05 zswap", "05_zswap"),
    "e05_zswap": ("Next: 06 Migration", "06_migration"),
    "e06_migrate": ("Next: 07 Compaction and CMA", "07_compaction_and_cma"),
    "e07_compaction": ("Next: 08 Under pressure", "08_under_pressure"),
    "e08_experiment": ("Next: 10 What became of it", "10_what_became_of_it"),
    "e09_races": ("Next: 13 zsmalloc", "13_zsmalloc"),
}
BACK = ("Back to the map of the course", "00_start_here")  #: after any other exercise

#: The check whose report in this notebook has the style sheet: the first one that was shown.
_styled: list[str] = []
#: Titles of the abilities that were shown in this notebook, by exercise.
_right: dict[str, set[str]] = {}


def on_strip(ability: Ability, earned: int, note: str = "") -> Shown:
    """Return an ability for the strip. note: what it waits for; "" if it was checked."""
    if note:
        return Shown(ability.title, "wait", note)
    state = "ok" if earned == ability.points else "no"
    return Shown(ability.title, state, f"{earned} of {ability.points}")


def is_unwritten(failure: Failure) -> bool:
    """Return whether the functions of a failing case are not written yet."""
    return failure.got == NOT_WRITTEN


def card_of(ability: Ability, failure: Failure, look: str = "") -> str:
    """Return the card of a failing case. look: how to step through it, "" if it has no machine."""
    hint = ability.hints[0] if ability.hints else ""
    if is_unwritten(failure):
        words = f"{NOT_WRITTEN}; write it in its cell, then run the check below it"
        return mistake_card(Mistake(ability.functions, words, hint=hint))
    return card(ability, failure.why, failure.difference, str(failure), hint, look)


def card(
    ability: Ability,
    why: str,
    difference: Difference | None,
    told: str,
    hint: str,
    look: str = "",
) -> str:
    """Return the card of a mistake. told: the whole reason, shown where there is no difference."""
    found: dict[str, Any] = vars(difference) if difference else {}
    return mistake_card(Mistake(ability.functions, why, **found, told=told, hint=hint, look=look))


def cards_of(failures: Iterable[tuple[Ability, str]]) -> list[str]:
    """Return cards (ability, HTML): the first is open, the others are folded."""
    found: list[str] = []
    for ability, html in failures:
        title = escape(f"Also wrong: your code {ability.title}")
        folded = f"<details><summary>{title}</summary>{html}</details>"
        found.append(folded if found else html)
    return found


def _end(task: Exercise, earned: int, points: int) -> str:
    """Return the card of checks that are right: of a part, or of the whole exercise."""
    titles = {ability.title for ability in task.abilities}
    done = len(titles & _right[task.name])
    if done < len(titles):
        return end_card(earned, points, PART.format(done, len(titles)))
    points = sum(ability.points for ability in task.abilities)
    words, page = NEXT.get(task.name, BACK)
    return end_card(points, points, DONE, words, f"{NOTEBOOKS}/{page}.ipynb")


def html_of(task: Exercise, earned: int, points: int, strip: list[Shown], cards: list[str]) -> str:
    """Return the report on an exercise as HTML; without cards it is done."""
    state = _right.setdefault(task.name, set())
    state -= {shown.title for shown in strip}
    state |= {shown.title for shown in strip if shown.state == "ok"}
    whole = cards or ([_end(task, earned, points)] if points and earned == points else [])
    note = f"{earned} of {points} points · visible checks"
    name = f"{task.name}: {', '.join(shown.title for shown in strip)}"
    if not _styled:
        _styled.append(name)
    made = report if name in _styled else part
    return made(task.name, note, strip, whole)
