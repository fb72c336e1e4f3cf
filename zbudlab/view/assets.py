"""Scripts and styles of the live views, as the browser gets them.

A view is one module of JavaScript and one style sheet: what all of them share (`live.js`,
`live.css`), then its own files, one after another.
"""

from pathlib import Path

_HERE = Path(__file__).parent


def script(*names: str) -> str:
    """The text of a view's module, of those files."""
    return _joined("live.js", *names)


def style(*names: str) -> str:
    """The text of a view's style sheet, of those files."""
    return _joined("live.css", *names)


def _joined(*names: str) -> str:
    return "\n".join((_HERE / name).read_text("utf-8") for name in names)
