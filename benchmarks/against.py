"""Compare two source trees item by item: `python -m benchmarks --against DIR`.

DIR is another checkout, the one "before". Each run starts a fresh process in each tree, with that
tree as PYTHONPATH, so that each measures its own code with its own items. The two processes take
turns round by round, and the one that begins changes, so that both meet the same load. The first
round of each warms up and does not count. Steps are matched by item and by name.

The ratio of a run is the median over its rounds of the time after over the time before; the table
has the median, the least and the greatest of the runs' ratios. Above 1 this tree is slower.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).resolve().parents[1]
SIDE = Path(__file__).with_name("side.py")
RUNS, ROUNDS = 7, 5
LIMIT = 1.05  #: a greater median ratio counts as slower
COLUMNS = ("before", "after", "ratio", "least", "greatest")
HEADING = f"{'nanoseconds an operation':<56}" + "".join(f"{name:>10}" for name in COLUMNS)

Round = list[tuple[int, int]]  #: nanoseconds and answer of each step


class Side:
    """A process in one tree that measures one item; without an item it lists them all.

    `steps` has the names of the item's steps, each with its operations in a round.
    """

    def __init__(self, tree: Path, item: str | None = None, short: bool = False) -> None:
        command = [sys.executable, "-P", str(SIDE), *([item] if item else [])]
        self.tree, self.item = tree, item
        self._process = subprocess.Popen(
            [*command, "--short"] if short else command,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.steps: list[Any] = self._answer()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Side":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait()
        self._process.stdout.close()  # type: ignore[union-attr]

    def _answer(self) -> Any:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"{self.item or 'the list of items'} failed in {self.tree}")
        return json.loads(line)

    def round(self) -> Round:
        """Measure one round."""
        self._process.stdin.write("\n")  # type: ignore[union-attr]
        self._process.stdin.flush()  # type: ignore[union-attr]
        return self._answer()


@dataclass
class Compared:
    """The times of one step in both trees, nanoseconds an operation, by run and round."""

    item: str
    step: str
    before: list[list[float]] = field(default_factory=list)
    after: list[list[float]] = field(default_factory=list)
    same_answers: bool = True

    def ratios(self) -> list[float]:
        """Return the ratio of each run."""
        return [
            statistics.median(new / old for old, new in zip(before, after, strict=True))
            for before, after in zip(self.before, self.after, strict=True)
        ]

    def row(self) -> dict[str, Any]:
        """Return the figures of the step."""
        ratios = self.ratios()
        medians = [
            statistics.median(time for run in runs for time in run)
            for runs in (self.before, self.after)
        ]
        values = (*medians, statistics.median(ratios), min(ratios), max(ratios))
        return {
            "item": self.item,
            "step": self.step,
            **dict(zip(COLUMNS, values, strict=True)),
            "ratios": ratios,
            "same_answers": self.same_answers,
        }


def _together(sides: Sequence[Side], rounds: int, first: int) -> list[list[Round]]:
    """Measure all sides round by round; the side that begins changes each round."""
    measured: list[list[Round]] = [[] for _ in sides]
    for number in range(rounds + 1):
        order = [(place + first + number) % len(sides) for place in range(len(sides))]
        for place in order:
            measured[place].append(sides[place].round())
    return [each[1:] for each in measured]


def _apart(trees: Sequence[Path], item: str, short: bool, rounds: int) -> list[Any]:
    """Measure one tree after the other, for items whose size depends on free memory."""
    found = []
    for tree in trees:
        with Side(tree, item, short) as side:
            found.append((side.steps, _together([side], rounds, 0)[0]))
    return found


def one_run(
    trees: Sequence[Path], item: str, short: bool, rounds: int, first: int
) -> tuple[Any, Any]:
    """Measure an item once in both trees; return its steps and rounds for each of them."""
    with ExitStack() as stack:
        sides = [stack.enter_context(Side(tree, item, short)) for tree in trees]
        if _names(sides[0].steps) == _names(sides[1].steps):
            measured = _together(sides, rounds, first)
            return tuple((s.steps, m) for s, m in zip(sides, measured, strict=True))  # type: ignore[return-value]
    before, after = _apart(trees, item, short, rounds)
    return before, after


def _names(steps: list[Any]) -> list[str]:
    return [name for name, _ in steps]


def _note(steps: dict[str, Compared], item: str, found: tuple[Any, Any]) -> None:
    """Add a run to what is known of each step that both trees have."""
    (steps_before, before), (steps_after, after) = found
    places = {name: place for place, (name, _) in enumerate(steps_after)}
    for place, (name, operations) in enumerate(steps_before):
        if name not in places:
            continue
        there = places[name]
        step = steps.setdefault(name, Compared(item, name))
        step.before.append([one[place][0] / operations for one in before])
        step.after.append([one[there][0] / steps_after[there][1] for one in after])
        answers = [[one[place][1] for one in before], [one[there][1] for one in after]]
        step.same_answers &= answers[0] == answers[1]


def compare(before: Path, items: Sequence[str], *, runs: int, rounds: int, short: bool) -> Iterator:
    """Measure items of this tree and of the one before; yield the figures of each step."""
    trees = (before.resolve(), HERE)
    for item in items:
        steps: dict[str, Compared] = {}
        for number in range(runs):
            _note(steps, item, one_run(trees, item, short, rounds, number % 2))
        for step in steps.values():
            yield step.row()


def line(row: dict[str, Any]) -> str:
    """Format a row of the table."""
    times = "".join(f"{row[name]:>10.1f}" for name in COLUMNS[:2])
    ratios = "".join(f"{row[name]:>10.3f}" for name in COLUMNS[2:])
    remarks = [
        *(["slower"] if row["ratio"] > LIMIT else []),
        *([] if row["same_answers"] else ["other answers"]),
    ]
    return f"{row['step']:<56}{times}{ratios}  {', '.join(remarks)}".rstrip()


def common_items(before: Path) -> tuple[list[str], list[str]]:
    """Return the names of the items that both trees have, and of those that only one has."""
    with Side(before.resolve()) as one, Side(HERE) as other:
        both = [name for name in other.steps if name in one.steps]
        return both, sorted(set(one.steps) ^ set(other.steps))


def main(before: Path, only: Sequence[str], json_file: Path | None, **how: Any) -> int:
    """Print the table; return 1 if a step is slower than LIMIT allows.

    how: runs, rounds and short, as for `compare`.
    """
    both, single = common_items(before)
    if single and not only:
        print(f"only in one of the trees: {', '.join(single)}", file=sys.stderr)
    print(HEADING)
    rows = []
    for row in compare(before, only or both, **how):
        print(line(row), flush=True)
        rows.append(row)
    if json_file:
        json_file.write_text(json.dumps({**how, "items": rows}, indent=1) + "\n")
    slower = [row["step"] for row in rows if row["ratio"] > LIMIT]
    print(f"{len(slower)} of {len(rows)} slower by more than {LIMIT - 1:.0%}")
    return 1 if slower else 0
