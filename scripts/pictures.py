"""Make the pictures of the README and the guides, with the code of the views.

python scripts/pictures.py             docs/machines-light.svg and docs/machines-dark.svg
python scripts/pictures.py --workloads also docs/workloads/*.svg (a minute)
python scripts/pictures.py --panel     also docs/panel-light.png and docs/panel-dark.png (needs
                                       Playwright and Chromium)
"""

import argparse
import json
import shutil
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.landing import FOLDER, WORDS  # noqa: E402
from zbudlab.view.look import blocks, tokens  # noqa: E402

DOCS = ROOT / "docs"
TITLE = "Half of memory is free. How many huge pages?"
ACROSS, GAP, MARGIN, TOP = 300, 30, 32, 124  #: of a machine: width, distance; of the picture
KEYS = (
    ("process", "page of a program"),
    ("zbud1", "zbud page, one buddy"),
    ("zbud2", "two buddies"),
    ("free", "free"),
    ("wholefill", "512 free in a row: a huge page"),
)
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def text(x: float, y: float, words: str, size: float, colour: str = "ink", more: str = "") -> str:
    """Return a line of text as SVG. colour: a token."""
    ink = blocks.paint(colour)
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{ink}" {more}>{escape(words)}</text>'


def _machine(machine: dict, left: float) -> str:
    """Return a machine: coloured line, name, number, memory after compaction."""
    name, curve = machine["name"], tokens.CURVES[machine["name"]]
    ink = "ink" if curve.token == "c_none" else curve.label
    right, number = left + ACROSS, str(machine["number"])
    kinds = [int(kind) for kind in machine["map"]]
    memory = blocks.svg(kinds, across=4, alt=name, width=str(ACROSS))
    high = round(ACROSS * (4 * (blocks.ROWS + blocks.GAP)) / (4 * (blocks.SIDE + blocks.GAP)))
    memory = memory.replace("<svg ", f'<svg x="{left}" y="{TOP + 52}" height="{high}" ', 1)
    return (
        f'<rect x="{left}" y="88" width="{ACROSS}" height="5" fill="{blocks.paint(curve.token)}"/>'
        + text(left, TOP, name, 18, more='font-weight="600"')
        + text(left, TOP + 24, WORDS.get(name, ""), 14, "quiet")
        + text(right - 46, TOP + 24, number, 60, ink, 'font-weight="660" text-anchor="end"')
        + text(right, TOP + 24, f"of {machine['of']}", 16, "quiet", 'text-anchor="end"')
        + memory
    )


def _legend(top: float) -> str:
    drawn, left = "", MARGIN
    for token, words in KEYS:
        edge = "whole" if token == "wholefill" else token
        drawn += (
            f'<rect x="{left + 0.8}" y="{top - 11}" width="12.4" height="12.4" rx="3" '
            f'fill="{blocks.paint(token)}" stroke="{blocks.paint(edge)}" stroke-width="1.5"/>'
        )
        drawn += text(left + 22, top, words, 14, "quiet")
        left += 46 + round(7.1 * len(words))
    return drawn


def machines(theme: tokens.Theme) -> str:
    """Return the machines of the landing page as one SVG file in a theme."""
    listed = json.loads((FOLDER / "machines.json").read_text("utf-8"))
    wide = 2 * MARGIN + len(listed) * (ACROSS + GAP) - GAP
    told = "; ".join(f"{m['name']} {m['number']} of {m['of']}" for m in listed)
    drawn = "".join(_machine(m, MARGIN + i * (ACROSS + GAP)) for i, m in enumerate(listed))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} 392" role="img" '
        f'aria-label="{TITLE} {told}" font-family="{escape(tokens.SANS)}">'
        f"<style>svg{{{tokens.properties(theme)}}}</style>"
        f'<rect width="{wide}" height="392" fill="{blocks.paint("paper")}"/>'
        + text(MARGIN, 56, TITLE, 34, more='font-weight="680" letter-spacing="-1"')
        + drawn
        + _legend(372)
        + "</svg>\n"
    )


def panel() -> dict[str, bytes]:
    """Return pictures of a panel of two machines as PNG files, by theme."""
    from playwright.sync_api import sync_playwright

    from zbudlab.view import compare_panels

    pair = compare_panels(frames=8192, seed=0)
    pair.step(60)
    pair.change(working_set=60)
    pair.step(20)
    pair.compact()
    html = pair.figure().page("")  # type: ignore[attr-defined]
    executable, pictures = next(filter(None, map(shutil.which, CHROMIUM))), {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 986, "height": 900}, device_scale_factor=2)
        for theme in tokens.THEMES:
            look = f"margin: 0; padding: 16px; background: {tokens.colour('paper', theme)}"
            page.set_content(
                f'<html data-theme="{theme}"><body style="{look}">{html}</body></html>'
            )
            pictures[theme] = page.locator("body").screenshot()
        browser.close()
    return pictures


def workload_pictures() -> None:
    """Run every ready workload on its machine, and draw it."""
    from findings.__main__ import alt_of
    from zbudlab.view import workloads
    from zbudlab.view.look import svgfile
    from zbudlab.workload import scenarios

    page = (DOCS / "workloads.md").read_text("utf-8")
    for name in scenarios():
        file = DOCS / "workloads" / f"{name}.svg"
        drawn = workloads.figure(*workloads.watched(name))
        svgfile.write(drawn, file, alt_of(page, f"workloads/{name}.svg"))


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panel", action="store_true", help="also take docs/panel-*.png")
    parser.add_argument("--workloads", action="store_true", help="also draw the workloads")
    for theme in tokens.THEMES:
        (DOCS / f"machines-{theme}.svg").write_text(machines(theme), "utf-8")
    chosen = parser.parse_args()
    if chosen.workloads:
        workload_pictures()
    if chosen.panel:
        for theme, picture in panel().items():
            (DOCS / f"panel-{theme}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
