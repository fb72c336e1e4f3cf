"""Traces of zsmalloc: allocate, free, migrate, compact, read, lock, and where an object is.

The format is described in tests/data/README.md. Objects have the numbers of the trace, and frames
those of the recorder (`zbudlab.conformance.frame_stack`).
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.conformance.frame_stack import content, frame, stack_of_frames
from zbudlab.conformance.trace import Operation
from zbudlab.layout import MIGRATE_MOVABLE, PG_LOCKED, ZPOOL_ZSMALLOC
from zbudlab.mm import migrate, page_alloc, zpool, zsmalloc, zsmalloc_class, zsmalloc_compact
from zbudlab.mm.page import page_zpool
from zbudlab.mm.zsmalloc_object import obj_index
from zbudlab.profiles import zsmalloc_rules

POOL = 0
MOST = 1 << 62  #: numbers of a trace are smaller

#: Operations and how many numbers each takes. Reading and isolating are not in traces of 6.1.
OPERATIONS = {"a": 2, "f": 1, "m": 1, "c": 0, "w": 1, "s": 0, "l": 1, "u": 0, "k": 0}
NEWER_OPERATIONS = OPERATIONS | {"r": 1, "e": 1, "i": 1, "g": 0}


class Stored:
    """An object of the trace: its handle, its size, and how often it is being read."""

    def __init__(self, handle: int, size: int) -> None:
        self.handle = handle
        self.size = size
        self.reads = 0


class ZsmallocHarness:
    """A pool, and the owner of its objects, whose part the trace plays.

    frames: the most that the trace needs.
    """

    def __init__(self, version: str, chain: int | None, frames: int) -> None:
        self.state = stack_of_frames(frames)
        rules = zsmalloc_rules(version, chain)
        self.state.create_pool(POOL, 0, ZPOOL_ZSMALLOC, rules)
        self.operations = NEWER_OPERATIONS if rules.busy_when_read else OPERATIONS
        self.pool = self.state.pools[POOL]
        self.objects: dict[int, Stored] = {}
        self.used: set[int] = set()
        self.locked = self.isolated = -1  # frames

    # --- what is printed -----------------------------------------------------------------------

    @property
    def pages(self) -> int:
        """The pages of the pool."""
        return int(self.pool["pages_nr"])

    def address(self, stored: Stored) -> int:
        """Return the byte address of an object's content."""
        return int(zpool.zpool_object_address(self.state.mem, POOL, stored.handle))

    def pfn(self, stored: Stored) -> int:
        """Return the frame in which an object begins, with the word in front of it."""
        return int(self.state.handles[stored.handle]) >> layout.OBJ_INDEX_BITS

    def place(self, stored: Stored) -> str:
        """Return frame and index of an object."""
        index = int(obj_index(self.state.handles[stored.handle]))
        return f"{frame(self.pfn(stored))} {index}"

    def intact(self, number: int, stored: Stored) -> int:
        """Return 1 if an object has its bytes, else 0."""
        found = zpool.object_bytes(self.state.mem, POOL, self.address(stored), stored.size)
        return int(np.array_equal(found, content(number, stored.size)))

    def write(self, number: int, stored: Stored) -> None:
        """Write the bytes of a new object."""
        data, mem = content(number, stored.size), self.state.mem
        pfn, start = divmod(self.address(stored), layout.PAGE_SIZE)
        here = mem.frames[pfn, start : start + len(data)]
        here[:] = data[: len(here)]
        if len(here) < len(data):
            following = zpool.zpool_next_frame(mem, POOL, pfn)
            mem.frames[following, : len(data) - len(here)] = data[len(here) :]

    # --- operations ----------------------------------------------------------------------------

    def a(self, operation: Operation, number: int, size: int) -> str:
        """Allocate an object."""
        if number in self.used:
            raise operation.fail(f"object {number} was allocated before, and numbers are new")
        if size < 0:
            raise operation.fail("a size is 0 or more")
        self.state.reserve_objects(1)
        handle = int(zpool.zpool_malloc(self.state.mem, POOL, size, MIGRATE_MOVABLE))
        if handle < 0:
            return f"e {handle} {self.pages}"
        self.used.add(number)
        stored = self.objects[number] = Stored(handle, size)
        self.write(number, stored)
        return f"{self.pages} {self.place(stored)}"

    def f(self, operation: Operation, number: int) -> str:
        """Check and free an object."""
        stored = self.stored(operation, number)
        if stored.reads:
            raise operation.fail(f"object {number} is being read; end that first")
        intact = self.intact(number, stored)
        del self.objects[number]
        zpool.zpool_free(self.state.mem, POOL, stored.handle)
        return f"{intact} {self.pages}"

    def m(self, operation: Operation, number: int) -> str:
        """Migrate the page in which an object begins."""
        stored = self.stored(operation, number)
        pfn = self.pfn(stored)
        if pfn in (self.locked, self.isolated):
            raise operation.fail("that page is locked or isolated already")
        rc = int(migrate.migrate_pool_page(self.state.mem, pfn))
        return f"{rc} {self.place(stored)} {self.intact(number, stored)} {self.pages}"

    def c(self, operation: Operation) -> str:
        """Compact the pool."""
        freed = zsmalloc_compact.zs_compact(self.state.mem, POOL)
        return f"c {freed} {self.pages}"

    def w(self, operation: Operation, number: int) -> str:
        """Report where an object is."""
        return f"w {self.place(self.stored(operation, number))} {self.pages}"

    def s(self, operation: Operation) -> str:
        """Count what compaction could free."""
        return f"s {zsmalloc_class.zs_shrinker_count(self.state.mem, POOL)} {self.pages}"

    def l(self, operation: Operation, number: int) -> str:  # noqa: E743
        """Lock the page in which an object begins."""
        if self.locked >= 0:
            raise operation.fail("a page is locked already; u unlocks it")
        self.locked = self.pfn(self.stored(operation, number))
        self.state.pages["page_flags"][self.locked] |= PG_LOCKED
        return f"l {frame(self.locked)} {self.pages}"

    def u(self, operation: Operation) -> str:
        """Unlock the locked page."""
        if self.locked < 0:
            raise operation.fail("no page is locked")
        self.state.pages["page_flags"][self.locked] &= ~PG_LOCKED & 0xFFFF
        self.locked = -1
        return f"u {self.pages}"

    def k(self, operation: Operation) -> str:
        """Run the deferred work."""
        ran = int(zsmalloc.async_free_zspage(self.state.mem, POOL))
        if self.pool["free_work"]:
            raise operation.fail("this would wait for ever for the locked page; unlock it first")
        return f"k {ran} {self.pages}"

    # --- operations of newer kernels -----------------------------------------------------------

    def r(self, operation: Operation, number: int) -> str:
        """Begin to read an object."""
        stored = self.stored(operation, number)
        zpool.zpool_map_handle(self.state.mem, POOL, stored.handle)
        stored.reads += 1
        return f"r {self.pages}"

    def e(self, operation: Operation, number: int) -> str:
        """End reading an object."""
        stored = self.stored(operation, number)
        if not stored.reads:
            raise operation.fail(f"object {number} is not being read")
        zpool.zpool_unmap_handle(self.state.mem, POOL, stored.handle)
        stored.reads -= 1
        return f"e {self.pages}"

    def i(self, operation: Operation, number: int) -> str:
        """Isolate the page in which an object begins."""
        if self.isolated >= 0:
            raise operation.fail("a page is isolated already; g migrates it")
        pfn = self.pfn(self.stored(operation, number))
        if pfn == self.locked:
            raise operation.fail("that page is locked; u unlocks it")
        done = int(zpool.zpool_isolate_page(self.state.mem, pfn))
        self.isolated = pfn
        return f"i {done} {frame(pfn)} {self.pages}"

    def g(self, operation: Operation) -> str:
        """Migrate the isolated page."""
        if self.isolated < 0:
            raise operation.fail("no page is isolated")
        if self.isolated == self.locked:
            raise operation.fail("that page is locked; u unlocks it")
        mem, old = self.state.mem, self.isolated
        new = int(page_alloc.alloc_pages(mem, 0, MIGRATE_MOVABLE))
        rc = int(migrate.move_to_new_page(mem, new, old))
        if page_zpool(self.state.pages.view(np.recarray)[new]):
            zpool.zpool_putback_page(mem, new)
        else:
            page_alloc.put_page(mem, new)
        zpool.zpool_putback_page(mem, old)
        self.isolated = -1
        return f"g {rc} {frame(new)} {self.pages}"

    # --- lines ---------------------------------------------------------------------------------

    def stored(self, operation: Operation, number: int) -> Stored:
        """Return an object of the trace."""
        if number in self.objects:
            return self.objects[number]
        raise operation.fail(
            f"object {number} was {'freed' if number in self.used else 'never allocated'}"
        )

    def run(self, operation: Operation) -> str:
        """Run an operation and return its answer."""
        if operation.name not in self.operations:
            raise operation.fail(f"an operation is one of {', '.join(self.operations)}")
        numbers = operation.numbers(self.operations[operation.name])
        if any(abs(number) >= MOST for number in numbers):
            raise operation.fail(f"numbers are smaller than {MOST}")
        called: Callable[..., str] = getattr(self, operation.name)
        return called(operation, *numbers)


def zsmalloc_answers(
    version: str, operations: list[Operation], chain: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of zsmalloc, one line of text per operation.

    version: whose rules the pool follows. chain: its chain size, if it is not that version's.
    """
    longest = layout.ZS_SIZE_CLASSES * layout.ZS_MAX_CHAIN
    frames = longest + sum(operation.name in ("a", "g") for operation in operations)
    harness = ZsmallocHarness(version, chain, frames)
    for operation in operations:
        yield {"op": operation.text, "text": harness.run(operation)}
