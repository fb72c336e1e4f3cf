"""Details of a z3fold page for the inspector: its objects, flags, lists and known faults."""

import numpy as np

from zbudlab import layout
from zbudlab.mm.state import State
from zbudlab.mm.z3fold_page import z3fold_num_free_chunks
from zbudlab.view.records import LINKS, Rows, counted, record_rows

List = tuple[str, np.ndarray, int, int, int, int]

NAMES = ("whole page", "first", "middle", "last")
FLAGS = {
    layout.Z3FOLD_PAGE_HEADLESS: "without header",
    layout.Z3FOLD_MIDDLE_MAPPED: "middle object mapped",
    layout.Z3FOLD_NEEDS_COMPACTING: "waits for compaction work",
    layout.Z3FOLD_STALE: "released, waits for the release work",
    layout.Z3FOLD_CLAIMED: "claimed: takes no objects, does not move",
    layout.Z3FOLD_ISOLATED: "isolated",
}


class Z3foldPage:
    """A z3fold page with its record."""

    def __init__(self, state: State, pfn: int) -> None:
        self.state = state
        self.number = int(state.pages["index"][pfn])
        self.header = state.z3folds[self.number : self.number + 1].view(np.recarray)[0]
        self.pool = state.pools[min(int(state.pages["private"][pfn]), len(state.pools) - 1)]

    @property
    def flags(self) -> list[str]:
        """What is true of the page, in words."""
        return [words for flag, words in FLAGS.items() if self.header.page_state & flag]

    @property
    def handles(self) -> list[int]:
        """Handles of the objects in the page."""
        return [handle for handle in self.header.handles.tolist() if handle]

    def words(self) -> list[str]:
        """Return the parts of a sentence about the page's objects."""
        if not self.number:
            return ["z3fold", "freed"]
        if self.header.page_state & layout.Z3FOLD_PAGE_HEADLESS:
            return ["z3fold", "one object in a page without header"]
        sizes = self.header.chunks.tolist()[layout.Z3FOLD_FIRST :]
        used = " + ".join(map(str, sizes))
        foreign = int(self.header.foreign_handles)
        told = [counted(foreign, "foreign object")] if foreign else []
        return ["z3fold", f"{used} chunks used", *told, *self.flags]

    def lists(self) -> list[List]:
        """Return the lists that the page can be on: the LRU list and one by free chunks."""
        records, heads = self.state.z3folds, int(self.pool["z3fold_heads"])
        if not self.number or self.header.page_state & layout.Z3FOLD_STALE:
            return []
        found = [("LRU", records, layout.LRU, heads, self.number, 0)]
        if int(self.header.next[layout.BUDDY]) != self.number:
            free = int(z3fold_num_free_chunks.py_func(self.header))
            name = f"unbuddied list, {counted(free, 'free chunk')}"
            found.append((name, records, layout.BUDDY, heads + free, self.number, 0))
        return found

    def parts(self) -> list[tuple[str, Rows]]:
        """Return the parts of the page's details as (title, rows)."""
        if not self.number:
            return [("z3fold page", [])]
        return [(f"z3fold page {self.number}", self._rows()), ("objects", self._objects())]

    def _rows(self) -> Rows:
        """Return the fields of the record, with the effects of 6.1's faults on them."""
        mappings, seen = int(self.header.mappings), int(self.header.mapped_count)
        known = {
            "page_state": ", ".join(self.flags),
            "mapped_count": ""
            if mappings == seen
            else f"two bits: 6.1 sees {seen} of {counted(mappings, 'mapping')}",
        }
        hidden = (*LINKS, "handles", "chunks", "words")
        return [row for row in record_rows(self.header, known) if row[0] not in hidden]

    def _objects(self) -> Rows:
        """Return the objects of the page with their handles and places."""
        rows = []
        for buddy, name in enumerate(NAMES):
            handle = int(self.header.handles[buddy])
            if handle:
                foreign = int(self.state.handles[handle]) & layout.Z3FOLD_FOREIGN
                told = ", foreign: it came from another page" if foreign else ""
                size = counted(int(self.header.chunks[buddy]), "chunk") if buddy else "4096 bytes"
                rows.append((name, f"handle {handle}, {size}{told}"))
        return rows
