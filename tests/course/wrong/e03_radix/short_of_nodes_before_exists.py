"""Complains of too few nodes for a key that is there already."""

LOSES = ("short",)

CHANGES = {
    "radix_tree_insert": [
        ("return -EEXIST if radix_tree_lookup(nodes, root, key) else -ENOMEM", "return -ENOMEM")
    ],
}
