"""Stays a user after the load: the entry is never freed."""

LOSES = ("load",)

CHANGES = {
    "zswap_load_end": [("    zswap_entry_put(mem, number, 1)", "")],
}
