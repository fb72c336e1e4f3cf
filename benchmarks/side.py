"""Measure one item of the source tree that this process imports, a round for each line read.

python -P benchmarks/side.py           print the names of all items
python -P benchmarks/side.py ITEM [--short]

`benchmarks.against` starts this file in two source trees in turn. It imports `benchmarks` from the
tree that PYTHONPATH names, so it uses only names that every tree has. Answers are lines of JSON:
first the name and the number of operations of each step, then for each line read the nanoseconds
and the answer of each step. C is not run, and what else an item compares with is not timed.
"""

import json
import os
import sys
from typing import Any, TextIO

from benchmarks.item import ITEMS, Setup, load_items
from benchmarks.measure import timed


def own_channel() -> TextIO:
    """Return standard output for answers only; what items print goes to standard error."""
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return channel


def one_round(case: Any) -> list[tuple[int, int]]:
    """Do every step `case.passes` times; return its nanoseconds and the sum of its answers."""
    times, answers = [0] * len(case.steps), [0] * len(case.steps)
    for _ in range(case.passes):
        case.prepare()
        for number, step in enumerate(case.steps):
            nanoseconds, answer = timed(step.ours, step.wall)
            times[number] += nanoseconds
            answers[number] += int(answer or 0)
            for other in step.theirs.values():  # some items check that every side did its work
                other()
    return list(zip(times, answers, strict=True))


def main() -> None:
    """List the items, or measure one until standard input ends."""
    channel = own_channel()
    load_items()
    if len(sys.argv) == 1:
        print(json.dumps(list(ITEMS)), file=channel, flush=True)
        return
    case = ITEMS[sys.argv[1]](Setup(with_c=False, short="--short" in sys.argv))
    steps = [(step.name, case.passes * step.operations) for step in case.steps]
    print(json.dumps(steps), file=channel, flush=True)
    for _ in sys.stdin:
        print(json.dumps(one_round(case)), file=channel, flush=True)


if __name__ == "__main__":
    main()
