"""The hero: two blocks of memory, a button and a switch that pose the question of the course.

Its story was recorded from the engine (`lessons.stubborn`), so it needs no kernel. The same script
shows it in stored notebooks and on the site. JavaScript: story.js, stage.js, hero.js.
"""

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from zbudlab.view.assets import drawn, looks
from zbudlab.view.bundle import MARK, WIDGET_VIEW
from zbudlab.view.look import blocks

_FILES = ("hero/story.js", "hero/stage.js", "hero/hero.js")
SUMMARY = (
    "Two blocks of 512 page frames. Compaction moves 214 pages out of the first block, and one "
    "zbud page that cannot move stays: 511 of 512 frames are free and no huge page is available. "
    "Once zbud pages can move, one more move frees the block."
)


@cache
def story() -> dict[str, Any]:
    """Return the recorded story (see `lessons.stubborn.record`)."""
    return json.loads((Path(__file__).parent / "story.json").read_text("utf-8"))


class Hero(anywidget.AnyWidget):
    """Two blocks of 512 frames, a Compact button, and one page that cannot move until allowed."""

    _esm = drawn(*_FILES, "hero/widget.js")
    _css = looks("hero/hero.css")

    story: Any = traitlets.Dict().tag(sync=True)

    def __init__(self) -> None:
        super().__init__(story=story())

    def __repr__(self) -> str:
        return SUMMARY

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        """Return the widget and, for pages without a kernel, the hero as HTML."""
        data, about = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data[WIDGET_VIEW][MARK] = True
        return {**data, "text/plain": SUMMARY, "text/html": html()}, about


def html() -> str:
    """Return the hero as self-contained HTML.

    Where scripts do not run, it shows the block that one page prevents from being free.
    """
    script = (
        f"{drawn(*_FILES)}\nnew Hero(document.currentScript.previousElementSibling, {_data()});"
    )
    return (
        f"<style>{looks('hero/hero.css')}</style>"
        f'<div class="zb hero">{still()}</div>'
        f"<script>(() => {{\n{script}\n}})();</script>"
    )


def _data() -> str:
    return json.dumps(story(), separators=(",", ":"))


def still() -> str:
    """Return a picture of the block that one remaining page occupies, as HTML."""
    kinds = [int(kind) for kind in story()["start"]]
    for old, new in story()["stuck"]:
        kinds[new], kinds[old] = kinds[old], 0
    drawing = blocks.image(kinds, across=2, alt=SUMMARY, nails=True)
    return f"<figure>{drawing}<figcaption>{escape(SUMMARY)}</figcaption></figure>"
