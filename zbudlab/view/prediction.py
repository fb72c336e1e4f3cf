"""Predictions: the reader commits to an answer before the machine gives it.

A prediction takes a number, a choice, or a curve drawn with sliders. Committing locks it and shows
the answer beside it, with the reason; run again, its cell shows what was committed. Where no
widgets run, the question stands there as text and the answer is folded.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import anywidget
import traitlets

from zbudlab.view.assets import script, style
from zbudlab.view.bundle import MARK, WIDGET_VIEW

NUMBER, CHOICE, SKETCH = "number", "choice", "sketch"
MISSING = {NUMBER: "Write a number first.", CHOICE: "Choose one first."}

#: What was committed to each question since the kernel started: a cell run twice stays locked.
_committed: dict[str, Any] = {}


class Prediction(anywidget.AnyWidget):
    """A question with a field to commit an answer to; then the right answer, and why.

    answer: a number; the right one of `choices`; or, for `points` (the names along a curve), one
    value a point. why: a sentence or two. unit: of a number. Raises ValueError where the answer
    cannot be given with what is offered.
    """

    _esm = script("prediction.js")
    _css = style("panel.css", "prediction.css")

    form: Any = traitlets.Dict().tag(sync=True)
    value: Any = traitlets.Any(None, allow_none=True).tag(sync=True)
    outcome: Any = traitlets.Unicode().tag(sync=True)  # HTML
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
    ) -> None:
        _check(answer, choices, points)
        self.question, self.answer, self.why, self.unit = question, answer, why, unit
        self.choices, self.points = list(choices), list(points)
        self.kind = CHOICE if choices else SKETCH if points else NUMBER
        form = {"kind": self.kind, "question": question, "unit": unit}
        names, top = self.choices or self.points, 1.25 * max(answer) if points else 0
        super().__init__(form={**form, "names": names, "top": top})
        self.on_msg(self._asked)
        if question in _committed:
            self.commit(_committed[question])

    def commit(self, value: Any) -> None:
        """Lock this answer and show the right one beside it; None = none was given."""
        if self.committed:
            return
        if value is None:
            self.outcome = MISSING[self.kind]
            return
        self.value, self.committed = _committed.setdefault(self.question, value), True
        self.outcome = self._beside(value) + f"<p>{escape(self.why)}</p>"

    def _asked(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content.get("act") == "commit":
            self.commit(content.get("value"))

    def _beside(self, value: Any) -> str:
        """Both answers: a table of a curve, else a sentence."""
        if self.kind != SKETCH:
            yours, right = escape(self._told(value)), escape(self._told(self.answer))
            return f"You said {yours}. The answer is <b>{right}</b>."
        rows = {"": self.points, "you said": value, "answer": self.answer}
        cells = {
            name: "".join(f"<td>{y if isinstance(y, str) else f'{y:.4g}'}</td>" for y in ys)
            for name, ys in rows.items()
        }
        return f"<table>{''.join(f'<tr><th>{n}</th>{c}</tr>' for n, c in cells.items())}</table>"

    def _told(self, value: Any) -> str:
        if self.kind == SKETCH:
            return ", ".join(f"{x}: {y:.4g}" for x, y in zip(self.points, value, strict=True))
        return str(value) if self.choices else f"{value:g} {self.unit}".strip()

    def _offered(self) -> str:
        return f" ({' / '.join(self.choices)})" if self.choices else ""

    def __repr__(self) -> str:
        return f"Predict: {self.question}{self._offered()}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """The widget and, for pages without one, the question with the answer folded."""
        data, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data[WIDGET_VIEW][MARK] = True
        question = f"<p><b>Predict.</b> {escape(self.question + self._offered())}</p>"
        answer = f"<b>{escape(self._told(self.answer))}</b>. {escape(self.why)}"
        folded = f"<details><summary>Answer</summary><p>{answer}</p></details>"
        return {**data, "text/plain": repr(self), "text/html": question + folded}, about


def _check(answer: Any, choices: Sequence[str], points: Sequence[str]) -> None:
    if choices and points:
        raise ValueError("a prediction has choices or points, not both")
    if choices and answer not in choices:
        raise ValueError(f"the answer {answer!r} is none of the choices {list(choices)}")
    if points and (isinstance(answer, (str, int, float)) or len(answer) != len(points)):
        raise ValueError(f"{len(points)} points need as many values as answer, not {answer!r}")
