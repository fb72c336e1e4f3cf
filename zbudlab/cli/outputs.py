"""The files that `zbudlab run` writes: figures as JSON, and a picture."""

import argparse
from typing import Any

from zbudlab.io.files import check_writable, write_json


def check_outputs(options: argparse.Namespace) -> None:
    """Raise an error if --json or --plot names a file that cannot be written."""
    if options.json is not None:
        check_writable(options.json)
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.check_picture(options.plot)


def write_outputs(options: argparse.Namespace, figures: Any, figure: Any) -> None:
    """Write what --json and --plot ask for.

    figures, figure: called without arguments, return the values and the picture.
    """
    if options.json is not None:
        write_json(options.json, figures())
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.save(figure(), options.plot)
