"""Counts 63 slots to a node."""

LOSES = ("lookup",)

CHANGES = {
    "radix_tree_lookup_slot": [
        (
            "return number * 64 + slot if nodes[number].slots[slot] else -1",
            "return number * 63 + slot if nodes[number].slots[slot] else -1",
        )
    ],
}
