"""`zbudlab course`: copy the notebooks and exercises."""

import argparse
from typing import Any


def _course(options: argparse.Namespace) -> int:
    """Run the command."""
    from zbudlab.course import copy_course

    if not options.folder:
        raise ValueError("the folder must have a name, not ''; use . for the current folder")
    written = copy_course(options.folder)
    print(
        f"{len(written)} files copied to {options.folder}"
        if written
        else "nothing to copy: all files exist already"
    )
    return 0


def add(commands: Any) -> None:
    """Add the options of `zbudlab course`."""
    course = commands.add_parser("course", help="copy the notebooks and exercises to a folder")
    course.add_argument("folder", help="target folder; existing files are kept")
    course.set_defaults(command=_course)
