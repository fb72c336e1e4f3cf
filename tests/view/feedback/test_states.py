"""Which states are drawn, and which become rows. Also tests `view/feedback/shapes.py`."""

import re

from zbudlab.view.feedback.states import sides


def test_free_blocks_of_a_toy_memory_are_drawn():
    right, mine = {"free blocks": [[], [], [], [0], []]}, {"free blocks": [[], [], [], [], []]}
    found = sides(right, mine)
    assert "free blocks: order 3 at frame 0" in found.should
    assert "free blocks: none" in found.yours
    assert not found.rows


def test_blocks_outside_the_memory_are_told_and_not_drawn():
    found = sides({"free blocks": [[0], [], []]}, {"free blocks": [[9], [], []]})
    assert not found.should
    assert not found.yours
    assert found.rows == [("free blocks", "[[0], [], []]", "[[9], [], []]")]


def test_a_page_has_its_chunks_to_scale():
    found = sides({"lru": [[1, 16, 2, 1]]}, {"lru": []})
    widths = [float(w) for w in re.findall(r'width="([\d.]+)" height="40"', found.should)]
    one = widths[1]  # the page, the header, the first buddy, the last buddy
    assert [round(width / one) for width in widths] == [64, 1, 16, 1]


def test_a_page_with_more_chunks_than_it_has_is_not_drawn():
    found = sides({"lru": [[1, 16, 2, 1]]}, {"lru": [[1, 60, 2, 60]]})
    assert not found.should
    assert found.rows[0][0] == "LRU list"


def test_counters_have_their_names():
    found = sides({"ctr": [0] * 9}, {"ctr": [0] * 7 + [1, 0]})
    assert found.rows == [("stored pages", "0", "1")]


def test_nested_states_say_where_they_are():
    state = {"0": {"lru": [], "entries": []}}
    found = sides({"state": state}, {"state": {"0": {"lru": [], "entries": [[1, 2]]}}})
    assert found.rows == [("entries of pool 0", "[]", "[[1, 2]]")]
