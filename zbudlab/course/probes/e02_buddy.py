"""Probes for a buddy allocator whose free blocks are sets of numbers, one set per order.

Blocks in use are identified by their first frame. If a function returns nonsense, the step says
so.
"""

import zlib
from random import Random
from typing import Any

from zbudlab.course.probes import Bench, plain

LISTED = 12  #: free blocks of an order that a long run names at most


class Memory:
    """2^top frames with the student's functions, and an owner that checks every result."""

    def __init__(self, bench: Bench, top: int, frames: int = 0) -> None:
        self.functions = bench.with_stand_ins()
        self.free_blocks: list[set[int]] = [set() for _ in range(top)] + [{0}]
        self.used = bytearray(frames or 1 << top)
        self.held: dict[int, int] = {}  # first frame: order

    def alloc(self, order: int) -> int:
        """Return the block that was allocated, -1 for none; ValueError if it cannot be free."""
        pfn = int(self.functions["alloc_block"](self.free_blocks, order))
        if pfn < 0:
            return pfn
        frames = slice(pfn, pfn + (1 << order))
        if pfn % (1 << order) or frames.stop > len(self.used):
            raise ValueError(f"there is no block of order {order} at {pfn}")
        if any(self.used[frames]):
            raise ValueError(f"some of frames {pfn} to {frames.stop - 1} are in use already")
        self.used[frames] = b"\1" * (1 << order)
        self.held[pfn] = order
        return pfn

    def free(self, pfn: int) -> int:
        order = self.held.pop(pfn)
        self.used[pfn : pfn + (1 << order)] = bytes(1 << order)
        self.functions["free_block"](self.free_blocks, pfn, order)
        return 0

    def free_lists(self) -> list[list[int]]:
        """Return the free blocks by order, ascending."""
        return [sorted(plain(list(blocks))) for blocks in self.free_blocks]


def steps(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the result of each operation, and the free blocks after it.

    case: top (the memory is one free block of that order), frames (if it has more), free (free
    blocks to begin with instead, by order; what is missing from them is in use by `held`, [[pfn,
    order], ...]), script ([["alloc", order], ["free", pfn], ...]). A block that is not in use is
    not freed.
    """
    memory = Memory(bench, case["top"], case.get("frames", 0))
    if "free" in case:
        memory.free_blocks[:] = [set(blocks) for blocks in case["free"]]
        memory.held = {pfn: order for pfn, order in case["held"]}
        for pfn, order in case["held"]:
            memory.used[pfn : pfn + (1 << order)] = b"\1" * (1 << order)
    answers = []
    for name, number in case["script"]:
        if name == "alloc":
            rc: Any = memory.alloc(number)
        else:
            rc = memory.free(number) if number in memory.held else "not in use"
        lists = memory.free_lists()
        answers.append({"op": [name, number], "rc": rc, "state": {"free blocks": lists}})
    return answers


def survive(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the state of a memory after many random operations.

    case: top, operations, seed, frees (the share of them). The answer has the numbers of
    allocations and refusals, and a checksum of all allocated blocks in order.
    """
    memory, random = Memory(bench, case["top"]), Random(case["seed"])
    live: list[int] = []
    given = refused = checksum = 0
    for _ in range(case["operations"]):
        if live and random.random() < case["frees"]:
            place = random.randrange(len(live))
            live[place], live[-1] = live[-1], live[place]
            memory.free(live.pop())
            continue
        pfn = memory.alloc(min(random.randrange(8), random.randrange(8)) // 2)
        if pfn < 0:
            refused += 1
        else:
            given += 1
            live.append(pfn)
            checksum = zlib.crc32(pfn.to_bytes(4, "little"), checksum)
    while live:
        memory.free(live.pop())
    left = [blocks[:LISTED] for blocks in memory.free_lists()]
    return {"given": given, "refused": refused, "checksum": checksum, "free at the end": left}
