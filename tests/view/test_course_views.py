"""What the notebooks draw and measure with: toys, explorers, curves.

Also tests `lessons/measure.py`, `lessons/stored.py`, `lessons/thinned.py`, `lessons/trees.py`,
`view/controls.py`, `view/explorer.py`, `view/fragments.py`, `view/measured.py`, `view/radix.py`,
`view/rivals.py`, `view/timings.py`, `view/toy.py`, `view/zbud_pages.py` and
`view/changed_frames.py`.
"""

from base64 import b64decode
from typing import ClassVar

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from zbudlab.lessons import measure, stored, thinned
from zbudlab.lessons.trees import Tree
from zbudlab.view import fragments, picture, radix, rivals, timings, toy, zbud_pages
from zbudlab.view.explorer import Explorer
from zbudlab.view.look.tokens import colour


def draw(order=2, kind="even"):
    if order == 9:
        raise ValueError("no block of order 9 in 16 frames")
    return Figure(figsize=(2, 1)), f"order {order} {kind}"


class TestExplorer:
    def test_a_turned_knob_is_drawn(self):
        explorer = Explorer(draw, order=(0, 10, 1), kind=["even", "odd"])
        explorer.knobs["order"].value = 5
        explorer.knobs["kind"].value = "odd"
        assert explorer.line == "order 5 odd"
        assert "order 5 odd" in explorer.picture.value

    def test_values_are_in_words(self):
        explorer = Explorer(
            lambda movable=True, stored=50, share=0.25: draw(),
            **{"movable": [True, False], "stored": [50, 36000], "share": [0.25, None]},
        )
        words = [knob.words for knob in explorer.knobs.values()]
        assert words == [["on", "off"], ["50", "36,000"], ["0.25", "None"]]

    def test_what_cannot_be_drawn_is_said_and_the_picture_stays(self):
        explorer = Explorer(draw, order=(0, 10, 1))
        explorer.knobs["order"].value = 9
        assert "no block of order 9" in explorer.status.value
        assert explorer.line == "order 2 even"

    def test_without_widgets_there_is_the_first_picture_with_its_line(self):
        bundle, _ = Explorer(draw, order=(0, 10, 1))._repr_mimebundle_()
        assert b64decode(bundle["image/png"]).startswith(b"\x89PNG")
        assert bundle["text/plain"].startswith("order 2 even")

    def test_knobs_go_over_all_values_of_their_range(self):
        explorer = Explorer(draw, order=(0, 10, 2), kind=["even", "odd"])
        assert explorer.knobs["order"].words == ["0", "2", "4", "6", "8", "10"]
        explorer.knobs["order"].place = 4  # as the browser sets it
        assert explorer.line == "order 8 even"
        assert explorer.values() == {"order": 8, "kind": "even"}

    def test_a_value_off_the_range_is_refused(self):
        with pytest.raises(ValueError, match="order cannot start at 2"):
            Explorer(draw, order=(1, 11, 5))
        with pytest.raises(ValueError, match="order cannot be 3"):
            Explorer(draw, order=(0, 10, 2)).knobs["order"].value = 3

    def test_a_knob_for_nothing_is_refused(self):
        with pytest.raises(ValueError, match="draw takes no colour"):
            Explorer(draw, colour=["red"])


class TestToy:
    MOMENTS: ClassVar = {"start": ["", ""], "then": ["A", None], "last": ["A2", "B"]}

    def test_owners_are_told_apart(self):
        ax = toy.strips(self.MOMENTS).axes[0]
        faces = [(patch.get_facecolor(), patch.get_hatch()) for patch in ax.patches]
        free, owned, other = faces[0], faces[2], faces[5]
        assert faces[1] == faces[3] == free
        assert faces[4] == owned != free
        assert other not in (free, owned)

    def test_owners_can_have_colours_of_the_system(self):
        ax = toy.strips({"page": ["H", "F1", ""]}, {"H": "header", "F": "zbud1"}).axes[0]
        faces = [to_hex(patch.get_facecolor()) for patch in ax.patches]
        assert faces == [colour(name) for name in ("header", "zbud1", "free")]

    def test_a_free_block_is_one_box_with_its_order(self):
        ax = toy.strips({"start": ["2", "2", "2", "2"], "then": ["A", "0", "1", "1"]}).axes[0]
        texts = [text.get_text() for text in ax.texts]
        assert texts == ["order 2", "A", "0", "1"]
        assert [round(patch.get_width()) for patch in ax.patches] == [4, 1, 1, 2]

    def test_words_say_the_same(self):
        assert toy.key_values(self.MOMENTS) == "start: . .\nthen: A .\nlast: A2 B"


def test_measurements_cover_every_size_and_way():
    for curves in (measure.copying([1, 4]), measure.lookups([10, 70]), measure.strides([1, 4])):
        sizes = {tuple(curve) for curve in curves.values()}
        assert len(sizes) == 1
        assert all(ns > 0 for curve in curves.values() for ns in curve.values())
        assert len(timings.figure(curves, "pages", "time").axes[0].lines) == len(curves)


