"""Counts the new item, but not the old one that went."""

LOSES = ("replace",)

CHANGES = {
    "radix_tree_replace": [("    return old", "    root.items += 1\n    return old")],
}
