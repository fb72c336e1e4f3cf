"""One page of feedback per student: what works and what does not, without hidden cases."""

import html
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from zbudlab.course.contract import Ability, exercise
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.marks import in_order
from zbudlab.course.grading.trial import Mark
from zbudlab.io.files import written_whole

#: A page of feedback runs and fetches nothing, whatever gets into it.
POLICY = (
    "<meta http-equiv='Content-Security-Policy' "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #ccc; padding: .4rem .6rem; text-align: left;
         vertical-align: top }
td.points { white-space: nowrap }
.why { overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #161616 } }
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
    lines = "".join(
        f"<tr><td>Your code {html.escape(task.ability(mark.ability).title)}</td>"
        f"<td class='points'>{mark.earned} of {mark.points}</td>"
        f"<td class='why'>{html.escape(told(mark, task.ability(mark.ability)))}</td></tr>"
        for mark in verdict.marks
    )
    trouble = f"<p>{html.escape(verdict.trouble)}</p>" if verdict.trouble else ""
    return (
        f"<h2>{html.escape(task.name)}: {html.escape(task.title)}</h2>"
        f"<p><strong>{verdict.earned} of {verdict.points} points</strong>, "
        f"from {html.escape(graded.found.name)}</p>{trouble}"
        f"<table><thead><tr><th>What was asked</th><th>Points</th><th>Why</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )


def page(student: str, graded: Iterable[Graded]) -> str:
    """Return the page of one student."""
    body = "".join(_section(item) for item in graded)
    name = html.escape(student)
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Feedback for {name}"
        f"</title><meta name='viewport' content='width=device-width'>{POLICY}"
        f"<style>{STYLE}</style></head>"
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
