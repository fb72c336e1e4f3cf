"""Reads the item after it was exchanged."""

LOSES = ("replace",)

CHANGES = {
    "radix_tree_replace": [
        ("    old = int(radix_tree_deref_slot(nodes, root, slot))", ""),
        ("return old", "return int(radix_tree_deref_slot(nodes, root, slot))"),
    ],
}
