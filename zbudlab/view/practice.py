"""Endless practice: a small problem, answered in the page and checked at once, then another.

A problem is a prediction whose hidden result is the picture of its solution, so it has the same
controls and works by keyboard.
"""

from typing import Any

import ipywidgets as widgets

from zbudlab.lessons.practice import SUBJECTS, Problem
from zbudlab.view import toy
from zbudlab.view.picture import picture_html
from zbudlab.view.prediction import Prediction

#: Tokens of the letters in the pictures of a subject.
PAINT = {
    "zbud": {"H": "header", "F": "zbud1", "L": "zbud2"},
    "zswap": {"z": "zbud1", "d": "edge"},
    "migration": {"I": "isolated", "M": "pinned"},
    "compaction": {"U": "kernel"},
    "zsmalloc": {"I": "isolated", "R": "pinned", "X": "pinned", "W": "crumb"},
}


class Practice(widgets.VBox):
    """Problems of a subject, a name in `lessons.practice.SUBJECTS`, from `seed` on.

    ValueError for an unknown subject.
    """

    def __init__(self, subject: str, seed: int = 0) -> None:
        if subject not in SUBJECTS:
            raise ValueError(f"no practice for {subject!r}: the subjects are {', '.join(SUBJECTS)}")
        self.subject, self.seed = subject, seed
        self.button = widgets.Button(description="Another problem")
        self.button.add_class("zb").add_class("zbl-again")
        self.button.on_click(self.another)
        super().__init__()
        self._ask()

    def another(self, _button: Any = None) -> None:
        """Show the problem of the next seed."""
        self.seed += 1
        self._ask()

    def _ask(self) -> None:
        self.problem = SUBJECTS[self.subject](self.seed)
        self.asked = Prediction(
            self.problem.question,
            self.problem.answer,
            self.problem.why,
            choices=self.problem.choices,
            unit=self.problem.unit,
            top=self.problem.top or None,
            tag="Practice",
            then=self._solution,
        )
        self.children = (self.asked, self.button)

    def _solution(self) -> str:
        return solution(self.subject, self.problem)

    def __repr__(self) -> str:
        return f"Practice, problem {self.seed}: {self.problem.question}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for static pages, the problem with its solution folded."""
        bundled = super()._repr_mimebundle_(**kwargs) or {}
        data, about = bundled if isinstance(bundled, tuple) else (bundled, {})
        static = self.asked._repr_mimebundle_()[0]["text/html"]
        return {**data, "text/plain": repr(self), "text/html": static}, about


def solution(subject: str, problem: Problem) -> str:
    """Return the picture of a problem's solution as HTML, with its description."""
    words = toy.key_values(problem.rows)
    return picture_html(toy.strips(problem.rows, PAINT.get(subject, {})), words)
