"""The structure of an exercise: abilities with points, tested by cases that a probe runs.

A *case* is plain data (what JSON can hold). A *probe* of `zbudlab.course.probes` runs functions on
a case and returns plain data. With the student's functions it returns what they do, with the
reference functions what they should do. The comparison of the two decides, and it is never made in
the student's process.
"""

import hashlib
import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zbudlab.io.values import INT64_MAX, INT64_MIN, fault_of, is_whole, shown

Case = dict[str, Any]
Why = Callable[[Case, Any, Any], str]
Judge = Callable[[Case, Any], str]


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule for an exercise. text: one or two sentences for the student.

    changes: the functions that differ under it, by the student's names. settings: plain values
    that the cases may need, such as {"chunk_size": 128}. tells: by ability, the title, hints or
    why that replace the usual ones.
    """

    name: str
    text: str
    changes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    tells: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


#: The error for an invalid answer; details could reveal the grader's memory.
CANNOT_BE_READ = "its answer cannot be read"
LINUX = Rule("linux", "As in the kernel: no rule is changed.")


@dataclass(frozen=True)
class Setting:
    """The inputs of cases: the rule, and the student's number for numeric questions."""

    rule: Rule = LINUX
    student: int = 0


Cases = Callable[[Setting], Iterable[Case]]
Drawn = Callable[[Setting, np.random.Generator], Iterable[Case]]


def no_cases(setting: Setting, random: np.random.Generator) -> Iterable[Case]:
    """Return no cases, for abilities without any."""
    return ()


def _nothing_to_see(probe: str, case: Case) -> Any:
    raise ValueError(f"no trier looks at memory with {probe}")


class Outside:
    """The part of a case that stays outside the student's process; here nothing.

    look: runs a probe that examines bytes written by a student, and returns what it found; raises
    ValueError if they cannot be read. The trier sets it; the grader uses a sandbox. trusted:
    whether the functions are right ones. Subclasses are in `zbudlab.course.grader_side`.
    """

    def __init__(self, case: dict[str, Any]) -> None:
        self.case = case
        self.look: Callable[[str, Case], Any] = _nothing_to_see
        self.trusted = False

    def given(self) -> dict[str, Any]:
        """Return the part of the case that the probe gets."""
        return self.case

    def hear(self, question: Any) -> Any:
        """Return the reply to a question that the probe asks while it runs."""
        raise ValueError("there is nothing to ask")

    def seen(self, answer: Any) -> Any:
        """Return what is compared, from the probe's answer.

        Raise ValueError for an answer that no probe gives.
        """
        return answer

    def outcome(self, observed: dict[str, Any]) -> dict[str, Any]:
        """Return an outcome with `seen` applied: {"answer": ...} or {"error": a line}."""
        if "answer" not in observed:
            return observed
        try:
            return {"answer": self.seen(observed["answer"])}
        except (ArithmeticError, LookupError, TypeError, ValueError):
            return {"error": CANNOT_BE_READ}


@dataclass(frozen=True)
class Ability:
    """Something the student's functions can do: it earns all of its points or none.

    name: one word or two with hyphens, also the end of the notebook cell's grade_id.
    title: ends the sentence "Your code ...".
    probe: `module.function` in zbudlab.course.probes; functions: what it needs from the student.
    visible: cases shown to the student; hidden: drawn after submission; both in growing size.
    hints: shown one after another; they cost nothing.
    why: a clause that explains a difference, or a function (case, got, expected) that gives one.
    expected: gives the right answer where that does not come from the reference (goldens, numbers);
        None for a case that the reference should answer anyway.
    judge: where many answers are right, (case, got) -> what is wrong with this one, "" for nothing;
        then there is no right answer to compare with.
    shrinks: fields of a case that are lists whose items may be left out to find a smaller one.
    tolerance: how far a number may be off, relative.
    outside: what of a case stays outside the student's process (`zbudlab.course.grader_side`).
    """

    name: str
    title: str
    points: int
    probe: str
    functions: tuple[str, ...]
    visible: Cases
    hidden: Drawn = no_cases
    hints: tuple[str, ...] = ()
    why: str | Why = ""
    expected: Callable[[Setting, Case], Any] | None = None
    judge: Judge | None = None
    shrinks: tuple[str, ...] = ()
    tolerance: float = 0.0
    outside: Callable[[Case], Outside] = Outside

    def probe_of(self, case: Case) -> str:
        """Return the probe for a case: the one it names, or the ability's."""
        return str(case.get("probe", self.probe))


