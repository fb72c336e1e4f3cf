"""Marks as a table on the screen and as a file for a spreadsheet."""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.numbers import Roster
from zbudlab.io.files import written_whole
from zbudlab.io.values import JOINERS

COLUMNS = ("student", "exercise", "earned", "points", "number", "note", "reasons", "file")


def note(
    graded: Graded, shared: dict[tuple[str, int], set[str]], roster: Roster | None = None
) -> str:
    """Return what a teacher should know about a submission besides its marks."""
    verdict = graded.verdict
    number = verdict.student
    others = shared[verdict.exercise, number] - {graded.found.student}
    said = [verdict.trouble]
    if graded.notebook and verdict.exercise and not number:
        said.append("no student number")
    elif number and others:
        said.append(f"the number {number} is also given by {', '.join(sorted(others))}")
    said += graded.notebook.remarks if graded.notebook else ()
    if roster:
        said.append(roster.remark(number, graded.found.student))
    return "; ".join(filter(None, said))


def shared_numbers(graded: Iterable[Graded]) -> dict[tuple[str, int], set[str]]:
    """Return student numbers that several students used in an exercise."""
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for item in graded:
        found[item.verdict.exercise, item.verdict.student].add(item.found.student)
    return found


def reasons(graded: Graded) -> str:
    """Return why each lost ability was lost, as one text."""
    said = [
        f"{mark.ability}{' (hidden case)' if mark.hidden else ''}: {mark.reason}"
        for mark in graded.verdict.marks
        if mark.reason and mark.reason != graded.verdict.trouble
    ]
    return " | ".join(said)


#: Where a spreadsheet may begin a cell and take what follows for a formula: at the beginning, and
#: after a semicolon or a bar if that parts cells. Commas are safe, as fields that have them are
#: quoted. The signs are those of ASCII, full width, small and mathematical.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_FORMULA = re.compile(rf"""(^|[;|])(?=[\s"'{JOINERS}]*[{_SIGNS}])""")


def _harmless(text: str) -> str:
    """Return a text as one line, without tabs and spreadsheet formulas."""
    text = "".join(c if c.isprintable() or c in JOINERS else " " for c in text)
    return _FORMULA.sub(r"\1'", " ".join(text.split()))


def in_order(graded: Iterable[Graded]) -> list[Graded]:
    """Sort by student, exercise and file."""
    return sorted(graded, key=lambda g: (g.found.student, g.verdict.exercise, g.found.name))


def rows(graded: list[Graded], roster: Roster | None = None) -> list[list[str]]:
    """Return a row for each submission, as in COLUMNS."""
    shared = shared_numbers(graded)
    return [
        [
            _harmless(item.found.student),
            item.verdict.exercise or "?",
            str(item.verdict.earned),
            str(item.verdict.points),
            str(item.verdict.student or ""),
            _harmless(note(item, shared, roster)),
            _harmless(reasons(item)),
            _harmless(item.found.name),
        ]
        for item in in_order(graded)
    ]


def write_marks(path: str | Path, graded: list[Graded], roster: Roster | None = None) -> None:
    """Write all marks with their reasons as CSV, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows(graded, roster))
    with written_whole(path) as file:
        file.write(text.getvalue().encode())


def table(graded: list[Graded], roster: Roster | None = None) -> str:
    """Return a line per submission with the points of each student."""
    lines = []
    for student, name, earned, points, _, said, lost, _ in rows(graded, roster):
        why = "; ".join(filter(None, [said, lost]))
        why = f"{why[:100]} ..." if len(why) > 100 else why
        lines.append(f"{student[:30]:30}  {name:14} {earned:>4} of {points:>3}  {why}".rstrip())
    return "\n".join(lines)
