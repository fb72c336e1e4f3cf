"""The two states of a mistake as pictures and rows: what should be there, and what is.

States are plain data, as traces and probes print them. Those of zbud pools and of free blocks are
drawn; everything else that differs becomes a row of a table. Values come from a student's code and
may be anything: what does not have the form of a state becomes a row, too.
"""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from zbudlab.conformance.zswap_settings import PRINTED as COUNTERS
from zbudlab.view.feedback import shapes
from zbudlab.view.feedback import zspages as drawn_zspages

LONGEST = 160  #: characters of a value in a row
MOST_PAGES = 8  #: zbud pages in a picture
MOST_FRAMES = 256  #: page frames in a picture
#: Readable names of what traces print.
NAMES = {
    "rc": "returned",
    "h": "handle",
    "pages_nr": "pages counted",
    "lru": "LRU list",
    "unbuddied": "unbuddied lists",
    "buddied": "buddied list",
    "free": "free lists",
    "frames": "frames in use",
    "wb": "written back",
    "wr": "written to the device",
    "page_flags": "flags",
    "refcount": "references",
}
#: What an entry of a zbud LRU list has after the handles and chunks of its objects.
COUNTS = ("references", "mappings of the first object", "mappings of the last object")
POOLS = {"lru", "free", "zspages"}  #: what a nested table has that is the state of a pool or a zone
LEFT_OUT = ("i", "op", "sd", "fi", "ui", "nr_free", "mt", "final")


class Sides(NamedTuple):
    """Both sides of a mistake as HTML, and the rows (name, should be, yours) that differ."""

    should: str
    yours: str
    rows: list[tuple[str, str, str]]


def sides(should: Any, yours: Any) -> Sides:
    """Return the pictures of two states, and what else differs."""
    right, mine = _flat(should), _flat(yours)
    drawn: dict[str, tuple[str, str]] = {}
    for name in right:
        for draw in (_zbud, _blocks, _sets, _zspages):
            if name not in drawn and (found := _both(draw, name, right, mine)):
                drawn[name] = found
    different = [n for n in dict.fromkeys([*right, *mine]) if right.get(n) != mine.get(n)]
    covered = [n for n, (first, second) in drawn.items() if first != second]
    rows = [
        row
        for n in different
        if n not in covered and n.rpartition(".")[2] not in LEFT_OUT
        for row in _rows(n, right.get(n, ""), mine.get(n, ""))
    ]
    for name in drawn:
        if name.rpartition(".")[2] == "lru":
            rows += _counts(right[name], mine[name])
    pictures = list(drawn.values())
    return Sides("".join(p[0] for p in pictures), "".join(p[1] for p in pictures), rows)


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, with dots in the names; any other value is the answer."""
    if not isinstance(value, dict):
        return {"answer": value}
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if isinstance(inner, dict) and (name == "state" or not POOLS.isdisjoint(inner)):
            found |= _flat(inner, f"{prefix}{name}." if name != "state" else prefix)
        else:
            found[prefix + str(name)] = inner
    return found


def _name(name: str) -> str:
    path, _, last = name.rpartition(".")
    where = f" of {'pool ' if path.isdigit() else ''}{path}" if path else ""
    return NAMES.get(last, last.replace("_", " ")) + where


def _rows(name: str, right: Any, mine: Any) -> list[tuple[str, str, str]]:
    """Return rows for a value that differs: one, or one for each counter that differs."""
    last = name.rpartition(".")[2]
    if last == "ctr" and isinstance(mine, list) and len(mine) == len(right) == len(COUNTERS):
        both = zip(COUNTERS, right, mine, strict=True)
        return [(n.replace("_", " "), _text(a), _text(b)) for n, a, b in both if a != b]
    if last == "places" and (rows := drawn_zspages.differing_places(right, mine)) is not None:
        return rows
    form = FORMS.get(last, _text)
    return [(_name(name), form(right), form(mine))]


def _lists(value: Any) -> str:
    """Return the lists of a zbud pool as text: objects of a page joined by +."""
    lists = value if isinstance(value, dict) else {"": value}
    found = []
    for chunks, pages in lists.items():
        if not isinstance(pages, list) or any(_numbers(p, 0, 2**63, 2) is None for p in pages):
            return _text(value)
        shown = ", ".join("+".join(str(h) for h in page if h) for page in pages)
        found.append(f"{chunks} chunks free: {shown}" if chunks else shown)
    return _text("; ".join(found) or "empty")


def _free_lists(value: Any) -> str:
    """Return free lists as text, each in its order."""
    if _listed(value) is None:
        return _text(value)
    return _text("; ".join(f"order {row[0]}: {', '.join(map(str, row[2]))}" for row in value))


def _counts(right: list[list[int]], mine: list[list[int]]) -> list[tuple[str, str, str]]:
    """Return rows for counts that differ in pages whose pictures are the same."""
    found = []
    for entry in right:
        for other in (page for page in mine if page[:4] == entry[:4]):
            objects = " and ".join(str(handle) for handle in (entry[0], entry[2]) if handle)
            for name, a, b in zip(COUNTS, entry[4:], other[4:], strict=False):
                if a != b:
                    found.append((f"{name}, page with {objects}", str(a), str(b)))
    return found


#: How values are formatted, by what traces call them.
FORMS = {"unbuddied": _lists, "buddied": _lists, "free": _free_lists}


def _text(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else json.dumps(value, default=str)
    except RecursionError:
        text = "lists in lists, too deep to show"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


Draw = Callable[[str, dict[str, Any], dict[str, Any], str], str | None]


def _both(
    draw: Draw, name: str, right: dict[str, Any], mine: dict[str, Any]
) -> tuple[str, str] | None:
    """Return both drawings, each with what the other lacks; None if one cannot be drawn."""
    first, second = draw(name, right, mine, "good"), draw(name, mine, right, "bad")
    return (first, second) if first is not None and second is not None else None


def _numbers(value: Any, low: int, high: int, most: int) -> list[int] | None:
    """Return a list of integers within bounds, or None."""
    if not isinstance(value, list) or len(value) > most:
        return None
    good = all(type(n) is int and low <= n <= high for n in value)
    return value if good else None


def _pages(value: Any) -> list[list[int]] | None:
    """Return the entries of a zbud pool's LRU list, or None for anything else."""
    if not isinstance(value, list) or len(value) > MOST_PAGES:
        return None
    for entry in value:
        if not isinstance(entry, list) or len(entry) < 4 or _numbers(entry, 0, 2**63, 16) is None:
            return None
        if not entry[1] + entry[3] < shapes.CHUNKS:
            return None
    return value


