"""Random schedules, for scenarios too large to run completely."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from zbudlab.races import walk
from zbudlab.races.image import Image
from zbudlab.races.search import Search

LONGEST = 1000  #: steps of a schedule
CHANGES = 2  #: preemptions that random priorities add, unless fewer are asked for
KEPT = 100  #: faulty schedules kept
BATCH = 100  #: schedules between two checks of the clock


@dataclass
class Drawn:
    """Schedules drawn at random: how many, and the faulty ones as (who runs, fault)."""

    schedules: int = 0
    faulty: int = 0
    paths: list[tuple[tuple[int, ...], int]] = field(default_factory=list)


def draw(
    image: Image, found: Search, until: float, seed: int, preemptions: int | None = None
) -> Drawn:
    """Run schedules with random priorities until a point in time of time.perf_counter().

    At least one batch is run. seed: draws priorities and the steps at which they change.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    drawn, path = Drawn(), np.zeros(LONGEST, np.int64)
    changes = CHANGES if preemptions is None else min(CHANGES, preemptions)
    longest = 1
    while not drawn.schedules or time.perf_counter() < until:
        for _ in range(BATCH):
            priorities = 1 + random.permutation(len(image.actors)).astype(np.int64)
            at = 1 + random.integers(0, longest, changes)
            fault, length = walk.run_one(image.mem, found, priorities, at, path)
            longest = max(longest, int(length))
            drawn.schedules += 1
            if fault:
                drawn.faulty += 1
                drawn.paths.append((tuple(path[:length].tolist()), int(fault)))
        del drawn.paths[KEPT:]
    return drawn
