"""Takes no reference of the new page, which is freed with its objects."""

LOSES = ("handle", "golden", "machine")


def move_handle(pool, nodes, pages, handle, new, old):
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(nodes, pool, handle)
    if slot < 0 or radix_tree_deref_slot(nodes, pool, slot) != old + 1:
        return -EINVAL
    radix_tree_replace_slot(nodes, pool, slot, new + 1)
    pages[old].refcount -= 1
    return 0
