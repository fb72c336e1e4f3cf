"""Traces of zswap recorded in a running kernel 6.1: store, load and free of a process's pages.

The format is described in tests/data/README.md. What matters here is when a page keeps its swap
slot. A page read from a RAM disk bypasses the swap cache, and its slot is freed. A page read from a
real disk keeps its slot, and so does one that was written back and is still in the swap cache. A
page that has its slot is swapped out again without being stored. Pages have no bytes here, only
compressed lengths.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from zbudlab.conformance.trace import Operation
from zbudlab.layout import PAGE_SIZE, ZBUD_PLAIN, ZPOOL_ZBUD
from zbudlab.mm.bootmem import free_all_bootmem
from zbudlab.mm.state import State
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap

COUNTERS = (
    "stored_pages",
    "same_filled_pages",
    "pool_pages",
    "compressed_bytes",
    "reject_compress_poor",
    "pool_limit_hit",
    "written_back_pages",
)
WORDS = {"profile": ("6.1",), "swap": ("ram", "disk")}
SETTINGS = ("totalram", "max_pool_percent", "accept_threshold_percent", "same_filled_pages")
FIELDS = {"totalram": "totalram_pages", "same_filled_pages": "same_filled_pages_enabled"}
MAX_SETTING = 1 << 31
LENGTHS = {"same": 0, "nofit": -1}  #: as `Swap.store` has them


class Zswap61Harness:
    """The pages of one process, and the swap below them.

    stores: the most that the trace has. kind: the allocator of zswap's pool, layout.ZPOOL_*.
    """

    def __init__(self, stores: int, kind: int = ZPOOL_ZBUD) -> None:
        frames = 1024 + stores
        self.state = State(frames, page_bytes=False)
        free_all_bootmem(self.state.mem, frames, [])
        self.swap = Swap(self.state, ZswapSettings("6.1", variant=ZBUD_PLAIN, kind=kind))
        self.synchronous = True  # whether the device answers at once
        self.swap.swapon(0, frames)
        self.slots: dict[int, int] = {}  # by page; pages in memory can have one too
        self.out: set[int] = set()  # pages not in memory

    def set(self, operation: Operation) -> None:
        """Apply a setting."""
        name = operation.name
        if name in WORDS:
            if operation.words not in [[word] for word in WORDS[name]]:
                raise operation.fail(f"{name} must be {' or '.join(WORDS[name])}")
            if name == "swap":
                self.synchronous = operation.words == ["ram"]
            return
        (value,) = operation.numbers(1)
        if not 0 <= value < MAX_SETTING:
            raise operation.fail(f"{name} takes a number from 0 to {MAX_SETTING - 1}")
        self.state.zswaps[0][FIELDS.get(name, name)] = value

    def store(self, page: int, length: int) -> None:
        """Swap a page out. One that still has its slot is unchanged and is not stored."""
        if page in self.slots:
            self.swap.cache.drop(self.slots[page])
        else:
            self.slots[page] = self.swap.get_swap_page()
            self.swap.store(self.slots[page], page, length)
        self.out.add(page)

    def load(self, page: int) -> None:
        """Touch a page."""
        if page not in self.out:
            return
        self.out.discard(page)
        slot = self.slots[page]
        tag = np.zeros(1, np.int64)
        source = self.swap.load(slot, tag)
        if tag[0] != page:
            raise AssertionError(f"page {page} came back as page {tag[0]}")
        if source == "cache":
            return
        if self.synchronous:
            self.swap.swap_free(self.slots.pop(page))
        else:
            self.swap.cache.add(slot)

    def free(self, page: int) -> None:
        """Free a page, wherever it is."""
        self.out.discard(page)
        if page in self.slots:
            self.swap.swap_free(self.slots.pop(page))

    def run(self, operation: Operation) -> None:
        """Run an operation."""
        if operation.name == "store":
            words = [str(LENGTHS.get(word, word)) for word in operation.words[1:]]
            rest = Operation(" ".join(["store", *operation.words[:1], *words]), operation.where)
            page, length = rest.numbers(2)
            if words[0] == operation.words[1] and not 1 <= length <= PAGE_SIZE:
                raise operation.fail(
                    f"a length is 1 to {PAGE_SIZE}, or one of {', '.join(LENGTHS)}"
                )
            self.store(page, length)
        elif operation.name == "load":
            self.load(*operation.numbers(1))
        elif operation.name == "free":
            self.free(*operation.numbers(1))
        else:
            raise operation.fail("unknown operation")


def zswap61_answers(operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the counters after each operation of a trace, as the running kernel reported them."""
    stores = sum(operation.name == "store" for operation in operations)
    harness = Zswap61Harness(stores)
    done = 0
    for operation in operations:
        if operation.name in WORDS or operation.name in SETTINGS:
            harness.set(operation)
            continue
        harness.run(operation)
        done += 1
        counts = harness.swap.counters()
        yield {"i": done, "op": operation.text} | {name: counts[name] for name in COUNTERS}
