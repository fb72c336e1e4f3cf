"""Predictions, the results behind them, practice, and the hero, for pages without a kernel.

JavaScript: asked.js, hero.js.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from zbudlab.view.prediction import MISSING

if TYPE_CHECKING:
    from zbudlab.view.gate import Gate
    from zbudlab.view.hero import Hero
    from zbudlab.view.practice import Practice
    from zbudlab.view.prediction import Prediction
    from zbudlab.view.standalone.page import Page
    from zbudlab.view.wrong_step import WrongStep

YOURS = "\1"  #: the place of the guess in a sentence, as in asked.js
PROBLEMS = 12  #: of practice
TRACES = 6  #: with a wrong step
ENDED = "These problems are recorded. A notebook goes on with new ones."
#: The image of a figure for front ends that remove styles; the page shows the figure.
_IMAGE = re.compile(r'<img alt="[^"]*" width="\d+" style="max-width: 100%" src="data:[^"]*">')


def prediction(view: Prediction, _page: Page) -> dict[str, Any]:
    """Return a prediction with its answer and all sentences."""
    answer = view.described(view.answer)
    why = f"<p>{escape(view.why)}</p>"
    return {
        "form": view.form,
        "answer": view.answer,
        "why": view.why,
        "missing": MISSING[view.kind],
        "beside": f"You said {YOURS}. The answer is <b>{escape(answer)}</b>.{why}",
        "skipped": f"The answer is <b>{escape(answer)}</b>.{why}",
        "result": without_images(view.hidden()),
    }


def gate(view: Gate, page: Page) -> dict[str, Any]:
    """Return a result with the numbers of the predictions that it waits for."""
    asked = [page.number_of(each) for each in view.asked]
    return {"words": view.words, "html": without_images(view.html), "asked": asked}


def practice(view: Practice, page: Page) -> dict[str, Any]:
    """Return PROBLEMS problems, starting with the one shown."""
    views = [type(view)(view.subject, view.seed + more) for more in range(PROBLEMS)]
    return _problems([prediction(each.asked, page) for each in views], "Another problem")


def wrong_step(view: WrongStep, page: Page) -> dict[str, Any]:
    """Return TRACES traces from the one shown on, each with its table."""
    views = [view, *(type(view)(view.subject, view.seed + more) for more in range(1, TRACES))]
    told = [prediction(each.asked, page) | {"above": each.table} for each in views]
    return _problems(told, "Another trace")


def _problems(told: list[dict[str, Any]], again: str) -> dict[str, Any]:
    """Return the first of several problems, and the others to be loaded once one is asked for."""
    first, *others = told
    more = {"problems": others}
    return {"first": first, "count": len(told), "ended": ENDED, "again": again, "more": more}


def hero(view: Hero, _page: Page) -> dict[str, Any]:
    """Return the recorded story."""
    return {"story": view.story}


def without_images(html: str) -> str:
    """Return HTML without the images that repeat its figures."""
    return _IMAGE.sub("", html)
