"""Every interleaving of a few actors on the engine's own kernels, and the ones that break it.

The engine runs on one processor, where no race can happen. Here several processors are simulated:
each actor's work is cut into steps where the kernel drops a lock, and `explore` runs the steps in
every possible order. See docs/races.md.
"""

from zbudlab.history import History as replay
from zbudlab.races.cast import (
    Actor,
    cma_request,
    compact,
    count,
    free,
    invalidate,
    load,
    store,
    user,
    writeback,
)
from zbudlab.races.explore import explore, explore_named
from zbudlab.races.result import Result, Schedule
from zbudlab.races.scenarios import SCENARIOS, Scenario, scenario

__all__ = [
    "SCENARIOS",
    "Actor",
    "Result",
    "Scenario",
    "Schedule",
    "cma_request",
    "compact",
    "count",
    "explore",
    "explore_named",
    "free",
    "invalidate",
    "load",
    "replay",
    "scenario",
    "store",
    "user",
    "writeback",
]
