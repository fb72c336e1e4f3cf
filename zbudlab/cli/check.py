"""`zbudlab check`: the visible checks of an exercise on a notebook."""

import argparse
from typing import Any

from zbudlab.cli.first_use import DIFFERENCE, say_if_first


def _check(options: argparse.Namespace) -> int:
    from zbudlab.course.checking import checked_notebook

    say_if_first()
    report = checked_notebook(options.notebook, options.exercise, options.variant)
    print(report)
    return 0 if report and not report.unchecked else DIFFERENCE


def add(commands: Any) -> None:
    """The options of `zbudlab check`."""
    check = commands.add_parser(
        "check",
        help="run the visible checks of an exercise on a notebook",
        description="Runs what you wrote in an exercise's notebook, here and now, then its visible "
        "checks; exit code 1 if one fails.",
    )
    check.add_argument("notebook", help="the notebook, as saved")
    check.add_argument("--exercise", default="", help="which exercise it is, if it doesn't tell")
    check.add_argument("--variant", type=int, metavar="N", help="the teacher's number, if any")
    check.set_defaults(command=_check)
