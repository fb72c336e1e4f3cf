"""`python -m benchmarks.run`: our engine beside C, item by item.

Both sides run in turn in this process on the same inputs and must give the same answers. Time is
the thread's CPU time; a ratio is C's time over ours in the same round: above 1 we are faster.
"""

import argparse
import json
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import reference
from benchmarks.cases import CASES, Case, Step

COLUMNS = ("ours", "C", "min", "median", "max")
ROUNDS = 15
SHORT_ROUNDS = 7


def timed(call: Callable[[], int]) -> tuple[int, int]:
    """The nanoseconds of CPU time a call took, and its answer."""
    start = time.thread_time_ns()
    answer = call()
    return time.thread_time_ns() - start, answer


def one_pass(step: Step, turn: int) -> dict[str, int]:
    """Time every side once, a different one first each turn; nanoseconds by side."""
    sides = [("ours", step.ours), *step.theirs.items()]
    first = turn % len(sides)
    results = {name: timed(call) for name, call in sides[first:] + sides[:first]}
    answers = {name: int(answer) for name, (_, answer) in results.items()}
    if len(set(answers.values())) > 1:
        raise SystemExit(f"{step.name}: the sides disagree: {answers}")
    return {name: nanoseconds for name, (nanoseconds, _) in results.items()}


def measure(case: Case, rounds: int) -> list[dict[str, Any]]:
    """The table rows of a case; its first round warms up and does not count."""
    times: list[list[Counter]] = [[] for _ in case.steps]
    for turn in range(rounds + 1):
        for kept in times:
            kept.append(Counter())
        for _ in range(case.passes):
            case.prepare()
            for step, kept in zip(case.steps, times, strict=True):
                kept[-1].update(one_pass(step, turn))
    found: list[dict[str, Any]] = []
    for step, kept in zip(case.steps, times, strict=True):
        found.extend(rows(step, case.passes * step.operations, kept[1:]))
    return found


def rows(step: Step, operations: int, times: list[Counter]) -> Iterable[dict[str, Any]]:
    """A row for each C side, or one without any."""
    notes: list[str | None] = list(step.theirs) or [None]
    for note in notes:
        row: dict[str, Any] = {
            "item": f"{step.name}; {note}" if note else step.name,
            "ns_ours": statistics.median(t["ours"] for t in times) / operations,
            "rounds": len(times),
        }
        if note is not None:
            ratios = [t[note] / t["ours"] for t in times]
            row["ns_c"] = statistics.median(t[note] for t in times) / operations
            row["ratio"] = [min(ratios), statistics.median(ratios), max(ratios)]
        yield row


def line(row: dict[str, Any]) -> str:
    """A row of the table as text."""
    text = f"{row['item']:<66}{row['ns_ours']:>9.1f}"
    if "ratio" in row:
        lowest, middle, highest = row["ratio"]
        text += f"{row['ns_c']:>9.1f}{lowest:>9.2f}{middle:>9.2f}{highest:>9.2f}"
    return text


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--only", metavar="ITEM", choices=CASES, help=", ".join(CASES))
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")
    parser.add_argument("--short", action="store_true", help="fewer and smaller rounds")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with_c = reference.available()
    if not with_c:
        print(f"no C compiler ({reference.COMPILER}) here: our figures alone", file=sys.stderr)
    print(f"{'ns per operation, and C / ours':<66}" + "".join(f"{name:>9}" for name in COLUMNS))
    found = []
    for name, case in CASES.items():
        if asked.only in (None, name):
            for row in measure(case(with_c, asked.short), SHORT_ROUNDS if asked.short else ROUNDS):
                print(line(row), flush=True)
                found.append(row)
    if asked.json:
        report = {"machine": platform.machine(), "system": platform.platform(), "items": found}
        asked.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
