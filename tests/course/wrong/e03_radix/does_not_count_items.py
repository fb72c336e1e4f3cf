"""Does not count what was inserted."""

LOSES = ("insert",)

CHANGES = {
    "radix_tree_insert": [("    root.items += 1", "")],
}
