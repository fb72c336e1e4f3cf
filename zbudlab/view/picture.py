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

from zbudlab.view.look import narrow, style, tokens

FILE_DPI = 120  #: resolution of a picture file
COLOURS = 256  #: size of a picture file's palette
SCOPE = ".zb-fig"
WRAPPED = "white-space: pre-wrap; overflow-wrap: break-word"  #: style of printed text
_SWITCH = (
    ".zb-fig>img{display:none}.zb-fig>div[hidden]{display:block!important}"
    f".zb-fig{{container-type:inline-size}}{narrow.switch(SCOPE)}"
)


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG file on white paper, in a palette of 256 colours."""
    drawn = io.BytesIO()
    dpi = getattr(figure, "file_dpi", FILE_DPI)
    figure.savefig(drawn, format="png", dpi=dpi, facecolor=tokens.colour("paper"))
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
    display({"text/html": table_html(listed), "text/plain": table_text(listed)}, raw=True)


def table_html(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of text as an HTML table; the first column names the row."""
    cells = "".join(f"<tr>{''.join(map(_cell, row, range(len(row))))}</tr>" for row in rows)
    return f'<table style="max-width: 100%">{cells}</table>'


def table_text(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of text as lines."""
    return "\n".join(": ".join(row) for row in rows)


def _cell(text: str, column: int) -> str:
    tag = "td" if column else 'th scope="row"'
    style = "text-align: left; vertical-align: top; white-space: normal"
    return f'<{tag} style="{style}">{escape(text)}</{tag.split()[0]}>'


def put(box: HTML, figure: Figure, alt: str) -> None:
    """Replace the content of a widget by a figure; alt: its description."""
    box.value = picture_html(figure, alt, stored=False)


def picture_html(figure: Figure, alt: str, *, stored: bool = True, file: bytes = b"") -> str:
    """Return a figure as HTML; alt: its description.

    stored: include an image of it, for front ends that remove styles from stored notebooks. file:
    the figure as PNG, if that is known.
    """
    own = getattr(figure, "page", None)
    if own is not None and not stored:
        return str(own(alt))
    drawn = "" if own is not None else style.themed(figure, alt)
    shown = own(alt) if own is not None else narrow.both(drawn, figure, alt)
    if not stored:
        return _styled(f"<div>{shown}</div>", figure)
    return _framed(shown, alt, figure, drawn, file)


def _framed(shown: str, alt: str, figure: Figure, drawn: str, file: bytes) -> str:
    """Return a drawing as HTML: inline in the page's theme, and as an image without styles.

    shown: SVG or HTML. alt: its description. drawn: the figure as SVG, if it is SVG. file: as PNG.
    """
    image = (
        f'<img alt="{escape(alt)}" width="{width(figure)}" style="max-width: 100%" '
        f'src="{_image(drawn, figure, file)}">'
    )
    return _styled(f"<div hidden>{shown}</div>{image}", figure, wide=not drawn)


def _styled(inside: str, figure: Figure, *, wide: bool = False) -> str:
    """Return a figure's element with its style; wide: it may be wider than the figure."""
    limit = "" if wide else f"; max-width: {width(figure)}px"
    return (
        f'<figure class="zb-fig" style="margin: 0; overflow-x: auto{limit}">'
        f"<style>{tokens.css(SCOPE, sizes=False)}"
        f"{SCOPE}{{--sans:{tokens.SANS};background:var(--paper)}}{_SWITCH}</style>{inside}</figure>"
    )


def _image(drawn: str, figure: Figure, file: bytes) -> str:
    """Return the address of an image of a figure: as SVG or as PNG, whichever is shorter."""
    kinds = {"png": file or png(figure)}
    if drawn:
        kinds["svg+xml"] = _alone(drawn, width(figure)).encode()
    kind = min(kinds, key=lambda name: len(kinds[name]))
    return f"data:image/{kind};base64,{b64encode(kinds[kind]).decode()}"


def _alone(drawn: str, wide: int) -> str:
    """Return the drawing as a standalone SVG file on white paper."""
    paper = f'style="background: {tokens.colour("paper")}; '
    return drawn.replace('width="100%"', f'width="{wide}"', 1).replace('style="', paper, 1)
