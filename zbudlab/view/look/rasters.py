"""Maps as pixels: a PNG for each theme, of which the page shows one."""

import io
from base64 import b64encode

import numpy as np
import PIL.Image
from PIL import ImageColor

from zbudlab.view.look import tokens

#: Tokens of frame kinds, indexed by layout.FRAME_*; the first is left to the page.
KIND_TOKENS = ("free", "cma", "process", "zbud1", "zbud2", "kernel")
CLASSES = {"light": "zb-light", "dark": "zb-dark"}


def images(picture: np.ndarray) -> list[str]:
    """Return a picture as SVG images, one per theme.

    picture: kinds of frames (layout.FRAME_*), uint8 (rows, columns); 0 is transparent.
    """
    rows, columns = picture.shape
    place = f'width="{columns}" height="{rows}" style="image-rendering: pixelated"'
    return [
        f'<image class="{CLASSES[theme]}" {place} '
        f'href="data:image/png;base64,{b64encode(_png(picture, theme)).decode()}"/>'
        for theme in tokens.THEMES
    ]


def style(scope: str) -> str:
    """Return the rules that show the image of the page's theme within `scope`."""
    light, dark = (f"{scope} .{CLASSES[theme]}" for theme in tokens.THEMES)
    hide, show = "{display:none}", "{display:inline}"
    silent = f"{tokens.SILENT.format(light)}{hide}{tokens.SILENT.format(dark)}{show}"
    return (
        f"{dark}{hide}{tokens.DARK.format(light)}{hide}{tokens.DARK.format(dark)}{show}"
        f"@media (prefers-color-scheme: dark){{{silent}}}"
    )


def _png(picture: np.ndarray, theme: tokens.Theme) -> bytes:
    colours = [ImageColor.getrgb(tokens.colour(name, theme)) for name in KIND_TOKENS]
    drawn = PIL.Image.fromarray(picture)
    drawn.putpalette([part for colour in colours for part in colour])
    file = io.BytesIO()
    drawn.save(file, "png", transparency=0, optimize=True)
    return file.getvalue()
