"""Starts to build although nodes may run out."""

LOSES = ("short",)

CHANGES = {
    "radix_tree_insert": [
        (
            (
                "    if not radix_tree_preload(nodes, 1):\n"
                "        return -EEXIST if radix_tree_lookup(nodes, root, key) else -ENOMEM"
            ),
            "",
        )
    ],
}
