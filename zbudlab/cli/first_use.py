"""The commands of `zbudlab`, a module each: `add(commands)` tells argparse what a command takes.

A command is imported when its options are; what it works with is imported when it runs, so that
`zbudlab --help` waits for nothing.
"""

import sys

DIFFERENCE = 1  #: exit code: the work was done, and something is not as it should be


def say_if_first() -> None:
    """Tell who waits why, on stderr: whatever of the engine is not on disk is compiled first.

    Where nothing is, that is said at once, as a sweep's workers compile in silence.
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
    from zbudlab.jit import CACHE_DIRECTORY

    print(
        "compiling the engine, which may take a minute; what is compiled is kept in "
        f"{CACHE_DIRECTORY}",
        file=sys.stderr,
    )
