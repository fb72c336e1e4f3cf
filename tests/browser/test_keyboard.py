"""The course works without a mouse: keys reach, use and leave each live view."""

from pathlib import Path

import pytest

from tests.browser.keyboard import KINDS, walk

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_buddy_allocator.ipynb"
ALL_KINDS = [
    "from zbudlab.lessons import moving\n"
    "from zbudlab.view import FrameMap, Panel, Player\n"
    "from zbudlab.view.explorer import Explorer\n"
    "from zbudlab.view.prediction import Prediction\n"
    "from matplotlib.figure import Figure\n"
    "def draw(order=3, kind='even'):\n"
    "    return Figure(figsize=(3, 1)), f'order {order}, {kind}'",
    "Prediction('Which?', 'b', 'So it is.', choices=['a', 'b'])",
    "Prediction('Draw it.', [1, 4], 'It grows.', points=['x', 'y'])",
    "Explorer(draw, order=(0, 10, 1), kind=['even', 'odd'])",
    "machine = moving.three_pages()\nmachine.compact()\nFrameMap(machine)",
    "Panel(frames=1024, seed=1)",
    "Player(machine, stop=4)",
    "print('the end')",
]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_notebook_is_read_from_its_first_cell_to_its_last(lab):
    with lab.open(NOTEBOOK) as notebook:
        predictions = NOTEBOOK.read_text("utf-8").count("Prediction.sealed(")
        assert walk(notebook) == [".zbl-prediction"] * predictions + [
            ".zbl-knob",
            ".zbl-prediction",
        ]
        assert notebook.error_outputs() == []
        assert notebook.errors == []


def test_every_kind_of_live_thing_is_used_and_left(lab):
    with lab.open(ALL_KINDS) as notebook:
        assert set(walk(notebook)) == set(KINDS)
        assert notebook.errors == []
        assert notebook.faults(".zbl-prediction") == []
        assert notebook.faults(".zbl-knob") == []
