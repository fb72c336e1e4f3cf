"""The radix tree: items by a 64-bit key, 64 slots per node, 6 bits of the key per level.

The tree is only as high as its largest key needs. It grows new roots upward and, when only slot 0
of the root is in use, shrinks again. No key is compared on the way down: its bits are the path.

`nodes` holds the nodes of all trees; `root` is any record with the fields height, rnode and items.
An item is a number above 0. Node 0 is not a node; it counts the others. An operation that finds
too few free nodes changes nothing, so that the caller can supply more and repeat it. A caller that
used `radix_tree_preload` never sees that.

Source: lib/radix-tree.c (v3.12).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    EEXIST,
    ENOMEM,
    RADIX_TREE_MAP_MASK,
    RADIX_TREE_MAP_SHIFT,
    RADIX_TREE_MAP_SIZE,
)

KEY_BITS = 64
MAX_KEY = np.uint64(0xFFFFFFFFFFFFFFFF)
MAX_HEIGHT = (KEY_BITS + RADIX_TREE_MAP_SHIFT - 1) // RADIX_TREE_MAP_SHIFT
#: Nodes that one insertion can need: a path of new levels on top and one down.
RADIX_TREE_PRELOAD_SIZE = 2 * MAX_HEIGHT - 1
#: What `radix_tree_lookup_slot` returns for an item of key 0 stored in the root itself.
SLOT_IN_ROOT = 0

BATCH = 16  #: keys that a batch lookup follows down the tree together

# node 0
FREE_LIST = 0
NEVER_USED = 1


@kernel
def slot_at(key, shift):
    """Return which slot of a node leads to the key, given the lowest of the six bits that say so.

    Loops from level to level count these bits, not levels: one variable instead of two.
    """
    return np.int64((np.uint64(key) >> np.uint64(shift)) & np.uint64(RADIX_TREE_MAP_MASK))


@kernel
def slot_of(key, level):
    """Return which slot of a node leads to the key; level 0 is the lowest."""
    return slot_at(key, level * RADIX_TREE_MAP_SHIFT)


@kernel
def key_fits(key, height):
    """Return whether a tree of that height can hold the key: whether its root has the slot."""
    if height == 0:
        return key == 0
    return np.uint64(key) >> np.uint64((height - 1) * RADIX_TREE_MAP_SHIFT) < RADIX_TREE_MAP_SIZE


@kernel
def height_for(key):
    """Return the number of levels that a key needs."""
    height = 0
    while not key_fits(key, height):
        height += 1
    return height


# --- nodes -------------------------------------------------------------------------------------


@kernel
def init_radix_tree_nodes(nodes):
    """Start with no node in use."""
    nodes[0].count = 0
    nodes[0].slots[FREE_LIST] = 0
    nodes[0].slots[NEVER_USED] = 1


@kernel
def radix_tree_preload(nodes, insertions):
    """Return whether enough nodes are free for that many insertions, whatever the keys."""
    return nodes.shape[0] - 1 - np.int64(nodes[0].count) >= insertions * RADIX_TREE_PRELOAD_SIZE


@kernel
def alloc_node(nodes, parent):
    """Allocate an empty node under `parent`."""
    pile = nodes[0]
    number = np.int64(pile.slots[FREE_LIST])
    if number:
        pile.slots[FREE_LIST] = nodes[number].slots[0]
        nodes[number].slots[0] = 0
    else:
        number = np.int64(pile.slots[NEVER_USED])
        pile.slots[NEVER_USED] = number + 1
        nodes[number].slots[:] = 0
    pile.count += 1
    nodes[number].count = 0
    nodes[number].parent = parent
    return number


@kernel
def free_node(nodes, number):
    """Free a node; all its slots except slot 0 must be empty."""
    pile = nodes[0]
    nodes[number].slots[0] = pile.slots[FREE_LIST]
    pile.slots[FREE_LIST] = number
    pile.count -= 1


# --- looking up --------------------------------------------------------------------------------


@kernel
def radix_tree_lookup_slot(nodes, root, key):
    """Return where the key's item is: node * 64 + slot, or SLOT_IN_ROOT; -1 if none."""
    height = np.int64(root.height)
    # Nodes have 32-bit numbers. Where the compiler knows that, -1 is the only negative answer, and
    # a caller's test for it is the test for an empty slot.
    number = np.int64(np.uint32(root.rnode))
    if number == 0 or not key_fits(key, height):
        return -1
    if height == 0:
        return SLOT_IN_ROOT
    shift = (height - 1) * RADIX_TREE_MAP_SHIFT
    while shift:
        number = np.int64(nodes[number].slots[slot_at(key, shift)])
        if number == 0:
            return -1
        shift -= RADIX_TREE_MAP_SHIFT
    slot = slot_of(key, 0)
    return number * RADIX_TREE_MAP_SIZE + slot if nodes[number].slots[slot] else -1


