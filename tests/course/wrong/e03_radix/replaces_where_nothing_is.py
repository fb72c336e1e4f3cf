"""Inserts the item where the key has none."""

LOSES = ("replace",)

CHANGES = {
    "radix_tree_replace": [("return 0", "return radix_tree_insert(nodes, root, key, item)")],
}
