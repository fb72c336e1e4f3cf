"""The points of a sweep: every combination of parameter values and seeds, each with a key."""

import hashlib
import importlib
import inspect
import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from zbudlab._version import __version__
from zbudlab.io.values import is_whole

Experiment = Callable[..., Mapping[str, Any]]
Point = dict[str, Any]  # parameters and seed: the arguments of the experiment
SEED = "seed"
OWN = ("error", "seconds", "zbudlab")  #: columns of a table that stand after the results


class SweepError(ValueError):
    """A sweep that cannot be meant, or a file that is not this sweep's."""


def canonical(value: Any) -> str:
    """JSON that is the same for equal values."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError):
        raise SweepError(
            f"parameters are numbers, texts, true, false, None, or lists and tables of these, "
            f"not {value!r}"
        ) from None


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:20]


def experiment_named(name: str) -> Experiment:
    """The function that "module:function" names."""
    module, _, function = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), function)
    except Exception as error:  # its module may be anybody's
        raise SweepError(
            f'no experiment {name!r}, which should be "module:function": '
            f"{type(error).__name__}: {error}"
        ) from None
    if not callable(found):
        raise SweepError(f"{name!r} is no function")
    return found


def _name(experiment: Experiment) -> str:
    """ "module:function", the same in every process; with the arguments that a partial brings."""
    if isinstance(experiment, partial):
        given = canonical([list(experiment.args), experiment.keywords])
        return f"{_name(experiment.func)} with {given}"
    named = experiment if hasattr(experiment, "__qualname__") else type(experiment)
    return f"{named.__module__}:{named.__qualname__}"


def _source(experiment: Experiment) -> str:
    """A digest of the experiment's own text; empty where it is not to be had."""
    while isinstance(experiment, partial):
        experiment = experiment.func
    try:
        return hashlib.sha256(inspect.getsource(experiment).encode()).hexdigest()[:20]
    except (OSError, TypeError):
        return ""


def _values(name: str, given: Any) -> list[Any]:
    """The values of one parameter; a single one stands for itself."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        return [given]
    values = [value.item() if hasattr(value, "item") else value for value in given]
    if not values:
        raise SweepError(f"parameter {name} has no values")
    return values


def _check_arguments(experiment: Experiment, names: Iterable[str]) -> None:
    """SweepError where the experiment cannot be called with parameters of these names."""
    try:
        signature = inspect.signature(experiment)
    except (TypeError, ValueError):  # of a function that is not Python's
        return
    try:
        signature.bind(**dict.fromkeys(names))
    except TypeError as error:
        called = getattr(experiment, "__name__", repr(experiment))
        raise SweepError(
            f"{called}{signature} cannot be called with the grid's parameters and a seed: {error}"
        ) from None


def _seeds(given: Iterable[int] | int) -> tuple[int, ...]:
    """The seeds; given: how many, from 0, or which."""
    if not is_whole(given) and not isinstance(given, Iterable):
        raise SweepError(f"seeds are a number, or a list of numbers, not {given!r}")
    chosen = list(range(given) if is_whole(given) else given)  # type: ignore[arg-type]
    if not all(is_whole(seed) for seed in chosen):
        raise SweepError(f"seeds must be whole numbers, not {chosen}")
    if not chosen or len(set(chosen)) < len(chosen):
        raise SweepError(f"seeds must be one or more, each once, not {chosen}")
    return tuple(int(seed) for seed in chosen)


@dataclass(frozen=True)
class Plan:
    """An experiment and where to run it: the product of the grid's values and the seeds.

    grid: values by parameter; a single value stands for itself.
    """

    experiment: Experiment
    grid: Mapping[str, Any]
    seeds: tuple[int, ...]

    @classmethod
    def of(
        cls, experiment: Experiment | str, grid: Mapping[str, Any], seeds: Iterable[int] | int
    ) -> "Plan":
        """A plan from what a user gives; seeds: how many, from 0, or which."""
        if isinstance(experiment, str):
            experiment = experiment_named(experiment)
        if SEED in grid:
            raise SweepError("seeds are given beside the grid, not in it")
        if taken := set(grid) & set(OWN):
            raise SweepError(
                f"a parameter cannot be called {min(taken)}: the table has such a column of its own"
            )
        _check_arguments(experiment, [*grid, SEED])
        return cls(experiment, {n: _values(n, v) for n, v in grid.items()}, _seeds(seeds))

    @cached_property
    def points(self) -> list[Point]:
        """All points; the last parameter changes fastest, and the seed faster than that."""
        every = itertools.product(*self.grid.values(), self.seeds)
        return [dict(zip([*self.grid, SEED], values, strict=True)) for values in every]

    def __len__(self) -> int:
        return math.prod(map(len, self.grid.values())) * len(self.seeds)

    @property
    def name(self) -> str:
        """The experiment as "module:function"."""
        return _name(self.experiment)

    @cached_property
    def keys(self) -> list[str]:
        """A hash for each point: of its values, the experiment and the version."""
        keys = [_digest([self.name, __version__, point]) for point in self.points]
        if len(set(keys)) < len(keys):
            raise SweepError("a value stands twice in the grid")
        return keys

    @cached_property
    def header(self) -> dict[str, Any]:
        """What must be equal for results to be of the same sweep."""
        return {
            "zbudlab": __version__,
            "experiment": self.name,
            "source": _source(self.experiment),
            "grid": json.loads(canonical(self.grid)),
            "seeds": list(self.seeds),
        }
