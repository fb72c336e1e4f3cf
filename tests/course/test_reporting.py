"""Reports of checks in a notebook."""

from pathlib import Path

import pytest

from zbudlab.course import check, reporting
from zbudlab.course.contract import EXERCISES, exercise
from zbudlab.course.judging import reference_functions

ROOT = Path(__file__).resolve().parents[2]


def test_the_first_mistake_is_open_and_the_others_are_folded():
    page = check(
        "e04_zbud",
        "chunks",
        "pages",
        size_to_chunks=lambda size: size // 64,
        pages_for_objects=lambda: 3,
    )._repr_html_()
    assert "<code>size_to_chunks</code>: " in page
    assert "<summary>Also wrong: your code counts the pages" in page
    assert ">should be<" in page


def test_the_answer_to_a_question_is_not_in_the_page():
    page = check("e04_zbud", "pages", student=5, pages_for_objects=lambda: 3)._repr_html_()
    assert "should be" not in page.lower().partition("</style>")[2]


def test_what_is_not_written_waits():
    def find_hole(pool, rows, chunks):
        raise NotImplementedError

    page = check("e04_zbud", "hole", find_hole=find_hole)._repr_html_()
    assert '<li class="wait"><b>finds the hole' in page
    assert "write it in its cell" in page


def test_all_points_have_a_green_end():
    right = reference_functions(exercise("e04_zbud"))
    page = check("e04_zbud", "chunks", size_to_chunks=right["size_to_chunks"])._repr_html_()
    assert '<section class="done">' in page
    assert "href=" not in page


@pytest.fixture
def fresh(monkeypatch):
    monkeypatch.setattr(reporting, "_right", {})


def test_the_last_check_of_an_exercise_counts_all_points_and_leads_on(fresh):
    task = exercise("e04_zbud")
    strip = [reporting.on_strip(ability, ability.points) for ability in task.abilities]
    for done, shown in enumerate(strip[:-1], 1):
        page = reporting.html_of(task, 1, 1, [shown], [])
        assert f"passed {done} of {len(strip)} checks" in page
    page = reporting.html_of(task, 1, 1, strip[-1:], [])
    points = sum(ability.points for ability in task.abilities)
    assert f"<b>{points}</b> of {points}" in page
    assert 'href="../../notebooks/05_zswap.ipynb">Next: 05 zswap</a>' in page


def test_a_check_that_fails_again_is_not_done_any_more(fresh):
    task = exercise("e04_zbud")
    right = [reporting.on_strip(ability, ability.points) for ability in task.abilities]
    wrong = reporting.on_strip(task.abilities[0], 0)
    reporting.html_of(task, 1, 1, right, [])
    reporting.html_of(task, 0, 1, [wrong], ["a mistake"])
    assert "href=" not in reporting.html_of(task, 1, 1, right[1:], [])


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_leads_to_a_notebook_of_that_title(name):
    words, page = reporting.NEXT.get(name, reporting.BACK)
    path = ROOT / "exercises" / name / reporting.NOTEBOOKS / f"{page}.ipynb"
    assert path.is_file()
    assert words.removeprefix("Next: ").split()[0] in (page[:2], "Back")


def test_one_report_of_a_notebook_has_the_style_sheet(monkeypatch):
    monkeypatch.setattr(reporting, "_styled", [])
    wrong = lambda: 3  # noqa: E731

    def page(ability):
        return check("e04_zbud", ability, student=5, pages_for_objects=wrong)._repr_html_()

    assert "<style>" in page("pages")
    other = check("e04_zbud", "chunks", size_to_chunks=lambda size: 1)._repr_html_()
    assert "<style>" not in other
    assert "<style>" in page("pages")  # its cell runs again
