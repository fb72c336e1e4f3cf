"""Goes down with keys that the tree is too low for."""

LOSES = ("lookup",)

CHANGES = {
    "radix_tree_lookup_slot": [("if number == 0 or not key_fits(key, height):", "if number == 0:")],
}
