"""Lets only itself go after the write; the tree keeps the entry until later."""

LOSES = ("writeback",)

CHANGES = {
    "zswap_writeback_end": [
        ("if zswap_entry_put(mem, number, 2):", "if zswap_entry_put(mem, number, 1):")
    ],
}
