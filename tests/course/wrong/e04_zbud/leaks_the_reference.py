"""The object's reference is not given back."""

LOSES = ("free",)

CHANGES = {
    "free_buddy": [("    zbud_put_page(mem, pfn)", "")],
}
