"""Does not count that there was no memory for an entry."""

LOSES = ("store",)

CHANGES = {
    "store_entry": [("        zswap.reject_kmemcache_fail += 1", "")],
}
