"""The tokens: contrast, distances between colours for every kind of sight, and where they hold.

Also tests `view/look/blocks.py`, `view/look/style.py` and `view/look/tokens.py`.
"""

import re
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from zbudlab.view.look import blocks, style, tokens

#: Light that reaches the eye where a kind of cone is missing (Machado et al., 2009, severity 1).
SIGHT = {
    "normal": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
TEXT, GRAPHICS = 4.5, 3.0  #: least contrast (WCAG 2.2, 1.4.3 and 1.4.11)


def light(colour):
    """Linear light of #rrggbb."""
    values = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(one, other, theme):
    a, b = (light(tokens.colour(name, theme)) @ [0.2126, 0.7152, 0.0722] for name in (one, other))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)


def distance(one, other, theme, sight):
    """Distance in OKLab, times 100: 8 is plainly different, 4 hardly."""
    seen = [
        TO_OKLAB @ np.cbrt(TO_LMS @ np.clip(SIGHT[sight] @ light(tokens.colour(name, theme)), 0, 1))
        for name in (one, other)
    ]
    return 100 * np.linalg.norm(seen[0] - seen[1])


@pytest.mark.parametrize("theme", tokens.THEMES)
class TestContrast:
    @pytest.mark.parametrize(
        "name", ["ink", "quiet", "accent", "good", "bad", "warn", "c_stuck", "c_move", "c_zsm"]
    )
    def test_text_can_be_read(self, theme, name):
        assert contrast(name, "paper", theme) >= TEXT
        assert contrast(name, "raised", theme) >= TEXT

    def test_words_in_a_free_block_can_be_read(self, theme):
        assert contrast("good", "wholefill", theme) >= TEXT

    @pytest.mark.parametrize(
        "name",
        [
            "process",
            "zbud1",
            "zbud2",
            "header",
            "kernel",
            "whole",
            "cma",
            "isolated",
            "pinned",
            "lost",
            "to",
            "from",
        ],
    )
    def test_frames_stand_out_from_free_ones_and_from_the_page(self, theme, name):
        assert contrast(name, "free", theme) >= GRAPHICS
        assert contrast(name, "paper", theme) >= GRAPHICS

    @pytest.mark.parametrize("name", ["edge", "c_none"])
    def test_lines_stand_out(self, theme, name):
        assert contrast(name, "paper", theme) >= GRAPHICS

    @pytest.mark.parametrize("curve", tokens.CURVES)
    def test_names_of_curves_can_be_read(self, theme, curve):
        assert contrast(tokens.CURVES[curve].label, "paper", theme) >= TEXT


@pytest.mark.parametrize("theme", tokens.THEMES)
@pytest.mark.parametrize("sight", SIGHT)
class TestSight:
    def test_frames_that_only_colour_tells_are_plainly_different(self, theme, sight):
        names = ("free", "process", "zbud1", "zbud2", "kernel")
        assert min(distance(*pair, theme, sight) for pair in combinations(names, 2)) >= 14

    def test_curves_differ_and_have_dashes_and_markers_as_well(self, theme, sight):
        """Machines that differ in a detail share a colour, and have other dashes and markers."""
        names = {curve.token for curve in tokens.CURVES.values()}
        assert min(distance(*pair, theme, sight) for pair in combinations(names, 2)) >= 6
        assert len({curve.marker for curve in tokens.CURVES.values()}) == len(tokens.CURVES)

    def test_what_colours_hardly_tell_has_a_shape(self, theme, sight):
        names = ("isolated", "pinned", "lost", "whole")
        nearest = min(distance(*pair, theme, sight) for pair in combinations(names, 2))
        assert round(nearest, 1) >= 4
        assert len({tokens.COLOURS[name].shape for name in names}) == len(names)


class TestStyleSheet:
    def test_has_every_token_in_both_themes(self):
        css = tokens.css()
        for name, token in tokens.COLOURS.items():
            assert css.count(f"--{name}:{token.light};") >= 1, name
            assert css.count(f"--{name}:{token.dark};") >= 2, name  # chosen, and by the system

    def test_stays_within_its_scope(self):
        selectors = re.findall(r"([^{}]+)\{[^{}]*--paper", tokens.css(".zb-fig"))
        assert [found.count(".zb-fig") for found in selectors] == [1, 4, 1]
        assert not any(re.search(r"\.zb\b(?!-fig)", found) for found in selectors)


class TestFigures:
    @pytest.fixture
    def drawn(self):
        figure = style.styled(Figure)(figsize=(4, 2))
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        for place, token in enumerate(("free", "free", "process", "free", "free")):
            ax.add_patch(Rectangle((place, 0), 1, 1, color=tokens.colour(token)))
        ax.set_xlim(0, 5)
        return style.themed(figure, "cells")

    def test_neighbouring_cells_of_one_kind_are_one_path(self, drawn):
        fills = re.findall(r'd="([^"]*)"[^>]*fill: var\(--(free|process)', drawn)
        assert [token for _, token in fills] == ["free", "process", "free"]
        assert [places.count("M") for places, _ in fills] == [2, 1, 2]
        ElementTree.fromstring(drawn)


class TestMaps:
    def test_a_whole_block_is_one_outline(self):
        drawn = blocks.svg([0] * 512 + [2] * 512, across=2, alt="two blocks")
        assert drawn.count("M0 0h32v16h-32z") == 1
        assert blocks.paint("wholefill") in drawn
        assert drawn.count("h32v1h-32z") == 16

    def test_is_small_and_says_what_it_shows(self):
        kinds = np.random.default_rng(0).integers(0, 5, 8192).tolist()
        drawn = blocks.svg(kinds, across=4, alt='a "map"')
        assert len(drawn) < 150_000
        assert 'aria-label="a &quot;map&quot;"' in drawn


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_names_at_the_ends_of_curves_do_not_overlap(scale):
    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot()
    axes.set_yscale(scale)
    axes.set_ylim(1, 1000)
    style.end_labels(
        axes, [(500, "first", "black"), (499, "second", "black"), (2, "third", "black")]
    )
    boxes = sorted((t.get_window_extent() for t in axes.texts), key=lambda box: box.y0)
    assert [below.y1 < above.y0 for below, above in pairwise(boxes)] == [True, True]
    assert min(box.y0 for box in boxes) < axes.transData.transform((0, 3))[1]
