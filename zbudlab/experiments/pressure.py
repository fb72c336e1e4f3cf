"""The experiment of `zbudlab run --workload`: a workload on a machine, then compaction."""

from typing import Annotated, Any

from zbudlab.experiments.parameters import WORKLOAD, Order, machine_settings
from zbudlab.io.arguments import checked
from zbudlab.machine import Machine
from zbudlab.machine.settings import COUNT
from zbudlab.mainjob.job import available_blocks
from zbudlab.swap.swapping import COUNTERS
from zbudlab.sweep.description import described
from zbudlab.workload import Workload
from zbudlab.workload.run import EVENTS
from zbudlab.workload.watch import COLUMNS, watch

KEPT = {
    "pgfault": "pages used",
    "pgmajfault": "of these, read back from zswap or the swap device",
    "swpin_zero": "of these, pages of zeros that swap had only marked",
    "pswpout": "pages swapped out",
    "allocstall": "allocations that had to reclaim first",
}
FIXED = {"log": False, "threads": 1, "page_bytes": False}  #: settings, unless given
BLOCKS = {
    "blocks_ideal": ("blocks", "blocks if all free frames were adjacent"),
    "blocks_before": ("blocks", "blocks available before compaction"),
    "blocks_after": ("blocks", "blocks available after compaction"),
    "pages_moved": ("pages", "pages that compaction moved"),
    "pages_failed": ("pages", "pages that compaction failed to move"),
}
UNITS = {"compressed_bytes": "bytes", "allocstall": "allocations"}  #: of what is not pages
RESULTS = {
    **{name: ("count", about) for name, about in EVENTS.items()},
    **{name: (UNITS.get(name, "pages"), about) for name, about in KEPT.items()},
    **{name: (UNITS.get(name, "pages"), "counter of zswap") for name in COUNTERS},
    "device_writes": ("pages", "pages written to the swap device"),
    "device_reads": ("pages", "pages read from the swap device"),
    "cgroups": ("list", "name, stored pages and their compressed bytes of each cgroup"),
    "cached_slots": ("slots", "freed slots in the swap slot cache, whose pages zswap still has"),
    **BLOCKS,
    **{
        f"{name}_over_time": ("list", f"{about} (with every > 0)")
        for name, about in COLUMNS.items()
    },
    "step_over_time": ("list", "numbers of the steps (with every > 0)"),
}


@described(RESULTS, settings=machine_settings(**FIXED))
@checked()
def pressure(
    workload: Annotated[
        str | Workload, WORKLOAD, "a built-in workload, or a TOML file"
    ] = "desktop",
    *,
    seed: int,
    every: Annotated[int, COUNT, "steps between counters over time, 0 = none"] = 0,
    order: Order = 9,
    **settings: Any,
) -> dict[str, Any]:
    """Run a workload; return its events, the kernel's counters, and blocks of 2^order frames.

    workload: the name of a built-in workload, a TOML file, or a `Workload`. every: steps between
    counters over time, 0 = none; these are columns of `workload.watch` with names that end in
    `_over_time`. settings: of the machine, instead of the workload's; by default it has no page
    bytes, as the compressed lengths of all pages are known.
    """
    made = workload if isinstance(workload, Workload) else Workload.load(workload)
    machine = Machine(made.machine_config(**(FIXED | {"seed": seed} | settings)))
    run = made.run(machine)
    seen = watch(run, every=every)
    return {
        **{name: run.totals[name] for name in EVENTS},
        **{name: machine.paging.events[name] for name in KEPT},
        **machine.swap.counters(),
        "cgroups": [
            [name, machine.cgroup(number).zswapped, machine.cgroup(number).zswap_current]
            for name, number in run.cgroups.items()
        ],
        **compacted(machine, order),
        **{f"{name}_over_time": values for name, values in seen.items() if every},
    }


def compacted(machine: Machine, order: int) -> dict[str, int]:
    """Compact the whole zone; return blocks available before and after, and pages moved for it."""
    events = machine.paging.events
    moved, failed = events["pgmigrate_success"], events["pgmigrate_fail"]
    found = {
        "blocks_ideal": int(machine.state.zone["nr_free_pages"]) >> order,
        "blocks_before": available_blocks(machine, order),
    }
    machine.compact()
    return found | {
        "blocks_after": available_blocks(machine, order),
        "pages_moved": events["pgmigrate_success"] - moved,
        "pages_failed": events["pgmigrate_fail"] - failed,
    }
