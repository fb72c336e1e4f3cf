"""zswap or zram: a workload on swap that is compressed in front of a device, or instead of one.

zram is a block device in memory. What the engine can show of it: its pages are in zsmalloc, there
is no limit unless its user sets one, and nothing is ever written back. So the machine is that of
zswap of the newest kernel with a pool that may take all of memory and a cgroup whose pages never
go to the device: a page that cannot be stored stays in memory.

Not as in Linux: a page that does not compress is refused here and stays in memory; zram keeps it,
uncompressed, in a page of zsmalloc (drivers/block/zram/zram_drv.c, zram_write_page, v6.12). Neither
gains memory. zram's writeback to a device, recompression and several streams are not simulated.
"""

from dataclasses import replace
from typing import Annotated, Any

from zbudlab.experiments.parameters import WORKLOAD, Frames
from zbudlab.experiments.pressure import pressure
from zbudlab.io.arguments import checked
from zbudlab.io.values import Choice
from zbudlab.profiles import todays_profile
from zbudlab.sweep.description import described
from zbudlab.workload import Workload
from zbudlab.workload.language import Group

#: Kinds of swap, with settings of their machines.
SWAPS: dict[str, dict[str, Any]] = {
    "device": {"zswap": False},
    "zswap": {"max_pool_percent": 20},
    "zram": {"max_pool_percent": 100, "accept_threshold_percent": 100},
}
CONTENTS = ("as described", "random")
COUNTED = {
    "killed": "processes killed for lack of memory",
    "refused": "allocations of the kernel that failed",
    "pgmajfault": "pages that came back from swap",
    "swpin_zero": "of these, pages of zeros that swap had only marked",
    "device_reads": "pages read from the swap device",
    "device_writes": "pages written to the swap device",
    "allocstall": "allocations that had to reclaim first",
}
WATCHED = {
    "pool": "frames of the pool, mean over the steps",
    "swapped": "pages swapped out, mean over the steps",
    "anonymous": "pages of processes in memory, mean over the steps",
}


def kept_from_device(workload: Workload) -> Workload:
    """Return a workload whose processes are in one cgroup that never writes to the swap device."""
    group = Group("kept", zswap_writeback=False)
    kinds = tuple(replace(kind, cgroup=group.name) for kind in workload.processes)
    return replace(workload, cgroups=(group,), processes=kinds)


@described(
    {
        **{name: ("count", about) for name, about in COUNTED.items()},
        **{name: ("pages", about) for name, about in WATCHED.items()},
        "pool_most": ("frames", "frames of the pool, the most after any step"),
    }
)
@checked()
def zram(
    swap: Annotated[str, Choice(tuple(SWAPS)), "where pages go"] = "zram",
    workload: Annotated[
        str | Workload, WORKLOAD, "a built-in workload, or a TOML file"
    ] = "desktop",
    *,
    content: Annotated[str, Choice(CONTENTS), "what pages contain"] = CONTENTS[0],
    frames: Frames = 2048,
    seed: int,
) -> dict[str, Any]:
    """Run a workload with a swap device, with zswap in front of it, or with zram instead of it.

    content: "random" makes all pages incompressible.
    """
    made = workload if isinstance(workload, Workload) else Workload.load(workload)
    if content != CONTENTS[0]:
        made = made.with_content(content)
    if swap == "zram":
        made = kept_from_device(made)
    given = {"frames": frames, "profile": todays_profile(), **SWAPS[swap]}
    found = pressure(made, seed=seed, every=1, order=0, **given)
    return {
        **{name: found[name] for name in COUNTED},
        **{name: _mean(found[f"{name}_over_time"]) for name in WATCHED},
        "pool_most": max(found["pool_over_time"]),
    }


def _mean(values: list[int]) -> float:
    return sum(values) / len(values)
