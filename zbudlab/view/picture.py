"""Figures as PNG: of fixed size on the page, sharp on any screen, and told in words."""

import io
from base64 import b64encode
from html import escape

import PIL.Image
from IPython.display import display
from ipywidgets import HTML
from matplotlib.figure import Figure

SCREEN_DPI = 80  #: of a figure's inches on the page
FILE_DPI = 120  #: of the picture itself
COLOURS = 256  #: of the picture's palette


def png(figure: Figure) -> bytes:
    """The bytes of a figure's PNG file, in a palette of 256 colours: a third of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=FILE_DPI)
    file = io.BytesIO()
    picture = PIL.Image.open(drawn).convert("RGB")
    picture.quantize(COLOURS, dither=PIL.Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def width(figure: Figure) -> int:
    """How wide a figure is on the page, in pixels."""
    return round(figure.get_size_inches()[0] * SCREEN_DPI)


def height(figure: Figure) -> int:
    """How high a figure is on the page, in pixels."""
    return round(figure.get_size_inches()[1] * SCREEN_DPI)


def show(figure: Figure, values: str) -> None:
    """Show a figure in a notebook and print its key values, which also are its text in words.

    As a page: JupyterLab gives no bare picture an alternative text.
    """
    display({"text/html": picture_html(figure, values), "text/plain": "(a figure)"}, raw=True)
    print(values)


def put(box: HTML, figure: Figure, alt: str) -> None:
    """Show a figure in a widget that keeps its place while the next one is on its way."""
    box.layout.width = f"{width(figure)}px"
    box.layout.height = f"{height(figure)}px"
    box.value = picture_html(figure, alt)


def picture_html(figure: Figure, alt: str) -> str:
    """A figure as HTML, for a widget; `alt` says in words what it shows."""
    data = b64encode(png(figure)).decode()
    size = f'width="{width(figure)}" height="{height(figure)}"'
    return f'<img decoding="sync" {size} alt="{escape(alt)}" src="data:image/png;base64,{data}">'
