"""Answers a slot of the lowest level although it is empty."""

LOSES = ("lookup", "golden")


def radix_tree_lookup_slot(nodes, root, key):
    height, number = int(root.height), int(root.rnode)
    if number == 0 or not key_fits(key, height):
        return -1
    if height == 0:
        return SLOT_IN_ROOT
    for level in range(height - 1, 0, -1):
        number = int(nodes[number].slots[slot_of(key, level)])
        if number == 0:
            return -1
    slot = slot_of(key, 0)
    return number * 64 + slot
