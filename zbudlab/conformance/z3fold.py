"""Traces of z3fold: allocate, free, map, migrate, reclaim, and run the queued work.

The format is described in tests/data/README.md. Objects have the numbers of the trace, and frames
those of the recorder (`zbudlab.conformance.frame_stack`).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.conformance.frame_stack import content, frame, stack_of_frames
from zbudlab.conformance.trace import Operation
from zbudlab.layout import EAGAIN, LRU, MIGRATE_UNMOVABLE, ZPOOL_Z3FOLD
from zbudlab.mm import migrate, page_alloc, z3fold_compact, zpool
from zbudlab.mm.inspection import list_members

POOL = 0
MOST = 1 << 62  #: numbers of a trace are smaller
MOST_RETRIES = 1 << 16  #: of a reclaim; each can print the objects that it does not evict

#: Operations and how many numbers each takes.
OPERATIONS = {"a": 2, "f": 1, "p": 1, "q": 1, "m": 1, "i": 1, "g": 0, "t": 0}
OPERATIONS |= {"r": 1, "b": 2, "k": 0, "j": 0, "w": 1, "s": 0, "A": 1}
#: Operations on an object, which answer `gone` if it was freed or evicted.
OF_AN_OBJECT = ("f", "p", "q", "m", "i", "w")


class Z3foldHarness:
    """A pool, and the owner of its objects, whose part the trace plays.

    frames: the most that the trace needs.
    """

    def __init__(self, frames: int) -> None:
        self.state = stack_of_frames(frames)
        self.state.create_pool(POOL, 0, ZPOOL_Z3FOLD)
        self.pool = self.state.pools[POOL]
        self.pool["z3fold_by_hand"] = 1
        self.objects: dict[int, tuple[int, int]] = {}  # handle and size
        self.used: set[int] = set()
        self.mappings: Counter[int] = Counter()
        self.kept: set[int] = set()  # objects that cannot be evicted
        self.isolated = -1  # frame
        self.at_once = 0

    # --- what is printed -----------------------------------------------------------------------

    def address(self, number: int) -> int:
        """Return the byte address of an object."""
        return int(zpool.zpool_object_address(self.state.mem, POOL, self.objects[number][0]))

    def place(self, number: int) -> str:
        """Return frame, buddy and offset of an object."""
        index = int(self.state.handles[self.objects[number][0]]) & layout.Z3FOLD_BUDDY_MASK
        pfn, offset = divmod(self.address(number), layout.PAGE_SIZE)
        return f"{frame(pfn)} {index} {offset}"

    def mapped(self, number: int) -> np.ndarray:
        """Return the bytes of an object, which is mapped and unmapped as its owner must.

        This ends the protection of a middle object that has another mapping: it is a single bit.
        """
        handle, size = self.objects[number]
        address = int(zpool.zpool_map_handle(self.state.mem, POOL, handle))
        zpool.zpool_unmap_handle(self.state.mem, POOL, handle)
        return zpool.object_bytes(self.state.mem, POOL, address, size)

    def intact(self, number: int) -> int:
        """Return 1 if an object has its bytes, else 0."""
        found = self.mapped(number)
        return int(np.array_equal(found, content(number, len(found))))

    def page_text(self, record: int) -> str:
        """Return a page as the state shows it."""
        header = self.state.z3folds[record]
        flags, here = int(header["page_state"]), frame(int(header["pfn"]))
        if flags & layout.Z3FOLD_PAGE_HEADLESS:
            return f"{here}:headless"
        sizes = header["chunks"].tolist()[layout.Z3FOLD_FIRST :]
        start = int(header["start_middle"]) if header["chunks"][layout.Z3FOLD_MIDDLE] else 0
        waits = "c" if flags & layout.Z3FOLD_NEEDS_COMPACTING else ""
        foreign = "F" if header["foreign_handles"] else ""
        return f"{here}:{','.join(map(str, sizes))}@{start}{waits}{foreign}"

    # --- objects -------------------------------------------------------------------------------

    def a(self, operation: Operation, number: int, size: int) -> str:
        """Allocate an object."""
        if number in self.used:
            raise operation.fail(f"object {number} was allocated before, and numbers are new")
        if size < 0:
            raise operation.fail("a size is 0 or more")
        self.state.reserve_objects(1)
        handle = int(zpool.zpool_malloc(self.state.mem, POOL, size, MIGRATE_UNMOVABLE))
        if handle < 0:
            return f"e {handle}"
        self.used.add(number)
        self.objects[number] = handle, size
        self.mapped(number)[:] = content(number, size)
        return self.place(number)

    def free(self, number: int) -> int:
        """Check and free an object. Return whether it was intact."""
        intact = self.intact(number)
        zpool.zpool_free(self.state.mem, POOL, self.objects.pop(number)[0])
        return intact

    def f(self, operation: Operation, number: int) -> str:
        """Check and free an object."""
        return str(self.free(number))

    def p(self, operation: Operation, number: int) -> str:
        """Map an object."""
        zpool.zpool_map_handle(self.state.mem, POOL, self.objects[number][0])
        self.mappings[number] += 1
        return "p"

    def q(self, operation: Operation, number: int) -> str:
        """End a mapping."""
        if not self.mappings[number]:
            raise operation.fail(f"object {number} is not mapped")
        zpool.zpool_unmap_handle(self.state.mem, POOL, self.objects[number][0])
        self.mappings[number] -= 1
        return "q"

    def w(self, operation: Operation, number: int) -> str:
        """Report where an object is."""
        return f"{self.intact(number)} {self.place(number)}"

    def b(self, operation: Operation, number: int, kept: int) -> str:
        """Choose whether an object can be evicted."""
        if kept not in (0, 1):
            raise operation.fail("b ends in 0 or 1")
        (self.kept.add if kept else self.kept.discard)(number)
        return "b"

    # --- moving --------------------------------------------------------------------------------

    def isolate(self, number: int) -> str:
        """Isolate the page of an object. Return why not, or ""."""
        pfn = self.address(number) >> layout.PAGE_SHIFT
        record = self.state.z3folds[self.state.pages["index"][pfn]]
        if record["page_state"] & layout.Z3FOLD_PAGE_HEADLESS:
            return "notmovable"
        if self.isolated >= 0:
            return "busy"
        if not zpool.zpool_isolate_page(self.state.mem, pfn):
            return "noiso"
        self.isolated = pfn
        return ""

    def i(self, operation: Operation, number: int) -> str:
        """Isolate the page of an object."""
        return self.isolate(number) or f"i {frame(self.isolated)}"

    def m(self, operation: Operation, number: int) -> str:
        """Isolate and migrate the page of an object."""
        return self.isolate(number) or self.g(operation)

    def g(self, operation: Operation) -> str:
        """Migrate the isolated page. If it stays, it is put back."""
        if self.isolated < 0:
            return "none"
        mem, old = self.state.mem, self.isolated
        self.isolated = -1
        new = int(page_alloc.alloc_pages(mem, 0, MIGRATE_UNMOVABLE))
        failed = int(migrate.move_to_new_page(mem, new, old))
        if failed:
            zpool.zpool_putback_page(mem, old)
            page_alloc.put_page(mem, new)
        else:
            page_alloc.put_page(mem, old)
            zpool.zpool_putback_page(mem, new)
        return f"{failed} {frame(new)}"

    def t(self, operation: Operation) -> str:
        """Put the isolated page back."""
        if self.isolated < 0:
            return "none"
        zpool.zpool_putback_page(self.state.mem, self.isolated)
        self.isolated = -1
        return "t"

    # --- reclaim and work ----------------------------------------------------------------------

    def r(self, operation: Operation, retries: int) -> str:
        """Reclaim a page in at most `retries` attempts."""
        if not 0 <= retries <= MOST_RETRIES:
            raise operation.fail(f"r takes 0 to {MOST_RETRIES} retries")
        numbers = {handle: number for number, (handle, _) in self.objects.items()}
        mem, found = self.state.mem, []

        def evict(handle: int) -> int:
            number = numbers[handle]
            if number in self.kept:
                found.append(f"no:{number}")
                return -EAGAIN
            found.append(f"ev:{number}:{self.free(number)}")
            return 0

        failed = zpool.zpool_shrink(
            lambda handles: int(zpool.zpool_shrink_begin(mem, POOL, handles)),
            evict,
            lambda pfn: int(zpool.zpool_shrink_end(mem, POOL, pfn)),
            lambda attempt, error: int(zpool.zpool_shrink_gave_up(mem, POOL, attempt, error)),
            np.zeros(zpool.MOST_HANDLES, np.int64),
            retries,
        )
        return " ".join([*found, f"r {failed}"])

    def k(self, operation: Operation) -> str:
        """Run the compaction work."""
        return f"k {int(z3fold_compact.z3fold_compact_work(self.state.mem, POOL))}"

    def j(self, operation: Operation) -> str:
        """Run the release work."""
        return f"j {int(z3fold_compact.z3fold_release_work(self.state.mem, POOL))}"

    def A(self, operation: Operation, at_once: int) -> str:  # as the trace has it
        """Choose whether all work runs after every operation."""
        if at_once not in (0, 1):
            raise operation.fail("A takes 0 or 1")
        self.at_once = at_once
        return "A"

    def s(self, operation: Operation) -> str:
        """Show the pages in the order of the LRU list, and the lists by free chunks."""
        records, heads = self.state.z3folds, int(self.pool["z3fold_heads"])
        pages = [self.page_text(record) for record in list_members(records, LRU, heads)]
        lists = [
            f"{free}:{frame(int(records['pfn'][record]))}"
            for free in range(layout.Z3FOLD_NO_LIST)
            for record in list_members(records, layout.BUDDY, heads + free)
        ]
        return " ".join([*pages, "/", *lists])

    # --- lines ---------------------------------------------------------------------------------

    def answer(self, operation: Operation, numbers: list[int]) -> str:
        """Run an operation, with the work that then runs at once."""
        called: Callable[..., str] = getattr(self, operation.name)
        if operation.name in OF_AN_OBJECT and numbers[0] not in self.objects:
            if numbers[0] not in self.used:
                raise operation.fail(f"object {numbers[0]} was never allocated")
            return "gone"
        return called(operation, *numbers)

    def run(self, operation: Operation) -> str:
        """Run an operation and return its answer."""
        if operation.name not in OPERATIONS:
            raise operation.fail(f"an operation is one of {', '.join(OPERATIONS)}")
        numbers = operation.numbers(OPERATIONS[operation.name])
        if any(abs(number) >= MOST for number in numbers):
            raise operation.fail(f"numbers are smaller than {MOST}")
        answer = self.answer(operation, numbers)
        if self.at_once:
            self.k(operation)
            self.j(operation)
        return f"{answer} | {int(self.pool['pages_nr'])}"


def z3fold_answers(operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of z3fold, one line of text per operation."""
    frames = 1 + sum(operation.name in ("a", "g", "m") for operation in operations)
    harness = Z3foldHarness(frames)
    for operation in operations:
        yield {"op": operation.text, "text": harness.run(operation)}
