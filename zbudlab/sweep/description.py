"""Describe what an experiment takes and returns, and check a grid against it.

An experiment needs no description. One that has it can be listed by `zbudlab experiments`, and a
misspelt or invalid parameter is refused before the first point:

    @described({"free": ("frames", "free page frames at the end")})
    def free_after(frames: Annotated[int, Values(64, 1 << 24)] = 4096, *, seed: int): ...
"""

import difflib
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from zbudlab.io.values import is_whole
from zbudlab.sweep.named import unwrapped
from zbudlab.sweep.points import SEED, Experiment, SweepError

KINDS = {int: "whole number", float: "number", str: "text", bool: "true or false"}
NOT_GIVEN = inspect.Parameter.empty
Described = TypeVar("Described", bound=Experiment)


@dataclass(frozen=True)
class Values:
    """Which values a parameter takes, as metadata of `typing.Annotated`.

    low, high: bounds, included. choices: the only values. check: raises ValueError for a value
    that is invalid. about: what the parameter is, in a few words.
    """

    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    check: Callable[[Any], object] | None = None
    about: str = ""

    def fault_of(self, value: Any) -> str:
        """Say what is wrong with a value, "" if nothing is."""
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(map(str, self.choices))}, not {value!r}"
        if _is_number(value):
            if self.low is not None and not value >= self.low:  # NaN is refused, too
                return f"must be at least {self.low}, not {value!r}"
            if self.high is not None and not value <= self.high:
                return f"must be at most {self.high}, not {value!r}"
        try:
            if self.check is not None:
                self.check(value)
        except ValueError as error:
            return f"is invalid: {error}"
        return ""


@dataclass(frozen=True)
class Parameter:
    """A parameter of an experiment. kinds: the types it takes, empty = unknown."""

    name: str
    kinds: tuple[type, ...] = ()
    default: Any = NOT_GIVEN
    values: Values = field(default_factory=Values)

    @property
    def kind(self) -> str:
        """The kinds in words."""
        return " or ".join(KINDS.get(kind, "none") for kind in self.kinds) or "any"

    def fault_of(self, value: Any) -> str:
        """Say what is wrong with a value, "" if nothing is."""
        if self.kinds and not any(_is_of(value, kind) for kind in self.kinds):
            return f"must be a {self.kind}, not {value!r}"
        return "" if value is None else self.values.fault_of(value)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `required` where there is no default."""
        found: dict[str, Any] = {"name": self.name, "kind": self.kind, "about": self.values.about}
        for name in ("low", "high"):
            if (bound := getattr(self.values, name)) is not None:
                found[name] = bound
        if self.values.choices:
            found["choices"] = list(self.values.choices)
        if self.default is NOT_GIVEN:
            return found | {"required": True}
        return found | {"default": self.default}


def described(
    results: Mapping[str, tuple[str, str]], *, settings: tuple[Parameter, ...] = ()
) -> Callable[[Described], Described]:
    """Describe an experiment: its results as name: (unit, meaning).

    settings: the parameters that `**settings` of the experiment takes.
    """

    def made(experiment: Described) -> Described:
        experiment.results = dict(results)  # type: ignore[attr-defined]
        experiment.settings = tuple(settings)  # type: ignore[attr-defined]
        return experiment

    return made


def parameters_of(experiment: Experiment) -> list[Parameter]:
    """Return the parameters of an experiment except the seed, settings last."""
    function = unwrapped(experiment)
    named = [
        _parameter(found, _hints(function))
        for found in inspect.signature(experiment).parameters.values()
        if found.kind not in (found.VAR_KEYWORD, found.VAR_POSITIONAL) and found.name != SEED
    ]
    taken = {parameter.name for parameter in named}
    settings = getattr(function, "settings", ())
    return named + [each for each in settings if each.name not in taken | {SEED}]


def check_grid(experiment: Experiment, grid: Mapping[str, list[Any]]) -> None:
    """Raise SweepError for a name or a value that a described experiment does not take."""
    if not hasattr(unwrapped(experiment), "results"):
        return
    known = {parameter.name: parameter for parameter in parameters_of(experiment)}
    for name, values in grid.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(known)}"
            raise SweepError(f"the experiment has no parameter {name}: {hint}")
        for value in values:
            if fault := known[name].fault_of(value):
                raise SweepError(f"{name} {fault}")


def kinds_of(annotation: Any) -> tuple[type, ...]:
    """Return the simple types of an annotation; () if it has others."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        found = typing.get_args(annotation)
    else:
        found = (annotation,)
    known = (*KINDS, types.NoneType)
    return tuple(found) if all(kind in known for kind in found) else ()


def _hints(function: Experiment) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # an annotation that cannot be evaluated, or no function
        return {}


def _parameter(found: inspect.Parameter, hints: Mapping[str, Any]) -> Parameter:
    hint, values = hints.get(found.name, Any), Values()
    if typing.get_origin(hint) is typing.Annotated:
        hint, *metadata = typing.get_args(hint)
        values = next((each for each in metadata if isinstance(each, Values)), values)
    return Parameter(found.name, kinds_of(hint), found.default, values)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_of(value: Any, kind: type) -> bool:
    """Return whether a value is of a kind; a whole number is a number, too."""
    if kind is int:
        return is_whole(value)
    return _is_number(value) if kind is float else isinstance(value, kind)
