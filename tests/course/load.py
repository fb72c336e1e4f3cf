"""Many submissions graded while the grader is killed: none is lost, none is graded twice.

python -m tests.course.load 300 2     grades 300 (of e04 and e06) and kills the grader twice
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.course.handed_in import command, environment, grade, marks, solution
from zbudlab.course.contract import EXERCISES, exercise

NAMES = [name for name in ("e04_zbud", "e06_migrate") if name in EXERCISES]


def numbered(notebook, student):
    """A notebook with another student's number, so that no two are the same."""
    cells = []
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if source.startswith("STUDENT = "):
            source = f"STUDENT = {student}\n" + source.partition("\n")[2]
        cells.append({**cell, "source": source})
    return notebook | {"cells": cells}


def hand_in(folder, count):
    """Write that many right submissions, of both exercises in turn."""
    folder.mkdir()
    solutions = [(name, solution(name)) for name in NAMES]
    for student in range(1, count + 1):
        name, right = solutions[student % len(solutions)]
        text = json.dumps(numbered(right, student))
        (folder / f"student{student:03d}_{name}.ipynb").write_text(text, "utf-8")


def verdicts(work):
    """Each verdict on disk, with the time it was written."""
    paths = (work / "grading" / "verdicts").glob("*/*.json")
    return {path.name: path.stat().st_mtime_ns for path in paths}


def killed_after(work, count):
    """Grade until there are that many verdicts, then kill the grader; the verdicts then."""
    process = subprocess.Popen(
        command("--no-gradebook"),
        cwd=work,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while len(verdicts(work)) < count and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return verdicts(work)


def graded_with_kills(work, count, kills):
    """Grade `count` with that many kills on the way; all rows. AssertionError if one is amiss."""
    hand_in(work / "submissions", count)
    before: dict[str, int] = {}
    for kill in range(kills):
        now = killed_after(work, (kill + 1) * count // (kills + 1))
        assert len(now) < count, "the grader was not killed on its way"
        assert before.items() <= now.items(), "a verdict was made twice"
        before = now
    done = grade(work)
    assert done.returncode == 0, done.stderr
    now = verdicts(work)
    assert len(now) == count, f"{len(now)} verdicts on {count} submissions"
    assert before.items() <= now.items(), "a verdict was made twice"
    found = marks(work)
    assert len(found) == count
    for row in found.values():
        assert int(row["earned"]) == exercise(row["exercise"]).points, row
    return found


def main(count, kills):
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        graded_with_kills(Path(folder), count, kills)
    seconds = time.monotonic() - begin
    print(
        f"{count} submissions of {' and '.join(NAMES)}, grader killed {kills} times: "
        f"{seconds:.0f} s, {seconds / count:.2f} s each on {os.cpu_count()} cores; "
        "none lost, none graded twice"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
