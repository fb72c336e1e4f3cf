"""Figures drawn once more for narrow pages: `view/look/narrow.py`."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from zbudlab.view.look import narrow, style, svgfile
from zbudlab.view.picture import picture_html

TITLE = "A headline that states the finding in more words than a narrow page has room for"


@pytest.fixture
def figure():
    drawn = style.styled(Figure)(figsize=(9.6, 3), layout="constrained")
    left, right = drawn.subplots(1, 2, sharey=True)
    left.barh(["one", "the name of a bar that is much too long"], [1, 2], label="pages")
    left.set_title(TITLE)
    right.plot([0, 1], [0, 1], label="a curve")
    drawn.legend(loc="outside right upper")
    return drawn


def words(figure):
    drawn = ElementTree.fromstring(style.themed(figure, "x"))
    return [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]


def state(figure):
    return (
        tuple(figure.get_size_inches()),
        [ax.get_subplotspec().get_geometry() for ax in figure.axes],
        [ax.get_title() for ax in figure.axes],
        [legend.get_texts()[0].get_text() for legend in figure.legends],
        [text.get_fontsize() for ax in figure.axes for text in ax.texts],
    )


def test_parts_are_stacked_and_words_wrapped(figure):
    wide, high = figure.get_size_inches()
    with narrow.narrowed(figure):
        narrow_wide, narrow_high = figure.get_size_inches()
        figure.draw_without_rendering()
        left, right = figure.axes
        assert left.get_window_extent().y0 > right.get_window_extent().y1
        assert figure.legends[0].get_window_extent().y1 < right.get_window_extent().y0
        assert TITLE not in words(figure)
        assert left.get_tightbbox().x1 <= figure.bbox.x1 + 1
    assert narrow_wide < wide / 2
    assert narrow_high > high


def test_afterwards_the_figure_is_as_it_was(figure):
    figure.draw_without_rendering()
    before = state(figure)
    narrow.drawing(figure, "x")
    assert state(figure) == before
    assert TITLE in words(figure)
    with narrow.narrowed(figure):
        assert state(figure) != before
        assert figure.legends[0]._outside_loc == "lower"


def test_a_page_has_both_drawings_and_shows_one(figure):
    page = picture_html(figure, "the finding")
    assert page.count("<svg") == 2
    assert page.count('aria-label="the finding"') == 2
    assert re.search(r"@container \(max-width: 599px\)\{\.zb-fig \.wide\{display:none", page)
    assert "min-width: 0px; max-width: 480px" in page


def test_a_figure_that_fits_is_drawn_once():
    small = style.styled(Figure)(figsize=(3, 2), layout="constrained")
    small.add_subplot()
    assert picture_html(small, "x").count("<svg") == 1


def test_a_file_has_the_narrow_drawing_hidden_and_a_page_shows_it(figure):
    drawn = svgfile.svg_file(figure, "x")
    root = ElementTree.fromstring(drawn)
    (hidden,) = [part for part in root if part.get("data-narrow") is not None]
    assert "display: none" in hidden.get("style")
    page = ElementTree.fromstring(f"<div>{svgfile.inline(drawn)}</div>")
    assert [part.get("class") for part in page] == ["wide", "narrow"]
    assert "display: none" not in ElementTree.tostring(page[1], encoding="unicode")


@pytest.mark.parametrize(("labels", "kept"), [(range(0, 200_000, 1000), False), ("abc", True)])
def test_names_below_the_axes_do_not_overlap(labels, kept):
    figure = style.styled(Figure)(figsize=(9.6, 3), layout="constrained")
    ax = figure.add_subplot()
    names = [str(label) for label in labels]
    ax.bar(names, [1] * len(names))
    with narrow.narrowed(figure):
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
        assert all(one.x1 <= other.x0 for one, other in pairwise(boxes))
        assert (len(boxes) == len(names)) is kept


def test_a_legend_below_the_axes_leaves_them_their_width():
    figure = style.styled(Figure)(figsize=(9.6, 3), layout="constrained")
    ax = figure.add_subplot()
    ax.plot([0, 1], label="a machine whose name is followed by all that was counted in it")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16))
    with narrow.narrowed(figure):
        figure.draw_without_rendering()
        assert ax.get_window_extent().width > 0.7 * figure.bbox.width
        assert ax.get_legend().get_window_extent().x1 < figure.bbox.x1
