"""Details of a zbud page for the inspector: header, handles, lists, radix tree."""

import numpy as np

from zbudlab import layout
from zbudlab.mm.radix_tree import slot_of
from zbudlab.mm.state import State
from zbudlab.mm.zbud_header import buddy_address, num_free_chunks
from zbudlab.view.records import LINKS, Rows, counted, linked, record_rows


class ZbudPage:
    """A zbud page of a machine with its header and pool."""

    def __init__(self, state: State, pfn: int) -> None:
        self.state = state
        self.pfn = pfn
        pools = state.pools.view(np.recarray)
        number = int(state.pages["private"][pfn])
        self.pool = pools[number if number < len(pools) else 0]
        self.row = pfn << int(self.pool.row_shift)
        self.header = state.rows[self.row : self.row + 1].view(np.recarray)[0]
        self.series = bool(self.pool.variant == layout.ZBUD_SERIES)

    @property
    def handles(self) -> list[int]:
        """Handles of the buddies in the page; in plain zbud, their addresses in chunks."""
        names = ("first", "last")
        if self.series:
            found = [int(self.header[f"{name}_handle"]) for name in names]
            return [handle for handle in found if handle]
        return [
            int(buddy_address.py_func(self.pfn, self.header, buddy))
            for name, buddy in zip(names, (layout.FIRST, layout.LAST), strict=True)
            if self.header[f"{name}_chunks"]
        ]

    def words(self) -> list[str]:
        """Return the parts of a sentence about the page's objects."""
        handles = " and ".join(str(handle) for handle in self.handles)
        several = "handles" if len(self.handles) > 1 else "handle"
        used = f"{self.header.first_chunks} + {self.header.last_chunks} chunks used"
        return ["zbud", used, f"{several} {handles}" if handles else "no handle"]

    def lists(self) -> list[tuple[str, np.ndarray, int, int, int, int]]:
        """Return the lists that the page should be on.

        Each is (name, records, link, head, record of the page, shift from record to frame).
        """
        first, free = int(self.pool.list_heads), int(num_free_chunks.py_func(self.header))
        both = self.header.first_chunks and self.header.last_chunks
        home = layout.BUDDIED if both else free
        name = "buddied list" if both else f"unbuddied list, {counted(free, 'free chunk')}"
        ends = (("LRU", layout.LRU, layout.LRU_LIST), (name, layout.BUDDY, home))
        rows, shift = self.state.rows, int(self.pool.row_shift)
        return [(name, rows, link, first + head, self.row, shift) for name, link, head in ends]

    def parts(self) -> list[tuple[str, Rows]]:
        """Return the parts of the page's details as (title, rows)."""
        parts = [("zbud header (chunk 0 of the page)", self._header_rows())]
        if self.series:
            paths = [(f"handle {handle}", self._tree_path(handle)) for handle in self.handles]
            parts.append(("radix tree", paths))
        return parts

    def _header_rows(self) -> Rows:
        frames, shift = len(self.state.frames), int(self.pool.row_shift)
        known = {"last_chunks": f"{num_free_chunks.py_func(self.header)} chunks free"}
        for link in LINKS:
            ends = [linked(int(row), shift, frames) for row in self.header[link]]
            known[link] = f"LRU: {ends[layout.LRU]}; by free chunks: {ends[layout.BUDDY]}"
        rows = record_rows(self.header, known)
        return rows[:-2] if self.state.page_bytes else rows  # with bytes, the last two are unused

    def _tree_path(self, handle: int) -> str:
        """Return the path from the root of the pool's radix tree to a handle's item, as text."""
        number, steps = int(self.pool.rnode), []
        for level in range(int(self.pool.height) - 1, -1, -1):
            slot = int(slot_of.py_func(handle, level))
            steps.append(f"node {number} slot {slot}")
            number = int(self.state.nodes[number]["slots"][slot])
        found = f"pfn {number - 1}" if number else "nothing"
        return " \u2192 ".join([*steps, found])
