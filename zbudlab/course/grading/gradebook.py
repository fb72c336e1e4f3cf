"""Marks in nbgrader's gradebook, through its API, and notebooks for its formgrader to show.

A check cell's points are those of the ability it is named after. Cells that a teacher marks by
hand are never changed.
"""

import os
import re
import sysconfig
import warnings
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from zbudlab.course.contract import exercise
from zbudlab.course.copying import course_folders
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.trial import Mark, Verdict
from zbudlab.io.files import written_whole

MAX_IMAGE = 2 << 20  #: characters of a figure that a teacher is shown
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")


def best(graded: Iterable[Graded]) -> list[Graded]:
    """Return the best submission of each student for each exercise."""
    found: dict[tuple[str, str], Graded] = {}
    for item in graded:
        key = item.found.student, item.verdict.exercise
        if key[1] and (key not in found or item.verdict.earned > found[key].verdict.earned):
            found[key] = item
    return [found[key] for key in sorted(found)]


def released(name: str) -> Any:
    """Return an exercise's released notebook, as nbformat represents it."""
    path = course_folders()["exercises"] / name / f"{name}.ipynb"
    return nbformat.read(path, as_version=4)


def _graded(cell: Any) -> Any:
    return cell.metadata.get("nbgrader", {})


def _describe(book: Any, name: str, release: Any) -> None:
    """Enter an exercise's cells and points into the gradebook."""
    book.update_or_create_assignment(name)
    book.update_or_create_notebook(name, name)
    checked = {f"{name}-{ability.name}": ability.points for ability in exercise(name).abilities}
    for cell in release.cells:
        told = _graded(cell)
        if not told:
            continue
        key = told["grade_id"], name, name
        if told["grade"]:
            points, kind = checked.get(told["grade_id"], told["points"]), cell.cell_type
            book.update_or_create_grade_cell(*key, max_score=points, cell_type=kind)
        if told["solution"]:
            book.update_or_create_solution_cell(*key)
        book.update_or_create_source_cell(
            *key, cell_type=cell.cell_type, locked=told["locked"], source=cell.source
        )


def _enter(book: Any, student: str, verdict: Verdict, release: Any) -> None:
    """Enter one verdict."""
    name = verdict.exercise
    book.update_or_create_student(student)
    book.update_or_create_submission(name, student)
    earned = {f"{name}-{mark.ability}": mark.earned for mark in verdict.marks}
    for cell in release.cells:
        told = _graded(cell)
        if told.get("grade"):
            grade = book.find_grade(told["grade_id"], name, name, student)
            grade.auto_score = earned.get(told["grade_id"])
            by_hand = grade.auto_score is None or grade.manual_score is not None
            grade.needs_manual_grade = by_hand
    book.db.commit()


def enter_marks(folder: Path, graded: list[Graded]) -> Path:
    """Enter all marks into FOLDER/gradebook.db and return the file."""
    # nbgrader runs `alembic`, which is next to this Python.
    os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")
    path = (folder / "gradebook.db").resolve()
    chosen = best(graded)
    releases = {name: released(name) for name in {item.verdict.exercise for item in chosen}}
    with (
        warnings.catch_warnings(),
        Gradebook(f"sqlite:///{path}", course_id="zbudlab") as book,
    ):
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own making, and harmless
        for name, release in releases.items():
            _describe(book, name, release)
        for item in chosen:
            _enter(book, item.found.student, item.verdict, releases[item.verdict.exercise])
    for item in chosen:
        _show(folder, item, releases[item.verdict.exercise])
    return path


# --- what formgrader shows ---------------------------------------------------------------------


def _as_text(markdown: str) -> str:
    """Return a student's Markdown as a block of plain text.

    Rendered, it could hold scripts, links that run scripts, and pictures from foreign hosts, in
    more forms than can be listed.
    """
    longest = max((len(run) for run in re.findall("`+", markdown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{markdown}\n{fence}"


def _figures(cell: dict[str, Any]) -> list[Any]:
    """Return the figures among a cell's outputs."""
    found = []
    for output in cell.get("outputs", []):
        data = output.get("data") if isinstance(output, dict) else None
        image = data.get("image/png") if isinstance(data, dict) else None
        if isinstance(image, str) and len(image) <= MAX_IMAGE and _BASE64.fullmatch(image):
            found.append(nbformat.v4.new_output("display_data", {"image/png": image}))
    return found


def _with_answer(cell: Any, mine: Any) -> None:
    """Replace a cell of the release by the student's, whose figures stay."""
    is_text = cell.cell_type == "markdown"
    cell.source = _as_text(mine["source"]) if is_text else mine["source"]
    if cell.cell_type == "code":
        cell.outputs = _figures(mine)


def _with_mark(cell: Any, mark: Mark) -> None:
    """Have a cell show a mark as its output."""
    reason = mark.reason.encode("utf-8", "replace").decode()
    text = f"{mark.earned} of {mark.points}: {reason or 'all cases are right'}\n"
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]


def shown(graded: Graded, release: Any) -> Any:
    """Return a notebook for the teacher: the release with the student's cells and the verdicts."""
    verdict = graded.verdict
    submitted = graded.notebook.cells if graded.notebook else []
    own = {
        str(cell["metadata"]["nbgrader"].get("grade_id")): cell
        for cell in submitted
        if isinstance(cell["metadata"].get("nbgrader"), dict)
    }
    marks = {f"{verdict.exercise}-{mark.ability}": mark for mark in verdict.marks}
    handed_out = {cell.source.strip() for cell in release.cells}
    used = {cell["source"].strip() for cell in own.values()} | handed_out
    for cell in release.cells:
        noted = _graded(cell)
        number = noted.get("grade_id", "")
        if noted.get("solution") and number in own:
            _with_answer(cell, own[number])
        if number in marks:
            _with_mark(cell, marks[number])
    for cell in submitted:
        if cell["cell_type"] == "code" and cell["source"].strip() not in used:
            extra = nbformat.v4.new_code_cell(cell["source"], outputs=_figures(cell))
            release.cells.append(extra)
    return release


def _show(folder: Path, graded: Graded, release: Any) -> None:
    """Write the notebook that nbgrader's formgrader looks for."""
    name = graded.verdict.exercise
    path = folder / "autograded" / graded.found.student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = nbformat.writes(shown(graded, deepcopy(release)))
    with written_whole(path) as file:
        file.write(text.encode())
