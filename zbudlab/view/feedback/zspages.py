"""Zspages of zsmalloc in SVG: each as one stretch of memory, with the edges of its pages.

What only one of two states has is outlined, as in `zbudlab.view.feedback.shapes`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from zbudlab import layout
from zbudlab.view.feedback.shapes import STRIP, WIDTH, box, column, drawing, line, words
from zbudlab.view.look import tokens

ROW = 84  #: from one zspage to the next
FRAMES = 22  #: what a line with its frames needs more
SHOWN_FRAMES = 10  #: frames of a zspage that are named
NUMBERED = 22  #: width of an object from which its handle fits in it
EDGES = 64  #: objects of a zspage up to which their edges are drawn

Entry = Mapping[str, Any]


def pages_of(entry: Entry) -> int:
    """Return how many pages a zspage has."""
    return int(entry["pages"]) if "pages" in entry else len(entry["frames"])


def _objects(entry: Entry, top: float) -> tuple[list[str], list[str]]:
    """Return the places of a zspage, and the handles of its objects."""
    width = entry["size"] * WIDTH / (pages_of(entry) * layout.PAGE_SIZE)
    parts, plates = [], []
    for index, handle in enumerate(entry["objects"]):
        left = index * width
        if handle:
            parts.append(box(left, top, width, STRIP, ("zbud1", "zbud2")[index % 2]))
        if len(entry["objects"]) <= EDGES:
            parts.append(line(left + width, top, top + STRIP, "edge", 1))
        if handle and width >= NUMBERED:
            plates.append(_plate(left + width / 2, top, str(handle)))
    return parts, plates


def _plate(middle: float, top: float, number: str) -> str:
    """Draw the number of an object, legible on any colour."""
    wide = 10 * len(number) + 6
    plate = box(middle - wide / 2, top + 9, wide, STRIP - 18, "paper")
    return plate + words(middle, top + STRIP / 2 + 6, number, "middle")


def described(entry: Entry) -> str:
    """Return a zspage in words, without its frames."""
    pages, places = pages_of(entry), len(entry["objects"])
    used = sum(handle != 0 for handle in entry["objects"])
    group = f", group {entry['group']}" if "group" in entry else ""
    count = f"{pages} page{'s' * (pages != 1)}"
    return f"{count}: {used} of {places} places of {entry['size']} bytes{group}"


def _frames(entry: Entry) -> str:
    """Return the frames of a zspage in words."""
    frames = list(map(str, entry["frames"]))
    more = " …" if len(frames) > SHOWN_FRAMES else ""
    return f"frame{'s' * (len(frames) != 1)} {', '.join(frames[:SHOWN_FRAMES])}{more}"


def _told(entry: Entry) -> str:
    """Return all that is drawn of a zspage in words."""
    return f"{described(entry)} ({_frames(entry)})" if "frames" in entry else described(entry)


def _zspage(entry: Entry, top: float) -> str:
    """Draw a zspage: places, free ones and the rest lighter, edges of pages."""
    objects, plates = _objects(entry, top)
    pages = pages_of(entry)
    edges = [
        line(page * WIDTH / pages, top - 5, top + STRIP + 5, "ink", 2) for page in range(1, pages)
    ]
    told = [words(0, top + STRIP + 21, described(entry))]
    if "frames" in entry:
        told.append(words(0, top + STRIP + 21 + FRAMES, _frames(entry)))
    return "".join([box(0, top, WIDTH, STRIP, "free"), *objects, *edges, *plates, *told])


def zspages(entries: Sequence[Entry], marked: Collection[int], mark: str, more: int = 0) -> str:
    """Return zspages one below the other, in the order of their lists.

    entries: size (of a place, bytes), objects (handles, 0 = free), frames or pages, perhaps group.
    marked: places of the zspages to outline. more: how many are not drawn.
    """
    row = ROW + FRAMES * any("frames" in entry for entry in entries)
    parts = column(entries, _zspage, row, marked, mark)
    if not entries:
        parts.append(words(0, 18, "no zspage on a list", colour="quiet"))
    height = max(len(entries), 0.4) * row + 4
    if more:
        parts.append(words(0, height + 16, f"and {more} that are the same", colour="quiet"))
        height += 26
    told = "; ".join(map(_told, entries))
    count = f"{len(entries)} zspage{'s' * (len(entries) != 1)}"
    return drawing(parts, height, f"{count}: {told}" if told else count)


class Picture:
    """Zspages as a picture in a notebook."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = entries

    def __repr__(self) -> str:
        return "; ".join(map(_told, self.entries))

    def _repr_html_(self) -> str:
        style = f"<style>{tokens.css('.zb-zspages')}</style>"
        svg = zspages(self.entries, (), "good")
        return f"{style}<div class='zb-zspages' style='max-width:34rem'>{svg}</div>"


def picture(*entries: Entry) -> Picture:
    """Return a picture of zspages; see `zspages` for what an entry has."""
    return Picture(entries)


# --- states that come from a student's code ------------------------------------------------------

FEW = 8  #: zspages in a picture
MOST_OBJECTS = layout.ZS_MAX_OBJECTS


def _is_whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _is_list(value: Any, low: int, high: int, most: int) -> bool:
    return (
        isinstance(value, list)
        and 0 < len(value) <= most
        and all(_is_whole(number, low, high) for number in value)
    )


def is_entry(value: Any) -> bool:
    """Return whether a value is a zspage that can be drawn."""
    if not isinstance(value, dict):
        return False
    return (
        _is_whole(value.get("size"), layout.ZS_MIN_ALLOC_SIZE, layout.ZS_MAX_ALLOC_SIZE)
        and _is_list(value.get("objects"), 0, 1 << 31, MOST_OBJECTS)
        and _is_list(value.get("frames"), 0, 1 << 31, layout.ZS_MAX_CHAIN)
        and _is_whole(value.get("group"), 0, layout.ZS_GROUPS)
        and len(value["objects"]) * value["size"] <= len(value["frames"]) * layout.PAGE_SIZE
    )


def compared(own: Any, its: Any, mark: str) -> str | None:
    """Draw the zspages of one of two states; None unless both can be drawn.

    Of many only those are drawn that the other state does not have.
    """
    for state in (own, its):
        if not isinstance(state, list) or not all(map(is_entry, state)):
            return None
    different = [entry for entry in own if entry not in its]
    if max(len(own), len(its)) <= FEW:
        return zspages(own, [at for at, e in enumerate(own) if e not in its], mark)
    if len(different) > FEW or (not different and own != its):
        return None
    return zspages(different, range(len(different)), mark, len(own) - len(different))


def differing_places(right: Any, mine: Any) -> list[tuple[str, str, str]] | None:
    """Return rows for handles that lead elsewhere; None if there is no table of places."""
    if not isinstance(right, dict) or not isinstance(mine, dict):
        return None
    different = [handle for handle in {**right, **mine} if right.get(handle) != mine.get(handle)]
    return [
        (f"handle {str(handle)[:80]}", _place(right.get(handle)), _place(mine.get(handle)))
        for handle in different[:FEW]
    ]


def _place(value: Any) -> str:
    if not _is_list(value, 0, 1 << 62, 2) or len(value) != 2:
        return "none" if value is None else str(value)[:80]
    return f"frame {value[0]}, object {value[1]}"
