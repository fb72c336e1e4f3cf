"""Probes for a student's experiment: its results, its points, and whether it repeats."""

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from zbudlab.course.probes import Bench
from zbudlab.machine import Machine

FRAMES = 96  #: of the machines that a check runs
GIVEN = ("frames", "seed")  #: what a run gets anyway; `plan` refuses them in a grid


@contextlib.contextmanager
def counted() -> Iterator[list[int]]:
    """Record all operations of machines by their size (usually pages) within a block."""
    sizes: list[int] = []
    perform = Machine._perform

    def noted(machine: Machine, name: str, arguments: Any, run: Any) -> int:
        sizes.append(len(arguments))
        return perform(machine, name, arguments, run)

    Machine._perform = noted  # type: ignore[method-assign,assignment]
    try:
        yield sizes
    finally:
        Machine._perform = perform  # type: ignore[method-assign]


def _grid(bench: Bench) -> dict[str, list[Any]]:
    """Return the student's grid; a single value becomes a list of one, as in a sweep."""
    grid = dict(bench.functions["grid"]())
    return {
        name: list(values) if isinstance(values, (list, tuple, range)) else [values]
        for name, values in grid.items()
    }


def plan(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the grid and the seeds."""
    seeds = bench.functions["seeds"]()
    return {"grid": _grid(bench), "seeds": seeds if isinstance(seeds, int) else list(seeds)}


def runs(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the results at some points of the grid, and how much the machines did.

    case: places (0 = the first value of each parameter, towards 1 = the last), seed.
    """
    grid, found = _grid(bench), []
    with counted() as sizes:
        for place in case["places"]:
            point = {
                name: values[int(place * len(values))]
                for name, values in grid.items()
                if name not in GIVEN
            }
            results = bench.functions["experiment"](frames=FRAMES, seed=case["seed"], **point)
            found.append({"point": point, "results": results})
    return {"points": found, "work": sum(sizes) // len(case["places"])}


def repeats(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the experiment's results for each seed of the case, in order."""
    found = []
    with counted() as sizes:
        for number, seed in enumerate(case["seeds"]):
            random.seed(number)  # what others do with shared generators is none of its business
            np.random.seed(number)  # noqa: NPY002
            found.append(bench.functions["experiment"](frames=FRAMES, seed=seed))
    return {"results": found, "work": sum(sizes) // len(case["seeds"])}


def intervals(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the interval of some values, twice. case: values, seed."""
    values, seed = case["values"], case["seed"]
    return [list(bench.functions["interval"](list(values), seed)) for _ in range(2)]
