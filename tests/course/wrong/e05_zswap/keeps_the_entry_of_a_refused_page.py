"""Does not give the entry back if the page was refused."""

LOSES = ("store",)

CHANGES = {
    "store_entry": [("        zswap_entry_cache_free(zswap, mem.entries, number)", "")],
}
