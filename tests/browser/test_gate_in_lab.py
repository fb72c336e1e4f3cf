"""A result behind its prediction in a real browser: Run All, lock in, save, open again."""

import pytest

pytestmark = pytest.mark.browser

ASK = """
from zbudlab.view.gate import after
from zbudlab.view.prediction import Prediction
guess = Prediction("How many blocks are free?", 3, "Three.", unit="blocks")
guess
"""


def test_a_result_waits_for_its_prediction_and_the_commitment_survives(lab):
    with lab.open([ASK, "after(guess, 'three blocks')"]) as notebook:
        notebook.run_all()
        result = notebook.output(1)
        result.get_by_text("This result is hidden until you lock in").wait_for()
        assert "three blocks" not in result.inner_text()
        notebook.output(0).locator("input").fill("5")
        notebook.output(0).get_by_role("button", name="Lock in").click()
        result.get_by_text("three blocks").wait_for()
        assert notebook.faults(".zbl-after") == []
        notebook.save()
        stored = notebook.stored().cells[1].outputs[0].data
        assert stored["text/plain"] == "three blocks"
        assert "<details>" in stored["text/html"]
        notebook.shut_down_kernel()
        notebook.load()
        notebook.run_all()
        notebook.output(1).get_by_text("three blocks").wait_for()
        assert "Your guess 5" in notebook.output(0).locator("svg").first.get_attribute("aria-label")
        assert notebook.errors == []
