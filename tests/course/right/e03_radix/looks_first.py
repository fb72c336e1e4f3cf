"""Looks whether the key is there before it builds anything."""

LOSES = ()


def radix_tree_replace(nodes, root, key, item):
    slot = radix_tree_lookup_slot(nodes, root, key)
    old = 0
    if slot == 0:
        old, root.rnode = int(root.rnode), item
    elif slot > 0:
        node, place = divmod(slot, 64)
        old = int(nodes[node].slots[place])
        nodes[node].slots[place] = item
    return old


def radix_tree_insert(nodes, root, key, item):
    if radix_tree_lookup(nodes, root, key):
        return -EEXIST
    if not radix_tree_preload(nodes, 1):
        return -ENOMEM
    if root.height < height_for(key):
        radix_tree_extend(nodes, root, height_for(key))
    node, slot = 0, 0
    for level in reversed(range(root.height)):
        below = nodes[node].slots[slot] if node else root.rnode
        if not below:
            below = alloc_node(nodes, node)
            link_child(nodes, root, node, slot, below)
        node, slot = below, slot_of(key, level)
    link_child(nodes, root, node, slot, item)
    root.items += 1
    return 0
