"""Figures as SVG files: `view/look/svgfile.py`."""

from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from zbudlab.view.look import style, svgfile, tokens

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawn():
    figure = style.styled(Figure)(figsize=(8, 2))
    figure.add_subplot().plot([0, 1], color=tokens.colour("c_stuck"))
    return svgfile.svg_file(figure, "a line & its end")


def test_a_file_has_its_size_its_description_and_both_themes(drawn):
    root = ElementTree.fromstring(drawn)
    assert (root.get("width"), root.get("height")) == ("768", "192")
    assert root.get("aria-label") == "a line & its end"
    look = root.find(f"{SVG}style").text
    for theme in tokens.THEMES:
        assert f"--paper:{tokens.colour('paper', theme)}" in look
    assert "prefers-color-scheme: dark" in look
    assert "var(--c_stuck" in drawn


def test_within_a_page_a_drawing_takes_the_theme_of_the_page(drawn):
    inside = svgfile.inline(drawn)
    assert "<style>:root" not in inside
    assert "prefers-color-scheme" not in inside
    assert "max-width: 768px" in inside
    assert "var(--c_stuck" in inside
    ElementTree.fromstring(inside)


def test_another_drawing_is_refused():
    with pytest.raises(ValueError, match="does not come from svg_file"):
        svgfile.inline("<svg></svg>")


def test_a_file_is_written(tmp_path):
    figure = style.styled(Figure)(figsize=(4, 2))
    svgfile.write(figure, tmp_path / "x.svg", "nothing")
    assert (tmp_path / "x.svg").read_text("utf-8") == svgfile.svg_file(figure, "nothing")
