"""Practice: a problem is answered, checked at once, shown, and followed by another."""

import pytest

from zbudlab.lessons.practice import SUBJECTS
from zbudlab.view.practice import Practice
from zbudlab.view.prediction import NUMBER


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_answer_is_checked_at_once_with_its_reason_and_picture(subject):
    shown = Practice(subject, seed=3)
    assert shown.asked.result == ""
    shown.asked.commit(shown.problem.answer)
    assert shown.problem.why.split("(")[0].strip()[:40] in shown.asked.outcome
    assert "<svg" in shown.asked.result


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_line_gives_no_answer_away(subject):
    """One range for all problems of a subject that ask for a number, with room for each answer."""
    asked = [Practice(subject, seed).asked for seed in range(60)]
    numbers = [each for each in asked if each.kind == NUMBER]
    assert len({each.form["top"] for each in numbers}) == (len(numbers) > 0)
    assert all(0 <= each.answer <= each.form["top"] for each in numbers)
    assert not numbers or len({each.answer for each in numbers}) > 1


def test_the_button_gives_another_problem_not_yet_answered():
    shown = Practice("buddy", seed=5)
    first = shown.asked
    shown.button.click()
    assert shown.seed == 6
    assert shown.children[0] is shown.asked is not first
    assert shown.problem == SUBJECTS["buddy"](6)
    assert not shown.asked.committed


def test_without_a_kernel_the_problem_stands_and_the_solution_folds():
    data, _ = Practice("zbud")._repr_mimebundle_()
    assert data["text/plain"].startswith("Practice, problem 0: zbud pages have 16 chunks")
    before, _, folded = data["text/html"].partition("<details>")
    assert "How many pages" in before
    assert "<svg" not in before
    assert "<svg" in folded


def test_an_unknown_subject_is_refused():
    with pytest.raises(ValueError, match="no practice for 'cooking': the subjects are pages"):
        Practice("cooking")


def test_a_problem_is_not_called_a_prediction():
    shown = Practice("buddy").asked
    assert (shown.form["tag"], shown.form["hides"]) == ("Practice", False)
    assert "<b>Practice.</b>" in shown._repr_mimebundle_()[0]["text/html"]
