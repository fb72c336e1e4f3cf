"""Results that stay hidden until the reader has committed to a prediction.

`after(asked, ...)` is the last line of the cell with the result. The result is computed when the
cell runs, also under Run All, and sent to the browser only when every prediction in `asked` is
locked in or skipped. In a stored notebook, and where widgets do not run, it is folded.
"""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from zbudlab.view.assets import drawn, looks
from zbudlab.view.bundle import MARK, WIDGET_VIEW
from zbudlab.view.picture import WRAPPED, picture_html, table_html, table_text
from zbudlab.view.prediction import Prediction

ONE = "This result is hidden until you lock in the prediction above."
MANY = "This result is hidden until you lock in the predictions above."

#: A figure with its key values, rows of a table, or plain text.
Part = tuple[Figure, str] | Iterable[Sequence[str]] | str


class Gate(anywidget.AnyWidget):
    """A result behind its predictions. html: the result. plain: its values as text."""

    _esm = drawn("predict/gate.js", "predict/after.js")
    _css = looks("predict/prediction.css")

    words: Any = traitlets.Unicode().tag(sync=True)
    result: Any = traitlets.Unicode().tag(sync=True)  # HTML; empty while it is hidden

    def __init__(self, asked: Sequence[Prediction], html: str, plain: str) -> None:
        self.asked, self.html, self.plain = list(asked), html, plain
        super().__init__(words=ONE if len(self.asked) == 1 else MANY)
        for each in self.asked:
            each.observe(self._open, "truth")
        self._open()

    def _open(self, _change: Any = None) -> None:
        if all(each.truth for each in self.asked):
            self.result = self.html

    def __repr__(self) -> str:
        return self.plain

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for static pages, the folded result."""
        data, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data[WIDGET_VIEW][MARK] = True
        folded = f"<details><summary>Result</summary>{self.html}</details>"
        return {**data, "text/plain": self.plain, "text/html": folded}, about


def after(asked: Prediction | Sequence[Prediction], *parts: Part, caption: str = "") -> Gate:
    """Return a result that is hidden until `asked` is locked in.

    parts: (figure, key values), rows of a table, or plain text, one below the other. caption: what
    the result shows, below it.
    """
    predictions = [asked] if isinstance(asked, Prediction) else list(asked)
    shown = [_shown(part) for part in parts]
    html = "".join(page for page, _ in shown)
    if caption:
        html += f"<p><em>{escape(caption)}</em></p>"
    return Gate(predictions, html, "\n".join(plain for _, plain in shown))


def _shown(part: Any) -> tuple[str, str]:
    """Return a part as HTML and as plain text."""
    if isinstance(part, str):
        return f'<pre style="{WRAPPED}">{escape(part)}</pre>', part
    listed = list(part)
    if isinstance(listed[0], Figure):
        figure, words = listed
        return picture_html(figure, str(words)), str(words)
    rows = [tuple(map(str, row)) for row in listed]
    return table_html(rows), table_text(rows)
