"""Views recorded for pages without a kernel.

Also tests `view/standalone/asked.py`, `view/standalone/kinds.py` and `view/standalone/question.py`.
"""

import gzip
import json
from base64 import b64decode

import pytest

from zbudlab.machine import Machine
from zbudlab.view import FrameMap
from zbudlab.view.assets import _HERE
from zbudlab.view.gate import after
from zbudlab.view.practice import Practice
from zbudlab.view.prediction import Prediction
from zbudlab.view.standalone import page as pages
from zbudlab.view.standalone.asked import PROBLEMS, YOURS
from zbudlab.view.standalone.kinds import KINDS
from zbudlab.view.standalone.question import Question


def asked(question="How many <b>?", **settings):
    return Prediction(question, 3, "Because & so.", unit="frames", **settings)


def unpacked(text):
    return json.loads(gzip.decompress(b64decode(text)))


def test_a_prediction_keeps_what_it_says_when_it_is_locked_in():
    view = asked(then=lambda: "<p>the run</p>")
    page = pages.Page()
    told = page.add(view).data
    guess = view.described(4)
    view.commit(4)
    assert told["beside"].replace(YOURS, guess) == view.outcome
    assert told["result"] == view.result
    assert {"answer": told["answer"], "why": told["why"]} == view.truth


def test_a_prediction_keeps_what_it_says_when_it_is_skipped():
    view = asked("How many, if you skip it?")
    told = pages.Page().add(view).data
    view.skip()
    assert told["skipped"] == view.outcome


def test_a_result_waits_for_the_predictions_of_its_page():
    first, second = asked(), Prediction("Which?", "a", "So.", choices=["a", "b"])
    gate = after([second, first], "the result")
    page = pages.Page()
    assert [page.add(view).number for view in (first, second)] == [0, 1]
    assert page.add(gate).data["asked"] == [1, 0]
    with pytest.raises(ValueError, match="is not on this page"):
        pages.Page().add(gate)


def test_practice_has_the_problems_that_a_notebook_goes_on_with():
    view = Practice("buddy", seed=4)
    record = pages.Page().add(view)
    problems = [record.data["first"], *record.more["problems"]]
    assert record.data["count"] == len(problems)
    questions = []
    for _ in range(PROBLEMS):
        questions.append(view.asked.question)
        view.another()
    assert [each["form"]["question"] for each in problems] == questions


def test_images_that_repeat_a_figure_are_left_out():
    from zbudlab.view import toy

    view = asked(then=lambda: (toy.strips({"now": ["A", ""]}), "now: A ."))
    result = pages.Page().add(view).data["result"]
    assert "<svg" in result
    assert "<img" not in result
    assert "<img" in view.hidden()


def test_what_needs_a_kernel_is_no_view_of_a_page():
    from zbudlab.view.hostwatch import HostWatch

    assert pages.Page().add("words") is None
    assert HostWatch.__name__ not in KINDS


def test_a_question_has_numbers_and_answers_by_student():
    question = Question([({"pages": 5}, 3), ({"pages": 6}, 2.5)], "round up")
    told = pages.Page().add(question).data
    assert told == {"students": [[{"pages": 5}, 3], [{"pages": 6}, 2.5]], "why": "round up"}


def test_the_page_gets_what_was_recorded():
    page = pages.Page()
    record = page.add(asked())
    given = json.loads(page.script().removeprefix("zbudlab.page(").removesuffix(");\n"))
    assert unpacked(given["0"]) == record.data
    assert record.element("<p>still</p>") == (
        '<div data-live="prediction" data-live-id="0"><p>still</p></div>'
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_kind_has_its_scripts_and_registers_its_name(kind):
    scripts = pages.scripts([kind])
    for name in kind.widgets:
        assert f"view-{name.split(':')[1]}.js" in scripts
    assert any(f'zbudlab.kind("{kind.name}"' in scripts[name] for name in kind.scripts)


def test_a_page_alone_needs_no_other_file():
    view = FrameMap(Machine(frames=256, log=False))
    page = view.to_html("A <map>")
    assert "<title>A &lt;map&gt;</title>" in page
    assert "src=" not in page.replace("src: `${this.base}", "")
    assert "<link" not in page
    assert (_HERE / "framemap_view.js").read_text("utf-8")[:60] in page
    assert page.count("</script>") == 1
