"""Knobs above pictures, for pages without a kernel: the pictures are drawn ahead. See choices.js.

The number of pictures is limited, so a knob may have fewer values than in a notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import product
from typing import TYPE_CHECKING, Any

from zbudlab.view.knob import CHOICE, Knob
from zbudlab.view.picture import picture_html

if TYPE_CHECKING:
    from zbudlab.view.controls import Controls
    from zbudlab.view.explorer import Explorer
    from zbudlab.view.standalone.page import Page

FEWER = "Recorded for these values. A notebook computes every other."
ALL = "Recorded for all values."
SEED = "seed"

#: A picture and the line below or above it, as HTML.
Shown = dict[str, str]


def explorer(view: Explorer, page: Page) -> dict[str, Any]:
    """Return an explorer with a picture for each combination of its knobs' values."""

    def draw(values: Sequence[Any]) -> Shown:
        try:
            figure, line = view.draw(**dict(zip(view.knobs, values, strict=True)))
        except (OSError, ValueError) as error:
            return {"picture": "", "status": f"<b>{escape(str(error))}</b>"}
        return {"picture": picture_html(figure, line, stored=False), "status": escape(line)}

    return _recorded(view.knobs, draw, page.pictures)


def comparison(view: Controls, page: Page) -> dict[str, Any]:
    """Return a comparison of machines with an outcome for each pair of values."""
    knobs = {"pressure": view.pressure, "pool": view.pool}

    def draw(values: Sequence[Any]) -> Shown:
        view.pressure.value, view.pool.value = values
        status = f"<b>{escape(view.headline)}</b>"
        return {"picture": view.maps.value + view.table.value, "status": status}

    start = view.pressure.value, view.pool.value
    found = _recorded(knobs, draw, page.pictures)
    view.pressure.value, view.pool.value = start
    return found


def _recorded(
    knobs: dict[str, Knob], draw: Callable[[Sequence[Any]], Shown], most: int
) -> dict[str, Any]:
    places = fewer({name: (len(k.values), k.place, k.kind) for name, k in knobs.items()}, most)
    kept = {name: [knobs[name].values[at] for at in found] for name, found in places.items()}
    pictures = {}
    for at in product(*(range(len(found)) for found in places.values())):
        values = [kept[name][i] for name, i in zip(places, at, strict=True)]
        pictures[",".join(map(str, at))] = draw(values)
    start = ",".join(str(found.index(knobs[name].place)) for name, found in places.items())
    all_values = all(len(found) == len(knobs[name].values) for name, found in places.items())
    return {
        "knobs": [_form(knobs[name], found) for name, found in places.items()],
        "first": pictures.pop(start),
        "note": ALL if all_values else FEWER,
        "more": pictures,
    }


def _form(knob: Knob, places: Sequence[int]) -> dict[str, Any]:
    words = [knob.words[at] for at in places]
    place = list(places).index(knob.place)
    return {"kind": knob.kind, "label": knob.label, "words": words, "place": place}


def fewer(knobs: dict[str, tuple[int, int, str]], most: int) -> dict[str, list[int]]:
    """Choose values for each knob so that there are at most `most` combinations of them.

    knobs: by name, the number of its values, the place of the first one shown, and its kind. Ends
    and start are kept as long as possible. Seeds lose values first, lists to choose from last.
    Return the places of the values that stay, by name.
    """
    found = {name: list(range(count)) for name, (count, _, _) in knobs.items()}

    def combinations() -> int:
        number = 1
        for places in found.values():
            number *= len(places)
        return number

    def weight(name: str) -> tuple[bool, bool, int]:
        seed, choice = name.startswith(SEED), knobs[name][2] == CHOICE
        return seed and len(found[name]) > 1, not choice and len(found[name]) > 2, len(found[name])

    while combinations() > most:
        name = max(found, key=weight)
        if len(found[name]) == 1:
            break
        found[name] = _thinned(found[name], knobs[name][1], seed=name.startswith(SEED))
    return found


def _thinned(places: list[int], start: int, *, seed: bool) -> list[int]:
    """Return about half of the places, `start` among them; of a seed and of two only `start`."""
    if seed or len(places) <= 2:
        return [start]
    kept = {places[0], places[-1], start, *places[::2]}
    if len(kept) == len(places):
        kept = {start, places[0] if start == places[-1] else places[-1]}
    return sorted(kept)
