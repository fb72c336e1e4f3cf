"""Puts the new entry over an older one, which is never freed."""

LOSES = ("store",)

CHANGES = {
    "store_entry": [("        zswap_invalidate_page(mem, slot)", "")],
}
