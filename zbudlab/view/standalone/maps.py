"""Frame maps for pages without a kernel: recorded moments of a machine. See map.js."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from zbudlab.view import details
from zbudlab.view.arrangement import CURVES
from zbudlab.view.framemap import FrameMap

if TYPE_CHECKING:
    from zbudlab.view.standalone.page import Page

MOST_WORDS = 1 << 14  #: frames of the largest map whose frames are described one by one
FIELDS = [["its records", "in a notebook: run this cell there"]]


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def of_view(view: FrameMap, _page: Page) -> dict[str, Any]:
    """Return a map as it is now, with a sentence for each frame, which is loaded later."""
    frames = view.machine.config.frames
    words = []
    if frames <= MOST_WORDS:
        words = [details.words(view.machine, pfn) for pfn in range(frames)]
    return {**look(view), "moments": [moment(view)], "opens": 0, "more": {"words": words}}


def look(view: FrameMap) -> dict[str, Any]:
    """Return what stays the same from moment to moment: legend, colours, places of cells."""
    first = view.grid()[0]["layout"]
    names = [first, *(name for name in CURVES if name != first)]
    return {
        "look": view.look,
        "size": view.size,
        "legend": _text(view.legend),
        "colours": {theme: _text(colours) for theme, colours in view.colours.items()},
        "grids": [_grid(view, name) for name in names],
        "fields": FIELDS,
    }


def _grid(view: FrameMap, layout: str) -> dict[str, Any]:
    message, places = view.grid(layout)
    steps = np.diff(places.astype(np.int64), prepend=0)  # from cell to cell: they compress well
    return {**message, "steps": _text(steps.astype("<i4").tobytes())}


def moment(view: FrameMap) -> dict[str, Any]:
    """Return the machine's cells as they are now, and the words of the map."""
    view.update([])
    cells, described = view.state()
    return {"cells": _text(cells.tobytes()), **described}
