"""Reports of checks as HTML: what differs is in them, and nothing that a student wrote is code."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zbudlab.view.feedback.report import Mistake, Shown, end_card, mistake_card, report

RIGHT = {"rc": 0, "pages_nr": 1, "lru": [[1, 47, 2, 16, 2, 1, 1]], "buddied": [[1, 2]]}
WRONG = {
    "rc": 0,
    "pages_nr": 2,
    "lru": [[2, 16, 0, 0, 1, 1, 0], [1, 47, 0, 0, 1, 1, 0]],
    "buddied": [],
}
NAMES = ["lru", "free", "free blocks", "ctr", "0", "zspages", "places", "size", "objects", "frames"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=20,
)


class Tags(HTMLParser):
    """Collects the tags of a page, and those that are open at its end."""

    def __init__(self, page):
        super().__init__()
        self.seen, self.open = set(), []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def card(right, mine, operations=("alloc 3000", "alloc 1000"), place=1):
    return mistake_card(Mistake(["find_hole"], "the hole", operations, place, right, mine))


def test_both_results_are_drawn_and_the_operation_is_outlined():
    page = card(RIGHT, WRONG)
    assert "Should be" in page
    assert "Yours" in page
    assert page.count("<svg") == 2
    assert '<code class="wrong">alloc 1000</code>' in page
    assert "object 2, 16 chunks" in page
    assert ">pages counted<" in page
    assert ">returned<" not in page
    assert Tags(page).open == []


def test_only_what_the_other_side_lacks_is_outlined():
    page = card(RIGHT | {"lru": WRONG["lru"][:1]}, WRONG)
    assert page.count('stroke-dasharray="7 4"') == 0  # nothing is missing
    assert page.count('stroke="var(--bad') == 1  # one page too many


def test_a_count_that_no_picture_shows_is_told_in_words():
    page = card({"lru": [[1, 32, 2, 24, 2, 0, 0]]}, {"lru": [[1, 32, 2, 24, 1, 0, 0]]})
    assert "references, page with 1 and 2</th><td class='good'>2</td><td class='bad'>1</td>" in page
    assert "mappings" not in page


@pytest.mark.parametrize(("mine", "shown"), [([[0, "M", [6, 0]]], "order 0: 6, 0"), (7, "7")])
def test_lists_in_another_order_are_told_in_words(mine, shown):
    page = card({"free": [[0, "M", [0, 6]]]}, {"free": mine})
    assert "free lists" in page
    assert shown in page


def test_an_exception_is_one_line():
    page = card(RIGHT, {"error": "ZeroDivisionError: <b>"})
    assert "Your code stopped here" in page
    assert "ZeroDivisionError: &lt;b&gt;" in page
    assert "<svg" not in page


def test_many_operations_are_folded():
    page = card(RIGHT, WRONG, [f"alloc {n}" for n in range(40)], 39)
    assert "<summary>28 earlier</summary>" in page


@given(VALUES, VALUES)
def test_whatever_a_function_returned_is_text(right, mine):
    page = card(right, mine)
    assert Tags(page).seen.isdisjoint({"script", "img", "a", "iframe"})


def test_a_report_has_a_strip_and_an_end():
    abilities = [Shown("allocates", "ok", "5 of 5"), Shown("frees", "wait", "not written yet")]
    page = report("e04_zbud", "5 of 10 points", abilities, [end_card(5, 5, "Done.")])
    assert '<li class="ok"><b>allocates</b>' in page
    assert '<li class="wait"><b>frees</b>' in page
    assert Tags(page.partition("</style>")[2]).open == []
