"""Student numbers: which a notebook sets, and what a roster says."""

import pytest

from zbudlab.course.grading.numbers import BadRoster, Roster, own_number


class TestOwnNumber:
    @pytest.mark.parametrize(
        ("cells", "number", "remark"),
        [
            (["STUDENT = 4711  # mine\nVARIANT = None"], 4711, ""),
            (["x = 1"], 0, ""),
            (["STUDENT = 7", "STUDENT = 7"], 7, ""),
            (["STUDENT = 7", "STUDENT = 8"], 8, "the student number is set more than once: 7, "),
            (["STUDENT = '4711'"], 4711, "the student number 4711 is written as a text"),
            (['"""\nSTUDENT = 9\n"""\nSTUDENT = 7'], 7, "a student number in a text"),
            (['x = """\nSTUDENT = 9\n"""'], 0, "a student number in a text"),
            (["STUDENT = __import__('os').getpid()"], 0, "set to something that is not a number"),
            (["STUDENT = 7\nSTUDENT += 1"], 0, "set to something that is not a number"),
            (["# STUDENT = 9\nSTUDENT = 7"], 7, ""),
            (["STUDENT = 7\n'''unended"], 7, ""),
            (["STUDENT == 7\nprint(STUDENT)"], 0, ""),
        ],
    )
    def test_of_cells(self, cells, number, remark):
        found, remarks = own_number(cells)
        assert found == number
        assert remark in " ".join(remarks)
        assert bool(remark) == bool(remarks)

    def test_hostile_cells_end_in_time(self):
        deep = "STUDENT = 7\nx = " + "(" * 90_000
        assert own_number([deep])[0] == 7
        assert own_number(["STUDENT = 7\n" + "x" * 200_000])[0] == 0


class TestRoster:
    @pytest.mark.parametrize(
        "text",
        [
            "4711\n4712\n",
            "\ufeffnumber\n4711\n4712",
            "student,number\nDoe Jane,4711\nRoe,4712\n",
            "Number;Student\n4711;Jane Doe\n4712;Roe\n",
            "number\tstudent\n4711\tDoe, Jane\n4712\tRoe\n",
        ],
    )
    def test_in_many_forms(self, tmp_path, text):
        path = tmp_path / "roster.csv"
        path.write_text(text, "utf-8")
        roster = Roster.read(path)
        assert roster.names.keys() == {4711, 4712}
        assert roster.remark(4711, "Jane_Doe") == ""
        assert roster.remark(0, "Jane_Doe") == ""
        assert roster.remark(4713, "Jane_Doe") == "the number 4713 is not on the roster"
        told = roster.remark(4712, "Jane_Doe")
        assert told == ("by the roster, the number 4712 is that of Roe" if "Roe" in text else "")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "number\n",
            "4711\nabc\n",
            "name,x\nann,b\n",
            pytest.param("4711\n" + "7" * 5000, id="digits"),
            pytest.param("4711\n" + "x" * 200_000, id="field"),
            pytest.param('4711\n"' + "7\n" * 100_000, id="quote"),
        ],
    )
    def test_that_is_none_is_refused(self, tmp_path, text):
        (tmp_path / "roster").write_text(text, "utf-8")
        with pytest.raises(BadRoster, match=r"the roster .*roster") as refused:
            Roster.read(tmp_path / "roster")
        assert len(str(refused.value)) < 500

    def test_that_is_a_device_is_not_read(self):
        with pytest.raises(OSError, match="/dev/zero: it is a device"):
            Roster.read("/dev/zero")
