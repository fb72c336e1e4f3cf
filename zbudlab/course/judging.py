"""Compare what functions do with what they should do, one ability at a time.

A *trier* runs a case on the student's functions, in this process (`Here`) or behind bubblewrap
(`zbudlab.course.grading`). `Reference` gives the right answers. Both go through the same probes.
"""

import inspect
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from zbudlab.course.contract import LINUX, Ability, Case, Exercise, Setting, random_of
from zbudlab.course.probes import Bench, kernel, looked, looked_plainly, observe
from zbudlab.course.probes.imports import replacements
from zbudlab.course.reasons import Failure, failure


class Trier(Protocol):
    """An object that can run a case on functions."""

    def observe(self, ability: Ability, case: Case) -> dict[str, Any]:
        """Return {"answer": ...} or {"error": a line}."""


def plugs(exercise: Exercise, ability: Ability) -> dict[str, str]:
    """Return the kernels that an ability's functions replace, by the students' names."""
    found = {name: exercise.references.get(name) for name in ability.functions}
    return {name: kernel for name, kernel in found.items() if isinstance(kernel, str)}


def others(exercise: Exercise, ability: Ability) -> dict[str, Any]:
    """Return the replacements of the student's other functions, by their names.

    Kernels are given by name, other right functions by their source text; see `probes.stand_in`.
    So a mistake elsewhere costs nothing here.
    """
    absent = exercise.hidden_from(ability)
    found: dict[str, Any] = {}
    for name, reference in exercise.references.items():
        if name in ability.functions or name in absent or reference in absent:
            continue
        if isinstance(reference, str):
            found[name] = reference
        elif callable(reference):
            found[name] = {"name": name, "source": _sources(exercise, ability)}
    return found


def _sources(exercise: Exercise, ability: Ability) -> str:
    """Return the sources of an exercise's right functions, without those that are tried."""
    texts = [
        inspect.getsource(reference)
        for name, reference in exercise.references.items()
        if callable(reference) and name not in ability.functions
    ]
    return "\n\n".join(["from __future__ import annotations", *texts])


class Here:
    """Run functions in this process: the notebook's, or trusted ones.

    bench: of the last case, None if a function was missing.

    seconds: the time limit of a case; None = no limit.
    """

    look = staticmethod(looked_plainly)  # what foreign functions leave in memory may be anything
    trusted = False

    def __init__(
        self, exercise: Exercise, functions: Mapping[str, Any], seconds: float | None = None
    ) -> None:
        self.exercise = exercise
        self.functions = functions
        self.seconds = seconds
        self.bench: Bench | None = None
        self.spent = 0.0  # seconds of computing

    def observe(self, ability: Ability, case: Case) -> dict[str, Any]:
        given = {n: self.functions[n] for n in ability.functions if n in self.functions}
        mine = {n: f for n, f in given.items() if getattr(f, "__module__", "") == "__main__"}
        self.bench = None
        needed = given | replacements(mine)  # a function compiled with numba, such as
        missing = [name for name in ability.functions if name not in needed]
        if missing:
            return {"error": f"there is no {missing[0]}"}
        self.bench = Bench(needed, plugs(self.exercise, ability), others(self.exercise, ability))
        side = ability.outside(case)
        side.look, side.trusted = self.look, self.trusted
        self.bench.ask = side.hear
        begin = time.process_time()
        outcome = observe(ability.probe_of(case), self.bench, side.given(), self.seconds)
        self.spent += time.process_time() - begin
        return side.outcome(outcome)


class _Trusted(Here):
    """Run right functions, which leave memory that compiled code can read."""

    look = staticmethod(looked)
    trusted = True


def reference_functions(exercise: Exercise) -> dict[str, Any]:
    """Return the right functions under the kernel's rule: kernels or the exercise's functions."""
    return {name: _reference(found) for name, found in exercise.references.items()}


def _reference(found: Any) -> Any:
    return kernel(found) if isinstance(found, str) else found


class Reference:
    """Right answers under a setting. functions: those of a rule that is not the kernel's."""

    def __init__(
        self, exercise: Exercise, setting: Setting, functions: Mapping[str, Any] | None = None
    ) -> None:
        if functions is None and setting.rule is not LINUX:
            raise ValueError(f"the package holds no reference for the rule {setting.rule.name!r}")
        self.setting = setting
        own = reference_functions(exercise)
        self.here = _Trusted(exercise, own | dict(functions or {}))

    def answer(self, ability: Ability, case: Case) -> Any:
        """Return the right answer to a case; None if a judge decides."""
        if ability.judge:
            return None
        found = ability.expected(self.setting, case) if ability.expected else None
        return self.computed(ability, case) if found is None else found

    def computed(self, ability: Ability, case: Case) -> Any:
        """Return the answer, computed with the reference functions."""
        outcome = self.here.observe(ability, case)
        if "error" in outcome:
            raise RuntimeError(f"the reference fails at {ability.name}, {case}: {outcome['error']}")
        return outcome["answer"]


@dataclass(frozen=True)
class Paper:
    """A case with its right answer; students never see hidden ones."""

    case: Case
    expected: Any
    hidden: bool = False


def papers(
    exercise: Exercise, ability: Ability, reference: Reference, seed: str | None = None
) -> list[Paper]:
    """Return all cases of an ability with their answers; hidden ones only with a seed."""
    setting = reference.setting
    found = [Paper(case, reference.answer(ability, case)) for case in ability.visible(setting)]
    if seed is not None:
        random = random_of(seed, exercise.name, ability.name)
        found += [
            Paper(case, reference.answer(ability, case), hidden=True)
            for case in ability.hidden(setting, random)
        ]
    return found


@dataclass(frozen=True)
class Result:
    """The result of an ability: all of its points or none, and the first failing case."""

    ability: Ability
    earned: int
    failure: Failure | None = None
    hidden: bool = False


def judged(ability: Ability, trier: Trier, cases: Iterable[Paper]) -> Result:
    """Return the result of an ability: its points if every case is right."""
    for paper in cases:
        found = failure(ability, paper.case, trier.observe(ability, paper.case), paper.expected)
        if found is not None:
            return Result(ability, 0, found, paper.hidden)
    return Result(ability, ability.points)
