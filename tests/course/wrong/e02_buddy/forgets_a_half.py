"""Leaves out the smallest half when it splits."""

LOSES = ("split",)

CHANGES = {
    "alloc_block": [("for half in range(order, larger):", "for half in range(order + 1, larger):")],
}
