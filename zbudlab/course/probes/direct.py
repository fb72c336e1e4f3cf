"""Probe that calls kernels one by one on memory that a trace set up.

In a machine some sentences of an exercise make no difference, because callers have already made the
same check or ignore an answer. A direct call shows whether a function does what its text says.
"""

import importlib
import zlib
from typing import Any

import numpy as np

from zbudlab.conformance.buddy import BuddyHarness
from zbudlab.conformance.compact import CompactHarness, user_pages
from zbudlab.conformance.trace import Operation
from zbudlab.conformance.zbud import ZbudHarness
from zbudlab.conformance.zswap import ZswapHarness
from zbudlab.course.probes import Bench, plain
from zbudlab.layout import FREEPAGES, LRU, MIGRATEPAGES, PAGE_SIZE, ZBUD_SERIES, compact_control
from zbudlab.mm.inspection import list_members

FRAMES = 128  #: of memories whose size no trace says
FILLER = 7  #: every byte of the page that is stored
CONTROL = (
    "migrate_pfn",
    "free_pfn",
    "nr_migratepages",
    "migrate_scanned",
    "free_scanned",
    "isolated",
    "finished_update_migrate",
)

#: Kinds of memory, by the word for them.
HARNESSES: dict[str, Any] = {
    "buddy": lambda operations: BuddyHarness(),
    "compact": lambda operations: CompactHarness(user_pages(operations)),
    "zbud": lambda operations: ZbudHarness(ZBUD_SERIES, FRAMES),
    "zswap": lambda operations: ZswapHarness(ZBUD_SERIES, FRAMES),
}


class Place:
    """Memory after some operations, and what its functions are called with.

    case: harness (of HARNESSES), before (operations of a trace, one per line, run with the
    functions in place: the sandbox has no others), fields of compact_control in `control`.
    """

    def __init__(self, case: dict[str, Any]) -> None:
        lines = enumerate(case["before"], 1)
        operations = [Operation(line, f"operation {number}") for number, line in lines]
        self.harness = HARNESSES[case["harness"]](operations)
        for operation in operations:
            self.harness.run(operation)
        self.state = self.harness.state
        self.state.reserve_nodes(1)
        self.state.reserve_entries(1)
        self.control = np.zeros(1, compact_control)
        for name, value in case.get("control", {}).items():
            self.control[name] = value
        self.where = np.zeros(2, np.int64)

    def argument(self, name: Any) -> Any:
        """Return an argument by its name; a number is itself."""
        state = self.state
        named = {
            "mem": state.mem,
            "zone": state.zone,
            "zswap": state.zswaps[0],
            "pages": state.pages,
            "rows": state.rows,
            "pool": state.pools[0],
            "control": self.control,
            "cc": self.control[0],
            "where": self.where,
            "data": np.full((1, PAGE_SIZE), FILLER, np.uint8),
        }
        return named[name] if isinstance(name, str) else name

    def memory(self) -> int:
        """Return a number that changes if anything changes that functions must leave alone."""
        state = self.state
        arrays = (state.pages, state.rows, state.nodes, state.pools, state.zswap_entries)
        return zlib.crc32(b"".join(array.tobytes() for array in arrays))

    def isolated(self) -> dict[str, list[int]]:
        """Return the pages that compaction is to move, and its targets, first to last."""
        head = int(self.state.zone["list_heads"])
        lists = {"to move": MIGRATEPAGES, "targets": FREEPAGES}
        return {name: list_members(self.state.pages, LRU, head + at) for name, at in lists.items()}


#: What a case may ask to see after the calls.
SIGHTS: dict[str, Any] = {
    "state": lambda place: place.harness.snapshot(),
    "control": lambda place: {name: int(place.control[0][name]) for name in CONTROL},
    "isolated": Place.isolated,
    "entries in use": lambda place: int(place.state.zswaps[0]["nr_entries"]),
    "counters": lambda place: place.harness.counters(),
}


def call(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the answers to calls, and the requested views of memory after them.

    case: as for Place; calls ([["module.function", arguments...], ...], with arguments as numbers
    or names), see (of SIGHTS, or "untouched": whether memory is as before the last call).
    """
    answers = []
    with bench.plugged():
        place = Place(case)
        for kernel, *arguments in case["calls"]:
            module, _, function = kernel.partition(".")
            before = place.memory()
            found = getattr(importlib.import_module(f"zbudlab.mm.{module}"), function)
            answers.append(plain(found(*map(place.argument, arguments))))
    seen = {name: plain(SIGHTS[name](place)) for name in case["see"] if name in SIGHTS}
    if "untouched" in case["see"]:
        seen["untouched"] = place.memory() == before
    return {"answers": answers, **seen}
