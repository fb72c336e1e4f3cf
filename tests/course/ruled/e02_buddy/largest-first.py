"""Blocks come out of the largest that are free."""

LOSES = ("split", "survive", "take", "golden")

CHANGES = {
    "alloc_block": [("range(order, len(free_blocks))", "reversed(range(order, len(free_blocks)))")],
    "rmqueue_smallest": [("range(order, MAX_ORDER)", "reversed(range(order, MAX_ORDER))")],
}
