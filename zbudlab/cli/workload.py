"""`zbudlab run --workload`: a workload on the three machines of the main job."""

import argparse
from typing import Any

from zbudlab.cli.first_use import say_if_first
from zbudlab.io.files import check_writable, write_json
from zbudlab.io.values import fault_of
from zbudlab.layout import MAX_ORDER
from zbudlab.machine.errors import ConfigError

#: Options that are settings of the machine, and options of the main job alone.
SETTINGS = ("frames", "max_pool_percent", "compressor", "profile", "seed", "cma_pages", "threads")
MAIN_JOB = ("scenario", "pressure", "exits", "lengths", "metadata_only")

#: Rows of the table: what the reader sees, and the results that it is made of.
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
    if names == ("allocated", "refused"):
        return f"{result['allocated']} of {result['allocated'] + result['refused']}"
    return " of ".join(str(result[name]) for name in names)


def _content(paths: list[str]) -> dict[str, float]:
    """Files and folders in equal shares, wherever the workload stands; process:PID as it is."""
    from pathlib import Path

    from zbudlab.workload.checks import FILE, PROCESS

    return {
        path if path.startswith(PROCESS) else f"{FILE}{Path(path).resolve()}": 1.0 for path in paths
    }


def _results(made: Any, settings: dict[str, Any], order: int) -> dict[str, dict[str, Any]]:
    """What came of each machine, by what its column is headed."""
    from tqdm import tqdm

    from zbudlab.experiments import pressure
    from zbudlab.mainjob.job import VARIANTS

    found = {}
    for name, variant in tqdm(VARIANTS.items(), unit="machine", delay=1, leave=False, disable=None):
        result = pressure(made, order=order, **{"seed": 0} | settings | variant)
        result["from_zswap"] = result["pgmajfault"] - result["device_reads"]
        found[name] = result
    return found


def run(options: argparse.Namespace) -> int:
    """Run it, print the table, and write what was asked for."""
    from zbudlab.mainjob import report
    from zbudlab.workload import Workload

    unsaid = (None, False)
    if said := [name for name in MAIN_JOB if not any(getattr(options, name) is n for n in unsaid)]:
        option = said[0].replace("_", "-")
        raise ValueError(f"--{option} is of the main job, and says nothing to --workload")
    made = Workload.load(options.workload)
    if options.paths:
        made = made.with_content(_content(options.paths))
    given = {name: getattr(options, name) for name in SETTINGS}
    settings = {name: value for name, value in given.items() if value is not None}
    order = 9 if options.order is None else options.order
    if fault := fault_of("order", order, 0, MAX_ORDER - 1):
        raise ConfigError(fault)
    if options.json is not None:
        check_writable(options.json)
    if options.plot is not None:
        from zbudlab.view import savefile

        savefile.check_picture(options.plot)
    config = made.machine_config(**settings)
    say_if_first()
    print(f"{made.name}: {made.description}\n{config.frames} frames, {made.steps} steps\n")
    results = _results(made, settings, order)
    rows = [
        (name.format(order=order), [_cell(r, of) if of else "" for r in results.values()])
        for name, of in ROWS
    ]
    print(report.side_by_side(list(results), rows))
    if options.json is not None:
        write_json(options.json, {"workload": made.name, "machines": results})
    if options.plot is not None:
        from zbudlab.view import savefile, workloads

        savefile.save(workloads.figure(*workloads.watched(made, **settings)), options.plot)
    return 0
