"""`zbudlab run --workload`: a workload on the machines of the main job."""

import argparse
from typing import Any

from zbudlab.cli.cma_option import cma_area
from zbudlab.cli.first_use import say_if_first
from zbudlab.cli.machine_options import machine_names
from zbudlab.cli.outputs import check_outputs, write_outputs
from zbudlab.cli.printing import say
from zbudlab.layout import HUGETLB_PAGE_ORDER
from zbudlab.machine.errors import ConfigError
from zbudlab.machine.settings import ORDER

#: Options that are settings of the machine, and options of the main job only.
SETTINGS = ("frames", "max_pool_percent", "compressor", "profile", "zpool", "seed", "threads")
MAIN_JOB = ("scenario", "pressure", "exits", "lengths", "metadata_only")

#: Rows of the table: the label, and the results in it.
ROWS = (
    ("processes started", ("started",)),
    ("  killed for lack of memory", ("killed",)),
    ("pages used", ("pgfault",)),
    ("  read back from zswap", ("from_zswap",)),
    ("  read back from the device", ("device_reads",)),
    ("pages swapped out", ("pswpout",)),
    ("  written to the device", ("device_writes",)),
    ("  of these by zswap, to make room", ("written_back_pages",)),
    ("kernel allocations met", ("allocated", "refused")),
    ("CMA requests met", ("cma_met", "cma_asked")),
    ("at the end", ()),
    ("  stored pages", ("stored_pages",)),
    ("  pool pages", ("pool_pages",)),
    ("  order-{order} blocks if all free pages were contiguous", ("blocks_ideal",)),
    ("  order-{order} blocks available", ("blocks_before",)),
    ("  order-{order} blocks after compaction", ("blocks_after",)),
    ("  pages moved", ("pages_moved",)),
)


def _cell(result: dict[str, Any], names: tuple[str, ...]) -> str:
    """Format a cell of the table from these results."""
    if names == ("allocated", "refused"):
        return f"{result['allocated']} of {result['allocated'] + result['refused']}"
    return " of ".join(str(result[name]) for name in names)


def _of_group(result: dict[str, Any], number: int) -> str:
    """Format what a cgroup has in zswap."""
    _, pages, size = result["cgroups"][number]
    return f"{pages} pages, {size >> 10} KiB"


def _content(paths: list[str]) -> dict[str, float]:
    """Return files and folders in equal parts as a content; process:PID is kept as it is."""
    from pathlib import Path

    from zbudlab.workload.checks import FILE, PROCESS

    return {
        path if path.startswith(PROCESS) else f"{FILE}{Path(path).resolve()}": 1.0 for path in paths
    }


def _results(
    made: Any, settings: dict[str, Any], order: int, machines: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Run the workload on each machine. Return the results by column heading."""
    from tqdm import tqdm

    from zbudlab.experiments import pressure

    found = {}
    for name, variant in tqdm(machines.items(), unit="machine", delay=1, leave=False, disable=None):
        result = pressure(made, order=order, **{"seed": 0} | settings | variant)
        marked = result["swpin_zero"]
        result["from_zswap"] = result["pgmajfault"] - result["device_reads"] - marked
        found[name] = result
    return found


def run(options: argparse.Namespace) -> int:
    """Run the workload, print the table, and write the requested files."""
    from zbudlab.mainjob import report
    from zbudlab.mainjob.job import variants

    made, settings = _workload(options)
    order = HUGETLB_PAGE_ORDER if options.order is None else options.order
    if fault := ORDER.fault("order", order):
        raise ConfigError(fault)
    check_outputs(options)
    config = made.machine_config(**settings)
    say_if_first()
    say(f"{made.name}: {made.description}\n{config.frames} frames, {made.steps} steps\n")
    results = _results(made, settings, order, variants(config, machine_names(options)))
    rows = [
        (name.format(order=order), [_cell(r, of) if of else "" for r in results.values()])
        for name, of in ROWS
    ]
    rows += [
        (f"  in zswap, of cgroup {name}", [_of_group(r, number) for r in results.values()])
        for number, (name, *_) in enumerate(next(iter(results.values()))["cgroups"])
    ]
    print(report.side_by_side(list(results), rows))
    write_outputs(
        options,
        lambda: {"workload": made.name, "machines": results},
        lambda: _figure(made, settings),
    )
    return 0


def _workload(options: argparse.Namespace) -> tuple[Any, dict[str, Any]]:
    """Return the workload, and the settings of the machine that were given."""
    from zbudlab.workload import Workload

    absent = (None, False)
    for name in MAIN_JOB:
        if not any(getattr(options, name) is value for value in absent):
            option = name.replace("_", "-")
            raise ValueError(f"--{option} is for the main job and has no meaning with --workload")
    made = Workload.load(options.workload)
    if options.paths:
        made = made.with_content(_content(options.paths))
    given = {name: getattr(options, name) for name in SETTINGS}
    settings = {name: value for name, value in given.items() if value is not None}
    settings |= {"thought_experiment": True} if options.thought_experiment else {}
    frames = settings.get("frames", made.machine_config().frames)
    return made, settings | cma_area(options, frames, None)


def _figure(made: Any, settings: dict[str, Any]) -> Any:
    """Draw the workload's curves."""
    from zbudlab.view import workloads

    return workloads.figure(*workloads.watched(made, **settings))
