"""Puts the new entry over an older one, which nobody ever frees."""

LOSES = ("store",)

CHANGES = {
    "store_entry": [("        zswap_invalidate_page(mem, slot)", "")],
}
