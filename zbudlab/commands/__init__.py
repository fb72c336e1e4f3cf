"""The commands of `zbudlab`, a module each: `add(commands)` tells argparse what a command takes.

A command is imported when its options are; what it works with is imported when it runs, so that
`zbudlab --help` waits for nothing.
"""

import sys

DIFFERENCE = 1  #: exit code: the work was done, and something is not as it should be


def say_if_first() -> None:
    """Tell who waits why: the first run compiles the engine."""
    from zbudlab.jit import CACHE_DIRECTORY, cache_is_kept
    from zbudlab.warmup import NOT_KEPT

    if CACHE_DIRECTORY is None or not cache_is_kept():
        print(NOT_KEPT, file=sys.stderr)
    elif not any(CACHE_DIRECTORY.iterdir()):
        print("first run: compiling the engine takes a minute or two, once", file=sys.stderr)
