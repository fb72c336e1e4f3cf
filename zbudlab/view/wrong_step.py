"""A recorded trace in which one step is wrong; the reader finds it, and sees what was right."""

from html import escape
from typing import Any

import ipywidgets as widgets

from zbudlab.lessons.wrong_step import Step, Trace, trace
from zbudlab.view.prediction import Prediction


class WrongStep(widgets.VBox):
    """A trace of a subject, a name in `lessons.faulty.SUBJECTS`, with one wrong step.

    The table shows what each step left. The answer is checked at once; the picture behind it has
    the wrong step next to the right one. ValueError for an unknown subject.
    """

    def __init__(self, subject: str, seed: int = 0) -> None:
        self.subject, self.seed = subject, seed
        self.found = trace(subject, seed)
        self.table = steps_html(self.found)
        self.asked = Prediction(
            self.found.question,
            _choice(self.found, self.found.wrong),
            self.found.why,
            choices=tuple(_choice(self.found, number) for number in range(len(self.found.steps))),
            tag="Practice",
            then=lambda: solution_html(self.found),
        )
        super().__init__((widgets.HTML(self.table), self.asked))

    def __repr__(self) -> str:
        steps = (_choice(self.found, number) for number in range(len(self.found.steps)))
        return "\n".join([self.found.question, *steps])

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for static pages, the trace with its solution folded."""
        bundled = super()._repr_mimebundle_(**kwargs) or {}
        data, about = bundled if isinstance(bundled, tuple) else (bundled, {})
        static = self.table + self.asked._repr_mimebundle_()[0]["text/html"]
        return {**data, "text/plain": repr(self), "text/html": static}, about


def _choice(found: Trace, number: int) -> str:
    return f"Step {number + 1}: {found.steps[number].says}"


def steps_html(found: Trace) -> str:
    """Return what each step left as an HTML table, a row for each step."""
    rows = [(f"Step {number + 1}", step) for number, step in enumerate(found.steps)]
    return _table(rows, "What each step left")


def solution_html(found: Trace) -> str:
    """Return the wrong step as it was, and as it should be, as an HTML table."""
    rows = [("Before", found.steps[found.wrong - 1]), ("As recorded", found.steps[found.wrong])]
    return _table([*rows, ("As it should be", found.right)], f"Step {found.wrong + 1}")


def _table(rows: list[tuple[str, Step]], caption: str) -> str:
    names = dict.fromkeys(name for _, step in rows for name in step.state)
    head = "<td></td>" + "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f"<td><code>{escape(step.state.get(each, ''))}</code></td>" for each in names)
        + "</tr>"
        for name, step in rows
    )
    return (
        f'<div style="max-width: 100%; overflow-x: auto" tabindex="0" role="group" '
        f'aria-label="{escape(caption)}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )
