"""Pictures of every piece, as readers see them: from a real JupyterLab and from the site.

python -m tests.browser.shots [--out FOLDER] [NAME ...]      (default: build/shots, all pieces)

Each piece is the output of a cell, at three widths of content, light and dark. `site` takes the
pages of build/site, every notebook among them, if `make site` has built them. These pictures are
for looking at: nothing compares them.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.browser.lab import DARK, LIGHT, ROOT, Lab, Notebook, running

WIDTHS = (930, 700, 390)  #: of the content, CSS pixels
THEMES = {"light": LIGHT, "dark": DARK}
HEIGHT = 2400  #: of the window, so that the tallest piece is whole
SITE = ROOT / "build" / "site"
SHOW = "from zbudlab.view.picture import show\n"

#: Code whose value or output is the piece, and the button to press before the picture.
PIECES: dict[str, tuple[str, str]] = {
    "hero": ("from zbudlab.view import Hero\nHero()", ""),
    "hero_spoiled": ("from zbudlab.view import Hero\nHero()", "Compact"),
    "player": (
        "from zbudlab.history import History\n"
        "from zbudlab.lessons import moving\n"
        "from zbudlab.view import Player\n"
        "machine = moving.three_pages()\n"
        "machine.compact()\n"
        "history = History(machine)\n"
        'Player(history, stop=history.find("migration", 0))',
        "",
    ),
    "prediction": (
        "from zbudlab.view.prediction import Prediction\n"
        'Prediction("How many of 16 huge pages are available after compaction?",\n'
        '    [4, 8, 12, 14, 15], "Compaction gathers nearly all that is free.", top=16,\n'
        '    points=["25", "50", "75", "90", "99"], unit="% of pages freed",\n'
        '    curve="zbud movable", then=lambda: "The run.")',
        "",
    ),
    "prediction_number": (
        "from zbudlab.view.prediction import Prediction\n"
        'asked = Prediction("How many of 72 huge pages can Linux 6.1 make of that?", 0,\n'
        '    "Not one: every block still has about 256 zbud pages.", unit="huge pages", top=72,\n'
        '    curve="zbud unmovable")\n'
        "asked.commit(30)\n"
        "asked",
        "",
    ),
    "prediction_curve": (
        "from zbudlab.view.prediction import Prediction\n"
        'asked = Prediction("How many of 16 huge pages are available now?",\n'
        '    [4, 8, 12, 14, 15], "Compaction gathers nearly all that is free.", top=16,\n'
        '    points=["25", "50", "75", "90", "99"], unit="% freed", curve="zbud movable")\n'
        "asked.commit([2, 4, 8, 12, 16])\n"
        "asked",
        "",
    ),
    "panel": (
        "from zbudlab.view import Panel\n"
        "panel = Panel(frames=8192, working_set=115, movable=False, unmovable=0, seed=1)\n"
        "panel.step(60)\n"
        "panel",
        "",
    ),
    "panels": (
        "from zbudlab.view import compare_panels\n"
        "pair = compare_panels(frames=8192, seed=0)\n"
        "pair.step(60)\n"
        "pair.change(working_set=60)\n"
        "pair.step(20)\n"
        "pair.compact()\n"
        "pair",
        "",
    ),
    "gate": (
        "from zbudlab.view.gate import after\n"
        "from zbudlab.view.prediction import Prediction\n"
        'after(Prediction("How many?", 3, "Three."), "Three blocks are free.")',
        "",
    ),
    "map": (
        "from zbudlab.lessons import scattered\n"
        "from zbudlab.view import FrameMap\n"
        "machine = scattered.scattered(10, False, 50, 8192, seed=0)\n"
        "FrameMap(machine)",
        "",
    ),
    "game": ("from zbudlab.view import BeTheScheduler\nBeTheScheduler(1)", ""),
    "interleaving": (
        "from zbudlab.races import explore_named\n"
        "from zbudlab.view import Interleaving\n"
        'Interleaving(explore_named("user-free-compact", merge=("isolate", "unmap")))',
        "",
    ),
    "practice": ('from zbudlab.view.practice import Practice\nPractice("buddy")', ""),
    "explorer": (
        "from zbudlab.lessons import scattered\n"
        "from zbudlab.view import plot\n"
        "from zbudlab.view.explorer import Explorer\n"
        "def held(zbud=10, movable=False):\n"
        "    return plot(scattered.scattered(zbud, movable, 50, 8192)).figure, 'memory'\n"
        "Explorer(held, zbud=(5, 30, 5), movable=[False, True])",
        "",
    ),
    "explorer_figure": (
        "from zbudlab.lessons.thinned import thinned\n"
        "from zbudlab.view import fragments\n"
        "from zbudlab.view.explorer import Explorer\n"
        "def thin_out(freed=50):\n"
        "    machine = thinned(4096, freed)\n"
        "    return fragments.figure(machine), fragments.key_values(machine)\n"
        "Explorer(thin_out, freed=(0, 100, 5))",
        "",
    ),
    "feedback": (
        "from zbudlab.course import check\n"
        "def find_hole(pool, rows, chunks):\n"
        "    return -1\n"
        'check("e04_zbud", "hole", "alloc", find_hole=find_hole)',
        "",
    ),
    "feedback_done": (
        "from zbudlab.course import check\n"
        "def size_to_chunks(size):\n"
        "    return -(-size // 64)\n"
        'check("e04_zbud", "chunks", size_to_chunks=size_to_chunks)',
        "",
    ),
    "figure": (SHOW + "from zbudlab.view import measured\nshow(measured.figure(), '')", ""),
}


def fit(notebook: Notebook, width: int) -> None:
    """Give the browser the width at which the output is that wide."""
    page = notebook.page
    for _ in range(3):
        view = page.viewport_size
        assert view is not None
        now = page.locator(".jp-OutputArea-output").first.evaluate("e => e.clientWidth")
        if abs(now - width) < 2:
            return
        page.set_viewport_size({"width": view["width"] + width - round(now), "height": HEIGHT})
        page.wait_for_timeout(400)


def ready(notebook: Notebook, names: list[str]) -> None:
    """Press the buttons that pieces name, and wait until everything has come to rest."""
    for index, name in enumerate(names):
        if button := PIECES[name][1]:
            notebook.output(index).get_by_role("button", name=button).first.click()
    notebook.page.wait_for_timeout(4000)


def shoot(lab: Lab, names: list[str], out: Path) -> Iterator[Path]:
    """Take the pictures of pieces, all in one notebook; yield their paths."""
    with lab.open([PIECES[name][0] for name in names]) as notebook:
        notebook.command("application:toggle-left-area")
        notebook.run_all()
        if errors := notebook.error_outputs():
            raise RuntimeError(errors[0])
        ready(notebook, names)
        for theme, of_lab in THEMES.items():
            notebook.change_theme(of_lab)
            for width in WIDTHS:
                fit(notebook, width)
                notebook.page.wait_for_timeout(1000)
                for index, name in enumerate(names):
                    path = out / f"{name}_{width}_{theme}.png"
                    notebook.output(index).scroll_into_view_if_needed()
                    notebook.page.wait_for_timeout(200)  # cells out of sight have a guessed height
                    notebook.output(index).screenshot(path=path)
                    yield path
        notebook.change_theme(LIGHT)


def shoot_site(lab: Lab, out: Path) -> Iterator[Path]:
    """Take the pages of the site that `make site` built, whole; yield their paths."""
    names = ["index", "contents", "docs/install", "reference", "search"]
    names += [f"notebooks/{path.stem}" for path in sorted((SITE / "notebooks").glob("*.html"))]
    for name in names:
        page = lab.context.new_page()
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            for width in (1280, 700, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto((SITE / f"{name}.html").as_uri())
                path = out / f"site_{name.replace('/', '_')}_{width}_{theme}.png"
                page.screenshot(path=path, full_page=True)
                yield path
        page.close()


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[*PIECES, "site"], metavar="NAME")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "shots")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as lab:
        if pieces := [name for name in chosen.names if name != "site"]:
            for path in shoot(lab, pieces, chosen.out):
                print(path)
        if "site" in chosen.names and not SITE.is_dir():
            print("no build/site: make site builds it")
        elif "site" in chosen.names:
            for path in shoot_site(lab, chosen.out):
                print(path)


if __name__ == "__main__":
    main()
