"""`zbudlab check`: run the visible checks of an exercise on a notebook."""

import argparse
from typing import Any

from zbudlab.cli.first_use import DIFFERENCE, say_if_first
from zbudlab.cli.printing import say


def _check(options: argparse.Namespace) -> int:
    """Run the command."""
    from zbudlab.course.checking import checked_notebook
    from zbudlab.course.contract import check_variant

    check_variant(options.variant)
    say_if_first()
    report = checked_notebook(options.notebook, options.exercise, options.variant)
    say(report)
    return 0 if report and not report.unchecked else DIFFERENCE


def add(commands: Any) -> None:
    """Add the options of `zbudlab check`."""
    check = commands.add_parser(
        "check",
        help="run the visible checks of an exercise on a notebook",
        description="Run the code of an exercise's notebook and then its visible checks; exit code "
        "1 if one fails.",
    )
    check.add_argument("notebook", help="the saved notebook")
    check.add_argument("--exercise", default="", help="its exercise, if it does not name one")
    check.add_argument("--variant", type=int, metavar="N", help="the teacher's number, if any")
    check.set_defaults(command=_check)
