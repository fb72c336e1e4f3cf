"""The command line: `zbudlab COMMAND`, a module of this package for each command.

A user's mistake ends in one sentence on standard error and exit code 2.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from zbudlab._version import __version__
from zbudlab.cli import (
    check,
    course,
    experiments,
    explore,
    export,
    grade,
    host,
    replay,
    run,
    sweep,
    why,
)
from zbudlab.cli.interrupts import put_off_in_llvmlite
from zbudlab.cli.printing import say

COMMANDS = (run, replay, sweep, experiments, host, why, explore, export, course, check, grade)
USER_ERROR = 2
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """Return the parser with the options of all commands."""
    top = argparse.ArgumentParser(
        prog="zbudlab", description="A laboratory for Linux memory under pressure."
    )
    top.add_argument("--version", action="version", version=f"zbudlab {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return top


def _sentence(error: Exception) -> str:
    """Return the sentence for an error. Errors of this package are sentences already."""
    if isinstance(error, MemoryError):
        return f"this computer has too little memory for that ({error}): use smaller numbers"
    if isinstance(error, OSError) and error.filename is not None:
        return f"cannot use {error.filename}: {error.strerror}"
    return str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. arguments: default: those of the process."""
    options = parser().parse_args(arguments)
    try:
        with put_off_in_llvmlite():
            return options.command(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, MemoryError) as error:
        say(f"zbudlab: {_sentence(error)}", sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        # An interrupt that passed through an `exec` of text (numba and dataclasses use some) makes
        # Python end by the signal even if it is caught. An `exec` that succeeds undoes that.
        exec("")
        print("zbudlab: interrupted", file=sys.stderr)
        return INTERRUPTED
