"""Puts the pfn into the tree, not pfn + 1."""

LOSES = ("handle",)

CHANGES = {
    "move_handle": [
        (
            "radix_tree_replace_slot(mem.nodes, pool, slot, new + 1)",
            "radix_tree_replace_slot(mem.nodes, pool, slot, new)",
        )
    ],
}
