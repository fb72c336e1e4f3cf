"""Readable names of records and lists: frames instead of slot values and rows."""

import re

from zbudlab import layout
from zbudlab.history.changes import Change

_LIST = re.compile(r"list of (\d+) free chunks")


def list_words(name: str) -> str:
    """Return a short name for a list of a zbud pool (see `history.changes.list_name`)."""
    if found := _LIST.fullmatch(name):
        return f"{found[1]} chunks free"
    return {"LRU": "LRU list", "buddied list": "two buddies"}.get(name, name)


def change(changed: Change) -> list[str]:
    """Return a change as [record, field, before, after] in readable words."""
    values = [_value(changed, value) for value in (changed.before, changed.after)]
    if changed.array == "handles":
        values = _places(changed.before, changed.after)
    return [_where(changed.where), changed.field.replace(" (", " ("), *values]


def _where(where: str) -> str:
    words = where.replace("zbud header of page", "header of frame")
    words = re.sub(r"radix tree node \d+", "tree node", words)
    words = words.replace("place of a handle", "handle")
    if found := re.fullmatch(r"(.*) of zbud pool \d+", words):
        return f"head of {list_words(found[1])}"
    return words


def _value(changed: Change, value: str) -> str:
    if not value.isdigit():
        return value
    number = int(value)
    if changed.array == "nodes" and changed.field.startswith("slots"):
        return f"frame {number - 1}" if number else "empty"
    if changed.array == "rows" and changed.field.startswith(("next", "prev")):
        return f"frame {number >> layout.NCHUNKS_ORDER}"
    return value


def _places(before: str, after: str) -> list[str]:
    """Return two places of a handle: their frames, and the object's numbers if they differ.

    The place of a free handle is negative.
    """
    places = [divmod(int(value), 1 << layout.OBJ_INDEX_BITS) for value in (before, after)]
    if places[0][1] == places[1][1]:
        return [f"frame {pfn}" for pfn, _ in places]
    return ["free" if pfn < 0 else f"frame {pfn}, object {number}" for pfn, number in places]
