"""Figures on the page: fitted to its width, in its theme, with alt text.

A figure is inline SVG, so that its colours follow the theme. Front ends that remove scripts and
styles from stored notebooks show an image of the light version instead.
"""

import io
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

import PIL.Image
from IPython.display import display
from ipywidgets import HTML
from matplotlib.figure import Figure

from zbudlab.view.look import style, tokens

FILE_DPI = 120  #: resolution of a picture file
COLOURS = 256  #: size of a picture file's palette
SCOPE = ".zb-fig"
_SWITCH = ".zb-fig>img{display:none}.zb-fig>div[hidden]{display:block!important}"


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file on white paper, in a palette of 256 colours."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=FILE_DPI, facecolor=tokens.colour("paper"))
    file = io.BytesIO()
    picture = PIL.Image.open(drawn).convert("RGB")
    picture.quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def width(figure: Figure) -> int:
    """Return the width of a figure on the page, in pixels."""
    return round(figure.get_size_inches()[0] * style.SCREEN_DPI)


def show(figure: Figure, values: str) -> None:
    """Show a figure in a notebook; its key values are its alt text and its form as plain text."""
    display({"text/html": picture_html(figure, values), "text/plain": values}, raw=True)


def show_table(rows: Iterable[Sequence[str]]) -> None:
    """Show rows of text in a notebook as a table, which wraps at words.

    The first column names the row.
    """
    listed = [tuple(row) for row in rows]
    cells = "".join(f"<tr>{''.join(map(_cell, row, range(len(row))))}</tr>" for row in listed)
    page = f'<table style="max-width: 100%">{cells}</table>'
    plain = "\n".join(": ".join(row) for row in listed)
    display({"text/html": page, "text/plain": plain}, raw=True)


def _cell(text: str, column: int) -> str:
    tag = "td" if column else 'th scope="row"'
    style = "text-align: left; vertical-align: top; white-space: normal"
    return f'<{tag} style="{style}">{escape(text)}</{tag.split()[0]}>'


def put(box: HTML, figure: Figure, alt: str) -> None:
    """Replace the content of a widget by a figure; alt: its description."""
    box.value = picture_html(figure, alt)


def picture_html(figure: Figure, alt: str) -> str:
    """Return a figure as HTML; alt: its description."""
    if own := getattr(figure, "page", None):
        return own(alt)
    return framed(style.themed(figure, alt), alt, figure)


def framed(drawn: str, alt: str, figure: Figure) -> str:
    """Return SVG as HTML: inline in the page's theme, and as an image for pages without styles.

    alt: description of the drawing.
    """
    wide = width(figure)
    source = _image(drawn, figure)
    return (
        f'<figure class="zb-fig" style="margin: 0; max-width: {wide}px">'
        f"<style>{tokens.css(SCOPE, sizes=False)}"
        f"{SCOPE}{{--sans:{tokens.SANS};background:var(--paper)}}{_SWITCH}</style>"
        f"<div hidden>{drawn}</div>"
        f'<img alt="{escape(alt)}" width="{wide}" style="max-width: 100%" src="{source}"></figure>'
    )


def _image(drawn: str, figure: Figure) -> str:
    """Return the address of an image of a figure: as SVG or as PNG, whichever is shorter."""
    kinds = {"svg+xml": _alone(drawn, width(figure)).encode(), "png": png(figure)}
    kind = min(kinds, key=lambda name: len(kinds[name]))
    return f"data:image/{kind};base64,{b64encode(kinds[kind]).decode()}"


def _alone(drawn: str, wide: int) -> str:
    """Return the drawing as a standalone SVG file on white paper."""
    paper = f'style="background: {tokens.colour("paper")}; '
    return drawn.replace('width="100%"', f'width="{wide}"', 1).replace('style="', paper, 1)
