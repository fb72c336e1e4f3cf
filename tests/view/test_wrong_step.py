"""The wrong step as a question: a table, an answer that is checked, and what was right."""

import pytest

from zbudlab.view import WrongStep
from zbudlab.view.standalone import Page


@pytest.fixture(scope="module")
def view():
    return WrongStep("zbud", 0)


def test_the_answer_is_one_of_the_steps(view):
    choices = view.asked.choices
    assert len(choices) == len(view.found.steps)
    assert view.asked.answer == choices[view.found.wrong]
    assert view.found.why == view.asked.why


def test_the_table_has_a_row_for_each_step_and_does_not_say_which_is_wrong(view):
    assert view.table.count("<tr>") == len(view.found.steps) + 1
    assert "As it should be" not in view.table


def test_the_solution_shows_what_was_and_what_is_right(view):
    solution = view.asked.hidden()
    wrong = view.found.steps[view.found.wrong].state
    for state in (wrong, view.found.right.state):
        assert all(f"<code>{cell}</code>" in solution for cell in state.values())


def test_a_stored_notebook_has_the_trace_and_folds_the_answer(view):
    data, _ = view._repr_mimebundle_()
    assert data["text/html"].startswith(view.table)
    assert "<details" in data["text/html"]
    assert data["text/plain"].splitlines()[1].startswith("Step 1: ")


def test_a_page_has_several_traces(view, monkeypatch):
    monkeypatch.setattr("zbudlab.view.standalone.asked.TRACES", 2)
    record = Page().add(view)
    assert record.kind.name == "wrong step"
    first, (second,) = record.data["first"], record.more["problems"]
    assert first["above"] == view.table != second["above"]
    assert first["answer"] == view.asked.answer
    assert first["result"] == view.asked.hidden()
