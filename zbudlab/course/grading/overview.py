"""A teacher's page about all submissions: who can do what, what is hardest, what went wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path
from urllib.parse import quote

from zbudlab.course.contract import Ability, Exercise, exercise
from zbudlab.course.grading.feedback import POLICY
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.marks import in_order
from zbudlab.course.grading.trial import Mark
from zbudlab.io.files import written_whole
from zbudlab.view.feedback.report import style

FILE = "overview.html"
MOST_REASONS = 3  #: of an ability
STYLE = """
body { background: #fff; margin: 0 }
@media (prefers-color-scheme: dark) { body { background: #111418 } }
main.zb-check { margin: 0 auto; max-width: 1280px; padding: 24px }
.scroll { overflow-x: auto }
.grid th, .grid td { padding: 4px 8px; text-align: center; white-space: nowrap }
.grid th:first-child { text-align: left }
.grid thead th { font-size: 12px; max-width: 8em; vertical-align: bottom; white-space: normal }
.grid tfoot th, .grid tfoot td { border-top: 2px solid var(--edge); font-weight: 600 }
a { color: var(--accent) } td.lost { white-space: nowrap }
td.ok { color: var(--good) } td.no { color: var(--bad) }
.bar { background: var(--line); display: inline-block; height: 8px; width: 120px }
.bar i { background: var(--bad); display: block; height: 8px }
@media (max-width: 620px) {
  main.zb-check { padding: 16px }
  .wrong thead { display: none }
  .wrong tr { border-bottom: 1px solid var(--line); display: block; padding: 8px 0 }
  .wrong th, .wrong td { border: 0; display: block; padding: 2px 0 }
}
"""


def _by_exercise(graded: Iterable[Graded]) -> dict[str, list[Graded]]:
    """Return the marked submissions of each exercise, one per student: the best."""
    found: dict[str, dict[str, Graded]] = defaultdict(dict)
    for item in in_order(graded):
        if item.verdict.exercise and item.verdict.marks:
            best = found[item.verdict.exercise].get(item.found.student)
            if best is None or item.verdict.earned > best.verdict.earned:
                found[item.verdict.exercise][item.found.student] = item
    return {name: list(of.values()) for name, of in sorted(found.items())}


def _cell(mark: Mark | None, ability: Ability) -> str:
    if mark is None:
        return "<td>-</td>"
    if mark.earned == mark.points:
        return f'<td class="ok" title="{escape(ability.title)}">✓</td>'
    hidden = " (in a hidden case)" if mark.hidden else ""
    title = escape(f"{ability.title}{hidden}: {mark.why or mark.reason}"[:300])
    return f'<td class="no" title="{title}">✗{"°" if mark.hidden else ""}</td>'


def _grid(task: Exercise, items: list[Graded]) -> str:
    """Return the table of abilities by students."""
    heads = "".join(f'<th scope="col">{escape(a.title)}</th>' for a in task.abilities)
    rows = []
    for item in items:
        marks = {mark.ability: mark for mark in item.verdict.marks}
        cells = "".join(_cell(marks.get(a.name), a) for a in task.abilities)
        name = escape(item.found.student)
        link = f'<a href="feedback/{quote(item.found.student, safe="")}.html">{name}</a>'
        points = f"{item.verdict.earned} of {item.verdict.points}"
        rows.append(f'<tr><th scope="row">{link}</th><td>{points}</td>{cells}</tr>')
    shares = "".join(f"<td>{_share_right(a, items):.0%}</td>" for a in task.abilities)
    mean = sum(item.verdict.earned for item in items) / len(items)
    return (
        f'<div class="scroll"><table class="grid"><thead><tr><th scope="col">student</th>'
        f'<th scope="col">points</th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody><tfoot><tr>'
        f'<th scope="row">right</th><td>mean {mean:.1f}</td>{shares}</tr></tfoot></table></div>'
    )


def _marks_of(ability: Ability, items: list[Graded]) -> list[Mark]:
    return [m for item in items for m in item.verdict.marks if m.ability == ability.name]


def _share_right(ability: Ability, items: list[Graded]) -> float:
    marks = _marks_of(ability, items)
    return sum(mark.earned == mark.points for mark in marks) / max(len(marks), 1)


def _hardest(task: Exercise, items: list[Graded]) -> str:
    """Return the abilities that were lost, the most frequent first, with their reasons."""
    rows = []
    for ability in sorted(task.abilities, key=lambda a: _share_right(a, items)):
        lost = [m for m in _marks_of(ability, items) if m.earned < m.points]
        if not lost:
            continue
        hidden = sum(mark.hidden for mark in lost)
        reasons = Counter((m.why or m.reason)[:200] for m in lost).most_common(MOST_REASONS)
        told = "<br>".join(f"{count} of {len(lost)}: {escape(reason)}" for reason, count in reasons)
        share = len(lost) / len(items)
        count = f"{len(lost)} of {len(items)}"
        bar = f'<span class="bar"><i style="width: {share:.0%}"></i></span>'
        noted = f", {hidden} only in a hidden case" if hidden else ""
        rows.append(
            f'<tr><th scope="row">{escape(ability.title)}</th><td class="lost">{bar} {count}'
            f"{noted}</td><td>{told}</td></tr>"
        )
    if not rows:
        return "<p>Every submission has all points of this exercise.</p>"
    return (
        '<table class="wrong"><thead><tr><th scope="col">Your students\' code ...</th>'
        '<th scope="col">lost by</th><th scope="col">what went wrong most</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _unmarked(graded: Iterable[Graded]) -> str:
    """Return the files that got no marks, with the reasons."""
    lines = "".join(
        f"<li>{escape(item.found.name)}: {escape(item.verdict.trouble)}</li>"
        for item in in_order(graded)
        if not item.verdict.marks
    )
    return f"<h2>Without marks</h2><ul>{lines}</ul>" if lines else ""


def overview(graded: list[Graded]) -> str:
    """Return the overview as an HTML page."""
    parts = []
    for name, items in _by_exercise(graded).items():
        task = exercise(name)
        count = f"{len(items)} student{'s' if len(items) != 1 else ''}"
        heading = f"{task.name}: {task.title}"
        parts.append(
            f"<h2>{escape(heading)} <small>{count}</small></h2>"
            f"{_grid(task, items)}{_hardest(task, items)}"
        )
    body = "".join(parts) or "<p>No submission has marks.</p>"
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Overview of marks"
        f"</title><meta name='viewport' content='width=device-width'>{POLICY}"
        f"<style>{style()}{STYLE}</style></head><body><main class='zb zb-check'>"
        "<h1>Overview of marks</h1><p>✓ right, ✗ wrong, ✗° wrong only in a hidden case. "
        f"Names lead to the students' feedback.</p>{body}{_unmarked(graded)}</main></body></html>\n"
    )


def write_overview(folder: Path, graded: list[Graded]) -> Path:
    """Write FOLDER/overview.html and return its path."""
    path = folder / FILE
    with written_whole(path) as file:
        file.write(overview(graded).encode("utf-8", "replace"))
    return path
