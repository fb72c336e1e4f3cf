"""The picture of a step as one JSON object: tree or table, pages, memory, lists and changes.

The browser draws it without further requests, so the player can show steps from other sources.
"""

from collections.abc import Collection
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.history.changes import Change, list_name
from zbudlab.machine import Machine
from zbudlab.mm.inspection import frame_cells, frame_kinds
from zbudlab.view import structures
from zbudlab.view.step import objects, plain

SLOTS = 7  #: slots of the tree that are drawn
PAGES = 4  #: pages of the pool that are drawn as cards
TREE = ("RADIX TREE", "a handle is a number; its slot leads to the page")  #: title and words
ROWS, SIDE = 4, 32  #: rows of memory that are drawn, and frames in a row
LISTS, MEMBERS = 3, 5
CHANGES = 5


class State:
    """A snapshot of a machine for a picture: copies that stay valid when the machine goes on."""

    def __init__(self, machine: Machine, pool: int) -> None:
        state = machine.state
        self.pool = pool
        self.kinds = frame_kinds(state).copy()
        isolated = frame_cells(state) & layout.FRAME_ISOLATED != 0
        # Kernel pages are never isolated: these are free frames held as targets of moves.
        self.kinds[isolated & (self.kinds == layout.FRAME_KERNEL)] = layout.FRAME_FREE
        self.isolated = np.flatnonzero(isolated).tolist()
        self.refs = state.pages["refcount"][: machine.config.frames].copy()
        ours = np.flatnonzero(np.isin(self.kinds, layout.POOL_KINDS))
        marks = state.pages["mapcount"][ours]
        self.zbud = bool(state.pools["kind"][pool] == layout.ZPOOL_ZBUD)
        self.others = ours[marks != layout.PAGE_ZBUD_MAPCOUNT_VALUE].tolist()
        shift = int(state.pools[0]["row_shift"])
        zbud = ours[marks == layout.PAGE_ZBUD_MAPCOUNT_VALUE].tolist()
        self.headers = {pfn: _header(state.rows[pfn << shift]) for pfn in zbud}
        self.lists = {list_name(n): p for n, p in structures.pool_lists(machine, pool).items()}
        root = state.pools[pool]
        self.height = int(root["height"])
        self.items = int(root["items"])
        self.objects = None if self.zbud else objects.Objects(state)
        self.tree = self.objects.handles() if self.objects else self._tree(machine)

    @property
    def pages(self) -> set[int]:
        """The pages of pools that are drawn as cards."""
        if not self.objects:
            return {*self.headers}
        return {*self.headers, *self.others, *self.tree.values()}

    def card(self, pfn: int) -> objects.Card | None:
        """Return the card of a page outside zbud."""
        return self.objects.card(pfn) if self.objects else None

    def _tree(self, machine: Machine) -> dict[int, int]:
        """Return the frame that each handle of this pool leads to, by handle."""
        if machine.state.pools[self.pool]["variant"] != layout.ZBUD_SERIES:
            return {}
        handles = [
            header[name]
            for header in self.headers.values()
            for name in ("first_handle", "last_handle")
            if header[name]
        ]
        found = {key: structures.lookup(machine, self.pool, key) for key in sorted(set(handles))}
        return {key: pfn for key, pfn in found.items() if pfn >= 0}


def _header(row: Any) -> dict[str, int]:
    names = ("first_handle", "last_handle", "first_chunks", "last_chunks")
    return {name: int(row[name]) for name in names}


def pool_of(machine: Machine, changes: Collection[Change]) -> int:
    """Return the zbud pool that these changes concern; default: the one with the most pages."""
    named = [change.record for change in changes if change.array == "pools"]
    return named[0] if named else structures.pool_shown(machine)


def scene(
    after: State, before: State, changes: list[Change], total: int, roles: dict[int, str]
) -> dict[str, Any]:
    """Return the picture of a step as a JSON object.

    after, before: the machine after and before the step. changes: of fields of its records. total:
    number of all changes. roles: words for frames, such as {0: "old", 126: "new"}.
    """
    changed = sorted(
        {change.record for change in changes if change.array in ("pages", "frames")}
        & set(range(len(after.kinds)))
    )
    frames = _frames(after, before, [*roles, *changed])
    return {
        "tree": _tree(after, before, frames),
        "pages": [_page(pfn, after, before, roles.get(pfn, "")) for pfn in frames],
        "memory": _memory(after, before, [*roles, *frames, *changed], roles),
        "lists": _lists(after, before),
        "changes": [plain.change(each) for each in changes[:CHANGES]],
        "total": total,
    }


