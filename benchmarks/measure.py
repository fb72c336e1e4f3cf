"""Take times of all sides in turn, in one process, on the same inputs.

Time is the CPU time of the thread, or wall time where several threads work. A ratio is the other
side's time over ours in the same round: above 1 we are faster. If sides give different answers,
the run ends.
"""

import statistics
import time
from collections import Counter
from typing import Any

from benchmarks.item import Call, Case, Step

OURS = "ours"


def timed(call: Call, wall: bool = False) -> tuple[int, int | None]:
    """Return the nanoseconds that a call took, CPU or wall time, and its answer."""
    clock = time.perf_counter_ns if wall else time.thread_time_ns
    start = clock()
    answer = call()
    return clock() - start, answer


def one_pass(step: Step, turn: int) -> dict[str, int]:
    """Time every side once, a different one first each turn; return nanoseconds by side."""
    sides = [(OURS, step.ours), *step.theirs.items()]
    first = turn % len(sides)
    results = {name: timed(call, step.wall) for name, call in sides[first:] + sides[:first]}
    answers = {name: int(each) for name, (_, each) in results.items() if each is not None}
    if len(set(answers.values())) > 1:
        raise SystemExit(f"{step.name}: the sides disagree: {answers}")
    return {name: nanoseconds for name, (nanoseconds, _) in results.items()}


def measure(case: Case, rounds: int) -> list[dict[str, Any]]:
    """Return the figures of each step of a case; its first round warms up and does not count."""
    times: list[list[Counter]] = [[] for _ in case.steps]
    turn = 0
    rounds = min(rounds, case.rounds or rounds)
    for _ in range(rounds + 1):
        for kept in times:
            kept.append(Counter())
        for _ in range(case.passes):
            case.prepare()
            for step, kept in zip(case.steps, times, strict=True):
                kept[-1].update(one_pass(step, turn))
            turn += 1
    return [
        found(step, case.passes * step.operations, kept[1:])
        for step, kept in zip(case.steps, times, strict=True)
    ]


def spread(values: list[float]) -> dict[str, float]:
    """Return the least, the median and the greatest value."""
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def found(step: Step, operations: int, times: list[Counter]) -> dict[str, Any]:
    """Return the figures of a step: nanoseconds per operation, and ratios of other sides."""
    sides = {
        side: {
            "ns": spread([round_[side] / operations for round_ in times]),
            "ratio": spread([round_[side] / round_[OURS] for round_ in times]),
            "must": step.must.get(side),
            "aim": step.aim.get(side),
        }
        for side in step.theirs
    }
    ours = spread([round_[OURS] / operations for round_ in times])
    row = {"item": step.name, "rounds": len(times), "ns": ours, "sides": sides}
    return row if step.most is None else {**row, "most": step.most}
