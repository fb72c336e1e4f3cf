"""Whether the checks catch mutants, tried as the grader tries submissions.

python -m tests.course.catching [EXERCISE ...]     tries all mutants, tells of those that live
"""

import sys
import tempfile
import tomllib
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.course.mutants import mutants
from tests.course.solved import cells, functions
from zbudlab.course.contract import EXERCISES, Setting, exercise
from zbudlab.course.grading.copies import stripped_copy
from zbudlab.course.grading.sandbox import Ended, Sandbox
from zbudlab.course.grading.trial import CASE_SECONDS, _Asked
from zbudlab.course.judging import Reference, judged, papers
from zbudlab.course.probes import looked_plainly

SEED = "of the mutants"
STUDENTS = range(0, 7000, 7)  #: what is right for one by chance is wrong for another
EQUIVALENTS = Path(__file__).with_name("equivalents.toml")
NOT_CAUGHT = Path(__file__).with_name("not_caught.toml")


@cache
def equivalents():
    """Why a mutant is right all the same, by exercise, function and name."""
    return tomllib.loads(EQUIVALENTS.read_text("utf-8"))


@cache
def not_caught():
    """Wrong mutants that are known to live, as (exercise, function, name)."""
    listed = tomllib.loads(NOT_CAUGHT.read_text("utf-8"))
    return {
        (e, f, name) for e, all_ in listed.items() for f, names in all_.items() for name in names
    }


def reason(mutant):
    """Why a mutant is right; "" if it is wrong. A listed name that ends in * is a beginning."""
    listed = equivalents().get(mutant.exercise, {}).get(mutant.function, {})
    for why, names in listed.items():
        for name in names:
            if mutant.name == name or (name.endswith("*") and mutant.name.startswith(name[:-1])):
                return why
    return ""


def all_mutants(name):
    """All mutants of an exercise's functions."""
    known = exercise(name).references
    return [m for f, text in functions(name).items() if f in known for m in mutants(name, f, text)]


def own_abilities(task, function):
    """The abilities whose points a wrong function is to cost."""
    return [a for a in task.abilities if function in a.functions and not task.parts(a)]


@cache
def cases(name, ability, student=0):
    """Visible and hidden cases of an ability with their answers."""
    task = exercise(name)
    return papers(task, task.ability(ability), Reference(task, Setting(student=student)), SEED)


def students(ability):
    """The student numbers to try."""
    return STUDENTS if ability.probe == "basic.value" else (0,)


class Catcher:
    """Tries mutants of one function, all in one process as long as it lives."""

    def __init__(self, name, function, folder):
        self.task = exercise(name)
        self.function = function
        self.abilities = own_abilities(self.task, function)
        self.packages = {}
        for ability in self.abilities:
            removed = self.task.removed(ability)
            if removed not in self.packages:
                self.packages[removed] = Path(folder, f"{function}-{len(self.packages)}")
                stripped_copy(self.packages[removed], removed)
        self.sandboxes = {}

    def close(self):
        for sandbox in self.sandboxes.values():
            sandbox.close()
        self.sandboxes = {}

    def _sandbox(self, removed):
        if removed not in self.sandboxes:
            sandbox = self.sandboxes[removed] = Sandbox(self.packages[removed], None)
            sandbox.ask({"cells": cells(self.task.name)}, 60)
        return self.sandboxes[removed]

    def loses(self, source):
        """The first of the function's abilities that a mutant loses, and why; None for none."""
        for ability in self.abilities:
            removed = self.task.removed(ability)
            try:
                sandbox = self._sandbox(removed)
                sandbox.ask({"cells": [source]}, CASE_SECONDS)
                result = self._judged(ability, sandbox)
            except Ended as ended:
                self.sandboxes.pop(removed).close()
                return ability.name, str(ended)
            if result.failure:
                return ability.name, str(result.failure)
        return None

    def _judged(self, ability, sandbox):
        """The verdict on an ability, for each student until one loses it."""
        asked = _Asked(self.task, sandbox, looked_plainly)
        for student in students(ability):
            sandbox.ask({"cells": [f"STUDENT = {student}"]}, CASE_SECONDS)
            result = judged(ability, asked, cases(self.task.name, ability.name, student))
            if result.failure:
                break
        return result


@dataclass
class Count:
    """Mutants that were tried: how many are wrong, and those of them that no check catches.

    wrongly_listed: those that are caught and listed as right, by their whole names.
    """

    wrong: int = 0
    right: int = 0
    alive: list = field(default_factory=list)
    wrongly_listed: list = field(default_factory=list)


def tried(chosen):
    """Try mutants of one exercise; the count."""
    count = Count()
    with tempfile.TemporaryDirectory() as folder:
        for function in dict.fromkeys(mutant.function for mutant in chosen):
            mine = [mutant for mutant in chosen if mutant.function == function]
            with closing(Catcher(mine[0].exercise, function, folder)) as catcher:
                for mutant in mine:
                    _try(catcher, mutant, count)
    return count


def _try(catcher, mutant, count):
    caught = catcher.loses(mutant.source)
    if caught is None:  # whatever earlier mutants left is no reason to live
        catcher.close()
        caught = catcher.loses(mutant.source)
    listed = bool(reason(mutant))
    count.right += caught is None and listed
    count.wrong += not (caught is None and listed)
    if caught is None and not listed:
        count.alive.append(mutant)
    if caught is not None and is_listed_by_name(mutant):
        count.wrongly_listed.append(mutant)


def is_listed_by_name(mutant):
    """Whether a mutant is listed as right by its whole name."""
    listed = equivalents().get(mutant.exercise, {}).get(mutant.function, {})
    return any(mutant.name in names for names in listed.values())


def main(names):
    alive = total = 0
    for name in names:
        count = tried(all_mutants(name))
        alive, total = alive + len(count.alive), total + count.wrong
        print(f"{name}: {count.wrong} mutants, {len(count.alive)} live; {count.right} are right")
        for kind in ("alive", "wrongly_listed"):
            for mutant in getattr(count, kind):
                print(f"  {kind} {mutant.function}\t{mutant.name}", flush=True)
    print(f"{total - alive} of {total} mutants are caught")
    return 0 if 100 * alive <= total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or EXERCISES))