@kernel
def radix_tree_deref_slot(nodes, root, slot):
    """Return the item in a slot that `radix_tree_lookup_slot` found."""
    if slot == SLOT_IN_ROOT:
        return np.int64(root.rnode)
    return np.int64(nodes[slot >> RADIX_TREE_MAP_SHIFT].slots[slot & RADIX_TREE_MAP_MASK])


@kernel
def radix_tree_replace_slot(nodes, root, slot, item):
    """Put another item into a slot that `radix_tree_lookup_slot` found."""
    if slot == SLOT_IN_ROOT:
        root.rnode = item
    else:
        nodes[slot >> RADIX_TREE_MAP_SHIFT].slots[slot & RADIX_TREE_MAP_MASK] = item


@kernel
def radix_tree_lookup(nodes, root, key):
    """Return the key's item; 0 if there is none."""
    slot = radix_tree_lookup_slot(nodes, root, key)
    return 0 if slot < 0 else radix_tree_deref_slot(nodes, root, slot)


@kernel
def radix_tree_replace(nodes, root, key, item):
    """Replace the key's item. Return the old one; 0 if there is none and nothing changed."""
    slot = radix_tree_lookup_slot(nodes, root, key)
    if slot < 0:
        return 0
    old = radix_tree_deref_slot(nodes, root, slot)
    radix_tree_replace_slot(nodes, root, slot, item)
    return old


@kernel(inline=False)
def radix_tree_lookup_batch(nodes, root, keys, items):
    """Look up every key of an array; items[i], int64, receives the item of keys[i], 0 if none.

    Several keys go down together, one level at a time: the loads of one key wait for each other,
    but those of several keys overlap. Until it is done, a key's element of `items` holds the node
    it has reached.
    """
    height, rnode = np.int64(root.height), np.int64(root.rnode)
    for start in range(0, keys.shape[0], BATCH):
        group = range(start, min(start + BATCH, keys.shape[0]))
        for i in group:
            items[i] = rnode if key_fits(keys[i], height) else 0
        for level in range(height - 1, -1, -1):
            for i in group:
                below = nodes[items[i]].slots[slot_of(keys[i], level)]
                items[i] = below if items[i] else 0


@kernel
def radix_tree_next_hole(nodes, root, key, max_scan):
    """Return the first key from `key` on without an item, of `max_scan` examined.

    If all are in use, return key + max_scan. A search that runs past the largest key ends at 0.
    """
    key = np.uint64(key)
    for _ in range(max_scan):
        if radix_tree_lookup_slot(nodes, root, key) < 0:
            return key
        if key == MAX_KEY:
            return np.uint64(0)
        key += np.uint64(1)
    return key


# --- changing ----------------------------------------------------------------------------------


@kernel
def radix_tree_extend(nodes, root, height):
    """Add new roots on top until the tree has that height."""
    if root.rnode == 0:
        root.height = height
        return
    while root.height < height:
        number = alloc_node(nodes, 0)
        below = np.int64(root.rnode)
        nodes[number].slots[0] = below
        nodes[number].count = 1
        if root.height > 0:
            nodes[below].parent = number
        root.rnode = number
        root.height += 1


@kernel
def link_child(nodes, root, parent, slot, child):
    """Put a node or item into a slot, or at the root if there is no parent."""
    if parent:
        nodes[parent].slots[slot] = child
        nodes[parent].count += 1
    else:
        root.rnode = child


@kernel
def radix_tree_insert(nodes, root, key, item):
    """Add an item. Return 0, -EEXIST if the key has one, -ENOMEM if nodes are too few."""
    if not radix_tree_preload(nodes, 1):
        return -EEXIST if radix_tree_lookup(nodes, root, key) else -ENOMEM
    if not key_fits(key, np.int64(root.height)):
        radix_tree_extend(nodes, root, height_for(key))
    parent = 0
    slot = 0
    number = np.int64(root.rnode)
    shift = np.int64(root.height) * RADIX_TREE_MAP_SHIFT
    while shift:
        if number == 0:
            number = alloc_node(nodes, parent)
            link_child(nodes, root, parent, slot, number)
        shift -= RADIX_TREE_MAP_SHIFT
        parent = number
        slot = slot_at(key, shift)
        number = np.int64(nodes[parent].slots[slot])
    if number:
        return -EEXIST
    link_child(nodes, root, parent, slot, item)
    root.items += 1
    return 0


@kernel
def radix_tree_shrink(nodes, root):
    """Remove roots that lead only to slot 0."""
    while root.height > 0:
        top = np.int64(root.rnode)
        below = np.int64(nodes[top].slots[0])
        if nodes[top].count != 1 or below == 0:
            return
        root.rnode = below
        root.height -= 1
        if root.height > 0:
            nodes[below].parent = 0
        free_node(nodes, top)


