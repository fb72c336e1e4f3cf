"""Watch a machine while a workload runs: one row of counts after each step."""

from collections.abc import Callable
from typing import Any

from zbudlab.layout import HUGETLB_PAGE_ORDER as HUGE_ORDER
from zbudlab.layout import MAX_ORDER
from zbudlab.machine import SWAP_TYPE, Machine
from zbudlab.workload.run import Run

#: Columns: page frames by use, pages that are swapped out, and counts of events since the start.
COLUMNS = {
    "free": "free page frames",
    "anonymous": "page frames with pages of processes",
    "pool": "page frames of zswap's pool",
    "kernel": "all other page frames",
    "swapped": "pages swapped out",
    "stored": "swapped out pages that zswap holds",
    "huge_free": "free blocks of order 9",
    "processes": "processes",
    "pgfault": "pages used",
    "pgmajfault": "of these, pages read back from zswap or the swap device",
    "pswpout": "pages swapped out so far",
    "device_reads": "pages read from the swap device",
    "device_writes": "pages written to the swap device",
}


def look(run: Run) -> dict[str, int]:
    """Return a row of counts of the machine as it is now, by the names in COLUMNS."""
    machine = run.machine
    zone, swap = machine.state.zone, machine.swap.counters()
    free = int(zone["nr_free_pages"])
    anonymous = int(zone["nr_active_anon"]) + int(zone["nr_inactive_anon"])
    pool = int(machine.state.pools["pages_nr"][SWAP_TYPE])
    events = ("pgfault", "pgmajfault", "pswpout")
    return {
        "free": free,
        "anonymous": anonymous,
        "pool": pool,
        "kernel": machine.config.frames - free - anonymous - pool,
        "swapped": int(machine.state.processes["swapents"].sum()),
        "stored": swap["stored_pages"],
        "huge_free": free_blocks(machine, HUGE_ORDER),
        "processes": len(run.processes),
        **{name: machine.paging.events[name] for name in events},
        **{name: swap[name] for name in ("device_reads", "device_writes")},
    }


def free_blocks(machine: Machine, order: int) -> int:
    """Return how many blocks of 2^order frames the free blocks of that order and above contain."""
    nr_free = machine.state.zone["nr_free"]
    return sum(int(nr_free[above]) << (above - order) for above in range(order, MAX_ORDER))


def watch(
    run: Run, *, every: int = 1, after: Callable[[Run], Any] = lambda run: None
) -> dict[str, list[int]]:
    """Run a workload to its end. Return the columns of COLUMNS, and `step`, as lists.

    every: steps between two rows; 0 = only the last row. The last step always has a row. after:
    called after each step, e.g. to compact.
    """
    columns: dict[str, list[int]] = {name: [] for name in ("step", *COLUMNS)}
    last = sum(phase.steps for phase in run.phases) - 1
    for step in run:
        after(run)
        if step.number == last or (every and step.number % every == 0):
            for name, value in {"step": step.number, **look(run)}.items():
                columns[name].append(value)
    return columns
