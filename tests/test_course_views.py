"""What the notebooks draw and measure with: toys, explorers, curves."""

import pytest
from matplotlib.figure import Figure

from zbudlab.course import measure
from zbudlab.view import timings, toy
from zbudlab.view.explorer import Explorer


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

    def test_what_cannot_be_drawn_is_said_and_the_picture_stays(self):
        explorer = Explorer(draw, order=(0, 10, 1))
        explorer.knobs["order"].value = 9
        assert "no block of order 9" in explorer.status.value
        assert explorer.line == "order 2 even"

    def test_without_widgets_there_is_the_first_picture_with_its_line(self):
        bundle = Explorer(draw, order=(0, 10, 1))._repr_mimebundle_()
        assert bundle["image/png"].startswith(b"\x89PNG")
        assert bundle["text/plain"].startswith("order 2 even")

    def test_a_knob_for_nothing_is_refused(self):
        with pytest.raises(ValueError, match="draw takes no colour"):
            Explorer(draw, colour=["red"])


class TestToy:
    MOMENTS = {"start": ["", ""], "then": ["A", None], "last": ["A2", "B"]}

    def test_owners_are_told_apart(self):
        ax = toy.strips(self.MOMENTS).axes[0]
        faces = [patch.get_facecolor() for patch in ax.patches]
        free, owned, other = faces[0], faces[2], faces[5]
        assert faces[1] == faces[3] == free
        assert faces[4] == owned != free
        assert other not in (free, owned)

    def test_words_say_the_same(self):
        assert toy.key_values(self.MOMENTS) == "start: . .\nthen: A .\nlast: A2 B"


def test_measurements_cover_every_size_and_way():
    for curves in (measure.copying([1, 4]), measure.lookups([10, 70]), measure.strides([4, 8])):
        sizes = {tuple(curve) for curve in curves.values()}
        assert len(sizes) == 1
        assert all(ns > 0 for curve in curves.values() for ns in curve.values())
        assert len(timings.figure(curves, "pages", "time").axes[0].lines) == len(curves)


def test_the_tree_to_look_up_in_holds_its_keys():
    nodes, root = measure.tree_of(100)
    assert root["items"][0] == 100
    assert nodes[0]["count"] == 3  # two leaves and the node above
