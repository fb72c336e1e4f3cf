"""The frame map in a real JupyterLab: what it shows, by mouse and by keys, day and night."""

import json
import re

import pytest

from tests.browser.lab import DARK
from zbudlab.view import palette
from zbudlab.view.bundle import HINT, WIDGET_VIEW

pytestmark = pytest.mark.browser

MACHINE = """
import json
import numpy as np
from zbudlab import Machine
from zbudlab.mm.inspection import frame_cells
from zbudlab.view import FrameMap, details, palette

machine = Machine(frames=4096, max_pool_percent=40, cma_pages=1024)
rng = np.random.default_rng(4)
first, second = machine.create_process(4300), machine.create_process(500)
pages = rng.integers(256, size=(4300, 4096), dtype=np.uint8)
pages[np.arange(4096) > rng.integers(300, 3000, (4300, 1))] = 0
machine.alloc_pages(5)
machine.zbud_alloc(2500)
machine.write(first, 0, pages)
machine.touch(second, range(500))
machine.pin(int(np.flatnonzero(machine.state.pages["mapping"][:3000])[7]))
"""
CELLS = [
    MACHINE,
    'view = FrameMap(machine, layout="linear"); view',
    "other = FrameMap(machine, size=256); other",
]
#: Frames of each kind that there is: {kind: [pfn, ...]}, the first and the last few.
FRAMES = """
numbers = palette.kind_numbers(frame_cells(machine.state))
found = {kind.name: np.flatnonzero(numbers == n) for n, kind in enumerate(palette.KINDS)}
ends = {name: [*pfns[:3].tolist(), *pfns[-3:].tolist()] for name, pfns in found.items()}
print(json.dumps({name: pfns for name, pfns in ends.items() if pfns}))
"""
COLOURS = "print(json.dumps(palette.cell_colours({!r})[frame_cells(machine.state)].tolist()))"


class Shown:
    """A frame map on the page, by the cell that shows it."""

    def __init__(self, notebook, cell):
        self.notebook = notebook
        self.root = notebook.output(cell).locator(".zbl-map")
        self.canvas = self.root.locator("canvas")
        self.settle()

    def data(self):
        """What the map tells of itself."""
        return self.root.evaluate("root => ({...root.dataset})")

    def settle(self):
        """Wait until the newest state is painted and nothing fades."""
        self.root.and_(self.notebook.page.locator("[data-painted]")).wait_for()
        assert self.notebook.ask("print('heard')") == "heard\n"
        self.notebook.page.wait_for_timeout(100)
        self.root.and_(self.notebook.page.locator('[data-fading="0"]')).wait_for()

    def middle(self, pfn):
        """The middle of a frame's cell on a linear map, in pixels of the page."""
        data = self.data()
        zoom, columns = float(data["zoom"]), int(data["columns"])
        row, column = divmod(pfn, columns)
        left, top = float(data["left"]), float(data["top"])
        return (column - left + 0.5) * zoom, (row - top + 0.5) * zoom

    def colour(self, pfn):
        """The colour of a frame on a linear map."""
        return list(self.notebook.colour(self.canvas, *self.middle(pfn))[:3])

    def click(self, pfn):
        x, y = self.middle(pfn)
        self.canvas.click(position={"x": x + 1, "y": y + 1})  # the canvas has a border

    def text(self, part):
        return self.root.locator(f".zbl-{part}").inner_text()


def words(notebook, pfn):
    return notebook.ask(f"print(details.words(machine, {pfn}))").strip()


@pytest.mark.slow
def test_a_map_shows_the_machine_and_is_a_picture_when_the_kernel_is_gone(lab):
    with lab.open([*CELLS, "machine.exit(second); machine.compact(); 0"]) as notebook:
        for cell in range(3):
            notebook.page.evaluate(
                "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", cell
            )
            notebook.command("notebook:run-cell")
            notebook.finish()
        view, other = Shown(notebook, 1), Shown(notebook, 2)
        check_colours(notebook, view, "light", "pinned", "cma")
        check_summary(notebook, view)
        check_mouse(notebook, view)
        check_keys(notebook, view)
        assert notebook.faults(".zbl-map") == []
        check_step(notebook, view, other)
        check_saved(notebook, view)
        assert notebook.errors == []


