"""Predictions: the reader commits to an answer before the machine gives it.

A prediction takes a number, a choice, or a curve drawn with sliders. Committing locks it and shows
the answer beside it, with the reason. Where no widgets run, the question stands there as text and
the answer is folded.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

import ipywidgets as widgets

WIDE = {"width": "auto", "max_width": "720px"}


def _number(unit: str) -> tuple[widgets.Widget, widgets.Widget]:
    field = widgets.FloatText(value=0, layout={"width": "140px"})
    field.tooltip = "your number"
    return field, widgets.HBox([field, widgets.Label(unit)])


def _choice(choices: Sequence[str]) -> tuple[widgets.Widget, widgets.Widget]:
    field = widgets.RadioButtons(options=list(choices), value=None, layout=WIDE)
    return field, field


class Sketch(widgets.HBox):
    """A curve of a few points, each an upright slider from 0 to `top`; `value` are the heights."""

    def __init__(self, points: Sequence[str], top: float) -> None:
        self.sliders = [
            widgets.FloatSlider(
                description=name,
                min=0,
                max=top,
                step=top / 100,
                orientation="vertical",
                readout_format=".3g",
                layout={"height": "180px", "width": "76px"},
            )
            for name in points
        ]
        super().__init__(self.sliders)

    @property
    def value(self) -> list[float]:
        """The heights, one a point."""
        return [slider.value for slider in self.sliders]

    @property
    def disabled(self) -> bool:
        """Whether the sliders are locked."""
        return all(slider.disabled for slider in self.sliders)

    @disabled.setter
    def disabled(self, locked: bool) -> None:
        for slider in self.sliders:
            slider.disabled = locked


class Prediction(widgets.VBox):
    """A question with a field to commit an answer to; then the right answer, and why.

    answer: a number; the right one of `choices`; or, for `points` (the names along a curve), one
    value a point. why: a sentence or two. unit: of a number. Raises ValueError where the answer
    cannot be given with what is offered.
    """

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
        self.choices, self.points = choices, points
        if points:
            self.field: Any = Sketch(points, 1.25 * max(answer))
            shown = self.field
        else:
            self.field, shown = _choice(choices) if choices else _number(unit)
        self.button = widgets.Button(description="Commit", tooltip="lock this answer and see")
        self.button.on_click(self.commit)
        self.outcome = widgets.HTML(layout=WIDE)
        asked = widgets.HTML(f"<b>Predict.</b> {escape(question)}", layout=WIDE)
        super().__init__([asked, shown, self.button, self.outcome])
        self.add_class("zbudlab-prediction")

    @property
    def committed(self) -> bool:
        """Whether an answer was given; it cannot be changed any more."""
        return self.button.disabled

    def commit(self, _button: Any = None) -> None:
        """Lock what stands in the field and show the answer beside it."""
        if self.field.value is None:
            self.outcome.value = "Choose one first."
            return
        self.field.disabled = True
        self.button.disabled = True
        yours = escape(self._told(self.field.value))
        self.outcome.value = f"You said {yours}. {self._answer_html()}"

    def _told(self, value: Any) -> str:
        if self.points:
            return ", ".join(f"{x}: {y:.4g}" for x, y in zip(self.points, value, strict=True))
        return str(value) if self.choices else f"{value:g} {self.unit}".strip()

    def _answer_html(self) -> str:
        return f"<b>{escape(self._told(self.answer))}</b>. {escape(self.why)}"

    def _offered(self) -> str:
        return f" ({' / '.join(self.choices)})" if self.choices else ""

    def __repr__(self) -> str:
        return f"Predict: {self.question}{self._offered()}"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget and, for pages without one, the question with the answer folded."""
        data = super()._repr_mimebundle_(**kwargs) or {}
        question = f"<p><b>Predict.</b> {escape(self.question + self._offered())}</p>"
        folded = f"<details><summary>Answer</summary><p>{self._answer_html()}</p></details>"
        return {**data, "text/plain": repr(self), "text/html": question + folded}


def _check(answer: Any, choices: Sequence[str], points: Sequence[str]) -> None:
    if choices and points:
        raise ValueError("a prediction has choices or points, not both")
    if choices and answer not in choices:
        raise ValueError(f"the answer {answer!r} is none of the choices {list(choices)}")
    if points and (isinstance(answer, (str, int, float)) or len(answer) != len(points)):
        raise ValueError(f"{len(points)} points need as many values as answer, not {answer!r}")
