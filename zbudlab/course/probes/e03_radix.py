"""Probes for a radix tree: inserting with few nodes, and the slots that lookups find."""

from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.course.probes import Bench
from zbudlab.mm import radix_tree


def short(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the result of each insertion, the size of the tree, and whether anything changed.

    case: nodes (available), keys.
    """
    nodes = np.zeros(case["nodes"] + 1, layout.radix_tree_node).view(np.recarray)
    root = np.zeros(1, layout.radix_tree_root).view(np.recarray)[0]
    answers = []
    with bench.plugged():
        radix_tree.init_radix_tree_nodes(nodes)
        for item, key in enumerate(case["keys"], 1):
            before = nodes.tobytes() + root.tobytes()
            rc = bench.functions["radix_tree_insert"](nodes, root, np.uint64(key), item)
            used = int(nodes[0].count)
            changed = before != nodes.tobytes() + root.tobytes()
            seen = {"height": int(root.height), "nodes": used, "changed": changed}
            answers.append({"op": ["insert", key, item], "rc": rc, **seen})
    return answers


def slots(bench: Bench, case: dict[str, Any]) -> Any:
    """Return the slot of each key, -1 for none. case: inserted (keys, in order), keys."""
    nodes = np.zeros(64, layout.radix_tree_node).view(np.recarray)
    root = np.zeros(1, layout.radix_tree_root).view(np.recarray)[0]
    radix_tree.init_radix_tree_nodes(nodes)
    for item, key in enumerate(case["inserted"], 1):
        radix_tree.radix_tree_insert(nodes, root, np.uint64(key), item)
    find = bench.functions["radix_tree_lookup_slot"]
    return [int(find(nodes, root, np.uint64(key))) for key in case["keys"]]
