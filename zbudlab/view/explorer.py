"""Controls above a picture: knobs change the picture and a line of key values."""

import inspect
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets as widgets
from matplotlib.figure import Figure

from zbudlab.view.bundle import bundle
from zbudlab.view.knob import CHOICE, Knob, values_of
from zbudlab.view.picture import put

#: Values of a knob: (low, high, step), or a sequence to choose from.
Range = Sequence[Any]


def _knob(name: str, values: Range, start: Any) -> Knob:
    """Return a slider for a tuple of numbers (low, high, step), otherwise a list to choose from."""
    label = name.replace("_", " ")
    if isinstance(values, tuple) and all(type(value) in (int, float) for value in values):
        return Knob(label, values_of(*values), start)
    return Knob(label, values, start, CHOICE)


class Explorer(widgets.VBox):
    """Knobs for a drawing function: `Explorer(draw, order=(0, 10, 1), freed=(0, 100, 5))`.

    draw: called with the knobs' values as keyword arguments; its defaults are the start values. It
    returns (figure, line): a matplotlib Figure and its key values in one line. The picture for the
    start values is shown at once, even where widgets do not run. ValueError for a knob that `draw`
    does not take.
    """

    def __init__(self, draw: Callable[..., tuple[Figure, str]], **knobs: Range) -> None:
        self.draw = draw
        parameters = inspect.signature(draw).parameters
        missing = [name for name in knobs if name not in parameters]
        if missing:
            raise ValueError(f"{draw.__name__} takes no {', '.join(missing)}")
        self.knobs = {
            name: _knob(name, values, parameters[name].default) for name, values in knobs.items()
        }
        self.picture = widgets.HTML()
        self.status = widgets.HTML()
        knob_box = widgets.HBox(list(self.knobs.values()), layout={"flex_flow": "row wrap"})
        super().__init__([knob_box, self.picture, self.status])
        self.add_class("zbudlab-explorer")
        for knob in self.knobs.values():
            knob.observe(self._moved, "value")
        self._moved()

    def values(self) -> dict[str, Any]:
        """Return the knobs' current values by name."""
        return {name: knob.value for name, knob in self.knobs.items()}

    def _moved(self, _change: Any = None) -> None:
        try:
            self.figure, self.line = self.draw(**self.values())
        except (OSError, ValueError) as error:
            self.status.value = f"<b>{escape(str(error))}</b>"
            return
        put(self.picture, self.figure, self.line)
        self.status.value = escape(self.line)

    def __repr__(self) -> str:
        return f"{self.line} (run this cell to turn: {', '.join(self.knobs).replace('_', ' ')})"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        """Return the widget and, for static pages, the current picture and its line."""
        data, about = bundle(self, self.figure, self.line)
        return {**data, "text/plain": repr(self)}, about
