"""Answers a slot of the lowest level although it is empty."""

LOSES = ("lookup",)

CHANGES = {
    "radix_tree_lookup_slot": [
        (
            "return number * 64 + slot if nodes[number].slots[slot] else -1",
            "return number * 64 + slot",
        )
    ],
}
