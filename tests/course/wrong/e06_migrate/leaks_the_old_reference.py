"""Leaves the handle"s reference with the old page, which is never freed."""

LOSES = ("handle", "golden", "machine")


def move_handle(pool, nodes, pages, handle, new, old):
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(nodes, pool, handle)
    if slot < 0 or radix_tree_deref_slot(nodes, pool, slot) != old + 1:
        return -EINVAL
    radix_tree_replace_slot(nodes, pool, slot, new + 1)
    get_page(pages[new])
    return 0
