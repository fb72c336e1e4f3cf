"""Pictures of every piece, as readers see them: from a real JupyterLab and from the site.

python -m tests.browser.shots [--out FOLDER] [NAME ...]      (default: build/shots, all pieces)

Each piece is shown in its own output, at three widths of content, light and dark. These pictures
are for looking at: nothing compares them.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.browser.lab import DARK, LIGHT, ROOT, Lab, Notebook, running

WIDTHS = (930, 700, 390)  #: of the content, CSS pixels
THEMES = {"light": LIGHT, "dark": DARK}
HEIGHT = 1500
SHOW = "from zbudlab.view.picture import show\n"

#: Code whose value or output is the piece, and what to do before the picture.
PIECES: dict[str, tuple[str, str]] = {
    "hero": ("from zbudlab.view import Hero\nHero()", ""),
    "hero_spoiled": ("from zbudlab.view import Hero\nHero()", "press Compact"),
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


def ready(notebook: Notebook, what: str) -> None:
    """Press the button that is named, and wait until everything has come to rest."""
    if what.startswith("press "):
        notebook.page.get_by_role("button", name=what.removeprefix("press ")).first.click()
    notebook.page.wait_for_timeout(4000 if what else 800)


def shoot(lab: Lab, name: str, out: Path) -> Iterator[Path]:
    """Take the pictures of a piece; yield their paths."""
    code, before = PIECES[name]
    for theme, of_lab in THEMES.items():
        with lab.open([code], theme=of_lab) as notebook:
            notebook.command("application:toggle-left-area")
            notebook.run_all()
            if errors := notebook.error_outputs():
                raise RuntimeError(f"{name}: {errors[0]}")
            ready(notebook, before)
            for width in WIDTHS:
                fit(notebook, width)
                notebook.page.wait_for_timeout(600)
                path = out / f"{name}_{width}_{theme}.png"
                notebook.output(0).screenshot(path=path)
                yield path


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(PIECES), metavar="NAME")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "shots")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as lab:
        for name in chosen.names:
            for path in shoot(lab, name, chosen.out):
                print(path)


if __name__ == "__main__":
    main()
