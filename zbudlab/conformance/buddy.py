"""Traces of the page allocator: zone, cma, boot, alloc, free, claim.

The format is described in tests/data/README.md. The blocks that a trace holds are identified by
their first frame. Orders above the largest are refused by the allocator itself.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from zbudlab.conformance.trace import Operation, digest
from zbudlab.layout import (
    LRU,
    MAX_ORDER,
    MAX_ORDER_NR_PAGES,
    MIGRATE_CMA,
    MIGRATE_NAMES,
    MIGRATE_RESERVE,
    MIGRATE_TYPES,
)
from zbudlab.mm import bootmem, page_alloc, vmstat
from zbudlab.mm.inspection import list_members
from zbudlab.mm.state import State

LETTERS = "URMVCI"  #: of migrate types, by number
MAX_FRAMES = 1 << 24  #: 64 GiB: the largest zone of a trace
WHOLE_STATE = 10  #: with this `every` or more, runs of compaction print the whole state, too
DIGEST_EACH = 64  #: with a smaller `every`, each line has a digest
LARGE = 1000  #: with this `every` or more, runs of compaction print only a digest


def filled(records: np.ndarray, link: int, heads: np.ndarray) -> list[int]:
    """Return which lists have a member, as indices into `heads`."""
    return np.flatnonzero(records["next"][heads, link] != heads).tolist()


class BuddyHarness:
    """A zone, and the owner of its blocks, whose role the trace plays."""

    #: Values of the directive `parts`.
    parts_known: ClassVar[tuple[str, ...]] = ("buddy",)
    #: Operations after which the state is printed more often.
    notable: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        self.every = 1
        self.parts = self.parts_known[0]
        self.booted = False
        self.areas: list[tuple[int, int]] = []
        self.blocks_held: set[int] = set()
        self.zoned = False

    # --- what is printed -----------------------------------------------------------------------

    def free_lists(self) -> list[list[Any]]:
        """Return the free lists that are not empty, by order, then by type."""
        return [
            [
                place // MIGRATE_TYPES,
                LETTERS[place % MIGRATE_TYPES],
                list_members(self.pages, LRU, int(self.heads[place])),
            ]
            for place in filled(self.pages, LRU, self.heads)
        ]

    def snapshot(self) -> dict[str, Any]:
        """Return the state as traces print it."""
        vmstat.extfrag_indices(self.state.mem, self.indices)
        fragmentation, unusable = self.indices.tolist()
        types = self.pageblocks["migratetype"].tolist()
        return {
            "free": self.free_lists(),
            "nr_free": self.zone["nr_free"].tolist(),
            "pages": [int(self.zone["nr_free_pages"]), int(self.zone["nr_free_cma"])],
            "mt": "".join(LETTERS[migratetype] for migratetype in types),
            "fi": fragmentation,
            "ui": unusable,
        }

    def shown(self, name: str, number: int) -> dict[str, Any]:
        """Return the digest and the state, as far as a line has them."""
        notable = name in self.notable
        whole = number % self.every == 0 or name == "boot"
        whole = whole or (notable and WHOLE_STATE <= self.every < LARGE)
        if not self.booted or not (whole or notable or self.every < DIGEST_EACH):
            return {}
        state = self.snapshot()
        return {"sd": digest(state)} | ({"state": state} if whole else {})

    # --- words of an operation -----------------------------------------------------------------

    def migratetype(self, operation: Operation, word: str) -> int:
        """Return the number of a migrate type that pages can be allocated as."""
        if word not in MIGRATE_NAMES[:MIGRATE_RESERVE]:
            raise operation.fail("a type is unmovable, reclaimable or movable")
        return MIGRATE_NAMES.index(word)

    def number_and_type(self, operation: Operation) -> tuple[int, int]:
        """Return the two words of an operation: a number, and a migrate type."""
        if len(operation.words) != 2:
            raise operation.fail(f"{operation.name} takes a number and a type")
        first = Operation(f"{operation.name} {operation.words[0]}", operation.where)
        return first.numbers(1)[0], self.migratetype(operation, operation.words[1])

    # --- operations ----------------------------------------------------------------------------

    def start(self, operation: Operation) -> None:
        """Create the zone of the line `zone`: frames, and pageblock order."""
        frames, pageblock_order = operation.numbers(2)
        if self.zoned:
            raise operation.fail("there is a zone already")
        if not 0 < frames <= MAX_FRAMES or not 0 < pageblock_order < MAX_ORDER:
            raise operation.fail(
                f"a zone has 1 to {MAX_FRAMES} frames and pageblocks of order 1 to {MAX_ORDER - 1}"
            )
        state = State(frames, pageblock_order=pageblock_order, page_bytes=False)
        self.state = state
        self.zoned = True
        self.zones, self.pages, self.blocks = state.zones, state.pages, state.blocks
        self.zone = self.zones.view(np.recarray)[0]
        self.frames = frames
        self.pageblocks = self.blocks[: -(-frames >> pageblock_order)]
        self.indices = np.zeros((2, MAX_ORDER), np.int64)
        self.heads = np.array(
            [
                page_alloc.free_list(self.zone, order, migratetype)
                for order in range(MAX_ORDER)
                for migratetype in range(MIGRATE_TYPES)
            ]
        )

    def reserve_cma(self, operation: Operation) -> None:
        """Reserve the CMA area of the line `cma`: its first frame, and its length."""
        start, length = operation.numbers(2)
        end = start + length
        if start % MAX_ORDER_NR_PAGES or length % MAX_ORDER_NR_PAGES or length <= 0:
            raise operation.fail(f"a CMA area is whole blocks of {MAX_ORDER_NR_PAGES} pages")
        if not 0 <= start < end <= self.frames:
            raise operation.fail(f"the zone has frames 0 to {self.frames - 1}")
        if any(start < other_end and other < end for other, other_end in self.areas):
            raise operation.fail("CMA areas may not overlap")
        self.areas.append((start, end))

    def boot(self) -> None:
        """Free all memory to the page allocator."""
        bootmem.free_all_bootmem(self.state.mem, self.frames, self.areas)
        self.booted = True

    def allocate(self, order: int, migratetype: int) -> dict[str, Any]:
        """Allocate a block."""
        pfn = int(page_alloc.alloc_pages(self.state.mem, order, migratetype))
        if pfn < 0:
            return {"rc": pfn}
        self.blocks_held.add(pfn)
        return {"rc": 0, "pfn": pfn}

    def free(self, pfn: int) -> dict[str, Any]:
        """Free a block that the trace holds."""
        if pfn not in self.blocks_held:
            return {"rc": "dead"}
        self.blocks_held.remove(pfn)
        page_alloc.put_page(self.state.mem, pfn)
        return {"rc": 0}

    def claim(self, pfn: int, migratetype: int) -> dict[str, Any]:
        """Move the free pages of a pageblock to another type, and the pageblock with them."""
        if not 0 <= pfn < self.frames:
            return {"rc": "norange"}
        if page_alloc.get_pageblock_migratetype(self.zone, self.blocks, pfn) == MIGRATE_CMA:
            return {"rc": "norange"}
        moved = page_alloc.move_freepages_block(self.state.mem, pfn, migratetype)
        page_alloc.set_pageblock_range(self.zone, self.blocks, pfn, 1, migratetype)
        return {"rc": int(moved)}

    def direct(self, operation: Operation) -> bool:
        """Obey a directive, which has no answer. Return whether it was one."""
        if operation.name == "every":
            (self.every,) = operation.numbers(1)
            if self.every < 1:
                raise operation.fail("every takes a number of 1 or more")
        elif operation.name == "parts":
            if len(operation.words) != 1 or operation.words[0] not in self.parts_known:
                raise operation.fail(f"parts takes {' or '.join(self.parts_known)}")
            self.parts = operation.words[0]
        else:
            return False
        return True

    def set_up(self, operation: Operation) -> bool:
        """Run an operation that precedes the first allocation. Return whether it was one."""
        if operation.name == "zone":
            self.start(operation)
        elif operation.name in ("cma", "boot"):
            if not self.zoned or self.booted:
                raise operation.fail("it must come once, between zone and the first allocation")
            if operation.name == "cma":
                self.reserve_cma(operation)
            else:
                operation.numbers(0)
                self.boot()
        else:
            return False
        return True

    def run(self, operation: Operation) -> dict[str, Any] | None:
        """Run an operation and return its answer; None for a directive."""
        if self.direct(operation):
            return None
        if self.set_up(operation):
            return {"rc": 0}
        if not self.booted:
            raise operation.fail("zone and boot must come first")
        return self.operate(operation)

    def operate(self, operation: Operation) -> dict[str, Any]:
        """Run an operation of a zone that has booted."""
        name = operation.name
        if name == "alloc":
            order, migratetype = self.number_and_type(operation)
            if order < 0:
                raise operation.fail("an order is 0 or more")
            return self.allocate(order, migratetype)
        if name == "free":
            return self.free(*operation.numbers(1))
        if name == "claim":
            return self.claim(*self.number_and_type(operation))
        raise operation.fail("unknown operation")


def answers(harness: BuddyHarness, operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the lines that a harness answers to a trace, and a final one."""
    done = 0
    for operation in operations:
        answer = harness.run(operation)
        if answer is not None:
            done += 1
            shown = harness.shown(operation.name, done)
            yield {"i": done, "op": operation.text, **answer, **shown}
    final: dict[str, Any] = {"final": True, "ops": done}
    if harness.booted:
        state = harness.snapshot()
        final |= {"sd": digest(state), "state": state}
    yield final


def buddy_answers(operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of the page allocator, one per operation, and a final one."""
    return answers(BuddyHarness(), operations)