def _zbud(name: str, state: dict[str, Any], other: dict[str, Any], mark: str) -> str | None:
    """Draw the pages of a zbud pool, if that is what has this name."""
    own, its = _pages(state.get(name)), _pages(other.get(name))
    if name.rpartition(".")[2] != "lru" or own is None or its is None:
        return None
    return shapes.zbud_pages(own, [at for at, e in enumerate(own) if e not in its], mark)


def _drawn_blocks(
    own: list[tuple[int, int]] | None, its: list[tuple[int, int]] | None, frames: int, mark: str
) -> str | None:
    if own is None or its is None or not 0 < frames <= MOST_FRAMES:
        return None
    inside = all(start + (1 << order) <= frames for start, order in own)
    return (
        shapes.free_blocks(own, frames, [b for b in own if b not in its], mark) if inside else None
    )


def _listed(value: Any) -> list[tuple[int, int]] | None:
    """Return the free blocks that a trace prints as [[order, type, [frames]], ...], or None."""
    found = []
    for row in value if isinstance(value, list) else [None]:
        if not isinstance(row, list) or len(row) != 3 or _numbers(row[:1], 0, 10, 1) is None:
            return None
        starts = _numbers(row[2], 0, MOST_FRAMES, MOST_FRAMES)
        if starts is None:
            return None
        found += [(start, row[0]) for start in starts]
    return sorted(found)


def _blocks(name: str, state: dict[str, Any], other: dict[str, Any], mark: str) -> str | None:
    """Draw the free blocks of a zone, if that is what has this name."""
    blocks = _listed(state.get(name))
    if name.rpartition(".")[2] != "free" or blocks is None:
        return None
    ends = [start + (1 << order) for start, order in [*blocks, *(_listed(other.get(name)) or [])]]
    size = 1 << (max(ends, default=1) - 1).bit_length()
    return _drawn_blocks(blocks, _listed(other.get(name)), size, mark)


def _by_order(value: Any) -> list[tuple[int, int]] | None:
    """Return the free blocks in a list of first frames for each order, or None."""
    if not isinstance(value, list) or len(value) > 9:
        return None
    found = []
    for order, starts in enumerate(value):
        if _numbers(starts, 0, MOST_FRAMES, MOST_FRAMES) is None:
            return None
        found += [(start, order) for start in starts]
    return sorted(found)


def _sets(name: str, state: dict[str, Any], other: dict[str, Any], mark: str) -> str | None:
    """Draw the free blocks of a toy memory, if that is what has this name."""
    if name != "free blocks":
        return None
    orders = len(state[name]) if isinstance(state.get(name), list) else 0
    own, its = _by_order(state.get(name)), _by_order(other.get(name))
    return _drawn_blocks(own, its, 1 << max(orders - 1, 0), mark)


def _zspages(name: str, state: dict[str, Any], other: dict[str, Any], mark: str) -> str | None:
    """Draw the zspages of a zsmalloc pool, if that is what has this name."""
    if name.rpartition(".")[2] != "zspages":
        return None
    return drawn_zspages.compared(state.get(name), other.get(name), mark)
