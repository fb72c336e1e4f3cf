"""A labelled slider or list for mouse, keyboard and screen readers."""

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from zbudlab.view.assets import looks, script

CHOICE, SLIDER = "choice", "slider"


def values_of(low: float, high: float, step: float) -> list[Any]:
    """Return the numbers from `low` to `high` in steps; they are int if all three arguments are."""
    count = round((high - low) / step) + 1
    return [round(low + i * step, 10) for i in range(count)]


def words_of(value: Any) -> str:
    """Format a value for a reader: on and off, and whole numbers with separators."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Knob(anywidget.AnyWidget):
    """A slider over `values` (kind SLIDER) or a list of them to choose from (CHOICE).

    `value` is the chosen value; it can be observed and set. ValueError if `start` or a new `value`
    is not in `values`.
    """

    _esm = script("panel_controls.js", "knob.js")
    _css = looks("panel.css")

    kind: Any = traitlets.Unicode().tag(sync=True)
    label: Any = traitlets.Unicode().tag(sync=True)
    words: Any = traitlets.List().tag(sync=True)
    place: Any = traitlets.Int().tag(sync=True)  # index of the value
    value: Any = traitlets.Any()

    def __init__(self, label: str, values: Sequence[Any], start: Any, kind: str = SLIDER) -> None:
        self.values = list(values)
        if start not in self.values:
            raise ValueError(f"{label} cannot start at {start!r}: choose from {self.values}")
        words = [words_of(value) for value in self.values]
        place = self.values.index(start)
        super().__init__(kind=kind, label=label, words=words, place=place, value=start)

    @traitlets.observe("place")
    def _placed(self, change: Any) -> None:
        self.value = self.values[change["new"]]

    @traitlets.validate("value")
    def _one_of_them(self, proposal: Any) -> Any:
        if proposal["value"] not in self.values:
            raise ValueError(f"{self.label} cannot be {proposal['value']!r}, only {self.values}")
        return proposal["value"]

    @traitlets.observe("value")
    def _set(self, change: Any) -> None:
        self.place = self.values.index(change["new"])
