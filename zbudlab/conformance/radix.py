"""Traces of the radix tree: insert, delete, lookup, replace, next_hole."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.conformance.trace import Operation
from zbudlab.mm import radix_tree
from zbudlab.mm.growth import grown

WORDS = {"insert": 2, "delete": 1, "lookup": 1, "replace": 2, "next_hole": 2}
MAX_ITEM = (1 << 32) - 1


class RadixHarness:
    """A radix tree that runs the operations of a trace."""

    def __init__(self) -> None:
        self.nodes = np.zeros(64, layout.radix_tree_node)
        self.root = np.zeros(1, layout.radix_tree_root)[0]
        radix_tree.init_radix_tree_nodes(self.nodes)

    def run(self, operation: Operation) -> dict[str, Any]:
        """Run an operation and return its answer."""
        name = operation.name
        if name not in WORDS:
            raise operation.fail("unknown operation")
        numbers = operation.numbers(WORDS[name])
        if not 0 <= numbers[0] <= int(radix_tree.MAX_KEY):
            raise operation.fail("a key is an unsigned 64-bit number")
        key = np.uint64(numbers[0])
        if name in ("insert", "replace") and not 1 <= numbers[1] <= MAX_ITEM:
            raise operation.fail(f"an item is 1 to {MAX_ITEM}")
        if name == "insert":
            return {"rc": self.insert(key, numbers[1])}
        if name == "delete":
            return {"value": radix_tree.radix_tree_delete(self.nodes, self.root, key)}
        if name == "lookup":
            return {"value": radix_tree.radix_tree_lookup(self.nodes, self.root, key)}
        if name == "replace":
            old = radix_tree.radix_tree_replace(self.nodes, self.root, key, numbers[1])
            return {"rc": 0, "old": old} if old else {"rc": -layout.ENOENT}
        hole = radix_tree.radix_tree_next_hole(self.nodes, self.root, key, numbers[1])
        return {"hole": int(hole)}

    def insert(self, key: np.uint64, item: int) -> int:
        """Insert an item, growing the arena if necessary. Return 0 or -EEXIST."""
        if not radix_tree.radix_tree_preload(self.nodes, 1):
            self.nodes = grown(self.nodes, len(self.nodes))
        return radix_tree.radix_tree_insert(self.nodes, self.root, key, item)


def radix_answers(operations: list[Operation]) -> Iterator[dict[str, Any]]:
    """Yield the answers to a trace of a radix tree, one per operation."""
    harness = RadixHarness()
    for i, operation in enumerate(operations, 1):
        answer = harness.run(operation)
        root = harness.root
        yield {
            "i": i,
            "op": operation.text,
            **answer,
            "items": int(root["items"]),
            "height": int(root["height"]),
            "nodes": int(harness.nodes[0]["count"]),
        }
