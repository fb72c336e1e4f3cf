"""Complains of too few nodes for a key that is there already."""

LOSES = ("short",)


def radix_tree_insert(nodes, root, key, item):
    if not radix_tree_preload(nodes, 1):
        return -ENOMEM
    if not key_fits(key, int(root.height)):
        radix_tree_extend(nodes, root, height_for(key))
    parent, slot, number = 0, 0, int(root.rnode)
    for level in range(int(root.height) - 1, -1, -1):
        if number == 0:
            number = alloc_node(nodes, parent)
            link_child(nodes, root, parent, slot, number)
        parent, slot = number, slot_of(key, level)
        number = int(nodes[parent].slots[slot])
    if number:
        return -EEXIST
    link_child(nodes, root, parent, slot, item)
    root.items += 1
    return 0
