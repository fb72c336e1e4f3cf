"""Is no user of the entry that it writes back."""

LOSES = ("writeback",)

CHANGES = {
    "zswap_writeback_begin": [
        ("    if number:\n        mem.entries[number].refcount += 1", ""),
    ],
}