@kernel
def unlink_child(nodes, parent, slot):
    """Empty a slot in use."""
    nodes[parent].slots[slot] = 0
    nodes[parent].count -= 1


@kernel
def free_empty_nodes(nodes, root, key, number):
    """Free a node if it is empty, and each node above it that becomes empty, on a key's path."""
    level = 0
    while nodes[number].count == 0:
        parent = np.int64(nodes[number].parent)
        free_node(nodes, number)
        if parent == 0:
            root.rnode = 0
            root.height = 0
            return
        level += 1
        unlink_child(nodes, parent, slot_of(key, level))
        number = parent
    if number == root.rnode:
        radix_tree_shrink(nodes, root)


@kernel
def radix_tree_delete(nodes, root, key):
    """Remove the key's item and empty nodes. Return the item; 0 if there was none."""
    slot = radix_tree_lookup_slot(nodes, root, key)
    if slot < 0:
        return 0
    item = radix_tree_deref_slot(nodes, root, slot)
    root.items -= 1
    if slot == SLOT_IN_ROOT:
        root.rnode = 0
        return item
    number = slot >> RADIX_TREE_MAP_SHIFT
    unlink_child(nodes, number, slot & RADIX_TREE_MAP_MASK)
    free_empty_nodes(nodes, root, key, number)
    return item


# --- invariants --------------------------------------------------------------------------------

FAULTS = (
    "",
    "radix tree node {where} counts its slots wrong",
    "radix tree node {where} does not know the node above it",
    "the tree does not have as many items as it says ({where} found)",
    "the root of the tree could be dropped, but height {where} was kept",
    "the tree has height {where}, which no key needs",
    "a slot of the tree leads to node {where}, which does not exist",
)


@kernel
def next_used_slot(nodes, number, slot):
    """Return the first slot in use from `slot` on; 64 if there is none."""
    while slot < RADIX_TREE_MAP_SIZE and nodes[number].slots[slot] == 0:
        slot += 1
    return slot


@kernel
def count_slots(nodes, number):
    """Count the slots in use."""
    used = 0
    for slot in range(RADIX_TREE_MAP_SIZE):
        used += nodes[number].slots[slot] != 0
    return used


@kernel
def slot_in_parent(nodes, number):
    """Return which slot of the parent leads to this node."""
    parent = np.int64(nodes[number].parent)
    slot = 0
    while slot < RADIX_TREE_MAP_SIZE and nodes[parent].slots[slot] != number:
        slot += 1
    return slot


@kernel(inline=False)
def first_fault(nodes, root):
    """Return the first broken invariant of a tree: (index into FAULTS, where), or (0, 0)."""
    if root.height < 0 or root.height > MAX_HEIGHT:
        return 5, np.int64(root.height)
    if root.height == 0:
        code, where, items = 0, 0, 1 if root.rnode else 0
    else:
        code, where, items = fault_in_nodes(nodes, root)
    if code == 0 and items != root.items:
        return 3, items
    return code, where


@kernel
def fault_in_top(nodes, top):
    """Return what is wrong with the root node of a tree, as an index into FAULTS; 0 = nothing."""
    if top <= 0 or top >= nodes.shape[0]:
        return 6
    if nodes[top].parent != 0:
        return 2
    return 4 if nodes[top].count == 1 and nodes[top].slots[0] != 0 else 0


@kernel
def fault_below(nodes, number, slot):
    """Return what is wrong with the way from a slot to a node and back; 0 = nothing.

    Two slots that lead to one node would make a walk of the tree go in circles.
    """
    child = np.int64(nodes[number].slots[slot])
    if child >= nodes.shape[0]:
        return 6
    return 0 if nodes[child].parent == number and slot_in_parent(nodes, child) == slot else 2


@kernel(inline=False)
def fault_in_nodes(nodes, root):
    """Return the first fault of a tree's nodes and the items they have: (code, where, items)."""
    items = 0
    top = np.int64(root.rnode)
    code = fault_in_top(nodes, top)
    if code:
        return code, np.int64(root.height) if code == 4 else top, items
    number = top
    level = np.int64(root.height) - 1
    slot = 0
    while True:  # depth first; the way back up is in the nodes
        if slot == 0 and nodes[number].count != count_slots(nodes, number):
            return 1, number, items
        if level == 0:
            items += np.int64(nodes[number].count)
            slot = RADIX_TREE_MAP_SIZE
        slot = next_used_slot(nodes, number, slot)
        if slot < RADIX_TREE_MAP_SIZE:
            child = np.int64(nodes[number].slots[slot])
            code = fault_below(nodes, number, slot)
            if code:
                return code, child, items
            number = child
            level -= 1
            slot = 0
        elif number == top:
            return 0, np.int64(0), items
        else:
            slot = slot_in_parent(nodes, number) + 1
            number = np.int64(nodes[number].parent)
            level += 1
