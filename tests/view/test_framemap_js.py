"""The frame map's drawing, under Node with a canvas that only remembers."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from zbudlab import Machine, layout
from zbudlab.view import palette
from zbudlab.view.arrangement import arrange
from zbudlab.view.framemap import FrameMap, _look

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node"),
]
CASES = Path(__file__).with_name("framemap_under_node.mjs")
COLOURS = ["#" + bytes(colour).hex() for colour in palette.cell_colours("light")]
KINDS = [kind.light for kind in palette.KINDS]


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """Runs a case with its input; what came of it."""
    script = tmp_path_factory.mktemp("node") / "framemap.mjs"
    script.write_text(str(FrameMap._esm) + CASES.read_text("utf-8"), "utf-8")

    def run(name, **given):
        done = subprocess.run(
            ["node", script], input=json.dumps([[name, given]]), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)[0]

    return run


def a_map(cells, *, name="hilbert", size=64, block=4, cma=(0, 0), together=1):
    """Input of a case: a grid of these cells and the palette, as Python sends them."""
    grid = arrange(len(cells), name)
    return {
        "size": size,
        "legend": palette.kind_numbers(palette.ALL_CELLS).tolist(),
        "look": json.loads(json.dumps(_look(Machine(frames=64, log=False)))),
        "colours": palette.cell_colours("light").ravel().tolist(),
        "kinds": KINDS,
        "grid": {
            "columns": grid.columns,
            "rows": grid.rows,
            "frames": len(cells) * together,
            "together": together,
            "block": block,
            "cma": list(cma),
            "layout": name,
        },
        "places": grid.places.tolist(),
        "frames": [{"full": True, "codes": list(cells)}],
    }


CELLS = [0, 16, 34, 2, 3, 4, 5, 18, 10, 161, 33, 1, 160, 2, 2, 2]


def colours_of(cells):
    return [COLOURS[cell] for cell in cells]


class TestPixels:
    def test_every_cell_has_the_colour_of_what_it_is(self, node):
        (done,) = node("states", **a_map(CELLS))
        assert done["shown"] == colours_of(CELLS)

    def test_changes_are_painted_and_only_their_rows(self, node):
        given = a_map([2] * 256, name="linear")
        given["frames"] += [{"numbers": [35, 60], "codes": [5, 4]}, {"numbers": [0], "codes": [3]}]
        first, second, third = node("states", **given)
        assert first["put"] == [[0, 16]]
        assert second["put"] == [[2, 2]]
        assert third["put"] == [[0, 1]]
        after = [2] * 256
        after[35], after[60], after[0] = 5, 4, 3
        assert third["shown"] == colours_of(after)

    def test_a_map_that_became_smaller_is_painted_again(self, node):
        assert node("resized", **a_map(CELLS)) == colours_of(CELLS)

    def test_moves_fade_into_what_is_there(self, node):
        given = a_map([0] * 15 + [2], name="linear")
        given["frames"][0]["moves"] = [3, 15]
        at_once, half, late, over = node("moves", **given, times=[0, 1050, 1590, 1600], fades=True)
        away, here = KINDS[palette.NUMBER["from"]], KINDS[palette.NUMBER["to"]]
        assert (at_once["shown"][3], at_once["shown"][15]) == (away, here)
        mixed = (palette.rgb(away).astype(int) + palette.rgb(COLOURS[0])) / 2
        assert np.abs(mixed - palette.rgb(half["shown"][3])).max() <= 1
        assert late["shown"][15] not in (here, COLOURS[2])
        assert over["shown"] == colours_of([0] * 15 + [2])
        assert [step["fading"] for step in (at_once, half, late, over)] == [True] * 3 + [False]

    def test_nothing_fades_for_who_wants_no_motion(self, node):
        given = a_map([0, 0, 0, 2])
        given["frames"][0]["moves"] = [0, 3]
        early, late, over = node("moves", **given, times=[0, 1590, 1600], fades=False)
        assert early["shown"] == late["shown"] != over["shown"] == colours_of([0, 0, 0, 2])

    def test_marks_hold_until_the_next_state(self, node):
        given = a_map(CELLS)
        given["frames"].append({"numbers": [5], "codes": [5]})
        lost = palette.NUMBER["lost"]
        done = node("marks", **given, mark=lost, marked=[2, 5])
        assert [i for i, colour in enumerate(done["marked"]) if colour == KINDS[lost]] == [2, 5]
        assert done["after"] == colours_of([*CELLS[:5], 5, *CELLS[6:]])

    def test_a_kind_can_be_hidden_and_shown_again(self, node):
        process = palette.NUMBER["process"]
        done = node("toggles", **a_map(CELLS), kind=process)
        numbers = palette.kind_numbers(np.array(CELLS, np.uint8))
        hidden = [colour == "#fcfcfc" for colour in done["off"]]
        assert hidden == (numbers == process).tolist()
        assert done["on"] == colours_of(CELLS)


class TestCanvas:
    def test_zoom_keeps_the_point_and_pan_the_map(self, node):
        done = node("zoom", **a_map([2] * 4096, size=512), point=[100, 301], factor=3.3)
        assert done["whole"] == done["back"] == {"zoom": 8, "left": 0, "top": 0}
        assert done["closer"]["same"]
        assert done["closer"]["zoom"] == pytest.approx(26.4)
        assert (done["corner"]["left"], done["corner"]["top"]) == (0, 0)
        assert done["other"]["left"] == pytest.approx(64 - 512 / 26.4)
        assert done["revealed"]["left"] == 0

    @pytest.mark.parametrize("focus", [0, 65, 70, 4095])
    def test_all_of_the_focused_cell_stays_in_sight(self, node, focus):
        done = node("closer", **a_map([2] * 4096, name="linear", size=512), focus=focus, times=5)
        assert done["zoom"] == pytest.approx(8 * 1.5**5)
        for edge in (done["x"], done["y"]):
            assert -1e-6 < edge < done["size"] - done["zoom"] + 1e-6

    def test_a_map_larger_than_the_canvas_is_seen_whole(self, node):
        done = node("zoom", **a_map([2] * 4096, size=32), point=[3, 3], factor=2)
        assert done["whole"]["zoom"] == 0.5

    def test_pageblocks_and_the_cma_area_have_borders(self, node):
        done = node("borders", **a_map([2] * 16, name="linear", block=4, cma=(8, 16)))
        assert done["border"] == [[0, y, 64, y] for y in (16, 32, 48)]
        assert done["cma"] == [[0, 32, 64, 32]]

    def test_borders_go_around_blocks_of_the_hilbert_curve(self, node):
        done = node("borders", **a_map([2] * 16, block=4))
        assert sorted(done["border"]) == [[0, 32, 64, 32], [32, 0, 32, 64]]

    def test_small_pageblocks_have_none(self, node):
        assert node("borders", **a_map([2] * 4096, block=4)) == {}

    def test_a_large_zbud_page_shows_its_chunks(self, node):
        cells = [layout.FRAME_ANON, layout.FRAME_POOL_FULL, layout.FRAME_POOL_PART, 0]
        chunks = [*[1], *[2] * 17, *[0] * 16, *[3] * 30], [*[1], *[0] * 58, *[3] * 5]
        done = node("chunks", **a_map(cells), zbud=[1, 2], parts=[*chunks[0], *chunks[1]])
        assert done["asked"] == [1, 2] or done["asked"] == [2, 1]
        assert done["farther"] is None
        assert (done["again"], done["kept"]) == (2, True)
        assert done["gaps"] == 2  # chunks in the colour of their page's kind differ, too
        parts = {colour: name for name, colour in palette.CHUNKS["light"].items()}
        named = [parts[colour] for colour in done["colours"] if colour in parts]
        pages = [named[:64], named[64:]]
        wanted = [
            ["header", *["first"] * 17, *["free"] * 16, *["last"] * 30],
            ["header", *["free"] * 58, *["last"] * 5],
        ]
        assert sorted(pages) == sorted(wanted)
