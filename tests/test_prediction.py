"""A prediction is committed once, answered with the reason, and readable without widgets."""

import pytest

from zbudlab.view.prediction import Prediction


def number():
    return Prediction("How many blocks?", 36, "Half of 72.", unit="blocks")


class TestCommit:
    def test_locks_a_number_and_shows_both(self):
        asked = number()
        asked.field.value = 12
        asked.button.click()
        assert asked.committed
        assert asked.field.disabled
        assert "You said 12 blocks. <b>36 blocks</b>. Half of 72." in asked.outcome.value

    def test_shows_nothing_before(self):
        asked = number()
        assert not asked.committed
        assert asked.outcome.value == ""

    def test_an_empty_choice_is_not_taken(self):
        asked = Prediction("Which?", "b", "So it is.", choices=["a", "b"])
        asked.button.click()
        assert not asked.committed
        assert asked.outcome.value == "Choose one first."
        asked.field.value = "a"
        asked.button.click()
        assert "You said a. <b>b</b>" in asked.outcome.value

    def test_a_sketch_locks_all_its_points(self):
        asked = Prediction("Draw it.", [1, 4], "It grows.", points=["x", "y"])
        asked.field.sliders[1].value = 2
        asked.button.click()
        assert all(slider.disabled for slider in asked.field.sliders)
        assert "You said x: 0, y: 2. <b>x: 1, y: 4</b>" in asked.outcome.value


def test_without_widgets_the_question_stands_and_the_answer_is_folded():
    bundle = number()._repr_mimebundle_()
    assert bundle["text/plain"] == "Predict: How many blocks?"
    question, folded = bundle["text/html"].split("<details>")
    assert "How many blocks?" in question
    assert "36" not in question
    assert "<b>36 blocks</b>. Half of 72." in folded


@pytest.mark.parametrize(
    ("answer", "offered", "reason"),
    [
        ("c", {"choices": ["a", "b"]}, "'c' is none of the choices"),
        ([1, 2], {"points": ["x"]}, "1 points need as many values"),
        ("a", {"choices": ["a"], "points": ["x"]}, "not both"),
    ],
)
def test_an_answer_that_cannot_be_given_is_refused(answer, offered, reason):
    with pytest.raises(ValueError, match=reason):
        Prediction("?", answer, "", **offered)
