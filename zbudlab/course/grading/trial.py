"""Grade one submission: run its code in sandboxes, and compare its answers here."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from zbudlab.course.contract import (
    CANNOT_BE_READ,
    Ability,
    Exercise,
    Outside,
    Setting,
    random_of,
)
from zbudlab.course.grading import notebook
from zbudlab.course.grading.copies import stripped_copy
from zbudlab.course.grading.sandbox import Ended, Sandbox
from zbudlab.course.judging import Paper, Reference, judged, others, plugs
from zbudlab.course.probes import TOO_SLOW
from zbudlab.course.reasons import Failure, shown
from zbudlab.course.rules import rule_functions

LOAD_SECONDS = 20.0  #: for running a notebook's cells, by the clock; each and computing has less
CASE_SECONDS = 10.0  #: for one case, by the clock
LOOK_SECONDS = 10.0  #: for looking at a student's memory after one case, by the clock
LONGEST_REASON = 4000  #: characters; a spreadsheet's cell holds those of eight abilities
LONGEST_PICTURE = 20000  #: characters of a failing case as JSON, for a picture
LONGEST_LINE = 60  #: characters of a cell's first line, which identifies it
TRIAL_SECONDS = 120.0  #: for a submission, after which no new ability is begun
EMPTY: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Mark:
    """The points of an ability, the reason for lost points, and whether a hidden case decided.

    why, difference: of a visible failing case, for a picture (see `reasons.Difference`).
    """

    ability: str
    earned: int
    points: int
    reason: str = ""
    hidden: bool = False
    why: str = ""
    difference: dict[str, Any] | None = None


@dataclass(frozen=True)
class Verdict:
    """The marks of a submission. trouble: why it has none, or another remark."""

    exercise: str
    student: int
    marks: list[Mark]
    trouble: str = ""
    seconds: float = 0.0

    @property
    def earned(self) -> int:
        return sum(mark.earned for mark in self.marks)

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks)

    def text(self) -> str:
        """Return the verdict as JSON."""
        marks = [vars(mark) for mark in self.marks]
        return json.dumps(vars(self) | {"marks": marks}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def parsed(cls, text: str) -> "Verdict":
        """Read a verdict from JSON; ValueError, KeyError or TypeError for any other text."""
        found = json.loads(text)
        return cls(**found | {"marks": [Mark(**mark) for mark in found["marks"]]})


@dataclass
class Stage:
    """Abilities that share a sandbox: the same functions are tried and absent."""

    abilities: list[Ability]
    package: Path


def together(
    exercise: Exercise, abilities: Iterable[Ability]
) -> dict[tuple[str, ...], list[Ability]]:
    """Return abilities that share a sandbox, by what is absent there."""
    stages: dict[tuple[str, ...], list[Ability]] = {}
    for ability in abilities:
        stages.setdefault(exercise.hidden_from(ability), []).append(ability)
    return stages


class Examiner:
    """Gives verdicts on submissions of one exercise under one rule.

    seed: of the hidden cases. program: path of bubblewrap, None = without it. solutions: the
    folder with the teacher's rules. folder: for copies of the package. Right answers are computed
    once per case.
    """

    def __init__(
        self,
        exercise: Exercise,
        variant: int | None,
        seed: str,
        program: str | None,
        solutions: Path,
        folder: Path,
    ) -> None:
        self.rule = exercise.rule(variant)
        self.exercise = exercise.under(self.rule)
        self.seed = seed
        self.program = program
        self.release = notebook.released(exercise.name)
        self.functions = rule_functions(solutions, exercise.name, self.rule)
        self._answers: dict[tuple[str, int, str], Any] = {}
        self._computing = threading.Lock()
        self._copying = threading.Lock()
        self.folder = folder / exercise.name
        self.whole = self.folder / "whole"
        self._packages: dict[tuple[str, ...], Path] = {}
        stripped_copy(self.whole, [])
        for ability in exercise.abilities:  # what must be compiled first is, before the clock runs
            self.papers(ability, student=0)

    def close(self) -> None:
        """Remove the copies of the package."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def stages(self, abilities: Iterable[Ability]) -> list[Stage]:
        """Return abilities by the sandboxes that they share."""
        found = together(self.exercise, abilities).values()
        return [Stage(a, self._package(self.exercise.removed(a[0]))) for a in found]

    def _package(self, removed: tuple[str, ...]) -> Path:
        """Return a copy of the package without some kernels."""
        with self._copying:
            if removed not in self._packages:
                package = self.folder / str(len(self._packages))
                stripped_copy(package, removed)
                self._packages[removed] = package
            return self._packages[removed]

    # --- right answers -------------------------------------------------------------------------

    def papers(self, ability: Ability, student: int) -> list[Paper]:
        """Return all cases of an ability for a student, with their right answers."""
        setting = Setting(self.rule, student)
        random = random_of(self.seed, self.exercise.name, ability.name)
        with self._computing:
            reference = Reference(self.exercise, setting, self.functions)
            shown = [(case, False) for case in ability.visible(setting)]
            drawn = [(case, True) for case in ability.hidden(setting, random)]
            return [
                Paper(case, self._answer(reference, ability, case), hidden)
                for case, hidden in [*shown, *drawn]
            ]

    def _answer(self, reference: Reference, ability: Ability, case: Mapping[str, Any]) -> Any:
        own = reference.setting.student if ability.expected else 0
        key = ability.name, own, json.dumps(case)
        if key not in self._answers:
            self._answers[key] = reference.answer(ability, dict(case))
        return self._answers[key]

    # --- a submission --------------------------------------------------------------------------

    def verdict(self, submitted: notebook.Notebook) -> Verdict:
        """Return the marks of a notebook."""
        begin = time.monotonic()
        cells = notebook.cells_to_run(submitted, self.release)
        with closing(_Trial(self, cells, submitted.student, begin + TRIAL_SECONDS)) as trial:
            trial.run_all()
        marks = [trial.found[ability.name] for ability in self.exercise.abilities]
        seconds = round(time.monotonic() - begin, 2)
        return Verdict(self.exercise.name, submitted.student, marks, trial.trouble, seconds)

    def refused(self, reason: str) -> Verdict:
        """Return a verdict without marks, for a reason."""
        return refused(self.exercise, reason)


