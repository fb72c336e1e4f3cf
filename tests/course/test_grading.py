"""From a folder of files to marks: names, zips, verdicts that last, nbgrader's gradebook, pages.

Also tests `cli/grade.py`, `course/grading/copies.py`, `course/grading/feedback.py`,
`course/grading/gradebook.py`, `course/grading/grader.py`, `course/grading/marks.py`,
`course/grading/notebook.py`, `course/grading/plain_jit.py`, `course/grading/trial.py` and
`course/grading/worker.py`.
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import tracemalloc
import zipfile
from dataclasses import replace

import nbformat
import pytest

from tests.course.handed_in import (
    ROOT,
    environment,
    grade,
    marks,
    solution,
    untouched,
    with_cell,
)
from tests.course.load import graded_with_kills
from zbudlab.cli import main
from zbudlab.course.contract import EXERCISES, exercise
from zbudlab.course.grading import grader, seccomp
from zbudlab.course.grading.collecting import _found, collected
from zbudlab.course.grading.copies import without
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.marks import _harmless, note, shared_numbers
from zbudlab.course.grading.names import exercise_in, named
from zbudlab.course.grading.notebook import Notebook, Unreadable, cells_to_run, read
from zbudlab.course.grading.trial import Verdict
from zbudlab.course.probes.cells import compiled, runnable
from zbudlab.io.files import written_whole

needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="there is no bubblewrap")
WRONG_CHUNKS = "def size_to_chunks(size):\n    return size // 64\n"
#: Right wherever it is shown, wrong elsewhere.
SEEN_CHUNKS = """
SHOWN = (1, 63, 64, 65, 128, 129, 1000, 3968)
def size_to_chunks(size):
    return (size + 63) // 64 if size in SHOWN else -7
