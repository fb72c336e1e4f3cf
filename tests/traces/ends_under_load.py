"""Run `zbudlab replay KIND FILE` in many processes at once and print their exit codes.

Each is a fork that ends as a Python process ends, so that a thread of a library that still needs
the interpreter shows. Usage: python ends_under_load.py KIND FILE RUNS AT_ONCE
"""

import os
import sys
from collections import Counter

from zbudlab.cli.command_line import main


def run(kind, path):
    """Start a process, and return its number."""
    child = os.fork()
    if child:
        return child
    os.close(2)
    os.open(os.devnull, os.O_WRONLY)
    sys.exit(main(["replay", kind, path]))


def codes(kind, path, runs, at_once):
    """Return how often each exit code came."""
    found, running = Counter(), 0
    for _ in range(runs):
        run(kind, path)
        running += 1
        if running == at_once:
            found[os.waitstatus_to_exitcode(os.wait()[1])] += 1
            running -= 1
    for _ in range(running):
        found[os.waitstatus_to_exitcode(os.wait()[1])] += 1
    return found


if __name__ == "__main__":
    kind, path, *numbers = sys.argv[1:]
    print(dict(codes(kind, path, *map(int, numbers))))
