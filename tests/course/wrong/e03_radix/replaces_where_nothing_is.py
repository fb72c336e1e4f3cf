"""Inserts the item where the key has none."""

LOSES = ("replace", "golden")


def radix_tree_replace(nodes, root, key, item):
    slot = radix_tree_lookup_slot(nodes, root, key)
    if slot < 0:
        return radix_tree_insert(nodes, root, key, item)
    old = int(radix_tree_deref_slot(nodes, root, slot))
    if slot == SLOT_IN_ROOT:
        root.rnode = item
    else:
        nodes[slot >> 6].slots[slot & 63] = item
    return old
