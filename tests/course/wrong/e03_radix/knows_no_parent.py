"""Builds nodes that do not know the node above them."""

LOSES = ("insert",)

CHANGES = {
    "radix_tree_insert": [("number = alloc_node(nodes, parent)", "number = alloc_node(nodes, 0)")],
}
