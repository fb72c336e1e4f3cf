"""A long random test: `python -m tests.soak`, or for hours: `python -m tests.soak --hours 8`.

Rounds (see `tests.rounds`) are played one after the other in several processes, until so many
operations are done or the time is up. What was done is kept in a folder; started again with the
same seed, the test goes on with the next round. A failure prints the seed and round that repeat
it, and leaves a shrunk log in the folder.

Counted are what the engines did: pages touched, written out, read back, written back, moved,
freed, and calls. `check()` comes after every so many of these, and at the end of a round.
"""

import argparse
import contextlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tests import rounds
from zbudlab.io.files import written_whole

SHORT = 10**7
LONG = 10**9  #: operations that a test for hours is on its way to


def play_round(seed: int, number: int, every: int) -> dict[str, Any]:
    """One round, as plain values; `failed` says how it failed."""
    config, rows = rounds.setup(seed, number), rounds.script(seed, number)
    try:
        pair, checks, pages = rounds.play(config, rows, every)
    except rounds.Failed as failed:
        return {"round": number, "failed": str(failed), "done": failed.pair.done()}
    result = {"round": number, "failed": "", "checks": checks, "pages": pages}
    return result | {"done": pair.done(), "refused": pair.refused}


def results(seed: int, first: int, every: int, workers: int) -> Iterator[dict[str, Any]]:
    """What becomes of rounds `first`, `first` + 1, ...: in order, for as long as it is asked."""
    numbers = count(first)
    with ProcessPoolExecutor(workers) as pool:
        waiting: list[Future] = []
        try:
            while True:
                while len(waiting) < 2 * workers:
                    waiting.append(pool.submit(play_round, seed, next(numbers), every))
                yield waiting.pop(0).result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class Progress:
    """What was done so far, kept in a file if there is a folder for it."""

    def __init__(self, seed: int, folder: Path | None) -> None:
        self.seed = seed
        self.path = folder / f"seed-{seed}.json" if folder else None
        kept = json.loads(self.path.read_text()) if self.path and self.path.exists() else {}
        self.next_round = kept.get("next_round", 0)
        self.checks = kept.get("checks", 0)
        self.pages = kept.get("pages", 0)
        self.done = Counter(kept.get("done", {}))
        self.refused = Counter(kept.get("refused", {}))

    def add(self, result: dict[str, Any]) -> None:
        """Count a round that went well."""
        self.next_round = result["round"] + 1
        self.checks += result["checks"]
        self.pages += result["pages"]
        self.done += result["done"]
        self.refused += result["refused"]
        if self.path:
            kept = {name: value for name, value in vars(self).items() if name != "path"}
            with written_whole(self.path) as file:
                file.write(json.dumps(kept, indent=1).encode())

    def report(self) -> str:
        """All counts, for people."""
        lines = [f"{n:>15,} {kind}" for kind, n in self.done.most_common()]
        refused = ", ".join(f"{n:,} {name}" for name, n in self.refused.most_common())
        return "\n".join(
            [
                f"{self.done.total():,} engine operations in {self.next_round:,} rounds:",
                *lines,
                f"{self.checks:,} checks; {self.pages:,} pages compared at the end of rounds, "
                "all intact",
                f"refused by the machines: {refused or 'nothing'}",
            ]
        )


def explain(seed: int, result: dict[str, Any], folder: Path, seconds: float) -> str:
    """Shrink a failed round, save its log; what to tell."""
    number = result["round"]
    config, rows = rounds.setup(seed, number), rounds.script(seed, number)
    failed = rounds.failure(config, rows)
    if failed is None:
        return f"seed {seed}, round {number} {result['failed']}\nplayed again, it does not fail"
    short = rounds.shrunk(config, rows, failed, seconds)
    path = folder / f"failure-{seed}-{number}.npz"
    folder.mkdir(parents=True, exist_ok=True)
    rounds.save_failure(config, short, path)
    names = ", ".join(rounds.ACTIONS[which].run.__name__ for which in short[:, 0])
    return (
        f"seed {seed}, round {number} {result['failed']}\n"
        f"to repeat it: python -m tests.soak --seed {seed} --round {number}\n"
        f"shrunk to {len(short)} operations: {names}\n"
        f"their log is {path}"
    )


def soak(asked: argparse.Namespace, progress: Progress) -> str:
    """Play rounds; an explanation of the first failure, or ""."""
    end = time.monotonic() + 3600 * asked.hours if asked.hours else None
    goal = asked.operations or (LONG if asked.hours else SHORT)
    bar = tqdm(total=goal, initial=progress.done.total(), unit="op", unit_scale=True)
    played = results(asked.seed, progress.next_round, asked.every, asked.workers)
    with contextlib.closing(played), bar:
        for result in played:
            if result["failed"]:
                return explain(asked.seed, result, asked.folder or Path(), asked.shrink)
            progress.add(result)
            bar.update(result["done"].total())
            if progress.done.total() >= goal or (end and time.monotonic() > end):
                return ""
    return ""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=0.0, help="go on for so long, resumable")
    parser.add_argument("--operations", type=int, default=0, help="or until so many are done")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--round", type=int, help="play this one round and no other")
    parser.add_argument("--every", type=int, default=10_000, help="operations between checks")
    parser.add_argument("--folder", type=Path, help="where progress and failures are kept")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--shrink", type=float, default=60.0, help="seconds to shrink a failure")
    asked = parser.parse_args()
    if asked.hours and not asked.folder:
        asked.folder = Path("soak")
    return asked


def main() -> int:
    asked = arguments()
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    if asked.round is not None:
        result = play_round(asked.seed, asked.round, asked.every)
        failed = result["failed"]
        print(
            explain(asked.seed, result, asked.folder or Path(), asked.shrink) if failed else result
        )
        return 1 if failed else 0
    progress = Progress(asked.seed, asked.folder)
    try:
        failed = soak(asked, progress)
    except KeyboardInterrupt:
        failed = ""
    print(progress.report())
    if failed:
        print(failed, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
