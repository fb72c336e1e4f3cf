"""A prediction is committed once, answered with the reason, and readable without widgets."""

import pytest

from zbudlab.view import prediction
from zbudlab.view.prediction import Prediction, seal


@pytest.fixture(autouse=True)
def nothing_committed(monkeypatch):
    monkeypatch.setattr(prediction, "_committed", {})


def number():
    return Prediction("How many blocks?", 36, "Half of 72.", unit="blocks")


def click(asked, value):
    """What the browser sends when "Lock in" is pressed."""
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
        assert asked.outcome == asked.result == ""
        assert asked.truth == {}
        assert "36" not in str([asked.form, asked.truth, asked.outcome])

    @pytest.mark.parametrize(
        ("offered", "answer", "told"),
        [({}, 3, "Enter a number first."), ({"choices": "ab"}, "b", "Choose one first.")],
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

    def test_a_sketch_is_shown_with_the_answer(self):
        asked = Prediction("Draw it.", [1, 4], "It grows.", points=["x", "y"])
        click(asked, [0, 2.5])
        assert asked.form["top"] == 10
        assert asked.outcome.startswith("You said x: 0, y: 2.5. The answer is <b>x: 1, y: 4</b>.")
        assert asked.truth == {"answer": [1, 4], "why": "It grows."}

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


class TestRun:
    def asked(self, runs):
        return Prediction("How many?", 7, "Seven.", then=lambda: runs.append(1) or "<b>ran</b>")

    def test_is_hidden_until_the_answer_is_locked_in(self):
        runs = []
        asked = self.asked(runs)
        assert (asked.result, asked.form["hides"], runs) == ("", True, [])
        click(asked, 3)
        assert (asked.result, runs) == ("<b>ran</b>", [1])

    def test_can_be_shown_without_a_guess(self):
        asked = self.asked([])
        asked._handle_custom_msg({"act": "skip"}, [])
        assert asked.result == "<b>ran</b>"
        assert not asked.committed
        assert "You said" not in asked.outcome

    def test_is_folded_without_a_kernel(self):
        html = self.asked([])._repr_mimebundle_()[0]["text/html"]
        assert "ran" not in html.partition("<details>")[0]
        assert "<b>ran</b>" in html


class TestSeal:
    def test_hides_the_answer_in_the_source(self):
        code = seal([4, 8], "Half of it.")
        assert "Half" not in code
        asked = Prediction.sealed("Draw.", code, points=["a", "b"], top=16, curve="zbud movable")
        assert (asked.answer, asked.why) == ([4, 8], "Half of it.")
        assert (asked.form["top"], asked.form["who"]) == (16, "zbud movable")


@pytest.mark.parametrize(("answer", "top"), [(0, 1), (3, 5), (36, 50), (41, 100), (500, 1000)])
def test_the_line_ends_at_a_round_number_beyond_the_answer(answer, top):
    assert Prediction("?", answer, "").form["top"] == top


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
        ("c", {"choices": ["a", "b"]}, "'c' is not one of the choices"),
        ([1, 2], {"points": ["x"]}, "1 points need as many values"),
        ("a", {"choices": ["a"], "points": ["x"]}, "not both"),
    ],
)
def test_an_answer_that_cannot_be_given_is_refused(answer, offered, reason):
    with pytest.raises(ValueError, match=reason):
        Prediction("?", answer, "", **offered)
