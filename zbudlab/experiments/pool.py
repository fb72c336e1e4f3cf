"""The choice of max_pool_percent: the gain and the price of zswap's pool."""

from typing import Annotated, Any

import numpy as np

from zbudlab.experiments.parameters import WORKLOAD, Percent, machine_settings
from zbudlab.io.arguments import checked
from zbudlab.machine import Machine
from zbudlab.sweep.description import described
from zbudlab.workload import Workload
from zbudlab.workload.watch import watch

FIXED = {"log": False, "threads": 1, "page_bytes": False}  #: settings, unless given


@described(
    {
        "faults": ("pages", "pages used"),
        "major_faults": ("pages", "of these, read back from zswap or the swap device"),
        "served": ("pages", "of those, read back from zswap"),
        "device_reads": ("pages", "pages read from the swap device"),
        "device_writes": ("pages", "pages written to it"),
        "pool_share": ("share of all frames", "frames of the pool, mean over the steps"),
        "killed": ("processes", "processes killed for lack of memory"),
    },
    settings=machine_settings(**FIXED),
)
@checked()
def pool(
    workload: Annotated[str, WORKLOAD, "a built-in workload, or a TOML file"],
    max_pool_percent: Percent,
    *,
    seed: int,
    **settings: Any,
) -> dict[str, Any]:
    """Count faults and device traffic of a workload whose zswap pool is limited to a share.

    settings: of the machine, instead of the workload's; by default it has no page bytes.
    """
    made = Workload.load(workload)
    limits = {"seed": seed, "max_pool_percent": max_pool_percent}
    machine = Machine(made.machine_config(**(FIXED | limits | settings)))
    run = made.run(machine)
    seen = watch(run, every=1)
    swap, events = machine.swap.counters(), machine.paging.events
    return {
        "faults": events["pgfault"],
        "major_faults": events["pgmajfault"],
        "served": events["pgmajfault"] - swap["device_reads"],
        "device_reads": swap["device_reads"],
        "device_writes": swap["device_writes"],
        "pool_share": float(np.mean(seen["pool"])) / machine.config.frames,
        "killed": run.totals["killed"],
    }