def check_colours(notebook, view, theme, *also):
    """Frames of every kind have the palette's colours; `also`: kinds that there must be."""
    frames = json.loads(notebook.ask(FRAMES))
    assert {"process", "zbud1", "zbud2", "kernel", *also} <= set(frames)
    wanted = json.loads(notebook.ask(COLOURS.format(theme)))
    for kind, pfns in frames.items():
        for pfn in pfns:
            assert view.colour(pfn) == wanted[pfn], (kind, pfn)


def check_summary(notebook, view):
    assert view.text("summary") == notebook.ask("print(view.summary)").strip()
    counts = json.loads(notebook.ask("print(palette.counts(frame_cells(machine.state)).tolist())"))
    for kind, count in list(zip(palette.KINDS, counts, strict=True))[: palette.LASTING]:
        button = view.root.locator(f'.zbl-legend button[data-kind="{kind.name}"]')
        assert button.inner_text().split() == [*kind.words.split(), f"{count:,}"]


def check_mouse(notebook, view):
    """Hovering says what a frame is, a click shows its details."""
    pfn = json.loads(notebook.ask(FRAMES))["zbud2"][3]
    x, y = view.middle(pfn)
    view.canvas.hover(position={"x": x + 1, "y": y + 1})
    view.root.get_by_text(words(notebook, pfn), exact=True).wait_for()
    notebook.page.mouse.wheel(0, -150)  # the first click may come to a map that is zoomed
    notebook.page.wait_for_timeout(300)
    view.click(pfn)
    title = view.root.locator(".zbl-details .zbl-title")
    title.wait_for()
    assert title.inner_text() == words(notebook, pfn)
    told = view.text("details")
    for part in ("struct page", "zbud header", "LRU", "radix tree", "first 128 bytes"):
        assert part in told
    assert view.root.locator(".zbl-chunks").is_hidden()
    check_wheel(notebook, view, pfn)


def check_wheel(notebook, view, pfn):
    """The wheel zooms to the chunks of a frame, with their legend."""
    notebook.page.keyboard.press("0")
    notebook.page.wait_for_timeout(300)
    x, y = view.middle(pfn)
    view.canvas.hover(position={"x": x + 1, "y": y + 1})
    notebook.page.mouse.wheel(0, -450)
    notebook.page.wait_for_timeout(600)
    zoom = float(view.data()["zoom"])
    assert zoom > 24
    x, y = view.middle(pfn)
    rim = max(2, round(zoom / 16))
    step = (zoom - 2 * rim) / 8
    first = [x - zoom / 2 + rim + step / 2, y - zoom / 2 + rim + step / 2]
    header = notebook.colour(view.canvas, *first)[:3]
    assert list(header) == palette.rgb(palette.CHUNKS["light"]["header"]).tolist()
    legend = view.text("chunks").split("\n")
    assert [word for word in legend if word in palette.CHUNK_WORDS.values()] == [
        *palette.CHUNK_WORDS.values()
    ]


def check_keys(notebook, view):
    """Everything goes without a mouse."""
    press = notebook.page.keyboard.press
    press("Escape")
    assert view.root.locator(".zbl-details").is_hidden()
    view.canvas.focus()
    press("0")
    press("Home")
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight", "PageDown", "ArrowLeft"):
        press(key)
    notebook.page.wait_for_timeout(300)
    assert int(view.data()["frame"]) == 1 + 64 + 8 + 1 - 1
    view.root.get_by_text(words(notebook, 73), exact=True).wait_for()
    press("Enter")
    view.root.locator(".zbl-details .zbl-title").get_by_text(words(notebook, 73)).wait_for()
    press("+")
    notebook.page.wait_for_timeout(200)
    assert float(view.data()["zoom"]) == 12
    press("0")
    check_keys_in_controls(notebook, view)


