"""Gives out the upper half and keeps the lower one free."""

LOSES = ("split",)

CHANGES = {
    "alloc_block": [
        (
            (
                "            for half in range(order, larger):\n"
                "                free_blocks[half].add(pfn + (1 << half))"
            ),
            (
                "            for half in range(larger - 1, order - 1, -1):\n"
                "                free_blocks[half].add(pfn)\n"
                "                pfn += 1 << half"
            ),
        )
    ],
}
