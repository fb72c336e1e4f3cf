"""The findings of a check as HTML with pictures: in a notebook, and on a student's page."""

from collections.abc import Iterable
from html import escape
from typing import Any

from zbudlab.course.contract import Ability, Exercise
from zbudlab.course.probes import NOT_WRITTEN
from zbudlab.course.reasons import Difference, Failure
from zbudlab.view.feedback.report import Mistake, Shown, end_card, mistake_card, part, report

DONE = "Your code does everything that the visible checks ask for. Others are drawn at hand-in."

#: The check whose report in this notebook has the style sheet: the first one that was shown.
_styled: list[str] = []


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


def html_of(task: Exercise, earned: int, points: int, strip: list[Shown], cards: list[str]) -> str:
    """Return the report on an exercise as HTML; without cards it is done."""
    whole = cards or ([end_card(earned, points, DONE)] if points and earned == points else [])
    note = f"{earned} of {points} points · visible checks"
    name = f"{task.name}: {', '.join(shown.title for shown in strip)}"
    if not _styled:
        _styled.append(name)
    made = report if name in _styled else part
    return made(task.name, note, strip, whole)
