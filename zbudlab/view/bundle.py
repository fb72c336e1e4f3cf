"""What a live view leaves in the notebook: itself, a picture, and words.

Without a running kernel a view cannot show anything. So the same output holds a PNG, a text, and
a page with both, for front ends that show a bare PNG without its text. And when the notebook is
saved, the browser leaves the reference to the view out (`live.js` looks for MARK): opened
again, it shows the picture, not that a model is missing.
"""

from base64 import b64encode
from html import escape
from typing import Any

from matplotlib.figure import Figure

from zbudlab.view.picture import png, width

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MARK = "zbudlab"  #: in the reference: this one may be left out
HINT = "Run this cell to make it live."


class LiveView:
    """What a live view is without a kernel: `figure()`, and the same in words, `summary`."""

    @property
    def summary(self) -> str:
        """What the view shows, in words."""
        raise NotImplementedError

    def figure(self) -> Figure:
        """What the view shows, as a picture."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict, dict]:
        return bundle(self, self.figure(), self.summary)

    def __repr__(self) -> str:
        return self.summary


def bundle(widget: Any, picture: Figure, words: str) -> tuple[dict, dict]:
    """Data and metadata for `_repr_mimebundle_` of a live view; words: what the picture shows."""
    encoded, wide = b64encode(png(picture)).decode(), width(picture)
    image = f'<img alt="{escape(words)}" width="{wide}" src="data:image/png;base64,{encoded}">'
    data = {
        "text/plain": f"{words}\n{HINT}",
        "text/html": f"<figure>{image}<figcaption>{escape(words)} {HINT}</figcaption></figure>",
        "image/png": encoded,
        WIDGET_VIEW: {
            "version_major": 2,
            "version_minor": 0,
            "model_id": widget.model_id,
            MARK: True,
        },
    }
    return data, {"image/png": {"alt": words, "width": wide}}
