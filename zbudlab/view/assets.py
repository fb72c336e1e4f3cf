"""Scripts and style sheets that the live views send to the browser.

A view has one JavaScript module and one style sheet. Each is a concatenation of the files that all
views share and the view's own files. There is no build step.
"""

from pathlib import Path

from zbudlab.view.look import tokens

_HERE = Path(__file__).parent
LIVE = ":is(.zbl-map, .zbl-host)"  #: views with the style sheet live.css
DRAWING = ("live.js", "look/cells.js")  #: shared scripts of views that use the tokens


def script(*names: str) -> str:
    """Return the source of a view's module: `live.js` followed by the named files."""
    return _joined("live.js", *names)


def style(*names: str) -> str:
    """Return a view's style sheet: tokens, `live.css`, and the named files."""
    return tokens.css(LIVE) + "\n" + _joined("live.css", *names)


def drawn(*names: str) -> str:
    """Return the module of a view that uses the tokens: DRAWING followed by the named files."""
    return _joined(*DRAWING, *names)


def looks(*names: str) -> str:
    """Return the style sheet of a view that uses the tokens: tokens, controls, the named files."""
    return tokens.css() + "\n" + _joined("look/base.css", *names)


def _joined(*names: str) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)
