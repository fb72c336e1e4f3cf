"""Traces of zbud: alloc, free, map, unmap, write, check, reclaim, migrate, isolate, putback.

The format is described in tests/data/README.md, including the answers for operations that are not
run. Handles of a trace are numbered by successful allocations; with the series that number is the
handle itself.
"""

import zlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from zbudlab.conformance.pool import PoolView
from zbudlab.conformance.trace import Operation, digest
from zbudlab.layout import (
    CHUNK_SIZE,
    EAGAIN,
    ENOMEM,
    MIGRATE_MOVABLE,
    MIGRATE_UNMOVABLE,
    NCHUNKS,
    NCHUNKS_ORDER,
    ZBUD_PLAIN,
    ZBUD_SERIES,
)
from zbudlab.mm import migrate, page_alloc, zbud, zpool
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State

#: Operations on a handle, and how many numbers each takes.
HANDLE_WORDS = {"free": 1, "map": 1, "unmap": 1, "check": 1, "write": 2}


class ZbudHarness:
    """A pool, and the owner of its objects, whose part the trace plays.

    number: of the pool; those before it stay empty.
    """

    def __init__(self, variant: int, frames: int, number: int = 0) -> None:
        self.state = State(frames, pageblock_order=9, pools=number + 1)
        free_all_bootmem(self.state.mem, frames, [])
        for each in range(number + 1):
            self.state.create_pool(each, variant)
        self.variant = variant
        self.number = number
        self.pool = self.state.pools[number]
        self.handles: list[int] = [0]  # by number, from 1
        self.view = PoolView(self.state, number)
        self.sizes: dict[int, int] = {}
        self.live: set[int] = set()
        self.written: set[int] = set()
        self.mappings: dict[int, int] = {}
        self.pins: list[int] = []
        self.policy = "ok"
        self.limit = 0
        self.every = 1

    # --- what is printed -----------------------------------------------------------------------

    def frames_live(self) -> int:
        """Return the number of frames in use."""
        zone = self.state.zone
        return int(zone["spanned_pages"] - zone["nr_free_pages"])

    def pin_entry(self, pfn: int) -> list[int]:
        """Return the handles and the references of a page that the trace isolated."""
        row = pfn << NCHUNKS_ORDER
        return [*self.view.pair(row), int(self.state.pages[pfn]["refcount"])]

    def snapshot(self) -> dict[str, Any]:
        """Return the state as traces print it."""
        return {**self.view.snapshot(), "pins": [self.pin_entry(pfn) for pfn in self.pins]}

    def with_digest(self) -> dict[str, Any]:
        """Return the state and its digest."""
        state = self.snapshot()
        return {"sd": digest(state), "state": state}

    # --- operations ----------------------------------------------------------------------------

    def payload(self, number: int, address: int) -> np.ndarray:
        """Return the bytes of an object, uint8 (size,). address: in chunks."""
        start = (address & (NCHUNKS - 1)) * CHUNK_SIZE
        frame = self.state.frames[address >> NCHUNKS_ORDER]
        return frame[start : start + self.sizes[number]]

    def allocate(self, size: int) -> dict[str, Any]:
        """Allocate an object."""
        self.state.reserve_nodes(1)
        self.refuse_frames_at_limit()
        movable = MIGRATE_MOVABLE if self.variant == ZBUD_SERIES else MIGRATE_UNMOVABLE
        handle = zbud.zbud_alloc(self.state.mem, self.number, size, movable)
        self.state.zone["fail_page_alloc"] = 0
        if handle < 0:
            return {"rc": handle}
        number = len(self.handles)
        self.handles.append(handle)
        self.view.numbers[handle] = number
        self.sizes[number] = size
        self.live.add(number)
        self.mappings[number] = 0
        return {"rc": 0, "h": number}

    def refuse_frames_at_limit(self) -> None:
        """Make the next allocation of a frame fail if the trace's limit is reached."""
        if self.limit and self.frames_live() >= self.limit:
            self.state.zone["fail_page_alloc"] = 1

    def free(self, number: int) -> int:
        """Free an object."""
        self.live.discard(number)
        return zbud.zbud_free(self.state.mem, self.number, self.handles[number])

    def map(self, number: int) -> int:
        """Map an object. Return its address in chunks."""
        return zbud.zbud_map(self.state.mem, self.number, self.handles[number])

    def unmap(self, number: int) -> int:
        """Unmap an object."""
        return zbud.zbud_unmap(self.state.mem, self.number, self.handles[number])

    def evict(self, number: int) -> int:
        """Answer an eviction as the owner would, according to the trace's policy."""
        if number not in self.live:
            return 0
        if self.policy == "fail" or (self.policy == "odd" and number % 2):
            return -EAGAIN
        self.free(number)
        return 0

    def reclaim(self, retries: int) -> dict[str, Any]:
        """Reclaim a page of the pool."""
        evictions: list[list[int]] = []

        def evict(handle: int) -> int:
            number = self.view.number(handle)
            evictions.append([number, self.evict(number)])
            return evictions[-1][1]

        begin = partial(zbud.zbud_reclaim_begin, self.state.mem, self.number)
        end = partial(zbud.zbud_reclaim_end, self.state.mem, self.number)
        handles = np.zeros(2, np.int64)
        gave_up = partial(zpool.zpool_shrink_gave_up, self.state.mem, self.number)
        rc = zpool.zpool_shrink(begin, evict, end, gave_up, handles, retries)
        return {"rc": rc, "ev": evictions}

    def migrate(self, place: int) -> dict[str, Any]:
        """Migrate the page at a place of the LRU."""
        pfn = self.view.at(place)
        if pfn < 0:
            return {"rc": "norange"}
        self.refuse_frames_at_limit()
        rc = migrate.migrate_pool_page(self.state.mem, pfn)
        self.state.zone["fail_page_alloc"] = 0
        return {"rc": rc} if rc == -ENOMEM else {"rc": rc, "moved": int(rc == 0)}

    def isolate(self, place: int) -> dict[str, Any]:
        """Take a reference to the page at a place of the LRU."""
        pfn = self.view.at(place)
        if pfn < 0:
            return {"rc": "norange"}
        self.state.pages[pfn]["refcount"] += 1
        self.pins.append(pfn)
        return {"rc": 0}

    def putback(self, place: int) -> dict[str, Any]:
        """Drop the reference to an isolated page."""
        if not 0 <= place < len(self.pins):
            return {"rc": "norange"}
        return {"rc": page_alloc.put_page(self.state.mem, self.pins.pop(place))}

    def refused(self, name: str, number: int) -> str | None:
        """Return the word for an operation that is not run; None if it is run."""
        issued = 0 < number < len(self.handles)
        gone = number not in self.live
        if not issued or (
            gone and (name == "free" or (self.variant == ZBUD_PLAIN and name != "unmap"))
        ):
            return "dead"
        left_to_code = gone and self.variant == ZBUD_SERIES
        if name == "unmap" and not self.mappings[number] and not left_to_code:
            return "notmapped"
        if name == "check" and number not in self.written:
            return "unwritten"
        return None

    def on_handle(self, name: str, number: int, byte: int = 0) -> dict[str, Any]:
        """Run an operation on a handle."""
        if word := self.refused(name, number):
            return {"rc": word}
        if name == "free":
            return {"rc": self.free(number)}
        if name == "unmap":
            self.mappings[number] = max(self.mappings[number] - 1, 0)
            return {"rc": self.unmap(number)}
        address = self.map(number)
        if not address:
            return {"rc": "null"}
        if name == "map":
            self.mappings[number] += 1
            return {"rc": 0, "off": (address & (NCHUNKS - 1)) * CHUNK_SIZE}
        payload = self.payload(number, address)
        if name == "write":
            payload[:] = (byte + np.arange(len(payload))) % 256
            self.written.add(number)
        crc = zlib.crc32(payload.tobytes())
        self.unmap(number)
        return {"rc": 0, "crc": crc}

    def run(self, operation: Operation) -> dict[str, Any] | None:
        """Run an operation and return its answer; None for a directive."""
        name = operation.name
        if name == "every":
            (self.every,) = operation.numbers(1)
            if self.every < 1:
                raise operation.fail("every takes a number of 1 or more")
            return None
        if name == "evict":
            if operation.words not in (["ok"], ["fail"], ["odd"]):
                raise operation.fail("evict takes ok, fail or odd")
            self.policy = operation.words[0]
            return {"rc": 0}
        if name == "limit":
            (self.limit,) = operation.numbers(1)
            return {"rc": 0}
        if name in HANDLE_WORDS:
            return self.on_handle(name, *operation.numbers(HANDLE_WORDS[name]))
        known = {"alloc": self.allocate, "reclaim": self.reclaim}
        if self.variant == ZBUD_SERIES:
            known |= {"migrate": self.migrate, "isolate": self.isolate, "putback": self.putback}
        if name not in known:
            raise operation.fail("unknown operation")
        return known[name](*operation.numbers(1))


def zbud_answers(variant: int, operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of zbud, one per operation, and a final one."""
    frames = 1024 + sum(operation.name == "alloc" for operation in operations)
    harness = ZbudHarness(variant, frames)
    done = 0
    for operation in operations:
        answer = harness.run(operation)
        if answer is None:
            continue
        done += 1
        pages = int(harness.pool["pages_nr"])
        line = {"i": done, "op": operation.text, **answer, "pages_nr": pages}
        yield line | (harness.with_digest() if done % harness.every == 0 else {})
    yield {
        "final": True,
        "ops": done,
        "handles": len(harness.handles) - 1,
        "pages_nr": int(harness.pool["pages_nr"]),
        "frames_live": harness.frames_live(),
        **harness.with_digest(),
    }
