"""Does not count a load as a user: its end frees the entry."""

LOSES = ("load",)

CHANGES = {
    "zswap_load_begin": [
        ("    mem.entries[number].refcount += 1", ""),
    ],
}
