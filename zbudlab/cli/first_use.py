"""Definitions shared by commands: exit codes, and the notice that the engine is being compiled.

Each command is a module with `add(commands)`, which adds its options to argparse. A command imports
what it works with only when it runs, so `zbudlab --help` answers quickly.
"""

import sys

DIFFERENCE = 1  #: exit code: the work was done, and something is not as expected


def say_if_first() -> None:
    """Say on stderr that the engine is being compiled, if any of it has to be.

    If nothing is on disk yet, say so at once, since the workers of a sweep compile silently.
    """
    from zbudlab import jit
    from zbudlab.warmup import NOT_KEPT, compiled_on_disk

    if not jit.cache_is_kept():
        print(NOT_KEPT, file=sys.stderr)
    elif not compiled_on_disk():
        _say_compiling()
    else:
        jit.before_compiling(_say_compiling)


def _say_compiling() -> None:
    """Say that compiling takes a while, and where its result is kept."""
    from zbudlab.jit import CACHE_DIRECTORY

    print(
        "compiling the engine, which may take a minute; what is compiled is kept in "
        f"{CACHE_DIRECTORY}",
        file=sys.stderr,
    )
