"""What to set max_pool_percent to: what the pool brings, and what it takes."""

from typing import Any

import numpy as np

from zbudlab.machine import Machine
from zbudlab.workload import Workload
from zbudlab.workload.watch import watch


def pool(workload: str, max_pool_percent: int, *, seed: int, **settings: Any) -> dict[str, Any]:
    """Faults, device traffic and memory of a workload with zswap's pool limited to a share.

    major_faults: pages that had to come back. served: of these, by zswap. device_reads and
    device_writes: pages. pool_share: frames of the pool, of all frames, mean over the steps.
    """
    made = Workload.load(workload)
    fixed = {"log": False, "threads": 1, "page_bytes": False, "seed": seed}
    limits = {"max_pool_percent": max_pool_percent}
    machine = Machine(made.machine_config(**(fixed | limits | settings)))
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
