"""Who handed in what, by the names of files and folders."""

import unicodedata
import zipfile

import pytest

from zbudlab.course.grading.collecting import collected
from zbudlab.course.grading.names import normalised, printable, students_of

MEENA, MONA = "\u092e\u0940\u0928\u093e", "\u092e\u094b\u0928\u093e"
HA_GRAVE, HA_DOT = "Ha\u0300", "Ha\u0323"


def decomposed(text):
    """A text in NFD, as macOS writes names."""
    return unicodedata.normalize("NFD", text)


class TestMarksOfLetters:
    def test_names_that_differ_in_them_stay_two_people(self):
        names = [f"{name}/e04_zbud.ipynb" for name in (MEENA, MONA, HA_GRAVE, HA_DOT)]
        assert students_of(names) == [MEENA, MONA, "H\u00e0", "H\u1ea1"]

    def test_one_name_in_two_forms_is_one_person(self):
        name = "M\u00fcller"
        names = [f"{name}/e01_pages.ipynb", f"{decomposed(name)}/e04_zbud.ipynb"]
        assert students_of(names) == [name] * 2

    def test_joiners_are_kept(self):
        name = "\u0646\u06af\u0627\u0647\u200c\u062f\u0627\u0631"
        assert students_of([f"{name}/e04_zbud.ipynb"]) == [name]


class TestKeptApart:
    def test_two_names_that_would_become_one(self, capsys):
        first, second = students_of(["Ann!/e04_zbud.ipynb", "Ann?/e06_migrate.ipynb"])
        assert first != second
        assert {first[:4], second[:4]} == {"Ann-"}
        said = capsys.readouterr().err
        assert "'Ann!' and 'Ann?' would both be called Ann" in said

    def test_two_names_that_differ_in_capitals_only(self, capsys):
        students = students_of(["Jane/e01_pages.ipynb", "JANE/e04_zbud.ipynb"])
        assert len({name.casefold() for name in students}) == 2
        assert "'JANE' and 'Jane' would both be called" in capsys.readouterr().err

    def test_a_space_and_an_underscore_are_the_same(self, capsys):
        assert students_of(["Ann B/e04.ipynb", "Ann_B/e06.ipynb"]) == ["Ann_B"] * 2
        assert capsys.readouterr().err == ""


class TestPlatforms:
    @pytest.mark.parametrize(
        ("names", "student"),
        [
            (  # Moodle, in folders and without
                [
                    "Jane Doe_1234567_assignsubmission_file_/e04_zbud.ipynb",
                    "Jane Doe_1299999_assignsubmission_file_/work/e05_zswap final.ipynb",
                    "Jane Doe_1299998_assignsubmission_file_e06_migrate.ipynb",
                    "ZBUD101-Exercise 1-123.zip/Jane Doe_7_assignsubmission_file_/e01.ipynb",
                ],
                "Jane_Doe",
            ),
            (  # Canvas
                [
                    "doejane_4711_98765_e04_zbud.ipynb",
                    "doejane_LATE_4711_98799_e05-1.ipynb",
                    "submissions/doejane_4711_99001_Untitled e06.ipynb",
                ],
                "doejane_4711",
            ),
            (  # Blackboard
                [
                    "gradebook_ZBUD101_Exercise204_jdoe_attempt_2026-11-30-10-20-30_e04.ipynb",
                    "gradebook_ZBUD101_Exercise206_jdoe_attempt_2026-12-07-10-20-31_e06 mine.ipynb",
                    "gradebook_X_2026-12-14-01-02-03.zip/Ex_jdoe_attempt_2026-12-14-09-00-00_e01.ipynb",
                ],
                "jdoe",
            ),
        ],
    )
    def test_one_person_in_several_assignments(self, names, student, capsys):
        assert students_of(names) == [student] * len(names)
        assert capsys.readouterr().err == ""

    def test_two_people_of_one_name_on_moodle(self, capsys):
        names = [f"Li Wei_{n}_assignsubmission_file_/e04_zbud.ipynb" for n in (1234568, 1234570)]
        assert students_of(names) == ["Li_Wei_1234568", "Li_Wei_1234570"]
        assert "several numbers" in capsys.readouterr().err

    def test_ZBUD101_exports_of_two_assignments_one_with_decomposed_accents(self, tmp_path):
        groups = {"ZBUD101-Exercise 1-1.zip": "e01_pages", "ZBUD101-Exercise 4-2.zip": "e04_zbud"}
        for number, (archive, exercise) in enumerate(groups.items()):
            name = "J\u00fcrgen Gr\u00f6\u00dfe"
            name = decomposed(name) if number else name
            with zipfile.ZipFile(tmp_path / archive, "w") as file:
                folder = f"{name}_{number + 100}_assignsubmission_file_"
                file.writestr(f"{folder}/{exercise}.ipynb", "{}")
                file.writestr(f"Other_{number}_assignsubmission_file_/{exercise}.ipynb", "{}")
        found = collected(sorted(tmp_path.iterdir()))
        assert {item.student for item in found} == {"J\u00fcrgen_Gr\u00f6\u00dfe", "Other"}


def test_collisions_and_escapes(tmp_path, capsys):
    """Names that differ in marks, forms, capitals or controls, in one zip."""
    nfd = decomposed("M\u00fcller")
    apart = [MEENA, MONA, HA_GRAVE, HA_DOT, nfd, "\u0e2a\u0e21\u0e0a\u0e32\u0e22", "Jane", "JANE"]
    apart += ["\x1b]0;PWN\x07\x1b[31mred", "C:\\evil", "con", "a" * 270]
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("M\u00fcller/e01_pages.ipynb", "{}")
        for name in apart:
            archive.writestr(f"{name}/e04_zbud.ipynb", "{}")
    found = collected([tmp_path / "export.zip"])
    students = {item.student for item in found}
    assert len({name.casefold() for name in students}) == len(apart)
    assert {"M\u00fcller", MEENA, MONA, "H\u00e0", "H\u1ea1"} <= students
    said = "".join([*students, *(item.name for item in found), capsys.readouterr().err])
    assert all(c.isprintable() or c == "\n" for c in said)
    assert max(len(name.encode()) for name in students) <= 180


class TestTerminals:
    def test_no_escape_sequence_is_left_in_a_name(self, tmp_path, capsys):
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.writestr("\x1b]0;PWN\x07\x1b[31mred/e04_zbud.ipynb", "{}")
            archive.writestr("\u202ednuor/e04_zbud.ipynb", "{}")
            archive.writestr("\x1b[31mred!/e04_zbud.ipynb", "{}")
            archive.writestr("\x1b[31mred?/e04_zbud.ipynb", "{}")
        found = collected([tmp_path / "export.zip"])
        said = "".join([*(f"{item.name}{item.student}" for item in found), capsys.readouterr().err])
        assert all(c.isprintable() or c == "\n" for c in said)
        assert len({item.student for item in found}) == 4

    def test_a_name_that_is_no_text_can_be_shown(self):
        assert printable(normalised("a\udcff\x00")) == "a?\ufffd"

    def test_no_name_begins_a_formula(self):
        assert students_of(["@SUM(1)/e04.ipynb", "=1+1/e04.ipynb"]) == ["SUM", "1+1"]
