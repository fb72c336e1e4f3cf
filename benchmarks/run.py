"""Compare our engine with C, item by item, or with an earlier source tree (--against DIR).

All sides run in turn in this process on the same inputs and must give the same answers. "C" does
what the kernel does, "C alike" has our layout and algorithm. Time is the CPU time of the thread. A
ratio is their time over ours in the same round: above 1 we are faster.
"""

import argparse
import gc
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import against, reference
from benchmarks.figure import draw, draw_scale
from benchmarks.item import ITEMS, Setup, load_items
from benchmarks.measure import measure

COLUMNS = ("ns", "min", "median", "max", "must", "aim")
ROUNDS = 15
SHORT_ROUNDS = 7
HEADING = f"{'':<52}{'ours ns':>9}  {'compared with':<22}" + "".join(
    f"{name:>8}" for name in COLUMNS
)


def lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield a step as text: a line for each side it is compared with, or one alone."""
    start = f"{row['item']:<52}{row['ns']['median']:>9.1f}"
    if "most" in row:
        ours, (must, aim) = row["ns"], row["most"]
        blank = " " * 8
        spread = "".join(f"{ours[name]:>8.1f}" for name in ("min", "median", "max"))
        yield f"{start:<61}  {'at most, ns':<22}{blank}{spread}{must:>8.1f}{aim:>8.1f}"
        start = ""
    for side, found in row["sides"].items():
        ratios = (*found["ratio"].values(), found["must"], found["aim"])
        shown = "".join(f"{'' if ratio is None else format(ratio, '.2f'):>8}" for ratio in ratios)
        yield f"{start:<61}  {side:<22}{found['ns']['median']:>8.1f}{shown}"
        start = ""
    if start:
        yield start


def machine_kind() -> str:
    """Describe the computer, without names."""
    cpuinfo = Path("/proc/cpuinfo")
    shared = cpuinfo.exists() and "hypervisor" in cpuinfo.read_text()
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()}-core {'shared ' if shared else ''}{platform.machine()}"
        f"{' VM' if shared else ''}{load}, {platform.system()}, Python {platform.python_version()}"
    )


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    load_items()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", metavar="ITEM,...", action="extend", type=_items, help=", ".join(ITEMS)
    )
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="also write the figures to this file"
    )
    parser.add_argument(
        "--stored", metavar="FILE", type=Path, help="draw what --json wrote, measure nothing"
    )
    parser.add_argument("--figure", metavar="FILE", type=Path, help="draw the ratios to this file")
    parser.add_argument(
        "--scale", metavar="FILE", type=Path, help="draw time against size to this file"
    )
    parser.add_argument("--short", action="store_true", help="fewer and smaller rounds: < 60 s")
    parser.add_argument(
        "--against", metavar="DIR", type=Path, help="compare this source tree with an earlier one"
    )
    parser.add_argument(
        "--runs", type=int, default=against.RUNS, help="runs of --against (default: 7)"
    )
    parser.add_argument(
        "--rounds", type=int, default=against.ROUNDS, help="rounds per run (default: 5)"
    )
    return parser.parse_args()


def _items(names: str) -> list[str]:
    """Split the value of `--only`; an unknown item is an error of the command line."""
    asked = names.split(",")
    for name in asked:
        if name not in ITEMS:
            raise argparse.ArgumentTypeError(f"unknown item {name!r}")
    return asked


def main() -> int:
    """Measure and print; return the exit code."""
    asked = arguments()
    if asked.against:
        how = {"runs": asked.runs, "rounds": asked.rounds, "short": asked.short}
        return against.main(asked.against, asked.only or [], asked.json, **how)
    if asked.stored:
        report = json.loads(asked.stored.read_text("utf-8"))
    else:
        rows = measured(asked.only or list(ITEMS), asked.short)
        report = {"date": date.today().isoformat(), "machine": machine_kind(), "items": rows}
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n")
    if asked.figure:
        draw(report, asked.figure)
    if asked.scale:
        draw_scale(report, asked.scale)
    return 0


def measured(names: Sequence[str], short: bool) -> list[dict[str, Any]]:
    """Measure items, print each row as it is known, and return all rows."""
    setup = Setup(reference.available(), short)
    if not setup.with_c:
        print(f"no C compiler ({reference.COMPILER}) here: our figures alone", file=sys.stderr)
    print(HEADING)
    rows = []
    for name in names:
        for row in measure(ITEMS[name](setup), SHORT_ROUNDS if short else ROUNDS):
            print("\n".join(lines(row)), flush=True)
            rows.append(row)
        gc.collect()  # frees machines of many GiB before the next are made
    return rows
