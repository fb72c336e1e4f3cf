"""A zbud pool as traces print it: its lists, with handles as the trace numbers them."""

from typing import Any

from zbudlab.layout import (
    BUDDIED,
    BUDDY,
    FIRST,
    LAST,
    LRU,
    LRU_LIST,
    NCHUNKS,
    ZBUD_SERIES,
    ZHDR_CHUNKS,
)
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State


class PoolView:
    """One pool, read only.

    numbers: the trace's numbers of plain handles, which the owner enters.
    """

    def __init__(self, state: State, number: int) -> None:
        self.state = state
        self.pool = state.pools[number]
        self.series = bool(self.pool["variant"] == ZBUD_SERIES)  # handles are numbers already
        self.numbers: dict[int, int] = {}

    def number_of(self, row: int, buddy: int) -> int:
        """Return the number of a page's buddy; 0 = there is none."""
        header = self.state.rows[row]
        side = "first" if buddy == FIRST else "last"
        if self.series:
            return int(header[f"{side}_handle"])
        if not header[f"{side}_chunks"]:
            return 0
        last_start = NCHUNKS - int(header["last_chunks"])
        chunk = ZHDR_CHUNKS if buddy == FIRST else last_start
        return self.numbers[(self.pfn(row) * NCHUNKS) + chunk]

    def number(self, handle: int) -> int:
        """Return the number of a handle, even of a freed one."""
        return handle if self.series else self.numbers[handle]

    def pfn(self, row: int) -> int:
        """Return the page frame whose header is in `row`."""
        return row >> int(self.pool["row_shift"])

    def pair(self, row: int) -> list[int]:
        """Return the numbers of both buddies."""
        return [self.number_of(row, FIRST), self.number_of(row, LAST)]

    def members(self, which: int, link: int) -> list[int]:
        """Return the header rows on one of the pool's lists, in order."""
        return list_members(self.state.rows, link, int(self.pool["list_heads"]) + which)

    def at(self, place: int) -> int:
        """Return the page at a place of the LRU, newest first; -1 = there is none."""
        rows = self.members(LRU_LIST, LRU)
        return self.pfn(rows[place]) if 0 <= place < len(rows) else -1

    def lru_entry(self, row: int) -> list[int]:
        """Return handles and chunks of both buddies, references, map counts (plain: 1, 0, 0)."""
        header = self.state.rows[row]
        first, last = self.pair(row)
        counts = [1, 0, 0]
        if self.series:
            page = self.state.pages[self.pfn(row)]
            counts = [page["refcount"], header["first_map_count"], header["last_map_count"]]
        shown = [first, header["first_chunks"], last, header["last_chunks"], *counts]
        return [int(number) for number in shown]

    def snapshot(self) -> dict[str, Any]:
        """Return all lists, newest first."""
        unbuddied = {
            str(free): [self.pair(row) for row in rows]
            for free in range(1, NCHUNKS)
            if (rows := self.members(free, BUDDY))
        }
        return {
            "lru": [self.lru_entry(row) for row in self.members(LRU_LIST, LRU)],
            "unbuddied": unbuddied,
            "buddied": [self.pair(row) for row in self.members(BUDDIED, BUDDY)],
        }
