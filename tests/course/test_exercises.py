"""What is handed out: made from the solutions, worth nothing untouched, with the points due.

Also tests `course/checking.py`, `course/contract.py`, `course/rules.py`, `course/shrinking.py`,
`course/exercises/e01_pages.py`, `course/exercises/e02_buddy.py`, `course/exercises/e03_radix.py`,
`course/exercises/e04_zbud.py`, `course/exercises/e05_zswap.py`,
`course/exercises/e06_migrate.py`, `course/exercises/e07_compaction.py`,
`course/exercises/e08_experiment.py`, `course/exercises/e09_races.py`,
`course/exercises/e10_zsmalloc.py` and `course/probes/e09_races.py`.

Also tests `course/exercises/e02_cases.py`, `course/exercises/e10_pools.py`,
`course/exercises/e10_sizes.py` and `course/exercises/e10_traces.py`.
"""

import json
import re
import subprocess
import sys

import pytest

from tests.course.handed_in import ROOT, environment, solution, untouched
from zbudlab.course import check, checking, hint, number, rule
from zbudlab.course.checking import checked_notebook
from zbudlab.course.contract import EXERCISES, Setting, exercise, random_of, same
from zbudlab.course.exercises import GOLDENS
from zbudlab.course.exercises.e06_migrate import ALL
from zbudlab.course.judging import reference_functions
from zbudlab.course.probes import find
from zbudlab.course.shrinking import shrunk
from zbudlab.history import History

KERNEL_LESS = ("e01", "e08", "e09")  #: exercises without recorded answers of the kernel


def check_cells(notebook):
    """The check cells' points by their names."""
    found = [cell["metadata"].get("nbgrader", {}) for cell in notebook["cells"]]
    return {told["grade_id"]: told["points"] for told in found if told.get("grade")}


@pytest.mark.slow
def test_exercises_are_what_solutions_make_of_them():
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "exercises.py"), "--check"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", EXERCISES)
class TestEachExercise:
    def test_an_untouched_one_has_no_point_and_says_what_to_do(self, name):
        report = checked_notebook(ROOT / "exercises" / name / f"{name}.ipynb")
        assert report.earned == 0
        assert report.points == exercise(name).points
        assert not report
        for result in report.results:
            assert "not written yet; write it in its cell" in str(result.failure)

    def test_the_solution_has_all_points(self, name):
        report = checked_notebook(ROOT / "solutions" / name / f"{name}.ipynb")
        assert report
        assert report.earned == exercise(name).points

    def test_each_ability_has_a_check_cell_with_its_points(self, name):
        task = exercise(name)
        wanted = {f"{name}-{ability.name}": ability.points for ability in task.abilities}
        for notebook in (solution(name), untouched(name)):
            assert wanted.items() <= check_cells(notebook).items()

    def test_stored_outputs_show_no_failed_check(self, name):
        text = json.dumps(solution(name))
        assert f"{name}: " in text
        assert "  NO " not in text

    def test_nothing_of_the_solution_is_handed_out(self, name):
        text = "".join("".join(cell["source"]) for cell in untouched(name)["cells"])
        assert "SOLUTION" not in text
        assert "your code here" in text

    def test_it_says_how_long_and_what_before(self, name):
        task = exercise(name)
        assert 30 <= task.minutes <= 90
        first = "".join(solution(name)["cells"][0]["source"])
        assert f"{task.minutes} minutes" in first
        assert "Difficulty: " in first
        assert "You need " in first
        assert name not in task.needs

    def test_abilities_can_be_run(self, name):
        task, setting = exercise(name), Setting()
        for ability in task.abilities:
            assert callable(find(ability.probe))
            drawn = random_of("s", ability.name)
            assert [*ability.visible(setting), *ability.hidden(setting, drawn)]
            assert set(ability.functions) <= task.references.keys()
        assert reference_functions(task).keys() == task.references.keys()
        assert len({ability.name for ability in task.abilities}) == len(task.abilities)

    def test_there_is_a_rule_that_the_package_does_not_hold(self, name):
        task = exercise(name)
        assert task.rules
        assert rule(name, 0) == task.rules[0].text
        assert rule(name) != rule(name, 0)


def test_goldens_are_the_kernels():
    for path in GOLDENS.rglob("*.gz"):
        kept = ROOT / "tests" / "data" / "golden" / path.relative_to(GOLDENS)
        assert path.read_bytes() == kept.read_bytes()


