"""Does not look at what the tree says before it replaces it."""

LOSES = ("handle",)


def move_handle(pool, nodes, pages, handle, new, old):
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(nodes, pool, handle)
    if slot < 0:
        return -EINVAL
    radix_tree_replace_slot(nodes, pool, slot, new + 1)
    get_page(pages[new])
    pages[old].refcount -= 1
    return 0
