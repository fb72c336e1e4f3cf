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
HEIGHT = 1000
SHOW = "from zbudlab.view.picture import show\n"

#: Code whose value or output is the piece, and what to do before the picture.
PIECES: dict[str, tuple[str, str]] = {
    "hero": ("from zbudlab.view import Hero\nHero()", ""),
    "hero_spoiled": ("from zbudlab.view import Hero\nHero()", "press Compact"),
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