class TestCheck:
    def test_names_the_smallest_failing_case(self):
        namespace = {}
        code = (
            "from zbudlab.layout import BUDDY, NCHUNKS\n"
            "from zbudlab.mm.list_head import list_empty\n"
            "from zbudlab.mm.zbud_header import pool_list\n"
            "def find_hole(pool, rows, chunks):\n"
            "    for free_chunks in range(chunks + 1, NCHUNKS):\n"
            "        head = pool_list(pool, free_chunks)\n"
            "        if not list_empty(rows, BUDDY, head):\n"
            "            return int(rows[head].next[BUDDY])\n"
            "    return -1\n"
        )
        exec(code, namespace)
        report = check("e04_zbud", "hole", find_hole=namespace["find_hole"])
        assert report.earned == 0
        assert len(report.failure.case["trace"]) <= 3
        assert re.search(r"at operation \d of \d, `alloc", str(report))
        assert "the first on the list of the hole" in str(report)
        assert "<table>" in report._repr_html_()
        history = report.history()  # a trace that a machine can do is stepped through on one
        assert [entry.name for entry in map(history.__getitem__, (1, len(history)))] == [
            "zbud_alloc",
            "zbud_alloc",
        ]
        assert history.machine_at(len(history)).digest() == report.machine.digest()
        assert "Player(report.history())" in str(report)

    def test_the_answer_to_a_question_is_not_told(self):
        answer = -(-number("e04_zbud", "objects", 5, 100, 999) // 2)
        for mine in (lambda: answer + 7, lambda: str(answer)[5]):
            said = str(check("e04_zbud", "pages", student=5, pages_for_objects=mine))
            assert "expected" not in said
            assert f" {answer}" not in said
            assert "objects 143" in said
        assert check("e04_zbud", "pages", student=5, pages_for_objects=lambda: answer)

    def test_of_long_lists_only_what_differs_is_told(self):
        mine = {n: reference_functions(exercise("e06_migrate"))[n] for n in ALL}
        mine["expected_references"] = lambda header: 0
        said = str(check("e06_migrate", "machine", **mine).failure)
        assert len(said) < 800
        assert "..." not in said

    def test_every_reason_ends_in_a_sentence_that_says_why(self):
        for name in EXERCISES:
            for ability in exercise(name).abilities:
                told = ability.why or ability.judge or ability.probe == "basic.value"
                assert told, f"{name} {ability.name}"

    def test_refuses_what_it_does_not_know(self):
        with pytest.raises(ValueError, match="e99"):
            check("e99")
        with pytest.raises(ValueError, match="zbud_alok"):
            check("e04_zbud", zbud_alok=print)
        with pytest.raises(ValueError, match="no ability 'x'"):
            check("e04_zbud", "x")

    def test_leaves_out_what_was_not_given(self):
        report = check("e04_zbud", size_to_chunks=lambda size: -(-size // 64))
        assert [result.ability.name for result in report.results] == ["chunks"]
        assert "not checked, needs find_hole" in str(report)

    def test_an_endless_loop_ends(self, monkeypatch):
        monkeypatch.setattr(checking, "CASE_SECONDS", 0.2)

        def endless(size):
            while True:
                pass

        report = check("e04_zbud", "chunks", size_to_chunks=endless)
        assert "loop that doesn't end" in str(report)

    def test_a_failing_machine_can_be_stepped_through_with_the_students_functions(self):
        # Two of three functions are wrong; one alone would be replaced by a right one here.
        mine = {name: reference_functions(exercise("e06_migrate"))[name] for name in ALL}
        mine |= {"expected_references": lambda header: 0, "move_handle": lambda *arguments: 0}
        report = check("e06_migrate", "machine", **mine)
        assert "Player(report.history())" in str(report)
        assert "Player(report.history())" in report._repr_html_()
        history = report.history()
        assert len(history) <= 10
        assert history.machine_at(len(history)).digest() == report.machine.digest()
        plain = History(report.machine)
        assert plain.machine_at(len(plain)).digest() != report.machine.digest()
        with pytest.raises(ValueError, match="no machine to step through"):
            check("e04_zbud", "chunks", size_to_chunks=lambda size: 0).history()

    def test_a_machine_is_only_spoken_of_where_there_is_one(self):
        mine = {name: reference_functions(exercise("e06_migrate"))[name] for name in ALL}
        mine["expected_references"] = lambda header: 0
        report = check("e06_migrate", "machine", variant=7, **mine)
        assert report.machine is None  # a changed rule's answers are stored, and no machines
        assert not report
        assert "no page may be lost" in str(report)
        assert "report" not in str(report)
        assert "report" not in report._repr_html_()

    def test_in_a_terminal_the_way_to_the_notebook_is_told(self, tmp_path):
        text = json.dumps(solution("e06_migrate"))
        wrong = text.replace("return 1 + (header.first_handle != 0)", "return (0 != 0)")
        wrong = wrong.replace("if handle == 0:", "if handle >= 0:")
        assert wrong != text
        path = tmp_path / "e06_migrate.ipynb"
        path.write_text(wrong, "utf-8")
        said = str(checked_notebook(path))
        assert "Step through it in the notebook: run this check's cell there" in said

    def test_code_that_raises_is_told_why(self):
        def broken(*arguments):
            raise KeyError("x")

        said = str(check("e03_radix", "height", height_for=broken))
        assert "got KeyError: 'x', expected 0: key 0 needs no node" in said
        said = str(check("e03_radix", "short", radix_tree_insert=broken))
        assert "an insertion is done whole or not at all" in said

    def test_who_returns_nothing_is_told_so(self):
        for name, ability, function in (
            ("e04_zbud", "pages", "pages_for_objects"),
            ("e04_zbud", "chunks", "size_to_chunks"),
        ):
            said = str(check(name, ability, **{function: lambda *arguments: None}))
            assert "nothing was returned; end the function with `return`" in said
            assert "another number" not in said

    def test_a_changed_rule_has_answers_of_its_own(self):
        task = exercise("e04_zbud")
        namespace = {}
        exec((ROOT / "solutions/e04_zbud/rules.py").read_text("utf-8"), namespace)
        mine = namespace["find_largest_hole"]
        assert check("e04_zbud", "hole", variant=0, find_hole=mine)
        assert not check("e04_zbud", "hole", find_hole=mine)
        assert task.rule(7) is task.rules[7 % len(task.rules)]

    def test_under_a_changed_rule_reasons_and_hints_fit_it(self):
        migrate = reference_functions(exercise("e06_migrate"))["zbud_migrate_page"]
        for variant, told in ((None, "moving is no use of it"), (0, "moving is a use of it")):
            task = exercise("e06_migrate").under(exercise("e06_migrate").rule(variant))
            assert told in task.ability("lists").why
        said = str(check("e06_migrate", "lists", variant=7, zbud_migrate_page=migrate))
        assert "moving is a use of it, so that it goes first on both" in said
        assert "hint: The old page leaves its lists" in said
        assert "list_replace" not in said
        insert = reference_functions(exercise("e03_radix"))["radix_tree_insert"]
        said = str(check("e03_radix", "short", variant=7, radix_tree_insert=insert))
        assert "hint: Overwriting needs no node" in said
        assert hint("e03_radix", "short").startswith("Ask radix_tree_preload")
        assert hint("e03_radix", "short", variant=7).startswith("Overwriting needs no node")

    @pytest.mark.parametrize("name", [name for name in EXERCISES if name[:3] not in KERNEL_LESS])
    def test_only_recorded_answers_are_called_the_kernels(self, name):
        golden = exercise(name).under(exercise(name).rule(7)).ability("golden")
        assert "kernel" not in golden.title
        recorded, drawn = {"golden": "x", "trace": []}, {"trace": []}
        assert "the kernel's own code answered" in golden.why(recorded, [], [])
        assert "kernel" not in golden.why(drawn, [], [])

    def test_hints_come_one_after_the_other(self):
        assert "rounds down" in hint("e04_zbud", "chunks")
        assert "there are 1 hints" in hint("e04_zbud", "chunks", 2)

    def test_numbers_are_each_students_own(self):
        found = [number("e04_zbud", "objects", student, 100, 999) for student in range(50)]
        assert len(set(found)) > 30
        assert min(found) >= 100
        assert max(found) <= 999
        assert found[7] == number("e04_zbud", "objects", 7, 100, 999)


def test_shrinking_finds_the_pair_that_matters():
    case = {"trace": list(range(40))}
    fails = lambda tried: {7, 23} <= set(tried["trace"])  # noqa: E731
    assert shrunk(case, ("trace",), fails, 5.0) == {"trace": [7, 23]}


def test_answers_are_the_same_only_type_for_type():
    assert same([1, {"a": 2.0}], [1, {"a": 2}])
    assert not same(True, 1)
    assert not same([1], [1, 2])
    assert not same("1", 1)
    assert not same(None, 0)
    assert same(1.04, 1.0, 0.05)
    assert not same(float("nan"), 1.0, 0.05)
    assert not same(10**400, 1.0, 0.05)
