"""Predictions: the reader commits to an answer before the machine gives it.

A prediction is a number, a choice, or a curve. Locking it in shows the answer next to the guess,
with the reason, and the run that was hidden until then. The guess is stored in the notebook, so it
survives saving and reopening. Where widgets do not run, the question is text and the answer is
folded. `seal` encodes an answer, so that a cell's source does not reveal it.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from zbudlab.view.assets import drawn, looks
from zbudlab.view.bundle import MARK, WIDGET_VIEW
from zbudlab.view.look.tokens import CURVES
from zbudlab.view.picture import picture_html

NUMBER, CHOICE, SKETCH = "number", "choice", "sketch"
PREDICT = "Predict"
MISSING = {NUMBER: "Enter a number first.", CHOICE: "Choose one first.", SKETCH: "Draw it first."}
_STEPS = (1, 2, 5)  #: ends of axes, times powers of ten

#: Guesses by question since the kernel started: a cell that runs again stays locked.
_committed: dict[str, Any] = {}

Reveal = Callable[[], "Figure | tuple[Figure, str] | str"]


def seal(answer: Any, why: str) -> str:
    """Return an answer and its reason in encoded form, for `Prediction.sealed`."""
    return b64encode(json.dumps([answer, why]).encode()).decode()


class Prediction(anywidget.AnyWidget):
    """A question whose answer the reader locks in before the machine answers.

    answer: a number; the right one of `choices`; or one value for each of `points`, the names along
    a curve. why: the reason, a sentence or two. unit: unit of the answer. top: end of the line or
    axis; default: a round number beyond the answer. curve: the machine in question, a name in
    `tokens.CURVES`. tag: word above the question. then: called when the answer is locked in; it
    returns a figure, (figure, words), or HTML, shown only then. ValueError if `answer` does not fit
    `choices` or `points`.
    """

    _esm = drawn(
        "predict/gate.js", "predict/number.js", "predict/sketch.js", "predict/prediction.js"
    )
    _css = looks("predict/prediction.css")

    form: Any = traitlets.Dict().tag(sync=True)
    value: Any = traitlets.Any(None, allow_none=True).tag(sync=True)
    truth: Any = traitlets.Dict().tag(sync=True)  # empty until it is revealed
    outcome: Any = traitlets.Unicode().tag(sync=True)  # HTML, for reading aloud
    result: Any = traitlets.Unicode().tag(sync=True)  # HTML of the hidden run
    committed: Any = traitlets.Bool(False).tag(sync=True)  # cannot be changed any more

    def __init__(
        self,
        question: str,
        answer: Any,
        why: str,
        *,
        choices: Sequence[str] = (),
        points: Sequence[str] = (),
        unit: str = "",
        top: float | None = None,
        curve: str = "",
        tag: str = PREDICT,
        then: Reveal | None = None,
    ) -> None:
        _check(answer, choices, points)
        self.question, self.answer, self.why, self.unit = question, answer, why, unit
        self.choices, self.points, self.then = list(choices), list(points), then
        self.tag = tag
        self.kind = CHOICE if choices else SKETCH if points else NUMBER
        self._colour = CURVES[curve].label if curve in CURVES else "ink"
        super().__init__(form=self._form(top, curve))
        self.on_msg(self._asked)
        if question in _committed:
            self.commit(_committed[question])

    @classmethod
    def sealed(cls, question: str, code: str, **settings: Any) -> "Prediction":
        """Return a prediction from an answer and reason encoded by `seal`.

        settings: further keyword arguments of Prediction.
        """
        answer, why = json.loads(b64decode(code))
        return cls(question, answer, why, **settings)

    def _form(self, top: float | None, curve: str) -> dict[str, Any]:
        most = 0 if self.kind == CHOICE else max([self.answer] if not self.points else self.answer)
        return {
            "kind": self.kind,
            "question": self.question,
            "unit": self.unit,
            "names": self.choices or self.points,
            "top": _round_above(most) if top is None else top,
            "who": curve or "the machine",
            "colour": self._colour,
            "tag": self.tag,
            "hides": self.then is not None and self.tag == PREDICT,
        }

    def commit(self, value: Any) -> None:
        """Lock in a guess and show the answer. None asks the reader to enter one first."""
        if self.committed:
            return
        if value is None:
            self.outcome = MISSING[self.kind]
            return
        self.value = _committed.setdefault(self.question, value)
        self.committed = True
        self.outcome = self._beside(value) + f"<p>{escape(self.why)}</p>"
        self._reveal()

    def skip(self) -> None:
        """Show the answer without a guess."""
        if not self.truth:
            told = escape(self.described(self.answer))
            self.outcome = f"The answer is <b>{told}</b>.<p>{escape(self.why)}</p>"
            self._reveal()

    def hidden(self) -> str:
        """Run what waits for the prediction and return its result as HTML, or an empty text."""
        return "" if self.then is None else _html(self.then())

    def _reveal(self) -> None:
        if not self.result:
            self.result = self.hidden()
        self.truth = {"answer": self.answer, "why": self.why}

    def _asked(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("act") == "commit":
            self.commit(content.get("value"))
        elif content.get("act") == "skip":
            self.skip()

    def _beside(self, value: Any) -> str:
        """Return a sentence with the guess and the answer."""
        yours, right = escape(self.described(value)), escape(self.described(self.answer))
        return f"You said {yours}. The answer is <b>{right}</b>."

    def described(self, value: Any) -> str:
        """Return an answer in words, with its unit."""
        if self.kind == SKETCH:
            return ", ".join(f"{x}: {y:.4g}" for x, y in zip(self.points, value, strict=True))
        unit = self.unit.removesuffix("s") if value == 1 else self.unit
        return str(value) if self.choices else f"{value:g} {unit}".strip()

    def _offered(self) -> str:
        return f" ({' / '.join(self.choices)})" if self.choices else ""

    def __repr__(self) -> str:
        return f"{self.tag}: {self.question}{self._offered()}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for static pages, the question with the answer folded."""
        data, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data[WIDGET_VIEW][MARK] = True
        question = f"<p><b>{self.tag}.</b> {escape(self.question + self._offered())}</p>"
        answer = f"<p><b>{escape(self.described(self.answer))}</b>. {escape(self.why)}</p>"
        folded = f"<details><summary>Answer</summary>{answer}{self.hidden()}</details>"
        return {**data, "text/plain": repr(self), "text/html": question + folded}, about


def _html(shown: Figure | tuple[Figure, str] | str) -> str:
    """Return the result of `then` as HTML."""
    if isinstance(shown, str):
        return shown
    figure, words = shown if isinstance(shown, tuple) else (shown, "the run")
    return picture_html(figure, words)


def _round_above(most: float) -> float:
    """Return the first of 1, 2, 5, 10, 20, 50, ... above 1.25 times `most`."""
    power = 1.0
    while True:
        for step in _STEPS:
            if step * power > 1.25 * most:
                return step * power
        power *= 10


def _check(answer: Any, choices: Sequence[str], points: Sequence[str]) -> None:
    if choices and points:
        raise ValueError("a prediction has choices or points, not both")
    if choices and answer not in choices:
        raise ValueError(f"the answer {answer!r} is not one of the choices {list(choices)}")
    if points and (isinstance(answer, (str, int, float)) or len(answer) != len(points)):
        raise ValueError(f"{len(points)} points need as many values as answer, not {answer!r}")
