"""Does not count what was inserted."""

LOSES = ("insert", "short", "golden")

CHANGES = {
    "radix_tree_insert": [("    root.items += 1", "")],
}
