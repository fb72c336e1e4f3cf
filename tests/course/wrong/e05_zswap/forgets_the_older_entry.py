"""Puts the new entry over an older one, which nobody ever frees."""

LOSES = ("store", "golden")

CHANGES = {
    "store_entry": [("        zswap_invalidate_page(mem, slot)", "")],
}
