"""The teacher's page about all submissions."""

from dataclasses import replace

from zbudlab.course.contract import exercise
from zbudlab.course.grading.grader import Graded
from zbudlab.course.grading.names import found_at
from zbudlab.course.grading.overview import overview, write_overview
from zbudlab.course.grading.trial import Mark, Verdict


def graded(student, lost=(), reason="it is <i>wrong</i>", hidden=False):
    """Return a submission that lost these abilities."""
    marks = [
        Mark(a.name, 0, a.points, reason, hidden)
        if a.name in lost
        else Mark(a.name, a.points, a.points)
        for a in exercise("e04_zbud").abilities
    ]
    found = replace(found_at(f"{student}/e04_zbud.ipynb"), student=student)
    return Graded(found, Verdict("e04_zbud", 7, marks))


def test_the_hardest_ability_comes_first_with_its_reason():
    page = overview([graded("ada", ["hole"]), graded("bob", ["hole", "free"]), graded("cy")])
    hardest = page.partition("what went wrong most")[2]
    assert hardest.index("finds the hole") < hardest.index(">frees<")
    assert "2 of 3" in hardest
    assert "2 of 2: it is &lt;i&gt;wrong&lt;/i&gt;" in hardest
    assert ">allocates<" not in hardest


def test_a_hidden_case_is_marked():
    page = overview([graded("ada", ["hole"], hidden=True)])
    assert "✗°</td>" in page
    assert "1 only in a hidden case" in page


def test_the_best_of_several_submissions_counts():
    page = overview([graded("ada", ["hole"]), graded("ada")])
    assert "1 student<" in page
    assert "Every submission has all points" in page


def test_files_without_marks_are_listed():
    bad = Graded(graded("eve").found, Verdict("", 0, [], "this is no notebook: <b>"))
    page = overview([bad])
    assert "No submission has marks" in page
    assert "this is no notebook: &lt;b&gt;" in page


def test_names_lead_to_the_feedback(tmp_path):
    path = write_overview(tmp_path, [graded("Zoë_O")])
    assert 'href="feedback/Zo%C3%AB_O.html"' in path.read_text("utf-8")
