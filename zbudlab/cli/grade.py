"""`zbudlab grade`: marks for submissions, with reasons."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from zbudlab.cli.first_use import say_if_first
from zbudlab.cli.printing import say


def _isolation(options: argparse.Namespace) -> str | None:
    """Return the path of bubblewrap, or None if isolation was switched off."""
    from zbudlab.course.grading.sandbox import bubblewrap

    if os.name == "nt":
        raise ValueError("grading runs on Linux (and, without isolation, on macOS), not on Windows")
    if not options.unsafe_no_isolation:
        return bubblewrap()
    print("zbudlab: students' code runs with all your rights from here on", file=sys.stderr)
    return None


def _gradebook(options: argparse.Namespace) -> Any:
    """Return the function that enters marks into nbgrader's gradebook, or None."""
    if options.no_gradebook:
        return None
    try:
        from zbudlab.course.grading.gradebook import enter_marks
    except ImportError as error:
        raise ValueError(
            f"marks go into nbgrader's gradebook, and {error.name} is not installed: "
            'pip install "zbudlab[grade]", or pass --no-gradebook'
        ) from None
    return enter_marks


def _grade(options: argparse.Namespace) -> int:
    from zbudlab.course.contract import check_variant, exercise
    from zbudlab.course.grading.collecting import collected
    from zbudlab.course.grading.grader import Grader, alone_in
    from zbudlab.io.files import check_writable

    check_variant(options.variant)
    check_writable(options.out)
    only = exercise(options.exercise).name if options.exercise else ""
    enter_marks = _gradebook(options)
    program = _isolation(options)
    roster = _roster(options)
    found = collected(options.submissions)
    if not found:
        raise ValueError(f"no notebook in {', '.join(options.submissions)}")
    say_if_first()
    folder = Path(options.grading)
    with alone_in(folder):
        grader = Grader(
            folder,
            Path(options.solutions),
            program,
            only=only,
            variant=options.variant,
            seed=options.seed,
        )
        graded = grader.graded(found, options.jobs, say)
        say(_written(options, graded, roster, enter_marks))
    return 0


def _roster(options: argparse.Namespace) -> Any:
    """Return the roster, or None."""
    from zbudlab.course.grading.numbers import Roster

    return Roster.read(options.roster) if options.roster else None


def _written(options: argparse.Namespace, graded: list[Any], roster: Any, enter_marks: Any) -> str:
    """Write marks, pages and gradebook; return the table and what was written where."""
    from zbudlab.course.grading.feedback import write_feedback
    from zbudlab.course.grading.marks import table, write_marks
    from zbudlab.course.grading.overview import write_overview

    write_marks(options.out, graded, roster)
    pages = write_feedback(Path(options.grading) / "feedback", graded)
    overview = write_overview(Path(options.grading), graded)
    book = enter_marks(Path(options.grading), graded) if enter_marks else ""
    marked = f"; gradebook {book}" if book else ""
    return (
        f"{table(graded, roster)}\n{len(graded)} notebooks; marks in {options.out}, "
        f"{len(pages)} pages of feedback, overview in {overview}{marked}"
    )


def add(commands: Any) -> None:
    """Add `zbudlab grade` with its options."""
    grade = commands.add_parser(
        "grade",
        help="give marks to submitted exercises",
        description="Grade notebooks in files, folders and zips, each behind bubblewrap. Verdicts "
        "are kept in the grading folder, so an interrupted run goes on where it stopped.",
    )
    _add_submissions(grade)
    _add_outputs(grade)
    grade.set_defaults(command=_grade)


def _add_submissions(grade: argparse.ArgumentParser) -> None:
    """Add the options that say what to grade, and how."""
    grade.add_argument(
        "submissions", nargs="+", help="files as your learning platform exports them"
    )
    grade.add_argument(
        "--exercise", default="", metavar="NAME", help="grade only this one, such as e06_migrate"
    )
    grade.add_argument(
        "--jobs", type=_jobs, default=os.cpu_count(), metavar="N", help="submissions graded at once"
    )
    grade.add_argument("--variant", type=int, metavar="N", help="the number that chose the rule")
    grade.add_argument(
        "--roster",
        metavar="FILE",
        help="student numbers, one per line, or CSV with a column 'number' and perhaps 'student'; "
        "the marks note a number that is not in it",
    )
    grade.add_argument("--seed", help="for hidden cases (default: drawn once, kept in grading/)")
    grade.add_argument(
        "--solutions", default="solutions", metavar="DIR", help="folder with rules.py files"
    )
    grade.add_argument(
        "--unsafe-no-isolation",
        action="store_true",
        help="run students' code without bubblewrap, with all your rights",
    )


def _add_outputs(grade: argparse.ArgumentParser) -> None:
    """Add the options that say where results go."""
    grade.add_argument(
        "--out", default="marks.csv", metavar="FILE", help="marks (default: marks.csv)"
    )
    grade.add_argument(
        "--grading", default="grading", metavar="DIR", help="verdicts (default: grading)"
    )
    grade.add_argument(
        "--no-gradebook", action="store_true", help="leave nbgrader's gradebook alone"
    )


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"{text!r}: 1 to 256 can run at a time")
    return int(text)
