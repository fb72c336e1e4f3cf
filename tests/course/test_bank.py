"""Each wrong answer of the bank loses exactly what is meant for it; right ones lose nothing.

A file in wrong/EXERCISE/ or right/EXERCISE/ says its mistake in its docstring, LOSES = the
abilities it is to lose, and then the definitions that take the place of the solution's, or
CHANGES = what in the solution's functions is another text: {function: [(text, instead), ...]}.

A file in ruled/EXERCISE/ is right under the changed rule that it is called after; LOSES are the
abilities that a solution which keeps to the kernel's rule loses there.
"""

import ast
import runpy
from functools import cache
from pathlib import Path

import pytest

from tests.course.handed_in import ROOT
from tests.course.solved import cells, functions
from zbudlab.course.contract import EXERCISES, LINUX, Setting, exercise
from zbudlab.course.judging import Here, Reference, judged, papers

HERE = Path(__file__).parent
SEED = "of the tests"
CASE_SECONDS = 3.0


def bank(kind):
    """All answers of a kind, as (exercise, file)."""
    return [
        pytest.param(path.parent.name, path, id=f"{path.parent.name}-{path.stem}")
        for path in sorted((HERE / kind).glob("e*/*.py"))
    ]


def loses(path):
    """What an answer says that it loses."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "LOSES":
            return set(ast.literal_eval(node.value))
    raise AssertionError(f"{path} does not say what it LOSES")


def changed(text, changes):
    """A text with changes, each of which fits one place."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the solution"
        text = text.replace(old, new)
    return text


@cache
def cases(name, ability, rule):
    """Visible and hidden cases of an ability with their answers."""
    task = exercise(name)
    setting = Setting(rule)
    functions = None
    if rule is not LINUX:
        functions = runpy.run_path(str(ROOT / "solutions" / name / "rules.py"))["FUNCTIONS"]
    reference = Reference(task, setting, functions and functions[rule.name])
    return papers(task, task.ability(ability), reference, SEED)


def _same(task, solution, namespace):
    """The functions that are the solution's, which loses nothing; none if they use other names."""
    other = {name for name, value in solution.items() if namespace[name] is not value}
    return set() if other - set(task.references) else set(task.references) - other


def lost(name, path=None, rule=LINUX):
    """The abilities that a solution loses with some of its functions exchanged, and why."""
    task = exercise(name)
    namespace = {"__name__": "__main__", "display": lambda *things: None}
    for cell in cells(name):
        exec(compile(cell, name, "exec"), namespace)
    solution, same = dict(namespace), set()
    if path is not None:
        exec(compile(path.read_text("utf-8"), str(path), "exec"), namespace)
        for function, changes in namespace.get("CHANGES", {}).items():
            text = changed(functions(name)[function], changes)
            exec(compile(text, str(path), "exec"), namespace)
        same = _same(task, solution, namespace)
    trier = Here(task, namespace, CASE_SECONDS)
    found = {}
    for ability in task.in_turn():
        tried = task.with_stand_ins(ability, found, rule)
        if rule is LINUX and same.issuperset(tried.functions):
            continue
        result = judged(tried, trier, cases(name, ability.name, rule))
        if result.failure is not None:
            found[ability.name] = str(result.failure)
    return found


@pytest.mark.parametrize("name", EXERCISES)
def test_a_solution_loses_nothing(name):
    assert lost(name) == {}


@pytest.mark.parametrize(("name", "path"), bank("right"))
def test_another_style_loses_nothing(name, path):
    assert loses(path) == set()
    assert lost(name, path) == {}


@pytest.mark.parametrize(("name", "path"), bank("wrong"))
def test_a_mistake_costs_what_is_meant(name, path):
    found = lost(name, path)
    assert set(found) == loses(path), "\n".join(f"{k}: {v}" for k, v in found.items())
    assert loses(path)


@pytest.mark.parametrize(("name", "path"), bank("ruled"))
def test_under_a_changed_rule_it_is_asked_for_and_the_kernels_is_wrong(name, path):
    (rule,) = (rule for rule in exercise(name).rules if rule.name == path.stem)
    assert lost(name, path, rule) == {}
    assert set(lost(name, rule=rule)) == loses(path)
    assert loses(path)


def test_every_changed_rule_is_tried():
    tried = {(path.parent.name, path.stem) for path in (HERE / "ruled").glob("e*/*.py")}
    assert tried == {(name, rule.name) for name in EXERCISES for rule in exercise(name).rules}


def test_the_bank_is_told_in_a_matrix(capsys):
    """pytest -s -k matrix shows it: a row a mistake, a column an ability."""
    for name in EXERCISES:
        abilities = [ability.name for ability in exercise(name).abilities]
        print(f"\n{name:40} {' '.join(abilities)}")
        for _, path in (param.values for param in bank("wrong") if param.values[0] == name):
            marks = " ".join(f"{'x' if a in loses(path) else '.':^{len(a)}}" for a in abilities)
            print(f"{path.stem:40} {marks}")
            assert loses(path) <= set(abilities)
    assert "." in capsys.readouterr().out
