"""The picture of an exploration: lanes, graph, player, and its form without a kernel.

Also tests `view/races/lanes.py`, `view/races/graph.py`, `view/races/pen.py` and
`view/races/sizes.py`.
"""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from zbudlab.races import compact, count, explore, explore_named, scenario
from zbudlab.view import Interleaving
from zbudlab.view.lanes import Lanes, example
from zbudlab.view.races import graph
from zbudlab.view.races.sizes import plot_sizes, size_values

NAMES = ["user-free-compact", "load-store-writeback-compact", "counter", "compact-compact"]


@pytest.fixture(scope="module")
def result():
    return explore_named("user-free-compact", merge=("isolate", "unmap"))


def blocks(drawing):
    return len(re.findall(r"<g data-step", drawing))


@pytest.mark.parametrize("name", NAMES)
def test_both_drawings_show_each_step_once_and_are_xml(name):
    found = explore_named(name)
    picture = Lanes(found, example(found))
    for kind in ("wide", "narrow"):
        drawing = picture.sheet[kind]
        ElementTree.fromstring(drawing)
        assert blocks(drawing) == len(picture.schedule.actors) == len(picture.sheet["words"])
        assert drawing.count("suffers from it") >= 1
    if picture.graph["drawing"]:
        ElementTree.fromstring(picture.graph["drawing"])


def test_colours_are_tokens_with_their_light_form(result):
    sheet = Lanes(result, result.shortest).sheet
    colours = re.findall(r"#[0-9a-f]{3,6}\b", sheet["wide"] + sheet["narrow"])
    fallbacks = re.findall(r"var\(--[\w-]+, #[0-9a-f]{6}\)", sheet["wide"] + sheet["narrow"])
    assert len(colours) == len(fallbacks) > 20


def test_a_bad_end_shows_its_schedule_in_lanes_and_player(result):
    picture = Interleaving(result)
    shown = picture.lanes.schedule.actors
    assert picture.player.stop == len(picture.player.history)
    picture.lanes.chosen = 1
    assert picture.lanes.schedule.actors != shown
    assert picture.lanes.schedule.fault
    assert picture.children == (picture.lanes, picture.player)
    picture.lanes.now = 0
    assert "Processor" in picture.player.sentence
    assert (
        picture.player.stop == len(picture.player.history) - len(picture.lanes.schedule.actors) + 1
    )


def test_the_graph_has_a_dot_for_each_state_and_a_cross_for_each_bad_end(result):
    drawing = graph.draw(result, result.shortest.actors)
    assert drawing.count("<circle") == result.states == 98
    assert drawing.count("data-bad") == len(result.bad) == len(graph.named(result))
    places = graph.layout_of(result)
    assert len(set(zip(places.x.tolist(), places.y.tolist(), strict=True))) == result.states
    for state, actor in zip(*(result.edges >= 0).nonzero(), strict=True):
        assert places.y[result.edges[state, actor]] > places.y[state]


def test_too_many_states_are_said_and_not_drawn():
    found = explore_named("load-store-writeback-compact")
    picture = Lanes(found, found.shortest)
    assert picture.graph["drawing"] == ""
    assert "too many states to draw" in picture.graph["words"]
    assert len(picture.graph["ends"]) == graph.LISTED


def test_a_clean_result_shows_a_schedule_that_ends_well():
    found = explore_named("user-free-compact", "v2-mended")
    picture = Interleaving(found)
    assert picture.lanes.sheet["why"] == ""
    assert "no bad end" in repr(picture)


def test_without_a_kernel_it_is_a_drawing_with_words(result):
    data, _ = Interleaving(result)._repr_mimebundle_()
    assert "zbud_migrate_page" in data["text/plain"]
    assert data["text/html"].count("<svg") == 3
    assert 'src="data:image/svg+xml;base64,' in data["text/html"]
    assert len(data["text/html"]) < 150_000


def test_the_sizes_are_bars_with_their_numbers(result):
    shown = plot_sizes(result)
    labels = [text.get_text() for text in shown.axes[0].texts]
    assert labels == ["98", "1,185", "85"]
    assert size_values(result) == (
        "98 states, 1,185 schedules, 85 faulty (moved under its mapper in 85)"
    )


def test_a_schedule_of_generators_has_lanes_and_no_player():
    def idle():
        yield from ()

    found = explore(scenario("counter").machine("v2"), [count(), count(), idle])
    assert Interleaving(found).player is None


def test_a_machine_without_mapped_pages_is_drawn_too():
    machine = scenario("user-free-compact").machine("v2")
    found = explore(machine, [compact()])
    assert "1 schedules, no bad end" in repr(Interleaving(found))
