"""A radix tree by itself, to insert keys and look at its nodes."""

from collections.abc import Iterable, Iterator

import numpy as np

from zbudlab.layout import RADIX_TREE_MAP_SIZE, radix_tree_node, radix_tree_root
from zbudlab.mm.growth import grown
from zbudlab.mm.radix_tree import (
    RADIX_TREE_PRELOAD_SIZE,
    init_radix_tree_nodes,
    key_fits,
    radix_tree_delete,
    radix_tree_insert,
    radix_tree_lookup,
    radix_tree_replace,
    slot_of,
)


def levels(nodes: np.ndarray, root: np.void) -> Iterator[list[int]]:
    """Yield the node numbers of a tree level by level from the top, in the order of their keys."""
    numbers = [int(root["rnode"])] if root["height"] else []
    for _ in range(int(root["height"])):
        yield numbers
        below = nodes["slots"][numbers]
        numbers = below[below > 0].tolist()


def way(nodes: np.ndarray, root: np.void, key: int) -> list[tuple[int, int]]:
    """Return the nodes and slots on the path to a key, from the top node down.

    The path ends early if the key has no item. It is empty if the tree is too low for the key.
    """
    number, steps = int(root["rnode"]), []
    if key < 0 or not key_fits(key, int(root["height"])):
        return []
    for level in range(int(root["height"]) - 1, -1, -1):
        if not number:
            break
        slot = int(slot_of(key, level))
        steps.append((number, slot))
        number = int(nodes["slots"][number, slot])
    return steps


class Tree:
    """A separate radix tree, built with the package's functions.

    keys: inserted at the start, each with itself as its item (1 for key 0).
    """

    def __init__(self, keys: Iterable[int] = ()) -> None:
        self.nodes = np.zeros(64, radix_tree_node)
        self.roots = np.zeros(1, radix_tree_root)
        init_radix_tree_nodes(self.nodes)
        for key in keys:
            self.insert(key, key or 1)

    @property
    def root(self) -> np.void:
        """Root record: height, topmost node, number of items."""
        return self.roots[0]

    @property
    def height(self) -> int:
        """Number of levels of nodes."""
        return int(self.root["height"])

    def insert(self, key: int, item: int) -> int:
        """Insert an item. Return 0, or -EEXIST if the key has one."""
        if len(self.nodes) < int(self.nodes[0]["count"]) + 1 + RADIX_TREE_PRELOAD_SIZE:
            self.nodes = grown(self.nodes, 2 * len(self.nodes))
        return radix_tree_insert(self.nodes, self.root, key, item)

    def lookup(self, key: int) -> int:
        """Return the key's item; 0 = none."""
        return radix_tree_lookup(self.nodes, self.root, key)

    def replace(self, key: int, item: int) -> int:
        """Replace the key's item, and return the old one; 0 = there was none."""
        return radix_tree_replace(self.nodes, self.root, key, item)

    def delete(self, key: int) -> int:
        """Delete the key, and return its item; 0 = there was none."""
        return radix_tree_delete(self.nodes, self.root, key)

    def way(self, key: int) -> list[int]:
        """Return the slots on the path to a key, from the top node down."""
        return [int(slot_of(key, level)) for level in range(self.height - 1, -1, -1)]

    def levels(self) -> Iterator[list[int]]:
        """Yield the node numbers of each level, top first."""
        return levels(self.nodes, self.root)

    def used(self, number: int) -> np.ndarray:
        """Return which slots of a node are in use, bool (64,)."""
        return self.nodes["slots"][number] > 0

    def nbytes(self) -> int:
        """Return the bytes of the nodes in use."""
        return int(self.nodes[0]["count"]) * self.nodes.itemsize

    def filled(self) -> float:
        """Return the share of all slots that are in use."""
        numbers = [number for level in self.levels() for number in level]
        slots = len(numbers) * RADIX_TREE_MAP_SIZE
        return sum(int(self.used(number).sum()) for number in numbers) / max(slots, 1)
