"""The frame map in a real browser: colours of known frames, words, pointer and keys, reopened."""

import json

import pytest

from zbudlab.view import palette

pytestmark = pytest.mark.browser

CELL = """
from zbudlab import Machine
from zbudlab.view import FrameMap
machine = Machine(frames=1024)
shell = machine.create_process(100)
machine.touch(shell, range(100))
handles = [machine.zbud_alloc(size) for size in (1000, 1500, 3000)]
block = machine.alloc_pages(3)
shown = FrameMap(machine, layout="linear")
shown
"""
SECOND = "FrameMap(machine)"
WHAT = """
import json
from zbudlab.mm.snapshot import frame_cells
print(json.dumps(frame_cells(machine.state).tolist()))
"""
#: The middle of a cell on the canvas, in its own pixels and in those of the page.
PLACE = """(root, pfn) => {
    const {columns, zoom, left, top} = root.dataset;
    const x = (pfn % columns + 0.5 - left) * zoom;
    const y = (Math.floor(pfn / columns) + 0.5 - top) * zoom;
    return [x * devicePixelRatio, y * devicePixelRatio, x, y];
}"""


@pytest.fixture(scope="module")
def story(lab):
    with lab.open([CELL, SECOND]) as notebook:
        notebook.run_all()
        assert notebook.error_outputs() == []
        for cell in (0, 1):
            notebook.output(cell).locator(".zbl-map[data-number]").wait_for()
        yield notebook


def shown(story, cell=0):
    return story.output(cell).locator(".zbl-map")


def still(story):
    """Wait until nothing fades and all that was sent is painted."""
    story.page.wait_for_function(
        "[...document.querySelectorAll('.zbl-map')].every(map => map.dataset.fading === '0')"
    )
    story.page.wait_for_timeout(200)


def one_of_each(story):
    """A frame of each byte that there is, with the byte."""
    cells = json.loads(story.ask(WHAT))
    return {byte: pfn for pfn, byte in enumerate(cells)}


@pytest.mark.parametrize("theme", palette.THEMES)
def test_known_frames_have_the_colours_of_the_palette(story, theme):
    story.command("apputils:change-theme", theme=f"JupyterLab {theme.capitalize()}")
    shown(story).and_(story.page.locator(f"[data-theme={theme}]")).wait_for()
    still(story)
    canvas = shown(story).locator("canvas")
    kinds = one_of_each(story)
    assert len(kinds) >= 6
    for byte, pfn in kinds.items():
        x, y, _, _ = shown(story).evaluate(PLACE, pfn)
        wanted = tuple(palette.cell_colours(theme)[byte].tolist())
        assert story.colour(canvas, x, y)[:3] == wanted, f"pfn {pfn}, byte {byte}"


def test_the_summary_and_the_legend_say_the_same(story):
    summary = story.ask("print(shown.summary, end='')")
    assert shown(story).locator(".zbl-summary").inner_text() == summary
    assert "100 process" in summary
    count = shown(story).locator('[data-kind="process"] .zbl-count').inner_text()
    assert count == "100"


def test_a_click_shows_what_a_frame_is(story):
    pfn = int(story.ask("print(block)"))
    _, _, x, y = shown(story).evaluate(PLACE, pfn)
    shown(story).locator("canvas").click(position={"x": x, "y": y})
    title = shown(story).locator(".zbl-details .zbl-title")
    title.wait_for()
    assert f"pfn {pfn}" in title.inner_text()
    assert f"pfn {pfn}" in shown(story).locator(".zbl-words").inner_text()
    shown(story).locator(".zbl-details .zbl-close").click()
    title.wait_for(state="detached")


def test_keys_alone_find_a_frame_and_come_closer(story):
    canvas, keyboard = shown(story).locator("canvas"), story.page.keyboard
    canvas.focus()
    for key in ("Home", "ArrowRight", "ArrowDown", "PageDown"):
        keyboard.press(key)
    columns = int(shown(story).get_attribute("data-columns"))
    assert int(shown(story).get_attribute("data-frame")) == columns + 2
    keyboard.press("Enter")
    title = shown(story).locator(".zbl-details .zbl-title")
    title.wait_for()
    assert f"pfn {columns + 2}" in title.inner_text()
    keyboard.press("Escape")
    title.wait_for(state="detached")
    before = float(shown(story).get_attribute("data-zoom"))
    keyboard.press("+")
    still(story)
    assert float(shown(story).get_attribute("data-zoom")) > before
    keyboard.press("0")
    still(story)
    assert float(shown(story).get_attribute("data-zoom")) == before


def test_a_second_map_of_the_machine_stays_in_step(story):
    story.ask("machine.exit(shell); from zbudlab.view import following; following.refresh(machine)")
    for cell in (0, 1):
        shown(story, cell).locator(".zbl-summary", has_not_text="process").wait_for()
    assert shown(story, 0).locator(".zbl-summary").inner_text() == (
        shown(story, 1).locator(".zbl-summary").inner_text()
    )


def test_has_no_serious_fault_and_no_error(story):
    assert story.faults(".zbl-map") == []
    assert story.errors == []


def test_saved_and_opened_again_it_shows_its_picture(story):
    story.save()
    story.shut_down_kernel()
    shown(story).and_(story.page.locator("[data-alive='0']")).wait_for()
    assert "Run this cell" in shown(story).locator(".zbl-notice").inner_text()
    for open_again in (story.load, story.load_without_kernel):
        open_again()
        story.shut_down_kernel()
        for cell in (0, 1):
            picture = story.output(cell).locator("img")
            picture.wait_for()
            assert picture.evaluate("image => image.naturalWidth") > 200
            assert "1024 page frames" in picture.get_attribute("alt")
        text = story.page.locator("body").inner_text()
        assert "model not found" not in text
        assert "Loading widget" not in text