def check_keys_in_controls(notebook, view):
    """A frame is found by its number, a kind is faded; the notebook gets no key."""
    press = notebook.page.keyboard.press
    view.root.locator(".zbl-goto").fill("4000")
    press("Enter")
    view.root.locator(".zbl-details .zbl-title").get_by_text(words(notebook, 4000)).wait_for()
    view.root.locator(".zbl-goto").fill("5000")
    press("Enter")
    assert view.text("words") == "There is no page frame 5000, only 0 to 4095."
    kernel = json.loads(notebook.ask(FRAMES))["kernel"][1]
    before = view.colour(kernel)
    view.root.locator('button[data-kind="kernel"]').focus()
    for shown in (False, True):
        press("Space")
        notebook.page.wait_for_timeout(200)
        assert (view.colour(kernel) == before) == shown
    cells = notebook.page.locator(".jp-Notebook .jp-Cell")
    assert cells.count() == 4  # no key went to the notebook


def check_step(notebook, view, other):
    """The end of a cell brings both views up to date, and what moved is painted for a while."""
    before = [shown.data()["number"] for shown in (view, other)]
    notebook.page.evaluate(
        "i => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = i }", 3
    )
    notebook.command("notebook:run-cell")
    view.root.and_(notebook.page.locator('[data-fading="1"]')).wait_for()
    moved = json.loads(
        notebook.ask(
            "n = int(machine.control[0]['nr_moves'])\n"
            "print(json.dumps([m for m in machine.moves[:n].tolist() if m[1] >= 0][:3]))"
        )
    )
    assert moved
    notebook.finish()
    view.settle()
    assert [shown.data()["number"] for shown in (view, other)] != before
    check_colours(notebook, view, "light")
    named = words(notebook, view.data()["frame"])
    view.root.locator(".zbl-words").get_by_text(named, exact=True).wait_for()
    assert view.text("summary") == other.text("summary")


def check_saved(notebook, view):
    """Saved, without its kernel, and opened again: a picture and words, and nothing is missing."""
    notebook.save()
    outputs = [cell.outputs for cell in notebook.stored().cells]
    for output in (outputs[1][0], outputs[2][0]):
        assert WIDGET_VIEW not in output.data
        assert HINT in output.data["text/plain"]
        assert output.data["image/png"]
    assert "widgets" not in notebook.stored().metadata
    notebook.shut_down_kernel()
    view.root.locator(".zbl-notice").get_by_text("Run this cell to make it live").wait_for()
    assert view.data()["alive"] == "0"
    notebook.errors.clear()
    notebook.load()
    picture = notebook.output(1).locator("svg[role=img]")
    picture.wait_for()
    assert re.match(r"4096 page frames: .* kernel", picture.get_attribute("aria-label"))
    shown = notebook.page.locator(".jp-Notebook").inner_text()
    assert "model not found" not in shown
    assert "Loading widget" not in shown


def test_a_kernel_that_died_is_told_when_another_has_taken_its_place(lab):
    imports = "from zbudlab import Machine\nfrom zbudlab.view import FrameMap\n"
    cells = [f"{imports}m = Machine(frames=256)\nFrameMap(m)", "import os; os._exit(1)"]
    with lab.open(cells) as notebook:
        page = notebook.page
        notebook.command("notebook:run-cell")
        view = Shown(notebook, 0)
        page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
        page.get_by_role("dialog").get_by_role("button", name="Ok").click()
        page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        assert notebook.ask("print('m' in globals())") == "False\n"
        assert view.data()["alive"] == "0"
        assert "Run this cell to make it live" in view.text("notice")


@pytest.mark.slow
def test_a_map_at_night(lab):
    with lab.open(CELLS[:2], theme=DARK) as notebook:
        notebook.run_all()
        view = Shown(notebook, 1)
        assert view.data()["theme"] == "dark"
        check_colours(notebook, view, "dark")
        view.click(10)
        view.root.locator(".zbl-details .zbl-title").wait_for()
        assert notebook.faults(".zbl-map") == []
        assert notebook.errors == []
