"""Does not count a load as a user: its end frees the entry."""

LOSES = ("load", "golden", "machine")

CHANGES = {
    "zswap_load_begin": [
        (
            "slots, entries = machine[SLOTS], machine[ENTRIES]",
            "slots, _entries = machine[SLOTS], machine[ENTRIES]",
        ),
        ("    entries[number].refcount += 1", ""),
    ],
}
