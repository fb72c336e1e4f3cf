"""e03_radix under other rules: what the package does not contain."""

from zbudlab.mm.radix_tree import radix_tree_insert, radix_tree_replace


def insert_or_overwrite(nodes, root, key, item):
    """Put an item in: 0, or the old item, whose place it takes; -ENOMEM if nodes are too few."""
    return radix_tree_replace(nodes, root, key, item) or radix_tree_insert(nodes, root, key, item)


FUNCTIONS = {"overwrite": {"radix_tree_insert": insert_or_overwrite}}
