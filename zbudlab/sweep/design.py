"""The design of a sweep: every combination of parameter values and seeds, each with a key."""

import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zbudlab._version import __version__
from zbudlab.io.arguments import checked
from zbudlab.io.values import is_whole
from zbudlab.sweep import description, named, sources
from zbudlab.sweep.points import (
    MOST_POINTS,
    OWN,
    SEED,
    Experiment,
    Point,
    SweepError,
    canonical,
    digest,
)


def _limited(name: str, given: Iterable[Any]) -> list[Any]:
    """Return the values as a list, without running out of memory for a huge range."""
    values = list(itertools.islice(given, MOST_POINTS + 1))
    if len(values) > MOST_POINTS:
        raise SweepError(f"{name} has too many values: a sweep has at most {MOST_POINTS:,} points")
    return values


def _values(name: str, given: Any) -> list[Any]:
    """Return the values of one parameter; a single value is a list of one."""
    if isinstance(given, (np.ndarray, np.generic)):
        given = given.tolist()
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        given = [given]
    values = [
        value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        for value in _limited(f"parameter {name}", given)
    ]
    if not values:
        raise SweepError(f"parameter {name} has no values")
    return values


def _seeds(given: Iterable[int] | int) -> tuple[int, ...]:
    """Return the seeds. given: how many, from 0, or which."""
    if isinstance(given, (int, np.integer)) and is_whole(given):
        given = range(int(given))
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise SweepError(f"seeds are a number, or a list of numbers, not {given!r}")
    chosen = _limited("seeds", given)
    if not all(is_whole(seed) for seed in chosen):
        raise SweepError(f"seeds must be whole numbers, not {chosen}")
    if not chosen or len(set(chosen)) < len(chosen):
        raise SweepError(f"seeds must be one or more, each once, not {chosen}")
    return tuple(int(seed) for seed in chosen)


def _check_names(grid: Any) -> None:
    """Raise SweepError unless a grid has parameters by name, none with a reserved name."""
    if not isinstance(grid, Mapping):
        raise SweepError(f"a grid has values by parameter name, as a dict, not {grid!r}")
    if SEED in grid:
        raise SweepError("seeds are given separately, not in the grid")
    if taken := set(grid) & set(OWN):
        raise SweepError(
            f"a parameter cannot be called {min(taken)}: every table has a column of that name"
        )


@dataclass(frozen=True)
class Design:
    """An experiment and where to run it: the product of the grid's values and the seeds.

    name: the experiment as "module:function". grid: lists of values by parameter. files: digests
    of what the results depend on besides the values, by name (see `zbudlab.sweep.sources`).
    """

    experiment: Experiment
    name: str
    grid: Mapping[str, list[Any]]
    seeds: tuple[int, ...]
    files: Mapping[str, str]

    @classmethod
    @checked()
    def of(
        cls, experiment: Experiment | str, grid: Mapping[str, Any], seeds: Iterable[int] | int
    ) -> "Design":
        """Check what a user gives and make a design of it; SweepError for invalid arguments.

        experiment: a function or "module:function". grid: values by parameter, a single value
        for one that does not change. seeds: how many, from 0, or which.
        """
        if isinstance(experiment, str):
            experiment = named.experiment_named(experiment)
        _check_names(grid)
        named.check_arguments(experiment, [*grid, SEED])
        values = {name: _values(name, given) for name, given in grid.items()}
        chosen = _seeds(seeds)
        count = math.prod(map(len, values.values())) * len(chosen)
        if count > MOST_POINTS:
            raise SweepError(
                f"this sweep has {count:,} points: at most {MOST_POINTS:,} are allowed"
            )
        canonical(values)
        description.check_grid(experiment, values)
        files = sources.digests(experiment, values)
        return cls(experiment, named.name_of(experiment), values, chosen, files)

    @cached_property
    def points(self) -> list[Point]:
        """All points; the seed changes fastest, then the last parameter."""
        every = itertools.product(*self.grid.values(), self.seeds)
        return [dict(zip([*self.grid, SEED], values, strict=True)) for values in every]

    def __len__(self) -> int:
        return math.prod(map(len, self.grid.values())) * len(self.seeds)

    @cached_property
    def keys(self) -> list[str]:
        """A hash for each point: of its values, the experiment and the version."""
        start = [self.name, __version__]
        keys = [digest(canonical([*start, point])) for point in self.points]
        if len(set(keys)) < len(keys):
            raise SweepError("the grid has a value twice")
        return keys

    @cached_property
    def header(self) -> dict[str, Any]:
        """The values that must be equal for results to belong to the same sweep."""
        return {
            "zbudlab": __version__,
            "experiment": self.name,
            "files": dict(self.files),
            "grid": json.loads(canonical(self.grid)),
            "seeds": list(self.seeds),
        }