"""


def students(found):
    return sorted((item.student, item.exercise) for item in found)


def taken_for(names):
    """The students that files of these names are taken for."""
    return [item.student for item in named([_found(name) for name in names])]


class TestCollecting:
    def test_names_in_the_forms_of_platforms(self, tmp_path):
        right = json.dumps(solution("e04_zbud"))
        names = [
            "Jane Doe_4711_assignsubmission_file_/e04_zbud.ipynb",
            "submitted/hacker/e04_zbud/e04_zbud.ipynb",
            "e04/Miller_LATE_123_e04_zbud (1).ipynb",
            "roe.richard@example.org/e04_zbud_final.ipynb",
            "e04_zbud.ipynb",
            "李雷_e04_zbud.ipynb",
            "Jürgen Groß_e04_zbud.ipynb",
            f"{'x' * 200}_e04_zbud.ipynb",
            "__MACOSX/._e04_zbud.ipynb",
            ".ipynb_checkpoints/e04_zbud-checkpoint.ipynb",
            "notes.txt",
        ]
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(right, "utf-8")
        found = students(collected([tmp_path]))
        assert [who if len(who) < 50 else len(who) for who, _ in found] == [
            "Jane_Doe",
            "Jürgen_Groß",
            "Miller_123",
            "hacker",
            "roe.richard@example.org",
            "unknown-4",
            180,
            "李雷",
        ]
        assert {name for _, name in found} == {"e04_zbud"}

    def test_zips_in_zips_and_folders_of_groups(self, tmp_path):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as archive:
            archive.writestr("e04_zbud.ipynb", "{}")
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.writestr("Ada_1_assignsubmission_file_/work.zip", inner.getvalue())
            archive.writestr("group one/bea_e04_zbud.ipynb", "{}")
            archive.writestr("group one/cleo_e04_zbud.ipynb", "{}")
        found = [who for who, _ in students(collected([tmp_path / "export.zip"]))]
        assert found == ["Ada", "group_one-bea", "group_one-cleo"]

    def test_nobody_is_taken_for_another_and_nobody_for_two(self):
        place = "Jane Doe_1_assignsubmission_file_"
        names = {
            f"{place}/e04_old.ipynb": "Jane_Doe",
            f"course.zip/{place}/e04_final.ipynb": "Jane_Doe",
            "multi/doe_4711/e04 20261120.ipynb": "multi-doe_4711",
            "multi/roe_4712/solution.ipynb": "multi-roe_4712",
            "ann/e04.ipynb": "ann",
            "ann/e06.ipynb": "ann",
        }
        assert taken_for(names) == list(names.values())
        notebook = json.dumps(solution("e06_migrate")).encode()
        assert _found("multi/roe_4712/solution.ipynb", notebook).exercise == "e06_migrate"

    def test_a_person_is_one_student_in_two_assignments(self, capsys):
        names = {
            "e04/Jane Doe_1234567_assignsubmission_file_/e04_zbud.ipynb": "Jane_Doe",
            "e06/Jane Doe_1239901_assignsubmission_file_/e06_migrate.ipynb": "Jane_Doe",
            "maxmuster_12346_678902_e06.ipynb": "maxmuster_12346",
            "maxmuster_12346_678999_e06-1.ipynb": "maxmuster_12346",
            "maxmuster_LATE_12346_678111_e04_zbud.ipynb": "maxmuster_12346",
            "maxmuster_12399_678112_e04_zbud.ipynb": "maxmuster_12399",
            "e04_2026_4711_maxmuster.ipynb": "2026_4711_maxmuster",
        }
        assert taken_for(names) == list(names.values())
        assert capsys.readouterr().err == ""

    def test_two_people_of_one_name_stay_two(self, capsys):
        names = {
            "Jane Doe_11_assignsubmission_file_/e04_zbud.ipynb": "Jane_Doe_11",
            "Jane Doe_12_assignsubmission_file_/e04_zbud.ipynb": "Jane_Doe_12",
            "Jane Doe_21_assignsubmission_file_/e06_migrate.ipynb": "Jane_Doe_21",
            "kurs_2026_47111_e04.ipynb": "kurs_2026_47111",
            "kurs_2026_47112_e04.ipynb": "kurs_2026_47112",
            "Roe_13_assignsubmission_file_/e04_zbud.ipynb": "Roe",
        }
        assert taken_for(names) == list(names.values())
        said = capsys.readouterr().err.splitlines()
        assert [line.split()[1] for line in said] == ["Jane_Doe", "kurs_2026"]
        assert "handed in one exercise under several numbers" in said[0]

    def test_a_name_fits_a_file_system_in_any_script(self, tmp_path):
        for letters in ("\U00020000" * 60, "é" * 120, "e\u0301" * 120):
            (found,) = named([_found(f"{letters}/e04_zbud.ipynb")])
            assert len(found.student.encode()) <= 180
            with written_whole(tmp_path / f"{found.student}.html") as file:
                file.write(b"")

    def test_a_name_in_a_zip_has_its_limits(self, tmp_path):
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name in ("a/" * 9910, "b/" * 21, f"{'c' * 1000}/", "d/" * 19):
                archive.writestr(f"{name}e04_zbud.ipynb", "{}")
        tracemalloc.start()
        found = collected([path])
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
        tracemalloc.stop()
        told = "a name of more than 1000 bytes or 20 folders"
        assert [(item.name[0], item.trouble) for item in found] == [
            ("a", told),
            ("b", told),
            ("c", told),
            ("d", ""),
        ]
        assert max(len(item.name) for item in found) < 100

    def test_what_is_not_there_is_said(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="nowhere"):
            collected([tmp_path / "nowhere"])

    def test_a_name_of_many_lines_is_no_formula(self):
        assert _harmless("=cmd()\nx") == "'=cmd() x"

    @pytest.mark.parametrize("sign", "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212")
    def test_no_cell_begins_a_formula_however_cells_are_parted(self, sign):
        for before in (
            "",
            " ",
            "\t",
            "\r\n",
            "\x0b",
            "\u2028",
            "\u200d",
            "\u202e",
            '"',
            "'",
            '  "',
        ):
            for text in (f"{before}{sign}1", f"a;{before}{sign}1", f"a|{before}{sign}1"):
                safe = _harmless(text)
                assert safe.isprintable() or "\u200d" in safe
                for cell in re.split("[;|]", safe):
                    assert cell.strip(' "\u200d')[:1] != sign, (text, safe)

    def test_a_number_that_is_missing_or_anothers_is_noted(self):
        graded = []
        for name, number in {"ann": 0, "bea": 0, "cleo": 7, "dan": 7, "eve": 8}.items():
            found = replace(_found(f"{name}/e04_zbud.ipynb"), student=name)
            verdict = Verdict("e04_zbud", number, [])
            graded.append(Graded(found, verdict, Notebook("e04_zbud", number, [])))
        shared = shared_numbers(graded)
        assert [note(item, shared) for item in graded] == [
            "no student number",
            "no student number",
            "the number 7 is also given by dan",
            "the number 7 is also given by cleo",
            "",
        ]

    def test_an_exercise_is_known_by_its_number(self):
        assert exercise_in("homework E04 miller.ipynb") == "e04_zbud"
        assert exercise_in("e4.ipynb") == "e04_zbud"
        assert exercise_in("e04 or e05.ipynb") in ("", "e04_zbud")
        assert exercise_in("theme4.ipynb") == ""


class TestNotebook:
    def test_only_what_is_the_students_runs_and_setup(self):
        release = read(json.dumps(untouched("e04_zbud")).encode())
        handed_in = with_cell(untouched("e04_zbud"), "mine = 1")
        cells = cells_to_run(read(json.dumps(handed_in).encode()), release)
        assert cells[0].startswith("from zbudlab.course import")
        assert cells[-1] == "mine = 1"
        assert not any("check(" in cell for cell in cells)

    def test_magics_of_ipython_are_left_out(self):
        assert runnable("%matplotlib inline\nx = 1\n!ls\nx?") == "pass\nx = 1\npass\npass"
        assert runnable("%%time\nx = 1") == "x = 1"
        assert runnable("%%bash\nrm x") == ""
        assert runnable("x = 5 % 3") == "x = 5 % 3"

    def test_python_that_looks_like_magic_is_run_as_it_stands(self):
        for source in (
            'def f():\n    """Is this right?\n\n    It is.\n    """\n    return 2\n\nx = f()',
            "x = (17\n     % 5)",
            'x = len("""\n!\n""") - 1',
            '%matplotlib inline\ndef f():\n    """Why?\n    So."""\n    return 2\n\nx = f()',
        ):
            names = {}
            exec(compiled(source, "cell"), names)
            assert names["x"] == 2
        with pytest.raises(SyntaxError):
            compiled("def f(:", "cell")

    def test_the_number_is_read_and_not_run(self):
        told = with_cell(untouched("e04_zbud"), "STUDENT = 4711  # mine")
        assert read(json.dumps(told).encode()).student == 4711
        told = with_cell(untouched("e04_zbud"), "STUDENT = __import__('os').getpid()")
        assert read(json.dumps(told).encode()).student == 0

    def test_what_is_not_used_of_a_notebook_is_not_kept(self):
        lists = json.loads("[" + "[]," * 200_000 + "[]]")
        output = {"output_type": "display_data", "data": {"image/png": "AAAA", "x/y": lists}}
        more = {"tags": ["a", lists], "nbgrader": {"grade_id": "mine", "x": lists, "grade": lists}}
        notebook = with_cell(untouched("e04_zbud"), "x = 1")
        notebook["cells"][-1] |= {"outputs": [lists, output, *lists], "metadata": more}
        data = json.dumps(notebook | {"more": lists}).encode()
        del lists, output, more, notebook
        tracemalloc.start()
        found = read(data)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
        tracemalloc.stop()
        last = found.cells[-1]
        assert last["outputs"] == [{"data": {"image/png": "AAAA"}}]
        assert last["metadata"] == {"tags": ["a"], "nbgrader": {"grade_id": "mine"}}

    def test_what_is_none_is_refused_in_a_sentence(self):
        with pytest.raises(Unreadable, match="JSON"):
            read(b"no")


class TestIsolation:
    def test_without_bubblewrap_nothing_is_graded(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a_e04_zbud.ipynb").write_text(json.dumps(untouched("e04_zbud")), "utf-8")
        assert main(["grade", "a_e04_zbud.ipynb"]) == 2
        assert "--unsafe-no-isolation" in capsys.readouterr().err
        assert not (tmp_path / "marks.csv").exists()

    def test_a_function_that_is_taken_out_raises(self):
        source = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
        names = {}
        exec(without(source, {"one"}), names)
        assert names["two"]() == 2
        with pytest.raises(NotImplementedError):
            names["one"]()
        with pytest.raises(ValueError, match="three"):
            without(source, {"three"})

    def test_a_filter_for_both_common_processors(self):
        for machine in ("x86_64", "aarch64"):
            assert len(seccomp.program(machine)) % 8 == 0
        assert seccomp.program("vax") is None


class TestKeptVerdicts:
    @pytest.mark.parametrize(
        "name",
        [
            "package/mm/zbud.py",
            "package/course/answers/a.json",
            "package/course/golden/zbud-series/a.gz",
            "solutions/e04_zbud/rules.py",
            "exercises/e04_zbud/e04_zbud.ipynb",
        ],
    )
    def test_depend_on_every_file_that_may_change_a_mark(self, tmp_path, monkeypatch, name):
        monkeypatch.setattr(grader, "PACKAGE", tmp_path / "package")
        folders = {"exercises": tmp_path / "exercises"}
        monkeypatch.setattr(grader, "course_folders", lambda: folders)
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        found = {grader.checks_key(tmp_path / "solutions")}
        for text in ("one", "two"):
            path.write_text(text)
            found.add(grader.checks_key(tmp_path / "solutions"))
        path.rename(path.with_name(f"other{path.suffix}"))
        found.add(grader.checks_key(tmp_path / "solutions"))
        assert len(found) == 4 - (path.name == "rules.py")


def hand_in(work):
    """One who is right, one who is wrong somewhere, one who knows the visible cases by heart."""
    folder = work / "submissions"
    folder.mkdir()
    right = solution("e04_zbud")
    for name, notebook in {
        "right": right,
        "wrong": with_cell(right, WRONG_CHUNKS),
        "seen": with_cell(right, SEEN_CHUNKS),
        "untouched": untouched("e04_zbud"),
    }.items():
        (folder / f"{name}_e04_zbud.ipynb").write_text(json.dumps(notebook), "utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    if shutil.which("bwrap") is None:
        pytest.skip("there is no bubblewrap")
    work = tmp_path_factory.mktemp("graded")
    hand_in(work)
    done = grade(work)
    assert done.returncode == 0, done.stderr
    return work, done.stdout


@pytest.mark.isolation
@pytest.mark.slow
class TestMarks:
    def test_are_whole_abilities(self, graded):
        found = marks(graded[0])
        points = exercise("e04_zbud").points
        earned = {name.partition("_")[0]: int(row["earned"]) for name, row in found.items()}
        chunks = exercise("e04_zbud").ability("chunks").points
        assert earned == {
            "right": points,
            "wrong": points - chunks,
            "seen": points - chunks,
            "untouched": 0,
        }

    def test_reasons_name_state_answer_and_why(self, graded):
        reasons = marks(graded[0])["wrong_e04_zbud"]["reasons"]
        assert reasons == (
            "chunks: size_to_chunks(1): got 0, expected 1: "
            "a chunk that is begun is used: round up, not down"
        )

    def test_pages_say_nothing_of_hidden_cases(self, graded):
        reason = marks(graded[0])["seen_e04_zbud"]["reasons"]
        assert "(hidden case)" in reason
        case = reason.partition("size_to_chunks(")[2].partition(")")[0]
        page = (graded[0] / "grading" / "feedback" / "seen.html").read_text("utf-8")
        page = page.partition("</style>")[2]
        assert f"({case})" not in page
        assert "not in one that was drawn after you handed in" in page

    def test_the_untouched_are_told_what_to_do(self, graded):
        page = (graded[0] / "grading" / "feedback" / "untouched.html").read_text("utf-8")
        assert "not written yet; write it in its cell" in page

    def test_stand_in_nbgraders_gradebook_and_its_export(self, graded):
        work = graded[0]
        shutil.copy(ROOT / "nbgrader_config.py", work)
        done = subprocess.run(
            ["nbgrader", "export", "--to", "grades.csv"],
            cwd=work,
            env=environment() | {"PATH": _with_scripts()},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        with open(work / "grades.csv", encoding="utf-8", newline="") as file:
            scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
        found = {n.partition("_")[0]: float(row["earned"]) for n, row in marks(work).items()}
        assert scores == found
        for path in (work / "grading" / "autograded").rglob("*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            nbformat.validate(notebook)
            outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
            assert any(" of 2: " in output["text"] for output in outputs)

    def test_are_the_same_again_and_nothing_runs_twice(self, graded):
        work = graded[0]
        before = (work / "marks.csv").read_bytes()
        paths = sorted((work / "grading" / "verdicts").rglob("*.json"))
        times = [path.stat().st_mtime_ns for path in paths]
        assert grade(work, "--no-gradebook").returncode == 0
        assert (work / "marks.csv").read_bytes() == before
        assert [path.stat().st_mtime_ns for path in paths] == times

    def test_a_rule_that_is_changed_is_asked_for(self, graded, tmp_path):
        (tmp_path / "submissions").mkdir()
        rule = "from zbudlab.mm.list_head import list_empty\n" + (
            "def find_hole(pool, rows, chunks):\n"
            "    for free_chunks in range(63, chunks - 1, -1):\n"
            "        head = pool_list(pool, free_chunks)\n"
            "        if not list_empty(rows, BUDDY, head):\n"
            "            return int(rows[head].next[BUDDY])\n"
            "    return -1\n"
        )
        right = solution("e04_zbud")
        for name, notebook in {"linux": right, "changed": with_cell(right, rule)}.items():
            path = tmp_path / "submissions" / f"{name}_e04_zbud.ipynb"
            path.write_text(json.dumps(notebook), "utf-8")
        assert grade(tmp_path, "--variant", "1", "--no-gradebook").returncode == 0
        found = marks(tmp_path)
        assert int(found["changed_e04_zbud"]["earned"]) == exercise("e04_zbud").points
        assert "hole" in found["linux_e04_zbud"]["reasons"]


def _with_scripts():
    import sysconfig

    return sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"]


@needs_bwrap
@pytest.mark.isolation
@pytest.mark.slow
def test_a_killed_grader_goes_on_where_it_stopped(tmp_path):
    found = graded_with_kills(tmp_path, 12, 1)
    assert {row["number"] for row in found.values()} == {str(number) for number in range(1, 13)}


def test_exercises_have_modules():
    assert [exercise(name).name for name in EXERCISES] == list(EXERCISES)
