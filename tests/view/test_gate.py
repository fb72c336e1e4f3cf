"""Results behind predictions: hidden until the reader commits, folded where nothing runs."""

import pytest

from zbudlab.view import toy
from zbudlab.view.gate import MANY, ONE, after
from zbudlab.view.prediction import Prediction, _committed


@pytest.fixture(autouse=True)
def nobody_has_answered():
    _committed.clear()


def asked(number=1):
    return Prediction(f"How many, {number}?", 3, "Three.", unit="blocks")


def test_a_result_appears_when_its_prediction_is_locked_in():
    guess = asked()
    hidden = after(guess, "three blocks", caption="Three it is.")
    assert (hidden.result, hidden.words) == ("", ONE)
    guess.commit(5)
    assert "three blocks" in hidden.result
    assert "Three it is." in hidden.result


def test_it_waits_for_all_of_its_predictions():
    first, second = asked(1), asked(2)
    hidden = after([first, second], "three blocks")
    assert hidden.words == MANY
    first.commit(3)
    assert hidden.result == ""
    second.skip()
    assert hidden.result


def test_a_cell_that_runs_again_after_the_commitment_shows_its_result():
    asked().commit(5)
    assert after(asked(), "three blocks").result


def test_stored_it_is_folded_and_its_values_are_plain_text():
    picture = toy.strips({"now": ["A", "", "B"]}), "now: A . B"
    hidden = after(asked(), picture, [("moved", "3 pages")], "a < b")
    data, _ = hidden._repr_mimebundle_()
    assert data["text/plain"] == "now: A . B\nmoved: 3 pages\na < b"
    page = data["text/html"]
    assert page.startswith("<details><summary>Result</summary>")
    assert "<svg" in page
    assert "<table" in page
    assert "a &lt; b" in page
