"""Figures as SVG files for Markdown pages: a file follows the reader's light or dark theme.

On a page with the tokens, `inline` gives the same drawing in the theme of that page. For narrow
pages it shows another one, which is hidden in the file.
"""

import re
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from zbudlab.io.files import written_whole
from zbudlab.view.look import narrow, style, tokens

_STYLE = re.compile(r"<style>:root\{.*?</style>", re.DOTALL)
_SIZE = re.compile(r' width="(\d+)" height="\d+"')
_NARROW = re.compile(r'<svg data-narrow="".*</svg>(?=</svg>)', re.DOTALL)
_SHOWN, _HIDDEN = 'style="display: block', 'style="display: none'
_FITTED = 'width="100%" style="display: block; min-width: {}px; max-width: {}px; height: auto"'


def svg_file(figure: Figure, alt: str) -> str:
    """Return a figure as the text of an SVG file; alt: its description."""
    wide, high = (round(inches * style.SCREEN_DPI) for inches in figure.get_size_inches())
    drawn = style.themed(figure, alt)
    drawn = re.sub(r'width="100%" style="[^"]*"', f'width="{wide}" height="{high}"', drawn, count=1)
    light, dark = map(tokens.properties, tokens.THEMES)
    look = (
        f"<style>:root{{{light}--sans:{escape(tokens.SANS)};background:var(--paper)}}"
        f"@media (prefers-color-scheme: dark){{:root{{{dark}}}}}</style>"
    )
    opening, rest = drawn.split(">", 1)
    return f"{opening}>{look}{rest.removesuffix('</svg>')}{_hidden(figure, alt)}</svg>\n"


def _hidden(figure: Figure, alt: str) -> str:
    """Return the drawing of a figure for narrow pages, not shown, if its layout adapts."""
    if not narrow.can_be(figure):
        return ""
    drawn = narrow.drawing(figure, alt).replace(_SHOWN, _HIDDEN, 1)
    return drawn.replace("<svg", '<svg data-narrow=""', 1)


def write(figure: Figure, file: Path, alt: str) -> None:
    """Write a figure as an SVG file; alt: its description."""
    with written_whole(file) as out:
        out.write(svg_file(figure, alt).encode())


def inline(drawn: str) -> str:
    """Return the text of an SVG file as part of a page that has the tokens and sets the theme."""
    found = _SIZE.search(drawn)
    if found is None or not _STYLE.search(drawn):
        raise ValueError("this drawing does not come from svg_file")
    wide = int(found[1])
    fitted = _FITTED.format(min(wide, style.LEAST), wide)
    hidden = _NARROW.search(drawn)
    drawn = _NARROW.sub("", _STYLE.sub("", drawn, count=1), count=1)
    shown = _SIZE.sub(f" {fitted}", drawn, count=1)
    if hidden is None:
        return shown
    other = hidden[0].replace(_HIDDEN, _SHOWN, 1)
    return f'<div class="wide">{shown}</div><div class="narrow">{other}</div>'
