"""`python -m tests.driver.soak [OPERATIONS]`: the driver, single steps and scripts agree.

The driver and single steps leave the same machines, the driver and scripts of
`zbudlab.experiments` the same memory: a million random operations each, or so many.
"""

import sys

from tqdm import tqdm

from tests.driver.rounds_both_ways import Stepwise, left, played
from tests.experiments.scripts_by_hand import differences
from zbudlab.machine import Machine

OPERATIONS = 10**6
SEED = 2026


def steps(operations):
    """Play rounds by the driver and in single steps. Return what differs, or None."""
    done = number = 0
    with tqdm(total=operations, desc="driver", disable=None) as progress:
        while done < operations:
            driven, stepwise = played(number, Machine, SEED), played(number, Stepwise, SEED)
            if left(driven.machine) != left(stepwise.machine):
                return f"driver: round {number} of seed {SEED} differs from single steps"
            count = driven.done().total()
            progress.update(count)
            done += count
            number += 1
    print(f"driver: {done:,} random operations in {number} rounds agree with single steps")
    return None


def scripts(operations):
    """Run scripts by the driver and in a batch. Return what differs, or None."""
    done = number = 0
    with tqdm(total=operations, desc="scripts", disable=None) as progress:
        while done < operations:
            count, wrong = differences(number, SEED)
            if wrong:
                return f"scripts: number {number} of seed {SEED} differs: {', '.join(wrong)}"
            progress.update(count)
            done += count
            number += 1
    print(f"driver: {done:,} random operations in {number} scripts agree with batches")
    return None


def main(operations=OPERATIONS):
    """Do both; return the exit code."""
    found = steps(operations) or scripts(operations)
    if found:
        print(found)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
