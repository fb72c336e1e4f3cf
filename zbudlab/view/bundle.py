"""Notebook output of a live view: the widget, a picture, and a description.

A widget needs a running kernel. The output therefore also contains a PNG, a plain text, and HTML:
the picture in the page's theme with its text. When the notebook is saved, the
browser drops the reference to the widget (`live.js` looks for MARK). A reopened notebook then shows
the picture instead of an error about a missing model.
"""

from base64 import b64encode
from typing import Any

from matplotlib.figure import Figure

from zbudlab.view.picture import picture_html, png, width

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MARK = "zbudlab"  #: key in a widget reference that may be dropped on saving
HINT = "Run this cell to make it live."


class LiveView:
    """Base class of live views; subclasses provide `figure()` and `summary` for static output."""

    @property
    def summary(self) -> str:
        """The content of the view in words."""
        raise NotImplementedError

    def figure(self) -> Figure:
        """Draw the content of the view as a static picture."""
        raise NotImplementedError

    def to_html(self, title: str = "zbudlab") -> str:
        """Return the view as a page that needs neither a kernel nor any other file.

        ValueError if it cannot be recorded.
        """
        from zbudlab.view.standalone.page import alone

        return alone(self, title)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        return bundle(self, self.figure(), self.summary)

    def __repr__(self) -> str:
        return self.summary


def bundle(widget: Any, picture: Figure, words: str) -> tuple[dict, dict]:
    """Return data and metadata for `_repr_mimebundle_`; `words` describes the picture.

    widget: None for a picture only.
    """
    file, wide = png(picture), width(picture)
    encoded = b64encode(file).decode()
    hint = HINT if widget is not None else ""
    shown = picture_html(picture, words, file=file)
    data: dict[str, Any] = {
        "text/plain": f"{words}\n{hint}",
        "text/html": shown + (f"<p>{hint}</p>" if hint else ""),
        "image/png": encoded,
    }
    if widget is not None:
        data[WIDGET_VIEW] = {
            "version_major": 2,
            "version_minor": 0,
            "model_id": widget.model_id,
            MARK: True,
        }
    return data, {"image/png": {"alt": words, "width": wide}}
