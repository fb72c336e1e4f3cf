"""Describe what an experiment takes and returns, and check a grid against it.

An experiment needs no description. One that has a description can be listed by `zbudlab
experiments`, and a misspelt or invalid parameter is refused before the first point:

    @described({"free": ("frames", "free page frames at the end")})
    def free_after(frames: Annotated[int, Whole(64, 4096), "page frames"] = 1024, *, seed: int): ...

The metadata of a parameter are a kind, such as those of `zbudlab.io.values`, and a text.
"""

import difflib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from zbudlab.io.values import INT64_MAX, INT64_MIN, Choice, Kind, Number, Truth, Whole
from zbudlab.sweep.named import unwrapped
from zbudlab.sweep.points import SEED, Experiment, SweepError

WORDS = {Whole: "whole number", Number: "number", Truth: "true or false", Choice: "text"}
UNBOUNDED = (INT64_MIN, INT64_MAX, -float("inf"), float("inf"))
NOT_GIVEN = inspect.Parameter.empty
Described = TypeVar("Described", bound=Experiment)


@dataclass(frozen=True)
class Parameter:
    """A parameter of an experiment. kind: None = anything. about: what it is, in a few words."""

    name: str
    kind: Kind | None = None
    default: Any = NOT_GIVEN
    about: str = ""

    def fault(self, value: Any) -> str:
        """Say what is wrong with a value, or return ""."""
        return self.kind.fault(self.name, value) if self.kind is not None else ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `required` where there is no default."""
        found: dict[str, Any] = {"name": self.name, "kind": self._words(), "about": self.about}
        for name in ("low", "high"):
            if (bound := getattr(self.kind, name, UNBOUNDED[0])) not in UNBOUNDED:
                found[name] = bound
        if isinstance(self.kind, Choice):
            found["choices"] = list(self.kind.known)
        if self.default is NOT_GIVEN:
            return found | {"required": True}
        return found | {"default": self.default}

    def _words(self) -> str:
        words = str(WORDS.get(type(self.kind)) or getattr(self.kind, "words", "any"))
        return f"{words} or none" if getattr(self.kind, "optional", False) else words


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
    hints = _hints(function)
    named = [
        _parameter(found, hints)
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
            if fault := known[name].fault(value):
                raise SweepError(fault)


def _hints(function: Experiment) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # an annotation that cannot be evaluated, or not a function
        return {}


def _parameter(found: inspect.Parameter, hints: Mapping[str, Any]) -> Parameter:
    hint, kind, about = hints.get(found.name, Any), None, ""
    if typing.get_origin(hint) is typing.Annotated:
        metadata = typing.get_args(hint)[1:]
        kind = next((each for each in metadata if hasattr(each, "fault")), None)
        about = next((each for each in metadata if isinstance(each, str)), "")
    return Parameter(found.name, kind, found.default, about)
