"""Is no user of the entry that it writes back."""

LOSES = ("writeback", "golden")

CHANGES = {
    "zswap_writeback_begin": [
        (
            "slots, entries = machine[SLOTS], machine[ENTRIES]",
            "slots, _entries = machine[SLOTS], machine[ENTRIES]",
        ),
        ("    if number:\n        entries[number].refcount += 1", ""),
    ],
}