def _frames(after: State, before: State, first: list[int]) -> list[int]:
    """Return the frames drawn as cards, ascending; those in `first` have priority."""
    ours = after.pages | before.pages
    if not ours:
        return []
    wanted = dict.fromkeys([*(pfn for pfn in first if pfn in ours), *sorted(ours)])
    return sorted([*wanted][:PAGES])


def _tree(after: State, before: State, frames: list[int]) -> dict[str, Any] | None:
    """Return the tree's slots as [key, frame or -1, frame before or -1], or None without a tree.

    Slots that changed and slots of the cards have priority.
    """
    if not after.tree and not before.tree:
        return None
    keys = sorted(set(after.tree) | set(before.tree))
    moved = [key for key in keys if after.tree.get(key) != before.tree.get(key)]
    near = [key for key in keys if after.tree.get(key) in frames]
    shown = sorted([*dict.fromkeys([*moved, *near, *keys])][:SLOTS])
    title, words = TREE if after.zbud else (objects.TITLE, objects.WORDS)
    return {
        "title": title,
        "words": words,
        "slots": [[key, after.tree.get(key, -1), before.tree.get(key, -1)] for key in shown],
        "more": len(keys) - len(shown),
        "height": after.height,
    }


def _page(pfn: int, after: State, before: State, role: str) -> dict[str, Any]:
    """Return a page's card: header or objects, and references, now and before the step."""
    card, was = after.card(pfn), before.card(pfn)
    earlier = dict(was.lines) if was else {}
    return {
        "pfn": pfn,
        "objects": card.objects if card else None,
        "lines": [[*line, earlier.get(line[0]) != line[1]] for line in card.lines] if card else [],
        "role": role,
        "header": after.headers.get(pfn),
        "was": before.headers.get(pfn),
        "refs": int(after.refs[pfn]),
        "refsWas": int(before.refs[pfn]),
    }


def _memory(
    after: State, before: State, wanted: list[int], roles: dict[int, str]
) -> dict[str, Any]:
    """Return rows of frames: all rows of a small machine, otherwise those with `wanted` frames."""
    count = -(-len(after.kinds) // SIDE)
    rows = [*range(count)]
    if count > ROWS:
        near = dict.fromkeys([pfn // SIDE for pfn in wanted] + rows)
        rows = sorted([*near][:ROWS])
    shown = {pfn for row in rows for pfn in range(row * SIDE, (row + 1) * SIDE)}
    differ = np.flatnonzero(after.kinds != before.kinds).tolist()
    return {
        "frames": len(after.kinds),
        "rows": [[row * SIDE, _digits(after.kinds[row * SIDE : (row + 1) * SIDE])] for row in rows],
        "isolated": [pfn for pfn in after.isolated if pfn in shown],
        "changed": [pfn for pfn in differ if pfn in shown],
        "labels": [[pfn, words] for pfn, words in roles.items() if pfn in shown],
    }


def _digits(kinds: np.ndarray) -> str:
    return "".join(map(str, kinds.tolist()))


def _lists(after: State, before: State) -> list[dict[str, Any]]:
    """Return lists of the pool: the LRU, then those that changed, then the others."""
    names = dict.fromkeys([*after.lists, *before.lists])
    changed = [name for name in names if after.lists.get(name) != before.lists.get(name)]
    order = dict.fromkeys([*(["LRU"] if "LRU" in names else []), *changed, *names])
    found = []
    for name in [*order][:LISTS]:
        now, was = after.lists.get(name, []), before.lists.get(name, [])
        found.append(
            {
                "name": plain.list_words(name),
                "pages": now[:MEMBERS],
                "was": was[:MEMBERS],
                "more": max(len(now) - MEMBERS, 0),
            }
        )
    return found
