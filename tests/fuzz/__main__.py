"""Call everything with anything: `python -m tests.fuzz [--minutes N] [--seed N]`.

Every public function, method and command gets generated configurations, operations, hostile values
and mutated files, in child processes whose compiled code checks every index. Allowed are results,
subclasses of OSError and ValueError with one sentence that has the value, and a TypeError that
names the parameter. Exit code 1 if anything else came out; each kind of it is printed once, as the
fewest calls that show it.
"""

import argparse
import os
import sys
from itertools import count

CHECKED = {"NUMBA_BOUNDSCHECK": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


def arguments():
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--program", type=int, help="play and print this one program only")
    return parser.parse_args()


def compile_allocators():
    """Compile what the warm-up leaves out, so that no child spends its time on it."""
    from zbudlab.machine import Machine

    for zpool in ("zsmalloc", "z3fold"):
        machine = Machine(frames=256, profile="6.1", zpool=zpool, page_bytes=False)
        machine.touch(machine.create_process(400), range(400))
        machine.compact()
        machine.check()


def main():
    """Run the fuzzer, and print what was done."""
    asked = arguments()
    if any(os.environ.get(name) != value for name, value in CHECKED.items()):
        os.environ.update(CHECKED)  # numba reads it when it is imported
        os.execv(sys.executable, [sys.executable, "-m", "tests.fuzz", *sys.argv[1:]])
    from tests.fuzz.run import fuzz

    compile_allocators()
    numbers = count() if asked.program is None else [asked.program]
    tally = fuzz(asked.seed, numbers, 60 * asked.minutes)
    print(
        f"{tally.programs:,} programs, {tally.calls:,} calls of {len(tally.targets)} functions, "
        f"methods and commands with seed {asked.seed}; {len(tally.faults)} kinds of faults"
    )
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
