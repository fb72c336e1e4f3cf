"""Finds nothing in a tree without nodes."""

LOSES = ("lookup",)

CHANGES = {
    "radix_tree_lookup_slot": [("return SLOT_IN_ROOT", "return -1")],
}
