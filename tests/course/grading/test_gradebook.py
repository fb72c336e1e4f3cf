"""Points in the gradebook: those that the exercise gives, whatever was handed out."""

from unittest.mock import MagicMock

import pytest

from zbudlab.course.contract import exercise

pytest.importorskip("nbgrader.api")


def test_the_highest_marks_are_the_points_of_the_abilities():
    from zbudlab.course.grading import gradebook

    release = gradebook.released("e01_pages")
    for cell in release.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata["nbgrader"]["points"] = 99
    book = MagicMock()
    gradebook._describe(book, "e01_pages", release)
    calls = book.update_or_create_grade_cell.call_args_list
    found = {call.args[0]: call.kwargs["max_score"] for call in calls}
    assert found == {f"e01_pages-{a.name}": a.points for a in exercise("e01_pages").abilities}
