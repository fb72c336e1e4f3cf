"""Outputs of commands: figures as JSON, and a picture."""

import argparse
import json
from typing import Any

from zbudlab.cli.printing import say
from zbudlab.io.files import check_writable, write_json


def check_outputs(options: argparse.Namespace) -> None:
    """Raise an error if --json or --plot names a file that cannot be written."""
    if options.json is not None:
        check_writable(options.json)
    check_plot(options)


def check_plot(options: argparse.Namespace) -> None:
    """Raise an error if --plot names a file that cannot be written."""
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.check_picture(options.plot)


def write_outputs(options: argparse.Namespace, figures: Any, figure: Any) -> None:
    """Write what --json and --plot ask for.

    figures, figure: called without arguments, return the values and the picture.
    """
    if options.json is not None:
        write_json(options.json, figures())
    write_plot(options, figure)


def write_plot(options: argparse.Namespace, figure: Any) -> None:
    """Write the picture that --plot asks for. figure: returns it."""
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.save(figure(), options.plot)


def print_found(options: argparse.Namespace, found: Any, text: Any) -> None:
    """Print what was found: with --json its `as_dict` as JSON, else `text()`."""
    say(json.dumps(found.as_dict(), indent=1) if options.json else text())
