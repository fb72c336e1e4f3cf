"""zsmalloc and z3fold pages in the picture of a step: their objects and the table of handles."""

from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.mm import z3fold_reader, zsmalloc_reader
from zbudlab.mm.state import State

TITLE = "HANDLES"
WORDS = "a handle is a number; its place leads to the page"
MOST_HANDLES = 4  #: handles that are named in a page's card

#: Arrays of a machine that say where objects are.
ARRAYS = ("pages", "zspages", "size_classes", "objects", "handles", "z3folds", "arenas")


class Card(NamedTuple):
    """A page for the picture. objects: (first byte, end, handle). lines: (name, words)."""

    objects: list[tuple[int, int, int]]
    lines: list[tuple[str, str]]


class Objects:
    """Copies of the paths to objects outside zbud, which stay valid when the machine goes on."""

    def __init__(self, state: State) -> None:
        self.state: Any = SimpleNamespace(**{name: getattr(state, name).copy() for name in ARRAYS})

    def handles(self) -> dict[int, int]:
        """Return the frame that each handle leads to, by handle."""
        places = self.state.handles[: int(self.state.arenas["unused_handle"][0])]
        used = np.flatnonzero(places > 0)
        frames = (places[used] >> layout.OBJ_INDEX_BITS).tolist()
        return dict(zip(used.tolist(), frames, strict=True))

    def card(self, pfn: int) -> Card | None:
        """Return the card of a page; None for pages of zbud and of no pool.

        A frame that has just taken a page's place in a zspage has a card before it has its mark.
        """
        mark = int(self.state.pages["mapcount"][pfn])
        if mark == layout.PAGE_Z3FOLD_MAPCOUNT_VALUE:
            return self._z3fold(pfn)
        number = self._zspage(pfn)
        if number:
            return self._zsmalloc(pfn, number)
        if mark == layout.PAGE_ZSMALLOC_MAPCOUNT_VALUE:
            return Card([], [("zspage", "left"), ("handles", "\u2013")])
        return None

    def _zspage(self, pfn: int) -> int:
        """Return the zspage whose chain has a frame; 0 = none."""
        records = self.state.zspages
        if not len(self.state.size_classes):  # a machine without zsmalloc
            return 0
        count = self.state.size_classes["pages_per_zspage"][records["size_class"]]
        there = (records["chain"] == pfn) & (np.arange(layout.ZS_MAX_CHAIN) < count[:, None])
        found = np.flatnonzero(there.any(axis=1) & (records["inuse"] > 0))
        return int(found[0]) if len(found) else 0

    def _zsmalloc(self, pfn: int, number: int) -> Card:
        record = self.state.zspages[number]
        which = self.state.size_classes[record["size_class"]]
        chain = record["chain"][: which["pages_per_zspage"]].tolist()
        self.state.pages["index"][pfn] = number  # of the copy, for its reader
        first = int(record["first_object"])
        found = [
            (
                max(start, 0),
                min(end, layout.PAGE_SIZE),
                int(self.state.objects[first + index]) >> layout.OBJ_TAG_BITS,
            )
            for index, start, end in zsmalloc_reader.objects_in(self.state, pfn)
        ]
        place = f"{chain.index(pfn) + 1} of {len(chain)}"
        return Card(found, [(f"zspage {number}", place), ("handles", _listed(found))])

    def _z3fold(self, pfn: int) -> Card:
        header = z3fold_reader.headers(self.state, np.array([pfn]))[0]
        chunks = header["chunks"].tolist()
        last = layout.NCHUNKS - chunks[layout.Z3FOLD_LAST]
        starts = (0, layout.Z3FOLD_HDR_CHUNKS, int(header["start_middle"]), last)
        whole = layout.NCHUNKS if header["handles"][0] else 0
        found = [
            (start * layout.CHUNK_SIZE, (start + count) * layout.CHUNK_SIZE, handle)
            for start, count, handle in zip(
                starts, [whole, *chunks[1:]], header["handles"].tolist(), strict=True
            )
            if handle
        ]
        sizes = " + ".join(map(str, chunks[1:]))
        return Card(found, [("chunks", sizes), ("handles", _listed(found))])


def _listed(found: list[tuple[int, int, int]]) -> str:
    """Return the handles of objects in words."""
    handles = [str(handle) for _, _, handle in found]
    more = len(handles) - MOST_HANDLES
    listed = ", ".join(handles[:MOST_HANDLES]) + (f" +{more}" if more > 0 else "")
    return listed or "\u2013"
