"""Traces of compaction, migration and CMA: those of the page allocator, plus user and zbud pages.

The format is described in tests/data/README.md. All user pages belong to one process and are on the
inactive list.
"""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from zbudlab.conformance.buddy import BuddyHarness, answers, filled
from zbudlab.conformance.trace import Operation
from zbudlab.layout import (
    BUDDIED,
    BUDDY,
    LRU,
    LRU_LIST,
    MAX_ORDER,
    MIGRATE_MOVABLE,
    MIGRATE_UNMOVABLE,
    NCHUNKS,
    WMARK_LOW,
    ZBUD_SERIES,
    compact_control,
    migration,
)
from zbudlab.mm import cma, compaction, lru, memory, page_alloc, zbud
from zbudlab.mm.inspection import list_members
from zbudlab.mm.mem import Memory
from zbudlab.mm.page import page_lru, page_zbud

OWNER = 0  #: the process of all user pages

#: Words in a line of compaction, and their fields of `compact_control`, in order.
COUNTERS = (("mscanned", "migrate_scanned"), ("fscanned", "free_scanned"), ("isolated", "isolated"))
ZBUD_ENTRY = ("first_handle", "first_chunks", "last_handle", "last_chunks")
MAP_COUNTS = ("first_map_count", "last_map_count")


