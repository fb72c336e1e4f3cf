"""The named steps on a player's bar: parts of the move shown, or operations."""

from collections.abc import Iterable, Sequence
from typing import Any

from zbudlab.history.inside import Part

#: Short names of parts, and whether they matter to the reader.
NAMES = {
    "target": ("target", False),
    "lock": ("lock", False),
    "count references": ("count", True),
    "copy": ("copy", True),
    "replace first handle": ("1st handle", True),
    "replace last handle": ("2nd handle", True),
    "replace places": ("places", True),
    "clear header": ("clear", False),
    "unlock": ("unlock", False),
    "isolate": ("isolate", False),
}
#: The part at which a player opens, in zbud and in the other allocators.
AT_THE_MOVE = ("replace first handle", "replace places")
MOST = 14  #: steps on the bar


def first_of_interest(parts: Sequence[Part]) -> int | None:
    """Return the part at which a player opens, from 1, or None if no page of a pool moves.

    This is the replacement of the first handle of the first page with two handles; if there is no
    such page, of the first page. In zsmalloc and z3fold one part replaces all of a page's places.
    """
    moves = [i for i, part in enumerate(parts, 1) if part.stage in AT_THE_MOVE]
    both = (i for i in moves if i < len(parts) and parts[i].numbers.get("handle"))
    return next(both, moves[0] if moves else None)


def page_of(parts: Sequence[Part], part: int) -> tuple[int, int]:
    """Return the first and last part (from 1) of the page's move that `part` belongs to."""
    targets = [i for i, each in enumerate(parts, 1) if each.stage == "target"]
    first = max((i for i in targets if i <= part), default=1)
    ends = [i for i, each in enumerate(parts, 1) if each.stage in ("target", "isolate")]
    last = min((i - 1 for i in ends if i > part), default=len(parts))
    if last - first >= MOST:  # no move of a page: show a window around the step
        first = max(1, min(part - MOST // 2, len(parts) - MOST + 1))
        last = min(first + MOST - 1, len(parts))
    return first, last


def inside(parts: Sequence[Part], part: int) -> dict[str, Any]:
    """Return the bar inside an operation: names, first step, and pages moved before and after."""
    first, last = page_of(parts, max(part, 1))
    steps = [_named(parts, i) for i in range(first, last + 1)]
    targets = [i for i, each in enumerate(parts, 1) if each.stage == "target"]
    return {
        "kind": "part",
        "first": first,
        "steps": steps,
        "now": part - first,
        "pages": [sum(i < first for i in targets), sum(i > last for i in targets)],
    }


def _named(parts: Sequence[Part], number: int) -> list[Any]:
    """Return [name, whether it matters] for a part."""
    part = parts[number - 1]
    if part.name == "list_head.list_replace":
        return ["LRU" if part.numbers.get("link") == 0 else "buddy list", True]
    if part.stage == "put":
        return ["free old" if part.name.endswith("put_single_page") else "done", False]
    return [*NAMES.get(part.stage, (part.stage, True))]


def window(last: int, stop: int) -> range:
    """Return the operations, from 1, that the bar shows for a log of `last` operations."""
    first = max(0, min(stop - MOST // 2, last - MOST))
    return range(first + 1, min(first + MOST, last) + 1)


def operations(names: Sequence[str], last: int, stop: int) -> dict[str, Any]:
    """Return the bar for a log: operations of `window` by name, with the boot as stop 0."""
    shown = window(last, stop)
    steps: list[list[Any]] = [["boot", False]] if shown.start == 1 else []
    steps += [[name.replace("_", " "), False] for name in names]
    first = shown.start - (shown.start == 1)
    return {"kind": "stop", "first": first, "steps": steps, "now": stop - first, "pages": [0, 0]}


def roles(parts: Sequence[Part], part: int) -> dict[int, str]:
    """Return the frames of the move that `part` belongs to: {old: "old", new: "new"}, or {}."""
    first, last = page_of(parts, part)
    for inner in parts[first - 1 : last]:
        if inner.name == "migrate.lock_both":
            return {inner.numbers["old"]: "old", inner.numbers["new"]: "new"}
    return {}


def heading(parts: Sequence[Part], part: int, frames: Iterable[int]) -> str:
    """Return the heading of a move between two frames: where it goes, and which step this is."""
    (old, new), (first, last) = frames, page_of(parts, part)
    return (
        f"The page in frame {old} moves to frame {new} \u00b7 "
        f"step {part - first + 1} of {last - first + 1}"
    )
