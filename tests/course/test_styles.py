"""Right answers in many styles keep all points; what cannot be right is refused alike."""

import json
import shutil

import pytest

from tests.course.handed_in import grade, marks, solution, with_cell
from tests.course.styles import REFUSED, STYLES
from zbudlab.course.checking import checked_notebook
from zbudlab.course.contract import exercise

MARK = b"\xef\xbb\xbf"  #: a byte order mark, as some editors write


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of submissions, and the rows of the report."""
    if shutil.which("bwrap") is None:
        pytest.skip("there is no bubblewrap")
    work = tmp_path_factory.mktemp("styles")
    folder = work / "submissions"
    folder.mkdir()
    for name, cell in STYLES.items():
        text = json.dumps(with_cell(solution("e01_pages"), cell)).encode()
        (folder / f"{name}.ipynb").write_bytes(MARK + text if name == "lambda" else text)
    for name, (task, cell, _, _) in REFUSED.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(with_cell(solution(task), cell)), "utf-8")
    done = grade(work, "--no-gradebook")
    assert done.returncode == 0, done.stderr
    return folder, marks(work)


def test_there_are_many():
    assert len(STYLES) >= 24


@pytest.mark.isolation
@pytest.mark.slow
class TestStyles:
    def test_keep_their_marks_in_grading(self, graded):
        points = str(exercise("e01_pages").points)
        lost = {n: graded[1][n] for n in STYLES if graded[1][n]["earned"] != points}
        assert lost == {}

    @pytest.mark.parametrize("name", STYLES)
    def test_keep_their_marks_in_check(self, graded, name):
        report = checked_notebook(graded[0] / f"{name}.ipynb")
        assert report.earned == exercise("e01_pages").points, report
        assert not report.unchecked

    @pytest.mark.parametrize("name", REFUSED)
    def test_what_the_sandbox_lacks_is_refused_with_one_sentence(self, graded, name, capsys):
        task, _, ability, sentence = REFUSED[name]
        row = graded[1][name]
        due = exercise(task).points - exercise(task).ability(ability).points
        assert int(row["earned"]) == due
        assert sentence in f"{row['note']} {row['reasons']}"
        report = checked_notebook(graded[0] / f"{name}.ipynb")
        assert [r.ability.name for r in report.results if r.failure] == [ability]
        assert sentence in f"{report} {capsys.readouterr().err}"
