"""Maps with too many runs are drawn as pixels, one image for each theme.

Also tests `view/look/rasters.py`.
"""

import base64
import io
import re

import numpy as np
import PIL.Image
from PIL import ImageColor

from zbudlab.layout import FRAME_ANON
from zbudlab.view.look import blocks, rasters, tokens

SCATTERED = np.random.Generator(np.random.PCG64(0)).integers(0, 6, 8192)


def test_a_scattered_map_is_small_and_has_the_colours_of_each_theme():
    drawn = blocks.svg(SCATTERED.tolist(), across=4, alt="scattered")
    assert len(drawn) < blocks.MOST_PATH
    found = re.findall(r'<image class="zb-(\w+)".*?base64,([^"]+)"', drawn)
    assert [theme for theme, _ in found] == list(tokens.THEMES)
    at = int(np.flatnonzero(SCATTERED[:32] == FRAME_ANON)[0])
    for theme, data in found:
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
        wanted = ImageColor.getrgb(tokens.colour("process", theme))
        assert picture.getpixel((at, 0)) == (*wanted, 255)


def test_an_orderly_map_stays_a_drawing():
    kinds = [2] * 4096 + [0] * 4096
    assert "<image" not in blocks.svg(kinds, across=4, alt="orderly")


def test_only_the_image_of_the_theme_is_shown():
    rules = rasters.style(".zb-fig")
    assert rules.startswith(".zb-fig .zb-dark{display:none}")
    assert rules.count("{display:inline}") == 2
