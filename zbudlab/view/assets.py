"""Scripts and style sheets of the live views, as the browser gets them.

A view is one module of JavaScript and one style sheet: the files that all views share, then the
view's own, one after another. There is no build step.
"""

from pathlib import Path

from zbudlab.view.look import tokens

_HERE = Path(__file__).parent
DRAWING = ("live.js", "look/cells.js")  #: of views that draw with the tokens


def script(*names: str) -> str:
    """Return the text of a view's module, made of `live.js` and these files."""
    return _joined("live.js", *names)


def style(*names: str) -> str:
    """Return the text of a view's style sheet, made of `live.css` and these files."""
    return _joined("live.css", *names)


def drawn(*names: str) -> str:
    """Return the module of a view that draws with the tokens, made of DRAWING and these files."""
    return _joined(*DRAWING, *names)


def looks(*names: str) -> str:
    """Return the style sheet of such a view: tokens, controls, and these files."""
    return tokens.css() + "\n" + _joined("look/base.css", *names)


def _joined(*names: str) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)