class CompactHarness(BuddyHarness):
    """A zone with user pages and one zbud pool; the trace plays the role of their owners.

    user_pages: the number that the whole trace allocates.
    """

    parts_known: ClassVar[tuple[str, ...]] = ("all", "buddy")
    notable: ClassVar[tuple[str, ...]] = ("compact", "alloc_contig")

    def __init__(self, user_pages: int) -> None:
        super().__init__()
        self.user_pages = user_pages
        self.places = 0  # page table entries used so far
        self.handles = 0  # issued so far: 1 .. handles
        self.mappings: dict[int, int] = {}  # by handle, of live objects and freed ones still mapped
        self.live: set[int] = set()
        self.pins: dict[int, int] = {}
        self.ranges: list[list[int]] = []

    def start(self, operation: Operation) -> None:
        super().start(operation)
        state = self.state
        state.create_pool(0, ZBUD_SERIES)
        state.new_process(max(self.user_pages, 1))
        self.zbud_list = int(state.pools[0]["list_heads"])
        self.rows = state.rows
        self.page = self.pages.view(np.recarray)
        self.control = np.zeros(1, compact_control)
        self.moves = np.zeros(self.frames, migration)

    # --- what is printed -----------------------------------------------------------------------

    def zbud_lru(self) -> list[list[int]]:
        """Return the entries of the pool's LRU, newest first."""
        listed = list_members(self.rows, LRU, self.zbud_list + LRU_LIST)
        headers = self.rows[listed]
        columns = [
            listed,
            *(headers[name].tolist() for name in ZBUD_ENTRY),
            self.pages["refcount"][listed].tolist(),
            *(headers[name].tolist() for name in MAP_COUNTS),
        ]
        return [list(entry) for entry in zip(*columns, strict=True)]

    def zbud_lists(self) -> dict[str, Any]:
        """Return the pool's lists that are not empty."""
        unbuddied = filled(self.rows, BUDDY, self.zbud_list + np.arange(1, NCHUNKS))
        return {
            "zlru": self.zbud_lru(),
            "zunbuddied": {
                str(place + 1): list_members(self.rows, BUDDY, self.zbud_list + place + 1)
                for place in unbuddied
            },
            "zbuddied": list_members(self.rows, BUDDY, self.zbud_list + BUDDIED),
        }

    def snapshot(self) -> dict[str, Any]:
        state = super().snapshot()
        if self.parts == "buddy":
            return state
        zone = self.zone
        cached = ("cached_migrate_pfn", "cached_free_pfn", "blockskip_flush")
        return state | {
            "skip": "".join(map(str, self.pageblocks["skip"].tolist())),
            "cached": [int(zone[f"compact_{name}"]) for name in cached],
            "lru": list_members(self.pages, LRU, int(lru.lru_head(zone, False))),
            **self.zbud_lists(),
            "pins": [list(pin) for pin in sorted(self.pins.items())],
            "contig": self.ranges,
        }

    def counted(self) -> dict[str, Any]:
        """Return what the last run of compaction counted and moved."""
        control = self.control[0]
        done = self.moves[: control["nr_moves"]]
        done = done[done["rc"] == 0]
        return {
            "numbers": {word: int(control[name]) for word, name in COUNTERS},
            "moved": int(control["migrated"]),
            "failed": int(control["failed"]),
            "moves": np.stack([done["old"], done["new"]], axis=1).tolist(),
        }

    # --- user pages ----------------------------------------------------------------------------

    def is_user_page(self, pfn: int) -> bool:
        """Return whether a frame holds a user page."""
        return 0 <= pfn < self.frames and page_lru(self.page[pfn])

    def anon(self, count: int) -> dict[str, Any]:
        """Allocate user pages, as many as possible up to `count`."""
        pfns: list[int] = []
        while len(pfns) < count:
            pfn = int(page_alloc.alloc_pages(self.state.mem, 0, MIGRATE_MOVABLE))
            if pfn < 0:
                break
            memory.page_add_anon_rmap(self.state.mem, pfn, self.places, OWNER)
            lru.lru_cache_add(self.zone, self.pages, pfn, False)
            self.places += 1
            pfns.append(pfn)
        return {"rc": 0, "pfns": pfns} if pfns else {"rc": pfn}

    def free_anon(self, pfn: int) -> dict[str, Any]:
        """Free a user page."""
        if not self.is_user_page(pfn):
            return {"rc": "dead"}
        if pfn in self.pins:
            return {"rc": "pinned"}
        memory.page_remove_rmap(self.page[pfn])
        lru.lru_cache_del(self.zone, self.pages, pfn)
        page_alloc.put_page(self.state.mem, pfn)
        return {"rc": 0}

    def pin(self, pfn: int) -> dict[str, Any]:
        """Take a reference to a user page or zbud page."""
        if not self.is_user_page(pfn) and not (
            0 <= pfn < self.frames and page_zbud(self.page[pfn])
        ):
            return {"rc": "dead"}
        self.pages[pfn]["refcount"] += 1
        self.pins[pfn] = self.pins.get(pfn, 0) + 1
        return {"rc": 0}

    def unpin(self, pfn: int) -> dict[str, Any]:
        """Drop a reference that the trace took."""
        if pfn not in self.pins:
            return {"rc": "dead"}
        self.pins[pfn] -= 1
        if not self.pins[pfn]:
            del self.pins[pfn]
        return {"rc": int(page_alloc.put_page(self.state.mem, pfn))}

    # --- zbud pages ----------------------------------------------------------------------------

    def zalloc(self, size: int) -> dict[str, Any]:
        """Store an object in zbud."""
        self.state.reserve_nodes(1)
        migratetype = MIGRATE_MOVABLE if self.zone["zpool_movable"] else MIGRATE_UNMOVABLE
        handle = int(zbud.zbud_alloc(self.state.mem, 0, size, migratetype))
        if handle < 0:
            return {"rc": handle}
        self.handles = handle
        self.live.add(handle)
        newest = self.rows["next"][self.zbud_list + LRU_LIST, LRU]
        return {"rc": 0, "h": handle, "pfn": int(newest)}

    def zfree(self, handle: int) -> dict[str, Any]:
        """Free an object of zbud."""
        if handle not in self.live:
            return {"rc": "dead"}
        self.live.remove(handle)
        return {"rc": int(zbud.zbud_free(self.state.mem, 0, handle))}

    def zmap(self, handle: int) -> dict[str, Any]:
        """Map an object of zbud."""
        if not 0 < handle <= self.handles:
            return {"rc": "dead"}
        if not zbud.zbud_map(self.state.mem, 0, handle):
            return {"rc": "null"}
        self.mappings[handle] = self.mappings.get(handle, 0) + 1
        return {"rc": 0}

    def zunmap(self, handle: int) -> dict[str, Any]:
        """Unmap an object of zbud."""
        if not 0 < handle <= self.handles:
            return {"rc": "dead"}
        held = self.mappings.get(handle, 0)
        if not held and handle in self.live:
            return {"rc": "notmapped"}
        self.mappings[handle] = max(held - 1, 0)
        return {"rc": int(zbud.zbud_unmap(self.state.mem, 0, handle))}

    # --- compaction ----------------------------------------------------------------------------

    def movers(self) -> tuple[Memory, np.ndarray, np.ndarray]:
        """Return the first arguments of operations that move pages."""
        return self.state.mem, self.moves, self.control

    def compact(self, operation: Operation) -> dict[str, Any]:
        """Compact the zone: order, type, and whether to wait."""
        words = operation.words
        if not 1 <= len(words) <= 3 or words[2:] not in ([], ["sync"], ["async"]):
            raise operation.fail("compact takes an order, then perhaps a type, then async or sync")
        (order,) = Operation(f"compact {words[0]}", operation.where).numbers(1)
        if not compaction.WHOLE_ZONE <= order < MAX_ORDER:
            raise operation.fail(f"compact takes an order from -1 to {MAX_ORDER - 1}")
        migratetype = MIGRATE_MOVABLE
        if len(words) > 1:
            migratetype = self.migratetype(operation, words[1])
        sync = int(words[2:] != ["async"])
        rc = int(compaction.compact_zone_order(*self.movers(), order, migratetype, sync))
        counted = self.counted()
        scan = [int(self.control[0][name]) for name in ("migrate_pfn", "free_pfn")]
        numbers = counted.pop("numbers")
        return {"rc": rc, "scan": scan, **numbers, **counted}

    def alloc_contig(self, start: int, end: int) -> dict[str, Any]:
        """Allocate a range of a CMA area."""
        held = any(start < other_end and other < end for other, other_end in self.ranges)
        if held or not cma.is_cma_range(self.state.mem, start, end):
            return {"rc": "norange"}
        rc = int(cma.alloc_contig_range(*self.movers(), start, end))
        if rc == 0:
            self.ranges.append([start, end])
        counted = self.counted()
        numbers = counted.pop("numbers")
        return {"rc": rc, **numbers, "moved": counted["moved"], "moves": counted["moves"]}

    def free_contig(self, start: int, end: int) -> dict[str, Any]:
        """Give back a range of a CMA area."""
        if [start, end] not in self.ranges:
            return {"rc": "norange"}
        self.ranges.remove([start, end])
        cma.free_contig_range(self.state.mem, start, end)
        return {"rc": 0}

    def reset(self) -> dict[str, Any]:
        """Clear all hints if compaction asked for it."""
        return {"rc": int(compaction.reset_isolation_suitable(self.state.mem))}

    def rescan(self) -> dict[str, Any]:
        """Clear all hints."""
        compaction.rescan(self.state.mem)
        return {"rc": 0}

    # --- switches ------------------------------------------------------------------------------

    def set_watermark(self, pages: int) -> dict[str, Any]:
        """Set the low watermark."""
        self.zone["watermark"][WMARK_LOW] = pages
        return {"rc": 0}

    def set_movable(self, movable: int) -> dict[str, Any]:
        """Set whether zbud pages can be moved."""
        self.zone["zpool_movable"] = int(movable != 0)
        return {"rc": 0}

    def operate(self, operation: Operation) -> dict[str, Any]:
        with_numbers: dict[str, tuple[Callable[..., dict[str, Any]], int]] = {
            "anon": (self.anon, 1),
            "freeanon": (self.free_anon, 1),
            "pin": (self.pin, 1),
            "unpin": (self.unpin, 1),
            "zalloc": (self.zalloc, 1),
            "zfree": (self.zfree, 1),
            "zmap": (self.zmap, 1),
            "zunmap": (self.zunmap, 1),
            "alloc_contig": (self.alloc_contig, 2),
            "free_contig": (self.free_contig, 2),
            "reset": (self.reset, 0),
            "rescan": (self.rescan, 0),
            "wmark": (self.set_watermark, 1),
            "zbud_movable": (self.set_movable, 1),
        }
        if operation.name == "compact":
            return self.compact(operation)
        if operation.name in with_numbers:
            method, count = with_numbers[operation.name]
            return method(*operation.numbers(count))
        return super().operate(operation)


def user_pages(operations: list[Operation]) -> int:
    """Return how many user pages a trace allocates."""
    return sum(
        max(*operation.numbers(1), 0) for operation in operations if operation.name == "anon"
    )


def compact_answers(operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of compaction, one per operation, and a final one."""
    return answers(CompactHarness(user_pages(operations)), operations)
