"""A whole log of zbud operations, run from an array of numbers in one compiled call."""

import numpy as np

from benchmarks.item import Case, Setup, Step, item
from benchmarks.machines import SEED
from zbudlab import layout
from zbudlab.experiments import batch, script
from zbudlab.machine.config import MachineConfig

LIVE = 10**4  #: objects held all the time


def churn(operations: int) -> script.Script:
    """Return allocations; after the first LIVE, the free of a random object precedes each."""
    draw = np.random.default_rng(SEED)
    rows = script.rows(script.ZBUD_ALLOC, np.ones(operations, np.int64))
    freed = np.arange(LIVE, operations, 2)
    held = list(range(LIVE))
    for row, slot in zip(freed.tolist(), draw.integers(0, LIVE, len(freed)).tolist(), strict=True):
        rows[row] = (script.ZBUD_FREE, held[slot], 0)
        held[slot] = row + 1
    allocated = rows[:, 0] == script.ZBUD_ALLOC
    rows[allocated, 1] = draw.integers(1, layout.ZBUD_MAX_SIZE + 1, np.count_nonzero(allocated))
    return rows


@item("replay")
def replay(setup: Setup) -> Case:
    """Run frees and allocations in turn; the second step also checks the script and boots."""
    rows = churn(10**5 if setup.short else 10**6)
    machines = batch.Batch(MachineConfig(frames=16384, zswap=False))
    arguments, results = machines.prepared([rows])
    steps = [
        Step(
            f"zbud log from an array, {LIVE:,} live",
            len(rows),
            lambda: batch.run_scripts(*arguments) or int(results[-1]),
            most=(1e9 / 15e6, 1e9 / 25e6),
        ),
        Step(
            "the same, looked through, and a machine booted for it",
            len(rows),
            lambda: int(machines.run([rows])[0][-1]),
        ),
    ]
    return Case(lambda: None, steps)
