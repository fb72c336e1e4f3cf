"""Puts a new item over the old one and says that all is well."""

LOSES = ("insert",)

CHANGES = {
    "radix_tree_insert": [
        (
            (
                "    if number:\n"
                "        return -EEXIST\n"
                "    link_child(nodes, root, parent, slot, item)\n"
                "    root.items += 1"
            ),
            (
                "    if not number:\n"
                "        link_child(nodes, root, parent, slot, item)\n"
                "        root.items += 1\n"
                "    elif parent:\n"
                "        nodes[parent].slots[slot] = item\n"
                "    else:\n"
                "        root.rnode = item"
            ),
        )
    ],
}
