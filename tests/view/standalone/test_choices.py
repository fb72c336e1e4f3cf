"""Pictures drawn ahead for knobs."""

import pytest
from matplotlib.figure import Figure

from zbudlab.view.explorer import Explorer
from zbudlab.view.knob import CHOICE, SLIDER
from zbudlab.view.picture import picture_html
from zbudlab.view.standalone import choices
from zbudlab.view.standalone.page import Page

KNOBS = {
    "freed": (21, 10, SLIDER),
    "pattern": (3, 1, CHOICE),
    "seed": (10, 0, SLIDER),
}


def combinations(places):
    count = 1
    for found in places.values():
        count *= len(found)
    return count


@pytest.mark.parametrize("most", [1, 2, 5, 9, 40, 63, 1000])
def test_there_are_at_most_so_many_combinations_and_the_start_is_one(most):
    found = choices.fewer(KNOBS, most)
    assert combinations(found) <= most
    for name, (count, start, _) in KNOBS.items():
        assert start in found[name]
        assert set(found[name]) <= set(range(count))


def test_seeds_go_first_and_lists_to_choose_from_last():
    found = choices.fewer(KNOBS, 63)
    assert found["seed"] == [0]
    assert found["pattern"] == [0, 1, 2]
    assert len(found["freed"]) == 21
    few = choices.fewer(KNOBS, 9)
    assert few["pattern"] == [0, 1, 2]
    assert few["freed"] == [0, 10, 20]
    assert choices.fewer(KNOBS, 630)["seed"] == list(range(10))


def drawing(size=2, shape="round"):
    if size == 4:
        raise ValueError("too large <4>")
    return Figure(figsize=(size, 1)), f"{shape} & {size}"


def test_every_combination_has_the_picture_that_a_notebook_draws():
    view = Explorer(drawing, size=(1, 4, 1), shape=["round", "square"])
    data = Page(pictures=8).add(view)
    assert [knob["words"] for knob in data.data["knobs"]] == [list("1234"), ["round", "square"]]
    assert data.data["note"] == choices.ALL
    assert data.data["first"]["status"] == "round &amp; 2"
    assert set(data.more) == {f"{a},{b}" for a in range(4) for b in range(2)} - {"1,0"}
    figure, line = drawing(3, "square")
    assert data.more["2,1"]["picture"] == picture_html(figure, line, stored=False)
    assert data.more["3,0"] == {"picture": "", "status": "<b>too large &lt;4&gt;</b>"}


def test_fewer_values_are_said():
    view = Explorer(drawing, size=(1, 3, 1), shape=["round", "square"])
    assert Page(pictures=3).add(view).data["note"] == choices.FEWER
