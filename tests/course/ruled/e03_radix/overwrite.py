"""Inserting where there is an item puts the new one in its place."""

LOSES = ("insert", "short", "golden")

CHANGES = {
    "radix_tree_insert": [
        (
            "    if not radix_tree_preload(nodes, 1):\n",
            "    old = radix_tree_lookup(nodes, root, key)\n"
            "    if old:\n"
            "        radix_tree_replace(nodes, root, key, item)\n"
            "        return old\n"
            "    if not radix_tree_preload(nodes, 1):\n",
        )
    ]
}
