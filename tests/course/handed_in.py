"""Submissions for tests of grading, and how to grade them in a separate process."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def solution(name):
    """The solution notebook of an exercise, as JSON gives it."""
    return json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text("utf-8"))


def untouched(name):
    """The released notebook of an exercise."""
    return json.loads((ROOT / "exercises" / name / f"{name}.ipynb").read_text("utf-8"))


def with_cell(notebook, code):
    """A notebook with one more code cell at its end."""
    cell = {"cell_type": "code", "id": "added", "metadata": {}, "outputs": [], "source": code}
    return notebook | {"cells": [*notebook["cells"], cell | {"execution_count": None}]}


def command(*options, jobs=2):
    """The command line that grades the folder `submissions` with the tests' seed."""
    line = [sys.executable, "-m", "zbudlab", "grade", "submissions", "--jobs", str(jobs)]
    return [*line, "--solutions", str(ROOT / "solutions"), "--seed", "of the tests", *options]


def environment():
    """This environment, with the checkout's package first."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path}


def as_user(name):
    """Return the command that runs another as "root" or as an "ordinary user"; None without one.

    Which of the two this is already needs none. The other is made by a user namespace, in which
    bubblewrap finds all capabilities, or none.
    """
    if (os.geteuid() == 0) == (name == "root"):
        return []
    if shutil.which("unshare") is None:
        return None
    if name == "root":
        return ["unshare", "--user", "--map-root-user"]
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


def grade(work, *options, jobs=2, user=()):
    """Grade work/submissions; the finished process. user: see `as_user`."""
    return subprocess.run(
        [*user, *command(*options, jobs=jobs)],
        cwd=work,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=1800,
    )


def marks(work):
    """The rows of marks.csv, by the files' names without their ends."""
    with open(work / "marks.csv", encoding="utf-8", newline="") as file:
        return {row["file"].removesuffix(".ipynb"): row for row in csv.DictReader(file)}
