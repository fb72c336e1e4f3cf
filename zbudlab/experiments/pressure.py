"""The experiment of `zbudlab run --workload`: a workload on a machine, then compaction."""

from typing import Any

from zbudlab.machine import Machine
from zbudlab.mainjob.job import available_blocks
from zbudlab.workload import Workload
from zbudlab.workload.run import EVENTS
from zbudlab.workload.watch import watch

KEPT = ("pgfault", "pgmajfault", "pswpout", "allocstall")


def pressure(
    workload: str | Workload = "desktop",
    *,
    seed: int,
    every: int = 0,
    order: int = 9,
    **settings: Any,
) -> dict[str, Any]:
    """What came of a workload: its events, the kernel's counters, blocks of 2^order frames.

    workload: a scenario's name or a TOML file. every: steps from one row of counters over time to
    the next, 0 = none: columns of `workload.watch` with `_over_time` at the end of their names.
    settings: of the machine, in the place of the workload's own; by default it has no page bytes,
    as the lengths of all pages are known.

    blocks_before and blocks_after: blocks to be had at the end, before and after compaction;
    blocks_ideal: if all free pages lay together.
    """
    made = workload if isinstance(workload, Workload) else Workload.load(workload)
    fixed = {"log": False, "threads": 1, "page_bytes": False, "seed": seed}
    machine = Machine(made.machine_config(**(fixed | settings)))
    run = made.run(machine)
    seen = watch(run, every=every)
    return {
        **{name: run.totals[name] for name in EVENTS},
        **{name: machine.paging.events[name] for name in KEPT},
        **machine.swap.counters(),
        **compacted(machine, order),
        **{f"{name}_over_time": values for name, values in seen.items() if every},
    }


def compacted(machine: Machine, order: int) -> dict[str, int]:
    """Blocks to be had before and after compaction of the whole zone, and what moved for it."""
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
