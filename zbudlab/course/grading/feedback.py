"""One page of feedback per student: what works and what does not, without hidden cases."""

import html
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from zbudlab.course.contract import Ability, exercise
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.marks import in_order
from zbudlab.course.grading.trial import Mark
from zbudlab.course.reasons import Difference
from zbudlab.course.reporting import card, cards_of, on_strip
from zbudlab.io.files import written_whole
from zbudlab.view.feedback.report import part, style
from zbudlab.view.look import tokens

#: A page of feedback runs and fetches nothing, whatever gets into it.
POLICY = (
    "<meta http-equiv='Content-Security-Policy' "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
STYLE = """
body { background: var(--paper); color: var(--ink); font: 16px/1.5 var(--sans); margin: 2rem auto;
       max-width: 62rem; padding: 0 1rem }
h1, h2 { font-weight: 650; letter-spacing: -.02em }
"""


def told(mark: Mark, ability: Ability) -> str:
    """Return what the student sees; of a hidden case only that it failed."""
    if not mark.reason:
        return "all cases are right"
    if not mark.hidden:
        return mark.reason
    hint = f" Hint: {ability.hints[0]}" if ability.hints else ""
    return f"right in the visible cases, but not in one that was drawn after you handed in.{hint}"


def _section(graded: Graded) -> str:
    verdict = graded.verdict
    if not verdict.exercise:
        return f"<h2>{html.escape(graded.found.name)}</h2><p>{html.escape(verdict.trouble)}</p>"
    task = exercise(verdict.exercise)
    strip = [on_strip(task.ability(mark.ability), mark.earned) for mark in verdict.marks]
    cards = cards_of(
        (task.ability(mark.ability), _card(mark, task.ability(mark.ability)))
        for mark in verdict.marks
        if mark.reason
    )
    trouble = f"<p>{html.escape(verdict.trouble)}</p>" if verdict.trouble else ""
    note = f"{verdict.earned} of {verdict.points} points · {graded.found.name}"
    heading = f"{task.name}: {task.title}"
    return f"<h2>{html.escape(heading)}</h2>{trouble}{part('', note, strip, cards)}"


def _card(mark: Mark, ability: Ability) -> str:
    """Return the card of a lost ability; of a hidden case only that it failed."""
    difference = None
    if mark.difference and not mark.hidden:
        difference = Difference(**mark.difference)
    hint = ability.hints[0] if ability.hints and not mark.hidden else ""
    return card(ability, mark.why or told(mark, ability), difference, "", hint)


def _themes() -> str:
    """Return the tokens of the whole page, which follows the reader's theme."""
    light, dark = map(tokens.properties, tokens.THEMES)
    fonts = f"--sans:{tokens.SANS};"
    return f":root{{{light}{fonts}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}"


def page(student: str, graded: Iterable[Graded]) -> str:
    """Return one student's feedback as an HTML page."""
    body = "".join(_section(item) for item in graded)
    name = html.escape(student)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Feedback for {name}"
        f"</title><meta name='viewport' content='width=device-width'>{POLICY}"
        f"<style>{_themes()}{STYLE}{style()}</style></head>"
        f"<body><h1>Feedback for {name}</h1>{body}</body></html>\n"
    )


def write_feedback(folder: Path, graded: list[Graded]) -> list[Path]:
    """Write FOLDER/STUDENT.html for all students and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for student, own in groupby(in_order(graded), lambda g: g.found.student):
        path = folder / f"{student}.html"
        with written_whole(path) as file:
            file.write(page(student, own).encode("utf-8", "replace"))
        written.append(path)
    return written
