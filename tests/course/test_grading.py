"""From a folder of files to verdicts that last: names, zips, isolation, graders that are killed.

Also tests `cli/grade.py`, `course/grading/copies.py`, `course/grading/grader.py`,
`course/grading/plain_jit.py`, `course/grading/trial.py` and `course/grading/worker.py`.
"""

import io
import json
import re
import shutil
import tracemalloc
import zipfile
from dataclasses import replace

import pytest

from tests.course.handed_in import (
    solution,
    untouched,
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
from zbudlab.course.grading.notebook import Notebook
from zbudlab.course.grading.trial import Verdict
from zbudlab.io.files import written_whole

needs_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="there is no bubblewrap")


#: Files as learning platforms, archives and editors name them.
OF_PLATFORMS = (
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
)


def students(found):
    return sorted((item.student, item.exercise) for item in found)


def taken_for(names):
    """The students that files of these names are taken for."""
    return [item.student for item in named([_found(name) for name in names])]


class TestCollecting:
    def test_names_in_the_forms_of_platforms(self, tmp_path):
        right = json.dumps(solution("e04_zbud"))
        for name in OF_PLATFORMS:
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


@needs_bwrap
@pytest.mark.isolation
@pytest.mark.slow
def test_a_killed_grader_goes_on_where_it_stopped(tmp_path):
    found = graded_with_kills(tmp_path, 12, 1)
    assert {row["number"] for row in found.values()} == {str(number) for number in range(1, 13)}


def test_exercises_have_modules():
    assert [exercise(name).name for name in EXERCISES] == list(EXERCISES)
