"""The site's landing page: the question, the hero, the machines compared, the course as a path.

Everything is in the page: it asks for nothing else. The machines come from machines.json, which
`python scripts/landing.py record` makes anew from the engine; a machine more there is a card more.
"""

import json
import sys
from html import escape
from pathlib import Path
from string import Template
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "site" / "landing"
FRAMES, PRESSURE, POOL = 8192, 1.6, 20  #: of the machines compared
WORDS = {
    "without zswap": "nothing is compressed",
    "zbud unmovable": "as in Linux 3.11 to 6.14",
    "zbud movable": "the patches of 2013, never merged",
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
LOGO = (
    '<svg viewBox="0 0 22 22" aria-hidden="true"><rect width="22" height="10.2" rx="3" '
    'fill="var(--zbud1)"/><rect y="11.8" width="22" height="10.2" rx="3" '
    'fill="var(--zbud2)"/></svg>'
)
PAGE_CSS = (
    ":root{color-scheme:light dark}*{box-sizing:border-box}"
    "body{background:var(--paper);color:var(--ink);font:15px/1.5 var(--sans);margin:0}"
    "a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    ".lead a{color:var(--accent)}"
)


def theme(selector: str) -> str:
    """Return the tokens for an element of the site, which follows the system's theme."""
    from zbudlab.view.look import tokens

    sizes = "".join(f"--{name}:{value};" for name, value in tokens.SIZES.items())
    dark = tokens.properties("dark")
    return (
        f"{selector}{{{sizes}{tokens.properties('light')}}}"
        f"@media (prefers-color-scheme: dark){{:root:not([data-theme=light]) {selector}{{{dark}}}}}"
        f":root[data-theme=dark] {selector}{{{dark}}}"
    )


def record() -> list[dict[str, Any]]:
    """Run the machines and return what their cards show."""
    from zbudlab.content import corpus, sources
    from zbudlab.view import controls

    content = sources.from_pages(corpus.pages("mixed", 2048))
    outcomes = controls.Comparison(content, FRAMES, 0).run(PRESSURE, POOL)
    return [
        {
            "name": outcome.variant,
            "number": int(outcome.blocks_after),
            "of": int(outcome.blocks_ideal),
            "map": "".join(map(str, outcome.map_after.tolist())),  # type: ignore[union-attr]
        }
        for outcome in outcomes
    ]


def _machine(machine: dict[str, Any]) -> str:
    from zbudlab.view.look import blocks, tokens

    name, number, of = machine["name"], machine["number"], machine["of"]
    curve = tokens.CURVES[name]
    ink = "ink" if curve.token == "c_none" else curve.label
    drawn = blocks.svg(
        [int(kind) for kind in machine["map"]],
        across=4,
        alt=f"Memory of the machine {name}: {number} of {of} huge pages",
    )
    return (
        f'<figure style="border-color:var(--{curve.token})"><figcaption><b>{escape(name)}</b>'
        f'<span class="n" style="color:var(--{ink})">{number}<small> of {of}</small></span>'
        f'<span class="q">{WORDS.get(name, "")}</span></figcaption>{drawn}</figure>'
    )


def _step(step: dict[str, Any]) -> str:
    kind = ' class="ex"' if step["exercise"] else ""
    return (
        f'<li{kind}><svg class="g" viewBox="0 0 92 28" aria-hidden="true">{step["glyph"]}</svg>'
        f'<a href="{step["page"]}">{escape(step["title"])}</a><p>{escape(step["words"])}</p>'
        f'<p class="m">{step["minutes"]} minutes</p></li>'
    )


def page() -> str:
    """Return the landing page."""
    from zbudlab.view import hero

    machines = json.loads((FOLDER / "machines.json").read_text("utf-8"))
    steps = json.loads((FOLDER / "steps.json").read_text("utf-8"))
    parts = {
        "css": theme(".zb-page") + PAGE_CSS + (FOLDER / "landing.css").read_text("utf-8"),
        "logo": LOGO,
        "hero": hero.html(),
        "count": NUMBERS[len(machines)],
        "machines": "".join(map(_machine, machines)),
        "steps": "".join(map(_step, steps)),
    }
    return Template((FOLDER / "landing.html").read_text("utf-8")).substitute(parts)


if __name__ == "__main__" and sys.argv[1:] == ["record"]:
    sys.path.insert(0, str(ROOT))
    (FOLDER / "machines.json").write_text(json.dumps(record(), indent=1) + "\n", "utf-8")