@dataclass(frozen=True)
class Exercise:
    """An exercise: its abilities, and the source of right answers.

    references: the right version of each function that the student writes: the name of a kernel
    ("zbud.zbud_alloc"), a function of the exercise, or None for a number. equivalents: for a
    student's function, other kernels that do the same work; the grading sandbox lacks them, too.
    rules: alternatives to the kernel's rule, chosen by the teacher's number; their references are
    in the teacher's solutions/NAME/rules.py.
    """

    name: str
    title: str
    minutes: int
    needs: tuple[str, ...]
    abilities: tuple[Ability, ...]
    references: Mapping[str, str | Callable | None]
    equivalents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    @property
    def points(self) -> int:
        """Return the points of all abilities."""
        return sum(ability.points for ability in self.abilities)

    def ability(self, name: str) -> Ability:
        """Return an ability; ValueError for an unknown name."""
        for ability in self.abilities:
            if ability.name == name:
                return ability
        names = ", ".join(ability.name for ability in self.abilities)
        raise ValueError(f"{self.name} has no ability {name!r}; it has {names}")

    def rule(self, variant: int | None) -> Rule:
        """Return the rule for a teacher's number; the kernel's for none. ValueError if negative."""
        check_variant(variant)
        if variant is None or not self.rules:
            return LINUX
        return self.rules[variant % len(self.rules)]

    def under(self, rule: Rule) -> "Exercise":
        """Return the ability with descriptions that fit a rule."""
        told = [replace(a, **rule.tells.get(a.name, {})) for a in self.abilities]
        return replace(self, abilities=tuple(told))

    def parts(self, ability: Ability) -> list[Ability]:
        """Return the abilities that need only some of this one's functions; [] for most."""
        mine = set(ability.functions)
        return [a for a in self.abilities if a.functions and set(a.functions) < mine]

    def in_turn(self) -> list[Ability]:
        """Return the abilities in the order they are tried: each after its parts."""
        return sorted(self.abilities, key=lambda ability: bool(self.parts(ability)))

    def with_stand_ins(self, ability: Ability, lost: Iterable[str], rule: Rule) -> Ability:
        """Return an ability without the functions that cost the points of another already.

        lost: names of abilities. Right functions replace the omitted ones, so that one mistake
        does not cost points twice. At least half of the functions must be right. A function
        without a reference, or one that the rule changes, has no stand-in.
        """
        gone = {n for part in self.parts(ability) if part.name in lost for n in part.functions}
        gone -= {n for n in gone if self.references.get(n) is None or n in rule.changes}
        left = tuple(n for n in ability.functions if n not in gone)
        return (
            replace(ability, functions=left) if 2 * len(left) >= len(ability.functions) else ability
        )

    def removed(self, ability: Ability) -> tuple[str, ...]:
        """Return the kernels that are absent in the sandbox for this ability."""
        kernels = {
            found
            for name in ability.functions
            if isinstance(found := self.references.get(name), str)
        }
        for name in ability.functions:
            kernels.update(self.equivalents.get(name, ()))
        return tuple(sorted(kernels))

    def hidden_from(self, ability: Ability) -> tuple[str, ...]:
        """Return everything that is absent where this ability is tried: kernels and functions.

        Abilities with the same result can share a sandbox.
        """
        own = {n for n in ability.functions if callable(self.references.get(n))}
        return (*self.removed(ability), *sorted(own))


def check_variant(variant: int | None) -> None:
    """Raise ValueError for a teacher's number that is negative."""
    if variant is not None and variant < 0:
        raise ValueError(f"variant must be 0 or more, not {variant}")


#: All exercises, in the order of the course: modules of `zbudlab.course.exercises`.
EXERCISES = (
    "e01_pages",
    "e02_buddy",
    "e03_radix",
    "e04_zbud",
    "e05_zswap",
    "e06_migrate",
    "e07_compaction",
    "e08_experiment",
    "e09_races",
    "e10_zsmalloc",
)


def exercise(name: str) -> Exercise:
    """Return the exercise of that name; ValueError for an unknown name."""
    if name not in EXERCISES:
        raise ValueError(f"there is no exercise {name!r}, but {', '.join(EXERCISES)}")
    return importlib.import_module(f"zbudlab.course.exercises.{name}").EXERCISE


def random_of(*parts: Any) -> np.random.Generator:
    """Return a random generator that depends on these parts alone, the same on every system."""
    digest = hashlib.sha256(json.dumps([str(part) for part in parts]).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def number(name: str, question: str, student: int, low: int, high: int) -> int:
    """Return the number between low and high that a question has for a student.

    Raises TypeError for a wrong kind of argument, ValueError if no number is between them.
    """
    for key, value in (("student", student), ("low", low), ("high", high)):
        if fault := fault_of(key, value, INT64_MIN, INT64_MAX - 1):
            raise (ValueError if is_whole(value) else TypeError)(fault)
    if not isinstance(name, str) or not isinstance(question, str):
        raise TypeError(f"name and question must be texts, not {shown(name)} and {shown(question)}")
    if low > high:
        raise ValueError(f"low must be at most high, not {low} and {high}")
    return int(random_of(name, question, student).integers(low, high + 1))


def _near(got: float, expected: float, tolerance: float) -> bool:
    try:
        return bool(abs(got - expected) <= tolerance * abs(expected))
    except OverflowError:  # a whole number that no float holds
        return False


def same(got: Any, expected: Any, tolerance: float = 0.0) -> bool:
    """Return whether two plain answers are equal, type for type, numbers within the tolerance."""
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(got) == len(expected)
            and all(same(g, e, tolerance) for g, e in zip(got, expected, strict=True))
        )
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and got.keys() == expected.keys()
            and all(same(got[key], expected[key], tolerance) for key in expected)
        )
    if type(expected) in (int, float) and type(got) in (int, float):
        return bool(got == expected) or _near(got, expected, tolerance)
    return type(got) is type(expected) and bool(got == expected)
