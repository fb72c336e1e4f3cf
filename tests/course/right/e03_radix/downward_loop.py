"""Goes down while there is a level, and lets -1 fall out at the end."""

LOSES = ()


def radix_tree_lookup_slot(nodes, root, key):
    node, level = root.rnode, root.height
    if level == 0:
        return 0 if node and key == 0 else -1
    if key_fits(key, level):
        while level > 0 and node:
            level -= 1
            place = node * 64 + slot_of(key, level)
            node = nodes[node].slots[slot_of(key, level)]
        if node:
            return int(place)
    return -1
