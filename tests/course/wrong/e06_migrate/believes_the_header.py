"""Does not look at what the tree says before it replaces it."""

LOSES = ("handle",)

CHANGES = {
    "move_handle": [
        ("if slot < 0 or radix_tree_deref_slot(mem.nodes, pool, slot) != old + 1:", "if slot < 0:")
    ],
}