def refused(exercise: Exercise | None, reason: str) -> Verdict:
    """Return a verdict without marks. exercise: None if it is unknown."""
    if exercise is None:
        return Verdict("", 0, [], reason)
    marks = [Mark(ability.name, 0, ability.points, reason) for ability in exercise.abilities]
    return Verdict(exercise.name, 0, marks, reason)


class _Trial:
    """A submission on its way through the stages."""

    def __init__(self, examiner: Examiner, cells: list[str], student: int, end: float) -> None:
        self.examiner = examiner
        self.cells = cells
        self.student = student
        self.end = end
        self.found: dict[str, Mark] = {}  # by the ability; the latest holds
        self.trouble = ""
        self.fatal = ""  # why the cells cannot even be run
        self.looker: Sandbox | None = None

    def close(self) -> None:
        """End the process that looks at the student's memory."""
        if self.looker:
            self.looker.close()
        self.looker = None

    def look(self, probe: str, case: dict[str, Any]) -> Any:
        """Run a probe on bytes that the student wrote, in a sandbox without the student's code.

        ValueError if it raises or ends its process; the next call starts another.
        """
        request = {"probe": probe, "functions": [], "plugs": {}, "others": {}, "case": case}
        try:
            if self.looker is None:
                self.looker = Sandbox(self.examiner.whole, self.examiner.program)
            outcome = self.looker.ask(request, LOOK_SECONDS)
        except Ended:
            self.close()
            raise ValueError(CANNOT_BE_READ) from None
        if "answer" not in outcome:
            raise ValueError(CANNOT_BE_READ)
        return outcome["answer"]

    def run_all(self) -> None:
        """Try all abilities; those that combine several come after them.

        A function whose own ability lost its points has a stand-in from then on.
        """
        exercise = self.examiner.exercise
        joined = [ability for ability in exercise.abilities if exercise.parts(ability)]
        for stage in self.examiner.stages(a for a in exercise.abilities if a not in joined):
            self.run(stage)
        lost = [name for name, mark in self.found.items() if mark.reason]
        rule = self.examiner.rule
        for stage in self.examiner.stages(exercise.with_stand_ins(a, lost, rule) for a in joined):
            self.run(stage)

    def run(self, stage: Stage) -> None:
        """Try the abilities of a stage, in a new process after one that ended its process.

        Hidden cases come after all visible ones, so that what a process learns from them cannot
        reach the reasons that its student reads.
        """
        left = [(ability, hidden) for hidden in (False, True) for ability in stage.abilities]
        while left:
            reason = self.fatal
            if not reason and time.monotonic() > self.end:
                reason = f"no time is left: a submission has {TRIAL_SECONDS:.0f} seconds"
            if reason:
                for ability, _ in left:
                    self._lose(ability, reason)
                self.trouble = reason
                return
            with self._loaded(stage) as sandbox:
                while left and sandbox and self._tried(*left.pop(0), sandbox):
                    pass

    def _lose(
        self, ability: Ability, reason: str, hidden: bool = False, more: Mapping[str, Any] = EMPTY
    ) -> None:
        """Give no points for an ability; of several reasons, keep the first. more: see `Mark`."""
        if not self._lost(ability):
            reason = shown(reason, LONGEST_REASON)
            self.found[ability.name] = Mark(ability.name, 0, ability.points, reason, hidden, **more)

    def _lost(self, ability: Ability) -> bool:
        return ability.name in self.found and bool(self.found[ability.name].reason)

    @contextmanager
    def _loaded(self, stage: Stage) -> Iterator[Sandbox | None]:
        """Return a sandbox in which the cells have run; None if they end it or run too long."""
        with Sandbox(stage.package, self.examiner.program) as sandbox:
            try:
                answer = sandbox.ask({"cells": self.cells}, LOAD_SECONDS)
            except Ended as ended:
                self.fatal = f"while the notebook's cells ran, {ended}"
                yield None
                return
            self._note(answer.get("troubles"))
            yield sandbox

    def _note(self, troubles: Any) -> None:
        """Note what went wrong in the cells; one that took too long is not run again."""
        if not isinstance(troubles, list):
            return
        said = [" ".join(str(trouble)[:300].split()) for trouble in troubles]
        for cell, trouble in zip(self.cells, said, strict=False):
            if trouble and not self.trouble:
                first = shown(cell.strip().partition("\n")[0], LONGEST_LINE)
                self.trouble = f"a cell of the notebook fails, the one with `{first}`: {trouble}"
        self.cells = [
            "" if trouble == TOO_SLOW else cell
            for cell, trouble in zip_longest(self.cells, said[: len(self.cells)], fillvalue="")
        ]

    def _tried(self, ability: Ability, hidden: bool, sandbox: Sandbox) -> bool:
        """Mark an ability by its hidden or visible cases; return whether the sandbox answers."""
        if self._lost(ability):
            return True
        asked = _Asked(self.examiner.exercise, sandbox, self.look)
        papers = self.examiner.papers(ability, self.student)
        try:
            result = judged(ability, asked, [p for p in papers if p.hidden == hidden])
        except Ended as ended:
            self._lose(ability, str(ended), hidden)
            return False
        if result.failure:
            self._lose(ability, str(result.failure), hidden, _pictured(result.failure, hidden))
        else:
            self.found[ability.name] = Mark(ability.name, result.earned, ability.points)
        return True


