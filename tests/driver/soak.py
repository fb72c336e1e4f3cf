"""`python -m tests.driver.soak [OPERATIONS]`: the driver and single steps leave the same machines.

A million random operations, or so many.
"""

import sys

from tqdm import tqdm

from tests.driver.rounds_both_ways import Stepwise, left, played
from zbudlab.machine import Machine

OPERATIONS = 10**6
SEED = 2026


def main(operations=OPERATIONS):
    """Play rounds until so many operations are done. Return the exit code."""
    done = number = 0
    with tqdm(total=operations, desc="driver", disable=None) as progress:
        while done < operations:
            driven, stepwise = played(number, Machine, SEED), played(number, Stepwise, SEED)
            if left(driven.machine) != left(stepwise.machine):
                print(f"driver: round {number} of seed {SEED} differs from single steps")
                return 1
            count = driven.done().total()
            progress.update(count)
            done += count
            number += 1
    print(f"driver: {done:,} random operations in {number} rounds agree with single steps")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
