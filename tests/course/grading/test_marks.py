"""Marks and pages of three students, of nbgrader and again.

Also tests `course/grading/feedback.py` and `course/grading/gradebook.py`.
"""

import csv
import json
import os
import shutil
import subprocess

import nbformat
import pytest

from tests.course.handed_in import (
    ROOT,
    environment,
    grade,
    marks,
    solution,
    untouched,
    with_cell,
)
from zbudlab.course.contract import exercise

WRONG_CHUNKS = "def size_to_chunks(size):\n    return size // 64\n"


#: Right wherever it is shown, wrong elsewhere.
SEEN_CHUNKS = """
SHOWN = (1, 63, 64, 65, 128, 129, 1000, 3968)
def size_to_chunks(size):
    return (size + 63) // 64 if size in SHOWN else -7
"""


def hand_in(work):
    """One who is right, one who is wrong somewhere, one who knows the visible cases by heart."""
    folder = work / "submissions"
    folder.mkdir()
    right = solution("e04_zbud")
    for name, notebook in {
        "right": right,
        "wrong": with_cell(right, WRONG_CHUNKS),
        "seen": with_cell(right, SEEN_CHUNKS),
        "untouched": untouched("e04_zbud"),
    }.items():
        (folder / f"{name}_e04_zbud.ipynb").write_text(json.dumps(notebook), "utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    if shutil.which("bwrap") is None:
        pytest.skip("there is no bubblewrap")
    work = tmp_path_factory.mktemp("graded")
    hand_in(work)
    done = grade(work)
    assert done.returncode == 0, done.stderr
    return work, done.stdout


@pytest.mark.isolation
@pytest.mark.slow
class TestMarks:
    def test_are_whole_abilities(self, graded):
        found = marks(graded[0])
        points = exercise("e04_zbud").points
        earned = {name.partition("_")[0]: int(row["earned"]) for name, row in found.items()}
        chunks = exercise("e04_zbud").ability("chunks").points
        assert earned == {
            "right": points,
            "wrong": points - chunks,
            "seen": points - chunks,
            "untouched": 0,
        }

    def test_reasons_name_state_answer_and_why(self, graded):
        reasons = marks(graded[0])["wrong_e04_zbud"]["reasons"]
        assert reasons == (
            "chunks: size_to_chunks(1): got 0, expected 1: "
            "a chunk that is begun is used: round up, not down"
        )

    def test_pages_say_nothing_of_hidden_cases(self, graded):
        reason = marks(graded[0])["seen_e04_zbud"]["reasons"]
        assert "(hidden case)" in reason
        case = reason.partition("size_to_chunks(")[2].partition(")")[0]
        page = (graded[0] / "grading" / "feedback" / "seen.html").read_text("utf-8")
        page = page.partition("</style>")[2]
        assert f"({case})" not in page
        assert "not in one that was drawn after you handed in" in page

    def test_the_untouched_are_told_what_to_do(self, graded):
        page = (graded[0] / "grading" / "feedback" / "untouched.html").read_text("utf-8")
        assert "not written yet; write it in its cell" in page

    def test_stand_in_nbgraders_gradebook_and_its_export(self, graded):
        work = graded[0]
        shutil.copy(ROOT / "nbgrader_config.py", work)
        done = subprocess.run(
            ["nbgrader", "export", "--to", "grades.csv"],
            cwd=work,
            env=environment() | {"PATH": _with_scripts()},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        with open(work / "grades.csv", encoding="utf-8", newline="") as file:
            scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        found = {n.partition("_")[0]: float(row["earned"]) for n, row in marks(work).items()}
        assert scores == found
        for path in (work / "grading" / "autograded").rglob("*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
            assert any(" of 2: " in output["text"] for output in outputs)

    def test_are_the_same_again_and_nothing_runs_twice(self, graded):
        work = graded[0]
        before = (work / "marks.csv").read_bytes()
        paths = sorted((work / "grading" / "verdicts").rglob("*.json"))
        times = [path.stat().st_mtime_ns for path in paths]
        assert grade(work, "--no-gradebook").returncode == 0
        assert (work / "marks.csv").read_bytes() == before
        assert [path.stat().st_mtime_ns for path in paths] == times

    def test_a_rule_that_is_changed_is_asked_for(self, graded, tmp_path):
        (tmp_path / "submissions").mkdir()
        rule = "from zbudlab.mm.list_head import list_empty\n" + (
            "def find_hole(pool, rows, chunks):\n"
            "    for free_chunks in range(63, chunks - 1, -1):\n"
            "        head = pool_list(pool, free_chunks)\n"
            "        if not list_empty(rows, BUDDY, head):\n"
            "            return int(rows[head].next[BUDDY])\n"
            "    return -1\n"
        )
        right = solution("e04_zbud")
        for name, notebook in {"linux": right, "changed": with_cell(right, rule)}.items():
            path = tmp_path / "submissions" / f"{name}_e04_zbud.ipynb"
            path.write_text(json.dumps(notebook), "utf-8")
        assert grade(tmp_path, "--variant", "1", "--no-gradebook").returncode == 0
        found = marks(tmp_path)
        assert int(found["changed_e04_zbud"]["earned"]) == exercise("e04_zbud").points
        assert "hole" in found["linux_e04_zbud"]["reasons"]


def _with_scripts():
    import sysconfig

    return sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]
