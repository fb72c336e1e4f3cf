"""Does not take the block it gives out off the free ones."""

LOSES = ("split",)

CHANGES = {
    "alloc_block": [("            free_blocks[larger].remove(pfn)", "")],
}
