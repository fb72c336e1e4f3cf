"""Recorded frame maps."""

from base64 import b64decode

import numpy as np

from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.view import FrameMap, details
from zbudlab.view.arrangement import CURVES, arrange
from zbudlab.view.standalone import maps
from zbudlab.view.standalone.page import Page


def test_a_map_has_its_cells_words_and_arrangements():
    machine = Machine(frames=512, log=False)
    machine.zbud_alloc(700)
    view = FrameMap(machine, layout="linear")
    record = Page().add(view)
    told = record.data
    cells = np.frombuffer(b64decode(told["moments"][0]["cells"]), np.uint8)
    assert np.array_equal(cells, frame_cells(machine.state))
    assert told["moments"][0]["summary"] == view.summary
    assert record.more["words"][7] == details.words(machine, 7)
    assert told["grids"][0]["layout"] == "linear"
    assert {grid["layout"] for grid in told["grids"]} == set(CURVES)
    for grid in told["grids"]:
        steps = np.frombuffer(b64decode(grid["steps"]), "<i4")
        assert np.array_equal(steps.cumsum(), arrange(512, grid["layout"]).places)


def test_a_moment_is_read_anew():
    machine = Machine(frames=512, log=False)
    view = FrameMap(machine)
    before = maps.moment(view)
    machine.zbud_alloc(700)
    assert maps.moment(view) != before