@pytest.mark.parametrize("follow", [measure.follow, measure.follow.py_func])
def test_places_are_followed_one_after_the_other(follow):
    links = np.array([3, 0, 1, 2])
    assert [follow(links, 0, steps) for steps in range(6)] == [0, 3, 2, 1, 0, 3]


class TestTree:
    def test_holds_what_was_planted(self):
        tree = Tree([0, 1, 63, 64, 5000])
        assert [tree.lookup(key) for key in (0, 1, 63, 64, 5000, 2)] == [1, 1, 63, 64, 5000, 0]
        assert [len(level) for level in tree.levels()] == [1, 2, 3]
        assert tree.way(5000) == [1, 14, 8]

    def test_shrinks_when_the_largest_key_goes(self):
        tree = Tree([1, 5000])
        assert tree.height == 3
        assert tree.delete(5000) == 5000
        assert (tree.height, tree.nbytes()) == (1, tree.nodes.itemsize)

    def test_grows_with_its_keys(self):
        tree = Tree(range(1, 5001))
        assert all(tree.lookup(key) == key for key in range(1, 5001))

    def test_the_picture_marks_the_way_of_a_key(self):
        tree = Tree([1, 64, 5000])
        texts = [text.get_text() for text in radix.figure(tree, 5000).axes[0].texts]
        slots = [text for text in texts if text.startswith("slot")]
        assert slots == ["slot 1", "slot 14", "slot 8"]


class TestThinned:
    @pytest.mark.parametrize("pattern", thinned.PATTERNS)
    def test_as_many_pages_are_free_as_asked_for(self, pattern):
        machine = thinned.thinned(1024, freed=25, pattern=pattern)
        machine.check()
        assert machine.state.zone["nr_free_pages"] == 256

    def test_freed_from_the_start_they_lie_together_and_scattered_they_do_not(self):
        told = {
            pattern: fragments.key_values(thinned.thinned(2048, 50, 0, pattern))
            for pattern in thinned.PATTERNS
        }
        assert "2 available; unusable 0.000, fragmentation index none" in told["from the start"]
        assert "0 available; unusable 1.000, fragmentation index 0.9" in told["every other"]

    def test_another_pattern_is_refused(self):
        with pytest.raises(ValueError, match="not 'sideways'"):
            thinned.thinned(64, pattern="sideways")

    def test_the_picture_has_the_blocks_that_are_free(self):
        machine = thinned.thinned(1024, 50, 30)
        bars = fragments.figure(machine).axes[0].patches
        assert [bar.get_height() for bar in bars] == [
            count << order for order, count in enumerate(machine.state.zone["nr_free"].tolist())
        ]


class TestStored:
    def test_pages_are_drawn_as_their_headers_say(self):
        machine = stored.stored([640, 1280, 3968])
        ax = zbud_pages.figure(machine).axes[0]
        spans = sorted(
            (round(bar.get_y() + 0.4), bar.get_x(), bar.get_width())
            for bar in ax.patches
            if bar.get_width() and bar.get_fill()
        )
        outlines = [bar.get_width() for bar in ax.patches if not bar.get_fill()]
        assert outlines == [64, 64]
        assert spans == [(0, 0, 1), (0, 1, 10), (0, 44, 20), (1, 0, 1), (1, 1, 62)]
        assert zbud_pages.key_values(machine) == (
            "3 objects in 2 pages, 1.50 a page; 92 of 126 chunks used"
        )
        assert stored.pool_pages(machine) == 2

    def test_sizes_are_drawn_by_seed_within_what_zbud_takes(self):
        drawn = stored.sizes(500, 3900, 900, seed=3)
        assert drawn == stored.sizes(500, 3900, 900, seed=3)
        assert drawn != stored.sizes(500, 3900, 900, seed=4)
        assert max(drawn) == 3968


class TestRivals:
    NEEDS: ClassVar = {"text": (780, 610), "half": (484, 505)}

    def test_each_allocator_has_a_bar_as_long_as_its_need(self):
        ax = rivals.figure(self.NEEDS, "pages").axes[0]
        assert [bar.get_width() for bar in ax.patches] == [780, 484, 610, 505]

    def test_the_difference_is_in_words(self):
        assert rivals.key_values(self.NEEDS) == (
            "text: zbud 780, zsmalloc 610  (+28%)\nhalf: zbud 484, zsmalloc 505  (-4%)"
        )


def test_a_table_has_the_same_words_as_page_and_as_text(monkeypatch):
    shown = []
    monkeypatch.setattr(picture, "display", lambda data, raw: shown.append(data))
    picture.show_table([("copy", "Frame <0> is copied."), ("put", "The last.")])
    assert shown[0]["text/plain"] == "copy: Frame <0> is copied.\nput: The last."
    assert "Frame &lt;0&gt; is copied.</td>" in shown[0]["text/html"]
    assert shown[0]["text/html"].count('<th scope="row"') == 2


def test_a_figure_has_its_values_as_text(monkeypatch):
    shown = []
    monkeypatch.setattr(picture, "display", lambda data, raw: shown.append(data))
    picture.show(Figure(figsize=(2, 1)), "3 of 8")
    assert shown[0]["text/plain"] == "3 of 8"
    assert 'alt="3 of 8"' in shown[0]["text/html"]
