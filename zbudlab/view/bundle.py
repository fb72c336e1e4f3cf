"""What a live view leaves in the notebook: itself, a picture, and words.

Without a running kernel a view cannot show anything. So the same output holds a PNG, a text, and
a page with both, for front ends that show a bare PNG without its text. And when the notebook is
saved, the browser leaves the reference to the view out (`live.js` looks for MARK): opened
again, it shows the picture, not that a model is missing.
"""

from base64 import b64encode
from html import escape
from typing import Any

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MARK = "zbudlab"  #: in the reference: this one may be left out
HINT = "Run this cell to make it live."


def bundle(widget: Any, picture: bytes, words: str, width: int) -> tuple[dict, dict]:
    """Data and metadata for `_repr_mimebundle_` of a live view.

    picture: a PNG file; words: what it shows; width: of the picture on the page, in pixels.
    """
    encoded = b64encode(picture).decode()
    image = f'<img alt="{escape(words)}" width="{width}" src="data:image/png;base64,{encoded}">'
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
    return data, {"image/png": {"alt": words, "width": width}}
