"""Readers that no public name reaches directly: what sweeps keep, what is handed in, rosters.

Each function takes the path of a file or folder, uses it as a command does, and returns what was
found. Names of parameters say which kind of file is read (`tests.fuzz.files`).
"""

from pathlib import Path

from tests.fuzz.files import SUFFIXES, tiny
from zbudlab.course.contract import EXERCISES
from zbudlab.course.grading import gradebook
from zbudlab.course.grading.collecting import collected
from zbudlab.course.grading.feedback import page
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.marks import rows
from zbudlab.course.grading.names import Found
from zbudlab.course.grading.notebook import Unreadable, cells_to_run, read, released
from zbudlab.course.grading.numbers import Roster
from zbudlab.course.grading.trial import Verdict
from zbudlab.sweep import sweep

RIGHT = [1, 2, 2, 3]  #: results of `tiny` for a = 1, 2 and seeds 0, 1


def resumed_sweep(parts: str) -> list:
    """Resume the sweep of these parts. AssertionError for a wrong number in its table."""
    out = str(parts).removesuffix(".parts")
    found = sweep(tiny, {"a": [1, 2]}, seeds=2, out=out, resume=True)["r"].tolist()
    assert found == RIGHT, f"the resumed sweep has {found}, and not {RIGHT}"
    return found


def submissions(handed_in: str) -> list:
    """Read everything that is handed in, and show it as the grader does."""
    graded = [_graded(found) for found in collected([handed_in])]
    assert all(each.found.student for each in graded)
    return [rows(graded), *(page(each.found.student, [each]) for each in graded)]


def _graded(found: Found) -> Graded:
    try:
        notebook = read(found.data)
    except Unreadable as refused:
        return Graded(found, Verdict("", 0, [], str(refused)))
    name = notebook.exercise or EXERCISES[0]
    assert all(isinstance(cell, str) for cell in cells_to_run(notebook, released(name)))
    graded = Graded(found, Verdict(name, notebook.student, []), notebook)
    gradebook.shown(graded, gradebook.released(name))
    return graded


def student_notebook(notebook: str) -> list:
    """Read one notebook as it is handed in."""
    return submissions(notebook)


def student_numbers(roster: str) -> list:
    """Read a roster, and hold two students against it."""
    known = Roster.read(Path(roster))
    return [known.remark(12345, "Ada"), known.remark(7, "\ud800")]


READERS = {each.__name__: each for each in (resumed_sweep, submissions, student_notebook)}
READERS[student_numbers.__name__] = student_numbers
assert SUFFIXES["parts"].endswith(".parts")
