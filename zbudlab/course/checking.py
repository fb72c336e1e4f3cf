"""Functions for students in a notebook: visible checks with reasons, hints, the rule, numbers."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from zbudlab.course.contract import LINUX, Ability, Case, Exercise, Setting, exercise
from zbudlab.course.judging import Here, Paper, Reference, Result, judged, papers
from zbudlab.course.probes import NOT_WRITTEN, TOO_SLOW, TooSlow, time_limit, trouble
from zbudlab.course.probes.cells import fresh_names, run
from zbudlab.course.reasons import Failure, failure
from zbudlab.course.shrinking import shrunk
from zbudlab.history import History
from zbudlab.io.arguments import checked
from zbudlab.io.values import printable

CASE_SECONDS = 2.5  #: a student's functions may compute on one case
CHECK_SECONDS = 7.0  #: of computing, after which no further ability is checked
SHRINK_SECONDS = 1.5  #: for making a failing case smaller
#: How to look at a failing case that has a machine, in a notebook and where there is none.
IN_NOTEBOOK = (
    "Step through it: `report = check(...)` and `from zbudlab.view import FrameMap, Player`, then "
    "`Player(report.history())`; `FrameMap(report.machine)` is the map, report.lost are its pages "
    "that are lost."
)
IN_TERMINAL = (
    "Step through it in the notebook: run this check's cell there as `report = check(...)`, then "
    "`from zbudlab.view import Player` and `Player(report.history())`."
)
MACHINE = "machines.script"  #: the probe whose machine can be inspected
#: Operations of a zbud trace that a machine's own pool can run.
LIKE_A_MACHINE = {name: f"zbud_{name}" for name in ("alloc", "free", "map", "unmap")}
ANSWERS = Path(__file__).parent / "answers"  #: right answers under changed rules, one file per rule


@dataclass
class Report:
    """The result of `check`, as text and as HTML.

    results: one per ability. unchecked: abilities that were not checked. given: the names of the
    functions that were passed.

    The other fields describe the first failing case that runs on a machine. pictured: its ability.
    machine: the machine. lost: page frames that are in use and should be free, or the reverse.
    instead: the functions that replaced kernels. look: how the machine is examined. In a notebook,
    use `FrameMap(report.machine).mark(report.lost, "lost")` and `Player(report.history())`.
    """

    exercise: Exercise
    results: list[Result]
    unchecked: list[Ability] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    pictured: Ability | None = None
    machine: Any = None
    lost: list[int] = field(default_factory=list)
    instead: dict[str, Any] = field(default_factory=dict)
    look: str = IN_NOTEBOOK

    def history(self) -> History:
        """Return the first failing case that runs on a machine, with your functions in place.

        ValueError if there is none.
        """
        if self.machine is None:
            raise ValueError(
                "there is no machine to step through: no check failed that runs on one"
            )
        return History(self.machine, functions=self.instead)

    @property
    def earned(self) -> int:
        """Return the points of the abilities that were demonstrated."""
        return sum(result.earned for result in self.results)

    @property
    def points(self) -> int:
        """Return the points available."""
        return sum(result.ability.points for result in self.results)

    @property
    def failure(self) -> Failure | None:
        """Return the first failing case; None if all are right."""
        return next((r.failure for r in self.results if r.failure is not None), None)

    def __bool__(self) -> bool:
        return self.earned == self.points and bool(self.results)

    def __repr__(self) -> str:
        lines = [f"{self.exercise.name}: {self.earned} of {self.points} points (visible checks)"]
        for result in self.results:
            lines += _lines(result)
            if result.ability is self.pictured:
                lines.append(f"     {self.look}")
        for ability in self.unchecked:
            lines.append(f"  -  {ability.title}: {_unchecked(ability, self)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from zbudlab.course import reporting

        strip = [
            reporting.on_strip(r.ability, r.earned, _waits(r.failure)) for r in self.results
        ] + [reporting.on_strip(a, 0, _unchecked(a, self)) for a in self.unchecked]
        cards = reporting.cards_of(
            (r.ability, reporting.card_of(r.ability, r.failure, self._look_at(r)))
            for r in self.results
            if r.failure is not None
        )
        return reporting.html_of(self.exercise, self.earned, self.points, strip, cards)

    def _look_at(self, result: Result) -> str:
        return self.look if result.ability is self.pictured else ""


def _waits(failure: Failure | None) -> str:
    """Return what an ability waits for, "" if its functions are written."""
    return NOT_WRITTEN if failure is not None and failure.got == NOT_WRITTEN else ""


def _unchecked(ability: Ability, report: Report) -> str:
    """Return why an ability was not checked."""
    missing = [name for name in ability.functions if name not in report.given]
    if missing:
        return f"not checked, needs {', '.join(missing)}"
    return f"not checked, the others took {CHECK_SECONDS:.0f} seconds: name this one alone"


def _lines(result: Result) -> list[str]:
    ability = result.ability
    head = f"{ability.title} ({result.earned} of {ability.points})"
    if result.failure is None:
        return [f"  ok {head}"]
    hints = [f"     hint: {ability.hints[0]}"] if ability.hints else []
    return [f"  NO {head}", f"     {result.failure}", *hints]


class StoredReference(Reference):
    """Stored right answers to the visible cases under a changed rule."""

    def __init__(self, task: Exercise, setting: Setting) -> None:
        super().__init__(task, Setting(LINUX, setting.student))
        self.setting = setting
        path = ANSWERS / f"{task.name}-{setting.rule.name}.json"
        self.stored = json.loads(path.read_text(encoding="utf-8"))

    def computed(self, ability: Ability, case: Case) -> Any:
        visible = [dict(found) for found in ability.visible(self.setting)]
        return self.stored[ability.name][visible.index(case)]


def reference_for(task: Exercise, setting: Setting) -> Reference:
    """Return the source of right answers for visible cases: the package, or stored ones."""
    return (Reference if setting.rule is LINUX else StoredReference)(task, setting)


def smaller(failed: Failure, ability: Ability, trier: Here, reference: Reference) -> Failure:
    """Return the smallest failing case found in time, by default the given one."""
    best = failed
    if failed.got in (TOO_SLOW, NOT_WRITTEN):
        return best

    def fails(case: Case) -> bool:
        nonlocal best
        expected = reference.computed(ability, case)
        found = failure(ability, case, trier.observe(ability, case), expected)
        best = found or best
        return found is not None

    lists = tuple(name for name in ability.shrinks if name in failed.case)
    if lists and not isinstance(reference, StoredReference) and fails(failed.case):
        shrunk(failed.case, lists, fails, SHRINK_SECONDS)
    return best


def _checked(ability: Ability, trier: Here, reference: Reference) -> Result:
    result = _judged(ability, trier, reference)
    if result.failure is None:
        return result
    return Result(ability, 0, smaller(result.failure, ability, trier, reference))


def _judged(ability: Ability, trier: Here, reference: Reference) -> Result:
    cases: Iterable[Paper] = papers(trier.exercise, ability, reference)
    return judged(ability, trier, cases)


@dataclass
class _Checks:
    """The visible checks on functions, each ability once."""

    trier: Here
    reference: Reference
    results: dict[str, Result] = field(default_factory=dict)

    def check(self, ability: Ability) -> None:
        """Check an exercise and return a report: points, reasons, the smallest failing case."""
        task, setting = self.trier.exercise, self.reference.setting
        lost = [part.name for part in task.parts(ability) if self._is_lost(part)]
        self.results[ability.name] = replace(
            _checked(task.with_stand_ins(ability, lost, setting.rule), self.trier, self.reference),
            ability=ability,
        )

    def _is_lost(self, part: Ability) -> bool:
        """Return whether a part is wrong; check it first if necessary."""
        if part.name not in self.results:
            return _judged(part, self.trier, self.reference).failure is not None
        return self.results[part.name].failure is not None


def lost_frames(machine: Any, right: Any) -> list[int]:
    """Return page frames that are in use on one of two machines and free on the other."""
    frames = machine.config.frames
    mine, theirs = (m.state.pages["refcount"][:frames] > 0 for m in (machine, right))
    return np.flatnonzero(mine != theirs).tolist()


def as_script(ability: Ability, case: Case) -> Case | None:
    """Return a case as operations of a machine that keeps a log; None if it has others."""
    if ability.probe_of(case) == MACHINE:
        return case
    lines = [line.split() for line in case.get("trace", ()) if not line.startswith("every")]
    if case.get("kind") != "zbud-series" or any(line[0] not in LIKE_A_MACHINE for line in lines):
        return None
    script = [[LIKE_A_MACHINE[name], int(argument)] for name, argument in lines]
    return {"config": {}, "script": script}


def _picture(report: Report, trier: Here, reference: Reference) -> None:
    """Add the machine of a failing case, and its lost pages, to the report."""
    failed = [r for r in report.results if r.failure and r.failure.got != NOT_WRITTEN]
    scripts = [(r.ability, as_script(r.ability, r.failure.case)) for r in failed if r.failure]
    found = [(ability, script) for ability, script in scripts if script]
    if not found or isinstance(reference, StoredReference):
        return
    ability, case = max(found, key=lambda pair: pair[0].probe_of(pair[1]) == MACHINE)
    on_machine = replace(ability, probe=MACHINE)
    trier.observe(on_machine, case)
    reference.here.observe(on_machine, case)
    bench, other = trier.bench, reference.here.bench
    if bench is None or other is None:  # a function is missing
        return
    mine, right = bench.machine, other.machine
    if mine is not None and right is not None:
        report.pictured, report.machine, report.lost = ability, mine, lost_frames(mine, right)
        report.instead = bench.instead_alone()


@checked()
def check(
    name: str, *abilities: str, student: int = 0, variant: int | None = None, **functions: Any
) -> Report:
    """Check an exercise and return a report: points, reasons, the smallest failing case."""
    task = exercise(name)
    setting = Setting(task.rule(variant), student)
    task = task.under(setting.rule)
    unknown = [given for given in functions if given not in task.references]
    if unknown:
        known = ", ".join(task.references)
        raise ValueError(f"{name} has no function {', '.join(unknown)}; it has {known}")
    chosen = [task.ability(found) for found in abilities] or list(task.abilities)
    ready = [a for a in chosen if set(a.functions) <= functions.keys()]
    return _reported(task, setting, functions, chosen, ready)


def _reported(
    task: Exercise,
    setting: Setting,
    functions: dict[str, Any],
    chosen: list[Ability],
    ready: list[Ability],
) -> Report:
    """Return a report on the chosen abilities; those whose functions exist are checked."""
    trier, reference = Here(task, functions, CASE_SECONDS), reference_for(task, setting)
    checks = _Checks(trier, reference)
    for ability in task.in_turn():
        if ability in ready and trier.spent < CHECK_SECONDS:
            checks.check(ability)
    results = [checks.results[a.name] for a in chosen if a.name in checks.results]
    unchecked = [a for a in chosen if a.name not in checks.results]
    report = Report(task, results, unchecked, set(functions))
    _picture(report, trier, reference)
    return report


@checked()
def hint(name: str, ability: str, number: int = 1, variant: int | None = None) -> str:
    """Return a hint for an ability; there may be up to three. Hints cost nothing.

    variant: the teacher's number, if the exercise has one.
    """
    task = exercise(name)
    hints = task.under(task.rule(variant)).ability(ability).hints
    if not 1 <= number <= len(hints):
        return (
            f"there are {len(hints)} hints for {ability}" if hints else "there is no hint for this"
        )
    return hints[number - 1]


@checked()
def rule(name: str, variant: int | None = None) -> str:
    """Return an exercise's rule for the teacher's number, by default the kernel's rule."""
    return exercise(name).rule(variant).text


@checked()
def checked_notebook(path: str | Path, name: str = "", variant: int | None = None) -> Report:
    """Run the cells of a saved notebook in this process and return a report on it.

    ValueError if it is not a notebook, or does not name an exercise.
    """
    from zbudlab.course.grading import notebook

    try:
        submitted = notebook.read(Path(path).read_bytes())
    except notebook.Unreadable as error:
        raise ValueError(f"cannot use {path}: {error}") from None
    name = name or submitted.exercise
    if not name:
        raise ValueError(f"{path} does not name its exercise: pass --exercise")
    task = exercise(name)
    namespace = fresh_names()
    for cell in notebook.cells_to_run(submitted, notebook.released(name)):
        try:
            with time_limit(CASE_SECONDS):
                run(cell, str(path), namespace)
        except (Exception, TooSlow) as error:
            print(printable(f"a cell of {path} fails: {trouble(error)}"), file=sys.stderr)
    functions = {found: namespace[found] for found in task.references if found in namespace}
    setting = Setting(task.rule(variant), submitted.student)
    task = task.under(setting.rule)
    abilities = list(task.abilities)
    report = _reported(task, setting, functions, abilities, abilities)
    return replace(report, look=IN_TERMINAL)
