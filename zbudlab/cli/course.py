"""`zbudlab course`: a copy of the notebooks and exercises."""

import argparse
from typing import Any


def _course(options: argparse.Namespace) -> int:
    from zbudlab.course import copy_course

    written = copy_course(options.folder)
    print(
        f"{len(written)} files copied to {options.folder}"
        if written
        else "nothing to copy: all is there"
    )
    return 0


def add(commands: Any) -> None:
    """The options of `zbudlab course`."""
    course = commands.add_parser("course", help="copy the notebooks and exercises to a folder")
    course.add_argument("folder", help="where to; what is there already is kept")
    course.set_defaults(command=_course)
