"""The object's reference is not given back."""

LOSES = ("free", "golden", "machine")

CHANGES = {
    "free_buddy": [("    zbud_put_page(zones, pages, blocks, pfn)", "")],
}
