"""A prediction is committed once, answered with the reason, and readable without widgets."""

import pytest

from zbudlab.view import prediction
from zbudlab.view.prediction import Prediction


@pytest.fixture(autouse=True)
def nothing_committed(monkeypatch):
    monkeypatch.setattr(prediction, "_committed", {})


def number():
    return Prediction("How many blocks?", 36, "Half of 72.", unit="blocks")


def click(asked, value):
    """What the browser sends when "Commit" is pressed."""
    asked._handle_custom_msg({"act": "commit", "value": value}, [])


class TestCommit:
    def test_locks_a_number_and_shows_both(self):
        asked = number()
        click(asked, 12)
        assert asked.committed
        assert (
            asked.outcome == "You said 12 blocks. The answer is <b>36 blocks</b>.<p>Half of 72.</p>"
        )
        click(asked, 36)
        assert asked.value == 12

    def test_shows_nothing_before(self):
        asked = number()
        assert not asked.committed
        assert asked.outcome == ""
        assert "36" not in str(asked.form)

    @pytest.mark.parametrize(
        ("offered", "answer", "told"),
        [({}, 3, "Write a number first."), ({"choices": "ab"}, "b", "Choose one first.")],
    )
    def test_nothing_is_no_answer(self, offered, answer, told):
        asked = Prediction("Which?", answer, "So it is.", **offered)
        click(asked, None)
        assert not asked.committed
        assert asked.outcome == told

    def test_a_choice_is_told_with_the_right_one(self):
        asked = Prediction("Which?", "b", "So it is.", choices=["a", "b"])
        click(asked, "a")
        assert asked.outcome.startswith("You said a. The answer is <b>b</b>")

    def test_a_sketch_stands_beside_the_answer(self):
        asked = Prediction("Draw it.", [1, 4], "It grows.", points=["x", "y"])
        click(asked, [0, 2.5])
        assert asked.form["top"] == 5
        assert "<tr><th>you said</th><td>0</td><td>2.5</td></tr>" in asked.outcome
        assert "<tr><th>answer</th><td>1</td><td>4</td></tr>" in asked.outcome

    def test_run_again_it_is_still_locked(self):
        click(number(), 12)
        again = number()
        assert (again.committed, again.value) == (True, 12)
        assert "You said 12 blocks" in again.outcome

    def test_words_cannot_be_markup(self):
        asked = Prediction("<i>?", "<b>", "<u>", choices=["<b>"])
        click(asked, "<b>")
        assert "&lt;u&gt;" in asked.outcome
        assert "<i>" not in asked._repr_mimebundle_()[0]["text/html"]


def test_without_widgets_the_question_stands_and_the_answer_is_folded():
    bundle, _ = number()._repr_mimebundle_()
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