def _pictured(failure: Failure, hidden: bool) -> Mapping[str, Any]:
    """Return what a picture of a failing case needs, nothing for a hidden one."""
    if hidden or failure.difference is None:
        return EMPTY
    found = vars(failure.difference)
    try:
        if len(json.dumps(found)) > LONGEST_PICTURE:
            return EMPTY
    except RecursionError:  # an answer of lists in lists in lists
        return EMPTY
    return {"why": failure.why, "difference": found}


class _Asked:
    """A trier whose functions are in a sandbox."""

    def __init__(
        self, exercise: Exercise, sandbox: Sandbox, look: Callable[[str, dict[str, Any]], Any]
    ) -> None:
        self.exercise = exercise
        self.sandbox = sandbox
        self.look = look

    def observe(self, ability: Ability, case: dict[str, Any]) -> dict[str, Any]:
        """Return the reply, which is certain to be an answer or an error."""
        side = ability.outside(case)
        side.look = self.look
        request = {
            "probe": ability.probe_of(case),
            "functions": ability.functions,
            "plugs": plugs(self.exercise, ability),
            "others": others(self.exercise, ability),
            "case": side.given(),
        }
        outcome = self._answered(request, side)
        if "answer" in outcome and "error" not in outcome:
            return side.outcome({"answer": outcome["answer"]})
        return {"error": str(outcome.get("error", "it gave no answer"))[:300]}

    def _answered(self, request: dict[str, Any], side: Outside) -> dict[str, Any]:
        """Answer the questions asked meanwhile, and return the reply.

        What the replies take is not the student's time.
        """
        end = time.monotonic() + CASE_SECONDS
        outcome = self.sandbox.ask(request, CASE_SECONDS)
        while "ask" in outcome:
            asked = time.monotonic()
            try:
                reply = side.hear(outcome["ask"])
            except ValueError as error:
                raise Ended(f"it asked something: {error}") from None
            end += time.monotonic() - asked
            outcome = self.sandbox.ask(reply, max(end - time.monotonic(), 0.0))
        return outcome
